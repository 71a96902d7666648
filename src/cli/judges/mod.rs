//! `opine judges`: the judges and whether each can be asked.

mod backends;
mod check;
mod read;
mod texts;

use clap::{Args, Subcommand};

use super::{CliError, Common, Ending, output};
use crate::wire::JudgeJson;

/// Arguments of `opine judges`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct JudgesArguments {
    #[command(subcommand)]
    command: Option<JudgesCommand>,
    /// List the configured backends, each asked about itself first
    #[arg(long)]
    backends: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum JudgesCommand {
    /// Ask a judge's backend what would be right and wrong if it judged
    Check(check::CheckArguments),
    /// Read one reply of a chat API as a judge would
    Read(read::ReadArguments),
}

pub(super) fn run(arguments: &JudgesArguments) -> Result<Ending, CliError> {
    match &arguments.command {
        Some(JudgesCommand::Check(arguments)) => return check::run(arguments),
        Some(JudgesCommand::Read(arguments)) => return read::run(arguments),
        None => {}
    }
    let engine = arguments.common.engine()?;
    if arguments.backends {
        return backends::run(&engine, arguments.json);
    }
    let judges: Vec<JudgeJson> = engine.judges().iter().map(JudgeJson::new).collect();
    if arguments.json {
        output::json_document(&judges)?;
        return Ok(Ending::Done);
    }
    let rows: Vec<Vec<String>> = judges
        .iter()
        .map(|judge| {
            let backend = judge.backend.clone().unwrap_or_else(|| "-".into());
            vec![
                judge.id.clone(),
                judge.version.clone(),
                judge.protocol.into(),
                backend,
                judge.state.into(),
                judge.title.clone(),
            ]
        })
        .collect();
    output::table(
        &["judge", "version", "protocol", "backend", "state", "title"],
        &rows,
        &[],
    )?;
    let unbound = judges.iter().filter(|judge| judge.state == "unbound");
    let unbound = unbound.count();
    if unbound > 0 {
        output::say(format_args!(
            "hint: {unbound} of them name no backend; ask for `JUDGE@BACKEND` with a backend of the configuration"
        ));
    }
    for judge in judges.iter().filter(|judge| judge.state != "unbound") {
        if let Some(remedy) = &judge.remedy {
            output::say(format_args!(
                "hint: {} is {}: {remedy}",
                judge.id, judge.state
            ));
        }
    }
    Ok(Ending::Done)
}
