//! The words of judging, as checked types, and the protocols that use them.
//!
//! Knows nothing of files, networks, clocks, threads or formats: no I/O, no async, no serde.
//! A value of one of these types holds what its constructor promises, so nothing below checks again.

mod answer;
mod calibration_map;
pub mod checklist;
mod comparison;
pub mod detections;
pub mod embeddings;
mod extract;
mod interval;
mod labels;
mod level;
mod log_masses;
mod opinion;
mod order;
pub mod panel;
mod prompt;
pub mod protocol;
mod question;
mod readout;
mod refusal;
mod score;
mod subject;
pub mod t2i_eval;
mod verdict;
mod word_scores;
mod written_verdict;

pub use answer::{Answer, Choice, Coverage, Evidence, Listed};
pub use calibration_map::{CalibrationMap, Curve, Mapped};
pub use comparison::{Comparison, Disagreement, Margin, Preference, TieWidth};
pub use extract::{Extraction, Place, Reduce};
pub use interval::{IntervalKind, ScoreInterval};
pub use labels::{HumanLabel, HumanLabels};
pub use level::{Better, Level, LevelSet, Scale};
pub use log_masses::{log_softmax, log_sum_exp};
pub use opinion::{Opinion, Temperature};
pub use order::{MOST_LABELS, Order, OrderReading, Partial, label};
pub use prompt::{AnswerOption, Image, Options, Part, Prompt, Wanted};
pub use question::{Piece, Question, Template};
pub use readout::{AnswerPlace, LengthCorrection, Reading, Readout, Sampling};
pub use refusal::refusal_phrase;
pub use score::{CalibratedScore, RawScore};
pub use subject::Subject;
pub use verdict::{Provenance, Reason, Unscored, Verdict};
pub use word_scores::{WordScores, WordsBeside};
pub use written_verdict::{Found, VerdictPlace, WrittenVerdict};

/// Why a value cannot be one of the words of judging: what was wrong and what is allowed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct WordError(String);

impl WordError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        WordError(message.into())
    }
}
