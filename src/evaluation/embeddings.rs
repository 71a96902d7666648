//! Scores from embeddings that the caller has: rows of numbers in JSON Lines, and heads in JSON.

use serde::{Deserialize, Serialize};

use crate::judging::embeddings::{
    AffineHead, clip_score, cosine, image_reward, pick_score, reference_clip_score,
};
use crate::judging::{Reason, Unscored, WordError};

/// What is made of embeddings.
#[derive(Debug, Clone, PartialEq)]
pub enum EmbeddingScorer {
    /// `2.5 max(cos, 0)`.
    ClipScore,
    /// CLIPScore with reference texts.
    RefClipScore,
    /// The cosine times the model's own scale.
    PickScore(f64),
    /// The cosine itself, as HPSv2 gives it.
    Hps,
    /// An affine head on the picture's embedding.
    Head(AffineHead),
    /// ImageReward's normalisation, of its head on a feature or of what somebody's head gave.
    ImageReward(Option<AffineHead>),
}

impl EmbeddingScorer {
    /// The names.
    pub const NAMES: [&'static str; 6] = [
        "clip-score",
        "ref-clip-score",
        "pick-score",
        "hps",
        "aesthetic",
        "image-reward",
    ];

    /// The scorer of that name; `scale` is of `pick-score`, `head` of the last two.
    ///
    /// # Errors
    /// Another name, or a scorer without what it needs.
    pub fn new(
        name: &str,
        scale: Option<f64>,
        head: Option<AffineHead>,
    ) -> Result<Self, WordError> {
        let head =
            head.ok_or_else(|| WordError::new(format!("`{name}` needs the weights of its head")));
        match name {
            "clip-score" => Ok(EmbeddingScorer::ClipScore),
            "ref-clip-score" => Ok(EmbeddingScorer::RefClipScore),
            "pick-score" => scale.map(EmbeddingScorer::PickScore).ok_or_else(|| {
                WordError::new("`pick-score` needs exp(logit_scale) of its model, about 100")
            }),
            "hps" => Ok(EmbeddingScorer::Hps),
            "aesthetic" => head.map(EmbeddingScorer::Head),
            "image-reward" => Ok(EmbeddingScorer::ImageReward(
                head.ok().map(AffineHead::on_features),
            )),
            _ => {
                let known = Self::NAMES.join("`, `");
                Err(WordError::new(format!("`{name}` is none of `{known}`")))
            }
        }
    }

    /// What its numbers mean.
    pub fn scale(&self) -> &'static str {
        match self {
            EmbeddingScorer::ClipScore => "0 to 2.5: 2.5 times the cosine, below 0 counts as 0",
            EmbeddingScorer::RefClipScore => {
                "0 and up: harmonic mean of CLIPScore and the best reference's cosine"
            }
            EmbeddingScorer::PickScore(_) => "unbounded: differences are log-odds of preference",
            EmbeddingScorer::Hps => "-1 to 1: the cosine; tables print 100 times it",
            EmbeddingScorer::Head(_) => {
                "unbounded: LAION's heads were fitted to ratings of 1 to 10"
            }
            EmbeddingScorer::ImageReward(_) => {
                "unbounded: mean 0 and deviation 1 over its authors' images, and 98 % of them within -2 to 2"
            }
        }
    }

    /// The score of a row.
    ///
    /// # Errors
    /// [`Reason::NotApplicable`]: an embedding that is missing, of another length, or no direction at all.
    pub fn score(&self, row: &EmbeddingRow) -> Result<f64, Unscored> {
        let text = row.text.as_deref().unwrap_or_default();
        let image = &row.image;
        if row.raw.is_some() && !matches!(self, EmbeddingScorer::ImageReward(_)) {
            let detail =
                "`raw` is of `image-reward`: the number of its head, before it is normalised";
            return Err(Unscored::new(Reason::NotApplicable, detail));
        }
        let found = match self {
            EmbeddingScorer::ClipScore => clip_score(image, text),
            EmbeddingScorer::RefClipScore => {
                let references: Vec<&[f64]> = row.references.iter().map(Vec::as_slice).collect();
                reference_clip_score(image, text, &references)
            }
            EmbeddingScorer::PickScore(scale) => pick_score(image, text, *scale),
            EmbeddingScorer::Hps => cosine(image, text),
            EmbeddingScorer::Head(head) => head.score(image),
            EmbeddingScorer::ImageReward(head) => row.reward(head.as_ref()).map(image_reward),
        };
        found.map_err(|error| Unscored::new(Reason::NotApplicable, error.to_string()))
    }
}

/// The embeddings of one image.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingRow {
    /// Name of the image.
    pub id: String,
    /// The picture's; of ImageReward the feature of picture and text together, 768 numbers, as its BLIP gives it.
    #[serde(default)]
    pub image: Vec<f64>,
    /// The text's.
    pub text: Option<Vec<f64>>,
    /// Those of reference texts.
    #[serde(default)]
    pub references: Vec<Vec<f64>>,
    /// What ImageReward's head gave, before it is normalised: in the place of a feature.
    pub raw: Option<f64>,
}

