//! Embedded ONNX models: one single-threaded session per core, on threads of their own.
//!
//! On a CPU, batching does not lower the time per image and a second thread inside a session is
//! slower than a second session; so each thread owns a session and takes one prompt at a time.
//! This is the only place that imports `ort`.

mod model;
mod runtime;
mod threads;

use std::num::NonZeroUsize;

use async_trait::async_trait;
use tokio::sync::oneshot;

pub use runtime::{OnnxRuntime, RuntimeError};

use super::{Abilities, Backend, BackendError, BackendId};
use crate::card::OnnxModel;
use crate::judging::{Answer, Prompt, Readout};
use crate::pixels::{Limits, Preparation};
use model::ModelError;
use threads::{Job, ModelThreads};

/// What a model needs to be opened.
#[derive(Debug, Clone)]
pub struct OnnxOptions {
    /// Name of the backend in provenance.
    pub name: String,
    /// File, tensor names and labels.
    pub model: OnnxModel,
    /// What is done to the pixels.
    pub preparation: Preparation,
    /// What is decoded at all.
    pub limits: Limits,
    /// Sessions, each on a thread of its own.
    pub threads: NonZeroUsize,
}

/// A model that cannot be opened, with what would help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read, is not a model, or has other inputs and outputs than the card says.
    #[error("{0}")]
    Model(#[from] ModelError),
}

/// An embedded model as a backend.
#[derive(Debug)]
pub struct Onnx {
    id: BackendId,
    preprocessing: String,
    threads: ModelThreads,
    concurrency: usize,
}

impl Onnx {
    /// Opens the model once, so that a bad file is found now; the other sessions open when first needed.
    ///
    /// # Errors
    /// A file that cannot be read, or that is not the model which the card describes.
    pub fn open(runtime: &OnnxRuntime, options: OnnxOptions) -> Result<Self, OpenError> {
        let concurrency = options.threads.get();
        let opener = model::Opener::new(runtime, &options)?;
        let preprocessing = options.preparation.id();
        let id = BackendId {
            name: options.name,
            model_revision: opener.revision().to_string(),
        };
        Ok(Onnx {
            id,
            preprocessing,
            threads: ModelThreads::start(opener, concurrency)?,
            concurrency,
        })
    }
}

#[async_trait]
impl Backend for Onnx {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn preprocessing(&self) -> String {
        self.preprocessing.clone()
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            images_per_prompt: 1,
            options: true,
            value: false,
            text: false,
            log_probabilities: true,
            readouts: vec![Readout::ClosedSet],
            // A classifier gives the same answer whatever words stand before it.
            answer_prefix: true,
            concurrency: self.concurrency,
        }
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        let replies: Vec<_> = prompts
            .iter()
            .map(|prompt| {
                let (reply, answer) = oneshot::channel();
                self.threads.submit(Job {
                    prompt: prompt.clone(),
                    reply,
                });
                answer
            })
            .collect();
        let mut answers = Vec::with_capacity(replies.len());
        for reply in replies {
            answers.push(reply.await.unwrap_or_else(|_| {
                Err(BackendError::Failed {
                    message: "the model's thread ended before it answered".into(),
                })
            }));
        }
        answers
    }
}
