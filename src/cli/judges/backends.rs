//! `opine judges --backends`: who can answer, and what they can be asked.

use std::time::Duration;

use crate::cli::runtime;
use crate::cli::{CliError, Ending, output};
use crate::engine::{BackendState, Engine};
use crate::wire::{AbilitiesJson, BackendJson};

/// How long a backend may take to tell about itself.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn run(engine: &Engine, json: bool) -> Result<Ending, CliError> {
    let runtime = runtime()?;
    let failures = runtime.block_on(engine.probe(PATIENCE));
    let mut backends: Vec<BackendJson> = engine
        .judges()
        .backends()
        .map(|(name, state)| BackendJson::new(name, state))
        .collect();
    for (name, failure) in failures {
        for entry in backends.iter_mut().filter(|entry| entry.name == name) {
            entry.state = "unavailable";
            entry.remedy = Some(failure.clone());
            entry.abilities = None;
        }
    }
    let all_ready = backends.iter().all(|entry| entry.abilities.is_some());
    if json {
        output::json_document(&backends)?;
    } else {
        let rows: Vec<Vec<String>> = backends.iter().map(row).collect();
        output::table(
            &["backend", "state", "model", "can", "readouts"],
            &rows,
            &[],
        )?;
        for (name, spent) in engine.judges().backends().filter_map(spent) {
            output::say(format_args!("{name}: {spent}"));
        }
        for entry in &backends {
            if let Some(remedy) = &entry.remedy {
                output::say(format_args!(
                    "hint: {} is {}: {remedy}",
                    entry.name, entry.state
                ));
            }
        }
    }
    Ok(if all_ready {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

/// What a backend that counts has been asked so far, by this very listing.
fn spent<'a>((name, state): (&'a str, &BackendState)) -> Option<(&'a str, String)> {
    let BackendState::Ready(backend) = state else {
        return None;
    };
    let spent = backend.spent()?;
    let cost = spent.cost.map_or_else(String::new, |cost| {
        format!(", {cost:.6} at the configured prices")
    });
    let said = format!(
        "{} requests, {} tokens in and {} out{cost}",
        spent.requests, spent.input_tokens, spent.output_tokens
    );
    Some((name, said))
}

fn row(entry: &BackendJson) -> Vec<String> {
    let missing = || "-".to_owned();
    let abilities = entry.abilities.as_ref();
    vec![
        entry.name.clone(),
        entry.state.to_owned(),
        entry.model_revision.clone().unwrap_or_else(missing),
        abilities.map_or_else(missing, can),
        abilities.map_or_else(missing, |known| known.readouts.join(", ")),
    ]
}

fn can(abilities: &AbilitiesJson) -> String {
    let abilities = [
        (abilities.options, "options"),
        (abilities.value, "value"),
        (abilities.text, "text"),
        (abilities.answer_prefix, "prefix"),
    ];
    let words: Vec<&str> = abilities
        .into_iter()
        .filter_map(|(can, word)| can.then_some(word))
        .collect();
    words.join(", ")
}
