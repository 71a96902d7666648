//! `opine release`: is the new generator at least as good as the old one, on the same prompts?

use std::path::PathBuf;

use clap::Args;

use super::{CliError, Ending, output};
use crate::gate::release::{
    Agreement, Preferences, ReleaseReport, ReleaseSettings, Shown, Systems, Validity, release,
};
use crate::gate::{RowColumns, read_rows};
use crate::stats::resample::Plan;

const AFTER_HELP: &str = "\
The table has one row for each item: its prompt, the system that made it, and one or more scores. Both systems are compared on the prompts that both have; prompts are what is resampled. The new system passes where on every score the 95 % interval of the difference lies above minus the margin; p-values are corrected by Holm's method over the scores.

With --human, a column of people's ratings, every pair of systems is also judged by people, and the report says in how many pairs the judge's verdict is theirs, and on how many single prompts it prefers what they prefer, with intervals: a release gate is worth no more than that. Without, it says that nothing is known of it.

Exit codes: 0 passed, 1 not shown to be non-inferior, 2 could not be done.

Example: opine release --from scores.csv --new v2 --old v1 --score alignment --score quality --margin 0.02";

/// Arguments of `opine release`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ReleaseArguments {
    /// Scored items: CSV, TSV, JSON or JSON Lines
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The system that is to be released
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "human",
        requires = "old"
    )]
    new: Option<String>,
    /// The system that it should replace
    #[arg(long, value_name = "NAME", requires = "new")]
    old: Option<String>,
    /// Column of prompts
    #[arg(long, value_name = "COLUMN", default_value = "prompt")]
    group: String,
    /// Column of systems
    #[arg(long, value_name = "COLUMN", default_value = "system")]
    system: String,
    /// Column of scores; may be repeated
    #[arg(long, value_name = "COLUMN", default_value = "score")]
    score: Vec<String>,
    /// Column of people's ratings, higher being better
    #[arg(long, value_name = "COLUMN")]
    human: Option<String>,
    /// By how much the new system may be worse, on the scale of the scores
    #[arg(long, value_name = "M", default_value_t = 0.0, value_parser = margin)]
    margin: f64,
    /// Lower scores are better
    #[arg(long)]
    lower_is_better: bool,
    /// Resamples of the bootstrap and of the permutation test
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    resamples: u32,
    /// Seed of both
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn margin(text: &str) -> Result<f64, String> {
    let margin: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if margin.is_finite() && margin >= 0.0 {
        Ok(margin)
    } else {
        Err("a margin is 0 or more: by how much the new system may be worse".to_owned())
    }
}

pub(super) fn run(arguments: &ReleaseArguments) -> Result<Ending, CliError> {
    let settings = ReleaseSettings {
        margin: arguments.margin,
        higher_is_better: !arguments.lower_is_better,
        plan: Plan {
            resamples: arguments.resamples,
            seed: arguments.seed,
            ..Plan::default()
        },
    };
    let mut scores = Vec::new();
    for score in &arguments.score {
        let columns = RowColumns {
            group: &arguments.group,
            id: None,
            system: Some(&arguments.system),
            score,
            human: arguments.human.as_deref(),
        };
        scores.push((score.clone(), read_rows(&arguments.from, columns)?));
    }
    let between = arguments.new.as_deref().zip(arguments.old.as_deref());
    let between = between.map(|(new, old)| Systems { new, old });
    let report = release(&scores, between, arguments.human.is_some(), &settings)?;
    if arguments.json {
        output::json_document(&report)?;
    } else {
        print(&report)?;
    }
    Ok(if report.passed == Some(false) {
        Ending::Incomplete
    } else {
        Ending::Done
    })
}

fn print(report: &ReleaseReport) -> std::io::Result<()> {
    for dimension in &report.dimensions {
        if let Some(found) = &dimension.difference {
            output::line(format_args!(
                "{}: {:+.4} ({:+.4} to {:+.4}), {}, {}; p = {:.4}, Holm {:.4}; n = {} prompts, {} left out; {:.4} would be shown four times in five",
                dimension.score,
                found.value,
                found.ci[0],
                found.ci[1],
                words(found.shown),
                if found.non_inferior {
                    "non-inferior"
                } else {
                    "not shown to be non-inferior"
                },
                found.p_value,
                found.p_holm.unwrap_or(found.p_value),
                found.prompts,
                found.left_out,
                found.minimum_detectable,
            ))?;
        }
        if let Some(validity) = &dimension.validity {
            print_validity(&dimension.score, validity)?;
            for pair in &validity.verdicts {
                output::line(format_args!(
                    "  {} against {}: judge {} ({:+.4} to {:+.4}), people {} ({:+.4} to {:+.4})",
                    pair.new,
                    pair.old,
                    words(pair.judge.shown),
                    pair.judge.ci[0],
                    pair.judge.ci[1],
                    words(pair.human.shown),
                    pair.human.ci[0],
                    pair.human.ci[1],
                ))?;
            }
        }
    }
    let Some(passed) = report.passed else {
        return Ok(());
    };
    let verdict = if passed { "passed" } else { "not passed" };
    let is_rated = report.dimensions.iter().all(|one| one.validity.is_some());
    let worth = if is_rated {
        "worth as much as the judge's verdicts are people's, above"
    } else {
        "the judge's verdict alone: how far it is people's is not known without --human"
    };
    output::line(format_args!(
        "{verdict} with a margin of {}; {worth}",
        report.margin
    ))
}

/// How far the judge's verdicts are people's.
fn print_validity(score: &str, validity: &Validity) -> std::io::Result<()> {
    output::line(format_args!(
        "{score}: the judge's verdict is people's in {} of {} pairs of systems: {} opposite, {} shown by the judge alone, {} by people alone (n = {} prompts, {} left out)",
        validity.agree,
        validity.pairs,
        validity.opposite,
        validity.invented,
        validity.missed,
        validity.prompts,
        validity.left_out
    ))?;
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let range = |[low, high]: [f64; 2]| format!("{} to {}", percent(low), percent(high));
    if let Some(Agreement {
        value,
        ci,
        pairs_ci,
        ..
    }) = &validity.agreement
    {
        output::line(format_args!(
            "{score}: that is {}; {} on other prompts (95 %, bootstrap of prompts), {} for other pairs of systems (95 %, Wilson)",
            percent(*value),
            range(*ci),
            range(*pairs_ci)
        ))?;
    }
    if let Some(Preferences { value, ci, n, .. }) = &validity.preferences {
        output::line(format_args!(
            "{score}: prompt by prompt it prefers what people prefer in {} ({}; 95 %, bootstrap of prompts) of {n} preferences; a coin does in 50 %",
            percent(*value),
            range(*ci)
        ))?;
    }
    Ok(())
}

fn words(shown: Shown) -> &'static str {
    match shown {
        Shown::Better => "better",
        Shown::Worse => "worse",
        Shown::NoDifference => "no difference shown",
    }
}
