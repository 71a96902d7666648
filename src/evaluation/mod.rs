//! Question sets and extractions as people and programs write them, read and checked; and what a language model is asked
//! so that it writes them.

mod closed;
mod drafts;
mod embeddings;
mod extraction;
mod file;
mod geneval;
mod rows;

pub use closed::{
    AskedQuestion, GivenAnswers, GivenQuestion, MOST_ANSWERS, MOST_QUESTIONS, QuestionFault,
    closed_questions, parse_closed_questions,
};
pub use drafts::{DsgDraft, ExtractionDraft, TifaDraft};
pub use embeddings::{EmbeddingRow, EmbeddingScore, EmbeddingScorer, parse_head};
pub use extraction::{extraction_json, parse_extraction, read_extraction};
pub use file::{QuestionFileError, parse_questions, questions_json, read_questions};
pub use geneval::{CheckedItems, GenEvalFault, GenEvalItem, check_items};
pub use rows::json_rows;
