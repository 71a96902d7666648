//! A card as typed. Every field is known by name; anything else is refused.

use serde::Deserialize;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardFile {
    pub schema: Spanned<u32>,
    pub id: Spanned<String>,
    pub version: Spanned<String>,
    pub title: String,
    pub source: String,
    pub licence: String,
    /// The protocol; its name is checked here and the sections that belong to it in `check`.
    pub protocol: Spanned<ProtocolName>,
    pub prompt: Spanned<PromptFile>,
    /// Of `score` and `rating`.
    pub scale: Option<Spanned<ScaleFile>>,
    /// Of `score`.
    #[serde(default)]
    pub level: Vec<Spanned<LevelFile>>,
    /// Further wordings, of `score`.
    #[serde(default)]
    pub variant: Vec<Spanned<VariantFile>>,
    /// Of `rating`.
    pub rating: Option<Spanned<RatingFile>>,
    /// Of `compare`.
    #[serde(default)]
    pub answer: Vec<Spanned<AnswerFile>>,
    /// Of `rank`.
    pub list: Option<Spanned<ListFile>>,
    /// Of `compare`, where the verdict is written in text.
    pub verdict: Option<Spanned<VerdictFile>>,
    #[serde(default)]
    pub readout: ReadoutFile,
    /// The form in which images are sent; as they are given unless said.
    pub image: Option<Spanned<ImageFile>>,
    pub preprocessing: Option<Spanned<PreprocessingFile>>,
    pub backend: Option<Spanned<BackendFile>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ProtocolName {
    Score,
    Rating,
    Compare,
    Choose,
    Rank,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PromptFile {
    pub system: Option<Spanned<String>>,
    pub text: Spanned<String>,
    pub answer_prefix: Option<Spanned<String>>,
    /// Names that `{name}` in the prompt quotes.
    #[serde(default)]
    pub texts: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantFile {
    /// The prompt's own text unless given.
    pub text: Option<Spanned<String>>,
    pub answer_prefix: Option<Spanned<String>>,
    /// The word for each level, in the order of the levels.
    pub answers: Option<Spanned<Vec<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RatingFile {
    pub given: GivenFile,
    #[serde(default)]
    pub places: Vec<PlaceFile>,
    #[serde(default)]
    pub reduce: ReduceFile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum GivenFile {
    Written,
    Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum PlaceFile {
    Tag(String),
    Key(String),
    After(String),
    Brackets,
    Last,
    Bare,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerdictFile {
    pub places: Vec<VerdictPlaceFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum VerdictPlaceFile {
    Tag(String),
    Key(String),
    After(String),
    Scores([String; 2]),
    Brackets,
    Sentence,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ReduceFile {
    #[default]
    Only,
    Min,
    Mean,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListFile {
    /// How one item is shown, with its `{label}`.
    pub item: Spanned<String>,
    /// Names of the texts that each item has for itself.
    #[serde(default)]
    pub texts: Vec<Spanned<String>>,
    pub places: Vec<PlaceFile>,
    #[serde(default)]
    pub partial: PartialFile,
    pub most_items: usize,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PartialFile {
    #[default]
    Refuse,
    Allow,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerFile {
    pub name: String,
    #[serde(default)]
    pub spellings: Vec<String>,
    pub says: SaysFile,
}

/// `"first"`, `"second"`, `"tie"`, or the probability that the first shown is better.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(
    untagged,
    expecting = "an answer says `first`, `second` or `tie`, or is the probability that the first is better"
)]
pub(super) enum SaysFile {
    Word(SaysWord),
    Preference(f64),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SaysWord {
    First,
    Second,
    Tie,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScaleFile {
    pub min: f64,
    pub max: f64,
    pub better: BetterFile,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BetterFile {
    Higher,
    Lower,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelFile {
    pub name: String,
    pub worth: f64,
    #[serde(default)]
    pub spellings: Vec<String>,
    /// Other words that stand for the level; their log masses are averaged.
    #[serde(default)]
    pub synonyms: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadoutFile {
    pub temperature: Option<Spanned<f64>>,
    pub least_coverage: Option<Spanned<f64>>,
    /// Rungs of the ladder that may be climbed; all of them unless given.
    pub allowed: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    pub place: PlaceOfLabelFile,
    #[serde(default)]
    pub length: LengthFile,
    pub sampling: Option<Spanned<SamplingFile>>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PlaceOfLabelFile {
    #[default]
    Next,
    Last,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LengthFile {
    #[default]
    Sum,
    Mean,
    Prior,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SamplingFile {
    pub samples: Option<u32>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub most_tokens: Option<u32>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImageFile {
    pub longest_side: Option<u32>,
    pub format: FormatFile,
    pub quality: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FormatFile {
    Png,
    Jpeg,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PreprocessingFile {
    /// How much of a JPEG is decoded; all of it unless a card says otherwise.
    #[serde(default)]
    pub decode: DecodeFile,
    pub background: Spanned<String>,
    pub steps: Vec<Spanned<StepFile>>,
    pub mean: [f32; 3],
    pub scale: [f32; 3],
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DecodeFile {
    #[default]
    Full,
    Scaled,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum StepFile {
    LongestSide {
        at_most: u32,
        filter: FilterFile,
    },
    ShortestSide {
        at_least: u32,
    },
    Tiles {
        side: u32,
    },
    PadSquare {
        color: String,
    },
    Resize {
        width: u32,
        height: u32,
        filter: FilterFile,
    },
    CenterCrop {
        width: u32,
        height: u32,
    },
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FilterFile {
    Lanczos3,
    CatmullRom,
    Bilinear,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum BackendFile {
    Onnx {
        model: String,
        input: String,
        output: String,
        labels: Vec<String>,
    },
}
