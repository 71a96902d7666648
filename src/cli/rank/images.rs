//! `opine rank` with a judge.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::given::{self, Items};
use super::{MethodName, RankArguments, table};
use crate::backend::recorded::Recorder;
use crate::calibration::{ApplyError, Maps};
use crate::cli::panel;
use crate::cli::runtime;
use crate::cli::{CliError, Ending, output};
use crate::engine::{RankChoice, RankMethod, RankWay, RunLimits};
use crate::judging::Image;
use crate::judging::protocol::{Anchor, Pairs, RankProgress};
use crate::pixels::{Encoding, Limits, Reencoding};
use crate::ranking::{NamedPair, RankCost, UnscoredItem, contact_sheet};
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
    let settings = arguments.judged()?;
    let most_bytes = config.limits.image_bytes;
    let image_limits = config.image_limits();
    if arguments.panel.is_panel()? {
        if arguments.calibration.is_some() {
            let detail = "`--calibration` is for one judge: a tie width is fitted for one, and not for a panel";
            return Err(CliError::Panel(detail.to_owned()));
        }
        let items = given::read(arguments, None, most_bytes)?;
        let shown = Shown {
            arguments,
            names: &items.names,
            images: &items.images,
            limits: image_limits,
        };
        let asked = panel::Asked {
            names: &items.names,
            images: &items.images,
            texts: items.texts,
            choice: choice(arguments, items.anchors),
            settings: &settings,
        };
        let reply = panel::rank(&arguments.panel, &engine, &asked)?;
        panel::print_members(&reply.panel);
        return shown.end(&reply.ranking, &reply);
    }
    let judge = engine.judges().find(arguments.panel.judge())?;
    judge.backend()?;
    let Items {
        names,
        images,
        texts,
        anchors,
    } = given::read(arguments, Some(&judge), most_bytes)?;
    let shown = Shown {
        arguments,
        names: &names,
        images: &images,
        limits: image_limits,
    };
    let mut way = choice(arguments, anchors).way(&judge, names.len())?;
    let maps = arguments
        .calibration
        .as_deref()
        .map(Maps::load)
        .transpose()?;
    let ties = maps
        .as_ref()
        .map(|maps| RankTies::find(maps, &judge, &mut way))
        .transpose()?;
    let bar = progress(&way, names.len());
    let watch = |progress: &RankProgress| show(&bar, progress);
    let limits = RunLimits::none();
    let runtime = runtime()?;
    let ranked = runtime.block_on(engine.rank(&judge, images.clone(), texts, way, &limits, &watch));
    bar.finish_and_clear();
    let (provenance, ranked) = ranked?;
    if let Some(ties) = &ties {
        ties.check(&provenance, &ranked).map_err(ApplyError::from)?;
    }
    let ranking = Ranking::with(&names, ranked, &settings)?;
    let ranking = ranking.with_map(ties.map(|ties| ties.fitted));
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
        on_disagreement: arguments.on_disagreement.choice(),
    }
}

pub(in crate::cli) fn progress(way: &RankWay, items: usize) -> ProgressBar {
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

pub(in crate::cli) fn show(bar: &ProgressBar, progress: &RankProgress) {
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
            say_same(&ranking.same_images);
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

fn say_same(pairs: &[NamedPair]) {
    for pair in pairs {
        output::say(format_args!(
            "{} and {} are the same bytes: a tie by construction",
            pair.first, pair.second
        ));
    }
}
