//! `opine score`: image files in, one line of result each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use futures::stream::{self, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};

use super::files::{named_text, read_image, shown, url};
use super::panel::{self, PanelArguments};
use super::runtime;
use super::{CliError, Common, Ending, output};
use crate::assemble::{assemble, url_reader};
use crate::backend::recorded::Recorder;
use crate::calibration::{FittedMap, Maps};
use crate::engine::{Engine, Judge, Judged, RunLimits};
use crate::fetch::{ByteBudget, UrlReader};
use crate::judging::protocol::Answered;
use crate::judging::{Image, Subject};
use crate::wire::ScoreResult;

/// From this many files on a progress bar is worth its line.
const MANY: usize = 8;

/// Arguments of `opine score`.
#[derive(Debug, Args)]
pub(super) struct ScoreArguments {
    /// Image files (JPEG, PNG, WebP, GIF, BMP, TIFF), or URLs on hosts that the configuration allows
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    panel: PanelArguments,
    /// A text that the judge's question quotes, such as `prompt=a red circle`; may be given several times
    #[arg(long = "text", value_name = "NAME=TEXT", value_parser = named_text)]
    texts: Vec<(String, String)>,
    /// Map scores to a human scale by this calibration map, or by the one of a folder that fits
    #[arg(long, value_name = "FILE|FOLDER")]
    calibration: Option<PathBuf>,
    /// Write every answer to a new file, which a `recorded` backend replays
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Tell how each score came about, in steps that can be computed again
    #[arg(long)]
    explain: bool,
    /// Print one JSON object per image
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(arguments: &ScoreArguments) -> Result<Ending, CliError> {
    let config = arguments.common.configuration()?;
    let most_bytes = config.limits.image_bytes;
    let mut engine = assemble(&config)?;
    if let Some(path) = &arguments.record {
        let recorder = Recorder::create(path);
        engine = engine.recording(recorder.map_err(|e| CliError::ReportFile(path.clone(), e))?);
    }
    if arguments.panel.is_panel()? {
        return score_by_panel(arguments, &engine, most_bytes);
    }
    let judge = engine.judges().find(arguments.panel.judge())?;
    let urls = url_reader(&config)?;
    let maps = arguments.calibration.as_deref().map(maps).transpose()?;
    let at_once = judge.backend()?.abilities().concurrency.max(1);
    let runtime = runtime()?;
    let texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    let bar = progress(arguments.files.len());
    let mut all_scored = true;
    runtime.block_on(async {
        let judged = stream::iter(&arguments.files)
            .map(|path| score_given(&engine, &judge, path, &texts, most_bytes, &urls))
            .buffered(at_once);
        let mut judged = std::pin::pin!(judged);
        let mut files = arguments.files.iter();
        while let (Some(judged), Some(path)) = (judged.next().await, files.next()) {
            let (judged, answers) = judged?;
            let result = ScoreResult::new(path.display().to_string(), &judge.card.recipe, &judged);
            let mut result = result.ok_or_else(|| judge.wrong_protocol("score"))?;
            if let Some(maps) = &maps {
                result.calibrate(&judged, maps)?;
            }
            if arguments.explain {
                result.explain(&judge.card.recipe, &judged, &answers, maps.as_ref())?;
            }
            all_scored &= result.is_scored();
            bar.suspend(|| {
                if arguments.json {
                    output::json_line(&result)
                } else {
                    print(&result).and_then(|()| explain(&result))
                }
            })?;
            bar.inc(1);
        }
        Ok::<(), CliError>(())
    })?;
    bar.finish_and_clear();
    Ok(if all_scored {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

fn score_by_panel(
    arguments: &ScoreArguments,
    engine: &Engine,
    most_bytes: usize,
) -> Result<Ending, CliError> {
    if arguments.calibration.is_some() {
        return Err(CliError::Panel(
            "a calibration map is one judge's; `--reliability` weighs members by their maps"
                .to_owned(),
        ));
    }
    let scoring = panel::Scoring {
        files: &arguments.files,
        texts: arguments.texts.iter().cloned().collect(),
        most_bytes,
        json: arguments.json,
    };
    panel::score(&arguments.panel, engine, &scoring)
}

/// One map, or all of a folder.
pub(super) fn maps(path: &Path) -> Result<Maps, CliError> {
    if path.is_dir() {
        return Ok(Maps::load(path)?);
    }
    Ok(Maps::new([FittedMap::load(path)?]))
}

/// Scores a file, or what is at a URL.
async fn score_given(
    engine: &Engine,
    judge: &Judge,
    path: &Path,
    texts: &BTreeMap<String, String>,
    most_bytes: usize,
    urls: &UrlReader,
) -> Result<(Judged, Vec<Answered>), CliError> {
    let Some(url) = url(path) else {
        return score_file_with_answers(engine, judge, path, texts, most_bytes).await;
    };
    Ok(match urls.read(url, &ByteBudget::new(most_bytes)).await {
        Ok(bytes) => {
            let subject = Subject::new(vec![Image::new(bytes)], texts.clone());
            let limits = RunLimits::none();
            engine.score_with_answers(judge, subject, &limits).await?
        }
        Err(error) => (engine.unasked(judge, error.into())?, Vec::new()),
    })
}

pub(super) async fn score_file(
    engine: &Engine,
    judge: &Judge,
    path: &Path,
    texts: &BTreeMap<String, String>,
    most_bytes: usize,
) -> Result<Judged, CliError> {
    let scored = score_file_with_answers(engine, judge, path, texts, most_bytes);
    scored.await.map(|(judged, _)| judged)
}

async fn score_file_with_answers(
    engine: &Engine,
    judge: &Judge,
    path: &Path,
    texts: &BTreeMap<String, String>,
    most_bytes: usize,
) -> Result<(Judged, Vec<Answered>), CliError> {
    Ok(match read_image(path, most_bytes) {
        Ok(image) => {
            let subject = Subject::new(vec![image], texts.clone());
            let limits = RunLimits::none();
            engine.score_with_answers(judge, subject, &limits).await?
        }
        // A file that cannot be read is unscored; its neighbours are scored all the same.
        Err(unscored) => (engine.unasked(judge, unscored)?, Vec::new()),
    })
}

/// Score, spread, the likeliest level and the file; or why there is none.
fn print(result: &ScoreResult) -> std::io::Result<()> {
    let likeliest = result
        .opinion
        .as_ref()
        .and_then(|opinion| opinion.0.iter().max_by(|a, b| a.1.total_cmp(&b.1)));
    let Some(score) = result.score else {
        let detail = result.detail.as_deref().unwrap_or_default();
        return output::line(format_args!("unscored  {}: {detail}", shown(&result.image)));
    };
    let spread = result.spread.map(|spread| format!("  spread {spread:.4}"));
    let interval = result
        .interval
        .map(|interval| format!("  within {:.4}..{:.4}", interval.low, interval.high));
    let calibrated = result.calibrated.as_ref().map(|human| {
        let ends = human
            .ci
            .map(|[low, high]| format!(" [{low:.2}, {high:.2}]"));
        let scale = (human.scale.min, human.scale.max);
        let ends = ends.unwrap_or_default();
        format!(
            "  calibrated {:.2}{ends} on {}..{}",
            human.score, scale.0, scale.1
        )
    });
    let level = likeliest.map(|(level, _)| format!("  {level:<9}"));
    output::line(format_args!(
        "{score:.4}{}{}{}{}  {}",
        spread.unwrap_or_default(),
        interval.unwrap_or_default(),
        calibrated.unwrap_or_default(),
        level.unwrap_or_default(),
        shown(&result.image)
    ))
}

/// The steps of a score, for people: each level with its log mass, probability and worth.
fn explain(result: &ScoreResult) -> std::io::Result<()> {
    let Some(explanation) = &result.explanation else {
        return Ok(());
    };
    if let Some(temperature) = explanation.temperature {
        output::line(format_args!("  temperature {temperature}"))?;
    }
    for question in &explanation.questions {
        let coverage = question
            .coverage
            .map(|coverage| format!(", coverage {coverage:.4}"));
        let coverage = coverage.unwrap_or_default();
        output::line(format_args!("  read by {}{coverage}", question.readout))?;
        for level in &question.levels {
            output::line(format_args!(
                "    {:<12} log mass {:>9.4}  probability {:.4} x worth {:.4} = {:.4}",
                level.level, level.log_mass, level.probability, level.worth, level.contribution
            ))?;
        }
        output::line(format_args!("    sum {:.4}", question.score))?;
    }
    for rating in explanation.ratings.iter().flatten() {
        match rating.rating {
            Some(rating) => output::line(format_args!("  rating {rating}"))?,
            None => output::line(format_args!(
                "  no rating: {}",
                rating.reason.unwrap_or_default()
            ))?,
        }
    }
    if let Some(map) = &explanation.calibration {
        output::line(format_args!(
            "  calibrated by {} ({}): {} with {} = {:.4}",
            map.map, map.kind, map.formula, map.parameters, map.score
        ))?;
    }
    Ok(())
}

pub(super) fn progress(files: usize) -> ProgressBar {
    if files < MANY {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} images, {per_sec}, {eta} left");
    ProgressBar::new(files as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
