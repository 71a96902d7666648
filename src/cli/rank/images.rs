//! `opine rank` with a judge.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::given::{self, Items};
use super::{MethodName, RankArguments, table};
use crate::backend::recorded::Recorder;
use crate::cli::runtime;
use crate::cli::{CliError, Ending, output};
use crate::engine::{RankChoice, RankMethod, RankWay, RunLimits};
use crate::judging::protocol::{Anchor, Pairs, RankProgress};
use crate::pixels::{Encoding, Reencoding};
use crate::ranking::{RankCost, UnscoredItem, contact_sheet};
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
    let judge = engine.judges().find(&arguments.judge)?;
    judge.backend()?;
    let Items {
        names,
        images,
        texts,
        anchors,
    } = given::read(arguments, &judge, config.limits.image_bytes)?;
    let way = choice(arguments, anchors).way(&judge, names.len())?;
    let bar = progress(&way, names.len());
    let watch = |progress: &RankProgress| show(&bar, progress);
    let limits = RunLimits::none();
    let runtime = runtime()?;
    let ranked = runtime.block_on(engine.rank(&judge, images.clone(), texts, way, &limits, &watch));
    bar.finish_and_clear();
    let (provenance, ranked) = ranked?;
    let ranking = Ranking::new(&names, ranked)?;
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

fn choice(arguments: &RankArguments, anchors: Vec<Anchor>) -> RankChoice {
    RankChoice {
        method: arguments.method.map(|method| match method {
            MethodName::Scores => RankMethod::Scores,
            MethodName::AllPairs => RankMethod::Pairs(Pairs::All),
            MethodName::Random => RankMethod::Pairs(Pairs::Random),
            MethodName::Swiss => RankMethod::Pairs(Pairs::Swiss),
            MethodName::Active => RankMethod::Pairs(Pairs::Active),
            MethodName::Anchors => RankMethod::Anchors,
            MethodName::Listwise => RankMethod::Listwise,
        }),
        budget: arguments.budget,
        places: arguments.places,
        seed: arguments.seed,
        by: arguments.by.rule(),
        repeats: arguments.repeats,
        anchors,
    }
}

fn progress(way: &RankWay, items: usize) -> ProgressBar {
    let (most, what) = match way {
        RankWay::Scores => return ProgressBar::hidden(),
        RankWay::Pairs(plan, _) => (Some(plan.stopping.budget), "comparisons"),
        RankWay::Anchors(plan, _) => {
            let all = plan.comparisons(items);
            (
                Some(plan.budget.map_or(all, |budget| budget.min(all))),
                "comparisons",
            )
        }
        // How many lists a repeat has is known only when the backend has said how many images it takes.
        RankWay::Lists(plan) => (plan.budget, "lists"),
    };
    let (bar, template) = match most {
        Some(most) => (
            ProgressBar::new(most),
            format!("{{bar:30}} {{pos}}/{{len}} {what}  {{msg}}"),
        ),
        None => (
            ProgressBar::new_spinner(),
            format!("{{spinner}} {{pos}} {what}  {{msg}}"),
        ),
    };
    let style = ProgressStyle::with_template(&template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, progress: &RankProgress) {
    bar.set_position(progress.asked);
    if let Some(widths) = &progress.widths {
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
            say_unscored(&ranking.unscored);
        }
        Ranking::Compared(ranking) => {
            table::print(&ranking.report)?;
            say_cost(&ranking.cost);
        }
        Ranking::Anchored(ranking) => {
            table::print_items(&ranking.items)?;
            let exact = ranking
                .anchors
                .iter()
                .filter(|anchor| anchor.given == "exact");
            output::say(format_args!(
                "{} anchors, {} of them exact; {}",
                ranking.anchors.len(),
                exact.count(),
                ranking.convention
            ));
            say_cost(&ranking.cost);
            say_unscored(&ranking.unscored);
        }
        Ranking::Listed(ranking) => {
            table::print_listed(ranking)?;
            say_unscored(&ranking.unscored);
        }
    }
    Ok(())
}

fn say_unscored(unscored: &[UnscoredItem]) {
    for item in unscored {
        output::say(format_args!("unscored  {}: {}", item.item, item.detail));
    }
}

fn say_cost(cost: &RankCost) {
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
