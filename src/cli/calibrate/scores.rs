//! `opine calibrate`: fits a map from a judge's scores to a human scale, and says what it is worth.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use futures::stream::{self, StreamExt};

use crate::assemble::assemble;
use crate::calibration::{
    CalibrationError, CalibrationReport, CalibrationSettings, FittedMap, JudgeKey, JudgeName,
    Judged, JudgedColumns, LabelOptions, LabelSource, Labels, MapKind, Matching, calibrate, join,
    read_judged, read_labels,
};
use crate::cli::score::{progress, score_file};
use crate::cli::{CliError, Common, Ending, output, runtime};
use crate::config::Config;
use crate::engine::{Engine, Judge};
use crate::judging::Better;
use crate::stats::resample::Plan;

/// Arguments of `opine calibrate` for a map of scores.
#[derive(Debug, Args)]
pub(super) struct ScoreMapArguments {
    /// Judge, or JUDGE@BACKEND
    #[arg(long, value_name = "ID")]
    judge: String,
    /// People's labels: CSV, TSV, JSON or JSON Lines with an id and a number or the name of a level
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Kind of map
    #[arg(long, value_enum)]
    map: MapName,
    /// The judge's scores
    #[arg(long, value_name = "FILE", required_unless_present = "images")]
    judged: Option<PathBuf>,
    /// Score the labelled images of this folder now: column `image` of the labels, or else their id
    #[arg(long, value_name = "DIR", conflicts_with = "judged")]
    images: Option<PathBuf>,
    /// Held-out folds: `folds=K`, or `column=COLUMN` of the labels whose values stay together, or both with a comma
    #[arg(long, default_value = "folds=5", value_parser = split)]
    split: Split,
    /// Where to write the map [default: calibration/maps/JUDGE-BACKEND-MAP.toml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Share of new labels that the map's intervals should hold
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, value_parser = share)]
    coverage: f64,
    /// Resamples of a bootstrap
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    resamples: u32,
    /// Seed of folds and resamples
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    reading: ReadingArguments,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Reading the files")]
struct ReadingArguments {
    /// Ends of the labels' scale; found in their columns scale.min and scale.max, or clear from 0 and 1
    #[arg(long, value_name = "MIN..MAX", value_parser = range, allow_hyphen_values = true)]
    scale: Option<(f64, f64)>,
    /// Which labels are better
    #[arg(long, value_enum, default_value_t = BetterName::Higher)]
    human_better: BetterName,
    /// Names of the labels' levels, lowest first; worth 1, 2, 3 ... or evenly over --scale
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    levels: Vec<String>,
    /// Id column, or the two as JUDGED=LABELS
    #[arg(long, value_name = "COLUMN")]
    on: Option<String>,
    /// Column with the judge's score
    #[arg(long, value_name = "COLUMN")]
    judged_column: Option<String>,
    /// Column with people's label
    #[arg(long, value_name = "COLUMN")]
    human_column: Option<String>,
    /// How ids of both files are matched
    #[arg(long = "match", value_enum, default_value_t = MatchingName::Exact)]
    matching: MatchingName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MapName {
    /// Only monotone, otherwise free: needs the most labels and assumes the least
    Isotonic,
    /// Sigmoid of the score: labels 0 and 1
    Platt,
    /// The opinion, sharper or softer: labels are the judge's levels, or 0 and 1
    Temperature,
    /// Logistic curve with four parameters
    Logistic4,
    /// Logistic curve with five parameters; refused where it turns
    Logistic5,
    /// Probability of each human level from the score: labels are levels
    Ordinal,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum BetterName {
    /// Higher is better
    Higher,
    /// Lower is better
    Lower,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MatchingName {
    /// Letter by letter
    Exact,
    /// By what follows the last slash
    FileName,
    /// By the file name without its extension
    Stem,
}

/// How items are held out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Split {
    folds: usize,
    column: Option<String>,
}

pub(super) fn run(arguments: &ScoreMapArguments) -> Result<Ending, CliError> {
    match fitted(arguments) {
        Err(CliError::Calibration(error)) if error.is_finding() => refuse(arguments, &error),
        ended => ended,
    }
}

fn fitted(arguments: &ScoreMapArguments) -> Result<Ending, CliError> {
    let config = arguments.common.configuration()?;
    let engine = Arc::new(assemble(&config)?);
    let (id, backend) = match arguments.judge.split_once('@') {
        Some((id, backend)) => (id, Some(backend)),
        None => (arguments.judge.as_str(), None),
    };
    // Values in a file may come from a judge that is not at hand here.
    let card = engine.judges().find(id).ok().map(|judge| judge.card);
    let levels = card.as_ref().and_then(|card| card.recipe.levels());
    let kind = MapKind::from(arguments.map);
    if kind == MapKind::Temperature && levels.is_none() {
        return Err(CalibrationError::NoLevels.into());
    }
    let (on_judged, on_labels) = arguments.reading.on();
    let labels = read_labels(
        &arguments.labels,
        &LabelOptions {
            id: on_labels,
            human: arguments.reading.human_column.as_deref(),
            group: arguments.split.column.as_deref(),
            range: arguments.reading.scale,
            better: arguments.reading.human_better.into(),
            levels: &arguments.reading.levels,
            kind,
            judge_levels: levels,
        },
    )?;
    let judged = match (&arguments.judged, &arguments.images) {
        (Some(file), _) => {
            let columns = JudgedColumns {
                id: on_judged,
                score: arguments.reading.judged_column.as_deref(),
            };
            let name = JudgeName {
                judge: id,
                backend,
                card: card.as_ref().map(|card| card.digest),
                levels,
            };
            read_judged(file, columns, name)?
        }
        (None, folder) => {
            let judge = engine.judges().find(&arguments.judge)?;
            let folder = folder.as_deref().unwrap_or(Path::new(""));
            score(&engine, &judge, &labels, folder, &config)?
        }
    };
    let joined = join(&labels, &judged, arguments.reading.matching.into())?;
    let calibration = calibrate(&joined.items, levels, &arguments.settings(kind))?;
    let source = LabelSource {
        source: labels.people.source().to_owned(),
        digest: labels.digest,
        n: joined.items.len(),
        group: arguments.split.column.clone(),
    };
    let mut map = FittedMap::new(calibration, judged.key.clone(), source);
    let path = arguments.out.clone().unwrap_or_else(|| place_of(&map));
    arguments.spare_inputs(&path)?;
    map.file = path.display().to_string();
    map.save(&path)?;
    let report = CalibrationReport::new(&map, &labels, &judged, &joined);
    if arguments.json {
        output::json_document(&report)?;
    } else {
        print(&report)?;
    }
    output::say(format_args!("wrote {}", path.display()));
    Ok(Ending::Done)
}

/// What the labels do not allow, as a result and not as a mistake.
fn refuse(arguments: &ScoreMapArguments, error: &CalibrationError) -> Result<Ending, CliError> {
    if arguments.json {
        let mut refusal = serde_json::json!({
            "status": "refused",
            "map": MapKind::from(arguments.map).name(),
            "reason": error.code(),
            "detail": error.to_string(),
        });
        if let CalibrationError::NoRelation {
            n,
            value,
            low,
            high,
            labels_needed,
        } = error
        {
            refusal["n"] = (*n).into();
            refusal["spearman"] = serde_json::json!({ "value": value, "ci": [low, high] });
            refusal["labels_needed"] = (*labels_needed).into();
        }
        output::json_document(&refusal)?;
    }
    output::say(format_args!("refused: {error}"));
    Ok(Ending::Incomplete)
}

/// Asks the judge about every labelled image, as `opine score` does.
fn score(
    engine: &Engine,
    judge: &Judge,
    labels: &Labels,
    folder: &Path,
    config: &Config,
) -> Result<Judged, CliError> {
    let images: Vec<(String, PathBuf)> = labels
        .images()
        .map(|(item, image)| (item.to_owned(), folder.join(image)))
        .collect();
    let at_once = judge.backend()?.abilities().concurrency.max(1);
    let most_bytes = config.limits.image_bytes;
    let runtime = runtime()?;
    // Labels name images and no texts; a judge that quotes some is calibrated from a file of results.
    let texts = BTreeMap::new();
    let bar = progress(images.len());
    let mut scored = Vec::with_capacity(images.len());
    let mut unscored = 0;
    runtime.block_on(async {
        let judged = stream::iter(&images)
            .map(|(_, path)| score_file(engine, judge, path, &texts, most_bytes))
            .buffered(at_once);
        let mut judged = std::pin::pin!(judged);
        let mut items = images.iter();
        while let (Some(judged), Some((item, path))) = (judged.next().await, items.next()) {
            let judged = judged?;
            bar.inc(1);
            match judged.outcome {
                Ok(verdict) => scored.push((
                    item.clone(),
                    JudgeKey::of(&judged.provenance, verdict.readout),
                    verdict.score.value(),
                    verdict
                        .opinion
                        .map(|opinion| opinion.probabilities().to_vec()),
                )),
                Err(reason) => {
                    unscored += 1;
                    bar.suspend(|| {
                        output::say(format_args!("unscored: {}: {reason}", path.display()));
                    });
                }
            }
        }
        Ok::<(), CliError>(())
    })?;
    bar.finish_and_clear();
    let scale = judge.card.recipe.scale();
    let scale = scale.ok_or_else(|| judge.wrong_protocol("score"))?;
    Ok(Judged::collect(scored, scale, unscored)?)
}

fn place_of(map: &FittedMap) -> PathBuf {
    Path::new("calibration/maps").join(map.key.file_name(map.kind.name()))
}

fn print(report: &CalibrationReport) -> std::io::Result<()> {
    let judge = &report.judge;
    let (low, high, _) = report.human;
    let interval = |ci: Option<[f64; 2]>| match ci {
        Some([low, high]) => format!(" ({low:.3} to {high:.3})"),
        None => String::new(),
    };
    output::line(format_args!(
        "{} map for `{}@{}` (version {}, read by {}), onto labels from {low} to {high}",
        report.map, judge.id, judge.backend, judge.version, judge.readout
    ))?;
    let moves = if report.direction == "increasing" {
        "rise"
    } else {
        "fall"
    };
    output::line(format_args!(
        "labels {moves} with its scores: Spearman's correlation {:.3}{} over {} items\n",
        report.spearman.value,
        interval(report.spearman.ci),
        report.items.used
    ))?;
    let cell = |value: Option<crate::calibration::Value>| match value {
        Some(value) => format!("{:.4}{}", value.value, interval(value.ci)),
        None => "-".to_owned(),
    };
    let rows: Vec<Vec<String>> = report
        .figures
        .iter()
        .map(|row| {
            vec![
                row.name.clone(),
                cell(row.before),
                cell(row.after),
                cell(row.change),
            ]
        })
        .collect();
    output::table(&["held out", "before", "after", "change"], &rows, &[])?;
    let whole = match &report.held_out.group {
        Some(group) => format!(", every `{group}` whole"),
        None => String::new(),
    };
    output::line(format_args!(
        "{} folds{whole}, seed {}; 95 % intervals; every fold has a map of its own, one map alone keeps the order but for ties\n",
        report.held_out.folds, report.held_out.seed
    ))?;
    let conformal = &report.conformal;
    let form = match (conformal.half_width, conformal.shortfall) {
        (Some(width), _) => format!("score +- {width:.4}"),
        (None, shortfall) => format!(
            "levels of probability {:.4} or more",
            1.0 - shortfall.unwrap_or_default()
        ),
    };
    output::line(format_args!(
        "labels at {} %: {form}; held {:.3}{} of held-out labels",
        100.0 * conformal.level,
        conformal.coverage.value,
        interval(conformal.coverage.ci)
    ))?;
    output::line(format_args!(
        "fitted on all {}: {}",
        report.items.used, report.summary
    ))?;
    let items = &report.items;
    if items.unscored + items.unlabelled + items.empty > 0 {
        output::line(format_args!(
            "left out: {} labelled and not scored, {} scored and not labelled, {} rows without a value",
            items.unscored, items.unlabelled, items.empty
        ))?;
    }
    Ok(())
}

impl ScoreMapArguments {
    fn settings(&self, kind: MapKind) -> CalibrationSettings {
        CalibrationSettings {
            kind,
            folds: self.split.folds,
            coverage: self.coverage,
            plan: Plan {
                resamples: self.resamples,
                seed: self.seed,
                threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            },
        }
    }

    /// Refuses a map that would be written over a file that is read.
    fn spare_inputs(&self, out: &Path) -> Result<(), CliError> {
        let place = |path: &Path| std::fs::canonicalize(path).ok();
        let inputs = [Some(&self.labels), self.judged.as_ref()];
        let over = |input: &PathBuf| place(input).is_some_and(|input| place(out) == Some(input));
        match inputs.into_iter().flatten().any(over) {
            true => Err(CliError::ReportOverInput(out.to_owned())),
            false => Ok(()),
        }
    }
}

impl ReadingArguments {
    /// Id columns of judged values and of labels.
    fn on(&self) -> (Option<&str>, Option<&str>) {
        let Some(on) = self.on.as_deref() else {
            return (None, None);
        };
        match on.split_once('=') {
            Some((judged, labels)) => (Some(judged), Some(labels)),
            None => (Some(on), Some(on)),
        }
    }
}

fn split(text: &str) -> Result<Split, String> {
    let mut split = Split {
        folds: 5,
        column: None,
    };
    for part in text.split(',') {
        match part.split_once('=') {
            Some(("folds", count)) => {
                let count = count.parse().ok();
                split.folds = count
                    .filter(|count| (3..=20).contains(count))
                    .ok_or("folds are 3 to 20, as in `folds=5`")?;
            }
            Some(("column", column)) if !column.is_empty() => {
                split.column = Some(column.to_owned());
            }
            _ => return Err("write `folds=5`, `column=NAME` or `column=NAME,folds=5`".to_owned()),
        }
    }
    Ok(split)
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok();
    let inside = share.filter(|share| *share > 0.0 && *share < 1.0);
    inside.ok_or_else(|| "write a share above 0 and below 1, as in `0.9`".to_owned())
}

fn range(text: &str) -> Result<(f64, f64), String> {
    let ends = text.split_once("..").map(|(low, high)| {
        let number = |text: &str| {
            text.trim()
                .parse::<f64>()
                .ok()
                .filter(|end| end.is_finite())
        };
        (number(low), number(high))
    });
    match ends {
        Some((Some(low), Some(high))) if low < high => Ok((low, high)),
        _ => Err("write the lower and the upper end, as in `1..5`".to_owned()),
    }
}

impl From<MapName> for MapKind {
    fn from(name: MapName) -> Self {
        match name {
            MapName::Isotonic => MapKind::Isotonic,
            MapName::Platt => MapKind::Platt,
            MapName::Temperature => MapKind::Temperature,
            MapName::Logistic4 => MapKind::Logistic4,
            MapName::Logistic5 => MapKind::Logistic5,
            MapName::Ordinal => MapKind::Ordinal,
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

impl From<MatchingName> for Matching {
    fn from(name: MatchingName) -> Self {
        match name {
            MatchingName::Exact => Matching::Exact,
            MatchingName::FileName => Matching::FileName,
            MatchingName::Stem => Matching::Stem,
        }
    }
}
