//! Comma-, tab- and otherwise separated tables.

use std::io::Read;
use std::path::Path;

use super::bounded::{Bounded, LONGEST_RECORD, Meter};
use super::{Cell, TableError, TableFault};

/// Delimiters that a header is searched for when its own does not split it.
const KNOWN: [(u8, &str); 4] = [
    (b',', "--delimiter ,"),
    (b';', "--delimiter ';'"),
    (b'\t', "--delimiter tab"),
    (b'|', "--delimiter '|'"),
];

/// A delimited file whose header has been read.
pub(super) struct Delimited<'a> {
    path: &'a Path,
    reader: csv::Reader<Bounded<Box<dyn Read>>>,
    meter: Meter,
    header: Vec<String>,
}

impl<'a> Delimited<'a> {
    pub(super) fn new(
        path: &'a Path,
        file: Box<dyn Read>,
        delimiter: u8,
    ) -> Result<Self, TableError> {
        let bounded = Bounded::new(file);
        let meter = bounded.meter();
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(bounded);
        let record = match reader.byte_headers() {
            Ok(record) => record.clone(),
            Err(error) => return Err(fault(path, &meter, &error, 1)),
        };
        let header = record
            .iter()
            .map(|name| {
                std::str::from_utf8(name)
                    .map(|name| name.trim().to_owned())
                    .map_err(|_| not_utf8(path).at(1))
            })
            .collect::<Result<Vec<_>, _>>()?;
        check_header(path, &header, delimiter)?;
        Ok(Delimited {
            path,
            reader,
            meter,
            header,
        })
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// Every row's wanted cells in turn.
    pub(super) fn rows(
        mut self,
        wanted: &[&str],
        mut each: impl FnMut(u64, &[Cell<'_>]) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let places: Vec<Option<usize>> = wanted
            .iter()
            .map(|name| self.header.iter().position(|column| column == name))
            .collect();
        let mut record = csv::ByteRecord::new();
        loop {
            self.meter.renew();
            let line = self.reader.position().line();
            match self.reader.read_byte_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {}
                Err(error) => return Err(fault(self.path, &self.meter, &error, line)),
            }
            let line = record.position().map_or(line, csv::Position::line);
            let mut cells = Vec::with_capacity(places.len());
            for (name, place) in wanted.iter().zip(&places) {
                cells.push(match place.and_then(|place| record.get(place)) {
                    None => Cell::Absent,
                    Some(bytes) => Cell::Text(
                        std::str::from_utf8(bytes)
                            .map_err(|_| not_utf8(self.path).at(line).column(*name))?,
                    ),
                });
            }
            each(line, &cells)?;
        }
    }
}

fn check_header(path: &Path, header: &[String], delimiter: u8) -> Result<(), TableError> {
    if header.iter().all(String::is_empty) {
        return Err(TableError::new(
            path,
            TableFault::Empty,
            "the file is empty",
            "give a file with a header line and rows",
        ));
    }
    for (index, name) in header.iter().enumerate() {
        if !name.is_empty() && header[..index].contains(name) {
            return Err(TableError::new(
                path,
                TableFault::Header,
                format!("two columns are called `{name}`"),
                "rename one of them",
            )
            .at(1));
        }
    }
    if let [only] = header {
        let other = KNOWN
            .iter()
            .filter(|(known, _)| *known != delimiter && only.as_bytes().contains(known))
            .max_by_key(|(known, _)| only.bytes().filter(|byte| byte == known).count());
        if let Some((_, option)) = other {
            return Err(TableError::new(
                path,
                TableFault::Header,
                format!(
                    "the header is one column, `{}`, when split at {}",
                    abridged(only),
                    name(delimiter)
                ),
                format!("pass `{option}`"),
            )
            .at(1));
        }
    }
    Ok(())
}

fn name(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "tabs".to_owned(),
        other => format!("`{}`", char::from(other)),
    }
}

pub(super) fn abridged(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        format!("{short}...")
    } else {
        short
    }
}

pub(super) fn not_utf8(path: &Path) -> TableError {
    TableError::new(
        path,
        TableFault::Encoding,
        "the text is not UTF-8",
        "save the file as UTF-8, for instance with `iconv -f WINDOWS-1252 -t UTF-8`",
    )
}

pub(super) fn too_long(path: &Path) -> TableError {
    TableError::new(
        path,
        TableFault::Format,
        format!("a record is longer than {} MiB", LONGEST_RECORD >> 20),
        "close the quotation mark that opens it, or check that this is the right file",
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds of csv errors are not exhaustive"
)]
fn fault(path: &Path, meter: &Meter, error: &csv::Error, line: u64) -> TableError {
    if meter.is_spent() {
        return too_long(path).at(line);
    }
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => TableError::new(
            path,
            TableFault::Format,
            format!("{len} cells where the header has {expected_len}"),
            "quote cells that hold the delimiter, and check that no line is cut",
        )
        .at(pos.as_ref().map_or(line, csv::Position::line)),
        csv::ErrorKind::Io(error) => TableError::new(
            path,
            TableFault::Unreadable,
            format!("cannot be read: {error}"),
            "",
        )
        .at(line),
        _ => TableError::new(path, TableFault::Format, error.to_string(), "").at(line),
    }
}
