//! What a server and model can do, found out by asking and never taken from a name alone.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::options::{Flavour, Prefill};
use super::request::{Ask, assistant, chat_body};
use super::server::{ChatError, Server};
use super::{llama, vllm};
use crate::backend::BackendError;
use crate::backend::readout::reply_of;
use crate::backend::remote::RemoteError;

/// Numbers of listed tokens that are tried, most first: OpenAI and vLLM list 20, old Azure models 5.
const TOPS: [u32; 2] = [20, 5];
/// Beginning of an answer that any language model goes on with alike, and how it goes on.
const COUNTING: (&str, &str, &str) = (
    "Count from one to nine in words, in lower case, separated by commas.",
    "one, two, three,",
    "four",
);
/// A grey picture of 64 x 64 pixels, for servers that must show that they take any.
pub(super) const PICTURE: &[u8] = include_bytes!("picture.png");

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// Whose server it is.
    pub flavour: Flavour,
    /// Whether it takes pictures.
    pub images: bool,
    /// How many tokens it lists when asked; 0 when it lists none.
    pub top: u32,
    /// Whether it continues the words of an assistant.
    pub continues: bool,
    /// Whether its tokenizer can be asked.
    pub tokenizer: bool,
    /// Whether log-probabilities of tokens can be asked for by their ids.
    pub by_id: bool,
    /// Whether the log-probabilities of a given answer can be asked for.
    pub forced: bool,
    /// Size of the vocabulary, where the server says it.
    pub vocabulary: Option<u32>,
}

/// Asks everything once.
///
/// # Errors
/// The server cannot be reached, or refuses the simplest question.
pub(super) async fn probe(server: &Server) -> Result<Known, BackendError> {
    let (flavour, models) = flavour(server).await?;
    let (images, top) = listed(server, flavour).await?;
    let mut known = Known {
        flavour,
        images,
        top,
        continues: false,
        tokenizer: false,
        by_id: false,
        forced: false,
        vocabulary: vocabulary(&models, &server.options.model),
    };
    match flavour {
        Flavour::LlamaCpp => {
            known.tokenizer = llama::has_tokenizer(server).await;
            known.by_id = known.tokenizer && llama::lists_tokens(server).await;
            known.forced = known.by_id;
            known.continues = llama::continues(server).await;
        }
        Flavour::Vllm => {
            known.tokenizer = vllm::has_tokenizer(server).await;
            known.by_id = known.tokenizer && vllm::lists_by_id(server).await;
            known.forced = vllm::lists_prompts(server).await;
            known.continues = goes_on(server, flavour).await?;
        }
        Flavour::Sglang
        | Flavour::Ollama
        | Flavour::OpenAi
        | Flavour::Azure
        | Flavour::Tgi
        | Flavour::LmStudio
        | Flavour::Other => known.continues = goes_on(server, flavour).await?,
    }
    Ok(known)
}

/// Whose server it is, and its list of models.
async fn flavour(server: &Server) -> Result<(Flavour, Value), BackendError> {
    let models = match server.get("models").await {
        Ok(models) => models,
        Err(error) if is_answer(&error) => Value::Null,
        Err(error) => return Err(error.into()),
    };
    if let Some(flavour) = server.options.flavour {
        return Ok((flavour, models));
    }
    let owner = models.pointer("/data/0/owned_by").and_then(Value::as_str);
    let flavour = match owner {
        Some("llamacpp") => Flavour::LlamaCpp,
        Some("vllm") => Flavour::Vllm,
        Some("sglang") => Flavour::Sglang,
        Some("library") => Flavour::Ollama,
        Some("organization_owner") => Flavour::LmStudio,
        Some("openai" | "openai-internal" | "system") => Flavour::OpenAi,
        Some(_) | None => beside(server).await,
    };
    Ok((flavour, models))
}

/// What stands beside the API tells servers apart whose list of models does not.
async fn beside(server: &Server) -> Flavour {
    if has(server, "props", "default_generation_settings").await {
        Flavour::LlamaCpp
    } else if has(server, "get_model_info", "model_path").await {
        Flavour::Sglang
    } else if has(server, "info", "max_total_tokens").await {
        Flavour::Tgi
    } else if has(server, "api/version", "version").await {
        Flavour::Ollama
    } else if has(server, "version", "version").await {
        Flavour::Vllm
    } else {
        Flavour::Other
    }
}

