//! What llama.cpp's server offers beside the common API: its tokenizer, rendered prompts, and as many listed
//! tokens as are wanted. With them every label token is read exactly, and labels of several tokens are forced.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::probe::{Known, picture_part};
use super::request::{assistant, base64_images, messages};
use super::server::Server;
use crate::backend::BackendError;
use crate::backend::readout::{
    Extent, Forced, Labels, Position, is_plain, token_probability_list, variants,
};
use crate::backend::remote::Retry;
use crate::judging::{Image, Options, Part, Prompt, Wanted};

/// A vocabulary up to this size is listed whole at once.
const WHOLE: u32 = 4096;
/// How many tokens are listed first, and how many when a label is not among them.
const STAGES: [u32; 2] = [256, 65_536];

pub(super) async fn has_tokenizer(server: &Server) -> bool {
    matches!(tokens(server, "yes").await, Ok(ids) if !ids.is_empty())
}

/// Whether `/completion` lists tokens with their ids.
pub(super) async fn lists_tokens(server: &Server) -> bool {
    let body = completion_body(&json!("Yes or no?"), 5);
    match server.post_beside("completion", &body).await {
        Ok(reply) => first_position(&reply)
            .is_ok_and(|position| position.candidates().iter().all(|token| token.id.is_some())),
        Err(_) => false,
    }
}

/// Whether the template leaves the words of an assistant open at the end of the prompt.
pub(super) async fn continues(server: &Server) -> bool {
    let beginning = "The quality of the image is";
    let messages = json!([{"role": "user", "content": "Rate."}, assistant(beginning)]);
    let rendered = render(server, messages).await;
    rendered.is_ok_and(|prompt| prompt.ends_with(beginning))
}

async fn render(server: &Server, messages: Value) -> Result<String, BackendError> {
    let mut body = json!({ "messages": messages });
    for (name, value) in &server.options.body {
        body[name] = value.clone();
    }
    let reply = server.post_beside("apply-template", &body).await?;
    let prompt = reply.get("prompt").and_then(Value::as_str);
    prompt
        .map(str::to_owned)
        .ok_or_else(|| BackendError::Failed {
            message: "`/apply-template` gave no `prompt`".into(),
        })
}

/// Token ids of a text, special tokens read as such.
async fn tokens(server: &Server, text: &str) -> Result<Vec<u32>, BackendError> {
    let body = json!({"content": text, "add_special": true, "parse_special": true});
    let reply = server.post_beside("tokenize", &body).await?;
    let list = reply.get("tokens").and_then(Value::as_array);
    let ids = list.map(|list| {
        list.iter()
            .filter_map(|id| id.as_u64().and_then(|id| u32::try_from(id).ok()))
            .collect::<Vec<u32>>()
    });
    ids.ok_or_else(|| BackendError::Failed {
        message: "`/tokenize` gave no `tokens`".into(),
    })
}

/// How one spelling of a label goes on from the end of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Continuation {
    /// The spelling, with its blank where it has one.
    pub text: String,
    /// Its tokens in this place.
    pub tokens: Vec<u32>,
}

/// A prompt as the model reads it, and the tokens of every label in that place. Depends on no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rendered {
    /// The text, with a marker for each picture.
    pub text: String,
    /// For each option the spellings that leave the tokens of the prompt as they are.
    pub continuations: Vec<Vec<Continuation>>,
}

impl Rendered {
    /// Token sequences by option, as [`Labels::with_tokens`] takes them.
    pub(super) fn sequences(&self) -> Vec<Vec<Vec<u32>>> {
        let of_option = |spellings: &Vec<Continuation>| {
            spellings
                .iter()
                .map(|spelling| spelling.tokens.clone())
                .collect()
        };
        self.continuations.iter().map(of_option).collect()
    }
}

