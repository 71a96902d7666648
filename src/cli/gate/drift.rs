//! `opine gate drift`: has the judge, or what it judges, moved?

use std::path::PathBuf;

use clap::Args;

use crate::cli::{CliError, Ending, output};
use crate::gate::drift::{DriftSettings, ObservedColumns, drift, read_observations};

const AFTER_HELP: &str = "\
Both files are tables with `id` and `score`, such as the labels that a gate was fitted on and the scores of this week; or the results of `opine score --json` (with --on image), of which refusals, answers that could not be read and coverage are compared as well, and of `opine compare --json` (with --on first+second --score-column first_better) the order effect, in log-odds, and the position bias: the share of pairs whose verdict follows the place instead of the picture. Items that both hold are canaries: the same judge gives them the same score.

Scores, coverage and order effects are compared by Kolmogorov and Smirnov's test, scores by their population stability index as well, rates (of scores, refusals, unread answers and position bias) by Fisher's exact test with Newcombe's interval. The tests share --level by Holm's method: without any drift an alert is at most so likely.

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
    /// Id column, or the two of comparisons as FIRST+SECOND
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
    let columns = ObservedColumns {
        id: &arguments.on,
        score: &arguments.score_column,
    };
    let reference = read_observations(&arguments.reference, columns)?;
    let current = read_observations(&arguments.current, columns)?;
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
            let p_value = check.p_value.map(|p_value| format!("p = {p_value:.4}"));
            let limit = check.limit.map(|limit| format!("limit {limit}"));
            let ci = check
                .ci
                .map(|[low, high]| format!("({low:+.4} to {high:+.4})"));
            let known: Vec<String> = [ci, limit, p_value].into_iter().flatten().collect();
            output::line(format_args!(
                "{verdict:<6}  {:<18}  {:.4}  {}  (n = {})  {}",
                check.name,
                check.value,
                known.join(", "),
                check.n,
                check.detail
            ))?;
        }
        let moved = if report.moved {
            report.alerts.join(", ")
        } else {
            "nothing".to_owned()
        };
        output::line(format_args!(
            "moved: {moved} ({} tests share a level of {})",
            report.tests, report.level
        ))?;
    }
    Ok(if report.moved {
        Ending::Incomplete
    } else {
        Ending::Done
    })
}
