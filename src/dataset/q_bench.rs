//! Q-Bench A3 outputs: `MODEL/DATASET.json` with the logits of two words per image and the mean opinion score.
//!
//! As released: objects one after another with no comma between them (or, in some files, a JSON array);
//! leading blanks; a first record written twice; numbers as strings, some with trailing blanks.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::DatasetError;

/// One image of one model's output.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Name of the image file.
    pub image: String,
    /// Mean opinion score, on the data set's own scale.
    pub human: f64,
    /// Logits of the positive and the negative word.
    pub logits: [f64; 2],
}

/// One file.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The records in file order, each image once.
    pub records: Vec<Record>,
    /// How many records repeated an earlier one and were dropped.
    pub repeated: usize,
}

/// The two words whose logits a model's score was published from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// good and poor.
    GoodPoor,
    /// high and low.
    HighLow,
}

impl Words {
    /// The authors' notebook reads high and low for this one model, good and poor for all others, also
    /// where a file has both.
    pub fn of_model(model: &str) -> Self {
        if model == "instructblip_t5" {
            Words::HighLow
        } else {
            Words::GoodPoor
        }
    }

    /// Both words, for reports.
    pub fn name(self) -> &'static str {
        match self {
            Words::GoodPoor => "good and poor",
            Words::HighLow => "high and low",
        }
    }
}

#[derive(Deserialize)]
struct Typed {
    img_path: String,
    #[serde(deserialize_with = "number")]
    gt_score: f64,
    #[serde(default, deserialize_with = "optional_number")]
    logit_good: Option<f64>,
    #[serde(default, deserialize_with = "optional_number")]
    logit_poor: Option<f64>,
    #[serde(default, deserialize_with = "optional_number")]
    logit_high: Option<f64>,
    #[serde(default, deserialize_with = "optional_number")]
    logit_low: Option<f64>,
}

/// Reads one output file.
///
/// # Errors
/// A file that cannot be read, is truncated, is not of this format, or has two different records of one image.
pub fn read(path: &Path, words: Words) -> Result<Output, DatasetError> {
    let error = |byte, reason: String| DatasetError {
        path: path.display().to_string(),
        byte,
        reason,
    };
    let bytes = std::fs::read(path).map_err(|e| error(0, format!("cannot be read: {e}")))?;
    parse(&bytes, words).map_err(|(byte, reason)| error(byte, reason))
}

fn parse(bytes: &[u8], words: Words) -> Result<Output, (usize, String)> {
    let mut output = Output {
        records: Vec::new(),
        repeated: 0,
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut place = skip_blanks(bytes, 0);
    let array = bytes.get(place) == Some(&b'[');
    if array {
        place = skip_blanks(bytes, place + 1);
    }
    while place < bytes.len() && !(array && bytes[place] == b']') {
        let (record, next) = record(bytes, place, words)?;
        match seen.get(&record.image) {
            None => {
                seen.insert(record.image.clone(), output.records.len());
                output.records.push(record);
            }
            Some(earlier) if output.records[*earlier] == record => output.repeated += 1,
            Some(_) => {
                return Err((
                    place,
                    format!(
                        "`{}` is here a second time with other numbers",
                        record.image
                    ),
                ));
            }
        }
        place = skip_blanks(bytes, next);
        if array && bytes.get(place) == Some(&b',') {
            place = skip_blanks(bytes, place + 1);
        }
    }
    if array && place >= bytes.len() {
        return Err((
            bytes.len(),
            "the file ends before the closing `]`; it is truncated".into(),
        ));
    }
    if output.records.is_empty() {
        return Err((
            0,
            "there is no record; expected objects with `img_path`, `gt_score` and two logits"
                .into(),
        ));
    }
    Ok(output)
}

fn record(bytes: &[u8], place: usize, words: Words) -> Result<(Record, usize), (usize, String)> {
    let mut stream = serde_json::Deserializer::from_slice(&bytes[place..]).into_iter::<Typed>();
    let typed = match stream.next() {
        Some(Ok(typed)) => typed,
        Some(Err(error)) if error.is_eof() => {
            return Err((
                bytes.len(),
                format!(
                    "the file ends inside the record that begins at byte {place}; it is truncated"
                ),
            ));
        }
        Some(Err(error)) => {
            return Err((
                place,
                format!("not a record of this format: {error} of the record"),
            ));
        }
        None => return Err((place, "expected a record".into())),
    };
    let pair = match words {
        Words::GoodPoor => typed.logit_good.zip(typed.logit_poor),
        Words::HighLow => typed.logit_high.zip(typed.logit_low),
    };
    let (first, second) = pair.ok_or_else(|| {
        (
            place,
            format!("`{}` lacks the logits of {}", typed.img_path, words.name()),
        )
    })?;
    let record = Record {
        image: typed.img_path,
        human: typed.gt_score,
        logits: [first, second],
    };
    Ok((record, place + stream.byte_offset()))
}

fn skip_blanks(bytes: &[u8], from: usize) -> usize {
    let blanks = bytes[from..]
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    from + blanks
}

/// A number, or a string that holds one with blanks around it; finite either way.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(f64),
    Text(String),
}

