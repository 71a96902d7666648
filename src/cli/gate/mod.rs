//! `opine gate`: thresholds that mean something, and what passes them.

mod check;
mod drift;
mod fit;

use clap::{Args, Subcommand};

use super::{CliError, Ending};

/// Arguments of `opine gate`.
#[derive(Debug, Args)]
pub(super) struct GateArguments {
    #[command(subcommand)]
    command: GateCommand,
}

#[derive(Debug, Subcommand)]
enum GateCommand {
    /// Fit a threshold to a target, from labels; or learn that the labels do not show one
    Fit(Box<fit::FitArguments>),
    /// Decide over images by a policy
    Check(check::CheckArguments),
    /// Say whether scores have moved since a gate was fitted
    Drift(drift::DriftArguments),
}

pub(super) fn run(arguments: &GateArguments) -> Result<Ending, CliError> {
    match &arguments.command {
        GateCommand::Fit(arguments) => fit::run(arguments),
        GateCommand::Check(arguments) => check::run(arguments),
        GateCommand::Drift(arguments) => drift::run(arguments),
    }
}
