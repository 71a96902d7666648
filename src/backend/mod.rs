//! Backends: who answers prompts.
//!
//! A backend knows nothing of scores, scales or people. Every backend passes the same conformance
//! suite (`tests/it/backend_laws.rs`): one result per prompt, in order; a bad prompt spoils no
//! neighbour; the same prompt gets the same answer; what it says it can do, it does.

pub mod onnx;
pub mod recorded;

use async_trait::async_trait;

use crate::judging::{Answer, Prompt, Reason, Unscored};

/// Name and model revision; written into every verdict and every cache key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BackendId {
    /// Kind or configured name, such as `onnx`.
    pub name: String,
    /// What distinguishes two models behind one name: a digest, a tag.
    pub model_revision: String,
}

/// What a backend can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// Most images in one prompt.
    pub images_per_prompt: usize,
    /// Closed questions.
    pub options: bool,
    /// Questions for one number.
    pub value: bool,
    /// Questions for free text.
    pub text: bool,
    /// Whether the probability of each option is read, not only the option chosen.
    pub log_probabilities: bool,
    /// How many prompts it works on at once.
    pub concurrency: usize,
}

/// Why a backend gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// An image could not be used.
    #[error("{message}")]
    Image {
        /// Stable code of the fault.
        code: &'static str,
        /// What was wrong and what would have worked.
        message: String,
    },
    /// The prompt asks for something that this backend cannot do.
    #[error("`{backend}` cannot answer this: {message}")]
    CannotAnswer {
        /// Name of the backend.
        backend: String,
        /// What it was asked and what it can do.
        message: String,
    },
    /// The model gave NaN or an infinity.
    #[error("the model gave {value} for `{label}`; only finite numbers are read")]
    NotFinite {
        /// Which output.
        label: String,
        /// What it gave.
        value: String,
    },
    /// The backend failed.
    #[error("{message}")]
    Failed {
        /// What happened.
        message: String,
    },
}

impl From<BackendError> for Unscored {
    fn from(error: BackendError) -> Self {
        let detail = error.to_string();
        let reason = match error {
            BackendError::Image { code, .. } => Reason::Image(code),
            BackendError::CannotAnswer { .. } => Reason::NotApplicable,
            BackendError::NotFinite { .. } => Reason::NotFinite,
            BackendError::Failed { .. } => Reason::Backend,
        };
        Unscored::new(reason, detail)
    }
}

/// Answers prompts about images.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Name and model revision.
    fn id(&self) -> &BackendId;

    /// What it can be asked; never more than it does.
    fn abilities(&self) -> Abilities;

    /// One result for each prompt, in order; a bad prompt spoils no neighbour.
    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>>;
}
