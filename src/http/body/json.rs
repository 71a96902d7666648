//! Reads a JSON object field by field and says exactly where it is wrong.
//!
//! Derived readers would accept a list where an object belongs, repeat a wrong value (an image, say) in
//! their message, and know no place. Reading is typed from the first byte: a value of the wrong kind ends
//! it at once, so nesting cannot grow and nothing is built that is not wanted.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::document::DocumentSeed;
use super::rows::{NamedRowsSeed, Rows, RowsSeed};
use super::scalar::{Scalar, ScalarSeed};
use super::structure::{MOST_LISTED, Structure, StructureSeed};
use super::trail::{Trail, duplicate_field, unknown_field};
use crate::http::problem::{Code, Problem};

/// A JSON object with known fields.
pub(in crate::http) trait Object<'de>: Default {
    /// The fields that it knows, where they are always the same.
    const FIELDS: &'static [&'static str] = &[];

    /// The fields that it knows.
    fn fields() -> Cow<'static, [&'static str]> {
        Cow::Borrowed(Self::FIELDS)
    }

    /// Takes the value of one of [`Object::fields`], or calls [`Reader::unknown`].
    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error>;
}

/// Reads one value.
pub(in crate::http) struct Reader<'a, A> {
    map: &'a mut A,
    trail: &'a Trail,
}

/// Reads the object that `bytes` hold, and nothing after it; its lists have at most `most_items`.
pub(in crate::http) fn read_object<'de, T: Object<'de>>(
    most_items: usize,
    bytes: &'de [u8],
) -> Result<T, Problem> {
    if bytes.trim_ascii().is_empty() {
        return Err(Problem::new(Code::MalformedJson, "the body is empty")
            .hint("GET /openapi.yaml has an example"));
    }
    let trail = Trail::new(most_items);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    ObjectSeed::new(&trail)
        .deserialize(&mut deserializer)
        .and_then(|object| deserializer.end().map(|()| object))
        .map_err(|error| trail.problem(&error))
}

impl<'de, A: MapAccess<'de>> Reader<'_, A> {
    /// A string.
    pub(in crate::http) fn text(self) -> Result<Cow<'de, str>, A::Error> {
        self.trail.expect("a string");
        self.map.next_value_seed(TextSeed)
    }

    /// An object of strings with names that are not known beforehand; at most `most` of them.
    pub(in crate::http) fn texts(self, most: usize) -> Result<BTreeMap<String, String>, A::Error> {
        self.map.next_value_seed(TextsSeed {
            trail: self.trail,
            most,
        })
    }

    /// A string, a number or an object of numbers, handed to `take`; its fault is the fault of the field.
    pub(in crate::http) fn scalar(
        self,
        take: impl FnOnce(&Scalar) -> Result<(), Problem>,
    ) -> Result<(), A::Error> {
        self.trail.expect("a string, a number, `true` or `false`");
        let scalar = self.map.next_value_seed(ScalarSeed)?;
        take(&scalar).map_err(|problem| self.trail.stop(problem.at(self.trail.pointer())))
    }

    /// A list of at most `most` rows, as a table has them.
    pub(in crate::http) fn rows(self, most: usize) -> Result<Rows, A::Error> {
        self.map.next_value_seed(RowsSeed::new(self.trail, most))
    }

    /// Lists of rows by name; at most `most_lists` of them.
    pub(in crate::http) fn named_rows(
        self,
        most_lists: usize,
        most: usize,
    ) -> Result<Vec<(String, Rows)>, A::Error> {
        let seed = NamedRowsSeed::new(self.trail, most_lists, most);
        self.map.next_value_seed(seed)
    }

    /// A list or an object of strings and numbers, handed to `take`; its fault is the fault of the field.
    pub(in crate::http) fn structure(
        self,
        take: impl FnOnce(&Structure) -> Result<(), Problem>,
    ) -> Result<(), A::Error> {
        let most = self.trail.most_items.max(MOST_LISTED);
        let structure = self
            .map
            .next_value_seed(StructureSeed::new(self.trail, most))?;
        take(&structure).map_err(|problem| self.trail.stop(problem.at(self.trail.pointer())))
    }

    /// A document of any JSON, handed to `take`; its fault is the fault of the field.
    pub(in crate::http) fn document(
        self,
        take: impl FnOnce(Value) -> Result<(), Problem>,
    ) -> Result<(), A::Error> {
        let left = DocumentSeed::allowance();
        let document = self
            .map
            .next_value_seed(DocumentSeed::new(self.trail, &left))?;
        take(document).map_err(|problem| self.trail.stop(problem.at(self.trail.pointer())))
    }

    /// An object with known fields.
    pub(in crate::http) fn object<T: Object<'de>>(self) -> Result<T, A::Error> {
        self.map.next_value_seed(ObjectSeed::new(self.trail))
    }

    /// A list of objects, as many as the request may have images; `too_many` makes the fault of a longer one.
    pub(in crate::http) fn list<T: Object<'de>>(
        self,
        too_many: fn(usize) -> Problem,
    ) -> Result<Vec<T>, A::Error> {
        let most = self.trail.most_items;
        self.list_of(most, too_many)
    }

    /// A list of at most `most` objects; `too_many` makes the fault of a longer one.
    pub(in crate::http) fn list_of<T: Object<'de>>(
        self,
        most: usize,
        too_many: fn(usize) -> Problem,
    ) -> Result<Vec<T>, A::Error> {
        self.map.next_value_seed(ListSeed {
            trail: self.trail,
            most,
            too_many,
            item: PhantomData,
        })
    }

    /// The field is none of `known`.
    pub(in crate::http) fn unknown<T>(self, known: &[&str]) -> Result<T, A::Error> {
        let problem = unknown_field(&self.trail.last(), known).at(self.trail.pointer());
        Err(self.trail.stop(problem))
    }
}

