//! What one judge said of the items: from a file of results, or from answers just given.

use std::collections::BTreeMap;

use super::columns::{ID, SCORE};
use super::{CalibrationError, JudgeKey};
use crate::digest::Digest;
use crate::judging::{Better, LevelSet, Readout, Scale};
use crate::table::{Cell, Reading, Table, TableError, TableFault, TablePlace};

/// Most by which the shares of an opinion in a file may miss 1, for files with few digits.
const OPINION_SLACK: f64 = 1e-3;

/// The judge whose values are wanted.
#[derive(Debug, Clone, Copy)]
pub struct JudgeName<'a> {
    /// Card.
    pub judge: &'a str,
    /// Backend, where one is named.
    pub backend: Option<&'a str>,
    /// Digest of the card at hand, where there is one of that name.
    pub card: Option<Digest>,
    /// Levels of the card at hand.
    pub levels: Option<&'a LevelSet>,
}

/// Columns of a file of results; found by their usual names where none is given.
#[derive(Debug, Clone, Copy, Default)]
pub struct JudgedColumns<'a> {
    /// Id column.
    pub id: Option<&'a str>,
    /// Column of scores.
    pub score: Option<&'a str>,
}

/// One judge's values, all with the same key.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The judge, down to the reading.
    pub key: JudgeKey,
    /// Scale of its scores.
    pub scale: Scale,
    /// Items without a score.
    pub unscored: usize,
    pub(super) by_item: BTreeMap<String, Said>,
}

/// Score, and probability of each level in the order of the card.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) score: f64,
    pub(super) shares: Option<Vec<f64>>,
}

impl Judged {
    /// Gathers scored items: id, key, score, and probabilities of the levels in the order of the card.
    ///
    /// # Errors
    /// [`CalibrationError::NothingScored`] for no scored item, [`CalibrationError::Mixed`] where keys differ.
    pub fn collect(
        scored: impl IntoIterator<Item = (String, JudgeKey, f64, Option<Vec<f64>>)>,
        scale: Scale,
        unscored: usize,
    ) -> Result<Self, CalibrationError> {
        let mut first: Option<JudgeKey> = None;
        let mut by_item = BTreeMap::new();
        for (item, key, score, shares) in scored {
            let known = first.get_or_insert_with(|| key.clone());
            if let Some(difference) = known.differences(&key).into_iter().next() {
                return Err(CalibrationError::Mixed {
                    item,
                    field: difference.field,
                    first: difference.fitted,
                    other: difference.here,
                });
            }
            by_item.insert(item, Said { score, shares });
        }
        let key = first.ok_or(CalibrationError::NothingScored { unscored })?;
        Ok(Judged {
            key,
            scale,
            unscored,
            by_item,
        })
    }

    /// Every scored item with its score, in order of id.
    pub fn scores(&self) -> impl Iterator<Item = (&str, f64)> {
        let said = self.by_item.iter();
        said.map(|(item, said)| (item.as_str(), said.score))
    }
}

/// Reads a file of results: what `opine score --json` prints, or a table with the same columns.
///
/// # Errors
/// [`CalibrationError::Table`], also for a file without the columns that a map is keyed by;
/// [`CalibrationError::AnotherJudge`], and as [`Judged::collect`].
pub fn read_judged(
    place: impl Into<TablePlace>,
    columns: JudgedColumns<'_>,
    wanted: JudgeName<'_>,
) -> Result<Judged, CalibrationError> {
    let table = Table::open(place, None)?;
    let mut reader = Reader::new(&table, columns, wanted)?;
    let names: Vec<String> = reader.columns.clone();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // What `rows` can stop with is a fault of the table; a judge that is another one waits here.
    let mut stopped = None;
    let read = table.rows(&names, |line, cells| match reader.take(line, cells) {
        Ok(()) => Ok(()),
        Err(CalibrationError::Table(error)) => Err(error),
        Err(error) => {
            stopped = Some(error);
            Err(TableError::new(
                table.path(),
                TableFault::Format,
                "stopped",
                "",
            ))
        }
    });
    if let Some(error) = stopped {
        return Err(error);
    }
    read?;
    let scale = reader.scale()?;
    Judged::collect(reader.scored, scale, reader.unscored)
}

/// Fields of the key in the order in which their cells are asked for.
const PROVENANCE: [&str; 8] = [
    "judge",
    "version",
    "card",
    "backend",
    "model_revision",
    "readout",
    "preprocessing",
    "temperature",
];
/// Id, score, status and the three cells of the scale stand before them.
const BEFORE: usize = 6;

