//! From a `[backends.NAME]` table of kind `chat` to its client.

use crate::backend::chat::{Chat, ChatOptions, Flavour, Prefill, Prices};
use crate::backend::remote::{OptionsError, RemoteOptions};
use crate::config::{ChatConfig, FlavourConfig, PrefillConfig};
use crate::pixels;

/// A client for a configured model; nothing is sent yet.
///
/// # Errors
/// An address, a price or a field of the body that cannot be used.
pub(super) fn open(
    remote: RemoteOptions,
    config: &ChatConfig,
    limits: pixels::Limits,
) -> Result<Chat, OptionsError> {
    let error = |message: String| OptionsError {
        backend: remote.name.clone(),
        message,
    };
    let prices = config.price.map(|price| Prices {
        input: price.input,
        output: price.output,
    });
    if let Some(Prices { input, output }) = prices
        && !(input >= 0.0 && output >= 0.0 && input.is_finite() && output.is_finite())
    {
        return Err(error(format!(
            "`price` is {input} and {output}; prices are finite and at least 0"
        )));
    }
    let mut body = std::collections::BTreeMap::new();
    for (name, value) in &config.body {
        let value = serde_json::to_value(value)
            .map_err(|fault| error(format!("`body.{name}` is no JSON: {fault}")))?;
        body.insert(name.clone(), value);
    }
    let options = ChatOptions {
        model: config.model.clone(),
        revision: config.revision.clone(),
        flavour: config.flavour.map(flavour),
        prefill: match config.prefill {
            PrefillConfig::Continue => Prefill::Continue,
            PrefillConfig::InQuestion => Prefill::InQuestion,
        },
        images_per_prompt: config.images_per_prompt,
        query: config.query.clone(),
        body,
        prices,
        limits,
    };
    Chat::new(remote, options)
}

fn flavour(config: FlavourConfig) -> Flavour {
    match config {
        FlavourConfig::LlamaCpp => Flavour::LlamaCpp,
        FlavourConfig::Vllm => Flavour::Vllm,
        FlavourConfig::Sglang => Flavour::Sglang,
        FlavourConfig::Ollama => Flavour::Ollama,
        FlavourConfig::Openai => Flavour::OpenAi,
        FlavourConfig::Azure => Flavour::Azure,
        FlavourConfig::Tgi => Flavour::Tgi,
        FlavourConfig::LmStudio => Flavour::LmStudio,
        FlavourConfig::Other => Flavour::Other,
    }
}
