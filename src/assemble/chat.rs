//! From a `[backends.NAME]` table of kind `chat` to its client.

use std::collections::BTreeMap;

use crate::backend::chat::{Chat, ChatOptions, Flavour, Prefill, Prices};
use crate::backend::remote::Remote;
use crate::config::{ChatConfig, FlavourConfig, PrefillConfig};
use crate::pixels;

/// A configured model; nothing is sent yet.
///
/// # Errors
/// A price or a field of the body that cannot be used.
pub(super) fn open(
    remote: Remote,
    config: &ChatConfig,
    limits: pixels::Limits,
) -> Result<Chat, String> {
    let prices = config.price.map(|price| Prices {
        input: price.input,
        output: price.output,
    });
    if let Some(Prices { input, output }) = prices
        && !(input >= 0.0 && output >= 0.0 && input.is_finite() && output.is_finite())
    {
        return Err(format!(
            "`price` is {input} and {output}; prices are finite and at least 0"
        ));
    }
    let mut body = BTreeMap::new();
    for (name, value) in &config.body {
        let value = serde_json::to_value(value)
            .map_err(|fault| format!("`body.{name}` is no JSON: {fault}"))?;
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
    Ok(Chat::new(remote, &config.remote.url, options))
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