/// The pictures do not change where a label stands, so a grey one stands for each.
pub(super) async fn rendered(
    server: &Server,
    prompt: &Prompt,
    options: &Options,
) -> Result<Rendered, BackendError> {
    let text = render(server, Value::Array(pictureless(server, prompt)?)).await?;
    let before = tokens(server, &text).await?;
    let mut continuations = Vec::with_capacity(options.len());
    for option in options.as_slice() {
        let mut found: Vec<Continuation> = Vec::new();
        for variant in option
            .spellings()
            .iter()
            .flat_map(|spelling| variants(spelling))
        {
            let whole = tokens(server, &format!("{text}{variant}")).await?;
            // Where the label melts into the last token of the prompt, it is not what would be written.
            // In another case a label of several tokens would begin with a letter that many words begin with.
            if let Some(own) = whole.strip_prefix(&before[..])
                && (own.len() == 1 || !own.is_empty() && is_plain(&variant, option.spellings()))
                && found.iter().all(|other| other.tokens != own)
            {
                found.push(Continuation {
                    text: variant,
                    tokens: own.to_vec(),
                });
            }
        }
        if found.is_empty() {
            return Err(BackendError::Unreadable {
                message: format!(
                    "no spelling of `{}` can follow the prompt as tokens of its own",
                    option.name()
                ),
            });
        }
        continuations.push(found);
    }
    Ok(Rendered {
        text,
        continuations,
    })
}

fn pictureless(server: &Server, prompt: &Prompt) -> Result<Vec<Value>, BackendError> {
    let mut messages = messages(
        &texts_only(prompt),
        server.options.prefill,
        &server.options.limits,
    )?;
    let user = messages
        .iter_mut()
        .find(|message| message["role"] == "user")
        .and_then(|message| message["content"].as_array_mut());
    if let Some(content) = user {
        for (index, part) in prompt.parts().iter().enumerate() {
            match part {
                Part::Image(_) => content[index] = picture_part(),
                Part::Text(_) => {}
            }
        }
    }
    Ok(messages)
}

/// The prompt with an empty text in place of each picture.
fn texts_only(prompt: &Prompt) -> Prompt {
    let parts = prompt
        .parts()
        .iter()
        .map(|part| match part {
            Part::Image(_) => Part::Text(String::new()),
            Part::Text(text) => Part::Text(text.clone()),
        })
        .collect();
    Prompt::new(parts, prompt.wanted().clone())
        .expect("as many parts as the prompt, which has one")
        .with_system(prompt.system().map(str::to_owned))
        .with_answer_prefix(prompt.answer_prefix().map(str::to_owned))
}

fn completion_body(prompt: &Value, listed: u32) -> Value {
    // The seed and the temperature decide only which token is written, not what is listed.
    json!({
        "prompt": prompt,
        "n_predict": 1,
        "n_probs": listed,
        "temperature": 0.0,
        "seed": 0,
        "cache_prompt": false,
    })
}

fn first_position(reply: &Value) -> Result<Position, BackendError> {
    let places = reply
        .get("completion_probabilities")
        .and_then(Value::as_array);
    let mut positions = token_probability_list(places.map_or(&[], Vec::as_slice))?;
    if positions.is_empty() {
        return Err(BackendError::Unreadable {
            message: "`/completion` listed no tokens".into(),
        });
    }
    Ok(positions.swap_remove(0))
}

/// The tokens that may follow a rendered prompt, with at least these ids among them where that can be had.
pub(super) async fn position(
    server: &Server,
    known: &Known,
    text: &str,
    images: &[Image],
    ids: &[u32],
) -> Result<Position, BackendError> {
    let whole = known.vocabulary.filter(|size| *size <= WHOLE);
    let stages: &[u32] = match &whole {
        Some(size) => std::slice::from_ref(size),
        None => &STAGES,
    };
    let mut found = None;
    for listed in stages {
        let position = list(server, text, images, *listed).await?;
        if position.lists(ids.iter().copied()) {
            return Ok(position.with_extent(Extent::Asked));
        }
        found = Some(position);
    }
    Ok(found.expect("there is at least one stage"))
}

async fn list(
    server: &Server,
    text: &str,
    images: &[Image],
    listed: u32,
) -> Result<Position, BackendError> {
    let place = server.remote.enter().await?;
    let prompt = if images.is_empty() {
        json!(text)
    } else {
        let parts = images.iter().cloned().map(Part::Image).collect();
        let pictures = Prompt::new(parts, Wanted::Text).expect("there is at least one picture");
        json!({
            "prompt_string": text,
            "multimodal_data": base64_images(&pictures, &server.options.limits)?,
        })
    };
    let body = completion_body(&prompt, listed);
    let path = server.beside_path("completion");
    let reply = place.post_json(&path, Retry::Safe, &body).await?;
    server.usage.count(&reply, server.options.prices);
    first_position(&reply)
}