impl Number {
    fn value<E: serde::de::Error>(self) -> Result<f64, E> {
        let value = match &self {
            Number::Number(value) => Some(*value),
            Number::Text(text) => text.trim().parse().ok(),
        };
        value
            .filter(|value| value.is_finite())
            .ok_or_else(|| match self {
                Number::Number(value) => E::custom(format!("{value} is not finite")),
                Number::Text(text) => E::custom(format!("`{text}` is not a finite number")),
            })
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Number::deserialize(deserializer)?.value()
}

fn optional_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    number(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str =
        r#"{"img_path": "a.jpg", "gt_score": "3.5 ", "logit_good": 2.0, "logit_poor": 1.0}"#;
    const TWO: &str = r#"{"img_path": "b.jpg", "gt_score": 2, "logit_poor": "1.5", "logit_good": 0.5, "logit_excellent": 9}"#;

    #[test]
    fn every_quirk_is_read() {
        for text in [
            format!(" {ONE}{ONE}{TWO}"),
            format!("[{ONE},{ONE}, {TWO}]\n"),
            format!("{ONE}\n{ONE}\n{TWO}\n"),
        ] {
            let output = parse(text.as_bytes(), Words::GoodPoor).unwrap();
            assert_eq!(output.repeated, 1);
            assert_eq!(
                output.records[0],
                Record {
                    image: "a.jpg".into(),
                    human: 3.5,
                    logits: [2.0, 1.0]
                }
            );
            assert_eq!(
                output.records[1],
                Record {
                    image: "b.jpg".into(),
                    human: 2.0,
                    logits: [0.5, 1.5]
                }
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_byte() {
        let cut = &format!("{ONE}{TWO}")[..ONE.len() + 20];
        let other = ONE.replace("3.5", "3.6");
        let cases = [
            (cut.to_owned(), cut.len(), "truncated"),
            (format!("[{ONE}"), ONE.len() + 1, "truncated"),
            (format!("{ONE}{other}"), ONE.len(), "second time"),
            (r#"{"image": 1}"#.to_owned(), 0, "missing field"),
            ("image,score\n".to_owned(), 0, "not a record"),
            (String::new(), 0, "no record"),
            (ONE.replace("2.0", "\"nan\""), 0, "not a finite number"),
            (
                ONE.replace("logit_good", "logit_fine"),
                0,
                "lacks the logits of good and poor",
            ),
        ];
        for (text, byte, reason) in cases {
            let (found, message) = parse(text.as_bytes(), Words::GoodPoor).unwrap_err();
            assert!(message.contains(reason), "{message}");
            assert_eq!(found, byte, "{message}");
        }
    }
}
