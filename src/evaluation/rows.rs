//! Rows of JSON Lines: one object a line, and a line that is none is its own fault.

use std::io::BufRead;

use serde::de::DeserializeOwned;

/// Longest row, in bytes: an embedding of some thousand numbers has some ten thousand.
const LONGEST: usize = 4 << 20;

/// The rows of a file with the numbers of their lines from 1; blank lines are left out.
pub fn json_rows<T: DeserializeOwned>(
    file: impl BufRead,
) -> impl Iterator<Item = std::io::Result<(usize, Result<T, String>)>> {
    (1..).zip(file.split(b'\n')).filter_map(|(number, line)| {
        let line = match line {
            Ok(line) => line,
            Err(error) => return Some(Err(error)),
        };
        if line.trim_ascii().is_empty() {
            return None;
        }
        if line.len() > LONGEST {
            let detail = format!("it has more than {LONGEST} bytes");
            return Some(Ok((number, Err(detail))));
        }
        let row = serde_json::from_slice(&line).map_err(|error| error.to_string());
        Some(Ok((number, row)))
    })
}
