//! Multimodal language models behind an OpenAI-compatible API: vLLM, SGLang, llama.cpp, Ollama, OpenAI, Azure,
//! Text Generation Inference, LM Studio.
//!
//! What a server and its model can do is found out by asking, once, and remembered. A closed question is read on
//! the first rung of [`Readout::LADDER`] that the server has and the card allows; the answer names it. Pictures
//! are sent as they were given.

mod examine;
mod ladder;
mod llama;
mod options;
mod probe;
mod request;
mod server;
mod usage;
mod vllm;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::future::join_all;
use serde_json::Value;
use tokio::sync::OnceCell;

pub use options::{ChatOptions, Flavour, Prefill, Prices};

use llama::Rendered;
use probe::Known;
use request::{Ask, messages};
use server::Server;

use super::readout::{check_reply, without_reasoning};
use super::remote::Remote;
use super::{Abilities, Backend, BackendError, BackendId, Circuit, Finding, Spent};
use crate::digest::Digest;
use crate::judging::{Answer, Options, Part, Prompt, Readout, Wanted};

/// How many prompts are remembered with the tokens of their labels.
const REMEMBERED: usize = 256;

/// A model behind a chat API.
#[derive(Debug)]
pub struct Chat {
    id: BackendId,
    server: Server,
    known: OnceCell<Known>,
    rendered: Mutex<BTreeMap<[u8; 32], Arc<Rendered>>>,
}

impl Chat {
    /// Asks a model through this client, which was made for `url`; nothing is sent yet.
    pub fn new(remote: Remote, url: &str, options: ChatOptions) -> Self {
        let id = BackendId {
            name: remote.name().to_owned(),
            model_revision: match &options.revision {
                Some(revision) => format!("{}@{revision}", options.model),
                None => options.model.clone(),
            },
        };
        Chat {
            id,
            server: Server::new(remote, url, options),
            known: OnceCell::new(),
            rendered: Mutex::default(),
        }
    }

    /// Whose server it is, once that is known.
    pub fn flavour(&self) -> Option<Flavour> {
        self.known.get().map(|known| known.flavour)
    }

    /// What the server and model can do, asked once; a failure is not remembered.
    async fn known(&self) -> Result<&Known, BackendError> {
        self.known
            .get_or_try_init(|| probe::probe(&self.server))
            .await
    }

    async fn answer(&self, prompt: &Prompt) -> Result<Answer, BackendError> {
        let known = self.known().await?;
        self.check(known, prompt)?;
        match prompt.wanted() {
            Wanted::Options(options) => {
                let choice = ladder::climb(self, known, prompt, options).await?;
                Ok(Answer::Choice(choice))
            }
            Wanted::Text => self.text(known, prompt).await.map(Answer::Text),
            Wanted::Value => Err(self.cannot("it is asked for a number, and gives words")),
        }
    }

    /// What the abilities rule out.
    fn check(&self, known: &Known, prompt: &Prompt) -> Result<(), BackendError> {
        let images = prompt.images().count();
        let most = images_per_prompt(&self.server, known);
        if images > most {
            return Err(self.cannot(format!(
                "the prompt shows {images} images, and it takes up to {most}"
            )));
        }
        let continues = known.continues || self.server.options.prefill == Prefill::InQuestion;
        if prompt.answer_prefix().is_some() && !continues {
            return Err(self.cannot(
                "the card's answer begins with given words, and the server begins a turn of its own; \
                 `prefill = \"in-question\"` puts them at the end of the question instead",
            ));
        }
        Ok(())
    }

    fn cannot(&self, message: impl Into<String>) -> BackendError {
        BackendError::CannotAnswer {
            backend: self.id.name.clone(),
            message: message.into(),
        }
    }