/// Reads the next token by the ids of the labels.
///
/// # Errors
/// As [`position`].
pub(super) async fn next_token(
    server: &Server,
    known: &Known,
    rendered: &Rendered,
    labels: &Labels,
    images: &[Image],
) -> Result<Position, BackendError> {
    let ids: Vec<u32> = labels.ids().collect();
    position(server, known, &rendered.text, images, &ids).await
}

/// Forces one spelling of every option: the one that stands best after this prompt.
///
/// # Errors
/// A label whose tokens change when it is cut in the middle.
pub(super) async fn forced(
    server: &Server,
    known: &Known,
    rendered: &Rendered,
    options: &Options,
    images: &[Image],
) -> Result<Vec<Vec<Forced>>, BackendError> {
    let chosen: Vec<Vec<&Continuation>> = options
        .as_slice()
        .iter()
        .zip(&rendered.continuations)
        .map(|(option, all)| plain_spellings(&rendered.text, option.spellings(), all))
        .collect();
    let mut seen: BTreeMap<Vec<u32>, Position> = BTreeMap::new();
    for prefix in beginnings(&chosen) {
        let words = prefix_text(server, rendered, &chosen, &prefix).await?;
        let ids: Vec<u32> = chosen
            .iter()
            .flatten()
            .filter(|spelling| spelling.tokens.starts_with(&prefix))
            .filter_map(|spelling| spelling.tokens.get(prefix.len()).copied())
            .collect();
        let text = format!("{}{words}", rendered.text);
        let position = position(server, known, &text, images, &ids).await?;
        seen.insert(prefix, position);
    }
    let force = |spelling: &&Continuation| {
        let steps = (0..spelling.tokens.len())
            .map(|step| mass_of(&seen[&spelling.tokens[..step]], spelling.tokens[step]))
            .collect::<Result<Vec<f64>, _>>()?;
        Ok(Forced {
            tokens: spelling.tokens.clone(),
            log_probabilities: steps,
            without_image: None,
        })
    };
    chosen
        .iter()
        .map(|spellings| spellings.iter().map(force).collect())
        .collect()
}

/// The card's own spellings as they would be written here: after words with a blank, after a template without.
fn plain_spellings<'a>(
    prompt: &str,
    spellings: &[String],
    all: &'a [Continuation],
) -> Vec<&'a Continuation> {
    let blank = prompt.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | '.' | ':'));
    let wanted = |continuation: &&Continuation| {
        is_plain(&continuation.text, spellings) && continuation.text.starts_with(' ') == blank
    };
    let found: Vec<&Continuation> = all.iter().filter(wanted).collect();
    if found.is_empty() {
        all.iter().take(1).collect()
    } else {
        found
    }
}

/// Every proper beginning of every token sequence, once.
fn beginnings(chosen: &[Vec<&Continuation>]) -> Vec<Vec<u32>> {
    let mut all: Vec<Vec<u32>> = chosen
        .iter()
        .flatten()
        .flat_map(|spelling| {
            (0..spelling.tokens.len()).map(|length| spelling.tokens[..length].to_vec())
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

/// The text of the first tokens of a label: the shortest part of its spelling that has exactly these tokens.
async fn prefix_text(
    server: &Server,
    rendered: &Rendered,
    chosen: &[Vec<&Continuation>],
    prefix: &[u32],
) -> Result<String, BackendError> {
    if prefix.is_empty() {
        return Ok(String::new());
    }
    let spelling = chosen
        .iter()
        .flatten()
        .find(|spelling| spelling.tokens.starts_with(prefix))
        .expect("every prefix is that of a spelling");
    let mut expected = tokens(server, &rendered.text).await?;
    expected.extend_from_slice(prefix);
    let cuts = spelling.text.char_indices().map(|(start, _)| start).skip(1);
    for end in cuts.chain([spelling.text.len()]) {
        let text = &spelling.text[..end];
        if tokens(server, &format!("{}{text}", rendered.text)).await? == expected {
            return Ok(text.to_owned());
        }
    }
    Err(BackendError::Unreadable {
        message: format!(
            "`{}` cannot be forced token by token: its tokens change when it is cut",
            spelling.text
        ),
    })
}

fn mass_of(position: &Position, id: u32) -> Result<f64, BackendError> {
    let found = position
        .candidates()
        .iter()
        .find(|token| token.id == Some(id));
    found
        .map(|token| token.log_probability)
        .ok_or_else(|| BackendError::Unreadable {
            message: format!(
                "token {id} of a label is not among the {} that the server lists",
                position.candidates().len()
            ),
        })
}
