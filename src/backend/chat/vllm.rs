//! What vLLM offers beside the common API: its tokenizer, log-probabilities of tokens by their ids, and those
//! of a prompt, by which a given answer is forced.

use serde_json::{Map, Value, json};

use super::options::Flavour;
use super::request::{Ask, assistant, chat_body, messages};
use super::server::Server;
use crate::backend::BackendError;
use crate::backend::readout::{
    Extent, Forced, Labels, Position, check_reply, is_plain, reply_of, variants,
};
use crate::judging::{Options, Prompt};

/// Most ids in one request (`logprob_token_ids`).
const MOST_IDS: usize = 128;

pub(super) async fn has_tokenizer(server: &Server) -> bool {
    matches!(tokens(server, "yes").await, Ok(ids) if !ids.is_empty())
}

/// Token ids of a text that stands alone.
async fn tokens(server: &Server, text: &str) -> Result<Vec<u32>, BackendError> {
    let body = json!({
        "model": server.options.model,
        "prompt": text,
        "add_special_tokens": false,
    });
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

/// Token sequences of every spelling of every option, as [`Labels::with_tokens`] takes them.
///
/// # Errors
/// The tokenizer does not answer.
pub(super) async fn sequences(
    server: &Server,
    options: &Options,
) -> Result<Vec<Vec<Vec<u32>>>, BackendError> {
    let mut all = Vec::with_capacity(options.len());
    for option in options.as_slice() {
        let mut found: Vec<Vec<u32>> = Vec::new();
        for variant in option
            .spellings()
            .iter()
            .flat_map(|spelling| variants(spelling))
        {
            let ids = tokens(server, &variant).await?;
            let counts =
                ids.len() == 1 || !ids.is_empty() && is_plain(&variant, option.spellings());
            if counts && !found.contains(&ids) {
                found.push(ids);
            }
        }
        all.push(found);
    }
    Ok(all)
}

/// Whether it lists tokens that are asked for by id; two that nothing makes probable show it.
pub(super) async fn lists_by_id(server: &Server) -> bool {
    let found = async {
        let mut ids = tokens(server, "yes").await?;
        ids.truncate(1);
        ids.extend(tokens(server, "zebra").await?.first());
        let make = || {
            let messages = vec![json!({"role": "user", "content": "What is one and one?"})];
            Ok(by_id(server, messages, Ask::greedy(1, Some(1)), &ids))
        };
        let reply = reply_of(&server.chat(make).await?)?;
        let first = reply.positions.and_then(|list| list.into_iter().next());
        Ok::<bool, BackendError>(first.is_some_and(|first| first.lists(ids.into_iter())))
    };
    found.await.unwrap_or(false)
}

fn by_id(server: &Server, messages: Vec<Value>, ask: Ask, ids: &[u32]) -> Map<String, Value> {
    let mut body = chat_body(&server.options, Flavour::Vllm, messages, ask);
    body.insert("logprob_token_ids".into(), json!(ids));
    body.insert("return_tokens_as_token_ids".into(), json!(true));
    body
}

/// The next token's log-probabilities of exactly the label tokens.
///
/// # Errors
/// A token that was asked for does not come; too many of them.
pub(super) async fn next_token(
    server: &Server,
    prompt: &Prompt,
    labels: &Labels,
    top: u32,
) -> Result<Position, BackendError> {
    let ids: Vec<u32> = labels.ids().collect();
    if ids.len() > MOST_IDS {
        return Err(BackendError::Unreadable {
            message: format!(
                "the labels have {} tokens, at most {MOST_IDS} are listed",
                ids.len()
            ),
        });
    }
    let make = || {
        let messages = messages(prompt, server.options.prefill, &server.options.limits)?;
        Ok(by_id(server, messages, Ask::greedy(1, Some(top)), &ids))
    };
    let reply = reply_of(&server.chat(make).await?)?;
    check_reply(&reply)?;
    let first = reply.positions.and_then(|list| list.into_iter().next());
    first
        .map(|position| position.with_extent(Extent::Asked))
        .ok_or_else(|| BackendError::Unreadable {
            message: "the server listed tokens when it was probed and lists none now".into(),
        })
}

/// Whether it gives log-probabilities of a prompt.
pub(super) async fn lists_prompts(server: &Server) -> bool {
    let messages = vec![
        json!({"role": "user", "content": "What is one and one?"}),
        assistant("two"),
    ];
    matches!(prompt_masses(server, messages).await, Ok(list) if list.len() > 1)
}

/// The tokens of a whole prompt, each with its log-probability after the ones before it.
async fn prompt_masses(
    server: &Server,
    messages: Vec<Value>,
) -> Result<Vec<(u32, f64)>, BackendError> {
    let make = || {
        let mut body = chat_body(
            &server.options,
            Flavour::Vllm,
            messages,
            Ask::greedy(1, None),
        );
        body.insert("prompt_logprobs".into(), json!(0));
        Ok(body)
    };
    let reply = server.chat(make).await?;
    let list = reply
        .get("prompt_logprobs")
        .and_then(Value::as_array)
        .ok_or_else(|| BackendError::Unreadable {
            message: "the server gave no `prompt_logprobs`".into(),
        })?;
    // The first token follows nothing and has none.
    list.iter().skip(1).map(prompt_token).collect()
}

/// `{"15216": {"logprob": -0.4, "rank": 1, "decoded_token": "Good"}}`
fn prompt_token(place: &Value) -> Result<(u32, f64), BackendError> {
    let only = place.as_object().and_then(|tokens| tokens.iter().next());
    let found =
        only.and_then(|(id, token)| Some((id.parse().ok()?, token.get("logprob")?.as_f64()?)));
    found.ok_or_else(|| BackendError::NotFinite {
        label: "a token of the prompt".into(),
        value: place.to_string().chars().take(100).collect(),
    })
}

/// Forces the name of every option as the answer. What the prompts of all options begin with is the question.
///
/// # Errors
/// The server gives no log-probabilities of prompts, or labels have no tokens of their own.
pub(super) async fn forced(
    server: &Server,
    prompt: &Prompt,
    options: &Options,
) -> Result<Vec<Vec<Forced>>, BackendError> {
    let base = messages(prompt, server.options.prefill, &server.options.limits)?;
    let prefix = prompt.answer_prefix().unwrap_or_default();
    let blank = if prefix.is_empty() || prefix.ends_with(' ') {
        ""
    } else {
        " "
    };
    let mut all = Vec::with_capacity(options.len());
    for name in options.names() {
        let mut messages = base.clone();
        messages.retain(|message| message["role"] != "assistant");
        messages.push(assistant(&format!("{prefix}{blank}{}", name.trim())));
        all.push(prompt_masses(server, messages).await?);
    }
    let shared = shared_length(&all);
    all.iter()
        .zip(options.names())
        .map(|(list, name)| {
            let own = &list[shared..];
            if own.is_empty() {
                return Err(BackendError::Unreadable {
                    message: format!("`{name}` is the beginning of every other label"),
                });
            }
            Ok(vec![Forced {
                tokens: own.iter().map(|(id, _)| *id).collect(),
                log_probabilities: own.iter().map(|(_, mass)| *mass).collect(),
                without_image: None,
            }])
        })
        .collect()
}

/// How many tokens all prompts begin with alike. What labels share adds the same mass to each and tells nothing
/// apart, except for coverage, which then reads as given that beginning.
fn shared_length(all: &[Vec<(u32, f64)>]) -> usize {
    let Some(first) = all.first() else { return 0 };
    let alike = |at: usize| {
        all.iter()
            .all(|list| list.get(at).map(|t| t.0) == Some(first[at].0))
    };
    (0..first.len()).take_while(|at| alike(*at)).count()
}
