//! One cell of a table, and the number or truth value in it.

use super::TableFault;

/// A cell as its file holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing: the key is not there, or JSON's `null`.
    Absent,
    /// Text, as every cell of a delimited file is.
    Text(&'a str),
    /// A JSON number with a fraction or an exponent.
    Number(f64),
    /// A whole JSON number, which an id may be; those beyond 64 bits are a [`Cell::Number`].
    Whole(i128),
    /// A JSON truth value.
    Truth(bool),
    /// A JSON array, whose numbers are not a value of one row.
    List,
}

/// Spellings of "no value" that every reader takes as such; all others are an error.
const MISSING: [&str; 8] = ["", "NA", "N/A", "n/a", "null", "None", "none", "-"];

/// What a cell says where a number is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A finite number.
    Value(f64),
    /// No value, as spelled.
    Missing(String),
    /// Something else: what kind, in words, and what to do.
    Wrong(TableFault, String, &'static str),
}

impl Cell<'_> {
    /// The text of an id or a label; nothing where the cell is empty.
    pub fn label(&self) -> Option<String> {
        match self {
            Cell::Absent | Cell::List => None,
            Cell::Text(text) => (!text.trim().is_empty()).then(|| (*text).trim().to_owned()),
            Cell::Number(number) => Some(number.to_string()),
            Cell::Whole(number) => Some(number.to_string()),
            Cell::Truth(truth) => Some(truth.to_string()),
        }
    }

    /// Whether the cell is a JSON number whose last digits may be gone, so that it tells no ids apart.
    pub fn is_rounded(&self) -> bool {
        matches!(self, Cell::Number(number) if number.fract() == 0.0 && number.abs() >= 9_007_199_254_740_992.0)
    }

    /// The number; `also_missing` are further spellings of "no value".
    pub fn number(&self, also_missing: &[String]) -> Reading {
        match self {
            Cell::Absent => Reading::Missing("no value".to_owned()),
            Cell::Number(number) if number.is_finite() => Reading::Value(*number),
            Cell::Number(number) => not_finite(&number.to_string()),
            Cell::Whole(number) => Reading::Value(*number as f64),
            Cell::Text(text) => number_of(text.trim(), also_missing),
            Cell::Truth(truth) => Reading::Value(f64::from(u8::from(*truth))),
            Cell::List => Reading::Wrong(
                TableFault::NotANumber,
                "a list is not a number".to_owned(),
                "write one number, or name another column",
            ),
        }
    }

    /// Whether the cell says yes; nothing where it says neither.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Cell::Truth(truth) => Some(*truth),
            Cell::Whole(number) => (0..=1).contains(number).then_some(*number == 1),
            Cell::Number(_) => None,
            Cell::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" | "swapped" | "second" | "ba" => Some(true),
                "false" | "no" | "0" | "original" | "first" | "ab" => Some(false),
                _ => None,
            },
            Cell::Absent | Cell::List => None,
        }
    }
}

fn number_of(text: &str, also_missing: &[String]) -> Reading {
    if MISSING.contains(&text) || also_missing.iter().any(|missing| missing == text) {
        let spelling = if text.is_empty() {
            "an empty cell"
        } else {
            text
        };
        return Reading::Missing(spelling.to_owned());
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Reading::Value(number),
        Ok(_) => not_finite(text),
        Err(_) => wrong(text),
    }
}

fn not_finite(text: &str) -> Reading {
    Reading::Wrong(
        TableFault::NotFinite,
        format!("`{text}` is not a finite number"),
        "leave the cell empty if there is no value, or pass `--missing-text` with this spelling",
    )
}

fn wrong(text: &str) -> Reading {
    let numeral = |character: char| character.is_ascii_digit();
    let separated = text.chars().any(numeral)
        && text
            .chars()
            .all(|character| numeral(character) || "+-.,'_ \u{a0}\u{202f}".contains(character));
    if separated {
        return Reading::Wrong(
            TableFault::Separators,
            format!("`{text}` has separators that could mean thousands or decimals"),
            "write it with a decimal point and no other separator, such as 1234.5",
        );
    }
    Reading::Wrong(
        TableFault::NotANumber,
        format!("`{text}` is not a number"),
        "name another column, or pass `--missing-text` with this spelling if it means no value",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reading {
        Cell::Text(text).number(&[])
    }

    #[test]
    fn numbers_missing_values_and_neither() {
        assert_eq!(read(" 2.50 "), Reading::Value(2.5));
        assert_eq!(read("-1e-3"), Reading::Value(-0.001));
        for missing in ["", "  ", "N/A", "NA", "null", "-"] {
            assert!(matches!(read(missing), Reading::Missing(_)), "{missing}");
        }
        for (text, fault) in [
            ("NaN", TableFault::NotFinite),
            ("inf", TableFault::NotFinite),
            ("-Infinity", TableFault::NotFinite),
            ("1e999", TableFault::NotFinite),
            ("1,234.5", TableFault::Separators),
            ("3,5", TableFault::Separators),
            ("1 234", TableFault::Separators),
            ("1'234", TableFault::Separators),
            ("good", TableFault::NotANumber),
            ("0x10", TableFault::NotANumber),
        ] {
            assert!(
                matches!(read(text), Reading::Wrong(found, ..) if found == fault),
                "{text}"
            );
        }
    }

    #[test]
    fn a_spelling_can_be_declared_missing() {
        let also = ["NaN".to_owned()];
        assert!(matches!(
            Cell::Text("NaN").number(&also),
            Reading::Missing(_)
        ));
        assert!(matches!(
            Cell::Text("nan").number(&also),
            Reading::Wrong(..)
        ));
    }

    #[test]
    fn truth_is_said_in_few_words() {
        assert_eq!(Cell::Text("True").truth(), Some(true));
        assert_eq!(Cell::Whole(0).truth(), Some(false));
        assert_eq!(Cell::Text("maybe").truth(), None);
    }
}
