//! Reads a setting that is a list or an object: of strings and numbers, or of lists of them, and no deeper.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::scalar::Scalar;
use super::trail::{Trail, duplicate_field};
use crate::http::problem::{Code, Problem};

/// Most fields of an object.
const MOST_FIELDS: usize = 64;

/// Values that a list may have, however few images a request may have.
pub(in crate::http) const MOST_LISTED: usize = 64;

/// A setting that is more than one value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::http) enum Structure {
    /// A string, a number or a truth value.
    One(Scalar),
    /// A list of them.
    List(Vec<Structure>),
    /// Values by name, in the order in which they were given.
    Named(Vec<(String, Structure)>),
}

impl Structure {
    /// A list of strings.
    pub(in crate::http) fn texts(&self, name: &str) -> Result<Vec<String>, Problem> {
        let wrong = || wrong(name, "a list of strings");
        let Structure::List(list) = self else {
            return Err(wrong());
        };
        let text = |one: &Structure| match one {
            Structure::One(Scalar::Text(text)) => Ok(text.clone()),
            Structure::One(Scalar::Number(_) | Scalar::Named(_))
            | Structure::List(_)
            | Structure::Named(_) => Err(wrong()),
        };
        list.iter().map(text).collect()
    }

    /// Lists of strings by name.
    pub(in crate::http) fn text_lists(
        &self,
        name: &str,
    ) -> Result<Vec<(String, Vec<String>)>, Problem> {
        self.each(name, "an object of lists of strings", |one| {
            one.texts(name).ok()
        })
    }

    /// Numbers by name.
    pub(in crate::http) fn numbers(&self, name: &str) -> Result<Vec<(String, f64)>, Problem> {
        self.each(name, "an object of numbers", Structure::number)
    }

    /// Lists of numbers by name.
    pub(in crate::http) fn number_lists(
        &self,
        name: &str,
    ) -> Result<Vec<(String, Vec<f64>)>, Problem> {
        self.each(name, "an object of lists of numbers", |one| match one {
            Structure::List(list) => list.iter().map(Structure::number).collect(),
            Structure::One(_) | Structure::Named(_) => None,
        })
    }

    fn each<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl Fn(&Structure) -> Option<T>,
    ) -> Result<Vec<(String, T)>, Problem> {
        let Structure::Named(fields) = self else {
            return Err(wrong(name, expected));
        };
        let field = |(field, value): &(String, Structure)| {
            let value = read(value).ok_or_else(|| wrong(name, expected))?;
            Ok((field.clone(), value))
        };
        fields.iter().map(field).collect()
    }

    fn number(&self) -> Option<f64> {
        match self {
            Structure::One(Scalar::Number(number)) if number.is_finite() => Some(*number),
            Structure::One(_) | Structure::List(_) | Structure::Named(_) => None,
        }
    }
}

fn wrong(name: &str, expected: &str) -> Problem {
    Problem::new(Code::WrongType, format!("`{name}` must be {expected}"))
}

/// Reads a structure from the text of a form's part.
pub(in crate::http) fn read_structure(most: usize, json: &[u8]) -> Result<Structure, Problem> {
    let trail = Trail::new(most);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    StructureSeed::new(&trail, most)
        .deserialize(&mut deserializer)
        .and_then(|read| deserializer.end().map(|()| read))
        .map_err(|error| trail.problem(&error))
}

/// How deep a structure is, from the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Outside,
    Inside,
    Innermost,
}

pub(super) struct StructureSeed<'t> {
    trail: &'t Trail,
    most: usize,
    depth: Depth,
}

impl<'t> StructureSeed<'t> {
    /// A structure whose lists have at most `most` values.
    pub(super) fn new(trail: &'t Trail, most: usize) -> Self {
        StructureSeed {
            trail,
            most,
            depth: Depth::Outside,
        }
    }

    fn deeper(&self) -> Self {
        let depth = match self.depth {
            Depth::Outside => Depth::Inside,
            Depth::Inside | Depth::Innermost => Depth::Innermost,
        };
        StructureSeed {
            trail: self.trail,
            most: self.most,
            depth,
        }
    }
}

