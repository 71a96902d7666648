//! Reads what a judge writes in a stage: an answer, an explanation, a score; as Markdown or as JSON, broken or not.

use crate::judging::extract::{declined, numbers, shortened};
use crate::judging::{Reason, Unscored};

/// The highest score; the lowest is 0.
pub const TOP: f64 = 10.0;

/// Longest answer or explanation that is kept, in characters.
const LONGEST: usize = 4_000;

/// A text that is not of the shape that its stage wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{stage}{}: {detail}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct ShapeError {
    /// The stage.
    pub stage: &'static str,
    /// The line, from 1, where it is one line's fault.
    pub line: Option<usize>,
    /// What is wrong.
    pub detail: String,
}

impl ShapeError {
    /// A fault of one line.
    pub fn at(stage: &'static str, line: usize, detail: String) -> Self {
        ShapeError {
            stage,
            line: Some(line),
            detail,
        }
    }

    /// A fault of the whole text.
    pub fn whole(stage: &'static str, detail: String) -> Self {
        ShapeError {
            stage,
            line: None,
            detail,
        }
    }
}

impl From<ShapeError> for Unscored {
    fn from(error: ShapeError) -> Self {
        Unscored::new(Reason::Unparsed, error.to_string())
    }
}

/// A score, or the judge's word that there is none (`N/A`).
pub type Given = Option<f64>;

/// The answer after `answer:`, or the whole text where nothing is labelled so.
///
/// # Errors
/// [`Reason::Refused`] for a text that declines, [`Reason::Unparsed`] for an empty one.
pub fn answer(stage: &'static str, text: &str) -> Result<String, Unscored> {
    labelled_or_whole(stage, text, "answer")
}

/// The explanation after `explanation:`, or the whole text where nothing is labelled so.
///
/// # Errors
/// As [`answer`].
pub fn explanation(stage: &'static str, text: &str) -> Result<String, Unscored> {
    labelled_or_whole(stage, text, "explanation")
}

fn labelled_or_whole(stage: &'static str, text: &str, label: &str) -> Result<String, Unscored> {
    let found = match field(text, label) {
        Some((_, found)) => found,
        None => {
            declined(text)?;
            text.trim().to_owned()
        }
    };
    if found.is_empty() {
        return Err(ShapeError::whole(stage, format!("the {label} is empty")).into());
    }
    Ok(found.chars().take(LONGEST).collect())
}

/// The score after `score:`; `N/A` is none.
///
/// # Errors
/// [`Reason::Refused`] for a text that declines, [`Reason::Unparsed`] for one without a score of 0 to 10.
pub fn score(stage: &'static str, text: &str) -> Result<Given, Unscored> {
    let Some((line, written)) = field(text, "score") else {
        declined(text)?;
        let detail = format!("no `score: ...` in `{}`", shortened(text));
        return Err(ShapeError::whole(stage, detail).into());
    };
    token(&written).map_err(|detail| ShapeError::at(stage, line, detail).into())
}

/// The four scores of one line: appearance, intrinsic, relationship, overall. A shorter or longer line is no such line;
/// the authors fill it up with `N/A`, which is a guess about which score is missing.
///
/// # Errors
/// As [`score`].
pub fn joint_line(stage: &'static str, text: &str) -> Result<[Given; 4], Unscored> {
    let four = |line: &str| -> Option<[Given; 4]> {
        let tokens = line.split_whitespace().map(|word| word.trim_matches(','));
        let given: Vec<Given> = tokens.map(|word| token(word).ok()).collect::<Option<_>>()?;
        given.try_into().ok()
    };
    if let Some(found) = text.lines().rev().find_map(four) {
        return Ok(found);
    }
    declined(text)?;
    let detail = format!("no line of four scores in `{}`", shortened(text));
    Err(ShapeError::whole(stage, detail).into())
}

/// One score as it is written.
fn token(written: &str) -> Result<Given, String> {
    let bare = written
        .trim()
        .trim_matches(['*', '`', '"', '\'', '[', ']', '.', ',']);
    if ["n/a", "na", "none", "null"].contains(&bare.to_lowercase().as_str()) {
        return Ok(None);
    }
    match numbers(bare)[..] {
        [given, ..] if (0.0..=TOP).contains(&given) => Ok(Some(given)),
        [given, ..] => Err(format!("the score {given} lies outside 0..={TOP}")),
        [] => Err(format!("`{}` is no score", shortened(written))),
    }
}

