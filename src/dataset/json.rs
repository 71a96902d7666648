//! JSON as Python writes it: one document, or one a line; `NaN` and infinities stand where a number does not exist.

use std::borrow::Cow;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::DatasetError;

/// Reads a file that holds one document.
pub(super) fn document<T: DeserializeOwned>(path: &Path) -> Result<T, DatasetError> {
    let name = path.display().to_string();
    let text = text(path, &name)?;
    parse(&text).map_err(|(byte, reason)| DatasetError {
        path: name,
        byte,
        reason,
    })
}

/// Reads a file that holds at least one document, each on a line of its own; blank lines are skipped.
///
/// Each comes with the number of its line, from 1.
pub(super) fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<(usize, T)>, DatasetError> {
    let name = path.display().to_string();
    let text = text(path, &name)?;
    lines_of(&text).map_err(|(byte, reason)| DatasetError {
        path: name,
        byte,
        reason,
    })
}

fn lines_of<T: DeserializeOwned>(text: &str) -> Result<Vec<(usize, T)>, (usize, String)> {
    let mut found = Vec::new();
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if !line.trim().is_empty() {
            let document = parse(line).map_err(|(byte, reason)| {
                (start + byte, format!("line {}: {reason}", index + 1))
            })?;
            found.push((index + 1, document));
        }
        start += line.len();
    }
    if found.is_empty() {
        return Err((
            0,
            "there is no record; expected a JSON object a line".into(),
        ));
    }
    Ok(found)
}

fn text(path: &Path, name: &str) -> Result<String, DatasetError> {
    let error = |byte, reason| DatasetError {
        path: name.to_owned(),
        byte,
        reason,
    };
    let bytes = std::fs::read(path).map_err(|e| error(0, format!("cannot be read: {e}")))?;
    String::from_utf8(bytes).map_err(|e| error(e.utf8_error().valid_up_to(), e.to_string()))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, (usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(&numbers_that_exist(text)).map_err(|error| {
        if error.is_eof() {
            let reason = "the JSON ends before it is complete; it is truncated";
            return (text.len(), reason.to_owned());
        }
        (
            byte_of(text, error.line(), error.column()),
            error.to_string(),
        )
    })
}

fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (before + column.saturating_sub(1)).min(text.len())
}

/// Python writes these where JSON has only `null`.
const NOT_NUMBERS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// `text` with `null` for each of [`NOT_NUMBERS`] outside of strings.
fn numbers_that_exist(text: &str) -> Cow<'_, str> {
    if !NOT_NUMBERS.iter().any(|word| text.contains(word)) {
        return Cow::Borrowed(text);
    }
    let mut found = String::with_capacity(text.len() + 16);
    let (mut rest, mut quoted) = (text, false);
    while let Some(next) = rest.chars().next() {
        let word = NOT_NUMBERS.iter().find(|word| rest.starts_with(**word));
        let taken = match (word, next) {
            (Some(word), _) if !quoted => {
                found.push_str("null");
                rest = &rest[word.len()..];
                continue;
            }
            (_, '\\') if quoted => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            (_, '"') => {
                quoted = !quoted;
                1
            }
            _ => next.len_utf8(),
        };
        found.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    Cow::Owned(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = std::collections::BTreeMap<String, Option<f64>>;

    #[test]
    fn what_python_writes_is_read() {
        let rows: Vec<(usize, Row)> =
            lines_of("{\"a\": 1, \"b\": NaN}\r\n\n{\"a \\\"NaN\": -Infinity, \"b\": 2}").unwrap();
        assert_eq!(rows[0].0, 1);
        assert_eq!((rows[0].1["a"], rows[0].1["b"]), (Some(1.0), None));
        assert_eq!(rows[1].0, 3);
        assert_eq!((rows[1].1["a \"NaN"], rows[1].1["b"]), (None, Some(2.0)));
        let marked: Row = parse("\u{feff}{\"a\": 3}").unwrap();
        assert_eq!(marked["a"], Some(3.0));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases = [
            ("", 0, "no record"),
            ("{\"a\": 1}\n{\"a\": ", 15, "line 2: the JSON ends"),
            ("{\"a\": 1}\n{\"a\": x}\n", 15, "line 2: expected value"),
            ("model,score\n", 0, "line 1: expected value"),
        ];
        for (text, byte, reason) in cases {
            let (found, message) = lines_of::<Row>(text).unwrap_err();
            assert!(message.contains(reason), "{message}");
            assert_eq!(found, byte, "{message}");
        }
        let (byte, _) = parse::<Row>("{\n \"a\": x}").unwrap_err();
        assert_eq!(byte, 8);
    }
}