struct Reader<'a> {
    table: &'a Table,
    wanted: JudgeName<'a>,
    columns: Vec<String>,
    scored: Vec<(String, JudgeKey, f64, Option<Vec<f64>>)>,
    lines: BTreeMap<String, u64>,
    ends: Option<(f64, f64, Better)>,
    unscored: usize,
}

impl<'a> Reader<'a> {
    fn new(
        table: &'a Table,
        named: JudgedColumns<'_>,
        wanted: JudgeName<'a>,
    ) -> Result<Self, TableError> {
        let mut columns = vec![
            ID.find(table, named.id)?,
            SCORE.find(table, named.score)?,
            "status".to_owned(),
        ];
        for end in ["min", "max", "better"] {
            let flat = format!("scale_{end}");
            columns.push(if table.has(&flat) {
                flat
            } else {
                format!("scale.{end}")
            });
        }
        columns.extend(provenance_columns(table, "score")?);
        if let Some(levels) = wanted.levels {
            let names = levels.options().names();
            columns.extend(names.map(|name| format!("opinion.{name}")));
        }
        Ok(Reader {
            table,
            wanted,
            columns,
            scored: Vec::new(),
            lines: BTreeMap::new(),
            ends: None,
            unscored: 0,
        })
    }

    fn error(&self, line: u64, at: usize, fault: TableFault, detail: String) -> TableError {
        TableError::new(self.table.path(), fault, detail, "")
            .at(line)
            .column(&self.columns[at])
    }

