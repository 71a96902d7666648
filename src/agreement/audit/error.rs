//! Why an audit could not be done.

use std::path::PathBuf;

use crate::stats::StatsError;
use crate::table::TableError;

/// Why an audit could not be done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AuditError {
    /// A file is wrong.
    #[error(transparent)]
    Table(Box<TableError>),
    /// Not one id is in both files.
    #[error(transparent)]
    NothingInCommon(#[from] Box<NothingInCommon>),
    /// No item has both values.
    #[error("{}, column `{column}`: {detail}; {remedy}", file.display())]
    NothingScored {
        /// The file without values.
        file: PathBuf,
        /// Its value column.
        column: String,
        /// What stands there instead.
        detail: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Something is missing where nothing may be.
    #[error(
        "{n} of {of} items have no judged value ({reasons}), and `--missing refuse` allows none; score them, or name another policy"
    )]
    Refused {
        /// How many.
        n: usize,
        /// Of how many.
        of: usize,
        /// Why.
        reasons: String,
    },
    /// No coefficient exists for these values.
    #[error("{}, column `{column}`: {error}; {remedy}", file.display())]
    Undefined {
        /// The file to blame.
        file: PathBuf,
        /// Its value column.
        column: String,
        /// Why there is no coefficient.
        error: Box<StatsError>,
        /// What to do.
        remedy: &'static str,
    },
    /// A group or cluster column is in neither file.
    #[error("no column `{column}` for `{option}` in {}, nor in {}; there are {columns}", judged.display(), human.display())]
    NoColumn {
        /// The column.
        column: String,
        /// The option that named it.
        option: &'static str,
        /// The judged file.
        judged: PathBuf,
        /// The human file.
        human: PathBuf,
        /// All columns.
        columns: String,
    },
    /// A statistic failed for a reason of its own.
    #[error(transparent)]
    Statistic(#[from] StatsError),
}

/// Ids of two files that do not meet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no id of {}, column `{judged_column}` ({}) is in {}, column `{human_column}` ({}); {remedy}",
    judged.display(), quoted(judged_ids), human.display(), quoted(human_ids)
)]
pub struct NothingInCommon {
    /// The judged file.
    pub judged: PathBuf,
    /// The human file.
    pub human: PathBuf,
    /// Its id column.
    pub judged_column: String,
    /// Its id column.
    pub human_column: String,
    /// The first ids of the judged file.
    pub judged_ids: Vec<String>,
    /// The first ids of the human file.
    pub human_ids: Vec<String>,
    /// What might help.
    pub remedy: String,
}

impl From<TableError> for AuditError {
    fn from(error: TableError) -> Self {
        AuditError::Table(Box::new(error))
    }
}

fn quoted(ids: &[String]) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    format!("{}, ...", quoted.join(", "))
}