struct ObjectSeed<'t, T> {
    trail: &'t Trail,
    object: PhantomData<T>,
}

impl<'t, T> ObjectSeed<'t, T> {
    fn new(trail: &'t Trail) -> Self {
        ObjectSeed {
            trail,
            object: PhantomData,
        }
    }
}

impl<'de, T: Object<'de>> DeserializeSeed<'de> for ObjectSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        self.trail.expect("an object");
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Object<'de>> Visitor<'de> for ObjectSeed<'_, T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let trail = self.trail;
        let mut object = T::default();
        let mut seen: Vec<Cow<'de, str>> = Vec::new();
        while let Some(field) = map.next_key_seed(TextSeed)? {
            trail.step(field.clone().into_owned(), || {
                if seen.contains(&field) {
                    return Err(trail.stop(duplicate_field(&field).at(trail.pointer())));
                }
                let map = &mut map;
                object.take(&field, Reader { map, trail })
            })?;
            // Only known fields come this far, so that the list stays short.
            seen.push(field);
        }
        Ok(object)
    }
}

struct ListSeed<'t, T> {
    trail: &'t Trail,
    most: usize,
    too_many: fn(usize) -> Problem,
    item: PhantomData<T>,
}

impl<'de, T: Object<'de>> DeserializeSeed<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        self.trail.expect("a list");
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Object<'de>> Visitor<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let trail = self.trail;
        let mut list = Vec::new();
        loop {
            let index = list.len();
            let next = trail.step(index.to_string(), || {
                let item = items.next_element_seed(ObjectSeed::<T>::new(trail))?;
                if item.is_some() && index == self.most {
                    let problem = (self.too_many)(self.most);
                    return Err(trail.stop(problem.at(trail.pointer())));
                }
                Ok(item)
            })?;
            let Some(item) = next else { return Ok(list) };
            list.push(item);
        }
    }
}

struct TextsSeed<'t> {
    trail: &'t Trail,
    most: usize,
}

impl<'de> DeserializeSeed<'de> for TextsSeed<'_> {
    type Value = BTreeMap<String, String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.trail.expect("an object of strings");
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for TextsSeed<'_> {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let trail = self.trail;
        let mut texts = BTreeMap::new();
        while let Some(name) = map.next_key_seed(TextSeed)? {
            trail.step(name.clone().into_owned(), || {
                if texts.contains_key(name.as_ref()) {
                    return Err(trail.stop(duplicate_field(&name).at(trail.pointer())));
                }
                if texts.len() == self.most {
                    let detail = format!("there are more than {} texts", self.most);
                    let problem = Problem::new(Code::InvalidValue, detail);
                    return Err(trail.stop(problem.at(trail.pointer())));
                }
                trail.expect("a string");
                let text = map.next_value_seed(TextSeed)?;
                texts.insert(name.clone().into_owned(), text.into_owned());
                Ok(())
            })?;
        }
        Ok(texts)
    }
}

