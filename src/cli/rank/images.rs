//! `opine rank` with a judge.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{MethodName, RankArguments, table};
use crate::backend::recorded::Recorder;
use crate::cli::files::{image_files, read_at_most};
use crate::cli::panel;
use crate::cli::runtime;
use crate::cli::{CliError, Ending, output};
use crate::engine::{RankChoice, RankMethod, RankWay, RunLimits};
use crate::judging::Image;
use crate::judging::protocol::{Pairs, RANKED_ITEMS, RankRun};
use crate::pixels::{Encoding, Limits, Reencoding};
use crate::ranking::contact_sheet;
use crate::wire::{ProvenanceJson, Ranking};

#[derive(Debug, Serialize)]
struct RankJson {
    judge: String,
    #[serde(flatten)]
    ranking: Ranking,
    provenance: ProvenanceJson,
}

pub(super) fn run(arguments: &RankArguments) -> Result<Ending, CliError> {
    let config = arguments.common.configuration()?;
    let mut engine = crate::assemble::assemble(&config)?;
    if let Some(path) = &arguments.record {
        engine = engine.recording(Recorder::resume(path).map_err(CliError::Recording)?);
    }
    let is_panel = arguments.panel.is_panel()?;
    let settings = arguments.judged()?;
    let files = files(arguments)?;
    let mut images = Vec::with_capacity(files.len());
    for file in &files {
        let bytes = read_at_most(file, config.limits.image_bytes);
        images.push(Image::new(
            bytes.map_err(|error| CliError::Unreadable(file.clone(), error))?,
        ));
    }
    let names: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    let shown = Shown {
        arguments,
        names: &names,
        images: &images,
        limits: config.image_limits(),
    };
    if is_panel {
        let asked = panel::Asked {
            names: &names,
            images: &images,
            texts,
            choice: choice(arguments),
            settings: &settings,
        };
        let reply = panel::rank(&arguments.panel, &engine, &asked)?;
        panel::print_members(&reply.panel);
        return shown.end(&reply.ranking, &reply);
    }
    let judge = engine.judges().find(arguments.panel.judge())?;
    judge.backend()?;
    let way = choice(arguments).way(&judge, names.len());
    let bar = progress(way);
    let watch = |run: &RankRun| show(&bar, run);
    let limits = RunLimits::none();
    let runtime = runtime()?;
    let ranked = runtime.block_on(engine.rank(&judge, images.clone(), texts, way, &limits, &watch));
    bar.finish_and_clear();
    let (provenance, ranked) = ranked?;
    let ranking = Ranking::with(&names, ranked, &settings)?;
    let document = RankJson {
        judge: arguments.panel.judge().to_owned(),
        ranking,
        provenance: ProvenanceJson::from(&provenance),
    };
    shown.end(&document.ranking, &document)
}

/// What a ranking is shown with.
struct Shown<'a> {
    arguments: &'a RankArguments,
    names: &'a [String],
    images: &'a [Image],
    limits: Limits,
}

impl Shown<'_> {
    /// Writes the sheet, where one is wanted, and prints the document or a table.
    fn end(&self, ranking: &Ranking, document: &impl Serialize) -> Result<Ending, CliError> {
        if let Some(path) = &self.arguments.sheet {
            let pictures = self.images.iter();
            let thumbnails: Vec<_> = pictures
                .map(|image| THUMBNAIL.apply(image.bytes(), &self.limits))
                .collect();
            let title = self.arguments.panel.title();
            let sheet = contact_sheet(&title, ranking.items(), self.names, &thumbnails);
            std::fs::write(path, sheet).map_err(|e| CliError::ReportFile(path.clone(), e))?;
        }
        if self.arguments.json {
            output::json_document(document)?;
        } else {
            print(ranking)?;
        }
        Ok(if ranking.is_complete() {
            Ending::Done
        } else {
            Ending::Incomplete
        })
    }
}

/// A picture on a contact sheet.
const THUMBNAIL: Reencoding = Reencoding {
    longest_side: Some(240),
    encoding: Encoding::Jpeg(80),
};

fn files(arguments: &RankArguments) -> Result<Vec<PathBuf>, CliError> {
    let files = image_files(&arguments.images)?;
    if !RANKED_ITEMS.contains(&files.len()) {
        return Err(CliError::Images(format!(
            "a ranking has {} to {} images, these are {}",
            RANKED_ITEMS.start(),
            RANKED_ITEMS.end(),
            files.len()
        )));
    }
    Ok(files)
}

fn choice(arguments: &RankArguments) -> RankChoice {
    RankChoice {
        method: arguments.method.map(|method| match method {
            MethodName::Scores => RankMethod::Scores,
            MethodName::AllPairs => RankMethod::Pairs(Pairs::All),
            MethodName::Random => RankMethod::Pairs(Pairs::Random),
            MethodName::Swiss => RankMethod::Pairs(Pairs::Swiss),
            MethodName::Active => RankMethod::Pairs(Pairs::Active),
        }),
        budget: arguments.budget,
        places: arguments.places,
        seed: arguments.seed,
        by: arguments.by.rule(),
    }
}

pub(in crate::cli) fn progress(way: RankWay) -> ProgressBar {
    let RankWay::Pairs(plan, _) = way else {
        return ProgressBar::hidden();
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} comparisons  {msg}");
    ProgressBar::new(plan.stopping.budget)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

pub(in crate::cli) fn show(bar: &ProgressBar, run: &RankRun) {
    bar.set_position(run.asked);
    if let Some(widths) = &run.widths {
        bar.set_message(format!(
            "places span {:.1} in the mean, {} at most",
            widths.mean_places, widths.widest_places
        ));
    }
}

fn print(ranking: &Ranking) -> std::io::Result<()> {
    match ranking {
        Ranking::Scores(ranking) => {
            table::print_items(&ranking.items)?;
            for item in &ranking.unscored {
                output::say(format_args!("unscored  {}: {}", item.item, item.detail));
            }
        }
        Ranking::Compared(ranking) => {
            table::print(&ranking.report)?;
            let cost = &ranking.cost;
            output::say(format_args!(
                "{} comparisons ({}), ended: {}; {} of them changed their winner with the order",
                cost.comparisons, cost.method, cost.stop, cost.disagreements
            ));
            if let Some(effect) = &cost.measured_order_effect {
                output::say(format_args!(
                    "being shown first adds {:+.4} in log-odds (n = {})",
                    effect.value, effect.n
                ));
            }
            for failed in &cost.failed {
                output::say(format_args!(
                    "failed  {} and {}: {}",
                    failed.first, failed.second, failed.detail
                ));
            }
        }
    }
    Ok(())
}
