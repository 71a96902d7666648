//! From the pieces in which a manifest arrives to its records, one at a time.

use crate::jobs::BadLine;

/// Splits a stream into records; holds no more than one that is not whole yet.
#[derive(Debug)]
pub(super) struct Records {
    /// Whether a line end between quotation marks belongs to the record.
    quoted: bool,
    most_bytes: usize,
    held: Vec<u8>,
    in_quotes: bool,
    /// The line at which the next piece begins, from 1.
    line: u64,
    /// The line at which the held record begins.
    first: u64,
}

/// A record and the line at which it begins.
pub(super) type Record = (u64, Vec<u8>);

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Records {
    /// Lines of JSON.
    pub(super) fn of_lines(most_bytes: usize) -> Self {
        Records {
            quoted: false,
            most_bytes,
            held: Vec::new(),
            in_quotes: false,
            line: 1,
            first: 1,
        }
    }

    /// Rows of CSV.
    pub(super) fn of_rows(most_bytes: usize) -> Self {
        Records {
            quoted: true,
            ..Records::of_lines(most_bytes)
        }
    }

    /// Takes the next piece, and gives the records that end in it.
    ///
    /// # Errors
    /// A record that is too long.
    pub(super) fn push(&mut self, piece: &[u8], whole: &mut Vec<Record>) -> Result<(), BadLine> {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.held.extend_from_slice(part);
            if self.held.len() > self.most_bytes {
                return Err(self.bad(
                    format!("the line has more than {} bytes", self.most_bytes),
                    "name large images by `path`, or close the quotation mark that was opened",
                ));
            }
            if self.quoted {
                let marks = part.iter().filter(|byte| **byte == b'"').count();
                self.in_quotes ^= marks % 2 == 1;
            }
            if part.ends_with(b"\n") {
                self.line += 1;
                if !self.in_quotes {
                    self.give(whole);
                }
            }
        }
        Ok(())
    }

    /// Gives the last record, which may have no line end.
    ///
    /// # Errors
    /// A quotation mark that was never closed.
    pub(super) fn finish(&mut self, whole: &mut Vec<Record>) -> Result<(), BadLine> {
        if self.in_quotes {
            return Err(self.bad(
                "a quotation mark is opened and never closed".to_owned(),
                "write a quotation mark inside a cell twice",
            ));
        }
        self.give(whole);
        Ok(())
    }

    fn give(&mut self, whole: &mut Vec<Record>) {
        let mut record = std::mem::take(&mut self.held);
        let first = std::mem::replace(&mut self.first, self.line);
        if first == 1 && record.starts_with(BYTE_ORDER_MARK) {
            record.drain(..BYTE_ORDER_MARK.len());
        }
        while matches!(record.last(), Some(b'\n' | b'\r')) {
            record.pop();
        }
        if !record.trim_ascii().is_empty() {
            whole.push((first, record));
        }
    }

    fn bad(&self, detail: String, hint: &str) -> BadLine {
        BadLine {
            line: self.first,
            detail,
            hint: Some(hint.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(
        mut records: Records,
        text: &[u8],
        piece: usize,
    ) -> Result<Vec<(u64, String)>, BadLine> {
        let mut whole = Vec::new();
        for piece in text.chunks(piece) {
            records.push(piece, &mut whole)?;
        }
        records.finish(&mut whole)?;
        let text = |(line, record)| (line, String::from_utf8(record).unwrap());
        Ok(whole.into_iter().map(text).collect())
    }

    #[test]
    fn records_are_the_same_however_they_arrive() {
        let lines = b"\xef\xbb\xbf{\"a\":1}\r\n\n  \n{\"b\":\"\\\"\"}\n{\"c\":3}";
        let rows = b"id,path\n\"a\nb\",\"c\"\"d\"\ne,f\n";
        for piece in 1..20 {
            let found = split(Records::of_lines(100), lines, piece).unwrap();
            assert_eq!(
                found,
                [
                    (1, "{\"a\":1}".into()),
                    (4, "{\"b\":\"\\\"\"}".into()),
                    (5, "{\"c\":3}".into())
                ]
            );
            let found = split(Records::of_rows(100), rows, piece).unwrap();
            assert_eq!(
                found,
                [
                    (1, "id,path".into()),
                    (2, "\"a\nb\",\"c\"\"d\"".into()),
                    (4, "e,f".into())
                ]
            );
        }
    }

    #[test]
    fn what_never_ends_is_refused_with_the_line_where_it_begins() {
        let long = split(Records::of_lines(10), b"{}\n0123456789ab\n", 4).unwrap_err();
        assert_eq!(long.line, 2);
        let open = split(Records::of_rows(100), b"id\n\"a\nb\n", 3).unwrap_err();
        assert_eq!(open.line, 2);
        let long = split(Records::of_rows(10), b"id\n\"a\nbbbbbbbbbbbbbb\n", 3).unwrap_err();
        assert_eq!(long.line, 2);
    }
}
