//! Tables of rows: CSV, TSV, JSON and JSON Lines, read as streams into checked cells.
//!
//! Memory is one record, at most 8 MiB, whatever the size of the file; what comes through a pipe comes once and is
//! held. Knows nothing of judges or people; what a
//! column means is its caller's business.

mod bounded;
mod cell;
mod delimited;
mod error;
mod json;
mod named;
mod source;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use cell::{Cell, Reading};
use delimited::Delimited;
pub use error::{TableError, TableFault};
pub use named::{Ids, Row, quoted};
use source::Source;
pub use source::TablePlace;

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Cells separated by this byte, with a header line.
    Delimited(u8),
    /// One JSON object a line.
    JsonLines,
    /// A JSON array of objects.
    JsonArray,
}

impl Format {
    /// Name for reports.
    pub fn name(self) -> &'static str {
        match self {
            Format::Delimited(b',') => "csv",
            Format::Delimited(b'\t') => "tsv",
            Format::Delimited(_) => "delimited",
            Format::JsonLines => "jsonl",
            Format::JsonArray => "json",
        }
    }
}

/// Rows of a JSON file that are read to learn its columns; in a delimited file the header says them.
const ROWS_FOR_COLUMNS: u64 = 1_000;

/// A file of rows with named columns.
#[derive(Debug, Clone)]
pub struct Table {
    path: PathBuf,
    source: Source,
    format: Format,
    columns: Vec<String>,
}

impl Table {
    /// Opens a file, or bytes at hand, finds the format, and learns the columns.
    ///
    /// The format follows from the content: `[` begins an array, `{` begins JSON Lines. Anything else is
    /// delimited, by `delimiter` where given, else by tabs for names that end in `.tsv` or `.tab` and by commas.
    /// With a `delimiter` only names that end in `.json`, `.jsonl` or `.ndjson` are JSON.
    ///
    /// # Errors
    /// A file that cannot be read, is empty, is not UTF-8, or whose header does not split at the delimiter.
    pub fn open(place: impl Into<TablePlace>, delimiter: Option<u8>) -> Result<Self, TableError> {
        let place = place.into();
        let path = place.path();
        let source = Source::of(&place)?;
        let format = format_of(path, &source, delimiter)?;
        let mut table = Table {
            path: path.to_owned(),
            source,
            format,
            columns: Vec::new(),
        };
        table.columns = table.find_columns()?;
        Ok(table)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Its bytes from the first on.
    ///
    /// # Errors
    /// A file that can no longer be opened.
    pub fn bytes(&self) -> Result<Box<dyn Read>, TableError> {
        self.source.open(&self.path)
    }

    /// Names of its columns; objects inside a JSON object are `outer.inner`.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether there is a column of this name.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// Passes the line and the wanted cells of every row to `each`, in the order of the file.
    ///
    /// # Errors
    /// What is wrong with the file, with line and column, or whatever `each` refuses.
    pub fn rows(
        &self,
        wanted: &[&str],
        mut each: impl FnMut(u64, &[Cell<'_>]) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let file = self.bytes()?;
        let mut from_object = |line, object: serde_json::Map<String, serde_json::Value>| {
            let cells: Vec<Cell<'_>> = wanted
                .iter()
                .map(|name| json::cell(&object, name))
                .collect();
            each(line, &cells)
        };
        match self.format {
            Format::JsonLines => json::lines(&self.path, file, &mut from_object),
            Format::JsonArray => json::array(&self.path, file, &mut from_object),
            Format::Delimited(delimiter) => {
                Delimited::new(&self.path, file, delimiter)?.rows(wanted, &mut each)
            }
        }
    }

    fn find_columns(&self) -> Result<Vec<String>, TableError> {
        let file = self.bytes()?;
        if let Format::Delimited(delimiter) = self.format {
            return Ok(Delimited::new(&self.path, file, delimiter)?
                .header()
                .to_vec());
        }
        let mut columns = BTreeSet::new();
        let mut rows = 0;
        let enough = TableError::new(&self.path, TableFault::Format, "enough rows", "");
        let mut learn = |_, object: serde_json::Map<String, serde_json::Value>| {
            columns.extend(object.into_iter().map(|(name, _)| name));
            rows += 1;
            if rows == ROWS_FOR_COLUMNS {
                return Err(enough.clone());
            }
            Ok(())
        };
        let read = match self.format {
            Format::JsonLines => json::lines(&self.path, file, &mut learn),
            Format::JsonArray | Format::Delimited(_) => json::array(&self.path, file, &mut learn),
        };
        match read {
            Err(error) if error != enough => Err(error),
            _ if columns.is_empty() => Err(empty(&self.path)),
            _ => Ok(columns.into_iter().collect()),
        }
    }
}

fn empty(path: &Path) -> TableError {
    TableError::new(
        path,
        TableFault::Empty,
        "the file is empty",
        "give a file with a header line and rows, or with JSON objects",
    )
}

fn format_of(path: &Path, source: &Source, delimiter: Option<u8>) -> Result<Format, TableError> {
    let mut start = Vec::new();
    source
        .open(path)?
        .take(4096)
        .read_to_end(&mut start)
        .map_err(|error| {
            TableError::new(
                path,
                TableFault::Unreadable,
                format!("cannot be read: {error}"),
                "give a file, not a folder",
            )
        })?;
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Err(TableError::new(
            path,
            TableFault::Encoding,
            "the file is UTF-16",
            "save it as UTF-8, for instance with `iconv -f UTF-16 -t UTF-8`",
        ));
    }
    if start.contains(&0) {
        return Err(TableError::new(
            path,
            TableFault::Encoding,
            "the file is binary",
            "give a table as CSV, TSV, JSON or JSON Lines",
        ));
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    let extension = path.extension().and_then(std::ffi::OsStr::to_str);
    if let Some(delimiter) = delimiter
        && !matches!(extension, Some("json" | "jsonl" | "ndjson"))
    {
        return Ok(Format::Delimited(delimiter));
    }
    Ok(match first {
        None => return Err(empty(path)),
        Some(b'[') => Format::JsonArray,
        Some(b'{') => Format::JsonLines,
        Some(_) => Format::Delimited(match extension {
            Some("tsv" | "tab") => b'\t',
            _ => b',',
        }),
    })
}

#[cfg(test)]
mod tests;
