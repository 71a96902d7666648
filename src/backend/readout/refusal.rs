//! Whether an engine says that a judge declined to answer.

use super::ChatReply;
use crate::backend::BackendError;

/// Why an engine stopped, when it was not the judge that stopped.
const FILTERS: [&str; 6] = [
    "content_filter",
    "refusal",
    "safety",
    "recitation",
    "prohibited_content",
    "blocklist",
];
/// A refusal is quoted as far as this.
const BEGINNING: usize = 200;

/// What the reply itself says of a refusal: a filter that stopped it, or its own field.
///
/// # Errors
/// [`BackendError::Refused`] with the words that came.
pub fn check_reply(reply: &ChatReply) -> Result<(), BackendError> {
    let filter = reply
        .finish_reason
        .as_deref()
        .filter(|reason| FILTERS.contains(&reason.to_lowercase().as_str()));
    if let Some(filter) = filter {
        return Err(BackendError::Refused {
            message: format!("the engine stopped the answer: finish reason `{filter}`"),
        });
    }
    match reply.refusal.as_deref().filter(|words| !words.is_empty()) {
        Some(words) => Err(BackendError::Refused {
            message: words.chars().take(BEGINNING).collect(),
        }),
        None => Ok(()),
    }
}
