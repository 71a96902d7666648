//! `opine best-of`: which candidate to keep, and what picking by a judge is worth.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{CliError, Ending, output};
use crate::gate::{Picked, RowColumns, Uplift, pick, read_rows, uplift};
use crate::stats::resample::Plan;

const AFTER_HELP: &str = "\
The table has one row for each candidate: the prompt that it was made for, its id, and the judge's score. Where people rated the candidates too, --human names their column, and the command says which share of the attainable uplift the judge's picks attain, with an interval over prompts.

Candidates without a score are never picked. A prompt of which no candidate is scored has no pick, and the exit code is then 1.

Example: opine best-of --from scores.csv --group prompt --human rating";

/// Arguments of `opine best-of`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct BestOfArguments {
    /// Scored candidates: CSV, TSV, JSON or JSON Lines
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
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

#[derive(Debug, Serialize)]
struct BestOfJson {
    picks: Vec<Picked>,
    uplift: Option<Uplift>,
}

pub(super) fn run(arguments: &BestOfArguments) -> Result<Ending, CliError> {
    let columns = RowColumns {
        group: &arguments.group,
        id: Some(&arguments.on),
        system: None,
        score: &arguments.score,
        human: arguments.human.as_deref(),
    };
    let rows = read_rows(&arguments.from, columns)?;
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
