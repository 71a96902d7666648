//! Scored items of several prompts or systems, from a table.

use std::collections::BTreeMap;
use std::path::Path;

use crate::table::{Cell, Reading, Table, TableError, TableFault};

/// One scored item.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The prompt, or whatever items are compared within.
    pub group: String,
    /// The item.
    pub id: String,
    /// What made it, where that is told.
    pub system: Option<String>,
    /// The judge's score; nothing where it gave none.
    pub score: Option<f64>,
    /// People's rating, where it is known.
    pub human: Option<f64>,
}

/// Which columns hold what.
#[derive(Debug, Clone, Copy)]
pub struct RowColumns<'a> {
    /// The prompt.
    pub group: &'a str,
    /// The item; numbered by its line without.
    pub id: Option<&'a str>,
    /// What made the item.
    pub system: Option<&'a str>,
    /// The judge's score.
    pub score: &'a str,
    /// People's rating.
    pub human: Option<&'a str>,
}

/// Reads scored items, in the order of the file.
///
/// # Errors
/// A file that cannot be read, a column that is not there, a cell that is no number, an id that occurs twice in a group.
pub fn read_rows(path: &Path, columns: RowColumns<'_>) -> Result<Vec<Row>, TableError> {
    let table = Table::open(path, None)?;
    let optional = [columns.id, columns.system, columns.human];
    let named: Vec<&str> = [columns.group, columns.score]
        .into_iter()
        .chain(optional.into_iter().flatten())
        .collect();
    for column in &named {
        if !table.has(column) {
            return Err(TableError::new(
                path,
                TableFault::NoColumn,
                format!(
                    "no column is called `{column}`; there are {}",
                    table.columns().join(", ")
                ),
                "name the columns that hold prompt, score and the rest",
            ));
        }
    }
    // A column that is not asked for is read as one that is not there.
    let wanted: Vec<&str> = [columns.group, columns.score]
        .into_iter()
        .chain(optional.into_iter().map(Option::unwrap_or_default))
        .collect();
    let mut lines: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut rows = Vec::new();
    table.rows(&wanted, |line, cells| {
        let number = |at: usize| number(path, line, wanted[at], &cells[at]);
        let Some(group) = cells[0].label() else {
            return Err(TableError::new(
                path,
                TableFault::Missing,
                "the cell is empty",
                "say for every item what it is compared within, such as its prompt",
            )
            .at(line)
            .column(columns.group));
        };
        let id = cells[2].label().unwrap_or_else(|| format!("line {line}"));
        let (score, human) = (number(1)?, number(4)?);
        let system = cells[3].label();
        let key = (
            group.clone(),
            format!("{id} {}", system.as_deref().unwrap_or("")),
        );
        if let Some(first) = lines.insert(key, line) {
            return Err(TableError::new(
                path,
                TableFault::DuplicateId,
                format!("`{id}` of `{group}` is on line {first} already"),
                "give every item one row",
            )
            .at(line));
        }
        rows.push(Row {
            group,
            id,
            system,
            score,
            human,
        });
        Ok(())
    })?;
    Ok(rows)
}

fn number(
    path: &Path,
    line: u64,
    column: &str,
    cell: &Cell<'_>,
) -> Result<Option<f64>, TableError> {
    match cell.number(&[]) {
        Reading::Value(value) => Ok(Some(value)),
        Reading::Missing(_) => Ok(None),
        Reading::Wrong(fault, detail, remedy) => Err(TableError::new(path, fault, detail, remedy)
            .at(line)
            .column(column)),
    }
}
