//! One choice of an OpenAI-compatible reply: text, why it ended, and the listed tokens at each place.

use serde_json::Value;

use super::{
    Extent, Labels, Position, TokenMass, check_reply, last_position, read_parsed, read_position,
};
use crate::backend::BackendError;
use crate::judging::{AnswerPlace, Choice, Readout};

/// How vLLM names a token by its number (`return_tokens_as_token_ids`).
const TOKEN_ID: &str = "token_id:";

/// What one choice of a reply holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChatReply {
    /// The answer, without what the engine cut out as reasoning.
    pub text: String,
    /// What the engine cut out.
    pub reasoning: Option<String>,
    /// Words of a refusal, in a field of their own.
    pub refusal: Option<String>,
    /// Why it ended.
    pub finish_reason: Option<String>,
    /// The written tokens and their alternatives; `None` where the engine sent none.
    pub positions: Option<Vec<Position>>,
}

impl ChatReply {
    /// The text that may hold a label; reasoning that ran into the limit is marked as such.
    pub(super) fn answer(&self) -> String {
        match &self.reasoning {
            Some(reasoning) if self.text.trim().is_empty() && !reasoning.is_empty() => {
                format!("<think>{reasoning}")
            }
            Some(_) | None => self.text.clone(),
        }
    }
}

/// Finds the first choice in a whole reply, in a record that keeps it under `choice`, or as it is.
///
/// # Errors
/// [`BackendError::Failed`] when there is none.
pub fn reply_of(document: &Value) -> Result<ChatReply, BackendError> {
    let choice = match (document.get("choices"), document.get("choice")) {
        (Some(choices), _) => choices.get(0).ok_or_else(|| BackendError::Failed {
            message: "the reply has no choices".into(),
        })?,
        (None, Some(choice)) => choice,
        (None, None) => document,
    };
    parse(choice)
}

/// Every choice of a whole reply: there are several where several were asked for.
///
/// # Errors
/// [`BackendError::Failed`] when there is none.
pub fn replies_of(document: &Value) -> Result<Vec<ChatReply>, BackendError> {
    match document.get("choices").and_then(Value::as_array) {
        Some(choices) if choices.len() > 1 => choices.iter().map(parse).collect(),
        Some(_) | None => reply_of(document).map(|reply| vec![reply]),
    }
}

fn parse(choice: &Value) -> Result<ChatReply, BackendError> {
    let Some(message) = choice.get("message").filter(|message| message.is_object()) else {
        return Err(BackendError::Failed {
            message: format!("the reply has no `message`: {}", short(choice)),
        });
    };
    let field = |name: &str| message.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(ChatReply {
        text: content(message),
        reasoning: field("reasoning_content").or_else(|| field("reasoning")),
        refusal: field("refusal"),
        finish_reason: choice
            .get("finish_reason")
            .and_then(Value::as_str)
            .map(str::to_owned),
        positions: positions(choice.get("logprobs"))?,
    })
}

/// The text of a message: a string, or the texts of its parts.
fn content(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(|part| part.get("text").and_then(Value::as_str))
            .collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
            String::new()
        }
    }
}

fn positions(logprobs: Option<&Value>) -> Result<Option<Vec<Position>>, BackendError> {
    let content = logprobs.and_then(|logprobs| logprobs.get("content"));
    match content.and_then(Value::as_array) {
        Some(list) if !list.is_empty() => Ok(Some(token_probability_list(list)?)),
        Some(_) | None => Ok(None),
    }
}

/// Positions from a list of `{token, bytes, logprob, top_logprobs}`, as OpenAI and llama.cpp send it.
///
/// # Errors
/// A log-probability that is missing, not finite or above 0.
pub fn token_probability_list(list: &[Value]) -> Result<Vec<Position>, BackendError> {
    list.iter()
        .map(|place| {
            let generated = token(place)?;
            let top = place.get("top_logprobs").and_then(Value::as_array);
            let mut candidates = match top {
                Some(top) => top.iter().map(token).collect::<Result<Vec<_>, _>>()?,
                None => Vec::new(),
            };
            if candidates.is_empty() {
                candidates.push(generated.clone());
            }
            Position::new(candidates, Extent::Top, Some(generated))
        })
        .collect()
}

fn token(value: &Value) -> Result<TokenMass, BackendError> {
    let text = value.get("token").and_then(Value::as_str).unwrap_or("");
    let numbered = text
        .strip_prefix(TOKEN_ID)
        .and_then(|digits| digits.parse().ok());
    let id = value
        .get("id")
        .and_then(Value::as_u64)
        .and_then(|id| u32::try_from(id).ok());
    let bytes = value.get("bytes").and_then(Value::as_array).map(|bytes| {
        bytes
            .iter()
            .filter_map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()))
            .collect::<Vec<u8>>()
    });
    let log_probability = match value.get("logprob") {
        Some(Value::Number(number)) => number.as_f64().unwrap_or(f64::NAN),
        // Engines that serialise what JSON has no word for.
        Some(Value::String(word)) if word == "-Infinity" || word == "-inf" => f64::NEG_INFINITY,
        other => {
            return Err(BackendError::NotFinite {
                label: text.to_owned(),
                value: other.map_or_else(|| "no log-probability".to_owned(), Value::to_string),
            });
        }
    };
    Ok(TokenMass {
        id: id.or(numbered),
        bytes: match bytes {
            Some(bytes) if !bytes.is_empty() => bytes,
            Some(_) | None => text.as_bytes().to_vec(),
        },
        log_probability,
    })
}

/// Reads one reply as far as it goes: by its log-probabilities where it has them, else by its text.
///
/// # Errors
/// As [`read_position`], [`last_position`] and [`read_parsed`].
pub fn read_reply(
    reply: &ChatReply,
    labels: &Labels,
    place: AnswerPlace,
) -> Result<Choice, BackendError> {
    check_reply(reply)?;
    let Some(positions) = &reply.positions else {
        return read_parsed(reply, labels);
    };
    let position = match place {
        AnswerPlace::Next => positions
            .first()
            .cloned()
            .ok_or_else(|| BackendError::Failed {
                message: "the reply lists no token".into(),
            })?,
        AnswerPlace::Last => last_position(positions, &reply.text, labels)?,
    };
    let readout = match position.lists(labels.ids()) && labels.is_tokenised() {
        true => Readout::LabelTokens,
        false => Readout::TopTokens,
    };
    read_position(&position, labels, readout)
}

/// The beginning of a JSON value for an error.
fn short(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}
