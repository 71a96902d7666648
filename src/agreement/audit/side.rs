//! One file of an audit, held as columns of numbers: no id is kept as text, so that memory is a few bytes a row.

use std::collections::BTreeMap;

use super::columns::Role;
use super::duplicates;
use super::names::Names;
use super::options::{Better, Duplicates, Matching};
use super::word;
use crate::digest::Digest;
use crate::table::{Cell, Reading, Table, TableError, TableFault};

/// Most groups that a report shows; a column with more is no grouping.
const MOST_GROUPS: usize = 2_000;

/// An id, as 128 bits of its digest: ten million of them collide with a probability of 1e-25.
pub(super) type Key = [u8; 16];

/// Rows of one file.
#[derive(Debug)]
pub(super) struct Side {
    /// The file.
    pub(super) table: Table,
    /// Columns taken, with what they were taken for.
    pub(super) taken: Vec<(&'static str, String)>,
    /// Digest of the file.
    pub(super) digest: Digest,
    /// Ids and rows, in order of id.
    pub(super) keys: Vec<(Key, u32)>,
    /// Value of each row; unused where there is none.
    pub(super) values: Vec<f64>,
    /// 0 where the row has a value, else one more than the place of its reason in `reasons`.
    pub(super) state: Vec<u16>,
    /// Why rows have no value, and the line of the first such row.
    pub(super) reasons: Vec<(String, u64)>,
    /// Whether each row showed its pair in swapped order; empty without such a column.
    pub(super) swapped: Vec<bool>,
    /// Further columns of numbers, by role.
    pub(super) numbers: BTreeMap<&'static str, Vec<Option<f64>>>,
    /// Columns of names, by role.
    pub(super) names: BTreeMap<&'static str, Names>,
    /// Columns of single raters.
    pub(super) raters: Vec<Vec<Option<f64>>>,
    /// Rows left out because their id came before or after.
    pub(super) duplicates: usize,
    /// Name of the judge, where every row gives the same one.
    pub(super) judge: Option<String>,
    /// The worse end of the judge's scale, where the rows hold it.
    pub(super) worst: Option<f64>,
    /// Whether the rows say that lower is better on the judge's scale.
    pub(super) lower_is_better: bool,
    /// Whether values are words such as `A`, `B` and `tie`.
    pub(super) words: bool,
}

impl Side {
    /// The value of a row; nothing where it has none.
    pub(super) fn value(&self, row: u32) -> Option<f64> {
        (self.state[row as usize] == 0).then(|| self.values[row as usize])
    }

    /// Whether a row showed its pair in swapped order.
    pub(super) fn is_swapped(&self, row: u32) -> bool {
        self.swapped.get(row as usize).copied().unwrap_or(false)
    }

    /// Gives back what growing columns had taken in advance.
    fn shrink(&mut self) {
        self.keys.shrink_to_fit();
        self.values.shrink_to_fit();
        self.state.shrink_to_fit();
        self.swapped.shrink_to_fit();
        self.numbers.values_mut().for_each(Vec::shrink_to_fit);
        self.raters.iter_mut().for_each(Vec::shrink_to_fit);
    }
}

/// What is read from a file.
pub(super) struct Plan<'a> {
    pub(super) id: String,
    pub(super) value: Option<String>,
    pub(super) raters: Vec<String>,
    pub(super) numbers: Vec<(&'static str, String)>,
    pub(super) names: Vec<(&'static str, String)>,
    pub(super) swapped: Option<String>,
    pub(super) status: bool,
    pub(super) better: Better,
    pub(super) matching: Matching,
    pub(super) duplicates: Duplicates,
    pub(super) missing_text: &'a [String],
}

/// Columns of `opine score --json` beside the score.
const STATUS: [&str; 6] = [
    "status",
    "reason",
    "judge",
    "scale.min",
    "scale.max",
    "scale.better",
];

struct Reader<'a> {
    plan: &'a Plan<'a>,
    side: Side,
    lines: Vec<u32>,
    several_judges: bool,
}

/// Reads a file once, in one pass, and checks that its ids are unique.
pub(super) fn read(table: Table, plan: &Plan<'_>) -> Result<Side, TableError> {
    let mut wanted: Vec<&str> = vec![&plan.id];
    wanted.extend(plan.value.as_deref());
    wanted.extend(plan.raters.iter().map(String::as_str));
    wanted.extend(
        plan.numbers
            .iter()
            .chain(&plan.names)
            .map(|(_, column)| column.as_str()),
    );
    wanted.extend(plan.swapped.as_deref());
    let data = wanted.len();
    if plan.status {
        wanted.extend(STATUS);
    }
    let mut reader = Reader::new(table, plan)?;
    let table = reader.side.table.clone();
    table.rows(&wanted, |line, cells| {
        reader.take(line, &cells[..data], &cells[data..])
    })?;
    reader.finish()
}

impl<'a> Reader<'a> {
    fn new(table: Table, plan: &'a Plan<'a>) -> Result<Self, TableError> {
        let unreadable = |error: std::io::Error| {
            TableError::new(
                table.path(),
                TableFault::Unreadable,
                format!("cannot be read: {error}"),
                "",
            )
        };
        let digest = Digest::of_reader(table.bytes()?).map_err(unreadable)?;
        let mut taken = vec![("id", plan.id.clone())];
        taken.extend(plan.value.iter().map(|column| ("value", column.clone())));
        taken.extend(plan.raters.iter().map(|column| ("rater", column.clone())));
        taken.extend(plan.numbers.iter().chain(&plan.names).cloned());
        taken.extend(
            plan.swapped
                .iter()
                .map(|column| ("swapped", column.clone())),
        );
        let side = Side {
            table,
            taken,
            digest,
            keys: Vec::new(),
            values: Vec::new(),
            state: Vec::new(),
            reasons: Vec::new(),
            swapped: Vec::new(),
            numbers: plan
                .numbers
                .iter()
                .map(|(role, _)| (*role, Vec::new()))
                .collect(),
            names: plan
                .names
                .iter()
                .map(|(role, _)| (*role, Names::default()))
                .collect(),
            raters: vec![Vec::new(); plan.raters.len()],
            duplicates: 0,
            judge: None,
            worst: None,
            lower_is_better: false,
            words: false,
        };
        Ok(Reader {
            plan,
            side,
            lines: Vec::new(),
            several_judges: false,
        })
    }

