//! Reads a setting that is a JSON document of its own, such as a set of questions: any JSON, but not too deep and not too much.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::trail::{Trail, duplicate_field};
use crate::http::problem::{Code, Problem};

/// Deepest nesting.
const DEEPEST: usize = 8;

/// Most values, each string, number and list counted.
const MOST_VALUES: usize = 16_384;

pub(super) struct DocumentSeed<'t> {
    trail: &'t Trail,
    left: &'t Cell<usize>,
    depth: usize,
}

impl<'t> DocumentSeed<'t> {
    pub(super) fn new(trail: &'t Trail, left: &'t Cell<usize>) -> Self {
        DocumentSeed {
            trail,
            left,
            depth: 0,
        }
    }

    /// Values that one document may still have.
    pub(super) fn allowance() -> Cell<usize> {
        Cell::new(MOST_VALUES)
    }

    fn deeper(&self) -> Self {
        DocumentSeed {
            trail: self.trail,
            left: self.left,
            depth: self.depth + 1,
        }
    }

    fn take<E: Error>(&self) -> Result<(), E> {
        let fault = if self.depth > DEEPEST {
            Some(format!("it is nested deeper than {DEEPEST}"))
        } else {
            (self.left.get() == 0).then(|| format!("it has more than {MOST_VALUES} values"))
        };
        match fault {
            None => {
                self.left.set(self.left.get() - 1);
                Ok(())
            }
            Some(detail) => {
                let problem = Problem::new(Code::InvalidValue, detail);
                Err(self.trail.stop(problem.at(self.trail.pointer())))
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.trail.expect("a JSON document");
        self.take()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON document")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let index = list.len().to_string();
            let next = self
                .trail
                .step(index, || items.next_element_seed(self.deeper()))?;
            match next {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let trail = self.trail;
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            trail.step(name.clone(), || {
                if fields.contains_key(&name) {
                    return Err(trail.stop(duplicate_field(&name).at(trail.pointer())));
                }
                let value = map.next_value_seed(self.deeper())?;
                fields.insert(name.clone(), value);
                Ok(())
            })?;
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_document(json: &str) -> Result<Value, Problem> {
        let trail = Trail::new(1);
        let left = DocumentSeed::allowance();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        DocumentSeed::new(&trail, &left)
            .deserialize(&mut deserializer)
            .and_then(|read| deserializer.end().map(|()| read))
            .map_err(|error| trail.problem(&error))
    }

    #[test]
    fn a_document_is_any_json() {
        for json in [
            r#"{"a": [1, -2, 2.5, true, null, {"b": ["c"]}]}"#,
            r#""text""#,
        ] {
            let expected: Value = serde_json::from_str(json).unwrap();
            assert_eq!(read_document(json).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_too_much_or_too_deep_ends_the_reading() {
        let wide = format!("[{}1]", "1,".repeat(MOST_VALUES));
        for (json, code) in [
            (r#"{"a": 1, "a": 2}"#, Code::DuplicateField),
            (&"[".repeat(1_000_000), Code::InvalidValue),
            (&wide, Code::InvalidValue),
            ("[1", Code::MalformedJson),
            ("{} x", Code::MalformedJson),
        ] {
            let found = read_document(json).unwrap_err().code();
            assert_eq!(found, code, "{}", &json[..json.len().min(40)]);
        }
    }
}
