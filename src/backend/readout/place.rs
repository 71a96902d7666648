//! Which of the written tokens is the answer, when a judge writes before it answers.

use super::occurrence::{decisive, is_meant_otherwise, occurrences};
use super::written::reasoning_end;
use super::{Labels, Position};
use crate::backend::BackendError;

/// The position at which the last label of the answer begins; reasoning is no answer.
///
/// `content` is the answer as the engine cut it out of the tokens, without what it holds for reasoning.
///
/// # Errors
/// [`BackendError::Unreadable`] when no label stands in the answer.
pub fn last_position(
    positions: &[Position],
    content: &str,
    labels: &Labels,
) -> Result<Position, BackendError> {
    let (text, starts) = written(positions);
    let from = answer_start(&text, content);
    let answer = &text[from..];
    let all = occurrences(answer, labels);
    let last = || all.iter().rev().find(|at| !is_meant_otherwise(answer, at));
    let found = decisive(answer, &all).or_else(|| last().copied());
    let Some(found) = found else {
        return Err(BackendError::Unreadable {
            message: format!(
                "none of the allowed answers (`{}`) stands in {}",
                labels.names().join("`, `"),
                shortened(answer)
            ),
        });
    };
    let start = from + found.start;
    let index = starts.partition_point(|begin| *begin <= start) - 1;
    let lead = text[starts[index]..start].trim_start_matches([' ', '\u{2581}', '\u{120}']);
    Ok(positions[index].clone().without_lead(lead.as_bytes()))
}

/// The written text, and the byte at which each token begins. A byte that is no character is a blank, so that
/// every other byte keeps its place.
fn written(positions: &[Position]) -> (String, Vec<usize>) {
    let mut bytes = Vec::new();
    let mut starts = Vec::with_capacity(positions.len());
    for position in positions {
        starts.push(bytes.len());
        if let Some(token) = position.generated() {
            bytes.extend_from_slice(&token.bytes);
        }
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| ' '));
    }
    (text, starts)
}

/// Where the answer begins among the tokens: where the engine's content stands, else after the reasoning.
fn answer_start(text: &str, content: &str) -> usize {
    let content = content.trim();
    let after_reasoning = reasoning_end(text);
    if content.is_empty() {
        return after_reasoning;
    }
    text.rfind(content).unwrap_or(0).max(after_reasoning)
}

/// The end of a text for an error.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 160;
    let text = text.trim();
    let count = text.chars().count();
    if count <= MOST {
        return format!("{text:?}");
    }
    let tail: String = text.chars().skip(count - MOST).collect();
    format!("the end of what was written, {tail:?}")
}
