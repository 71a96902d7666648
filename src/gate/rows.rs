//! Scored items of several prompts or systems, from a table.

use std::path::Path;

use crate::table::{Ids, Table, TableError};

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
    // A column that is not asked for is read as one that is not there.
    let wanted = [
        columns.group,
        columns.score,
        columns.id.unwrap_or_default(),
        columns.system.unwrap_or_default(),
        columns.human.unwrap_or_default(),
    ];
    let remedy = "name the columns that hold prompt, score and the rest";
    let mut ids = Ids::default();
    let mut rows = Vec::new();
    Table::open(path, None)?.named_rows(&wanted, remedy, |row| {
        let group = row.needed(
            0,
            "the cell is empty",
            "say for every item what it is compared within, such as its prompt",
        )?;
        let id = row
            .label(2)
            .unwrap_or_else(|| format!("line {}", row.line()));
        let system = row.label(3);
        // Unit separators stand in no name, so that two different keys are never one.
        let key = format!("{group}\u{1f}{id}\u{1f}{}", system.as_deref().unwrap_or(""));
        let shown = format!("`{id}` of `{group}`");
        ids.take(&row, 0, key, &shown, "give every item one row")?;
        rows.push(Row {
            group,
            id,
            system,
            score: row.number(1)?,
            human: row.number(4)?,
        });
        Ok(())
    })?;
    Ok(rows)
}