impl EmbeddingRow {
    /// What ImageReward's head gives, or gave.
    fn reward(&self, head: Option<&AffineHead>) -> Result<f64, WordError> {
        match (self.raw, head) {
            (Some(raw), _) if self.image.is_empty() => Ok(raw),
            (Some(_), _) => Err(WordError::new(
                "`raw` and `image` are both given; one of them is judged",
            )),
            (None, Some(head)) => head.score(&self.image),
            (None, None) => Err(WordError::new(
                "a feature needs the weights of the head; without them give its number as `raw`",
            )),
        }
    }
}

/// The score of a row, with its scale stated.
#[derive(Debug, Clone, Serialize)]
pub struct EmbeddingScore {
    /// Name of the image.
    pub id: String,
    /// Name of the scorer.
    pub scorer: String,
    /// The score.
    pub score: Option<f64>,
    /// What it means.
    pub scale: &'static str,
    /// Why there is none: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A head as it stands in a file: `{"w": [...], "b": 1.5}`, or with the names `weights` and `bias`.
#[derive(Deserialize)]
struct HeadFile {
    #[serde(alias = "weights")]
    w: Vec<f64>,
    #[serde(alias = "bias")]
    b: f64,
    /// Whether embeddings are brought to length 1 first, as LAION's heads want them.
    #[serde(default = "yes")]
    normalised: bool,
}

fn yes() -> bool {
    true
}

/// Reads a head.
///
/// # Errors
/// JSON of another form, or weights that are no numbers.
pub fn parse_head(json: &str) -> Result<AffineHead, WordError> {
    let read: HeadFile = serde_json::from_str(json)
        .map_err(|error| WordError::new(format!("the head cannot be read: {error}")))?;
    AffineHead::new(read.w, read.b, read.normalised)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> EmbeddingRow {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn each_scorer_by_a_worked_case() {
        let row = row(r#"{"id": "a", "image": [3, 4], "text": [4, 3], "references": [[3, 4]]}"#);
        let head = || Some(parse_head(r#"{"w": [1, 2], "b": 0.5, "name": "mine"}"#).unwrap());
        for (name, scale, head, expected) in [
            ("clip-score", None, None, 2.4),
            ("ref-clip-score", None, None, 2.0 * 2.4 * 0.96 / 3.36),
            ("pick-score", Some(100.0), None, 96.0),
            ("hps", None, None, 0.96),
            ("aesthetic", None, head(), 2.7),
            // Its head takes the feature as it is: 3 + 2 * 4 + .5.
            ("image-reward", None, head(), image_reward(11.5)),
        ] {
            let scorer = EmbeddingScorer::new(name, scale, head).unwrap();
            let found = scorer.score(&row).unwrap();
            assert!((found - expected).abs() < 1e-12, "{name}: {found}");
            assert!(!scorer.scale().is_empty());
        }
    }

    #[test]
    fn what_is_lacking_is_said() {
        assert!(EmbeddingScorer::new("clip", None, None).is_err());
        assert!(EmbeddingScorer::new("pick-score", None, None).is_err());
        assert!(EmbeddingScorer::new("aesthetic", None, None).is_err());
        assert!(parse_head(r#"{"w": [], "b": 0}"#).is_err());
        let scorer = EmbeddingScorer::new("clip-score", None, None).unwrap();
        let silent = row(r#"{"id": "a", "image": [1]}"#);
        assert_eq!(
            scorer.score(&silent).unwrap_err().reason,
            Reason::NotApplicable
        );
    }

    #[test]
    fn image_reward_takes_a_feature_or_what_its_head_gave() {
        let head = || Some(parse_head(r#"{"w": [1, 2], "b": 0.5}"#).unwrap());
        let reward = |head, json: &str| {
            let scorer = EmbeddingScorer::new("image-reward", None, head).unwrap();
            scorer.score(&row(json)).map_err(|unscored| unscored.detail)
        };
        // (0.8 - mean) / deviation of the authors' ImageReward.py, by Python 3.11.
        let raw = reward(None, r#"{"id": "a", "raw": 0.8}"#).unwrap();
        assert!((raw - 0.612_408_965_086_842_1).abs() < 1e-12, "{raw}");
        for (head, json, part) in [
            (None, r#"{"id": "a", "image": [3, 4]}"#, "give its number"),
            (None, r#"{"id": "a"}"#, "give its number"),
            (
                head(),
                r#"{"id": "a", "image": [3, 4], "raw": 1}"#,
                "both given",
            ),
            (head(), r#"{"id": "a", "image": [3]}"#, "takes 2 finite"),
        ] {
            let detail = reward(head, json).unwrap_err();
            assert!(detail.contains(part), "{json}: {detail}");
        }
        let other = EmbeddingScorer::new("hps", None, None).unwrap();
        assert!(other.score(&row(r#"{"id": "a", "raw": 1}"#)).is_err());
    }
}
