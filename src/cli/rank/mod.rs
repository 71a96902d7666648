//! `opine rank`: images or votes on pairs in, a ranking with intervals out.

mod given;
mod images;
mod table;

pub(super) use images::{progress, show};

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::compare::{DisagreementName, RuleName};
use super::files::named_text;
use super::panel::PanelArguments;
use super::{CliError, Common, Ending, output};
use crate::ranking::{Covariates, IntervalKind, JudgedSettings, RankSettings, rank, votes};
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
    #[arg(long = "items", value_name = "FILE", requires = "from")]
    known: Option<PathBuf>,
    #[command(flatten)]
    panel: PanelArguments,
    /// How images are ranked [default: scores where the judge rates, active where it compares, listwise where it puts
    /// lists in order, anchors where some are given]
    #[arg(long, value_enum)]
    method: Option<MethodName>,
    /// Most comparisons or lists; every pair, or all repeats unless given
    #[arg(long, value_name = "COMPARISONS", value_parser = clap::value_parser!(u64).range(1..))]
    budget: Option<u64>,
    /// Stop once the interval of every place spans this many places at most
    #[arg(long, value_name = "PLACES")]
    places: Option<u32>,
    /// How a judge that rates compares pairs
    #[arg(long, value_enum, default_value = "thurstone")]
    by: RuleName,
    /// How often all images are shown in lists, each time in another order [default: 5]
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    repeats: Option<u32>,
    /// An image that all others are compared with, its strength if that is known, and the deviation of that; may be
    /// given 2 to 64 times
    #[arg(long = "anchor", value_name = "FILE[=STRENGTH[~DEVIATION]]", value_parser = given::anchor)]
    anchors: Vec<given::GivenAnchor>,
    /// A file with a text to rank, such as a response to the one picture given; may be given several times
    #[arg(long = "item", value_name = "FILE")]
    items: Vec<PathBuf>,
    /// What becomes of a comparison whose two orders prefer different images
    #[arg(long, value_enum, default_value = "average")]
    on_disagreement: DisagreementName,
    /// Take the tie width that `opine calibrate-ties` fitted for this very judge, from this file or folder
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
    /// Normal prior of variance 1/RIDGE on strengths; 0 for none [default: 0.1 for images, 0 for votes]
    #[arg(long, value_name = "RIDGE")]
    ridge: Option<f64>,
    /// Numbers of each item, such as its length, whose effect is fitted: a table with the column `item` and others
    #[arg(long, value_name = "FILE")]
    covariates: Option<PathBuf>,
    /// How intervals are made [default: posterior for images without a model of ties, else sandwich]
    #[arg(long, value_enum)]
    interval: Option<IntervalName>,
    /// Bootstrap intervals from so many resamples
    #[arg(long, value_name = "RESAMPLES", value_parser = clap::value_parser!(u32).range(2..))]
    bootstrap: Option<u32>,
    /// Added to the mean curvature of each strength before sandwich intervals are taken; arena-rank adds 1e-5
    #[arg(long, value_name = "DAMPING", default_value_t = 0.0, requires = "from", value_parser = finite_damping)]
    damping: f64,
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
    /// Compare each with the anchors
    Anchors,
    /// Have lists put in order, in shuffled repeats
    Listwise,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModelName {
    BradleyTerry,
    Davidson,
    RaoKupper,
    Thurstone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum IntervalName {
    /// By expectation propagation, with spread and noise estimated; under a given ridge, with an order effect or
    /// covariates by Laplace's approximation
    Posterior,
    /// Right also where the model is not
    Sandwich,
    /// From votes drawn again
    Bootstrap,
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

impl RankArguments {
    /// The chosen kind of interval; a number of resamples asks for the bootstrap.
    fn interval(&self) -> Result<Option<IntervalKind>, CliError> {
        let plan = Plan {
            resamples: self.bootstrap.unwrap_or(Plan::default().resamples),
            seed: self.seed,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        };
        let kind = match (self.interval, self.bootstrap) {
            (None, None) => return Ok(None),
            (None | Some(IntervalName::Bootstrap), _) => IntervalKind::Bootstrap(plan),
            (Some(_), Some(_)) => {
                let detail = "`--bootstrap` is for `--interval bootstrap`; leave one of them out";
                return Err(CliError::Images(detail.to_owned()));
            }
            (Some(IntervalName::Posterior), None) => IntervalKind::Posterior,
            (Some(IntervalName::Sandwich), None) => IntervalKind::Sandwich,
        };
        Ok(Some(kind))
    }

    fn covariates(&self) -> Result<Option<Covariates>, CliError> {
        let path = self.covariates.as_deref();
        Ok(path.map(Covariates::read).transpose()?)
    }

    /// What is fitted to the comparisons of a judge.
    fn judged(&self) -> Result<JudgedSettings, CliError> {
        Ok(JudgedSettings {
            model: self.model.model(),
            ridge: self.ridge,
            order_effect: self.order_effect,
            covariates: self.covariates()?,
            interval: self.interval()?,
        })
    }
}

fn finite_damping(given: &str) -> Result<f64, String> {
    match given.parse() {
        Ok(damping) if f64::is_finite(damping) && damping >= 0.0 => Ok(damping),
        Ok(_) | Err(_) => {
            Err("damping is a finite number of zero or more, such as 1e-5".to_owned())
        }
    }
}

pub(super) fn run(arguments: &RankArguments) -> Result<Ending, CliError> {
    let Some(from) = &arguments.from else {
        return images::run(arguments);
    };
    let mut votes = votes::read(from)?;
    if let Some(path) = &arguments.known {
        let names = std::fs::read_to_string(path)
            .map_err(|error| CliError::Unreadable(path.clone(), error))?;
        let names = names.lines().map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(str::to_owned).collect();
        votes = votes.among(&names, &from.display().to_string())?;
    }
    if let Some(covariates) = arguments.covariates()? {
        votes = votes.with_covariates(&covariates)?;
    }
    let settings = RankSettings {
        strengths: StrengthSettings {
            model: arguments.model.model(),
            order_effect: arguments.order_effect,
            ridge: arguments.ridge.unwrap_or(0.0),
        },
        interval: arguments.interval()?.unwrap_or(IntervalKind::Sandwich),
        damping: arguments.damping,
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
