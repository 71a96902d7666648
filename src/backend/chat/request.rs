//! Bodies of requests.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::options::{ChatOptions, Flavour, Prefill};
use crate::backend::BackendError;
use crate::judging::{Image, Part, Prompt, Sampling};
use crate::pixels;

/// A question as the messages of a chat.
///
/// # Errors
/// [`BackendError::Image`] for bytes that are no picture.
pub(super) fn messages(
    prompt: &Prompt,
    prefill: Prefill,
    limits: &pixels::Limits,
) -> Result<Vec<Value>, BackendError> {
    let mut messages = Vec::with_capacity(3);
    if let Some(system) = prompt.system() {
        messages.push(json!({"role": "system", "content": system}));
    }
    let mut parts = Vec::with_capacity(prompt.parts().len() + 1);
    for part in prompt.parts() {
        parts.push(match part {
            Part::Text(text) => text_part(text),
            Part::Image(image) => json!({
                "type": "image_url",
                "image_url": {"url": data_url(image, limits)?},
            }),
        });
    }
    match (prompt.answer_prefix(), prefill) {
        (Some(prefix), Prefill::InQuestion) => parts.push(text_part(prefix)),
        (Some(_), Prefill::Continue) | (None, _) => {}
    }
    messages.push(json!({"role": "user", "content": parts}));
    match (prompt.answer_prefix(), prefill) {
        (Some(prefix), Prefill::Continue) => messages.push(assistant(prefix)),
        (Some(_), Prefill::InQuestion) | (None, _) => {}
    }
    Ok(messages)
}

/// The beginning of the answer.
pub(super) fn assistant(words: &str) -> Value {
    json!({"role": "assistant", "content": words})
}

fn text_part(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// The picture as it was given, with the media type of what it is.
fn data_url(image: &Image, limits: &pixels::Limits) -> Result<String, BackendError> {
    let media_type = media_type(image, limits)?;
    let mut url = String::with_capacity(32 + image.bytes().len().div_ceil(3) * 4);
    url.push_str("data:");
    url.push_str(media_type);
    url.push_str(";base64,");
    BASE64_STANDARD.encode_string(image.bytes(), &mut url);
    Ok(url)
}

fn media_type(image: &Image, limits: &pixels::Limits) -> Result<&'static str, BackendError> {
    let header = pixels::inspect(image.bytes(), limits).map_err(|fault| BackendError::Image {
        code: fault.code(),
        message: fault.to_string(),
    })?;
    Ok(header.format.media_type())
}

/// The pictures in order, as base64 without a media type.
///
/// # Errors
/// [`BackendError::Image`] for bytes that are no picture.
pub(super) fn base64_images(
    prompt: &Prompt,
    limits: &pixels::Limits,
) -> Result<Vec<String>, BackendError> {
    prompt
        .images()
        .map(|image| {
            media_type(image, limits)?;
            Ok(BASE64_STANDARD.encode(image.bytes()))
        })
        .collect()
}

/// What is asked beside the messages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ask {
    /// Most tokens of the answer.
    pub most_tokens: u32,
    /// 0 takes the most probable token.
    pub temperature: f64,
    /// Share of the probability that is drawn from.
    pub top_p: f64,
    /// Seed of the draw.
    pub seed: u64,
    /// How many answers.
    pub answers: u32,
    /// How many tokens to list at each place; `None` asks for no log-probabilities.
    pub top: Option<u32>,
}

impl Ask {
    /// The most probable answer of so many tokens.
    pub(super) fn greedy(most_tokens: u32, top: Option<u32>) -> Self {
        Ask {
            most_tokens,
            temperature: 0.0,
            top_p: 1.0,
            seed: 0,
            answers: 1,
            top,
        }
    }

    /// A drawn answer; `seed` counts the draws of one question.
    pub(super) fn drawn(sampling: &Sampling, seed: u64) -> Self {
        Ask {
            most_tokens: sampling.most_tokens,
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            seed,
            answers: 1,
            top: None,
        }
    }
}

/// The body of a chat request.
///
/// Grammars and lists of allowed tokens are never sent: engines apply them before they take the
/// log-probabilities, and coverage would read 1 whatever the judge wanted to say.
pub(super) fn chat_body(
    options: &ChatOptions,
    flavour: Flavour,
    messages: Vec<Value>,
    ask: Ask,
) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("model".into(), json!(options.model));
    let continues = messages
        .last()
        .is_some_and(|message| message.get("role") == Some(&json!("assistant")));
    body.insert("messages".into(), Value::Array(messages));
    body.insert(flavour.most_tokens_field().into(), json!(ask.most_tokens));
    body.insert("temperature".into(), json!(ask.temperature));
    body.insert("top_p".into(), json!(ask.top_p));
    body.insert("seed".into(), json!(ask.seed));
    if ask.answers > 1 {
        body.insert("n".into(), json!(ask.answers));
    }
    if let Some(top) = ask.top {
        body.insert("logprobs".into(), json!(true));
        body.insert("top_logprobs".into(), json!(top));
    }
    if flavour == Flavour::LlamaCpp {
        // A prompt taken from the cache changes logits from run to run (llama.cpp's own documentation).
        body.insert("cache_prompt".into(), json!(false));
    }
    if continues {
        for (name, value) in flavour.continuing() {
            body.insert((*name).into(), json!(value));
        }
    }
    for (name, value) in &options.body {
        body.insert(name.clone(), value.clone());
    }
    body
}
