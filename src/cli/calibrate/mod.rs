//! `opine calibrate`: what a judge's scores are worth on a human scale, and within which margin its comparisons are ties.

mod scores;
mod ties;

use clap::{Args, Subcommand};

use super::{CliError, Ending};

/// Each paragraph on one line: it is wrapped to the terminal.
const AFTER_HELP: &str = "\
Scores come from --judged, a file that `opine score --json` wrote (or a table with its columns: id, score, judge, version, card, backend, model_revision, readout, preprocessing, temperature), or from --images, where the judge is asked now. The map holds for exactly that judge, and is refused for any other.

No map is fitted where the scores are not shown to move with the labels: the exit code is then 1, and the message says how many labels would show it.

Example: opine calibrate --judge technical-quality --images photos --labels ratings.csv --scale 1..5 --map isotonic";

/// Arguments of `opine calibrate`.
#[derive(Debug, Args)]
#[command(
    after_help = AFTER_HELP,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(super) struct CalibrateArguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    scores: Option<scores::ScoreMapArguments>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Fit the margin within which a judge's comparisons are ties, on pairs that people judged
    Ties(Box<ties::TiesArguments>),
}

pub(super) fn run(arguments: &CalibrateArguments) -> Result<Ending, CliError> {
    match (&arguments.what, &arguments.scores) {
        (Some(What::Ties(ties)), _) => ties::run(ties),
        (None, Some(scores)) => scores::run(scores),
        (None, None) => Err(CliError::Reply(
            "nothing to calibrate; see `opine calibrate --help`".to_owned(),
        )),
    }
}

/// A name that may stand in the name of a file.
fn plain(name: &str) -> String {
    let kept = |sign: char| sign.is_ascii_alphanumeric() || "._-".contains(sign);
    name.chars()
        .map(|sign| if kept(sign) { sign } else { '-' })
        .collect()
}
