//! JSON Lines, and a JSON array of objects.

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::bounded::{Bounded, Meter};
use super::delimited::{not_utf8, too_long};
use super::{Cell, TableError, TableFault};

/// Takes the objects of a file in turn, each with its line.
pub(super) type EachObject<'a> = dyn FnMut(u64, Map<String, Value>) -> Result<(), TableError> + 'a;

/// One object a line; empty lines are skipped.
pub(super) fn lines(
    path: &Path,
    file: Box<dyn Read>,
    each: &mut EachObject<'_>,
) -> Result<(), TableError> {
    let mut reader = Bounded::new(file);
    let meter = reader.meter();
    let mut bytes = Vec::new();
    let mut line = 0;
    loop {
        line += 1;
        match reader.line(&mut bytes) {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(_) if meter.is_spent() => return Err(too_long(path).at(line)),
            Err(error) => return Err(unreadable(path, &error).at(line)),
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| not_utf8(path).at(line))?;
        if text.trim().is_empty() {
            continue;
        }
        let value = serde_json::from_str(text).map_err(|error| broken(path, &error).at(line))?;
        each(line, object(path, value, line)?)?;
    }
}

/// An array of objects, read one object at a time.
pub(super) fn array(
    path: &Path,
    file: Box<dyn Read>,
    each: &mut EachObject<'_>,
) -> Result<(), TableError> {
    let reader = Bounded::new(file);
    let meter = reader.meter();
    let mut stopped = None;
    let objects = Objects {
        path,
        meter: &meter,
        each,
        stopped: &mut stopped,
    };
    let mut json = serde_json::Deserializer::from_reader(reader);
    let read = json.deserialize_seq(objects).and_then(|()| json.end());
    match (stopped, read) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(()),
        (None, Err(_)) if meter.is_spent() => Err(too_long(path).at(meter.line())),
        (None, Err(error)) => Err(broken(path, &error).at(error.line() as u64)),
    }
}

struct Objects<'a, 'b> {
    path: &'a Path,
    meter: &'a Meter,
    each: &'a mut EachObject<'b>,
    /// An error of ours, which serde's errors cannot carry.
    stopped: &'a mut Option<TableError>,
}

impl<'de> Visitor<'de> for Objects<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        self.meter.renew();
        while let Some(value) = sequence.next_element::<Value>()? {
            let line = self.meter.line();
            let taken = object(self.path, value, line).and_then(|object| (self.each)(line, object));
            if let Err(error) = taken {
                *self.stopped = Some(error);
                return Err(serde::de::Error::custom("stopped"));
            }
            self.meter.renew();
        }
        Ok(())
    }
}

fn object(path: &Path, value: Value, line: u64) -> Result<Map<String, Value>, TableError> {
    match value {
        Value::Object(object) => Ok(flattened(object)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(TableError::new(
                path,
                TableFault::Format,
                "a row is not an object",
                "write each row as {\"id\": ..., \"score\": ...}",
            )
            .at(line))
        }
    }
}

/// Objects inside an object become `outer.inner` columns.
fn flattened(object: Map<String, Value>) -> Map<String, Value> {
    let mut flat = Map::new();
    for (name, value) in object {
        if let Value::Object(inner) = value {
            for (inner_name, value) in flattened(inner) {
                flat.insert(format!("{name}.{inner_name}"), value);
            }
        } else {
            flat.insert(name, value);
        }
    }
    flat
}

/// The cell under a name.
pub(super) fn cell<'a>(object: &'a Map<String, Value>, name: &str) -> Cell<'a> {
    match object.get(name) {
        None | Some(Value::Null | Value::Object(_)) => Cell::Absent,
        Some(Value::Bool(truth)) => Cell::Truth(*truth),
        Some(Value::Number(number)) => match (number.as_i128(), number.as_f64()) {
            (Some(whole), _) => Cell::Whole(whole),
            (None, Some(number)) => Cell::Number(number),
            (None, None) => Cell::Absent,
        },
        Some(Value::String(text)) => Cell::Text(text),
        Some(Value::Array(_)) => Cell::List,
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> TableError {
    TableError::new(
        path,
        TableFault::Unreadable,
        format!("cannot be read: {error}"),
        "",
    )
}

fn broken(path: &Path, error: &serde_json::Error) -> TableError {
    if error.is_io() {
        return TableError::new(path, TableFault::Unreadable, error.to_string(), "");
    }
    if error.to_string().contains("unicode") || error.to_string().contains("UTF-8") {
        return not_utf8(path);
    }
    TableError::new(
        path,
        TableFault::Format,
        format!("not JSON at character {}: {error}", error.column()),
        "JSON has no NaN, no infinity and no trailing comma; write null where there is no value",
    )
}