    fn error(
        &self,
        line: u64,
        column: &str,
        fault: TableFault,
        detail: String,
        remedy: &str,
    ) -> TableError {
        TableError::new(self.side.table.path(), fault, detail, remedy)
            .at(line)
            .column(column)
    }

    fn take(
        &mut self,
        line: u64,
        cells: &[Cell<'_>],
        status: &[Cell<'_>],
    ) -> Result<(), TableError> {
        let plan = self.plan;
        let row = u32::try_from(self.lines.len()).map_err(|_| {
            let remedy = "split the file";
            self.error(
                line,
                &plan.id,
                TableFault::Format,
                "more than 4,294,967,295 rows".to_owned(),
                remedy,
            )
        })?;
        let Some(id) = cells[0].label() else {
            let remedy = "give every row an id, or remove the row";
            return Err(self.error(
                line,
                &plan.id,
                TableFault::Missing,
                "the id is empty".to_owned(),
                remedy,
            ));
        };
        if cells[0].is_rounded() {
            let detail = format!("the id {id} is a number of more digits than are kept");
            let remedy = "write ids of so many digits in quotes";
            return Err(self.error(line, &plan.id, TableFault::Format, detail, remedy));
        }
        self.side.keys.push((key(plan.matching.part_of(&id)), row));
        self.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
        let mut cells = cells[1..].iter();
        let mut value = None;
        // A side without a value column has no cell for it: what follows must not move up.
        if let Some(column) = &plan.value {
            let cell = cells.next().copied().unwrap_or(Cell::Absent);
            value = Some(self.value(line, column, &cell)?);
        }
        for (at, column) in plan.raters.iter().enumerate() {
            let cell = cells.next().copied().unwrap_or(Cell::Absent);
            let rating = self.optional_number(line, column, &cell)?;
            self.side.raters[at].push(rating);
        }
        for (role, column) in &plan.numbers {
            let cell = cells.next().copied().unwrap_or(Cell::Absent);
            let number = self.optional_number(line, column, &cell)?;
            self.side.numbers.entry(role).or_default().push(number);
        }
        for (role, column) in &plan.names {
            let name = cells.next().and_then(Cell::label);
            let names = self.side.names.entry(role).or_default();
            names.push(name);
            if *role != "cluster" && names.names.len() > MOST_GROUPS {
                let detail = format!("more than {MOST_GROUPS} different names of a {role}");
                let remedy =
                    "name a column with fewer; items that belong together are for `--cluster`";
                return Err(self.error(line, column, TableFault::Format, detail, remedy));
            }
        }
        if let Some(column) = &plan.swapped {
            let swapped = cells.next().and_then(Cell::truth).ok_or_else(|| {
                let remedy = "write true or false";
                self.error(
                    line,
                    column,
                    TableFault::NotANumber,
                    "neither true nor false".to_owned(),
                    remedy,
                )
            })?;
            self.side.swapped.push(swapped);
        }
        self.settle(line, value, status);
        Ok(())
    }

    /// Stores the value, or why there is none.
    fn settle(&mut self, line: u64, value: Option<Reading>, status: &[Cell<'_>]) {
        let text = |at: usize| status.get(at).and_then(Cell::label);
        let refused = text(0).is_some_and(|status| status == "unscored");
        let reason = text(1).unwrap_or_else(|| "unscored".to_owned());
        let found = match value {
            Some(Reading::Value(_)) if refused => Err(reason),
            Some(Reading::Value(value)) => Ok(self.plan.better.upward(value)),
            Some(Reading::Missing(_) | Reading::Wrong(..)) if refused => Err(reason),
            Some(Reading::Missing(spelling) | Reading::Wrong(_, spelling, _)) => {
                Err(text(1).unwrap_or_else(|| format!("missing ({spelling})")))
            }
            None => self.mean_of_raters(),
        };
        self.note_judge(text(2));
        self.note_scale(status);
        match found {
            Ok(value) => {
                self.side.values.push(value + 0.0);
                self.side.state.push(0);
            }
            Err(reason) => {
                let known = self
                    .side
                    .reasons
                    .iter()
                    .position(|(known, _)| *known == reason);
                let place = known.unwrap_or_else(|| {
                    // So many spellings are no reasons; the last one stands for the rest.
                    if self.side.reasons.len() < usize::from(u16::MAX) - 1 {
                        self.side.reasons.push((reason, line));
                    }
                    self.side.reasons.len() - 1
                });
                self.side.values.push(0.0);
                self.side
                    .state
                    .push(u16::try_from(place + 1).unwrap_or(u16::MAX));
            }
        }
    }

    fn mean_of_raters(&self) -> Result<f64, String> {
        let ratings: Vec<f64> = self
            .side
            .raters
            .iter()
            .filter_map(|rater| rater.last().copied().flatten())
            .collect();
        if ratings.is_empty() {
            return Err("missing (no rater)".to_owned());
        }
        Ok(self
            .plan
            .better
            .upward(ratings.iter().sum::<f64>() / ratings.len() as f64))
    }

    fn note_judge(&mut self, judge: Option<String>) {
        match (&self.side.judge, judge) {
            (None, Some(judge)) if !self.several_judges => self.side.judge = Some(judge),
            (Some(known), Some(judge)) if *known != judge => {
                self.several_judges = true;
                self.side.judge = None;
            }
            _ => {}
        }
    }

    fn note_scale(&mut self, status: &[Cell<'_>]) {
        let (Some(low), Some(high), Some(better)) = (status.get(3), status.get(4), status.get(5))
        else {
            return;
        };
        let lower = better.label().is_some_and(|better| better == "lower");
        self.side.lower_is_better |= lower;
        if let Reading::Value(worst) = (if lower { high } else { low }).number(&[]) {
            self.side.worst = Some(self.plan.better.upward(worst));
        }
    }

    fn value(&mut self, line: u64, column: &str, cell: &Cell<'_>) -> Result<Reading, TableError> {
        match cell.number(self.plan.missing_text) {
            Reading::Wrong(fault, detail, remedy) => {
                // Words count as values from the first one on; a word among numbers is a mistake.
                if let Some(value) = cell.label().as_deref().and_then(word::value)
                    && (self.side.words || self.side.state.iter().all(|state| *state != 0))
                {
                    self.side.words = true;
                    return Ok(Reading::Value(value));
                }
                Err(self.error(line, column, fault, detail, remedy))
            }
            reading @ (Reading::Value(_) | Reading::Missing(_)) => Ok(reading),
        }
    }

    fn optional_number(
        &self,
        line: u64,
        column: &str,
        cell: &Cell<'_>,
    ) -> Result<Option<f64>, TableError> {
        match cell.number(self.plan.missing_text) {
            Reading::Value(value) => Ok(Some(value)),
            Reading::Missing(_) => Ok(None),
            Reading::Wrong(fault, detail, remedy) => {
                if let Some(value) = cell.label().as_deref().and_then(word::place) {
                    return Ok(Some(value));
                }
                Err(self.error(line, column, fault, detail, remedy))
            }
        }
    }

    fn finish(mut self) -> Result<Side, TableError> {
        if self.lines.is_empty() {
            return Err(TableError::new(
                self.side.table.path(),
                TableFault::Empty,
                "there is a header and no row",
                "give at least three rows",
            ));
        }
        self.side.keys.sort_unstable();
        duplicates::settle(&mut self.side, self.plan, &self.lines)?;
        self.side.shrink();
        Ok(self.side)
    }
}

/// The ids of a few rows, read again from the file.
pub(super) fn ids_of_rows(
    table: &Table,
    column: &str,
    rows: &[u32],
) -> Result<Vec<String>, TableError> {
    let mut found: BTreeMap<u32, String> = BTreeMap::new();
    let wanted: std::collections::BTreeSet<u32> = rows.iter().copied().collect();
    let mut row = 0;
    table.rows(&[column], |_, cells| {
        if wanted.contains(&row) {
            found.insert(row, cells[0].label().unwrap_or_default());
        }
        row += 1;
        Ok(())
    })?;
    Ok(rows
        .iter()
        .map(|row| found.get(row).cloned().unwrap_or_default())
        .collect())
}

fn key(id: &str) -> Key {
    let digest = Digest::of(id.as_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&digest.as_bytes()[..16]);
    key
}

/// The optional column of a role, with the name of the role.
pub(super) fn with_role(
    role: &Role,
    label: &'static str,
    table: &Table,
    name: Option<&str>,
) -> Result<Option<(&'static str, String)>, TableError> {
    Ok(role.optional(table, name)?.map(|column| (label, column)))
}
