//! The command line: data on standard output, everything else on standard error.
//!
//! Exit codes: 0 done; 1 done, but something was unscored or out of tolerance; 2 could not be done.

mod audit;
mod best_of;
mod calibrate;
mod choose;
mod compare;
mod config;
mod embeddings;
mod evaluate;
mod files;
mod gate;
mod health;
mod judges;
mod keys;
mod log;
mod output;
mod panel;
mod rank;
mod release;
mod reproduce;
mod score;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::assemble::{AssembleError, assemble};
use crate::config::{Config, ConfigError, LogConfig, TracesConfig};
use crate::engine::{BindError, Engine};

/// Opinion scores for images, and how far each judge agrees with people.
#[derive(Debug, Parser)]
#[command(name = "opine", version, about, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the HTTP service
    Serve(serve::ServeArguments),
    /// Score image files
    Score(score::ScoreArguments),
    /// Ask closed questions about image files
    Choose(choose::ChooseArguments),
    /// Compare two images
    Compare(compare::CompareArguments),
    /// Print every setting, or check a configuration
    Config(config::ConfigArguments),
    /// Ask a service whether it lives, or is ready; for health checks of containers
    Health(health::HealthArguments),
    /// Audit a judge: how far its values agree with people's
    Audit(Box<audit::AuditArguments>),
    /// Pick the best of several candidates for each prompt, and say what picking by the judge is worth
    BestOf(Box<best_of::BestOfArguments>),
    /// Calibrate a judge: fit a map from its scores to a human scale
    Calibrate(Box<calibrate::CalibrateArguments>),
    /// Fit the margin within which a judge's comparisons are ties, on pairs that people judged
    CalibrateTies(Box<calibrate::TiesArguments>),
    /// Score embeddings that are there already: CLIPScore, PickScore, HPS, aesthetic heads
    Embeddings(embeddings::EmbeddingsArguments),
    /// Evaluate images that were made from a text: checklists, T2I-Eval, VIEScore
    Evaluate(Box<evaluate::EvaluateArguments>),
    /// Fit thresholds that hold a target, and decide by them
    Gate(gate::GateArguments),
    /// List the judges and whether each can be asked
    Judges(judges::JudgesArguments),
    /// Make keys for the HTTP service
    Keys(keys::KeysArguments),
    /// Rank images with a judge, or items by votes on pairs of them
    Rank(rank::RankArguments),
    /// Decide whether a new generator may replace the old one, on the same prompts
    Release(release::ReleaseArguments),
    /// Recompute a published table from its authors' files
    Reproduce(reproduce::ReproduceArguments),
}

/// What every command that needs judges takes.
#[derive(Debug, Args)]
struct Common {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// All was done.
    Done,
    /// Done, but something was unscored or out of tolerance.
    Incomplete,
}

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Reproduce(#[from] crate::agreement::reproduce::ReproduceError),
    #[error(transparent)]
    Start(#[from] crate::http::StartError),
    #[error(transparent)]
    Reload(#[from] crate::http::ReloadError),
    #[error("{0}")]
    Faults(String),
    #[cfg(feature = "otel")]
    #[error(transparent)]
    Traces(#[from] crate::traces::TracesError),
    #[error("the service ended: {0}")]
    Serve(std::io::Error),
    #[error(transparent)]
    Audit(#[from] crate::agreement::audit::AuditError),
    #[error("`{}` has no known form of a report; name it .html, .md or .json, or - to print JSON", .0.display())]
    ReportForm(PathBuf),
    #[error(transparent)]
    Apply(#[from] crate::calibration::ApplyError),
    #[error("{0}")]
    Images(String),
    #[error("{0}")]
    Panel(String),
    #[error(transparent)]
    AuditReport(#[from] crate::agreement::audit::ReportError),
    #[error(transparent)]
    Reliability(#[from] crate::calibration::ReliabilityError),
    #[error(transparent)]
    Covariates(#[from] crate::ranking::CovariateError),
    #[error(transparent)]
    NotRanked(#[from] crate::wire::NotRanked),
    #[error(transparent)]
    NoTieWidth(#[from] crate::wire::NoTieWidth),
    #[error(transparent)]
    Recording(crate::backend::recorded::RecordingError),
    #[error("`{}` cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, std::io::Error),
    #[error("`{}` is read by this command; name what it writes otherwise", .0.display())]
    ReportOverInput(PathBuf),
    #[error("`{}` cannot be written: {}", .0.display(), .1)]
    ReportFile(PathBuf, std::io::Error),
    #[error(transparent)]
    Calibration(#[from] crate::calibration::CalibrationError),
    #[error(transparent)]
    MapFile(#[from] crate::calibration::MapFileError),
    #[error(transparent)]
    Votes(#[from] crate::ranking::votes::VotesError),
    #[error(transparent)]
    Table(#[from] crate::table::TableError),
    #[error(transparent)]
    Questions(#[from] crate::evaluation::QuestionFileError),
    #[error(transparent)]
    EvaluateFault(#[from] crate::engine::EvaluateFault),
    #[error("{0}")]
    Evaluate(String),
    #[error(transparent)]
    Policy(#[from] crate::gate::PolicyError),
    #[error(transparent)]
    Gate(#[from] crate::engine::GateError),
    #[error(transparent)]
    Release(#[from] crate::gate::release::ReleaseError),
    #[error(transparent)]
    GateLabels(#[from] crate::gate::GateLabelsError),
    #[error(transparent)]
    Stats(#[from] crate::stats::StatsError),
    #[error("{0}")]
    Asked(String),
    #[error("{0}")]
    Key(String),
    #[error("{0}")]
    Reply(String),
    #[error("output could not be written: {0}")]
    Output(#[from] std::io::Error),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    // The service starts its log itself, as its configuration says.
    if !matches!(command_line.command, Command::Serve(_)) {
        let (mut log, traces) = (LogConfig::default(), TracesConfig::default());
        // Whoever runs a command sees its results; only what they cannot say is logged.
        "warn,ort=error".clone_into(&mut log.filter);
        if let Err(error) = log::start_log(&log, &traces) {
            output::say(format_args!("error: {error}"));
            return ExitCode::from(2);
        }
    }
    let ended = match command_line.command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Score(arguments) => score::run(&arguments),
        Command::Choose(arguments) => choose::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Health(arguments) => health::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::BestOf(arguments) => best_of::run(&arguments),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::CalibrateTies(arguments) => calibrate::run_ties(&arguments),
        Command::Embeddings(arguments) => embeddings::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Gate(arguments) => gate::run(&arguments),
        Command::Judges(arguments) => judges::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
        Command::Rank(arguments) => rank::run(&arguments),
        Command::Release(arguments) => release::run(&arguments),
        Command::Reproduce(arguments) => reproduce::run(&arguments),
    };
    match ended {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Incomplete) => ExitCode::from(1),
        // Whoever read our output has read enough.
        Err(CliError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            output::say(format_args!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

impl Common {
    fn configuration(&self) -> Result<Config, ConfigError> {
        self.config
            .as_deref()
            .map_or_else(Config::from_environment, Config::load)
    }

    fn engine(&self) -> Result<Engine, CliError> {
        Ok(assemble(&self.configuration()?)?)
    }
}

/// Where a command's questions are asked.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
}
