//! Written texts read as a card reads them, with how many could not be.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::backend::readout::without_reasoning;
use crate::card::{JudgeCard, Recipe};
use crate::cli::{CliError, Ending, output};
use crate::judging::protocol::{Given, GivenVerdict};
use crate::judging::{Answer, Unscored};

/// What became of one text.
#[derive(Debug, Serialize)]
struct TextJson {
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Prints one JSON object for each text, and how many were read.
pub(super) fn read_all(
    card: &JudgeCard,
    path: &Path,
    field: Option<&str>,
) -> Result<Ending, CliError> {
    let unreadable = |error| CliError::Unreadable(path.to_owned(), error);
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let (mut all, mut read) = (0usize, 0usize);
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line.map_err(unreadable)?;
        if line.trim().is_empty() {
            continue;
        }
        let text = match field {
            Some(field) => text_of(&line, field).map_err(|fault| {
                CliError::Reply(format!("`{}`, line {number}: {fault}", path.display()))
            })?,
            None => line,
        };
        let found = read_one(card, number, without_reasoning(&text))?;
        all += 1;
        read += usize::from(found.reason.is_none());
        let outcome = found.verdict.clone().or(found.reason.map(str::to_owned));
        *outcomes
            .entry(outcome.unwrap_or_else(|| "rated".to_owned()))
            .or_default() += 1;
        output::json_line(&found)?;
    }
    let each: Vec<String> = outcomes
        .iter()
        .map(|(outcome, count)| format!("{outcome} {count}"))
        .collect();
    output::say(format_args!(
        "{read} of {all} texts read: {}",
        each.join(", ")
    ));
    Ok(if read == all {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

/// The text in a field of a line; what is no string is taken as the JSON that it is.
fn text_of(line: &str, field: &str) -> Result<String, String> {
    let object: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    match object.get(field) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Ok(other.to_string()),
        None => Err(format!("no field `{field}`")),
    }
}

fn read_one(card: &JudgeCard, line: usize, text: &str) -> Result<TextJson, CliError> {
    let mut found = TextJson {
        line,
        verdict: None,
        rating: None,
        reason: None,
        detail: None,
    };
    let answered = Ok(Answer::Text(text.to_owned()));
    let unscored = match &card.recipe {
        Recipe::Compare(recipe) => match &recipe.given {
            GivenVerdict::Written(written) => recipe.verdict(written, answered).map(|option| {
                found.verdict = recipe.options.names().nth(option).map(str::to_owned);
            }),
            GivenVerdict::Chosen => return Err(writes_nothing(card)),
        },
        Recipe::Rating(recipe) => match &recipe.given {
            Given::Written(extraction) => extraction
                .read(text, recipe.scale)
                .map(|rating| found.rating = Some(rating)),
            Given::Value => return Err(writes_nothing(card)),
        },
        Recipe::Score(_) | Recipe::Choose(_) | Recipe::List(_) => return Err(writes_nothing(card)),
    };
    if let Err(Unscored { reason, detail }) = unscored {
        found.reason = Some(reason.code());
        found.detail = Some(detail);
    }
    Ok(found)
}

fn writes_nothing(card: &JudgeCard) -> CliError {
    CliError::Reply(format!(
        "judge `{}` reads no verdict or rating from written text; read its replies with `--labels`",
        card.id
    ))
}
