//! `opine rank`: images or votes on pairs in, a ranking with intervals out.

mod images;
mod table;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::compare::{DisagreementName, RuleName};
use super::files::named_text;
use super::{CliError, Common, Ending, output};
use crate::ranking::{RankSettings, rank, votes};
use crate::stats::resample::Plan;
use crate::stats::strengths::{Model, StrengthSettings};

/// Arguments of `opine rank`.
#[derive(Debug, Args)]
pub(super) struct RankArguments {
    /// Images, folders of images, or `.txt` lists of them
    #[arg(
        value_name = "IMAGES",
        required_unless_present = "from",
        conflicts_with = "from"
    )]
    images: Vec<PathBuf>,
    /// Votes instead: CSV with columns first, second, outcome (first, second or tie) and optionally weight and voter
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The items that votes may be on, one name a line: a vote on any other is an error, an item without votes is told
    #[arg(long, value_name = "FILE", requires = "from")]
    items: Option<PathBuf>,
    /// Judge, or JUDGE@BACKEND
    #[arg(long, value_name = "ID", default_value = "technical-quality")]
    judge: String,
    /// How images are ranked [default: scores where the judge rates, active where it compares]
    #[arg(long, value_enum)]
    method: Option<MethodName>,
    /// Most comparisons; every pair unless given
    #[arg(long, value_name = "COMPARISONS", value_parser = clap::value_parser!(u64).range(1..))]
    budget: Option<u64>,
    /// Stop once the interval of every place spans this many places at most
    #[arg(long, value_name = "PLACES")]
    places: Option<u32>,
    /// How a judge that rates compares pairs
    #[arg(long, value_enum, default_value = "thurstone")]
    by: RuleName,
    /// What becomes of a comparison whose two orders prefer different images
    #[arg(long, value_enum, default_value = "average")]
    on_disagreement: DisagreementName,
    /// Take the tie width that `opine calibrate ties` fitted for this very judge, from this file or folder
    #[arg(long, value_name = "FILE|FOLDER", conflicts_with = "from")]
    calibration: Option<PathBuf>,
    /// A text that the judge's question quotes; may be given several times
    #[arg(long = "text", value_name = "NAME=TEXT", value_parser = named_text)]
    texts: Vec<(String, String)>,
    /// Write every answer to this file; one that is there already is continued, its answers are not asked for again
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Write the ranking as a contact sheet
    #[arg(long, value_name = "FILE.html")]
    sheet: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
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
    /// Seed of the bootstrap, and of every lot that is drawn for images
    #[arg(long, default_value_t = Plan::default().seed)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MethodName {
    /// Order the scores of a judge that rates
    Scores,
    /// Compare every pair
    AllPairs,
    /// Compare pairs in an order drawn by lot
    Random,
    /// Compare neighbours, round by round
    Swiss,
    /// Compare the pairs that are expected to tell most
    Active,
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
    let Some(from) = &arguments.from else {
        return images::run(arguments);
    };
    let mut votes = votes::read(from)?;
    if let Some(path) = &arguments.items {
        let names = std::fs::read_to_string(path)
            .map_err(|error| CliError::Unreadable(path.clone(), error))?;
        let names = names.lines().map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(str::to_owned).collect();
        votes = votes.among(&names, &from.display().to_string())?;
    }
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
    let report = rank(&votes, &settings)?;
    if arguments.json {
        output::json_document(&report)?;
    } else {
        table::print(&report)?;
    }
    Ok(if report.groups.is_none() {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}
