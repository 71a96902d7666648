//! What would be right and wrong if a prompt were asked: the findings of `opine judges check`.

use std::fmt::Write as _;

use super::probe::{Known, PICTURE};
use super::{Chat, Flavour, ladder, vllm};
use crate::backend::readout::Labels;
use crate::backend::{Backend as _, BackendError, Finding, examine_abilities};
use crate::judging::{Choice, Image, Options, Part, Prompt, Wanted};

/// A change of a log mass below this is none: engines round.
const NO_CHANGE: f64 = 1e-6;
/// How much more than the engine's own unrest a change must be.
const BEYOND_NOISE: f64 = 3.0;

pub(super) async fn examine(chat: &Chat, prompt: &Prompt) -> Vec<Finding> {
    let known = match chat.known().await {
        Ok(known) => known,
        Err(error) => {
            return vec![finding(
                "server",
                false,
                format!("it cannot be asked: {error}"),
            )];
        }
    };
    let mut findings = vec![finding(
        "server",
        true,
        format!(
            "{} at `{}`, model `{}`",
            known.flavour.name(),
            chat.id().name,
            chat.server.options.model
        ),
    )];
    findings.extend(examine_abilities(&chat.abilities(), prompt));
    if let Wanted::Options(options) = prompt.wanted() {
        findings.extend(labels(chat, known, prompt, options).await);
        findings.extend(reading(chat, known, prompt, options).await);
    }
    findings
}

fn finding(subject: &'static str, holds: bool, detail: impl Into<String>) -> Finding {
    Finding {
        subject,
        holds,
        detail: detail.into(),
    }
}

/// How the tokenizer cuts each label, and whether first tokens tell the labels apart.
async fn labels(chat: &Chat, known: &Known, prompt: &Prompt, options: &Options) -> Option<Finding> {
    if !known.tokenizer {
        let nested = Labels::new(options).ok()?.nested()?;
        return Some(finding(
            "labels",
            false,
            format!(
                "`{}` may be the beginning of `{}` and the server has no tokenizer to ask; allow `samples`, or spell the levels otherwise",
                nested.first, nested.second
            ),
        ));
    }
    let sequences = match sequences(chat, known, prompt, options).await {
        Ok(sequences) => sequences,
        Err(error) => return Some(finding("labels", false, error.to_string())),
    };
    let mut detail = String::new();
    for (name, spellings) in options.names().zip(&sequences) {
        let cuts: Vec<String> = spellings
            .iter()
            .map(|tokens| format!("{tokens:?}"))
            .collect();
        write!(detail, "`{name}` is {}; ", cuts.join(" or ")).expect("a string takes all");
    }
    let clash = Labels::new(options).ok()?.with_tokens(&sequences).err();
    let holds = clash.is_none();
    detail.push_str(&match clash {
        None => "first tokens tell all labels apart".to_owned(),
        Some(clash) => format!(
            "`{}` and `{}` begin with the same token, so that they are read by forced sequences",
            clash.first, clash.second
        ),
    });
    Some(finding("labels", holds || known.forced, detail))
}

async fn sequences(
    chat: &Chat,
    known: &Known,
    prompt: &Prompt,
    options: &Options,
) -> Result<Vec<Vec<Vec<u32>>>, BackendError> {
    if known.flavour == Flavour::LlamaCpp {
        Ok(chat.rendered(prompt, options).await?.sequences())
    } else {
        vllm::sequences(&chat.server, options).await
    }
}

/// Asks the question, and again with another picture: a judge that sees must answer differently.
async fn reading(chat: &Chat, known: &Known, prompt: &Prompt, options: &Options) -> Vec<Finding> {
    let asked = match chat.check(known, prompt) {
        Ok(()) => ladder::climb(chat, known, prompt, options).await,
        Err(error) => Err(error),
    };
    let first = match asked {
        Ok(choice) => choice,
        Err(error) => return vec![finding("readout", false, error.to_string())],
    };
    let coverage = first.coverage().map_or_else(
        || "unknown".to_owned(),
        |mass| format!("{:.6}", mass.value()),
    );
    let censored = if first.is_censored() {
        "; some labels are not listed and only bounded, so that more tokens should be listed or the levels be spelt otherwise"
    } else {
        ""
    };
    let mut findings = vec![finding(
        "readout",
        true,
        format!(
            "read by {}, coverage {coverage}{censored}",
            first.readout().name()
        ),
    )];
    if prompt.images().next().is_some() {
        findings.push(sees(chat, known, prompt, options, &first).await);
    }
    findings
}

async fn sees(
    chat: &Chat,
    known: &Known,
    prompt: &Prompt,
    options: &Options,
    first: &Choice,
) -> Finding {
    let again = ladder::climb(chat, known, prompt, options).await;
    let other = ladder::climb(chat, known, &with_other_pictures(prompt), options).await;
    let (again, other) = match (again, other) {
        (Ok(again), Ok(other)) => (again, other),
        (Err(error), _) | (_, Err(error)) => {
            return finding(
                "image_seen",
                false,
                format!("it could not be told: {error}"),
            );
        }
    };
    let noise = distance(first, &again);
    let change = distance(first, &other);
    let seen = change > (BEYOND_NOISE * noise).max(NO_CHANGE);
    let advice = if seen {
        ""
    } else {
        "; the picture does not reach the model: look for a missing projector, a template without images, or a model of words only"
    };
    finding(
        "image_seen",
        seen,
        format!(
            "another picture changes log masses by up to {change:.3e}, the same picture by {noise:.3e}{advice}"
        ),
    )
}

/// The prompt with a small grey picture in place of each of its own.
fn with_other_pictures(prompt: &Prompt) -> Prompt {
    let parts = prompt
        .parts()
        .iter()
        .map(|part| match part {
            Part::Image(_) => Part::Image(Image::new(PICTURE)),
            Part::Text(text) => Part::Text(text.clone()),
        })
        .collect();
    Prompt::new(parts, prompt.wanted().clone())
        .expect("as many parts as the prompt, which has one")
        .with_system(prompt.system().map(str::to_owned))
        .with_answer_prefix(prompt.answer_prefix().map(str::to_owned))
        .with_reading(prompt.reading().clone())
        .with_repeat(prompt.repeat())
}

fn distance(a: &Choice, b: &Choice) -> f64 {
    a.log_mass()
        .iter()
        .zip(b.log_mass())
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}
