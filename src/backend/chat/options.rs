//! What a chat backend is told.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::pixels;

/// Whose server it is: they differ in what they offer beside the common API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// llama.cpp's server: tokenizer, rendered prompts and any number of listed tokens.
    LlamaCpp,
    /// vLLM: tokenizer, log-probabilities of tokens by id and of prompts.
    Vllm,
    /// SGLang.
    Sglang,
    /// Ollama.
    Ollama,
    /// OpenAI itself.
    OpenAi,
    /// Azure OpenAI.
    Azure,
    /// Text Generation Inference.
    Tgi,
    /// LM Studio.
    LmStudio,
    /// Any other server of the API.
    Other,
}

impl Flavour {
    /// Every flavour.
    pub const ALL: [Flavour; 9] = [
        Flavour::LlamaCpp,
        Flavour::Vllm,
        Flavour::Sglang,
        Flavour::Ollama,
        Flavour::OpenAi,
        Flavour::Azure,
        Flavour::Tgi,
        Flavour::LmStudio,
        Flavour::Other,
    ];

    /// Stable name in configurations and lists.
    pub fn name(self) -> &'static str {
        match self {
            Flavour::LlamaCpp => "llama.cpp",
            Flavour::Vllm => "vllm",
            Flavour::Sglang => "sglang",
            Flavour::Ollama => "ollama",
            Flavour::OpenAi => "openai",
            Flavour::Azure => "azure",
            Flavour::Tgi => "tgi",
            Flavour::LmStudio => "lm-studio",
            Flavour::Other => "other",
        }
    }

    /// The name of the field that limits the tokens of an answer.
    pub(super) fn most_tokens_field(self) -> &'static str {
        match self {
            Flavour::OpenAi | Flavour::Azure => "max_completion_tokens",
            Flavour::LlamaCpp
            | Flavour::Vllm
            | Flavour::Sglang
            | Flavour::Ollama
            | Flavour::Tgi
            | Flavour::LmStudio
            | Flavour::Other => "max_tokens",
        }
    }

    /// Fields that make the server continue the words of the assistant, where it needs to be told.
    pub(super) fn continuing(self) -> &'static [(&'static str, bool)] {
        match self {
            Flavour::Vllm | Flavour::Sglang => &[
                ("add_generation_prompt", false),
                ("continue_final_message", true),
            ],
            Flavour::LlamaCpp
            | Flavour::Ollama
            | Flavour::OpenAi
            | Flavour::Azure
            | Flavour::Tgi
            | Flavour::LmStudio
            | Flavour::Other => &[],
        }
    }
}

/// What becomes of the words that a card wants the answer to continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefill {
    /// The server continues them; a card with such words is refused where it does not.
    Continue,
    /// They are the last words of the question. Not what the card's authors did, so only where a user says so.
    InQuestion,
}

/// What tokens cost, in any currency, for a million of each.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Prices {
    /// Tokens of questions, pictures included.
    pub input: f64,
    /// Tokens of answers.
    pub output: f64,
}

/// All that a chat backend is told beside where it is.
#[derive(Debug, Clone)]
pub struct ChatOptions {
    /// Name of the model at the server.
    pub model: String,
    /// What tells this model from another of its name, where the name does not.
    pub revision: Option<String>,
    /// Whose server it is; found out where it is not given.
    pub flavour: Option<Flavour>,
    /// What becomes of the words that an answer is to continue.
    pub prefill: Prefill,
    /// Most images in one prompt.
    pub images_per_prompt: usize,
    /// Added to every request as `?...`, such as `api-version=2024-10-21`.
    pub query: Option<String>,
    /// Further fields of every chat request, such as `chat_template_kwargs`.
    pub body: BTreeMap<String, Value>,
    /// What tokens cost.
    pub prices: Option<Prices>,
    /// What a picture may be.
    pub limits: pixels::Limits,
}

impl ChatOptions {
    /// The defaults for a model.
    pub fn new(model: impl Into<String>) -> Self {
        ChatOptions {
            model: model.into(),
            revision: None,
            flavour: None,
            prefill: Prefill::Continue,
            images_per_prompt: 8,
            query: None,
            body: BTreeMap::new(),
            prices: None,
            limits: pixels::Limits::default(),
        }
    }
}
