//! Checklists: one image, many closed questions, one score with the answer of each question beside it.
//!
//! Where questions come from, a language model or a person, is not known here.

mod rules;
mod set;
mod texts;

pub use rules::{Checked, ChecklistRule, Hardness, KindScore, MissingAnswer, aggregate};
pub use set::{ChecklistError, ChecklistQuestion, QuestionSet, WantedAnswer};
pub use texts::parse_dsg;
