//! `opine rank`: votes on pairs in, a ranking with intervals out.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{CliError, Ending, output};
use crate::ranking::{RankReport, RankSettings, rank, votes};
use crate::stats::resample::Plan;
use crate::stats::strengths::{Model, StrengthSettings};

/// Arguments of `opine rank`.
#[derive(Debug, Args)]
pub(super) struct RankArguments {
    /// Votes: CSV with columns first, second, outcome (first, second or tie) and optionally weight and voter
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Model of a vote
    #[arg(long, value_enum, default_value = "bradley-terry")]
    model: ModelName,
    /// Fit what being shown first adds
    #[arg(long)]
    order_effect: bool,
    /// Normal prior of variance 1/RIDGE on strengths; 0 for none
    #[arg(long, value_name = "RIDGE", default_value_t = 0.0)]
    ridge: f64,
    /// Bootstrap intervals from so many resamples, instead of sandwich intervals
    #[arg(long, value_name = "RESAMPLES", value_parser = clap::value_parser!(u32).range(2..))]
    bootstrap: Option<u32>,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = Plan::default().seed)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModelName {
    BradleyTerry,
    Davidson,
    RaoKupper,
    Thurstone,
}

impl ModelName {
    fn model(self) -> Model {
        match self {
            ModelName::BradleyTerry => Model::BradleyTerry,
            ModelName::Davidson => Model::Davidson,
            ModelName::RaoKupper => Model::RaoKupper,
            ModelName::Thurstone => Model::Thurstone,
        }
    }
}

pub(super) fn run(arguments: &RankArguments) -> Result<Ending, CliError> {
    let table = votes::read(&arguments.from)?;
    let plan = |resamples| Plan {
        resamples,
        seed: arguments.seed,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let settings = RankSettings {
        strengths: StrengthSettings {
            model: arguments.model.model(),
            order_effect: arguments.order_effect,
            ridge: arguments.ridge,
        },
        bootstrap: arguments.bootstrap.map(plan),
    };
    let report = rank(&table, &settings)?;
    if arguments.json {
        output::json_document(&report)?;
    } else {
        print(&report)?;
    }
    Ok(if report.groups.is_none() {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

fn print(report: &RankReport) -> std::io::Result<()> {
    match &report.groups {
        Some(groups) => print_groups(groups)?,
        None => print_items(report)?,
    }
    output::say(format_args!("{} votes, {}", report.votes, report.model));
    for (name, effect) in [
        ("order effect", &report.order_effect),
        ("tie parameter", &report.tie_parameter),
    ] {
        if let Some(effect) = effect {
            output::say(format_args!(
                "{name}: {:.4} {}",
                effect.value,
                bounds(effect.ci)
            ));
        }
    }
    if let Some(coherence) = &report.coherence {
        if let (Some(cyclic), Some(triads)) = (coherence.cyclic_triads, coherence.triads) {
            output::say(format_args!("{cyclic} of {triads} triads are circular"));
        }
        output::say(format_args!(
            "{} of {} pairs go against the ranking; {} of {} pairs seen in both orders change their winner",
            coherence.against_strengths,
            coherence.pairs,
            coherence.order_reversals,
            coherence.pairs_in_both_orders
        ));
    }
    for note in &report.notes {
        output::say(format_args!("note: {note}"));
    }
    Ok(())
}

fn print_items(report: &RankReport) -> std::io::Result<()> {
    let rows: Vec<Vec<String>> = (report.items.iter())
        .map(|item| {
            vec![
                item.rank.to_string(),
                item.rank_ci
                    .map_or_else(missing, |[best, worst]| format!("{best} to {worst}")),
                format!("{:.4}", item.strength),
                bounds(item.ci),
                item.item.clone(),
            ]
        })
        .collect();
    let header = ["rank", "95 %", "strength", "95 % interval", "item"];
    output::table(&header, &rows, &[0, 1, 2, 3])
}

fn print_groups(groups: &[Vec<String>]) -> std::io::Result<()> {
    let rows: Vec<Vec<String>> = (1..)
        .zip(groups)
        .flat_map(|(number, group)| {
            group
                .iter()
                .map(move |item| vec![number.to_string(), item.clone()])
        })
        .collect();
    output::table(&["group", "item"], &rows, &[0])
}

fn bounds(ci: Option<[f64; 2]>) -> String {
    ci.map_or_else(missing, |[low, high]| format!("{low:.4} to {high:.4}"))
}

fn missing() -> String {
    "-".to_owned()
}
