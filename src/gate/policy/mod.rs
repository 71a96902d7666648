//! Gate policies: rules over scores, as their authors wrote them and then checked.

mod file;
mod load;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

use crate::calibration::JudgeKey;
use crate::digest::Digest;
use crate::judging::Better;
pub use write::NewPolicy;

/// A checked policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its name.
    pub id: String,
    /// Its version, three numbers.
    pub version: String,
    /// Digest of the file: a decision names the very rules that it followed.
    pub digest: Digest,
    /// How dimensions become one decision.
    pub combine: Combine,
    /// What becomes of an image where a required dimension has no score.
    pub missing: Missing,
    /// What is looked at before any judge is asked.
    pub tripwires: Tripwires,
    /// What one image may cost.
    pub budget: Budget,
    /// At least one.
    pub dimensions: Vec<Dimension>,
}

/// How dimensions become one decision. Safety is never part of it: it is a veto.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Combine {
    /// Accept where all accept; reject where one rejects.
    All,
    /// Accept where one accepts; reject where all reject.
    Any,
    /// Weighted mean of the scores on 0..=1.
    Weighted(Bounds),
    /// Weighted geometric mean of the scores on 0..=1.
    Geometric(Bounds),
    /// Least score on 0..=1.
    Min(Bounds),
}

/// Accept from `accept` on, reject from `reject` down; review lies between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Accept from here on.
    pub accept: f64,
    /// Reject from here down; nothing is rejected without.
    pub reject: Option<f64>,
}

/// What becomes of an image where a required dimension has no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A person looks at it.
    Review,
    /// It is rejected.
    Reject,
    /// The other dimensions decide. Safety is never ignored.
    Ignore,
}

/// What is looked at before any judge is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tripwires {
    /// Refuse pictures of one colour.
    pub constant: bool,
    /// Refuse black pictures.
    pub black: bool,
    /// Refuse white pictures.
    pub white: bool,
    /// Refuse pictures of pure noise.
    pub noise: bool,
    /// Least length of the shorter side, in pixels.
    pub least_side: Option<u32>,
    /// Greatest length of the longer side, in pixels.
    pub longest_side: Option<u32>,
    /// The only width that is allowed, in pixels.
    pub width: Option<u32>,
    /// The only height that is allowed, in pixels.
    pub height: Option<u32>,
    /// Refuse a picture that is nearly the same as an earlier one of the request, or of the command.
    pub near_duplicate: bool,
}

impl Tripwires {
    /// Nothing is looked at.
    pub const NONE: Tripwires = Tripwires {
        constant: false,
        black: false,
        white: false,
        noise: false,
        least_side: None,
        longest_side: None,
        width: None,
        height: None,
        near_duplicate: false,
    };

    /// For candidates for one place: all that needs no number.
    pub const OF_CANDIDATES: Tripwires = Tripwires {
        constant: true,
        black: true,
        white: true,
        noise: true,
        near_duplicate: true,
        ..Tripwires::NONE
    };
}

/// What one image, or one caller's loop, may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Most questions for one image.
    pub questions: Option<u64>,
    /// Most attempts of a caller's loop.
    pub attempts: Option<u32>,
    /// Most questions of a caller's loop, over all of its attempts.
    pub loop_questions: Option<u64>,
    /// Attempts in a row without any gain after which a caller's loop should stop.
    pub no_gain: Option<u32>,
}

/// One thing that is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// Whether a decision needs it.
    pub required: bool,
    /// Whether it is a veto.
    pub safety: bool,
    /// Its weight in means, above 0.
    pub weight: f64,
    /// Code of the reason that a decision gives for it.
    pub reason: String,
    /// The judges, the cheap one first; a later one is asked where the one before it is unsure or has no score.
    pub stages: Vec<Stage>,
}

/// A judge with its thresholds.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Judge, perhaps with `@backend`.
    pub judge: String,
    /// Whether thresholds are on the human scale of a calibration map.
    pub calibrated: bool,
    /// Which scores are better.
    pub better: Better,
    /// Accept from here on.
    pub accept: f64,
    /// Reject from here on, away from the better end.
    pub reject: Option<f64>,
    /// Price of one question, in any currency; without it no cost is reported.
    pub price: Option<f64>,
    /// What the thresholds rest on.
    pub fitted: Option<Fitted>,
}

/// What a threshold rests on: the calibration that it was fitted on, and the judge of that.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// `precision`, `recall` or `cost`.
    pub target: String,
    /// The figure that holds.
    pub value: f64,
    /// With what confidence.
    pub confidence: f64,
    /// The figure over the labels, at the threshold; policies that were written by hand may leave it out.
    pub achieved: Option<f64>,
    /// The one-sided bound that was attained.
    pub bound: f64,
    /// Items that it rests on.
    pub n: usize,
    /// How bound and threshold were found.
    pub method: Option<String>,
    /// The one-sided bound of the share of bad items among those that are rejected.
    pub reject_bound: Option<f64>,
    /// The file of labels.
    pub labels: String,
    /// Digest of that file.
    pub set: Option<Digest>,
    /// Labelled items with a score.
    pub items: Option<usize>,
    /// Shares of the labelled items that are accepted, for review, and rejected.
    pub yields: Option<[f64; 3]>,
    /// The judge for which alone it holds.
    pub key: JudgeKey,
}

/// What is wrong with a policy, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The file as it was named to us.
    pub file: String,
    /// Line from 1, where the fault has a place.
    pub line: Option<usize>,
    /// What was wrong, and what would be accepted.
    pub message: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}, line {line}: {}", self.file, self.message),
            None => write!(formatter, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for PolicyError {}

impl Stage {
    /// What this judge's score alone says.
    pub fn verdict(&self, score: f64) -> super::Decided {
        let beyond = |threshold: f64, better: Better| match better {
            Better::Higher => score >= threshold,
            Better::Lower => score <= threshold,
        };
        let worse = match self.better {
            Better::Higher => Better::Lower,
            Better::Lower => Better::Higher,
        };
        if beyond(self.accept, self.better) {
            super::Decided::Accept
        } else if self.reject.is_some_and(|reject| beyond(reject, worse)) {
            super::Decided::Reject
        } else {
            super::Decided::Review
        }
    }
}
