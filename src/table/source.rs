//! Where the bytes of a table come from, as often as they are wanted.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use super::{TableError, TableFault};

/// A file, which is opened for every reading, or what came through a pipe, which comes once and is held.
#[derive(Debug, Clone)]
pub(super) enum Source {
    File,
    Held(Arc<[u8]>),
}

impl Source {
    /// Looks at what is under a path; a pipe is read to its end.
    pub(super) fn of(path: &Path) -> Result<Self, TableError> {
        let kind = std::fs::metadata(path).map_err(|error| not_opened(path, &error))?;
        if kind.is_file() || kind.is_dir() {
            return Ok(Source::File);
        }
        let mut bytes = Vec::new();
        File::open(path)
            .map_err(|error| not_opened(path, &error))?
            .read_to_end(&mut bytes)
            .map_err(|error| {
                let detail = format!("cannot be read: {error}");
                TableError::new(
                    path,
                    TableFault::Unreadable,
                    detail,
                    "give a file or a pipe",
                )
            })?;
        Ok(Source::Held(bytes.into()))
    }

    /// The bytes from the first on.
    pub(super) fn open(&self, path: &Path) -> Result<Box<dyn Read>, TableError> {
        Ok(match self {
            Source::File => Box::new(File::open(path).map_err(|error| not_opened(path, &error))?),
            Source::Held(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }
}

fn not_opened(path: &Path, error: &std::io::Error) -> TableError {
    TableError::new(
        path,
        TableFault::Unreadable,
        format!("cannot be opened: {error}"),
        "check the path",
    )
}
