//! Where the bytes of a table come from, as often as they are wanted.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{TableError, TableFault};

/// Where a table is: in a file, or in bytes that are at hand under the name of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePlace {
    path: PathBuf,
    held: Option<Arc<[u8]>>,
}

impl TablePlace {
    /// Bytes under a name, whose ending may say how they are written; no file is opened.
    pub fn held(name: impl Into<PathBuf>, bytes: impl Into<Arc<[u8]>>) -> Self {
        TablePlace {
            path: name.into(),
            held: Some(bytes.into()),
        }
    }

    /// The file, or the name.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl<P: AsRef<Path> + ?Sized> From<&P> for TablePlace {
    fn from(path: &P) -> Self {
        TablePlace {
            path: path.as_ref().to_owned(),
            held: None,
        }
    }
}

impl From<PathBuf> for TablePlace {
    fn from(path: PathBuf) -> Self {
        TablePlace { path, held: None }
    }
}

/// A file, which is opened for every reading, or what came through a pipe, which comes once and is held.
#[derive(Debug, Clone)]
pub(super) enum Source {
    File,
    Held(Arc<[u8]>),
}

impl Source {
    /// Looks at what is at a place; a pipe is read to its end.
    pub(super) fn of(place: &TablePlace) -> Result<Self, TableError> {
        if let Some(bytes) = &place.held {
            return Ok(Source::Held(Arc::clone(bytes)));
        }
        let path = place.path();
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
