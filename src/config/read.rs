//! Reads a [`Config`] out of what was set, and goes on after each fault to find the next.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::Config;
use super::fault::{ConfigFault, What, Wrong};
use super::tree::{Node, Origin, Value};

/// The configuration, as far as it can be read, and everything that is wrong with it.
///
/// Reading ends at the first fault; so a fault is noted, what is at fault is taken out (or, where it is missing, put
/// in), and reading begins again. Each round has one fault less.
pub(super) fn read(mut tree: Node, file: &str) -> (Config, Node, Vec<ConfigFault>) {
    let mut faults = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    loop {
        let wrong = match Config::deserialize(&tree) {
            Ok(config) => return (config, tree, faults),
            Err(wrong) => wrong,
        };
        if tree.as_text(&wrong.path) {
            continue;
        }
        let assumed = tree.at(&wrong.path).map(|node| &node.origin) == Some(&Origin::Assumed);
        let key = wrong.key();
        if !assumed && !taken.contains(&key) {
            faults.push(ConfigFault {
                source: tree.source(&wrong.path, file),
                key: key.clone(),
                message: wrong.message(),
            });
        }
        taken.push(key);
        if !mended(&mut tree, &wrong, assumed) {
            return (Config::default(), Node::empty(), faults);
        }
    }
}

/// Changes what is at fault, so that reading comes further; whether something could be changed.
fn mended(tree: &mut Node, wrong: &Wrong, assumed: bool) -> bool {
    let path = &wrong.path;
    let table = &path[..path.len().saturating_sub(1)];
    match &wrong.what {
        // Without its kind nothing can be said of a backend.
        What::Missing(name) if name == "kind" => tree.remove(path),
        What::Variant { .. } if path.last().is_some_and(|last| last == "kind") => {
            tree.remove(table)
        }
        What::Missing(name) => {
            let mut missing = path.clone();
            missing.push(name.clone());
            tree.assume(&missing, "assumed")
        }
        What::Variant { given, known } if assumed => match known.first() {
            Some(first) if first != given => tree.assume(path, first),
            _ => tree.remove(table),
        },
        // What could stand here is not known, so that the table around it is left out as a whole.
        What::Other(_) if assumed => tree.remove(table),
        What::UnknownKey { .. } | What::Variant { .. } | What::Other(_) => tree.remove(path),
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.value {
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Truth(truth) => visitor.visit_bool(*truth),
            Value::List(list) => visitor.visit_seq(List { list, next: 0 }),
            Value::Table(table) => {
                // The kind of a backend says how the other keys are read.
                let mut entries: Vec<(&str, &Node)> = table
                    .iter()
                    .map(|(key, node)| (key.as_str(), node))
                    .collect();
                entries.sort_by_key(|(key, _)| *key != "kind");
                entries.reverse();
                visitor.visit_map(Table {
                    entries,
                    value: None,
                })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        if let Value::Text(text) = &self.value {
            let word: StrDeserializer<'_, Wrong> = text.as_str().into_deserializer();
            return word.deserialize_enum(name, variants, visitor);
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct List<'de> {
    list: &'de [Node],
    next: usize,
}

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Wrong> {
        let Some(node) = self.list.get(self.next) else {
            return Ok(None);
        };
        let step = self.next.to_string();
        self.next += 1;
        let value = seed.deserialize(node);
        value.map(Some).map_err(|wrong| wrong.inside(&step))
    }
}

struct Table<'de> {
    /// What is left, the next one last.
    entries: Vec<(&'de str, &'de Node)>,
    value: Option<(&'de str, &'de Node)>,
}

impl<'de> MapAccess<'de> for Table<'de> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        let Some((key, node)) = self.entries.pop() else {
            return Ok(None);
        };
        self.value = Some((key, node));
        let name: StrDeserializer<'_, Wrong> = key.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let (key, node) = self.value.take().expect("a value follows its key");
        let value = seed.deserialize(node);
        value.map_err(|wrong| wrong.inside(key))
    }
}
