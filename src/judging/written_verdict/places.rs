//! Where complete verdicts stand in a text.

use super::Candidate;
use crate::judging::Options;
use crate::judging::extract::numbers;

/// What may stand around a verdict that is all there is.
const WRAPPING: &[char] = &[
    ' ', '\n', '\r', '\t', '"', '\'', '*', '`', '(', ')', '[', ']', '{', '}', '.', ',', '!', ':',
    '_', '。',
];
/// What ends a phrase that is a verdict as it stands.
const PHRASE_ENDS: &[char] = &[
    '.', '!', ',', ';', ':', '"', '\'', '*', '`', ')', '\n', '\r', '<', '。', '”',
];
/// What may follow a phrase without making it say less.
const PHRASE_GOES_ON: [&str; 5] = [" than ", " overall", " in quality", " in general", " here"];
/// Words before a phrase that turn it around or leave it open.
const TURNED: [&str; 9] = [
    "not", "never", "cannot", "whether", "if", "neither", "unless", "hardly", "nor",
];
/// How a sentence ends.
const SENTENCE_ENDS: &[char] = &['.', '!', '?', '\n', ';'];

/// The option that these words spell, whatever their case.
fn option_of(words: &str, options: &Options) -> Option<usize> {
    let words = words.trim_matches(WRAPPING).to_lowercase();
    let spelt = |spelling: &String| spelling.trim_matches(WRAPPING).to_lowercase() == words;
    (options.as_slice().iter()).position(|option| option.spellings().iter().any(spelt))
}

/// Verdicts between two marks. A text cut at its token limit lacks the closing mark, and its verdict is a fragment.
pub(super) fn enclosed(text: &str, open: &str, close: &str, options: &Options) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices(open) {
        let inner = start + open.len();
        let Some(length) = text[inner..].find(close) else {
            break;
        };
        let words = &text[inner..inner + length];
        // Of marks within marks the innermost are meant.
        if words.contains(open) {
            continue;
        }
        if let Some(option) = option_of(words, options) {
            found.push(Candidate {
                option,
                start,
                end: inner + length + close.len(),
            });
        }
    }
    found
}

/// Verdicts that are the value of `"key":`, `'key':` or `key:`.
pub(super) fn values(text: &str, key: &str, options: &Options) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices(key) {
        let rest = text[start + key.len()..].trim_start_matches(['"', '\'']);
        let Some(value) = rest.trim_start().strip_prefix(':') else {
            continue;
        };
        let value = value.trim_start();
        let (opening, end) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => (1, value[1..].find(quote)),
            Some(_) | None => (0, value.find([',', '}', '\n'])),
        };
        // A value without its end may be the beginning of a longer one.
        let Some(end) = end.map(|end| opening + end) else {
            continue;
        };
        if let Some(option) = option_of(&value[opening..end], options) {
            let end = text.len() - value.len() + end;
            found.push(Candidate { option, start, end });
        }
    }
    found
}

/// Verdicts right after these words, as all that is left of the line or sentence.
pub(super) fn announced(text: &str, words: &str, options: &Options) -> Vec<Candidate> {
    let lower = text.to_lowercase();
    if lower.len() != text.len() {
        // A letter whose lower case is longer would shift every place.
        return Vec::new();
    }
    let mut found = Vec::new();
    for (start, _) in lower.match_indices(&words.to_lowercase()) {
        let from = start + words.len();
        let rest = text[from..].trim_start_matches(WRAPPING);
        let at = text.len() - rest.len();
        let line = rest.find(SENTENCE_ENDS).unwrap_or(rest.len());
        if let Some(option) = option_of(&rest[..line], options) {
            let end = at + line;
            found.push(Candidate { option, start, end });
        }
    }
    found
}

/// Spellings of three words or more that stand as a whole statement; fewer words name a thing and say nothing of it.
pub(super) fn phrases(text: &str, options: &Options) -> Vec<Candidate> {
    let lower = text.to_lowercase();
    if lower.len() != text.len() {
        return Vec::new();
    }
    let mut found: Vec<Candidate> = Vec::new();
    for (option, answer) in options.as_slice().iter().enumerate() {
        let spellings = answer.spellings().iter();
        for spelling in spellings.filter(|spelling| spelling.split_whitespace().count() >= 3) {
            let phrase = spelling
                .trim()
                .trim_end_matches(SENTENCE_ENDS)
                .to_lowercase();
            for (start, _) in lower.match_indices(&phrase) {
                let end = start + phrase.len();
                let joined = lower[..start].ends_with(|sign: char| sign.is_alphanumeric());
                if !joined && is_whole(&lower[end..]) && !is_turned(&lower[..start]) {
                    found.push(Candidate { option, start, end });
                }
            }
        }
    }
    found.sort_by_key(|one| (one.start, std::cmp::Reverse(one.end)));
    // Of two spellings that begin at one place the longer is meant.
    found.dedup_by_key(|one| one.start);
    found
}

/// Whether a phrase says all that it says: `is better` does, and of `is better aligned` it is a part.
fn is_whole(after: &str) -> bool {
    after.is_empty()
        || after.starts_with(PHRASE_ENDS)
        || PHRASE_GOES_ON.iter().any(|next| after.starts_with(next))
        || after.trim().is_empty()
}

/// Whether the sentence turns what follows around, or leaves it open.
fn is_turned(before: &str) -> bool {
    let sentence = before.rsplit(SENTENCE_ENDS).next().unwrap_or_default();
    sentence
        .split(|sign: char| !(sign.is_alphanumeric() || sign == '\'' || sign == '\u{2019}'))
        .any(|word| TURNED.contains(&word) || word.ends_with("n't") || word.ends_with("n\u{2019}t"))
}

/// The last scores of both names.
pub(super) fn scores(text: &str, first: &str, second: &str) -> Option<(f64, f64)> {
    Some((score(text, first)?, score(text, second)?))
}

/// The number after the last `"name":` or `name:`; a list is none.
fn score(text: &str, name: &str) -> Option<f64> {
    let named = text
        .match_indices(name)
        .filter(|(start, _)| !text[..*start].ends_with(char::is_alphanumeric));
    let values = named.filter_map(|(start, _)| {
        let rest = text[start + name.len()..].trim_start_matches(['"', '\'', '*']);
        rest.trim_start().strip_prefix(':')
    });
    let value = values.last()?.trim_start_matches([' ', '*', '"', '\'']);
    let end = value.find(|sign: char| !(sign.is_ascii_digit() || matches!(sign, '.' | '-' | '+')));
    match &numbers(&value[..end.unwrap_or(value.len())])[..] {
        [score] => Some(*score),
        _ => None,
    }
}