/// A string, borrowed from the body unless it has escapes.
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Outer {
        items: Vec<Inner>,
    }

    #[derive(Default)]
    struct Inner {
        name: String,
    }

    impl<'de> Object<'de> for Outer {
        const FIELDS: &'static [&'static str] = &["items"];

        fn take<A: MapAccess<'de>>(
            &mut self,
            field: &str,
            value: Reader<'_, A>,
        ) -> Result<(), A::Error> {
            match field {
                "items" => {
                    self.items = value.list(|_| Problem::new(Code::TooManyImages, "2"))?;
                }
                _ => return value.unknown(Self::FIELDS),
            }
            Ok(())
        }
    }

    impl<'de> Object<'de> for Inner {
        const FIELDS: &'static [&'static str] = &["name", "a/b"];

        fn take<A: MapAccess<'de>>(
            &mut self,
            field: &str,
            value: Reader<'_, A>,
        ) -> Result<(), A::Error> {
            match field {
                "name" | "a/b" => self.name = value.text()?.into_owned(),
                _ => return value.unknown(Self::FIELDS),
            }
            Ok(())
        }
    }

    fn fault(text: &str) -> (Code, String) {
        let problem = read_object::<Outer>(2, text.as_bytes()).err().unwrap();
        let json = problem.respond("x");
        assert_eq!(json.status().as_u16(), problem.code().status());
        (problem.code(), format!("{problem:?}"))
    }

    #[test]
    fn strings_are_read_with_and_without_escapes() {
        let read: Outer =
            read_object(2, br#" {"items": [{"name": "a\u0062"}, {"name": "c"}]} "#).unwrap();
        let names: Vec<&str> = read.items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["ab", "c"]);
    }

    #[test]
    fn every_fault_is_named_with_its_place() {
        let cases = [
            ("", Code::MalformedJson, "empty"),
            ("{", Code::MalformedJson, "line 1 column 1"),
            ("{} x", Code::MalformedJson, "line 1 column 4"),
            ("[]", Code::WrongType, r#"pointer: Some("")"#),
            (
                r#"{"items": 5}"#,
                Code::WrongType,
                r#"pointer: Some("/items")"#,
            ),
            (
                r#"{"items": [[]]}"#,
                Code::WrongType,
                r#"pointer: Some("/items/0")"#,
            ),
            (
                r#"{"items": [{}, {"name": null}]}"#,
                Code::WrongType,
                r#"pointer: Some("/items/1/name")"#,
            ),
            (
                r#"{"items": [{"a/b": 1}]}"#,
                Code::WrongType,
                r#"pointer: Some("/items/0/a~1b")"#,
            ),
            (
                r#"{"itmes": []}"#,
                Code::UnknownField,
                "did you mean `items`?",
            ),
            (
                r#"{"items": [{"name": "", "name": ""}]}"#,
                Code::DuplicateField,
                r#"pointer: Some("/items/0/name")"#,
            ),
            (r#"{"items": [{}, {}, {}]}"#, Code::TooManyImages, ""),
        ];
        for (text, code, part) in cases {
            let (found, shown) = fault(text);
            assert_eq!(found, code, "{text}");
            assert!(shown.contains(part), "{text}: {shown}");
        }
    }

    #[test]
    fn depth_ends_the_reading_and_not_the_stack() {
        for (opening, code) in [
            ("[".repeat(1_000_000), Code::WrongType),
            (
                r#"{"items":["#.to_owned() + &"[".repeat(1_000_000),
                Code::WrongType,
            ),
            (r#"{"a":"#.repeat(1_000_000), Code::UnknownField),
        ] {
            assert_eq!(fault(&opening).0, code);
        }
    }

    #[test]
    fn what_was_sent_is_not_repeated() {
        let secret = "s3cret".repeat(1000);
        let (_, shown) = fault(&format!(r#"{{"items": "{secret}"}}"#));
        assert!(!shown.contains("s3cret"), "{shown}");
        let (_, shown) = fault(&format!(r#"{{"{secret}": 1}}"#));
        assert!(shown.len() < 500, "{shown}");
    }
}
