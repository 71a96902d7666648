//! `opine gate fit`: where to accept so that a target holds.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::{CliError, Ending, output};
use crate::gate::{FitReport, FitSettings, LabelColumns, fit, read_labels};
use crate::stats::thresholds::Target;

const AFTER_HELP: &str = "\
Labels are a table with `id`, `score` and `good` (0 or 1), or with ratings on another scale and --good-at.

Thresholds are scanned by fixed-sequence testing on exact binomial bounds: one that is printed misses its target with a probability of at most 1 - confidence, whatever the labels say. Where none is shown to hold, the target is infeasible, the exit code is 1, and the best that is attainable is printed.

Examples:
  opine gate fit --labels labels.csv --target precision=0.95 --confidence 0.95
  opine gate fit --labels ratings.csv --good-column human --good-at 0.75 --target recall=0.9
  opine gate fit --labels labels.csv --target cost=0.1 --false-accept 1 --false-reject 0.2";

/// Arguments of `opine gate fit`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct FitArguments {
    /// Labelled scores: CSV, TSV, JSON or JSON Lines
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// What accepting must hold: `precision=P`, `recall=R` or `cost=C`
    #[arg(long, value_name = "FIGURE=VALUE", value_parser = target)]
    target: NamedTarget,
    /// With what confidence it must hold
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    confidence: f64,
    /// Share of what is rejected that must be bad [default: the precision that is asked for; else nothing is rejected]
    #[arg(long, value_name = "SHARE")]
    reject: Option<f64>,
    /// Cost of accepting a bad item
    #[arg(long, value_name = "COST", default_value_t = 1.0)]
    false_accept: f64,
    /// Cost of not accepting a good item
    #[arg(long, value_name = "COST", default_value_t = 1.0)]
    false_reject: f64,
    /// Which scores are better
    #[arg(long, value_enum, default_value_t = BetterName::Higher)]
    better: BetterName,
    /// Label from which on an item is good, where labels are not 0 and 1
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    good_at: Option<f64>,
    /// Column of labels
    #[arg(long, value_name = "COLUMN", default_value = "good")]
    good_column: String,
    /// Column of scores
    #[arg(long, value_name = "COLUMN", default_value = "score")]
    score_column: String,
    /// Id column
    #[arg(long, value_name = "COLUMN", default_value = "id")]
    on: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BetterName {
    /// Higher is better
    Higher,
    /// Lower is better
    Lower,
}

/// A target as it is typed; costs come from options of their own.
#[derive(Debug, Clone, Copy, PartialEq)]
enum NamedTarget {
    Precision(f64),
    Recall(f64),
    Cost(f64),
}

fn target(text: &str) -> Result<NamedTarget, String> {
    let known = "expected `precision=0.95`, `recall=0.9` or `cost=0.1`";
    let (name, value) = text.split_once('=').ok_or(known)?;
    let value: f64 = value
        .trim()
        .parse()
        .map_err(|_| format!("`{value}` is not a number; {known}"))?;
    match name.trim() {
        "precision" => Ok(NamedTarget::Precision(value)),
        "recall" => Ok(NamedTarget::Recall(value)),
        "cost" => Ok(NamedTarget::Cost(value)),
        other => Err(format!("`{other}` is no figure of a gate; {known}")),
    }
}

pub(super) fn run(arguments: &FitArguments) -> Result<Ending, CliError> {
    let columns = LabelColumns {
        id: &arguments.on,
        score: &arguments.score_column,
        good: &arguments.good_column,
        good_at: arguments.good_at,
    };
    let labels = read_labels(&arguments.labels, columns)?;
    let report = fit(&labels, &arguments.settings())?;
    if arguments.json {
        output::json_document(&report)?;
    } else {
        print(&report)?;
    }
    Ok(if report.feasible {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

impl FitArguments {
    fn settings(&self) -> FitSettings {
        let (target, reject) = match self.target {
            NamedTarget::Precision(share) => (Target::Precision(share), Some(share)),
            NamedTarget::Recall(share) => (Target::Recall(share), None),
            NamedTarget::Cost(at_most) => {
                let target = Target::Cost {
                    false_accept: self.false_accept,
                    false_reject: self.false_reject,
                    at_most,
                };
                (target, None)
            }
        };
        FitSettings {
            target,
            reject: self.reject.or(reject),
            confidence: self.confidence,
            higher_is_better: self.better == BetterName::Higher,
        }
    }
}

fn print(report: &FitReport) -> std::io::Result<()> {
    let FitReport {
        target,
        target_value,
        confidence,
        best,
        band,
        ..
    } = report;
    let side = if *target == "cost" {
        "at most"
    } else {
        "at least"
    };
    match (report.threshold, report.value, report.bound, report.n) {
        (Some(threshold), Some(value), Some(bound), Some(n)) => {
            output::line(format_args!("accept at {threshold}"))?;
            output::line(format_args!(
                "{target} {value:.4}, {side} {bound:.4} with a confidence of {confidence} (n = {n}); the target is {target_value}"
            ))?;
        }
        _ => {
            output::line(format_args!(
                "infeasible: no threshold is shown to have a {target} of {side} {target_value} with a confidence of {confidence}"
            ))?;
            output::line(format_args!(
                "best attainable: {target} {:.4}, {side} {:.4}, accepting at {} (n = {})",
                best.value, best.bound, best.threshold, best.n
            ))?;
            match report.labels_needed {
                Some(labels) => output::line(format_args!(
                    "labels like these would show it from about {labels} on; these are {}",
                    report.items
                ))?,
                None => output::line(format_args!(
                    "no threshold of these labels lies beyond the target: more of the same will not show it"
                ))?,
            }
        }
    }
    if let Some(reject) = band.reject_at {
        output::line(format_args!(
            "reject at {reject}: bad in at least {:.4} with the same confidence",
            band.reject_bound.unwrap_or_default()
        ))?;
    }
    output::line(format_args!(
        "of {} labelled items, {} of them good: {:.1} % accepted, {:.1} % for review, {:.1} % rejected",
        report.items,
        report.good,
        100.0 * band.accepted,
        100.0 * band.review,
        100.0 * band.rejected
    ))?;
    if report.unscored > 0 {
        output::line(format_args!(
            "{} items have no score and are for review",
            report.unscored
        ))?;
    }
    Ok(())
}
