//! Reads the rows of a table from a JSON body, without building more than one of them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::trail::{Trail, duplicate_field};
use crate::http::problem::{Code, Problem};

/// Rows as JSON Lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::http) struct Rows {
    /// One object a line.
    pub(in crate::http) bytes: Vec<u8>,
    /// How many.
    pub(in crate::http) count: usize,
}

/// The fault of a table with too many rows.
pub(in crate::http) fn too_many_rows(most: usize) -> Problem {
    let detail = format!("a table may have at most {most} rows");
    Problem::new(Code::InvalidValue, detail).hint("`opine audit` reads tables of any length")
}

pub(super) struct RowsSeed<'t> {
    trail: &'t Trail,
    most: usize,
}

impl<'t> RowsSeed<'t> {
    pub(super) fn new(trail: &'t Trail, most: usize) -> Self {
        RowsSeed { trail, most }
    }
}

impl<'de> DeserializeSeed<'de> for RowsSeed<'_> {
    type Value = Rows;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Rows, D::Error> {
        self.trail.expect("a list");
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowsSeed<'_> {
    type Value = Rows;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Rows, A::Error> {
        let trail = self.trail;
        let mut rows = Rows::default();
        loop {
            let next = trail.step(rows.count.to_string(), || {
                trail.expect("an object");
                let item = items.next_element::<Map<String, Value>>()?;
                if item.is_some() && rows.count == self.most {
                    let problem = too_many_rows(self.most).at(trail.pointer());
                    return Err(trail.stop(problem));
                }
                Ok(item)
            })?;
            let Some(row) = next else { return Ok(rows) };
            serde_json::to_writer(&mut rows.bytes, &row).map_err(A::Error::custom)?;
            rows.bytes.push(b'\n');
            rows.count += 1;
        }
    }
}

pub(super) struct NamedRowsSeed<'t> {
    trail: &'t Trail,
    most_lists: usize,
    most: usize,
}

impl<'t> NamedRowsSeed<'t> {
    pub(super) fn new(trail: &'t Trail, most_lists: usize, most: usize) -> Self {
        NamedRowsSeed {
            trail,
            most_lists,
            most,
        }
    }
}

impl<'de> DeserializeSeed<'de> for NamedRowsSeed<'_> {
    type Value = Vec<(String, Rows)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.trail.expect("an object of lists");
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for NamedRowsSeed<'_> {
    type Value = Vec<(String, Rows)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("lists of objects by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let trail = self.trail;
        let mut lists: Vec<(String, Rows)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            trail.step(name.clone(), || {
                let fault = if lists.iter().any(|(before, _)| *before == name) {
                    Some(duplicate_field(&name))
                } else {
                    let detail = format!("there are more than {} tables", self.most_lists);
                    (lists.len() == self.most_lists)
                        .then(|| Problem::new(Code::InvalidValue, detail))
                };
                if let Some(problem) = fault {
                    return Err(trail.stop(problem.at(trail.pointer())));
                }
                let rows = map.next_value_seed(RowsSeed::new(trail, self.most))?;
                lists.push((name.clone(), rows));
                Ok(())
            })?;
        }
        Ok(lists)
    }
}