/// What follows the last `label:` of a line, with its line from 1; or the value of `"label"` in JSON.
fn field(text: &str, label: &str) -> Option<(usize, String)> {
    let mut found: Option<(usize, String)> = None;
    let mut is_open = false;
    for (at, line) in text.lines().enumerate() {
        let bare = line.trim_start().trim_start_matches(['-', '*', '#', ' ']);
        let start = bare.get(..label.len());
        let rest = start
            .filter(|start| start.eq_ignore_ascii_case(label))
            .map(|_| bare[label.len()..].trim_start_matches(['*', ' ', '_']));
        match rest {
            // A heading `# Score` has its value below.
            Some(rest) if rest.is_empty() && line.trim_start().starts_with('#') => {
                found = Some((at + 1, String::new()));
                is_open = true;
            }
            Some(rest) if rest.starts_with(':') => {
                let value = rest[1..].trim_start_matches(['*', ' ']).trim_end();
                found = Some((at + 1, value.to_owned()));
                is_open = true;
            }
            Some(_) | None if is_open && !starts_anew(line) => {
                if let Some((_, value)) = &mut found
                    && !line.trim().is_empty()
                {
                    if !value.is_empty() {
                        value.push(' ');
                    }
                    value.push_str(line.trim());
                }
            }
            Some(_) | None => is_open = false,
        }
    }
    found.or_else(|| json_field(text, label))
}

/// Whether a line is another bullet, heading or labelled value.
fn starts_anew(line: &str) -> bool {
    let bare = line.trim_start();
    let label = bare.split_once(':').map(|(label, _)| label);
    bare.starts_with(['-', '#', '*', '`', '{', '}'])
        || label.is_some_and(|label| label.chars().all(char::is_alphabetic) && !label.is_empty())
}

/// The value after `"label":`, a string or a number; the JSON around it may be broken.
fn json_field(text: &str, label: &str) -> Option<(usize, String)> {
    let mark = format!("\"{label}\"");
    let at = text.rfind(&mark)?;
    let line = text[..at].lines().count().max(1);
    let value = text[at + mark.len()..]
        .trim_start()
        .strip_prefix(':')?
        .trim_start();
    let Some(string) = value.strip_prefix('"') else {
        let end = value.find([',', '}', '\n']).unwrap_or(value.len());
        return Some((line, value[..end].trim().to_owned()));
    };
    let mut read = String::new();
    let mut signs = string.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => return Some((line, read)),
            '\\' => match signs.next()? {
                'n' | 't' | 'r' => read.push(' '),
                other => read.push(other),
            },
            other => read.push(other),
        }
    }
    // A string that breaks off is no value.
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_read_in_the_shapes_in_which_they_are_written() {
        for (text, given) in [
            (
                "# Evaluation\n## cat\n- question: a 3?\n    - explanation: it is 2 of 3\n    - score: 7",
                Some(7.0),
            ),
            ("- **score**: 8/10", Some(8.0)),
            ("Score: 9.5.", Some(9.5)),
            ("# Score\n6", Some(6.0)),
            (r#"{"explanation": "a \"red\" one", "score": 4}"#, Some(4.0)),
            (r#"{"score": "N/A"}"#, None),
            ("- score: N/A", None),
        ] {
            assert_eq!(score("evaluate", text), Ok(given), "{text}");
        }
        for (text, reason) in [
            ("the cat is fine", Reason::Unparsed),
            ("- score: eleven", Reason::Unparsed),
            ("- score: 11", Reason::Unparsed),
            ("", Reason::Unparsed),
            ("I'm sorry, I cannot do that.", Reason::Refused),
        ] {
            assert_eq!(
                score("evaluate", text).unwrap_err().reason,
                reason,
                "{text}"
            );
        }
        let named = score("evaluate", "# Evaluation\n- score: 11").unwrap_err();
        assert_eq!(
            named.detail,
            "evaluate, line 2: the score 11 lies outside 0..=10"
        );
    }

    #[test]
    fn answers_and_explanations_go_on_over_lines_up_to_the_next_label() {
        let text =
            "# Answer\n## cat\n- question: what?\n    - answer: a black\n      cat\n    - score: 3";
        assert_eq!(answer("answer", text).unwrap(), "a black cat");
        assert_eq!(answer("answer", " blue ").unwrap(), "blue");
        let json = r#"{"explanation": "two\nlines", "score": 1}"#;
        assert_eq!(explanation("evaluate", json).unwrap(), "two lines");
        assert_eq!(answer("answer", " ").unwrap_err().reason, Reason::Unparsed);
        let refused = answer("answer", "I cannot help with that.").unwrap_err();
        assert_eq!(refused.reason, Reason::Refused);
    }

    #[test]
    fn a_joint_line_has_four_scores() {
        let text = "Here are the scores.\n8 7.5 N/A 7";
        let given = [Some(8.0), Some(7.5), None, Some(7.0)];
        assert_eq!(joint_line("summarise", text), Ok(given));
        assert!(joint_line("summarise", "8 7 6").is_err());
        assert!(joint_line("summarise", "8 7 6 5 4").is_err());
        assert!(joint_line("summarise", "8 7 6 11").is_err());
    }
}
