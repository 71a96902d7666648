//! Which tokens stand for the allowed answers.

use std::collections::BTreeMap;

use super::conversation::{Conversation, Speech};
use crate::backend::BackendError;
use crate::backend::readout::Labels;
use crate::judging::Options;

/// The vocabulary by what each token says, in lower case.
pub(super) type Vocabulary = BTreeMap<String, Vec<(String, u32)>>;

/// For each option every token that is one of its spellings, in any case and with or without a blank before it.
pub(super) fn whole_tokens(
    options: &Options,
    labels: &Labels,
    vocabulary: &Vocabulary,
) -> Vec<Vec<u32>> {
    options
        .as_slice()
        .iter()
        .enumerate()
        .map(|(index, option)| {
            let mut tokens: Vec<u32> = option
                .spellings()
                .iter()
                .filter_map(|spelling| vocabulary.get(&spelling.trim().to_lowercase()))
                .flatten()
                .filter(|(text, _)| labels.option_of_text(text) == Some(index))
                .map(|(_, token)| *token)
                .collect();
            tokens.sort_unstable();
            tokens.dedup();
            tokens
        })
        .collect()
}

/// For each option the tokens of each way to write it after the conversation.
///
/// # Errors
/// A label that is no token at all.
pub(super) fn sequences(
    speech: &Speech,
    conversation: &Conversation,
    options: &Options,
    labels: &Labels,
) -> Result<Vec<Vec<Vec<u32>>>, BackendError> {
    let mut all = Vec::with_capacity(options.len());
    for (index, option) in options.as_slice().iter().enumerate() {
        let mut found: Vec<Vec<u32>> = Vec::new();
        for written in option
            .spellings()
            .iter()
            .flat_map(|spelling| ways(spelling))
        {
            // `ok` in capitals may be the spelling of another option.
            if labels.option_of_text(&written) != Some(index) {
                continue;
            }
            let tokens = speech.continuation(conversation, &written)?;
            // A tokenizer without a token for a word gives one that stands for any.
            let says_it = letters(&speech.words.decode(&tokens)?) == letters(&written);
            if says_it && !found.contains(&tokens) {
                found.push(tokens);
            }
        }
        if found.is_empty() {
            return Err(speech.cannot(&format!(
                "`tokenizer.json` makes no token of the label `{}`; give the level another spelling",
                option.name()
            )));
        }
        all.push(found);
    }
    Ok(all)
}

/// A text without blanks and case.
fn letters(text: &str) -> String {
    let letters = text.chars().filter(|letter| !letter.is_whitespace());
    letters.flat_map(char::to_lowercase).collect()
}

/// A spelling as it is, in lower case and with a capital, each with and without a blank before it.
fn ways(spelling: &str) -> Vec<String> {
    let spelling = spelling.trim();
    let mut letters = spelling.chars();
    let capital: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    let mut ways = Vec::new();
    for written in [spelling.to_owned(), spelling.to_lowercase(), capital] {
        for way in [written.clone(), format!(" {written}")] {
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
    }
    ways
}
