//! `opine best-of`: which candidate to keep, and what picking by a judge is worth.

mod images;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::files::named_text;
use super::{CliError, Common, Ending, output};
use crate::gate::{Picked, RowColumns, Uplift, pick, read_rows, uplift};
use crate::stats::resample::Plan;

const AFTER_HELP: &str = "\
Image files are scored, compared in all pairs (--by pairs), or scored and the best of them compared (--by both); broken images and near duplicates are named, and nobody is asked about them. With --calibration the answer says what the judge's map expects of the pick.

With --from, scores that exist already are read instead. The table has one row for each candidate: the prompt that it was made for, its id, and the judge's score. Where people rated the candidates too, --human names their column, and the command says which share of the attainable uplift the judge's picks attain, with an interval over prompts.

Candidates without a score are never picked. A prompt of which no candidate is scored has no pick, and the exit code is then 1.

Examples:
  opine best-of fox-1.png fox-2.png fox-3.png --judge vqascore@llava --text prompt='a red fox'
  opine best-of fox-*.png --by both --judge technical-quality --pair-judge two-afc@llava
  opine best-of --from scores.csv --group prompt --human rating";

/// Arguments of `opine best-of`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct BestOfArguments {
    /// Candidates for one place: image files, folders, or lists of files (.txt)
    #[arg(value_name = "FILE", required_unless_present = "from")]
    files: Vec<PathBuf>,
    /// Judge, or JUDGE@BACKEND
    #[arg(long, value_name = "ID", default_value = "technical-quality")]
    judge: String,
    /// What the pick goes by
    #[arg(long, value_enum, default_value_t = ByName::Scores)]
    by: ByName,
    /// Who compares [default: the judge]
    #[arg(long, value_name = "ID")]
    pair_judge: Option<String>,
    /// How many of the best scored are compared, by both
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=64))]
    shortlist: u32,
    /// A text that judges are shown, such as `prompt=a red circle`; may be given several times
    #[arg(long = "text", value_name = "NAME=TEXT", value_parser = named_text)]
    texts: Vec<(String, String)>,
    /// Calibration map, or a folder of them: say what it expects of the pick
    #[arg(long, value_name = "FILE|FOLDER")]
    calibration: Option<PathBuf>,
    /// Judge broken images and near duplicates as well
    #[arg(long)]
    no_tripwires: bool,
    #[command(flatten)]
    common: Common,
    /// Scored candidates instead of files: CSV, TSV, JSON or JSON Lines
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "judge", "by", "pair_judge", "shortlist", "texts", "calibration", "no_tripwires"])]
    from: Option<PathBuf>,
    /// Column of what candidates have in common
    #[arg(long, value_name = "COLUMN", default_value = "prompt")]
    group: String,
    /// Id column
    #[arg(long, value_name = "COLUMN", default_value = "id")]
    on: String,
    /// Column of scores
    #[arg(long, value_name = "COLUMN", default_value = "score")]
    score: String,
    /// Column of people's ratings, higher being better
    #[arg(long, value_name = "COLUMN")]
    human: Option<String>,
    /// Lower scores are better
    #[arg(long)]
    lower_is_better: bool,
    /// Resamples of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    resamples: u32,
    /// Seed of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ByName {
    /// Scores
    Scores,
    /// Comparisons of all pairs
    Pairs,
    /// Comparisons of the best scored
    Both,
}

#[derive(Debug, Serialize)]
struct BestOfJson {
    picks: Vec<Picked>,
    uplift: Option<Uplift>,
}

pub(super) fn run(arguments: &BestOfArguments) -> Result<Ending, CliError> {
    match &arguments.from {
        Some(table) => of_table(arguments, table),
        None => images::run(arguments),
    }
}

fn of_table(arguments: &BestOfArguments, table: &Path) -> Result<Ending, CliError> {
    let columns = RowColumns {
        group: &arguments.group,
        id: Some(&arguments.on),
        system: None,
        score: &arguments.score,
        human: arguments.human.as_deref(),
    };
    let rows = read_rows(table, columns)?;
    let higher_is_better = !arguments.lower_is_better;
    let picks = pick(&rows, higher_is_better);
    let plan = Plan {
        resamples: arguments.resamples,
        seed: arguments.seed,
        ..Plan::default()
    };
    let uplift = match arguments.human {
        Some(_) => Some(uplift(&rows, higher_is_better, &plan)?),
        None => None,
    };
    let all_picked = picks.iter().all(|picked| picked.pick.is_some());
    if arguments.json {
        output::json_document(&BestOfJson { picks, uplift })?;
    } else {
        print(&picks)?;
        if let Some(uplift) = &uplift {
            print_uplift(uplift)?;
        }
    }
    Ok(if all_picked {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

fn print(picks: &[Picked]) -> std::io::Result<()> {
    let rows: Vec<Vec<String>> = picks
        .iter()
        .map(|picked| {
            vec![
                picked.group.clone(),
                picked.pick.clone().unwrap_or_else(|| "-".to_owned()),
                picked
                    .ranked
                    .first()
                    .and_then(|best| best.score)
                    .map_or_else(|| "-".to_owned(), |score| format!("{score:.4}")),
                picked
                    .margin
                    .map_or_else(|| "-".to_owned(), |margin| format!("{margin:.4}")),
                if picked.tied { "tied" } else { "" }.to_owned(),
                format!(
                    "{}/{}",
                    picked.ranked.len(),
                    picked.ranked.len() + picked.unscored.len()
                ),
            ]
        })
        .collect();
    output::table(
        &["group", "pick", "score", "margin", "", "scored"],
        &rows,
        &[2, 3, 5],
    )
}

fn print_uplift(uplift: &Uplift) -> std::io::Result<()> {
    let ends = |ci: Option<[f64; 2]>, unit: f64| {
        ci.map_or_else(String::new, |[low, high]| {
            format!(" ({:.4} to {:.4})", low * unit, high * unit)
        })
    };
    output::line(format_args!(
        "people's mean rating: {:.4} drawn by lot, {:.4} picked, {:.4} the best; uplift {:+.4}{} (n = {} groups, {} left out)",
        uplift.random,
        uplift.picked,
        uplift.oracle,
        uplift.uplift,
        ends(uplift.uplift_ci, 1.0),
        uplift.groups,
        uplift.left_out
    ))?;
    if let Some(share) = uplift.share {
        output::line(format_args!(
            "the picks attain {:.1} %{} of what is attainable",
            100.0 * share,
            ends(uplift.share_ci, 100.0)
        ))?;
    }
    Ok(())
}
