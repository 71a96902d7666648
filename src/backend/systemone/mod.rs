//! Servers of typed decisions: `POST systemone` answers a closed question with a probability for each option.
//!
//! Served by llama.cpp for decision models, by transformers for any language model with images, and by hosts. The
//! server words the options itself and reads only them, so that coverage is not known. The wire is as its servers
//! document it: `choice`, `score` and `noul` (yes or no).

mod form;

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

pub use form::Usage;

use self::form::{Request, Response, kind};
use super::remote::{Content, Remote, RemoteError, Retry};
use super::{Abilities, Backend, BackendError, BackendId, Circuit, meter};
use crate::judging::{Answer, Options, Prompt, Readout, Wanted};
use crate::pixels::Limits;

/// What a server of typed decisions needs to be asked.
#[derive(Debug, Clone)]
pub struct SystemoneOptions {
    /// Name of the model on the server.
    pub model: String,
    /// How the server takes images.
    pub images: ImageForm,
    /// Most images of one question.
    pub images_per_prompt: usize,
    /// How closed questions are asked that are not yes or no.
    pub question: QuestionForm,
    /// Which images are sent at all.
    pub limits: Limits,
}

/// How a server takes images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageForm {
    /// Data URLs in `images`.
    List,
    /// Base64 in `assets`, named by marks in the state.
    Assets,
}

/// How closed questions are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionForm {
    /// As `choice`: options without an order.
    Choice,
    /// As `score`: levels of a rubric, in order.
    Score,
}

/// A server of typed decisions as a backend.
#[derive(Debug)]
pub struct Systemone {
    id: BackendId,
    remote: Remote,
    options: SystemoneOptions,
    input_tokens: AtomicU64,
    output_tokens: AtomicU64,
}

impl Systemone {
    /// A server of typed decisions; nothing is sent yet.
    pub fn new(remote: Remote, options: SystemoneOptions) -> Self {
        Systemone {
            id: BackendId {
                name: remote.name().to_owned(),
                model_revision: options.model.clone(),
            },
            remote,
            options,
            input_tokens: AtomicU64::new(0),
            output_tokens: AtomicU64::new(0),
        }
    }

    /// Tokens that the server counted so far.
    pub fn usage(&self) -> Usage {
        Usage {
            input_tokens: self.input_tokens.load(Ordering::Relaxed),
            output_tokens: self.output_tokens.load(Ordering::Relaxed),
        }
    }

    async fn answer(&self, prompt: &Prompt) -> Result<Answer, BackendError> {
        let options = self.askable(prompt)?;
        let kind = kind(options, self.options.question);
        let place = self.remote.enter().await?;
        let own = &self.options;
        let request = Request::new(&own.model, (own.images, &own.limits), prompt, options, kind)
            .map_err(|fault| BackendError::Image {
                code: fault.code(),
                message: fault.to_string(),
            })?;
        let content = Content {
            headers: vec![("content-type", "application/json".into())],
            bytes: serde_json::to_vec(&request).expect("texts are JSON"),
        };
        let reply = place
            .post_bytes("systemone", Retry::Safe, content)
            .await
            .map_err(|error| self.refusal(error))?;
        let response: Response = serde_json::from_value(reply.json()?)
            .map_err(|error| self.unreadable(&error.to_string()))?;
        let Usage {
            input_tokens,
            output_tokens,
        } = response.usage;
        self.input_tokens.fetch_add(input_tokens, Ordering::Relaxed);
        self.output_tokens
            .fetch_add(output_tokens, Ordering::Relaxed);
        meter::count(Some((input_tokens, output_tokens)), None);
        response
            .choice(options, kind)
            .map(Answer::Choice)
            .map_err(|message| self.unreadable(&message))
    }

    fn askable<'a>(&self, prompt: &'a Prompt) -> Result<&'a Options, BackendError> {
        let most = self.options.images_per_prompt;
        if prompt.images().count() > most {
            return Err(self.cannot(format!("it takes at most {most} images")));
        }
        match prompt.wanted() {
            Wanted::Options(options) => Ok(options),
            Wanted::Value | Wanted::Text => {
                Err(self.cannot("it decides among options, and gives no number or text"))
            }
        }
    }

    /// 501 is what servers say whose model decides nothing; every other fault is of the wire.
    fn refusal(&self, error: RemoteError) -> BackendError {
        match error.status() {
            Some(501) => self.cannot(format!("its model makes no typed decisions ({error})")),
            _ => error.into(),
        }
    }

    fn cannot(&self, message: impl Into<String>) -> BackendError {
        BackendError::CannotAnswer {
            backend: self.id.name.clone(),
            message: message.into(),
        }
    }

    fn unreadable(&self, message: &str) -> BackendError {
        BackendError::Unreadable {
            message: format!("`{}`: {message}", self.id.name),
        }
    }
}

#[async_trait]
impl Backend for Systemone {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn circuit(&self) -> Option<Circuit> {
        Some(self.remote.circuit())
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            images_per_prompt: self.options.images_per_prompt,
            options: true,
            value: false,
            text: false,
            log_probabilities: true,
            readouts: vec![Readout::TypedDecision],
            // The server words the question and its answers itself.
            answer_prefix: false,
            concurrency: self.remote.concurrency(),
        }
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        futures::future::join_all(prompts.iter().map(|prompt| self.answer(prompt))).await
    }
}
