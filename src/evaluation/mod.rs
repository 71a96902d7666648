//! Question sets as people and programs write them, read and checked.

mod closed;
mod file;

pub use closed::{
    AskedQuestion, GivenAnswers, GivenQuestion, MOST_ANSWERS, MOST_QUESTIONS, QuestionFault,
    closed_questions, parse_closed_questions,
};
pub use file::{QuestionFileError, parse_questions, read_questions};
