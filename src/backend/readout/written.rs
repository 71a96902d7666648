//! Written answers: the label that a text settles on, and shares of labels among many texts.

use super::occurrence::{Occurrence, decisive, is_meant_otherwise, occurrences};
use super::place::shortened;
use super::position::failed;
use super::{ChatReply, Labels, check_reply};
use crate::backend::BackendError;
use crate::judging::{Choice, refusal_phrase};

/// How reasoning ends in the text of models whose engine does not cut it out.
const REASONING: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];
/// An option letter is looked for in so many words at the end.
const LAST_WORDS: usize = 5;
/// What may stand around a label that is all there is.
const WRAPPING: &[char] = &[
    ' ', '\n', '\t', '"', '\'', '*', '`', '(', ')', '[', ']', '{', '}', '.', ',', '!', ':', '。',
    '，', '！', '「', '」', '“', '”', '#',
];

/// The byte after the reasoning; the whole text where the reasoning does not end.
pub(super) fn reasoning_end(text: &str) -> usize {
    for (open, close) in REASONING {
        if let Some(end) = text.rfind(close) {
            return end + close.len();
        }
        if text.trim_start().starts_with(open) {
            return text.len();
        }
    }
    0
}

/// A text without its reasoning: what stands before `</think>` is no answer.
pub fn without_reasoning(text: &str) -> &str {
    text[reasoning_end(text)..].trim()
}

/// The option that a text settles on, by the first of these that finds one: the label alone; the label that is
/// announced or marked (`[[B]]`, `answer is **B**`, a JSON value); the only option among its words; an option
/// letter in its last five words; the last label.
///
/// # Errors
/// [`BackendError::Refused`] for an empty text or one that declines, [`BackendError::Unreadable`] for one without a label.
pub fn label_of(text: &str, labels: &Labels) -> Result<usize, BackendError> {
    let answer = without_reasoning(text);
    if answer.is_empty() {
        return Err(if text.trim().is_empty() {
            BackendError::Refused {
                message: "the answer is empty".into(),
            }
        } else {
            BackendError::Unreadable {
                message: "the judge wrote reasoning and no answer; let it write more tokens".into(),
            }
        });
    }
    if let Some(option) = labels.option_of_text(answer.trim_matches(WRAPPING)) {
        return Ok(option);
    }
    let all = occurrences(answer, labels);
    if let Some(found) = decisive(answer, &all) {
        return Ok(found.option);
    }
    if let Some(phrase) = refusal_phrase(answer) {
        return Err(BackendError::Refused {
            message: format!("\"{phrase}\" in {}", shortened(answer)),
        });
    }
    let meant: Vec<Occurrence> = all
        .into_iter()
        .filter(|at| !is_meant_otherwise(answer, at))
        .collect();
    only(meant.iter())
        .or_else(|| only(late_letters(answer, &meant)))
        .or_else(|| meant.last().map(|at| at.option))
        .ok_or_else(|| BackendError::Unreadable {
            message: format!(
                "none of the allowed answers (`{}`) stands in {}",
                labels.names().join("`, `"),
                shortened(answer)
            ),
        })
}

/// The one option that all of these are.
fn only<'a>(mut found: impl Iterator<Item = &'a Occurrence>) -> Option<usize> {
    let first = found.next()?.option;
    found.all(|at| at.option == first).then_some(first)
}

/// Labels of one letter among the last words.
fn late_letters<'a>(text: &str, all: &'a [Occurrence]) -> impl Iterator<Item = &'a Occurrence> {
    let mut from = text.trim_end();
    for _ in 0..LAST_WORDS {
        from = from.trim_end();
        from = &from[..from.rfind(char::is_whitespace).map_or(0, |blank| blank + 1)];
    }
    let from = from.len();
    all.iter()
        .filter(move |at| at.start >= from && at.end - at.start == 1)
}

/// One written answer as a choice: it says which option was chosen and nothing of the others.
///
/// # Errors
/// As [`check_reply`] and [`label_of`].
pub fn read_parsed(reply: &ChatReply, labels: &Labels) -> Result<Choice, BackendError> {
    check_reply(reply)?;
    let option = label_of(&reply.answer(), labels)?;
    Choice::parsed(option, labels.len()).map_err(failed)
}

/// Shares of the options among drawn answers. An answer that cannot be read counts as drawn and lowers the coverage.
///
/// # Errors
/// When no answer can be read: [`BackendError::Refused`] when all that came declined, else the first fault.
pub fn read_samples(replies: &[ChatReply], labels: &Labels) -> Result<Choice, BackendError> {
    let mut counts = vec![0u32; labels.len()];
    let mut faults = Vec::new();
    for reply in replies {
        match check_reply(reply).and_then(|()| label_of(&reply.answer(), labels)) {
            Ok(option) => counts[option] += 1,
            Err(fault) => faults.push(fault),
        }
    }
    if faults.len() == replies.len() {
        let readable = faults
            .iter()
            .position(|fault| !matches!(fault, BackendError::Refused { .. }));
        let fault = faults.into_iter().nth(readable.unwrap_or(0));
        return Err(fault.unwrap_or_else(|| failed("no answer was drawn")));
    }
    let drawn = u32::try_from(replies.len()).map_err(failed)?;
    Choice::sampled(counts, drawn).map_err(failed)
}
