//! What was set, and where: the values of the file, and over them those of the environment.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{ConfigFault, Source};

/// How variables begin that set a key: `OPINE__LIMITS__REQUEST_BYTES` sets `limits.request_bytes`.
pub(super) const PREFIX: &str = "OPINE__";

/// A value and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Truth(bool),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A line of the file, from 1.
    Line(usize),
    /// An environment variable, and the text that it holds.
    Variable { name: String, text: String },
    /// Put in by the reader in the place of what is missing, to look for more faults.
    Assumed,
}

impl Node {
    /// Nothing set.
    pub(super) fn empty() -> Self {
        Node {
            value: Value::Table(BTreeMap::new()),
            origin: Origin::Line(0),
        }
    }

    /// The values of a table whose place is not known.
    pub(super) fn of(table: toml::Table) -> Self {
        let origin = Origin::Line(0);
        Node {
            value: plain(toml::Value::Table(table), &origin),
            origin,
        }
    }

    /// The values of a file.
    ///
    /// # Errors
    /// Every fault of its syntax.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Vec<ConfigFault>> {
        let (places, errors) = DeTable::parse_recoverable(text);
        let values = toml::from_str::<toml::Table>(text);
        let values = match (errors.is_empty(), values) {
            (true, Ok(values)) => values,
            (_, values) => {
                let errors = match errors.is_empty() {
                    true => values.err().into_iter().collect(),
                    false => errors,
                };
                let fault = |error: toml::de::Error| ConfigFault {
                    source: Source::File {
                        file: file.to_owned(),
                        line: error.span().map_or(0, |span| line(text, span.start)),
                    },
                    key: String::new(),
                    message: error.message().replace('\n', "; "),
                };
                return Err(errors.into_iter().map(fault).collect());
            }
        };
        Ok(Node {
            value: table(values, places.get_ref(), text),
            origin: Origin::Line(0),
        })
    }

    /// Sets what the environment sets: `__` stands between tables and keys, in any case.
    pub(super) fn overlay(&mut self, variables: Vec<(String, String)>) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        for (name, text) in variables {
            let Some(path) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let steps: Vec<&str> = path.split("__").collect();
            if let Err(message) = self.set(&steps, &name, &text) {
                faults.push(ConfigFault {
                    source: Source::Variable(name.clone()),
                    key: String::new(),
                    message,
                });
            }
        }
        faults
    }

    fn set(&mut self, steps: &[&str], name: &str, text: &str) -> Result<(), String> {
        let origin = Origin::Variable {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let Some((step, rest)) = steps.split_first() else {
            self.value = read(text, &origin);
            self.origin = origin;
            return Ok(());
        };
        if step.is_empty() {
            return Err(format!(
                "names no key; `{PREFIX}LIMITS__REQUEST_BYTES` sets `limits.request_bytes`"
            ));
        }
        let Value::Table(table) = &mut self.value else {
            return Err(format!(
                "would set `{}` below what is no table",
                step.to_ascii_lowercase()
            ));
        };
        // No variable has a hyphen in its name, and names of backends may.
        let spelt = |key: &str| key.replace('-', "_").to_ascii_lowercase();
        let wanted = spelt(step);
        let known = table.keys().find(|key| spelt(key) == wanted).cloned();
        let key = known.unwrap_or(wanted);
        let node = table.entry(key).or_insert_with(|| Node {
            value: Value::Table(BTreeMap::new()),
            origin,
        });
        node.set(rest, name, text)
    }

    /// The node at a path.
    pub(super) fn at(&self, path: &[String]) -> Option<&Node> {
        let Some((step, rest)) = path.split_first() else {
            return Some(self);
        };
        match &self.value {
            Value::Table(table) => table.get(step)?.at(rest),
            Value::List(list) => list.get(step.parse::<usize>().ok()?)?.at(rest),
            Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Truth(_) => None,
        }
    }

    fn at_mut(&mut self, path: &[String]) -> Option<&mut Node> {
        let Some((step, rest)) = path.split_first() else {
            return Some(self);
        };
        match &mut self.value {
            Value::Table(table) => table.get_mut(step)?.at_mut(rest),
            Value::List(list) => list.get_mut(step.parse::<usize>().ok()?)?.at_mut(rest),
            Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Truth(_) => None,
        }
    }

    /// Takes a value out; whether there was one.
    pub(super) fn remove(&mut self, path: &[String]) -> bool {
        let Some((last, above)) = path.split_last() else {
            return false;
        };
        match self.at_mut(above).map(|node| &mut node.value) {
            Some(Value::Table(table)) => table.remove(last).is_some(),
            Some(Value::List(list)) => match last.parse::<usize>() {
                Ok(index) if index < list.len() => {
                    list.remove(index);
                    true
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Puts a text at a path whose table is there; whether it is.
    pub(super) fn assume(&mut self, path: &[String], text: &str) -> bool {
        let Some((last, above)) = path.split_last() else {
            return false;
        };
        let Some(Value::Table(table)) = self.at_mut(above).map(|node| &mut node.value) else {
            return false;
        };
        let node = Node {
            value: Value::Text(text.to_owned()),
            origin: Origin::Assumed,
        };
        table.insert(last.clone(), node);
        true
    }

    /// Reads what a variable holds as plain text after all; whether that changes anything.
    pub(super) fn as_text(&mut self, path: &[String]) -> bool {
        match self.at_mut(path) {
            Some(Node {
                value,
                origin: Origin::Variable { text, .. },
            }) if !matches!(value, Value::Text(_) | Value::Table(_)) => {
                *value = Value::Text(text.clone());
                true
            }
            _ => false,
        }
    }

    /// Whether nothing on the way to a path, and nothing there, was assumed.
    pub(super) fn is_whole(&self, path: &[String]) -> bool {
        (0..=path.len())
            .filter_map(|length| self.at(&path[..length]))
            .all(|node| node.origin != Origin::Assumed)
    }

    /// Where the value at a path came from, or the nearest table around it.
    pub(super) fn source(&self, path: &[String], file: &str) -> Source {
        let found = (0..=path.len())
            .rev()
            .find_map(|length| self.at(&path[..length]));
        match found.map(|node| &node.origin) {
            Some(Origin::Line(line)) => Source::File {
                file: file.to_owned(),
                line: *line,
            },
            Some(Origin::Variable { name, .. }) => Source::Variable(name.clone()),
            Some(Origin::Assumed) | None => Source::File {
                file: file.to_owned(),
                line: 0,
            },
        }
    }
}

/// What a variable holds: TOML where it is TOML, such as a number or a list; else a text.
fn read(text: &str, origin: &Origin) -> Value {
    let parsed = toml::from_str::<toml::Table>(&format!("value = {text}"));
    let value = parsed.ok().filter(|table| table.len() == 1);
    match value.and_then(|mut table| table.remove("value")) {
        Some(value) => plain(value, origin),
        None => Value::Text(text.to_owned()),
    }
}

fn plain(value: toml::Value, origin: &Origin) -> Value {
    let node = |value| Node {
        value: plain(value, origin),
        origin: origin.clone(),
    };
    match value {
        toml::Value::String(text) => Value::Text(text),
        toml::Value::Integer(number) => Value::Integer(number),
        toml::Value::Float(number) => Value::Float(number),
        toml::Value::Boolean(truth) => Value::Truth(truth),
        toml::Value::Datetime(time) => Value::Text(time.to_string()),
        toml::Value::Array(list) => Value::List(list.into_iter().map(node).collect()),
        toml::Value::Table(table) => {
            let nodes = table.into_iter().map(|(key, value)| (key, node(value)));
            Value::Table(nodes.collect())
        }
    }
}

/// A table with the line of each key.
fn table(mut values: toml::Table, places: &DeTable<'_>, text: &str) -> Value {
    let mut nodes = BTreeMap::new();
    for (key, place) in places {
        let Some(value) = values.remove(key.get_ref().as_ref()) else {
            continue;
        };
        let line = line(text, key.span().start);
        let node = placed(value, place, line, text);
        nodes.insert(key.get_ref().to_string(), node);
    }
    Value::Table(nodes)
}

fn placed(value: toml::Value, place: &Spanned<DeValue<'_>>, at: usize, text: &str) -> Node {
    let value = match (value, place.get_ref()) {
        (toml::Value::Table(values), DeValue::Table(places)) => table(values, places, text),
        (toml::Value::Array(values), DeValue::Array(places)) => {
            let nodes = values.into_iter().zip(places.iter());
            let node = |(value, place): (toml::Value, &Spanned<DeValue<'_>>)| {
                placed(value, place, line(text, place.span().start), text)
            };
            Value::List(nodes.map(node).collect())
        }
        (value, _) => plain(value, &Origin::Line(at)),
    };
    Node {
        value,
        origin: Origin::Line(at),
    }
}

/// The line of an offset, from 1.
fn line(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    1 + before.filter(|byte| **byte == b'\n').count()
}
