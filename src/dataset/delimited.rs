//! Comma- and tab-separated files with a header line, read whole, with the place of every record.
//!
//! A byte order mark, CRLF, blank lines and a last line without an end are fine. A record with more or
//! fewer cells than the header is an error, and so is text that is not UTF-8.

use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::DatasetError;

/// What parts the cells of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    /// Commas; a cell may be quoted.
    Comma,
    /// The same, and a line that begins with `#` is a comment.
    CommaWithComments,
    /// Tabs; a quotation mark is a character like any other.
    Tab,
}

/// A file: its header and its records.
#[derive(Debug)]
pub(super) struct Delimited {
    path: String,
    header: Vec<String>,
    /// The records in file order.
    pub(super) records: Vec<Record>,
}

/// One line below the header.
#[derive(Debug)]
pub(super) struct Record {
    byte: usize,
    line: u64,
    /// As many cells as the header has.
    pub(super) cells: Vec<String>,
}

impl Delimited {
    /// Reads a file that must hold at least one record.
    pub(super) fn read(path: &Path, delimiter: Delimiter) -> Result<Self, DatasetError> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| DatasetError {
            path: name.clone(),
            byte: 0,
            reason: format!("cannot be read: {error}"),
        })?;
        Delimited::parse(name, &bytes, delimiter)
    }

    /// The same from the file's bytes.
    pub(super) fn parse(
        path: String,
        bytes: &[u8],
        delimiter: Delimiter,
    ) -> Result<Self, DatasetError> {
        let (separator, quoting) = match delimiter {
            Delimiter::Comma | Delimiter::CommaWithComments => (b',', true),
            Delimiter::Tab => (b'\t', false),
        };
        let comment = (delimiter == Delimiter::CommaWithComments).then_some(b'#');
        let mut reader = ReaderBuilder::new()
            .delimiter(separator)
            .quoting(quoting)
            .comment(comment)
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes);
        let mut lines = Vec::new();
        let mut raw = ByteRecord::new();
        while reader
            .read_byte_record(&mut raw)
            .expect("reading from memory cannot fail, and any number of cells is allowed")
        {
            let place = raw.position().expect("a record that was read has a place");
            lines.push(
                record(&raw, place, bytes).map_err(|(byte, reason)| DatasetError {
                    path: path.clone(),
                    byte,
                    reason,
                })?,
            );
        }
        let mut lines = lines.into_iter();
        let header = lines.next().map_or_else(Vec::new, |line| line.cells);
        let file = Delimited {
            path,
            header,
            records: lines.collect(),
        };
        file.checked()
    }

    fn checked(self) -> Result<Self, DatasetError> {
        if self.records.is_empty() {
            return Err(self.whole("there is no record below the header".into()));
        }
        let wanted = self.header.len();
        match self
            .records
            .iter()
            .find(|record| record.cells.len() != wanted)
        {
            Some(record) => Err(self.at(
                record,
                format!(
                    "{} cells where the header has {wanted}; the file is truncated or damaged here",
                    record.cells.len()
                ),
            )),
            None => Ok(self),
        }
    }

    /// Names of the columns.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// Positions of the columns named `wanted`, in that order.
    pub(super) fn columns<const N: usize>(
        &self,
        wanted: [&str; N],
    ) -> Result<[usize; N], DatasetError> {
        let mut found = [0; N];
        for (slot, name) in found.iter_mut().zip(wanted) {
            *slot = self
                .header
                .iter()
                .position(|column| column == name)
                .ok_or_else(|| {
                    self.whole(format!(
                        "there is no column `{name}`; the header is `{}`",
                        self.header.join("`, `")
                    ))
                })?;
        }
        Ok(found)
    }

    /// An error at a record.
    pub(super) fn at(&self, record: &Record, reason: impl std::fmt::Display) -> DatasetError {
        DatasetError {
            path: self.path.clone(),
            byte: record.byte,
            reason: format!("line {}: {reason}", record.line),
        }
    }

    /// An error about the file as a whole.
    pub(super) fn whole(&self, reason: String) -> DatasetError {
        DatasetError {
            path: self.path.clone(),
            byte: 0,
            reason,
        }
    }

    /// The finite number in a cell.
    pub(super) fn number(&self, record: &Record, column: usize) -> Result<f64, DatasetError> {
        let text = &record.cells[column];
        let number: Option<f64> = text.trim().parse().ok();
        number.filter(|number| number.is_finite()).ok_or_else(|| {
            self.at(
                record,
                format!("`{}` is `{text}`, not a number", self.header[column]),
            )
        })
    }
}

