//! `opine score`: image files in, one line of result each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use futures::stream::{self, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};

use super::{CliError, Common, Ending, output};
use crate::assemble::assemble;
use crate::backend::recorded::Recorder;
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
    let at_once = judge.backend()?.abilities().concurrency.max(1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
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
            let result = ScoreResult::new(path.display().to_string(), &judge.card.recipe, &judged?)
                .ok_or_else(|| judge.wrong_protocol("score"))?;
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

fn named_text(given: &str) -> Result<(String, String), String> {
    match given.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok((name.to_owned(), text.to_owned())),
        _ => Err("a text is given as NAME=TEXT, such as `prompt=a red circle`".to_owned()),
    }
}

async fn score_file(
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

/// The file, or as much of it as shows that it is larger than an image may be.
fn read_at_most(path: &Path, most_bytes: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let enough = u64::try_from(most_bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    File::open(path)?.take(enough).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A name as it may be shown on a terminal: control characters would be obeyed there.
fn shown(name: &str) -> String {
    let visible = |sign: char| {
        if sign.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            sign
        }
    };
    name.chars().map(visible).collect()
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
    let level = likeliest.map(|(level, _)| format!("  {level:<9}"));
    output::line(format_args!(
        "{score:.4}{}{}{}  {}",
        spread.unwrap_or_default(),
        interval.unwrap_or_default(),
        level.unwrap_or_default(),
        shown(&result.image)
    ))
}

fn progress(files: usize) -> ProgressBar {
    if files < MANY {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} images, {per_sec}, {eta} left");
    ProgressBar::new(files as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
