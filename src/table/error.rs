//! What can be wrong with a table, where, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a table could not be read: the file, the line and column where known, and what would have worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Name of the column.
    pub column: Option<String>,
    /// What kind of thing is wrong.
    pub fault: TableFault,
    /// What was found.
    pub detail: String,
    /// What to do.
    pub remedy: String,
}

/// What kind of thing is wrong with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFault {
    /// The file cannot be opened or read.
    Unreadable,
    /// The file holds no row.
    Empty,
    /// The bytes are not UTF-8.
    Encoding,
    /// The file does not follow its format: a row of another length, broken JSON, an endless record.
    Format,
    /// The header is wrong, or the delimiter is another one.
    Header,
    /// A column that is needed is not there.
    NoColumn,
    /// More than one column could be meant.
    AmbiguousColumn,
    /// A cell that must be a number is NaN or infinite.
    NotFinite,
    /// A cell that must be a number holds a number with separators.
    Separators,
    /// A cell that must be a number is none.
    NotANumber,
    /// A cell that must not be empty is.
    Missing,
    /// An id occurs twice.
    DuplicateId,
}

impl TableError {
    /// An error about the file as a whole.
    pub fn new(
        file: &Path,
        fault: TableFault,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        TableError {
            file: file.to_owned(),
            line: None,
            column: None,
            fault,
            detail: detail.into(),
            remedy: remedy.into(),
        }
    }

    /// The same at a line.
    #[must_use]
    pub fn at(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same in a column.
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(formatter, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(formatter, ", column `{column}`")?;
        }
        write!(formatter, ": {}", self.detail)?;
        if !self.remedy.is_empty() {
            write!(formatter, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for TableError {}
