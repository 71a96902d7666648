//! Published tables, recomputed from their authors' own files: ours beside theirs, with the difference.

mod agiqa_3k;
mod alpaca_eval;
mod alt_test;
mod averaging;
mod edit_judge;
mod genai_bench;
mod imagen_hub;
mod krasula_toyama;
mod mllm_judge_table;
mod published;
mod q_bench_a3;
mod tifa;
mod viescore;

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::dataset::DatasetError;
use crate::stats::{Estimate, StatsError};

/// A recomputed table.
#[derive(Debug, Clone, Serialize)]
pub struct Reproduction {
    /// Name of the table.
    pub name: &'static str,
    /// One row for each figure.
    pub rows: Vec<Row>,
}

/// One figure: ours, theirs, and the convention that ours follows.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What the figure is of, such as `model` and `dataset`, as the authors name them.
    #[serde(flatten)]
    pub keys: Keys,
    /// Number of observations.
    pub n: usize,
    /// Name of the statistic.
    pub statistic: &'static str,
    /// Our value; `null` where the statistic does not exist, and `note` says why.
    pub value: Option<f64>,
    /// 95 % interval of our value.
    pub ci: Option<[f64; 2]>,
    /// The published value, where there is one.
    pub published: Option<f64>,
    /// Ours less theirs.
    pub delta: Option<f64>,
    /// Share of the judge's scores that repeat another: 1 - distinct / n.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tie_share: Option<f64>,
    /// What another program might have done otherwise.
    pub convention: String,
    /// Whether the difference is within the table's tolerance; absent where nothing was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_tolerance: Option<bool>,
    /// What a reader should know of the published figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a figure is of: names and values, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(pub Vec<(&'static str, String)>);

impl Keys {
    /// Keys from pairs of name and value.
    pub fn new<const N: usize>(pairs: [(&'static str, &str); N]) -> Self {
        Keys(
            pairs
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
        )
    }
}

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Row {
    /// A row with nothing published to compare with.
    pub fn new(
        keys: Keys,
        statistic: &'static str,
        n: usize,
        value: Option<f64>,
        convention: impl Into<String>,
    ) -> Self {
        Row {
            keys,
            n,
            statistic,
            value,
            ci: None,
            published: None,
            delta: None,
            tie_share: None,
            convention: convention.into(),
            within_tolerance: None,
            note: None,
        }
    }

    /// A row for a statistic that was asked for: its value and interval, or `null` and why it does not exist.
    pub fn found(
        keys: Keys,
        statistic: &'static str,
        n: usize,
        found: Result<Estimate, StatsError>,
        convention: impl Into<String>,
    ) -> Self {
        match found {
            Ok(estimate) => {
                let mut row = Row::new(keys, statistic, n, Some(estimate.value), convention);
                row.ci = estimate
                    .interval
                    .map(|interval| [interval.low, interval.high]);
                row
            }
            Err(error) => Row::new(keys, statistic, n, None, convention).noting(error.to_string()),
        }
    }

    /// The same with a note, after those it has.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        let note = note.into();
        self.note = Some(match self.note {
            Some(earlier) => format!("{earlier}; {note}"),
            None => note,
        });
        self
    }

    /// The same beside a published value and the tolerance within which both should agree.
    #[must_use]
    pub fn against(mut self, published: f64, tolerance: f64) -> Self {
        self.published = Some(published);
        self.delta = self.value.map(|value| value - published);
        self.within_tolerance = Some(self.delta.is_some_and(|delta| delta.abs() <= tolerance));
        self
    }
}

/// Why a table could not be recomputed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReproduceError {
    /// A file is wrong.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The folder holds nothing of the kind.
    #[error("`{}` holds no {expected}", folder.display())]
    Nothing {
        /// The folder.
        folder: PathBuf,
        /// What was looked for.
        expected: &'static str,
    },
    /// A statistic does not exist for a file.
    #[error("{file}: {error}")]
    Statistic {
        /// The file.
        file: String,
        /// Why it does not exist.
        error: StatsError,
    },
    /// No table of that name.
    #[error("there is no table `{wanted}`; known are {known}")]
    UnknownTable {
        /// What was asked for.
        wanted: String,
        /// All names.
        known: String,
    },
    /// A judge of the table is not known to this program.
    #[error("{0}")]
    Judge(String),
}

type Recompute = fn(&Path) -> Result<Reproduction, ReproduceError>;

/// Every table by name.
const TABLES: &[(&str, Recompute)] = &[
    ("q-bench-a3", q_bench_a3::recompute),
    ("agiqa-3k", agiqa_3k::recompute),
    ("imagenhub", imagen_hub::recompute),
    ("viescore", viescore::recompute),
    ("tifa", tifa::recompute),
    ("genai-bench", genai_bench::recompute),
    ("edit-judge", edit_judge::recompute),
    ("alt-test", alt_test::recompute),
    ("alpaca-eval", alpaca_eval::recompute),
    ("mllm-judge-table", mllm_judge_table::recompute),
    ("krasula-toyama", krasula_toyama::recompute),
];

/// Names of the tables that can be recomputed.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(name, _)| *name)
}

/// Recomputes a table from the folder of its authors' files, or from a folder that holds it under the table's name.
///
/// # Errors
/// An unknown table, or files that are missing or wrong.
pub fn recompute(name: &str, folder: &Path) -> Result<Reproduction, ReproduceError> {
    let unknown = || ReproduceError::UnknownTable {
        wanted: name.to_owned(),
        known: names()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let (_, table) = TABLES
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(unknown)?;
    let inner = folder.join(name);
    table(if inner.is_dir() { &inner } else { folder })
}

/// The first of `names` that is below `folder`.
fn located(
    folder: &Path,
    names: &[&str],
    expected: &'static str,
) -> Result<PathBuf, ReproduceError> {
    names
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| ReproduceError::Nothing {
            folder: folder.to_owned(),
            expected,
        })
}
