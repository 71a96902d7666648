//! Files of maps: TOML that a person can read, with the number of its format first.
//!
//! Every format that was ever written stays readable. Format 1 is the only one so far.

mod lines;
mod ties;
mod version_1;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};

use super::{FittedMap, FittedTies};
pub(crate) use lines::Lines;

/// The format that is written.
const FORMAT: i64 = 1;

/// Why a file is no calibration map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapFileError {
    /// The file.
    pub file: PathBuf,
    /// What kind of thing is wrong.
    pub fault: MapFault,
    /// What was found, and what would have worked.
    pub detail: String,
}

/// What kind of thing is wrong with a file of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapFault {
    /// It cannot be read or written.
    Unreadable,
    /// It is not TOML.
    NotToml,
    /// It has no format number, or one that this program does not know.
    Format,
    /// A field is missing, unknown or of the wrong type.
    Field,
    /// A value is none that a map can have.
    Value,
}

impl fmt::Display for MapFileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "calibration map `{}`: {}",
            self.file.display(),
            self.detail
        )
    }
}

impl std::error::Error for MapFileError {}

impl MapFileError {
    fn new(file: &Path, fault: MapFault, detail: impl Into<String>) -> Self {
        MapFileError {
            file: file.to_owned(),
            fault,
            detail: detail.into(),
        }
    }

    pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        let detail = format!("cannot be read: {error}");
        MapFileError::new(file, MapFault::Unreadable, detail)
    }
}

/// What a file of `opine calibrate` holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Fitted {
    /// A map of scores.
    Map(Box<FittedMap>),
    /// A tie width of comparisons.
    Ties(Box<FittedTies>),
}

impl Fitted {
    /// Reads a file of either kind.
    ///
    /// # Errors
    /// [`MapFileError`] that says what the file has instead.
    pub fn load(path: &Path) -> Result<Self, MapFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| MapFileError::unreadable(path, &error))?;
        Fitted::parse(&text, path)
    }

    /// Reads the text of a file of this name.
    ///
    /// # Errors
    /// As [`Fitted::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, MapFileError> {
        let wrong = |fault, detail: String| MapFileError::new(path, fault, detail);
        let table: toml::Table = toml::from_str(text)
            .map_err(|error| wrong(MapFault::NotToml, format!("not TOML: {error}")))?;
        match table.get("format").and_then(toml::Value::as_integer) {
            Some(1) => {}
            Some(other) => {
                let detail = format!(
                    "format {other} is not known; this program reads formats up to {FORMAT}: use the version of opine that wrote it, or fit the map again"
                );
                return Err(wrong(MapFault::Format, detail));
            }
            None => {
                let detail = format!(
                    "no format number: a map by `opine calibrate` begins with `format = {FORMAT}`"
                );
                return Err(wrong(MapFault::Format, detail));
            }
        }
        if table.get("kind").and_then(toml::Value::as_str) == Some(ties::KIND) {
            return ties::read(text, path).map(|ties| Fitted::Ties(Box::new(ties)));
        }
        version_1::read(text, path).map(|map| Fitted::Map(Box::new(map)))
    }
}

impl FittedMap {
    /// Reads a map.
    ///
    /// # Errors
    /// [`MapFileError`] that says what the file has instead.
    pub fn load(path: &Path) -> Result<Self, MapFileError> {
        Fitted::load(path)?.map(path)
    }

    /// Reads a map from the text of a file of this name.
    ///
    /// # Errors
    /// As [`FittedMap::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, MapFileError> {
        Fitted::parse(text, path)?.map(path)
    }

    /// The text of the map's file, with comments; the same map gives the same bytes.
    pub fn to_toml(&self) -> String {
        write::text(self)
    }

    /// Writes the map to a file, whose folder is made where it is missing.
    ///
    /// # Errors
    /// [`MapFault::Unreadable`] for a file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), MapFileError> {
        save(&self.to_toml(), path)
    }
}

impl FittedTies {
    /// The text of the width's file, with comments; the same width gives the same bytes.
    pub fn to_toml(&self) -> String {
        ties::text(self)
    }

    /// Writes the width to a file, whose folder is made where it is missing.
    ///
    /// # Errors
    /// [`MapFault::Unreadable`] for a file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), MapFileError> {
        save(&self.to_toml(), path)
    }
}

impl Fitted {
    fn map(self, path: &Path) -> Result<FittedMap, MapFileError> {
        match self {
            Fitted::Map(map) => Ok(*map),
            Fitted::Ties(_) => {
                let detail = "it holds a tie width, which is for `compare` and `rank`";
                Err(MapFileError::new(path, MapFault::Value, detail))
            }
        }
    }
}

fn save(text: &str, path: &Path) -> Result<(), MapFileError> {
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| {
            let detail = format!("cannot be written: {error}");
            MapFileError::new(path, MapFault::Unreadable, detail)
        })
}
