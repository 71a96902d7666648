//! What people said, from a table: numbers on a scale, or names of levels.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::columns::{DEVIATION, HUMAN, ID, IMAGE, RATINGS};
use super::items::place;
use super::{CalibrationError, MapKind};
use crate::digest::Digest;
use crate::judging::{Better, HumanLabel, HumanLabels, LevelSet, Scale};
use crate::table::{Cell, Reading, Table, TableError, TableFault, TablePlace};

/// How a file of labels is read.
#[derive(Debug, Clone)]
pub struct LabelOptions<'a> {
    /// Id column; found by its usual names without.
    pub id: Option<&'a str>,
    /// Label column; found by its usual names without.
    pub human: Option<&'a str>,
    /// Column of what must not be split, such as the photograph behind several versions.
    pub group: Option<&'a str>,
    /// Ends of the human scale, where the caller knows them.
    pub range: Option<(f64, f64)>,
    /// Which labels are better.
    pub better: Better,
    /// Names of the labels' levels, lowest first; evenly spaced over the range, or 1 to their number.
    pub levels: &'a [String],
    /// The map that will be fitted.
    pub kind: MapKind,
    /// Levels of the judge, whose names labels may use.
    pub judge_levels: Option<&'a LevelSet>,
}

/// Labels with their scale, and what else their file says of the items.
#[derive(Debug, Clone)]
pub struct Labels {
    /// The labels; their scale is known.
    pub people: HumanLabels,
    /// The scale.
    pub scale: Scale,
    /// The file.
    pub file: PathBuf,
    /// Digest of the file.
    pub digest: Digest,
    /// Rows without a label.
    pub unlabelled: usize,
    /// Worths of the levels that labels name, rising; none where labels are numbers.
    pub(super) level_worths: Option<Vec<f64>>,
    pub(super) groups: Option<BTreeMap<String, String>>,
    images: BTreeMap<String, String>,
}

impl Labels {
    /// Items and their image files as the labels name them: the column of images, or else the id.
    pub fn images(&self) -> impl Iterator<Item = (&str, &str)> {
        self.people.iter().map(|(item, _)| {
            let image = self.images.get(item).map_or(item, String::as_str);
            (item, image)
        })
    }
}

struct Row {
    line: u64,
    item: String,
    label: Label,
    deviation: Option<f64>,
    ratings: Option<u32>,
}

enum Label {
    Number(f64),
    Word(String),
}

/// Reads a file of labels once: CSV, TSV, JSON or JSON Lines.
///
/// # Errors
/// [`CalibrationError::Table`] with line and column; [`CalibrationError::OutOfScale`];
/// [`CalibrationError::NoScale`] where the scale is neither given, nor in columns `scale.min` and `scale.max`,
/// nor clear from the labels (0 and 1 alone; levels).
pub fn read_labels(
    place: impl Into<TablePlace>,
    options: &LabelOptions<'_>,
) -> Result<Labels, CalibrationError> {
    let table = Table::open(place, None)?;
    let path = table.path();
    let mut reader = Reader::new(&table, options)?;
    let wanted = reader.wanted();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    table.rows(&wanted, |line, cells| reader.take(line, cells))?;
    let (worths, range) = reader.scale(options)?;
    let scale = Scale::new(range.0, range.1, options.better)?;
    let mut people = Vec::with_capacity(reader.rows.len());
    for row in &reader.rows {
        let mean = match &row.label {
            Label::Number(value) => *value,
            Label::Word(word) => reader.worth(row.line, word, &worths)?,
        };
        if !(scale.min()..=scale.max()).contains(&mean) {
            return Err(CalibrationError::OutOfScale {
                file: path.to_owned(),
                line: row.line,
                item: row.item.clone(),
                value: mean,
                min: scale.min(),
                max: scale.max(),
            });
        }
        let label = HumanLabel {
            mean,
            deviation: row.deviation,
            ratings: row.ratings,
        };
        people.push((row.item.clone(), label));
    }
    let mut level_worths: Vec<f64> = worths.into_iter().map(|(_, worth)| worth).collect();
    level_worths.sort_by(f64::total_cmp);
    let source = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Labels {
        people: HumanLabels::new(people, Some(scale), source)?,
        scale,
        file: path.to_owned(),
        digest: digest(&table)?,
        unlabelled: reader.unlabelled,
        level_worths: (!level_worths.is_empty()).then_some(level_worths),
        groups: options.group.is_some().then_some(reader.groups),
        images: reader.images,
    })
}