    fn take(&mut self, line: u64, cells: &[Cell<'_>]) -> Result<(), CalibrationError> {
        let Some(item) = cells[0].label() else {
            let detail = "the id is empty".to_owned();
            return Err(self.error(line, 0, TableFault::Missing, detail).into());
        };
        if let Some(before) = self.lines.insert(item.clone(), line) {
            let detail = format!("`{item}` stands on line {before} already; ids must be unique");
            return Err(self.error(line, 0, TableFault::DuplicateId, detail).into());
        }
        let score = match cells[1].number(&[]) {
            Reading::Value(score) if cells[2].label().as_deref() != Some("unscored") => score,
            Reading::Value(_) | Reading::Missing(_) => {
                self.unscored += 1;
                return Ok(());
            }
            Reading::Wrong(fault, detail, _) => {
                return Err(self.error(line, 1, fault, detail).into());
            }
        };
        self.note_scale(line, &cells[3..BEFORE])?;
        let key = self.key(line, &item, cells)?;
        let shares = self.shares(line, &cells[BEFORE + PROVENANCE.len()..])?;
        self.scored.push((item, key, score, shares));
        Ok(())
    }

    fn key(&self, line: u64, item: &str, cells: &[Cell<'_>]) -> Result<JudgeKey, CalibrationError> {
        let cells = &cells[BEFORE..BEFORE + PROVENANCE.len()];
        let key = read_key(cells, |field, fault, detail| {
            self.error(line, BEFORE + field, fault, detail)
        })?;
        self.wanted.check(item, &key)?;
        Ok(key)
    }

    /// The opinion over the levels of the card, where the row has all of it.
    fn shares(&self, line: u64, cells: &[Cell<'_>]) -> Result<Option<Vec<f64>>, TableError> {
        let mut shares = Vec::with_capacity(cells.len());
        for cell in cells {
            match cell.number(&[]) {
                Reading::Value(share) => shares.push(share),
                Reading::Missing(_) | Reading::Wrong(..) => return Ok(None),
            }
        }
        if shares.is_empty() {
            return Ok(None);
        }
        let total: f64 = shares.iter().sum();
        let all = shares.iter().all(|share| (0.0..=1.0).contains(share));
        if !all || (total - 1.0).abs() > OPINION_SLACK {
            let detail = format!("the opinion sums to {total}; probabilities sum to 1");
            let at = BEFORE + PROVENANCE.len();
            return Err(self.error(line, at, TableFault::Format, detail));
        }
        Ok(Some(shares))
    }

    fn note_scale(&mut self, line: u64, cells: &[Cell<'_>]) -> Result<(), TableError> {
        let (Reading::Value(min), Reading::Value(max)) =
            (cells[0].number(&[]), cells[1].number(&[]))
        else {
            return Ok(());
        };
        let better = match cells[2].label().as_deref() {
            Some("lower") => Better::Lower,
            Some("higher") | None => Better::Higher,
            Some(other) => {
                let detail = format!("`{other}` is neither `higher` nor `lower`");
                return Err(self.error(line, 5, TableFault::Format, detail));
            }
        };
        let known = *self.ends.get_or_insert((min, max, better));
        let same = known.0.total_cmp(&min).is_eq() && known.1.total_cmp(&max).is_eq();
        if same && known.2 == better {
            return Ok(());
        }
        let detail = format!("the scale runs from {min} to {max}, before it was another");
        Err(self.error(line, 3, TableFault::Format, detail))
    }

    /// The scale that the file states, or else that of the card at hand.
    fn scale(&self) -> Result<Scale, CalibrationError> {
        match (self.ends, self.wanted.levels) {
            (Some((min, max, better)), _) => Ok(Scale::new(min, max, better)?),
            (None, Some(levels)) => Ok(levels.scale()),
            (None, None) => Err(TableError::new(
                self.table.path(),
                TableFault::NoColumn,
                "no column holds the judge's scale",
                "add columns `scale.min`, `scale.max` and `scale.better`",
            )
            .into()),
        }
    }
}

impl JudgeName<'_> {
    /// Refuses a row that another judge gave.
    ///
    /// # Errors
    /// [`CalibrationError::AnotherJudge`].
    pub(super) fn check(&self, item: &str, key: &JudgeKey) -> Result<(), CalibrationError> {
        let card = self.card.map(|card| card.to_string());
        let asked = [
            ("judge", Some(self.judge.to_owned()), &key.judge),
            ("backend", self.backend.map(str::to_owned), &key.backend),
            ("card", card, &key.card.to_string()),
        ];
        for (field, wanted, found) in asked {
            if let Some(wanted) = wanted.filter(|wanted| wanted != found) {
                return Err(CalibrationError::AnotherJudge {
                    item: item.to_owned(),
                    field,
                    found: found.clone(),
                    wanted,
                });
            }
        }
        Ok(())
    }
}

/// The columns of a judge's key, in the order in which [`read_key`] takes their cells; `command` prints such a file.
pub(super) fn provenance_columns(table: &Table, command: &str) -> Result<Vec<String>, TableError> {
    let column = |field: &&str| {
        let inner = format!("provenance.{field}");
        let found = [inner, (*field).to_owned()]
            .into_iter()
            .find(|name| table.has(name));
        found.ok_or_else(|| no_provenance(table, field, command))
    };
    PROVENANCE.iter().map(column).collect()
}

/// The key that the cells of [`provenance_columns`] hold; `error` places a fault of one of them.
pub(super) fn read_key(
    cells: &[Cell<'_>],
    error: impl Fn(usize, TableFault, String) -> TableError,
) -> Result<JudgeKey, TableError> {
    let text = |field: usize| {
        cells[field].label().ok_or_else(|| {
            let detail = "a judged row needs it: a map is keyed by it".to_owned();
            error(field, TableFault::Missing, detail)
        })
    };
    let wrong = |field: usize, detail: String| error(field, TableFault::Format, detail);
    let (card, readout) = (text(2)?, text(5)?);
    Ok(JudgeKey {
        judge: text(0)?,
        version: text(1)?,
        card: Digest::parse(&card)
            .ok_or_else(|| wrong(2, format!("`{card}` is no digest such as `blake3:...`")))?,
        backend: text(3)?,
        model_revision: text(4)?,
        readout: Readout::from_name(&readout)
            .ok_or_else(|| wrong(5, format!("`{readout}` is no known readout")))?,
        preprocessing: text(6)?,
        temperature: match cells[7].number(&[]) {
            Reading::Value(temperature) if temperature > 0.0 => Some(temperature),
            Reading::Missing(_) => None,
            Reading::Value(_) | Reading::Wrong(..) => {
                let detail = "a temperature is a number above 0, and missing for a judge that gives a number";
                return Err(wrong(7, detail.to_owned()));
            }
        },
    })
}

fn no_provenance(table: &Table, field: &str, command: &str) -> TableError {
    TableError::new(
        table.path(),
        TableFault::NoColumn,
        format!("no column `{field}` or `provenance.{field}`: a map is keyed by it"),
        format!(
            "calibrate from the lines of `opine {command} --json`, or add the columns {}",
            PROVENANCE.join(", ")
        ),
    )
}
