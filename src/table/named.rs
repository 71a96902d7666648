//! Rows by the columns that a caller named: numbers, labels and ids, each fault with its place.

use std::collections::BTreeMap;

use super::{Cell, Reading, Table, TableError, TableFault};

/// Most columns that a message lists.
const LISTED: usize = 40;

/// One row, read by the place of a column among those that were asked for.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    columns: &'a [&'a str],
    line: u64,
    cells: &'a [Cell<'a>],
}

/// The ids that a file had so far, with their lines.
#[derive(Debug, Clone, Default)]
pub struct Ids(BTreeMap<String, u64>);

impl Table {
    /// Passes the wanted columns of every row to `each`, in the order of the file. A column without a name is read as
    /// one that is not there.
    ///
    /// # Errors
    /// As [`Table::rows`], and [`TableFault::NoColumn`] with `remedy` for a column that the file has not.
    pub fn named_rows(
        &self,
        columns: &[&str],
        remedy: &str,
        mut each: impl FnMut(Row<'_>) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let absent = |column: &&&str| !column.is_empty() && !self.has(column);
        if let Some(column) = columns.iter().find(absent) {
            let detail = format!("no column is called `{column}`");
            return Err(self.no_column(&detail, remedy));
        }
        self.rows(columns, |line, cells| {
            each(Row {
                table: self,
                columns,
                line,
                cells,
            })
        })
    }

    /// The fault of a column that is not there, with those that are.
    pub fn no_column(&self, detail: &str, remedy: impl Into<String>) -> TableError {
        let detail = format!("{detail}; there are {}", quoted(self.columns()));
        TableError::new(self.path(), TableFault::NoColumn, detail, remedy)
    }
}

/// The first names of a list, each in quotes.
pub fn quoted(columns: &[String]) -> String {
    let shown: Vec<String> = columns
        .iter()
        .take(LISTED)
        .map(|column| format!("`{column}`"))
        .collect();
    shown.join(", ")
}

impl Row<'_> {
    /// Its line in the file, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// A fault of the cell of the column at this place.
    pub fn error(
        &self,
        at: usize,
        fault: TableFault,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> TableError {
        TableError::new(self.table.path(), fault, detail, remedy)
            .at(self.line)
            .column(self.columns[at])
    }

    /// The number; nothing where the cell is empty.
    ///
    /// # Errors
    /// A cell that holds something else.
    pub fn number(&self, at: usize) -> Result<Option<f64>, TableError> {
        match self.cells[at].number(&[]) {
            Reading::Value(value) => Ok(Some(value)),
            Reading::Missing(_) => Ok(None),
            Reading::Wrong(fault, detail, remedy) => Err(self.error(at, fault, detail, remedy)),
        }
    }

    /// Whether it says yes; nothing where it says neither, or is empty.
    pub fn truth(&self, at: usize) -> Option<bool> {
        self.cells[at].truth()
    }

    /// The text; nothing where the cell is empty.
    pub fn label(&self, at: usize) -> Option<String> {
        self.cells[at].label()
    }

    /// The text, which must be there.
    ///
    /// # Errors
    /// [`TableFault::Missing`] with `detail` and `remedy`.
    pub fn needed(&self, at: usize, detail: &str, remedy: &str) -> Result<String, TableError> {
        self.label(at)
            .ok_or_else(|| self.error(at, TableFault::Missing, detail, remedy))
    }
}

impl Ids {
    /// Takes the id of a row, which no row had before.
    ///
    /// # Errors
    /// [`TableFault::DuplicateId`] with the line that had it first; `shown` is the id in words.
    pub fn take(
        &mut self,
        row: &Row<'_>,
        at: usize,
        id: String,
        shown: &str,
        remedy: &str,
    ) -> Result<(), TableError> {
        match self.0.insert(id, row.line) {
            None => Ok(()),
            Some(first) => {
                let detail = format!("{shown} is on line {first} already");
                Err(row.error(at, TableFault::DuplicateId, detail, remedy))
            }
        }
    }
}
