//! Multimodal language models in this process, in the layout of Hugging Face exports.
//!
//! ```text
//! config.json  tokenizer.json  preprocessor_config.json  chat_template.jinja
//! onnx/vision_encoder.onnx  onnx/embed_tokens.onnx  onnx/decoder_model_merged.onnx
//! ```
//! A closed question takes one pass over the prompt: the logits after its last token hold the probability of
//! every label, exactly and with exact coverage. Text is written only where a card asks for it.

mod config;
mod conversation;
mod decoder;
mod drawing;
mod examine;
mod labels;
mod masses;
mod model;
mod python_json;
mod template;
mod towers;
mod worker;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use super::threads::ModelThreads;
use super::{OnnxRuntime, OpenError};
use crate::backend::{Abilities, Backend, BackendError, BackendId, Finding, examine_abilities};
use crate::judging::{Answer, Prompt, Readout};
use crate::pixels::Limits;
use model::{LanguageOpener, Recipe};

/// The rungs of the ladder that a model in this process can climb.
const READOUTS: [Readout; 4] = [
    Readout::LabelTokens,
    Readout::ForcedSequence,
    Readout::Samples,
    Readout::ParsedText,
];

/// What a language model needs to be opened.
#[derive(Debug, Clone)]
pub struct LanguageOptions {
    /// Name of the backend in provenance.
    pub name: String,
    /// The folder of the export.
    pub folder: PathBuf,
    /// Which of several exports in one folder: `fp16` opens `decoder_model_merged_fp16.onnx` and its like.
    pub variant: Option<String>,
    /// What is decoded at all.
    pub limits: Limits,
    /// Copies of the model in memory, each on a thread of its own.
    pub sessions: NonZeroUsize,
    /// Threads inside each session.
    pub threads_per_session: NonZeroUsize,
    /// Most images in one prompt.
    pub images_per_prompt: NonZeroUsize,
}

/// A multimodal language model as a backend.
#[derive(Debug)]
pub struct Language {
    id: BackendId,
    threads: ModelThreads,
    recipe: Arc<Recipe>,
    concurrency: usize,
}

impl Language {
    /// Reads the folder and opens the model once, so that a bad file is found now.
    ///
    /// # Errors
    /// Missing files, each by its name; files that are not what they should be; files that ask for what is not done here.
    pub fn open(runtime: &OnnxRuntime, options: LanguageOptions) -> Result<Self, OpenError> {
        let opener = Arc::new(LanguageOpener::new(runtime, &options)?);
        let id = BackendId {
            name: options.name,
            model_revision: opener.revision().to_string(),
        };
        Ok(Language {
            id,
            threads: ModelThreads::start(&opener, options.sessions.get())?,
            recipe: Arc::clone(opener.recipe()),
            concurrency: options.sessions.get(),
        })
    }

    /// The tokens that the model would read for this prompt, one image token for each image: for comparison with
    /// another engine.
    ///
    /// # Errors
    /// As an answer would have.
    pub fn tokens(&self, prompt: &Prompt) -> Result<Vec<u32>, BackendError> {
        Ok(self.recipe.speech.conversation(prompt, true)?.tokens)
    }
}

#[async_trait]
impl Backend for Language {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn decodes_pictures(&self) -> bool {
        true
    }

    fn preprocessing(&self) -> String {
        self.recipe.processor.id()
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            images_per_prompt: self.recipe.images_per_prompt,
            options: true,
            value: false,
            text: true,
            log_probabilities: true,
            readouts: READOUTS.to_vec(),
            answer_prefix: true,
            concurrency: self.concurrency,
        }
    }

    async fn examine(&self, prompt: &Prompt) -> Vec<Finding> {
        let mut findings = examine_abilities(&self.abilities(), prompt);
        findings.extend(self.recipe.examine(prompt));
        findings
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        self.threads.ask(prompts).await
    }
}
