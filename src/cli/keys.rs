//! `opine keys new`: a key for the HTTP service, shown once, and the table that lets it in.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{CliError, Ending, output};
use crate::access::{KeyDigest, NewKey, Scope, key_name};
use crate::config::rate;

/// Arguments of `opine keys`.
#[derive(Debug, Args)]
pub(super) struct KeysArguments {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key: the table for the configuration on standard output, the key itself once on standard error
    New(NewArguments),
}

/// Arguments of `opine keys new`.
#[derive(Debug, Args)]
struct NewArguments {
    /// Whose key it is: it owns jobs and results, and stands in logs
    #[arg(value_parser = owner)]
    name: String,
    /// What it may be used for; may be given several times [default: read, score, compare, rank]
    #[arg(long = "scope", value_parser = scope)]
    scopes: Vec<Scope>,
    /// Requests per second in the long run, such as `5/s`
    #[arg(long, value_name = "R/s", value_parser = per_second)]
    rate: Option<f64>,
    /// Requests at once after a rest
    #[arg(long, value_name = "N", requires = "rate")]
    burst: Option<u32>,
    /// Most requests of a day, such as `10000/day`
    #[arg(long, value_name = "N/day", value_parser = per_day)]
    quota: Option<u64>,
    /// Write the key to this new file, which only its owner may read, instead of showing it
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// Scopes of a key that names none: all that asks judges.
const USUAL: [Scope; 4] = [Scope::Read, Scope::Score, Scope::Compare, Scope::Rank];

pub(super) fn run(arguments: &KeysArguments) -> Result<Ending, CliError> {
    let KeysCommand::New(arguments) = &arguments.command;
    rate(arguments.rate, arguments.burst).map_err(CliError::Key)?;
    let key = NewKey::generate().map_err(CliError::Key)?;
    // Whoever cannot keep the key must not be left with a table for it.
    match &arguments.key_file {
        Some(file) => {
            keep(file, &key).map_err(|error| CliError::ReportFile(file.clone(), error))?;
            output::say(format_args!("the key is in `{}`", file.display()));
        }
        None => output::say(format_args!("the key, shown only now: {}", key.reveal())),
    }
    output::text(&table(arguments, key.digest()))?;
    Ok(Ending::Done)
}

/// The table for the configuration: nothing in it is secret.
fn table(arguments: &NewArguments, digest: KeyDigest) -> String {
    let scopes = match arguments.scopes.as_slice() {
        [] => &USUAL,
        given => given,
    };
    let scopes: Vec<String> = scopes.iter().map(|scope| format!("\"{scope}\"")).collect();
    let name = &arguments.name;
    let mut table = format!(
        "[access.keys.{name}]\ndigest = \"{digest}\"\nscopes = [{}]\n",
        scopes.join(", ")
    );
    if let Some(rate) = arguments.rate {
        table.push_str(&format!("requests_per_second = {rate:?}\n"));
    }
    if let Some(burst) = arguments.burst {
        table.push_str(&format!("burst = {burst}\n"));
    }
    if let Some(quota) = arguments.quota {
        table.push_str(&format!("requests_per_day = {quota}\n"));
    }
    table
}

fn keep(file: &Path, key: &NewKey) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(file)?, "{}", key.reveal())
}

fn owner(name: &str) -> Result<String, String> {
    key_name(name).map(str::to_owned)
}

fn scope(name: &str) -> Result<Scope, String> {
    Scope::from_name(name).ok_or_else(|| {
        let known = Scope::ALL.map(Scope::name).join("`, `");
        format!("a scope is one of `{known}`")
    })
}

fn per_second(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse();
    number.map_err(|_| "a rate is given as R/s, such as `5/s`".to_owned())
}

fn per_day(text: &str) -> Result<u64, String> {
    let number = text.strip_suffix("/day").unwrap_or(text).parse();
    let number = number.ok().filter(|number| *number > 0);
    number.ok_or_else(|| "a quota is given as N/day, such as `10000/day`".to_owned())
}
