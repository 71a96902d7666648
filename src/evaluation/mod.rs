//! Question sets as people and programs write them, read and checked.

mod file;

pub use file::{QuestionFileError, parse_questions, read_questions};
