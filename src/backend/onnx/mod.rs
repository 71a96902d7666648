//! Models in this process, through ONNX Runtime: classifiers, scalar heads, dual encoders, language models.
//!
//! Sessions live on threads of their own, and each thread takes one prompt at a time. For small models there
//! is one single-threaded session per core: on a CPU, batching does not lower the time per image, and a
//! second thread inside a session is slower than a second session. Only a prompt that is in hand alone has a session over all cores. A language model is too large for that:
//! unless configured otherwise it is loaded once, and one session uses all cores.
//! This is the only place that imports `ort`, `tokenizers` and `minijinja`.

mod captions;
mod dual;
mod error;
mod folder;
mod graph;
mod language;
#[cfg(any(feature = "hub", test))]
mod listing;
mod model;
mod processor;
mod runtime;
mod scalar;
mod threads;
mod words;

use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;

pub use dual::{DualEncoder, DualEncoderOptions, ValueOf};
pub use error::{FolderError, OpenError};
pub use language::{Language, LanguageOptions};
#[cfg(any(feature = "hub", test))]
pub use listing::ExportKind;
pub use model::ModelError;
pub use runtime::{OnnxRuntime, RuntimeError};
pub use scalar::{Scalar, ScalarOptions};

use super::{Abilities, Backend, BackendError, BackendId};
use crate::card::OnnxModel;
use crate::judging::{Answer, Prompt, Readout};
use crate::pixels::{Limits, Preparation};
use threads::ModelThreads;

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
    /// Cores: that many sessions of one core each, and one session over all of them for a prompt that is in hand alone.
    pub threads: NonZeroUsize,
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
            threads: ModelThreads::start(&Arc::new(opener), concurrency)?,
            preprocessing,
            concurrency,
        })
    }
}

#[async_trait]
impl Backend for Onnx {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn decodes_pictures(&self) -> bool {
        true
    }

    fn preprocessing(&self) -> String {
        self.preprocessing.clone()
    }

    fn abilities(&self) -> Abilities {
        Abilities::of_classifier(Readout::ClosedSet, self.concurrency)
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        self.threads.ask(prompts).await
    }
}
