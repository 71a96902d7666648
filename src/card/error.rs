//! What is wrong with a card, and where.

use std::fmt;
use std::ops::Range;

/// A card that cannot be used: file, place, what was wrong and what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardError {
    /// The file as it was named to us.
    pub file: String,
    /// Line and column from 1, where the fault has a place.
    pub place: Option<(usize, usize)>,
    /// What was wrong.
    pub message: String,
}

impl CardError {
    /// A fault of the file as a whole.
    pub(super) fn whole(file: &str, message: impl Into<String>) -> Self {
        CardError {
            file: file.to_owned(),
            place: None,
            message: message.into(),
        }
    }

    /// A fault at a byte range of the text.
    pub(super) fn at(
        file: &str,
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        let before = &text[..text.floor_char_boundary(span.start)];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        CardError {
            file: file.to_owned(),
            place: Some((line, column)),
            message: message.into(),
        }
    }
}

impl fmt::Display for CardError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => {
                write!(formatter, "{}:{line}:{column}: {}", self.file, self.message)
            }
            None => write!(formatter, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for CardError {}