impl<'de> DeserializeSeed<'de> for StructureSeed<'_> {
    type Value = Structure;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Structure, D::Error> {
        self.trail.expect(match self.depth {
            Depth::Outside => "a list or an object",
            Depth::Inside => "a string, a number or a list of them",
            Depth::Innermost => "a string or a number",
        });
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StructureSeed<'_> {
    type Value = Structure;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("strings and numbers, in a list or by name")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Structure, E> {
        Ok(Structure::One(Scalar::Text(text.to_owned())))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Structure, E> {
        Ok(Structure::One(Scalar::Number(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Structure, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Structure, E> {
        self.visit_f64(number as f64)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Structure, A::Error> {
        let (trail, most) = (self.trail, self.most);
        if self.depth == Depth::Innermost {
            return Err(A::Error::custom("too deep"));
        }
        let mut list = Vec::new();
        loop {
            let index = list.len();
            let next = trail.step(index.to_string(), || {
                let item = items.next_element_seed(self.deeper())?;
                if item.is_some() && index == most {
                    let detail = format!("there are more than {most} values");
                    let problem = Problem::new(Code::InvalidValue, detail);
                    return Err(trail.stop(problem.at(trail.pointer())));
                }
                Ok(item)
            })?;
            let Some(item) = next else {
                return Ok(Structure::List(list));
            };
            list.push(item);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Structure, A::Error> {
        let trail = self.trail;
        if self.depth != Depth::Outside {
            return Err(A::Error::custom("too deep"));
        }
        let mut fields: Vec<(String, Structure)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            trail.step(name.clone(), || {
                let fault = if fields.iter().any(|(before, _)| *before == name) {
                    Some(duplicate_field(&name))
                } else {
                    let detail = format!("there are more than {MOST_FIELDS} fields");
                    (fields.len() == MOST_FIELDS).then(|| Problem::new(Code::InvalidValue, detail))
                };
                if let Some(problem) = fault {
                    return Err(trail.stop(problem.at(trail.pointer())));
                }
                let value = map.next_value_seed(self.deeper())?;
                fields.push((name.clone(), value));
                Ok(())
            })?;
        }
        Ok(Structure::Named(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Structure, Problem> {
        read_structure(3, json.as_bytes())
    }

    #[test]
    fn lists_and_objects_are_read() {
        let texts = read(r#"["a", "b"]"#).unwrap().texts("x").unwrap();
        assert_eq!(texts, ["a", "b"]);
        let numbers = read(r#"{"a": 1, "b": 2.5}"#).unwrap().numbers("x").unwrap();
        assert_eq!(numbers, [("a".to_owned(), 1.0), ("b".to_owned(), 2.5)]);
        let lists = read(r#"{"a": [1, 2]}"#).unwrap().number_lists("x").unwrap();
        assert_eq!(lists, [("a".to_owned(), vec![1.0, 2.0])]);
        assert!(read(r#"["a", 1]"#).unwrap().texts("x").is_err());
        assert!(read(r#"{"a": "1"}"#).unwrap().numbers("x").is_err());
        assert!(read(r#"{"a": 1}"#).unwrap().number_lists("x").is_err());
        assert!(read("1").unwrap().texts("x").is_err());
    }

    #[test]
    fn what_is_too_much_or_too_deep_ends_the_reading() {
        for (json, code) in [
            ("[1, 2, 3, 4]", Code::InvalidValue),
            (r#"{"a": 1, "a": 2}"#, Code::DuplicateField),
            ("[[[1]]]", Code::WrongType),
            (r#"{"a": {"b": 1}}"#, Code::WrongType),
            (r#"{"a": null}"#, Code::WrongType),
            ("{", Code::MalformedJson),
            ("[] x", Code::MalformedJson),
            (&"[".repeat(1_000_000), Code::WrongType),
        ] {
            let found = read(json).unwrap_err().code();
            assert_eq!(found, code, "{}", &json[..json.len().min(40)]);
        }
    }
}