/// Digest of the bytes of a table.
pub(super) fn digest(table: &Table) -> Result<Digest, TableError> {
    Digest::of_reader(table.bytes()?).map_err(|error| {
        let detail = format!("cannot be read: {error}");
        TableError::new(table.path(), TableFault::Unreadable, detail, "")
    })
}

/// Columns, in the order in which their cells are asked for; all but the first two may be absent.
struct Reader<'a> {
    table: &'a Table,
    id: String,
    human: String,
    group: Option<String>,
    optional: [Option<String>; 5],
    rows: Vec<Row>,
    lines: BTreeMap<String, u64>,
    groups: BTreeMap<String, String>,
    images: BTreeMap<String, String>,
    unlabelled: usize,
    /// The range that the rows state, and the line of the first that does.
    stated: Option<(f64, f64)>,
}

impl<'a> Reader<'a> {
    fn new(table: &'a Table, options: &LabelOptions<'_>) -> Result<Self, TableError> {
        let id = ID.find(table, options.id)?;
        let human = HUMAN.find(table, options.human)?;
        let group = options.group.map(str::to_owned);
        if let Some(group) = group.as_ref().filter(|group| !table.has(group)) {
            return Err(TableError::new(
                table.path(),
                TableFault::NoColumn,
                format!("no column is called `{group}`, by which the labels should be split"),
                "name a column of the labels in `--split column=NAME`",
            ));
        }
        let other = |name: &String| *name != id && *name != human;
        let end = |names: [&'static str; 2]| names.into_iter().find(move |name| table.has(name));
        let optional = [
            DEVIATION.optional(table).filter(other),
            RATINGS.optional(table).filter(other),
            IMAGE.optional(table).filter(|name| *name != human),
            end(["scale.min", "scale_min"]).map(str::to_owned),
            end(["scale.max", "scale_max"]).map(str::to_owned),
        ];
        Ok(Reader {
            table,
            id,
            human,
            group,
            optional,
            rows: Vec::new(),
            lines: BTreeMap::new(),
            groups: BTreeMap::new(),
            images: BTreeMap::new(),
            unlabelled: 0,
            stated: None,
        })
    }

    fn wanted(&self) -> Vec<String> {
        // A column that is not there gives absent cells under a name that no column has.
        let name = |column: &Option<String>| column.clone().unwrap_or_default();
        let mut wanted = vec![self.id.clone(), self.human.clone(), name(&self.group)];
        wanted.extend(self.optional.iter().map(name));
        wanted
    }

    fn error(&self, line: u64, column: &str, fault: TableFault, detail: String) -> TableError {
        TableError::new(self.table.path(), fault, detail, "")
            .at(line)
            .column(column)
    }

    fn take(&mut self, line: u64, cells: &[Cell<'_>]) -> Result<(), TableError> {
        let [id, human, group, deviation, ratings, image, low, high] = cells else {
            unreachable!("as many cells as columns were asked for")
        };
        let missing = |reader: &Self, column: &str, what| {
            reader.error(line, column, TableFault::Missing, what)
        };
        let Some(item) = id.label() else {
            return Err(missing(self, &self.id, "the id is empty".to_owned()));
        };
        if let Some(before) = self.lines.insert(item.clone(), line) {
            let detail =
                format!("`{item}` is labelled on line {before} already; ids must be unique");
            return Err(self.error(line, &self.id, TableFault::DuplicateId, detail));
        }
        let label = match human.number(&[]) {
            Reading::Value(value) => Label::Number(value),
            Reading::Missing(_) => {
                self.unlabelled += 1;
                return Ok(());
            }
            Reading::Wrong(TableFault::NotANumber, ..) => {
                Label::Word(human.label().unwrap_or_default())
            }
            Reading::Wrong(fault, detail, _) => {
                return Err(self.error(line, &self.human, fault, detail));
            }
        };
        if let Some(column) = &self.group {
            let Some(group) = group.label() else {
                let detail = format!("`{item}` belongs to no group");
                return Err(missing(self, column, detail));
            };
            self.groups.insert(item.clone(), group);
        }
        if let Some(image) = image.label() {
            self.images.insert(item.clone(), image);
        }
        let number = |cell: &Cell<'_>| match cell.number(&[]) {
            Reading::Value(value) => Some(value),
            Reading::Missing(_) | Reading::Wrong(..) => None,
        };
        if let (Some(low), Some(high)) = (number(low), number(high)) {
            self.stated(line, (low, high))?;
        }
        let ratings = match ratings {
            Cell::Whole(n) => u32::try_from(*n).ok(),
            Cell::Text(text) => text.trim().parse().ok(),
            Cell::Absent | Cell::Number(_) | Cell::Truth(_) | Cell::List => None,
        };
        self.rows.push(Row {
            line,
            item,
            label,
            deviation: number(deviation),
            ratings,
        });
        Ok(())
    }

    fn stated(&mut self, line: u64, range: (f64, f64)) -> Result<(), TableError> {
        let known = *self.stated.get_or_insert(range);
        let same = known.0.total_cmp(&range.0).is_eq() && known.1.total_cmp(&range.1).is_eq();
        if same {
            return Ok(());
        }
        let detail = format!(
            "the scale runs from {} to {} here, from {} to {} before: labels stand on one scale",
            range.0, range.1, known.0, known.1
        );
        Err(self.error(line, "scale.min", TableFault::Format, detail))
    }

    /// Named levels with their worths, and the two ends of the scale.
    fn scale(&self, options: &LabelOptions<'_>) -> Result<NamedLevels, CalibrationError> {
        let range = options.range.or(self.stated);
        let words = (self.rows.iter()).any(|row| matches!(row.label, Label::Word(_)));
        if words || !options.levels.is_empty() {
            return named_levels(options, range).map_err(CalibrationError::from);
        }
        let numbers = self.rows.iter().filter_map(|row| match row.label {
            Label::Number(value) => Some(value),
            Label::Word(_) => None,
        });
        let (low, high) = numbers
            .clone()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if self.rows.is_empty() {
            let detail = "no row has a label";
            return Err(TableError::new(self.table.path(), TableFault::Empty, detail, "").into());
        }
        match range {
            Some(range) => Ok((Vec::new(), range)),
            None if numbers.clone().all(is_event) => Ok((Vec::new(), (0.0, 1.0))),
            None if options.kind == MapKind::Ordinal && low < high => Ok((Vec::new(), (low, high))),
            None => Err(CalibrationError::NoScale { low, high }),
        }
    }

    fn worth(&self, line: u64, word: &str, levels: &[(String, f64)]) -> Result<f64, TableError> {
        let same = |level: &&(String, f64)| level.0.eq_ignore_ascii_case(word);
        if let Some((_, worth)) = levels.iter().find(same) {
            return Ok(*worth);
        }
        let names: Vec<&str> = levels.iter().map(|(name, _)| name.as_str()).collect();
        let (detail, remedy) = if names.is_empty() {
            (
                format!("`{word}` is not a number"),
                "for labels that name levels pass `--levels LOWEST,...,HIGHEST`".to_owned(),
            )
        } else {
            (
                format!(
                    "`{word}` is neither a number nor one of the levels {}",
                    names.join(", ")
                ),
                "for labels that name others pass `--levels LOWEST,...,HIGHEST`".to_owned(),
            )
        };
        let fault = TableFault::NotANumber;
        Err(TableError::new(self.table.path(), fault, detail, remedy)
            .at(line)
            .column(&self.human))
    }
}

/// Whether a number is 0 or 1.
pub(super) fn is_event(value: f64) -> bool {
    (0.0..=1.0).contains(&value) && value.fract().abs() < f64::EPSILON
}

/// Named levels with their worths, and the two ends of the scale.
type NamedLevels = (Vec<(String, f64)>, (f64, f64));

fn named_levels(
    options: &LabelOptions<'_>,
    range: Option<(f64, f64)>,
) -> Result<NamedLevels, crate::judging::WordError> {
    if let [_, _, ..] = options.levels {
        let last = (options.levels.len() - 1) as f64;
        let range = range.unwrap_or((1.0, last + 1.0));
        let worth = |at: usize| range.0 + at as f64 / last * (range.1 - range.0);
        let levels = options.levels.iter().enumerate();
        return Ok((
            levels.map(|(at, name)| (name.clone(), worth(at))).collect(),
            range,
        ));
    }
    let Some(levels) = options.judge_levels else {
        return Ok((Vec::new(), range.unwrap_or((0.0, 1.0))));
    };
    let own = levels.scale();
    let range = range.unwrap_or((own.min(), own.max()));
    let human = Scale::new(range.0, range.1, options.better)?;
    let names = levels.options().names().zip(levels.worths());
    Ok((
        names
            .map(|(name, worth)| (name.to_owned(), place(*worth, own, human)))
            .collect(),
        range,
    ))
}
