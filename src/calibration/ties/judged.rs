//! What one judge said of pairs: from a file of comparisons, or from answers just given.

use std::collections::BTreeMap;
use std::path::Path;

use crate::calibration::judged::{provenance_columns, read_key};
use crate::calibration::{CalibrationError, JudgeKey, JudgeName};
use crate::judging::Comparison;
use crate::judging::protocol::OpinionRule;
use crate::table::{Cell, Reading, Table, TableError, TableFault};

/// One judge's comparisons, all with the same key.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedPairs {
    /// The judge, down to the reading.
    pub key: JudgeKey,
    /// The rule by which a judge that rates compared.
    pub by: Option<OpinionRule>,
    /// Pairs without a comparison.
    pub unscored: usize,
    pairs: BTreeMap<(String, String), Comparison>,
}

/// A comparison, who was asked, and by which rule.
type Compared = (
    (String, String),
    (JudgeKey, Option<OpinionRule>),
    Comparison,
);

impl JudgedPairs {
    /// Gathers comparisons of named pairs.
    ///
    /// # Errors
    /// [`CalibrationError::NothingScored`] for no comparison, [`CalibrationError::Mixed`] where judges differ,
    /// [`CalibrationError::Item`] for a pair that stands there twice.
    pub fn collect(
        compared: impl IntoIterator<Item = Compared>,
        unscored: usize,
    ) -> Result<Self, CalibrationError> {
        let mut known: Option<(JudgeKey, Option<OpinionRule>)> = None;
        let mut pairs: BTreeMap<(String, String), Comparison> = BTreeMap::new();
        for (pair, (key, by), comparison) in compared {
            let item = format!("{}, {}", pair.0, pair.1);
            let (first, rule) = known.get_or_insert_with(|| (key.clone(), by));
            let difference = first.differences(&key).into_iter().next();
            if let Some(difference) = difference {
                return Err(CalibrationError::Mixed {
                    item,
                    field: difference.field,
                    first: difference.fitted,
                    other: difference.here,
                });
            }
            if *rule != by {
                let name =
                    |by: Option<OpinionRule>| by.map_or("none", OpinionRule::name).to_owned();
                return Err(CalibrationError::Mixed {
                    item,
                    field: "by",
                    first: name(*rule),
                    other: name(by),
                });
            }
            let turned = (pair.1.clone(), pair.0.clone());
            if pairs.contains_key(&turned) || pairs.insert(pair, comparison).is_some() {
                let detail =
                    "the pair is compared twice; both orders are one comparison".to_owned();
                return Err(CalibrationError::Item { item, detail });
            }
        }
        let (key, by) = known.ok_or(CalibrationError::NothingScored { unscored })?;
        Ok(JudgedPairs {
            key,
            by,
            unscored,
            pairs,
        })
    }

    /// The comparison of these two, whichever was named first.
    pub fn find(&self, first: &str, second: &str) -> Option<Comparison> {
        let pair = |one: &str, other: &str| self.pairs.get(&(one.to_owned(), other.to_owned()));
        let turned = || pair(second, first).map(Comparison::turned);
        pair(first, second).copied().or_else(turned)
    }

    /// How many pairs there are.
    pub fn count(&self) -> usize {
        self.pairs.len()
    }

    /// The pairs, in order of their names.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.keys().map(|(one, other)| (&**one, &**other))
    }
}

/// What is read of every row beside the judge's key.
const COLUMNS: [&str; 8] = [
    "first",
    "second",
    "status",
    "first_better",
    "second_better",
    "tie",
    "by",
    "order_effect",
];

/// Reads a file of comparisons: the lines that `opine compare --json` prints, or a table with the same columns.
///
/// # Errors
/// [`CalibrationError::Table`], also for a file without the columns that a width is keyed by;
/// [`CalibrationError::AnotherJudge`], and as [`JudgedPairs::collect`].
pub fn read_judged_pairs(
    path: &Path,
    wanted: JudgeName<'_>,
) -> Result<JudgedPairs, CalibrationError> {
    let table = Table::open(path, None)?;
    for column in ["first", "second", "first_better", "second_better"] {
        if !table.has(column) {
            return Err(TableError::new(
                path,
                TableFault::NoColumn,
                format!("no column `{column}`"),
                "give the lines that `opine compare --json` prints, one for each pair",
            )
            .into());
        }
    }
    let mut columns: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    columns.extend(provenance_columns(&table, "compare")?);
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let (mut compared, mut unscored) = (Vec::new(), 0);
    let mut stopped = None;
    let read = table.rows(&names, |line, cells| {
        let row = Row {
            path,
            line,
            cells,
            columns: &columns,
        };
        match row.read(wanted) {
            Ok(Some(one)) => compared.push(one),
            Ok(None) => unscored += 1,
            Err(CalibrationError::Table(error)) => return Err(error),
            Err(error) => {
                stopped = Some(error);
                return Err(TableError::new(path, TableFault::Format, "stopped", ""));
            }
        }
        Ok(())
    });
    match stopped {
        Some(error) => Err(error),
        None => {
            read?;
            JudgedPairs::collect(compared, unscored)
        }
    }
}

/// A row of the file.
struct Row<'a> {
    path: &'a Path,
    line: u64,
    cells: &'a [Cell<'a>],
    columns: &'a [String],
}

impl Row<'_> {
    fn error(&self, at: usize, fault: TableFault, detail: impl Into<String>) -> TableError {
        TableError::new(self.path, fault, detail.into(), "")
            .at(self.line)
            .column(&self.columns[at])
    }

    /// The comparison; nothing where the pair is unscored.
    fn read(&self, wanted: JudgeName<'_>) -> Result<Option<Compared>, CalibrationError> {
        let name = |at: usize| {
            let missing = || self.error(at, TableFault::Missing, "an item has a name");
            self.cells[at].label().ok_or_else(missing)
        };
        let pair = (name(0)?, name(1)?);
        if self.cells[2].label().as_deref() == Some("unscored") {
            return Ok(None);
        }
        let share = |at: usize| match self.cells[at].number(&[]) {
            Reading::Value(share) => Ok(share),
            Reading::Missing(_) if at == 5 => Ok(0.0),
            Reading::Missing(_) => Err(self.error(at, TableFault::Missing, "a comparison has it")),
            Reading::Wrong(fault, detail, _) => Err(self.error(at, fault, detail)),
        };
        let (first, second, tie) = (share(3)?, share(4)?, share(5)?);
        let comparison = Comparison::from_probabilities(first, second, tie)
            .map_err(|error| self.error(3, TableFault::Format, error.to_string()))?;
        let by = match self.cells[6].label() {
            None => None,
            Some(name) => Some(OpinionRule::from_name(&name).ok_or_else(|| {
                self.error(6, TableFault::Format, format!("`{name}` is no rule"))
            })?),
        };
        // Two images of the same bytes were not asked about: neither in both orders nor by two opinions.
        let provenance = &self.cells[COLUMNS.len()..];
        let in_both_orders = matches!(self.cells[7].number(&[]), Reading::Value(_));
        if by.is_none() && !in_both_orders {
            return Ok(None);
        }
        let key = read_key(provenance, |field, fault, detail| {
            self.error(COLUMNS.len() + field, fault, detail)
        })?;
        wanted.check(&format!("{}, {}", pair.0, pair.1), &key)?;
        Ok(Some((pair, (key, by), comparison)))
    }
}