async fn has(server: &Server, path: &str, field: &str) -> bool {
    let found = server.get_beside(path).await;
    found.is_ok_and(|found| found.get(field).is_some())
}

/// Whether the failure is the server's own answer to this very request: not a failure to reach it, a missing
/// key or a model that is not there, which no other wording of the request would mend.
fn is_answer(error: &RemoteError) -> bool {
    error
        .status()
        .is_some_and(|status| !matches!(status, 401 | 403 | 429 | 502 | 503 | 504))
}

/// Whether it takes a picture, and how many tokens it lists when asked for as many as it may.
async fn listed(server: &Server, flavour: Flavour) -> Result<(bool, u32), BackendError> {
    let mut last = None;
    // The picture is left out before fewer tokens are asked for: a server that fails on pictures is not troubled
    // with more of them.
    for top in [Some(TOPS[0]), Some(TOPS[1]), None] {
        for with_picture in [true, false] {
            if with_picture && server.options.images_per_prompt == 0 {
                continue;
            }
            match try_listing(server, flavour, with_picture, top).await {
                Ok(top) => return Ok((with_picture, top)),
                Err(ChatError::Remote(error))
                    if is_answer(&error) && error.status() != Some(404) =>
                {
                    last = Some(error);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    let last = last.map_or_else(|| "nothing was tried".to_owned(), |error| error.to_string());
    Err(BackendError::Failed {
        message: format!(
            "`{}` refuses even the simplest question to `{}`: {last}",
            server.name(),
            server.options.model
        ),
    })
}

async fn try_listing(
    server: &Server,
    flavour: Flavour,
    with_picture: bool,
    top: Option<u32>,
) -> Result<u32, ChatError> {
    let make = || {
        let mut content = vec![json!({"type": "text", "text": "Is this grey? Answer yes or no."})];
        if with_picture {
            content.insert(0, picture_part());
        }
        let messages = vec![json!({"role": "user", "content": content})];
        Ok(chat_body(
            &server.options,
            flavour,
            messages,
            Ask::greedy(1, top),
        ))
    };
    let reply = server.chat(make).await?;
    let reply = reply_of(&reply).map_err(ChatError::Backend)?;
    let listed = reply
        .positions
        .and_then(|positions| Some(positions.first()?.candidates().len()));
    // A server that does not know `logprobs` answers without them: what counts is what came.
    Ok(match (listed, top) {
        (Some(listed), Some(top)) => top.min(u32::try_from(listed).unwrap_or(top)),
        (Some(_) | None, _) => 0,
    })
}

pub(super) fn picture_part() -> Value {
    let url = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(PICTURE));
    json!({"type": "image_url", "image_url": {"url": url}})
}

/// Whether the server goes on with the words of an assistant instead of beginning a turn of its own.
async fn goes_on(server: &Server, flavour: Flavour) -> Result<bool, BackendError> {
    if server.options.prefill == Prefill::InQuestion {
        return Ok(false);
    }
    let (question, beginning, next) = COUNTING;
    let make = || {
        let messages = vec![
            json!({"role": "user", "content": question}),
            assistant(beginning),
        ];
        Ok(chat_body(
            &server.options,
            flavour,
            messages,
            Ask::greedy(4, None),
        ))
    };
    let reply = match server.chat(make).await {
        Ok(reply) => reply,
        Err(ChatError::Remote(error)) if is_answer(&error) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let text = reply_of(&reply)?.text;
    let text = text.trim();
    let rest = text.strip_prefix(beginning).unwrap_or(text);
    Ok(rest.trim_start().to_lowercase().starts_with(next))
}

fn vocabulary(models: &Value, model: &str) -> Option<u32> {
    let list = models.get("data")?.as_array()?;
    let named = list
        .iter()
        .find(|entry| entry.get("id").and_then(Value::as_str) == Some(model));
    let entry = named.or_else(|| list.first())?;
    u32::try_from(entry.pointer("/meta/n_vocab")?.as_u64()?).ok()
}
