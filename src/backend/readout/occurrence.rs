//! Where labels stand in written text.

use super::Labels;

/// A label in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Occurrence {
    /// Which option.
    pub option: usize,
    /// First byte of the label.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// Words that announce an answer, in lower case; what stands right after the last of them is meant.
const CUES: [&str; 30] = [
    "answer",
    "answer is",
    "answer would be",
    "choice",
    "choice is",
    "option",
    "option is",
    "i choose",
    "i select",
    "rating",
    "rating is",
    "score",
    "score is",
    "grade",
    "grade is",
    "level is",
    "verdict",
    "verdict is",
    "judgement",
    "judgment",
    "答案",
    "答案是",
    "答案为",
    "评分",
    "评分为",
    "评分是",
    "得分",
    "分数",
    "选择",
    "等级",
];
/// What may stand between the announcement and the answer.
const DECORATION: &[char] = &[
    ' ', '\n', '\t', '"', '\'', '*', '`', '(', '[', '{', ':', '：', '=', '_', '#', '「', '“', '<',
    '>', '\u{2581}',
];
/// Words that turn the next word around.
const NEGATIONS: [&str; 6] = ["not", "never", "neither", "nor", "hardly", "cannot"];
/// Words that may stand between a negation and what it turns around.
const FILLERS: [&str; 7] = ["a", "an", "the", "very", "really", "so", "particularly"];

/// Every label in the text in order; of two that begin at the same place, the longer.
///
/// A label is a word of its own. A number that is part of another, of a range or of a denominator
/// (`4.5`, `1-5`, `4/5`, `out of 5`) is no label.
pub(super) fn occurrences(text: &str, labels: &Labels) -> Vec<Occurrence> {
    let spellings = labels.spellings();
    let mut found = Vec::new();
    let mut from = 0;
    for (start, _) in text.char_indices() {
        if start < from {
            continue;
        }
        let hit = spellings.iter().find_map(|(spelling, option)| {
            let end = match_at(text, start, spelling, labels)?;
            (is_word(text, start, end) && !is_part_of_number(text, start, end)).then_some(
                Occurrence {
                    option: *option,
                    start,
                    end,
                },
            )
        });
        if let Some(hit) = hit {
            from = hit.end;
            found.push(hit);
        }
    }
    found
}

/// The end of the spelling at this place, in any case where the labels allow it.
fn match_at(text: &str, start: usize, spelling: &str, labels: &Labels) -> Option<usize> {
    let rest = &text[start..];
    if rest.starts_with(spelling) {
        return Some(start + spelling.len());
    }
    if !labels.folds(spelling) {
        return None;
    }
    let mut end = start;
    let mut letters = rest.chars();
    for expected in spelling.chars() {
        let letter = letters.next()?;
        if !letter.to_lowercase().eq(expected.to_lowercase()) {
            return None;
        }
        end += letter.len_utf8();
    }
    Some(end)
}

fn is_word(text: &str, start: usize, end: usize) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let label = &text[start..end];
    let opens = label.starts_with(|c: char| c.is_ascii_alphanumeric());
    let closes = label.ends_with(|c: char| c.is_ascii_alphanumeric());
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    !(opens && joins(before) || closes && joins(after))
}

fn is_part_of_number(text: &str, start: usize, end: usize) -> bool {
    let label = &text[start..end];
    if !label
        .chars()
        .all(|c| c.is_ascii_digit() || c == '.' || c == '-')
    {
        return false;
    }
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let before = text[..start].trim_end();
    let after = text[end..].trim_start();
    let ends_with = |mark: &str| {
        before
            .strip_suffix(mark)
            .is_some_and(|head| digit(head.trim_end().chars().next_back()))
    };
    let starts_with = |mark: &str| {
        after
            .strip_prefix(mark)
            .is_some_and(|tail| digit(tail.trim_start().chars().next()))
    };
    let close_before = text[..start].chars().next_back();
    let decimal = text[..start].ends_with('.') && ends_with(".")
        || text[end..].starts_with('.') && starts_with(".");
    let negative = close_before == Some('-');
    let range = ["-", "–", "~", "to"]
        .iter()
        .any(|mark| ends_with(mark) || starts_with(mark));
    let words: Vec<&str> = before.split_whitespace().rev().take(2).collect();
    let denominator = ends_with("/") || words == ["of", "out"];
    decimal || negative || range || denominator
}

/// Whether the label is announced: `answer is **B**`, `"score": 4`.
pub(super) fn is_announced(text: &str, at: &Occurrence) -> bool {
    let before = text[..at.start].trim_end_matches(DECORATION).to_lowercase();
    CUES.iter().any(|cue| {
        before.strip_suffix(cue).is_some_and(|head| {
            let joined = head.ends_with(|c: char| c.is_ascii_alphanumeric());
            !(joined && cue.is_ascii())
        })
    })
}

/// Whether it stands in double brackets: `[[B]]`.
pub(super) fn is_bracketed(text: &str, at: &Occurrence) -> bool {
    let before = text[..at.start].trim_end();
    let after = text[at.end..].trim_start();
    before.ends_with("[[") && after.starts_with("]]")
}

/// Whether it is the value of a JSON field.
pub(super) fn is_json_value(text: &str, at: &Occurrence) -> bool {
    let before = text[..at.start].trim_end_matches([' ', '"', '\n']);
    let key = before.strip_suffix(':').map(str::trim_end);
    let after = text[at.end..].trim_start_matches(['"', ' ', '\n']);
    key.is_some_and(|key| key.ends_with('"')) && after.starts_with([',', '}', ']'])
}

/// Whether it is the article `A`, or turned around by a `not` before it.
pub(super) fn is_meant_otherwise(text: &str, at: &Occurrence) -> bool {
    is_article(text, at) || is_negated(text, at)
}

fn is_article(text: &str, at: &Occurrence) -> bool {
    if !matches!(&text[at.start..at.end], "A" | "I" | "a") {
        return false;
    }
    let mut after = text[at.end..].chars();
    let word_follows = after.next() == Some(' ') && after.next().is_some_and(char::is_lowercase);
    let marked = text[..at.start].ends_with(['"', '\'', '*', '(', '[', '`', ':']);
    word_follows && !marked
}

fn is_negated(text: &str, at: &Occurrence) -> bool {
    let before = text[..at.start].to_lowercase();
    if before.trim_end().ends_with('不') {
        return true;
    }
    // A full stop or comma ends what a negation reaches.
    let clause = before.rsplit(['.', ',', ';', ':', '\n']).next();
    let mut words = clause.unwrap_or_default().split_whitespace().rev();
    let negates = |word: &str| NEGATIONS.contains(&word) || word.ends_with("n't");
    match (words.next(), words.next()) {
        (Some(last), _) if negates(last) => true,
        (Some(last), Some(earlier)) => FILLERS.contains(&last) && negates(earlier),
        (Some(_) | None, _) => false,
    }
}

/// The occurrence that the writer marked as the answer: announced, in double brackets, or the value of a
/// JSON field; the last of the first kind that there is.
pub(super) fn decisive(text: &str, all: &[Occurrence]) -> Option<Occurrence> {
    let kinds: [fn(&str, &Occurrence) -> bool; 3] = [is_bracketed, is_announced, is_json_value];
    kinds
        .iter()
        .find_map(|kind| all.iter().rev().find(|at| kind(text, at)))
        .copied()
}