fn record(
    raw: &ByteRecord,
    place: &csv::Position,
    bytes: &[u8],
) -> Result<Record, (usize, String)> {
    let before = usize::try_from(place.byte()).expect("a file in memory has no more bytes");
    // The reader's place is where it went on: before the rest of a CRLF and before blank lines.
    let breaks = bytes[before..]
        .iter()
        .take_while(|byte| b"\r\n".contains(byte))
        .count();
    let byte = before + breaks;
    let newlines = bytes[before..byte].iter().filter(|byte| **byte == b'\n');
    let line = place.line() + newlines.count() as u64;
    let cells = raw
        .iter()
        .map(|cell| std::str::from_utf8(cell).map(str::to_owned))
        .collect::<Result<_, _>>()
        .map_err(|error| (byte, format!("line {line}: {error}")))?;
    Ok(Record { byte, line, cells })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8], delimiter: Delimiter) -> Result<Delimited, DatasetError> {
        Delimited::parse("votes".into(), bytes, delimiter)
    }

    #[test]
    fn marks_line_ends_and_blank_lines_are_read() {
        for text in [
            &b"\xef\xbb\xbfid\tscore\r\na \t1\r\n\r\nb\t2"[..],
            b"id\tscore\na \t1\nb\t2\n",
        ] {
            let file = parse(text, Delimiter::Tab).unwrap();
            assert_eq!(file.columns(["score", "id"]).unwrap(), [1, 0]);
            let first: Vec<&str> = file.records.iter().map(|r| r.cells[0].as_str()).collect();
            assert_eq!(first, ["a ", "b"]);
        }
    }

    #[test]
    fn quotation_marks_bind_commas_and_are_plain_beside_tabs() {
        let commas = parse(b"prompt,score\n\"a \"\"b\"\", c\",1\n", Delimiter::Comma).unwrap();
        assert_eq!(commas.records[0].cells, ["a \"b\", c", "1"]);
        let tabs = parse(b"vote\tright\n\"a\" or \"b\t0\n", Delimiter::Tab).unwrap();
        assert_eq!(tabs.records[0].cells, ["\"a\" or \"b", "0"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases: [(&[u8], usize, &str); 6] = [
            (b"", 0, "no record"),
            (b"id\tscore\n", 0, "no record"),
            (b"id\tscore\na\t1\nb", 13, "line 3: 1 cells"),
            (b"id\tscore\na\t1\t2\n", 9, "line 2: 3 cells"),
            (b"id\tscore\r\n\r\na\t1\t2\r\n", 12, "line 3: 3 cells"),
            (b"id\tscore\n\xff\t1\n", 9, "line 2: invalid utf-8"),
        ];
        for (text, byte, reason) in cases {
            let error = parse(text, Delimiter::Tab).unwrap_err();
            assert!(error.reason.contains(reason), "{error}");
            assert_eq!(error.byte, byte, "{error}");
        }
        let file = parse(b"id\tscore\na\t1\nb\tinf\n", Delimiter::Tab).unwrap();
        assert!(file.number(&file.records[0], 1).is_ok());
        let error = file.number(&file.records[1], 1).unwrap_err();
        assert!(error.to_string().contains("line 3: `score` is `inf`"));
        let error = file.columns(["id", "rating"]).unwrap_err();
        assert!(error.reason.contains("no column `rating`") && error.reason.contains("`score`"));
    }
}
