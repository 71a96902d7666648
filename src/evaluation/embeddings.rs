//! Scores from embeddings that the caller has: rows of numbers in JSON Lines, and heads in JSON.

use std::io::BufRead;

use serde::{Deserialize, Serialize};

use crate::judging::embeddings::{
    AffineHead, clip_score, cosine, image_reward, pick_score, reference_clip_score,
};
use crate::judging::{Reason, Unscored, WordError};

/// Longest row, in bytes: an embedding of some thousand numbers has some ten thousand.
const LONGEST: usize = 4 << 20;

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
    /// ImageReward's head with its normalisation.
    ImageReward(AffineHead),
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
            "image-reward" => head.map(EmbeddingScorer::ImageReward),
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
                "unbounded: mean 0 and deviation 1 over its authors' images"
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
        let found = match self {
            EmbeddingScorer::ClipScore => clip_score(image, text),
            EmbeddingScorer::RefClipScore => {
                let references: Vec<&[f64]> = row.references.iter().map(Vec::as_slice).collect();
                reference_clip_score(image, text, &references)
            }
            EmbeddingScorer::PickScore(scale) => pick_score(image, text, *scale),
            EmbeddingScorer::Hps => cosine(image, text),
            EmbeddingScorer::Head(head) => head.score(image),
            EmbeddingScorer::ImageReward(head) => head.score(image).map(image_reward),
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
    /// The picture's.
    pub image: Vec<f64>,
    /// The text's.
    pub text: Option<Vec<f64>>,
    /// Those of reference texts.
    #[serde(default)]
    pub references: Vec<Vec<f64>>,
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

/// The rows of a file, one JSON object a line; a line that is none is its own fault.
pub fn embedding_rows(
    file: impl BufRead,
) -> impl Iterator<Item = std::io::Result<Result<EmbeddingRow, String>>> {
    (1..).zip(file.split(b'\n')).filter_map(|(number, line)| {
        let line = match line {
            Ok(line) => line,
            Err(error) => return Some(Err(error)),
        };
        if line.trim_ascii().is_empty() {
            return None;
        }
        if line.len() > LONGEST {
            return Some(Ok(Err(format!(
                "line {number} has more than {LONGEST} bytes"
            ))));
        }
        let row = serde_json::from_slice(&line);
        Some(Ok(row.map_err(|error| format!("line {number}: {error}"))))
    })
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
        embedding_rows(json.as_bytes())
            .next()
            .unwrap()
            .unwrap()
            .unwrap()
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
            ("image-reward", None, head(), image_reward(2.7)),
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
        let broken = embedding_rows(&b"\n{}\n"[..]).next().unwrap().unwrap();
        assert!(broken.unwrap_err().starts_with("line 2: "));
    }
}
