//! `opine gate drift`: has the judge, or what it judges, moved?

use std::path::PathBuf;

use clap::Args;

use crate::cli::{CliError, Ending, output};
use crate::gate::drift::{DriftSettings, drift};
use crate::gate::{RowColumns, read_rows};

const AFTER_HELP: &str = "\
Both files are tables with `id` and `score`, such as the labels that a gate was fitted on and the scores of this week. Items that both hold are canaries: the same judge gives them the same score.

Exit codes: 0 nothing moved, 1 something moved, 2 could not be done.

Example: opine gate drift --reference labels.csv --current this-week.csv";

/// Arguments of `opine gate drift`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct DriftArguments {
    /// Scores that the gate was fitted on
    #[arg(long, value_name = "FILE")]
    reference: PathBuf,
    /// Scores of now
    #[arg(long, value_name = "FILE")]
    current: PathBuf,
    /// Id column
    #[arg(long, value_name = "COLUMN", default_value = "id")]
    on: String,
    /// Column of scores
    #[arg(long, value_name = "COLUMN", default_value = "score")]
    score_column: String,
    /// Population stability index from which on scores have moved
    #[arg(long, value_name = "INDEX", default_value_t = 0.25)]
    stability: f64,
    /// Level of the tests, shared among them
    #[arg(long, value_name = "SHARE", default_value_t = 0.01)]
    level: f64,
    /// By how much the score of an item in both files may differ
    #[arg(long, value_name = "D", default_value_t = 1e-6)]
    canary: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &DriftArguments) -> Result<Ending, CliError> {
    let columns = RowColumns {
        // One file is one group: its ids are unique.
        group: &arguments.on,
        id: Some(&arguments.on),
        system: None,
        score: &arguments.score_column,
        human: None,
    };
    let reference = read_rows(&arguments.reference, columns)?;
    let current = read_rows(&arguments.current, columns)?;
    let settings = DriftSettings {
        stability: arguments.stability,
        level: arguments.level,
        canary: arguments.canary,
    };
    let report = drift(&reference, &current, &settings)?;
    if arguments.json {
        output::json_document(&report)?;
    } else {
        for check in &report.checks {
            let verdict = if check.moved { "moved" } else { "stable" };
            let limit = match (check.p_value, check.limit) {
                (Some(p_value), _) => format!("p = {p_value:.4}"),
                (None, Some(limit)) => format!("limit {limit}"),
                (None, None) => String::new(),
            };
            output::line(format_args!(
                "{verdict:<6}  {:<18}  {:.4}  {limit}  (n = {})  {}",
                check.name, check.value, check.n, check.detail
            ))?;
        }
    }
    Ok(if report.moved {
        Ending::Incomplete
    } else {
        Ending::Done
    })
}
