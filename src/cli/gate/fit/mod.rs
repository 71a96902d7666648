//! `opine gate fit`: where to accept so that a target holds.

mod given;
mod shown;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::calibration::JudgeReport;
use crate::cli::{CliError, Ending, output};
use crate::gate::{FitReport, FitSettings, NewPolicy, fit};
use crate::judging::Better;
use crate::stats::thresholds::Target;
use given::Given;

const AFTER_HELP: &str = "\
Labels are a table with `id`, `score` and `good` (0 or 1), or with ratings on another scale and --good-at. With --judged, the lines of `opine score --json`, labels need no score, and the threshold is bound to that judge: --policy then writes a policy that refuses any other. Labels may also be a calibration map: those that it was fitted on are read, if they are still the same, and must be judged by its judge.

Thresholds are scanned by fixed-sequence testing on exact binomial bounds: one that is printed misses its target with a probability of at most 1 - confidence, whatever the labels say. Where none is shown to hold, the target is infeasible, the exit code is 1, and the best that is attainable is printed.

With --unlabelled, scores of items that nobody labelled, bounds are prediction-powered (PPI++): asymptotic, and worth it for a recall with few labels; a precision and a cost gain little, because what people say of two items of one score is not in any score.

Examples:
  opine gate fit --labels labels.csv --target precision=0.95 --confidence 0.95
  opine gate fit --labels ratings.csv --good-column human --good-at 0.75 --target recall=0.9
  opine gate fit --labels goods.csv --judged scores.jsonl --judge technical-quality --target precision=0.9 --policy calibration/gates/quality.toml
  opine gate fit --labels labels.csv --target cost=0.1 --false-accept 1 --false-reject 0.2";

/// Arguments of `opine gate fit`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct FitArguments {
    /// Labelled scores: CSV, TSV, JSON or JSON Lines; with --judged labels alone, or a calibration map (.toml)
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// The judge's results, as `opine score --json` prints them
    #[arg(long, value_name = "FILE", requires = "judge")]
    judged: Option<PathBuf>,
    /// The judge of --judged, or JUDGE@BACKEND
    #[arg(long, value_name = "ID", requires = "judged")]
    judge: Option<String>,
    /// Scores of items without a label, of the same judge: a table like that of the scores
    #[arg(long, value_name = "FILE")]
    unlabelled: Option<PathBuf>,
    /// Write a policy with the threshold to this new file
    #[arg(long, value_name = "FILE", requires = "judged")]
    policy: Option<PathBuf>,
    /// Name of the dimension of that policy
    #[arg(
        long,
        value_name = "NAME",
        default_value = "quality",
        requires = "policy"
    )]
    dimension: String,
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
    /// Which scores are better [default: what the scale of --judged says, or else higher]
    #[arg(long, value_enum)]
    better: Option<BetterName>,
    /// Label from which on an item is good, where labels are not 0 and 1
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    good_at: Option<f64>,
    /// Column of labels
    #[arg(long, value_name = "COLUMN", default_value = "good")]
    good_column: String,
    /// Column of scores
    #[arg(long, value_name = "COLUMN", default_value = "score")]
    score_column: String,
    /// Id column; with --judged that of the labels, or the two as JUDGED=LABELS
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
    let given = Given::read(arguments)?;
    let settings = arguments.settings(given.better);
    let mut report = fit(&given.labels, &settings)?;
    report.judge = given.key.as_ref().map(JudgeReport::from);
    let written = written(arguments, &given, &report)?;
    if arguments.json {
        output::json_document(&report)?;
    } else {
        shown::print(&report)?;
    }
    if let Some(path) = written {
        output::say(format_args!("wrote {}", path.display()));
    }
    Ok(if report.feasible {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

/// Writes the policy where one is asked for and the target is feasible; a file that is there is not written over.
fn written<'a>(
    arguments: &'a FitArguments,
    given: &Given,
    report: &FitReport,
) -> Result<Option<&'a Path>, CliError> {
    let (Some(path), Some(key), Some(judge)) = (&arguments.policy, &given.key, &arguments.judge)
    else {
        return Ok(None);
    };
    let stem = path.file_stem().map(|stem| stem.to_string_lossy());
    let policy = NewPolicy {
        id: &stem.unwrap_or_default(),
        dimension: &arguments.dimension,
        judge,
        key,
        labels: &given.set,
        report,
    };
    let Some(text) = policy.to_toml()? else {
        return Ok(None);
    };
    let file = std::fs::File::create_new(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| CliError::ReportFile(path.clone(), error))?;
    Ok(Some(path))
}

impl FitArguments {
    fn settings(&self, better: Better) -> FitSettings {
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
            higher_is_better: better == Better::Higher,
            powered: self.unlabelled.is_some(),
        }
    }
}

impl From<BetterName> for Better {
    fn from(name: BetterName) -> Self {
        match name {
            BetterName::Higher => Better::Higher,
            BetterName::Lower => Better::Lower,
        }
    }
}
