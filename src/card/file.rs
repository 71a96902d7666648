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
    /// The protocol; its name is checked here and its fields below belong to it.
    pub protocol: ProtocolName,
    pub prompt: PromptFile,
    pub scale: Spanned<ScaleFile>,
    pub level: Vec<Spanned<LevelFile>>,
    #[serde(default)]
    pub readout: ReadoutFile,
    pub preprocessing: Option<Spanned<PreprocessingFile>>,
    pub backend: Option<Spanned<BackendFile>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ProtocolName {
    Score,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PromptFile {
    pub text: Spanned<String>,
    pub answer_prefix: Option<String>,
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
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadoutFile {
    pub temperature: Option<Spanned<f64>>,
    pub least_coverage: Option<Spanned<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PreprocessingFile {
    pub background: Spanned<String>,
    pub steps: Vec<Spanned<StepFile>>,
    pub mean: [f32; 3],
    pub scale: [f32; 3],
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
