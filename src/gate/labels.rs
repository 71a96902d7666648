//! Labelled scores from a table: an id, a score, and whether people call the item good.

use std::collections::BTreeMap;
use std::path::Path;

use crate::table::{Cell, Reading, Table, TableError, TableFault};

/// Columns of a file of labels, and what counts as good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelColumns<'a> {
    /// Id column.
    pub id: &'a str,
    /// Column of the judge's score.
    pub score: &'a str,
    /// Column of people's label.
    pub good: &'a str,
    /// The label from which on an item is good; without it labels are 0 or 1.
    pub good_at: Option<f64>,
}

impl Default for LabelColumns<'_> {
    fn default() -> Self {
        LabelColumns {
            id: "id",
            score: "score",
            good: "good",
            good_at: None,
        }
    }
}

/// Labelled scores.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GateLabels {
    /// Score and whether the item is good, in the order of the file.
    pub items: Vec<(f64, bool)>,
    /// Rows without a score: the judge failed there, and nothing stands in for it.
    pub unscored: usize,
    /// Rows without a label.
    pub unlabelled: usize,
}

/// Why labels could not be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GateLabelsError {
    /// The file, a line of it, or a cell.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A label that is neither 0 nor 1, though no bound says what is good.
    #[error(
        "{file}, line {line}, column `{column}`: the label is {value}, which is neither 0 nor 1; \
         if people rated on another scale, say from where on an item is good: `--good-at VALUE`"
    )]
    AnotherScale {
        /// The file.
        file: String,
        /// Line, from 1.
        line: u64,
        /// Column of labels.
        column: String,
        /// The label.
        value: f64,
    },
}

/// Reads a file of labelled scores: CSV, TSV, JSON or JSON Lines.
///
/// # Errors
/// [`GateLabelsError::Table`] with line and column, also where an id occurs twice;
/// [`GateLabelsError::AnotherScale`].
pub fn read_labels(path: &Path, columns: LabelColumns<'_>) -> Result<GateLabels, GateLabelsError> {
    let table = Table::open(path, None)?;
    for column in [columns.id, columns.score, columns.good] {
        if !table.has(column) {
            return Err(absent(&table, column).into());
        }
    }
    let mut labels = GateLabels::default();
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    let mut other_scale = None;
    let wanted = [columns.id, columns.score, columns.good];
    table.rows(&wanted, |line, cells| {
        let error = |column: &str, fault, detail: String, remedy: &str| {
            TableError::new(path, fault, detail, remedy)
                .at(line)
                .column(column)
        };
        let Some(id) = cells[0].label() else {
            let detail = "the id is empty".to_owned();
            return Err(error(
                columns.id,
                TableFault::Missing,
                detail,
                "name every item",
            ));
        };
        if let Some(first) = lines.insert(id.clone(), line) {
            let detail = format!("`{id}` is on line {first} already");
            let remedy = "give every item one row; keep several ratings in one label";
            return Err(error(columns.id, TableFault::DuplicateId, detail, remedy));
        }
        let number = |cell: &Cell<'_>, column: &str| match cell.number(&[]) {
            Reading::Value(value) => Ok(Some(value)),
            Reading::Missing(_) => Ok(None),
            Reading::Wrong(fault, detail, remedy) => Err(error(column, fault, detail, remedy)),
        };
        let is = |label: f64, worth: f64| (label - worth).abs() < f64::EPSILON;
        let score = number(&cells[1], columns.score)?;
        let label = number(&cells[2], columns.good)?;
        let good = match (label, columns.good_at) {
            (None, _) => None,
            (Some(label), Some(from)) => Some(label >= from),
            (Some(label), None) if is(label, 1.0) => Some(true),
            (Some(label), None) if is(label, 0.0) => Some(false),
            (Some(value), None) => {
                other_scale.get_or_insert((line, value));
                None
            }
        };
        match (score, good) {
            (Some(score), Some(good)) => labels.items.push((score, good)),
            (None, _) => labels.unscored += 1,
            (Some(_), None) => labels.unlabelled += 1,
        }
        Ok(())
    })?;
    match other_scale {
        None => Ok(labels),
        Some((line, value)) => Err(GateLabelsError::AnotherScale {
            file: path.display().to_string(),
            line,
            column: columns.good.to_owned(),
            value,
        }),
    }
}

fn absent(table: &Table, column: &str) -> TableError {
    let there: Vec<String> = table
        .columns()
        .iter()
        .take(40)
        .map(|name| format!("`{name}`"))
        .collect();
    TableError::new(
        table.path(),
        TableFault::NoColumn,
        format!(
            "no column is called `{column}`; there are {}",
            there.join(", ")
        ),
        "labels have `id`, `score` and `good`; other names go with `--on`, `--score-column`, `--good-column`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, good_at: Option<f64>) -> Result<GateLabels, GateLabelsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        std::fs::write(&path, text).unwrap();
        let columns = LabelColumns {
            good_at,
            ..LabelColumns::default()
        };
        read_labels(&path, columns)
    }

    #[test]
    fn scores_and_labels_are_read_and_missing_ones_counted() {
        let labels = read("id,score,good\na,0.5,1\nb,0.25,0\nc,,1\nd,1,\n", None).unwrap();
        assert_eq!(labels.items, [(0.5, true), (0.25, false)]);
        assert_eq!((labels.unscored, labels.unlabelled), (1, 1));
        let rated = read("id,score,good\na,0.5,4.5\nb,0.25,2\n", Some(4.0)).unwrap();
        assert_eq!(rated.items, [(0.5, true), (0.25, false)]);
    }

    #[test]
    fn what_is_no_label_file_is_refused_with_its_place() {
        let cases = [
            ("id,score\na,1\n", "no column is called `good`"),
            ("id,score,good\na,1,1\na,2,0\n", "on line 2 already"),
            ("id,score,good\n,1,1\n", "the id is empty"),
            ("id,score,good\na,high,1\n", "`high` is not a number"),
            ("id,score,good\na,NaN,1\n", "not a finite number"),
            (
                "id,score,good\na,1,3.5\nb,1,1\n",
                "line 2, column `good`: the label is 3.5",
            ),
        ];
        for (text, expected) in cases {
            let error = read(text, None).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
