//! Labelled scores: an id, a score, and whether people call the item good; from one table, or from labels beside a
//! judge's results.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::calibration::Judged;
use crate::digest::Digest;
use crate::table::{Ids, Row, Table, TableError, TableFault};

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
    /// Labelled items without a score: the judge failed there, and nothing stands in for it.
    pub unscored: usize,
    /// Scores of items without a label.
    pub unlabelled: Vec<f64>,
    /// Ids of the labelled items with a score.
    pub ids: BTreeSet<String>,
}

/// What people say of items, with no judge's score beside it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Goods(BTreeMap<String, bool>);

/// Which labels these are: what a threshold that was fitted on them names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSet {
    /// Name of the file.
    pub name: String,
    /// Digest of its bytes.
    pub digest: Digest,
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
    /// No item has both a label and a score.
    #[error(
        "none of the {labelled} labelled items is among the {judged} judged ones; the first of each are `{label}` and `{item}`"
    )]
    NothingInCommon {
        /// Items with a label.
        labelled: usize,
        /// Items with a score.
        judged: usize,
        /// A labelled item.
        label: String,
        /// A judged item.
        item: String,
    },
}

const REMEDY: &str = "labels have `id`, `score` and `good`; other names go with `--on`, `--score-column`, `--good-column`";

/// Reads a file of labelled scores: CSV, TSV, JSON or JSON Lines.
///
/// # Errors
/// [`GateLabelsError::Table`] with line and column, also where an id occurs twice;
/// [`GateLabelsError::AnotherScale`].
pub fn read_labels(path: &Path, columns: LabelColumns<'_>) -> Result<GateLabels, GateLabelsError> {
    let mut labels = GateLabels::default();
    let wanted = [columns.id, columns.good, columns.score];
    each_label(path, &columns, &wanted, |row, id, good| {
        match (row.number(2)?, good) {
            (Some(score), Some(good)) => {
                labels.items.push((score, good));
                labels.ids.insert(id);
            }
            (None, _) => labels.unscored += 1,
            (Some(score), None) => labels.unlabelled.push(score),
        }
        Ok(())
    })?;
    Ok(labels)
}

/// Reads a file of labels without scores.
///
/// # Errors
/// As [`read_labels`].
pub fn read_goods(path: &Path, columns: LabelColumns<'_>) -> Result<Goods, GateLabelsError> {
    let mut goods = Goods::default();
    let wanted = [columns.id, columns.good];
    each_label(path, &columns, &wanted, |_, id, good| {
        if let Some(good) = good {
            goods.0.insert(id, good);
        }
        Ok(())
    })?;
    Ok(goods)
}

/// Reads scores of items by id, labelled or not.
///
/// # Errors
/// As [`read_labels`], without labels.
pub fn read_scores(
    path: &Path,
    columns: LabelColumns<'_>,
) -> Result<Vec<(String, f64)>, TableError> {
    let mut scores = Vec::new();
    let mut ids = Ids::default();
    Table::open(path, None)?.named_rows(&[columns.id, columns.score], REMEDY, |row| {
        let id = take_id(&row, &mut ids)?;
        scores.extend(row.number(1)?.map(|score| (id, score)));
        Ok(())
    })?;
    Ok(scores)
}

impl LabelSet {
    /// The set that a file holds.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of(path: &Path) -> Result<Self, TableError> {
        let unreadable = |error: std::io::Error| {
            let detail = format!("cannot be read: {error}");
            TableError::new(path, TableFault::Unreadable, detail, "")
        };
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        Ok(LabelSet {
            name: name.to_string_lossy().into_owned(),
            digest: Digest::of_reader(file).map_err(unreadable)?,
        })
    }
}

impl GateLabels {
    /// The same with these scores as those without a label; an item that has one is left out.
    #[must_use]
    pub fn with_unlabelled<'a>(mut self, scores: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        let others = scores.into_iter();
        let others = others.filter(|(item, _)| !self.ids.contains(*item));
        self.unlabelled = others.map(|(_, score)| score).collect();
        self
    }

    /// Labels beside what one judge said: items that both have, those that have a score only, and how many have a
    /// label only.
    ///
    /// # Errors
    /// [`GateLabelsError::NothingInCommon`].
    pub fn join(goods: &Goods, judged: &Judged) -> Result<Self, GateLabelsError> {
        let mut labels = GateLabels::default();
        let mut all = 0;
        for (item, score) in judged.scores() {
            all += 1;
            match goods.0.get(item) {
                Some(good) => {
                    labels.items.push((score, *good));
                    labels.ids.insert(item.to_owned());
                }
                None => labels.unlabelled.push(score),
            }
        }
        labels.unscored = goods.0.len() - labels.items.len();
        if labels.items.is_empty() {
            let first = |name: Option<&str>| name.unwrap_or("none").to_owned();
            return Err(GateLabelsError::NothingInCommon {
                labelled: goods.0.len(),
                judged: all,
                label: first(goods.0.keys().next().map(String::as_str)),
                item: first(judged.scores().next().map(|(item, _)| item)),
            });
        }
        Ok(labels)
    }
}

/// Passes each row, its id and its label to `each`; id and label are the first two of the `wanted` columns.
fn each_label(
    path: &Path,
    columns: &LabelColumns<'_>,
    wanted: &[&str],
    mut each: impl FnMut(&Row<'_>, String, Option<bool>) -> Result<(), TableError>,
) -> Result<(), GateLabelsError> {
    let mut ids = Ids::default();
    let mut other_scale = None;
    let is = |label: f64, worth: f64| (label - worth).abs() < f64::EPSILON;
    Table::open(path, None)?.named_rows(wanted, REMEDY, |row| {
        let id = take_id(&row, &mut ids)?;
        let good = match (row.number(1)?, columns.good_at) {
            (None, _) => None,
            (Some(label), Some(from)) => Some(label >= from),
            (Some(label), None) if is(label, 1.0) => Some(true),
            (Some(label), None) if is(label, 0.0) => Some(false),
            (Some(value), None) => {
                other_scale.get_or_insert((row.line(), value));
                None
            }
        };
        each(&row, id, good)
    })?;
    match other_scale {
        None => Ok(()),
        Some((line, value)) => Err(GateLabelsError::AnotherScale {
            file: path.display().to_string(),
            line,
            column: columns.good.to_owned(),
            value,
        }),
    }
}

/// The id in the first column, which no row before has.
fn take_id(row: &Row<'_>, ids: &mut Ids) -> Result<String, TableError> {
    let id = row.needed(0, "the id is empty", "name every item")?;
    let remedy = "give every item one row; keep several ratings in one label";
    ids.take(row, 0, id.clone(), &format!("`{id}`"), remedy)?;
    Ok(id)
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
        assert_eq!((labels.unscored, &*labels.unlabelled), (1, &[1.0][..]));
        // An item that has a label is not among those that have none.
        let labels = labels.with_unlabelled([("a", 9.0), ("z", 3.0)]);
        assert_eq!(labels.unlabelled, [3.0]);
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
