//! `opine judges`: the judges and whether each can be asked.

use clap::{Args, Subcommand};

use super::{CliError, Common, Ending, output, read};
use crate::wire::JudgeJson;

/// Arguments of `opine judges`.
#[derive(Debug, Args)]
pub(super) struct JudgesArguments {
    #[command(subcommand)]
    command: Option<JudgesCommand>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum JudgesCommand {
    /// Read one reply of a chat API as a judge would
    Read(read::ReadArguments),
}

pub(super) fn run(arguments: &JudgesArguments) -> Result<Ending, CliError> {
    match &arguments.command {
        Some(JudgesCommand::Read(read)) => read::run(read),
        None => list(arguments),
    }
}

fn list(arguments: &JudgesArguments) -> Result<Ending, CliError> {
    let engine = arguments.common.engine()?;
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
    for judge in &judges {
        if let Some(remedy) = &judge.remedy {
            output::say(format_args!(
                "hint: {} is {}: {remedy}",
                judge.id, judge.state
            ));
        }
    }
    Ok(Ending::Done)
}
