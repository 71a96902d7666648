//! `opine judges read`: reads one reply of a chat API as a judge would, for those who check the reading.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::backend::BackendError;
use crate::backend::readout::{Labels, read_reply, reply_of};
use crate::cli::{CliError, Ending, output};
use crate::judging::{AnswerOption, AnswerPlace, Choice, Opinion, Options, Temperature};

/// Arguments of `opine judges read`.
#[derive(Debug, Args)]
pub(super) struct ReadArguments {
    /// The allowed answers, separated by commas
    #[arg(long, value_name = "LABEL,...", value_delimiter = ',', required = true)]
    labels: Vec<String>,
    /// Read the very first token, whatever is written after it, instead of the last label
    #[arg(long)]
    next: bool,
    /// Reply of a chat API, or one of its choices, as JSON
    file: PathBuf,
}

/// What was read.
#[derive(Debug, Serialize)]
struct ReadJson {
    labels: Vec<String>,
    probabilities: Vec<f64>,
    log_mass: Vec<f64>,
    coverage: Option<f64>,
    readout: &'static str,
    censored: bool,
}

pub(super) fn run(arguments: &ReadArguments) -> Result<Ending, CliError> {
    let unreadable =
        |message: String| CliError::Reply(format!("`{}`: {message}", arguments.file.display()));
    let text = std::fs::read(&arguments.file).map_err(|error| unreadable(error.to_string()))?;
    let document = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
    let options = options(&arguments.labels).map_err(CliError::Reply)?;
    let choice =
        read(&document, &options, arguments.next).map_err(|error| unreadable(error.to_string()))?;
    let opinion = Opinion::from_choice(&choice, Temperature::ONE);
    output::json_document(&ReadJson {
        labels: arguments.labels.clone(),
        probabilities: opinion.probabilities().to_vec(),
        log_mass: choice.log_mass().to_vec(),
        coverage: choice.coverage().map(|coverage| coverage.value()),
        readout: choice.readout().name(),
        censored: choice.is_censored(),
    })?;
    Ok(Ending::Done)
}

fn options(labels: &[String]) -> Result<Options, String> {
    let options = labels
        .iter()
        .map(|label| AnswerOption::new(label.as_str(), vec![]))
        .collect::<Result<Vec<_>, _>>();
    options
        .and_then(Options::new)
        .map_err(|error| error.to_string())
}

fn read(
    document: &serde_json::Value,
    options: &Options,
    next: bool,
) -> Result<Choice, BackendError> {
    let place = if next {
        AnswerPlace::Next
    } else {
        AnswerPlace::Last
    };
    read_reply(&reply_of(document)?, &Labels::new(options)?, place)
}
