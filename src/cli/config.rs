//! `opine config`: every setting, and whether a configuration can be used.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CliError, Ending, output};
use crate::assemble::{Opening, open};
use crate::calibration::Maps;
use crate::config::{Config, EXAMPLE};

/// Arguments of `opine config`.
#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print every setting with its default and what it means
    Example,
    /// Tell everything that is wrong with a configuration and the environment over it, and open every model
    Check(CheckArguments),
}

/// Arguments of `opine config check`.
#[derive(Debug, Args)]
struct CheckArguments {
    /// Configuration file (TOML)
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &ConfigArguments) -> Result<Ending, CliError> {
    match &arguments.command {
        ConfigCommand::Example => {
            output::text(EXAMPLE)?;
            Ok(Ending::Done)
        }
        ConfigCommand::Check(arguments) => check(arguments),
    }
}

/// Strict where the service is not: there one model that cannot be opened leaves the others at work.
fn check(arguments: &CheckArguments) -> Result<Ending, CliError> {
    let config = Config::load(&arguments.file)?;
    let folder = config.calibration.folder.as_deref();
    let maps = folder.map(Maps::load).transpose()?.unwrap_or_default();
    let opened = open(&config, Opening::All)?;
    if !opened.faults.is_empty() {
        let faults: Vec<String> = opened.faults.iter().map(ToString::to_string).collect();
        return Err(CliError::Faults(faults.join("\n       ")));
    }
    output::line(format_args!(
        "{}: {} judges, {} backends, {} maps",
        arguments.file.display(),
        opened.judges.iter().count(),
        opened.judges.backends().count(),
        maps.iter().count()
    ))?;
    Ok(Ending::Done)
}
