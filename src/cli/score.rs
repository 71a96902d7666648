//! `opine score`: image files in, one line of result each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use futures::stream::{self, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};

use super::files::{named_text, read_at_most, shown};
use super::runtime;
use super::{CliError, Common, Ending, output};
use crate::assemble::assemble;
use crate::backend::recorded::Recorder;
use crate::calibration::{FittedMap, Maps};
use crate::engine::{Engine, Judge, Judged, RunLimits};
use crate::judging::{Image, Reason, Subject, Unscored};
use crate::wire::ScoreResult;

/// From this many files on a progress bar is worth its line.
const MANY: usize = 8;

/// Arguments of `opine score`.
#[derive(Debug, Args)]
pub(super) struct ScoreArguments {
    /// Image files (JPEG, PNG, WebP, GIF, BMP, TIFF)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Judge, or JUDGE@BACKEND
    #[arg(long, value_name = "ID", default_value = "technical-quality")]
    judge: String,
    /// A text that the judge's question quotes, such as `prompt=a red circle`; may be given several times
    #[arg(long = "text", value_name = "NAME=TEXT", value_parser = named_text)]
    texts: Vec<(String, String)>,
    /// Map scores to a human scale by this calibration map, or by the one of a folder that fits
    #[arg(long, value_name = "FILE|FOLDER")]
    calibration: Option<PathBuf>,
    /// Write every answer to a new file, which a `recorded` backend replays
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
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
    let judge = engine.judges().find(&arguments.judge)?;
    let maps = arguments.calibration.as_deref().map(maps).transpose()?;
    let at_once = judge.backend()?.abilities().concurrency.max(1);
    let runtime = runtime()?;
    let texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    let bar = progress(arguments.files.len());
    let mut all_scored = true;
    runtime.block_on(async {
        let judged = stream::iter(&arguments.files)
            .map(|path| score_file(&engine, &judge, path, &texts, most_bytes))
            .buffered(at_once);
        let mut judged = std::pin::pin!(judged);
        let mut files = arguments.files.iter();
        while let (Some(judged), Some(path)) = (judged.next().await, files.next()) {
            let judged = judged?;
            let result = ScoreResult::new(path.display().to_string(), &judge.card.recipe, &judged);
            let mut result = result.ok_or_else(|| judge.wrong_protocol("score"))?;
            if let Some(maps) = &maps {
                result.calibrate(&judged, maps)?;
            }
            all_scored &= result.is_scored();
            bar.suspend(|| {
                if arguments.json {
                    output::json_line(&result)
                } else {
                    print(&result)
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

/// One map, or all of a folder.
pub(super) fn maps(path: &Path) -> Result<Maps, CliError> {
    if path.is_dir() {
        return Ok(Maps::load(path)?);
    }
    Ok(Maps::new([FittedMap::load(path)?]))
}

pub(super) async fn score_file(
    engine: &Engine,
    judge: &Judge,
    path: &Path,
    texts: &BTreeMap<String, String>,
    most_bytes: usize,
) -> Result<Judged, CliError> {
    Ok(match read_at_most(path, most_bytes) {
        Ok(bytes) => {
            let subject = Subject::new(vec![Image::new(bytes)], texts.clone());
            engine.score(judge, subject, &RunLimits::none()).await?
        }
        // A file that cannot be read is unscored; its neighbours are scored all the same.
        Err(error) => {
            let detail = format!("`{}` cannot be read: {error}", path.display());
            engine.unasked(
                judge,
                Unscored::new(Reason::Image("file_unreadable"), detail),
            )?
        }
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

pub(super) fn progress(files: usize) -> ProgressBar {
    if files < MANY {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} images, {per_sec}, {eta} left");
    ProgressBar::new(files as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
