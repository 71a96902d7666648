//! Settings: what stands beside images and texts.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use crate::http::problem::{Code, Problem};

/// 2^53 - 1, the largest whole number that is one in every reader of JSON (RFC 8259, section 6).
const MOST_WHOLE: f64 = 9_007_199_254_740_991.0;

/// A setting: a string or a number, or numbers by name.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::http) enum Scalar {
    /// A string; every setting of a form is one.
    Text(String),
    /// A number.
    Number(f64),
    /// Numbers by name: none for `null`, one, or a list.
    Named(BTreeMap<String, Vec<f64>>),
}

impl Scalar {
    /// The text.
    pub(in crate::http) fn text(&self, name: &str) -> Result<&str, Problem> {
        match self {
            Scalar::Text(text) => Ok(text),
            Scalar::Number(_) | Scalar::Named(_) => Err(wrong(name, "a string")),
        }
    }

    /// The finite number, which a form writes as text.
    pub(in crate::http) fn number(&self, name: &str) -> Result<f64, Problem> {
        let number = match self {
            Scalar::Number(number) => Some(*number),
            Scalar::Text(text) => text.parse().ok(),
            Scalar::Named(_) => None,
        };
        number
            .filter(|number| number.is_finite())
            .ok_or_else(|| wrong(name, "a number"))
    }

    /// The truth value, which a form writes as `true` or `false`.
    pub(in crate::http) fn truth(&self, name: &str) -> Result<bool, Problem> {
        match self {
            Scalar::Text(text) if text == "true" => Ok(true),
            Scalar::Text(text) if text == "false" => Ok(false),
            Scalar::Text(_) | Scalar::Number(_) | Scalar::Named(_) => {
                Err(wrong(name, "`true` or `false`"))
            }
        }
    }

    /// The whole number, from 0 to the largest that every JSON reader keeps whole.
    pub(in crate::http) fn count(&self, name: &str) -> Result<u64, Problem> {
        let number = self.number(name)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be whole, not negative and below 2^53"
        )]
        if number.fract() == 0.0 && (0.0..=MOST_WHOLE).contains(&number) {
            Ok(number as u64)
        } else {
            Err(wrong(
                name,
                &format!("a whole number from 0 to {MOST_WHOLE}"),
            ))
        }
    }
}

impl Scalar {
    /// Numbers by name, which a form writes as JSON.
    pub(in crate::http) fn named(&self, name: &str) -> Result<BTreeMap<String, Vec<f64>>, Problem> {
        let expected = "an object of numbers, lists of numbers and nulls, each name once";
        match self {
            Scalar::Named(named) => Ok(named.clone()),
            Scalar::Number(_) => Err(wrong(name, expected)),
            Scalar::Text(text) => {
                let mut json = serde_json::Deserializer::from_str(text);
                let read = ScalarSeed.deserialize(&mut json);
                match (read, json.end()) {
                    (Ok(Scalar::Named(named)), Ok(())) => Ok(named),
                    _ => Err(wrong(name, expected)),
                }
            }
        }
    }
}

fn wrong(name: &str, expected: &str) -> Problem {
    Problem::new(Code::WrongType, format!("`{name}` must be {expected}"))
}

pub(super) struct ScalarSeed;

impl<'de> DeserializeSeed<'de> for ScalarSeed {
    type Value = Scalar;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarSeed {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or a number")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        let mut named = BTreeMap::new();
        while let Some((name, numbers)) = map.next_entry::<String, Numbers>()? {
            if named.insert(name, numbers.into()).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Scalar::Named(named))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Scalar, E> {
        Ok(Scalar::Text(truth.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number as f64))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number as f64))
    }
}

/// `null`, a number, or a list of numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    None(()),
    One(f64),
    Several(Vec<f64>),
}

impl From<Numbers> for Vec<f64> {
    fn from(numbers: Numbers) -> Self {
        match numbers {
            Numbers::None(()) => Vec::new(),
            Numbers::One(number) => vec![number],
            Numbers::Several(numbers) => numbers,
        }
    }
}
