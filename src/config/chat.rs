//! A multimodal language model behind an OpenAI-compatible API.

use serde::Deserialize;

use super::RemoteConfig;
use super::fault::Report;
use super::remote::remote;

/// A model and its server.
///
/// ```toml
/// [backends.my-vllm]
/// kind = "chat"
/// url = "http://127.0.0.1:8000/v1"
/// model = "Qwen/Qwen3-VL-8B-Instruct"
/// body = { chat_template_kwargs = { enable_thinking = false } }
/// price = { input = 0.25, output = 2.0 }
/// ```
#[derive(Debug, Clone, Deserialize)]
pub struct ChatConfig {
    /// Name of the model at the server.
    pub model: String,
    /// What tells this model from another of its name, such as the revision of its weights. It is written into
    /// every verdict.
    pub revision: Option<String>,
    /// Whose server it is; found out where it is not given.
    pub flavour: Option<FlavourConfig>,
    /// What becomes of the words that an answer is to continue.
    #[serde(default)]
    pub prefill: PrefillConfig,
    /// Most images in one prompt; 0 for a model of words only.
    #[serde(default = "images_per_prompt")]
    pub images_per_prompt: usize,
    /// Added to the address of every request after a `?`, such as `api-version=2024-10-21`.
    pub query: Option<String>,
    /// Further fields of every chat request.
    #[serde(default)]
    pub body: toml::Table,
    /// What a million tokens cost.
    pub price: Option<PriceConfig>,
    /// Where the server is and how it is treated.
    #[serde(flatten, deserialize_with = "remote")]
    pub remote: RemoteConfig,
}

/// Servers that offer something beside the common API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlavourConfig {
    /// llama.cpp.
    #[serde(rename = "llama.cpp")]
    LlamaCpp,
    /// vLLM.
    Vllm,
    /// SGLang.
    Sglang,
    /// Ollama.
    Ollama,
    /// OpenAI itself.
    Openai,
    /// Azure OpenAI.
    Azure,
    /// Text Generation Inference.
    Tgi,
    /// LM Studio.
    LmStudio,
    /// Any other.
    Other,
}

/// What becomes of the words that an answer is to continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrefillConfig {
    /// The server continues them, or the question is refused.
    #[default]
    Continue,
    /// They are put at the end of the question.
    InQuestion,
}

/// Prices for a million tokens, in any currency.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceConfig {
    /// Of questions.
    pub input: f64,
    /// Of answers.
    pub output: f64,
}

fn images_per_prompt() -> usize {
    8
}

impl ChatConfig {
    pub(super) fn check(&self, report: &mut Report) {
        self.remote.check(report);
        let is_price = |price: f64| price.is_finite() && price >= 0.0;
        if let Some(PriceConfig { input, output }) = self.price
            && !(is_price(input) && is_price(output))
        {
            let message = format!("is {input} and {output}; prices are finite and at least 0");
            report.fault("price", message);
        }
    }
}
