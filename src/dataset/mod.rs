//! Readers of published benchmark files, as their authors wrote them, quirks included.
//!
//! A reader gives rows; it computes nothing. Files that are truncated or of another kind give an error
//! with path, byte and reason.

pub mod agiqa_3k;
pub mod alpaca_eval;
pub mod alt_test;
mod delimited;
pub mod edit_judge;
pub mod genai_bench;
pub mod imagen_hub;
mod json;
pub mod krasula;
mod matlab;
pub mod mllm_judge;
pub mod q_bench;
pub mod tifa;
pub mod viescore;

/// A file that is not what it should be: where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: byte {byte}: {reason}")]
pub struct DatasetError {
    /// The file.
    pub path: String,
    /// Offset of the fault from the start of the file.
    pub byte: usize,
    /// What was wrong, and what was expected.
    pub reason: String,
}
