//! `opine judges read`: reads one reply of a chat API, or many written texts, as a judge would, for those who check
//! the reading.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::texts;
use crate::backend::BackendError;
use crate::backend::readout::{Labels, read_reply, reply_of};
use crate::cli::{CliError, Common, Ending, output};
use crate::judging::{AnswerOption, AnswerPlace, Choice, Opinion, Options, Temperature};

/// Arguments of `opine judges read`.
#[derive(Debug, Args)]
pub(super) struct ReadArguments {
    /// The allowed answers, separated by commas
    #[arg(
        long,
        value_name = "LABEL,...",
        value_delimiter = ',',
        required_unless_present = "judge"
    )]
    labels: Vec<String>,
    /// Read written texts as this judge reads them: one a line of the file, as JSON Lines
    #[arg(long, value_name = "ID", conflicts_with_all = ["labels", "next"])]
    judge: Option<String>,
    /// Field of each line that holds the text; the whole line unless given
    #[arg(long, value_name = "NAME", requires = "judge")]
    field: Option<String>,
    /// Read the very first token, whatever is written after it, instead of the last label
    #[arg(long)]
    next: bool,
    /// Reply of a chat API, or one of its choices, as JSON; or JSON Lines of written texts
    file: PathBuf,
    #[command(flatten)]
    common: Common,
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
    if let Some(judge) = &arguments.judge {
        let engine = arguments.common.engine()?;
        let card = engine.judges().find(judge)?.card;
        return texts::read_all(&card, &arguments.file, arguments.field.as_deref());
    }
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
