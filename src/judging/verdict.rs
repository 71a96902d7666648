//! What a judge says in the end: a verdict with its provenance, or why there is none.

use super::{Coverage, Opinion, RawScore, Readout, ScoreInterval, Temperature};
use crate::digest::Digest;

/// Where a verdict comes from; with it the verdict can be asked for again.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// Judge card.
    pub judge: String,
    /// Version of the card.
    pub version: String,
    /// Digest of the card as checked.
    pub card: Digest,
    /// Backend that answered.
    pub backend: String,
    /// Revision of the model behind it.
    pub model_revision: String,
    /// Name of the preprocessing, with all its numbers.
    pub preprocessing: String,
    /// Digest of the encoded image; `None` when it never arrived whole.
    pub image: Option<Digest>,
    /// Temperature of the softmax; `None` where the judge gives a number.
    pub temperature: Option<Temperature>,
}

/// A defended score.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Expected worth.
    pub score: RawScore,
    /// Probability of each level, in the order of the card; `None` where the judge gives a number.
    pub opinion: Option<Opinion>,
    /// Standard deviation of the worth under the opinion, or of repeated ratings, in units of the scale.
    pub spread: Option<f64>,
    /// Where the score lies, where not all of it was read.
    pub interval: Option<ScoreInterval>,
    /// Mass on the allowed answers, or the share of drawn answers that could be read, where it is known.
    pub coverage: Option<Coverage>,
    /// How the masses were read.
    pub readout: Readout,
    /// Whether some level was not listed, so that its mass is only bounded.
    pub censored: bool,
}

/// Why there is no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The judge declined to answer.
    Refused,
    /// Too little mass fell on the allowed answers.
    LowCoverage,
    /// The answer was of another kind than the one asked for, or could not be read.
    Unparsed,
    /// The written answer holds different verdicts and settles on none of them.
    Ambiguous,
    /// The question does not apply to this item.
    NotApplicable,
    /// The image could not be used; the code says why.
    Image(&'static str),
    /// The model gave a number that is not finite.
    NotFinite,
    /// The backend failed.
    Backend,
    /// The question budget was spent.
    Budget,
    /// The deadline passed.
    Deadline,
}

impl Reason {
    /// Stable code in results.
    pub fn code(self) -> &'static str {
        match self {
            Reason::Refused => "refused",
            Reason::LowCoverage => "low_coverage",
            Reason::Unparsed => "unparsed",
            Reason::Ambiguous => "ambiguous",
            Reason::NotApplicable => "not_applicable",
            Reason::Image(code) => code,
            Reason::NotFinite => "not_finite",
            Reason::Backend => "backend",
            Reason::Budget => "budget",
            Reason::Deadline => "deadline",
        }
    }
}

/// No score, and why: never NaN, 0 or a guess.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", reason.code())]
pub struct Unscored {
    /// The kind of failure.
    pub reason: Reason,
    /// What was wrong, and what would have worked.
    pub detail: String,
}

impl Unscored {
    /// Makes one.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Unscored {
            reason,
            detail: detail.into(),
        }
    }
}
