//! `opine calibrate`: what a judge's scores are worth on a human scale, and within which margin its comparisons are ties.

mod scores;
mod ties;

use clap::Args;

use super::{CliError, Ending};

/// Each paragraph on one line: it is wrapped to the terminal.
const AFTER_HELP: &str = "\
Scores come from --judged, a file that `opine score --json` wrote (or a table with its columns: id, score, judge, version, card, backend, model_revision, readout, preprocessing, temperature), or from --images, where the judge is asked now. The map holds for exactly that judge, and is refused for any other.

No map is fitted where the scores are not shown to move with the labels: the exit code is then 1, and the message says how many labels would show it.

Example: opine calibrate --judge technical-quality --images photos --labels ratings.csv --scale 1..5 --map isotonic";

/// Arguments of `opine calibrate`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct CalibrateArguments {
    #[command(flatten)]
    scores: scores::ScoreMapArguments,
}

pub(super) use ties::TiesArguments;

pub(super) fn run(arguments: &CalibrateArguments) -> Result<Ending, CliError> {
    scores::run(&arguments.scores)
}

/// Fits the margin within which a judge's comparisons are ties.
pub(super) fn run_ties(arguments: &TiesArguments) -> Result<Ending, CliError> {
    ties::run(arguments)
}
