//! `opine rank` with a judge.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{MethodName, RankArguments, table};
use crate::backend::recorded::Recorder;
use crate::calibration::{ApplyError, Maps};
use crate::cli::files::{image_files, read_at_most};
use crate::cli::runtime;
use crate::cli::{CliError, Ending, output};
use crate::engine::{RankChoice, RankMethod, RankWay, RunLimits};
use crate::judging::Image;
use crate::judging::protocol::{Pairs, RANKED_ITEMS, RankRun};
use crate::pixels::{Encoding, Reencoding};
use crate::ranking::{NamedPair, contact_sheet};
use crate::wire::{ProvenanceJson, RankTies, Ranking};

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
    let judge = engine.judges().find(&arguments.judge)?;
    judge.backend()?;
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
    let mut way = choice(arguments).way(&judge, names.len());
    let maps = arguments
        .calibration
        .as_deref()
        .map(Maps::load)
        .transpose()?;
    let ties = maps
        .as_ref()
        .map(|maps| RankTies::find(maps, &judge, &mut way))
        .transpose()?;
    let texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    let bar = progress(way);
    let watch = |run: &RankRun| show(&bar, run);
    let limits = RunLimits::none();
    let runtime = runtime()?;
    let ranked = runtime.block_on(engine.rank(&judge, images.clone(), texts, way, &limits, &watch));
    bar.finish_and_clear();
    let (provenance, ranked) = ranked?;
    if let Some(ties) = &ties {
        ties.check(&provenance, &ranked).map_err(ApplyError::from)?;
    }
    let ranking = Ranking::new(&names, ranked)?.with_map(ties.map(|ties| ties.fitted));
    if let Some(path) = &arguments.sheet {
        let thumbnails: Vec<_> = images
            .iter()
            .map(|image| THUMBNAIL.apply(image.bytes(), &config.image_limits()))
            .collect();
        let sheet = contact_sheet(&arguments.judge, ranking.items(), &names, &thumbnails);
        std::fs::write(path, sheet).map_err(|e| CliError::ReportFile(path.clone(), e))?;
    }
    let is_complete = ranking.is_complete();
    if arguments.json {
        output::json_document(&RankJson {
            judge: arguments.judge.clone(),
            ranking,
            provenance: ProvenanceJson::from(&provenance),
        })?;
    } else {
        print(&ranking)?;
    }
    Ok(if is_complete {
        Ending::Done
    } else {
        Ending::Incomplete
    })
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
        on_disagreement: arguments.on_disagreement.choice(),
    }
}

fn progress(way: RankWay) -> ProgressBar {
    let RankWay::Pairs(plan, _) = way else {
        return ProgressBar::hidden();
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} comparisons  {msg}");
    ProgressBar::new(plan.stopping.budget)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, run: &RankRun) {
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
            say_same(&ranking.same_images);
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
            say_same(&cost.same_images);
            if let (Some(ties), Some(count)) = (&cost.tie_width, cost.ties_within_width) {
                output::say(format_args!(
                    "{count} are ties within {:.4} in {}",
                    ties.width, ties.margin
                ));
            }
            if cost.dropped > 0 {
                output::say(format_args!("{} were left out", cost.dropped));
            }
            for pair in &cost.review {
                output::say(format_args!("review  {} and {}", pair.first, pair.second));
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

fn say_same(pairs: &[NamedPair]) {
    for pair in pairs {
        output::say(format_args!(
            "{} and {} are the same bytes: a tie by construction",
            pair.first, pair.second
        ));
    }
}