    /// One written answer, without reasoning and without the words that it was to continue. Whether its words
    /// decline is for its reader to say, who knows what was asked.
    async fn text(&self, known: &Known, prompt: &Prompt) -> Result<String, BackendError> {
        let ask = Ask::drawn(&prompt.reading().sampling, u64::from(prompt.repeat()));
        let reply = self
            .server
            .ask(known.flavour, ask, || self.messages(prompt))
            .await?;
        check_reply(&reply)?;
        let answer = without_reasoning(&reply.text);
        let prefix = prompt.answer_prefix().unwrap_or_default();
        let answer = answer.strip_prefix(prefix).unwrap_or(answer).trim();
        if answer.is_empty() {
            return Err(BackendError::Refused {
                message: "the answer is empty".into(),
            });
        }
        Ok(answer.to_owned())
    }

    fn messages(&self, prompt: &Prompt) -> Result<Vec<Value>, BackendError> {
        let options = &self.server.options;
        messages(prompt, options.prefill, &options.limits)
    }

    /// The prompt as llama.cpp renders it, with the tokens of its labels; remembered by its words.
    async fn rendered(
        &self,
        prompt: &Prompt,
        options: &Options,
    ) -> Result<Arc<Rendered>, BackendError> {
        let key = *words(prompt).as_bytes();
        if let Some(found) = self.remembered().get(&key) {
            return Ok(Arc::clone(found));
        }
        let fresh = Arc::new(llama::rendered(&self.server, prompt, options).await?);
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(key, Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Forgets how a prompt is rendered: a server that was started again has other markers for pictures.
    fn forget(&self, prompt: &Prompt) {
        self.remembered().remove(words(prompt).as_bytes());
    }

    fn remembered(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Arc<Rendered>>> {
        self.rendered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Digest of all of a prompt but its pictures.
fn words(prompt: &Prompt) -> Digest {
    let mut fields: Vec<&[u8]> = vec![prompt.system().unwrap_or_default().as_bytes()];
    for part in prompt.parts() {
        match part {
            Part::Image(_) => fields.push(b"\0image"),
            Part::Text(text) => fields.push(text.as_bytes()),
        }
    }
    fields.push(prompt.answer_prefix().unwrap_or_default().as_bytes());
    match prompt.wanted() {
        Wanted::Options(options) => {
            for option in options.as_slice() {
                fields.push(b"\0option");
                fields.extend(option.spellings().iter().map(String::as_bytes));
            }
        }
        Wanted::Value | Wanted::Text => {}
    }
    Digest::of_fields(fields)
}

fn images_per_prompt(server: &Server, known: &Known) -> usize {
    if known.images {
        server.options.images_per_prompt
    } else {
        0
    }
}

#[async_trait]
impl Backend for Chat {
    fn id(&self) -> &BackendId {
        &self.id
    }

    /// Before it was probed a server is trusted with nothing but words.
    fn circuit(&self) -> Option<Circuit> {
        Some(self.server.remote.circuit())
    }

    fn abilities(&self) -> Abilities {
        let known = self.known.get();
        let readouts = known.map_or_else(
            || vec![Readout::Samples, Readout::ParsedText],
            ladder::readouts,
        );
        let in_question = self.server.options.prefill == Prefill::InQuestion;
        Abilities {
            images_per_prompt: known.map_or(0, |known| images_per_prompt(&self.server, known)),
            options: true,
            value: false,
            text: true,
            log_probabilities: known.is_some_and(|known| known.top > 0 || known.by_id),
            readouts,
            answer_prefix: in_question || known.is_some_and(|known| known.continues),
            concurrency: self.server.remote.concurrency(),
        }
    }

    async fn probe(&self) -> Result<Abilities, BackendError> {
        self.known().await?;
        Ok(self.abilities())
    }

    async fn examine(&self, prompt: &Prompt) -> Vec<Finding> {
        examine::examine(self, prompt).await
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        join_all(prompts.iter().map(|prompt| self.answer(prompt))).await
    }

    fn spent(&self) -> Option<Spent> {
        Some(self.server.usage.spent(self.server.options.prices))
    }
}
