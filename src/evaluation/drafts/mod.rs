//! What a language model is asked so that it writes questions or an extraction, and how what it writes is read.

mod dsg;
mod tifa;

pub use dsg::DsgDraft;
pub use tifa::TifaDraft;

use super::extraction::parse_extraction;
use crate::judging::protocol::Draft;
use crate::judging::t2i_eval::{Extracted, ShapeError, extraction_request};

/// The first stage of T2I-Eval.
#[derive(Debug)]
pub struct ExtractionDraft {
    prompt: String,
}

impl ExtractionDraft {
    /// An extraction of this text.
    pub fn new(prompt: &str) -> Self {
        let prompt = prompt.to_owned();
        ExtractionDraft { prompt }
    }
}

impl Draft for ExtractionDraft {
    type Work = Extracted;

    fn stage(&self) -> &'static str {
        "extract"
    }

    fn request(&self) -> String {
        extraction_request(&self.prompt)
    }

    fn take(&mut self, text: &str) -> Result<Option<Extracted>, ShapeError> {
        parse_extraction(text).map(Some)
    }
}
