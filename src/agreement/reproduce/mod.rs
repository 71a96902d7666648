//! Published tables, recomputed from their authors' own files: ours beside theirs, with the difference.

mod q_bench_a3;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::dataset::DatasetError;
use crate::stats::StatsError;

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
    /// The judge, as the authors name its folder.
    pub model: String,
    /// The data set, as the authors name its file.
    pub dataset: String,
    /// Number of images.
    pub n: usize,
    /// `srcc`, `plcc` or `krcc`.
    pub statistic: &'static str,
    /// Our value.
    pub value: f64,
    /// 95 % interval of our value.
    pub ci: Option<[f64; 2]>,
    /// The published value, where there is one.
    pub published: Option<f64>,
    /// Ours less theirs.
    pub delta: Option<f64>,
    /// Share of the judge's scores that repeat another: 1 - distinct / n.
    pub tie_share: f64,
    /// What another program might have done otherwise.
    pub convention: String,
    /// Whether the difference is within the table's tolerance; absent where nothing was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_tolerance: Option<bool>,
    /// What a reader should know of the published figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
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
const TABLES: [(&str, Recompute); 1] = [("q-bench-a3", q_bench_a3::recompute)];

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
