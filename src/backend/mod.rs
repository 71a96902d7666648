//! Backends: who answers prompts.
//!
//! A backend knows nothing of scores, scales or people. Every backend passes the same conformance
//! suite (`tests/it/backend_laws.rs`): one result per prompt, in order; a bad prompt spoils no
//! neighbour; the same prompt gets the same answer; what it says it can do, it does.

pub mod chat;
mod closed_set;
pub mod kserve;
mod meter;
pub mod onnx;
mod queueing;
pub mod readout;
pub mod recorded;
pub mod remote;
pub mod systemone;

use async_trait::async_trait;

pub use meter::{Meter, Metered};
pub use queueing::measured;

use crate::judging::{Answer, Prompt, Readout, Reason, Unscored, Wanted};

/// Name and model revision; written into every verdict and every cache key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BackendId {
    /// Kind or configured name, such as `onnx`.
    pub name: String,
    /// What distinguishes two models behind one name: a digest, a tag.
    pub model_revision: String,
}

/// The preprocessing of a backend that hands images on as they were given.
pub const AS_GIVEN: &str = "as-given";

/// What a backend can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The ways in which it can read the mass of an option.
    pub readouts: Vec<Readout>,
    /// Whether the answer can be made to continue given words.
    pub answer_prefix: bool,
    /// How many prompts it works on at once.
    pub concurrency: usize,
}

impl Abilities {
    /// Those of a classifier: the probability of each option of a closed question about one image, whatever words
    /// stand before the answer.
    pub fn of_classifier(readout: Readout, concurrency: usize) -> Self {
        Abilities {
            images_per_prompt: 1,
            options: true,
            value: false,
            text: false,
            log_probabilities: true,
            readouts: vec![readout],
            answer_prefix: true,
            concurrency,
        }
    }
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
    /// The judge declined to answer.
    #[error("the judge declined: {message}")]
    Refused {
        /// Its words.
        message: String,
    },
    /// The answer came and holds no allowed answer.
    #[error("{message}")]
    Unreadable {
        /// What came and what was looked for.
        message: String,
    },
    /// Almost no probability fell on the allowed answers, so nothing about them could be read.
    #[error("{message}")]
    NoCoverage {
        /// What the judge would have said instead.
        message: String,
    },
    /// The backend is not asked for the moment, because it failed too often.
    #[error("`{backend}` is resting after failures; it is tried again in {seconds} s ({message})")]
    Resting {
        /// Name of the backend.
        backend: String,
        /// Seconds until it is tried again, rounded up.
        seconds: u64,
        /// Its last failure.
        message: String,
    },
    /// The backend failed.
    #[error("{message}")]
    Failed {
        /// What happened.
        message: String,
    },
}

impl BackendError {
    /// Why there is no score then.
    pub fn reason(&self) -> Reason {
        match self {
            BackendError::Image { code, .. } => Reason::Image(code),
            BackendError::CannotAnswer { .. } => Reason::NotApplicable,
            BackendError::NotFinite { .. } => Reason::NotFinite,
            BackendError::Refused { .. } => Reason::Refused,
            BackendError::Unreadable { .. } => Reason::Unparsed,
            BackendError::NoCoverage { .. } => Reason::LowCoverage,
            BackendError::Resting { .. } | BackendError::Failed { .. } => Reason::Backend,
        }
    }
}

impl From<BackendError> for Unscored {
    fn from(error: BackendError) -> Self {
        Unscored::new(error.reason(), error.to_string())
    }
}

/// One thing that was looked at before a judge is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable name: `images`, `log_probabilities`, `answer_prefix`, `labels` ...
    pub subject: &'static str,
    /// Whether the judge can be asked with this as it is.
    pub holds: bool,
    /// What was seen, and what would help where it does not hold.
    pub detail: String,
}

/// What has been asked of a backend since it was opened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// Questions and probes that were answered.
    pub requests: u64,
    /// Tokens of questions, pictures included, as the engine counts them.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// In the currency of the configured prices, where there are any.
    pub cost: Option<f64>,
}

/// How a backend that is elsewhere is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circuit {
    /// Whether it is asked.
    pub state: CircuitState,
    /// Requests that were sent once more.
    pub retries: u64,
}

/// Whether a backend that is elsewhere is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CircuitState {
    /// It is.
    Closed,
    /// Not for a while: it failed too often.
    Open {
        /// Seconds until it is tried again, rounded up.
        seconds: u64,
        /// Its last failure.
        message: String,
    },
    /// The next question, or the one under way, tells whether it is again.
    HalfOpen {
        /// Its last failure.
        message: String,
    },
}

impl CircuitState {
    /// Stable names, in the order of [`CircuitState::name`].
    pub const NAMES: [&'static str; 3] = ["closed", "open", "half_open"];

    /// Stable name.
    pub fn name(&self) -> &'static str {
        match self {
            CircuitState::Closed => "closed",
            CircuitState::Open { .. } => "open",
            CircuitState::HalfOpen { .. } => "half_open",
        }
    }
}

/// What the abilities alone say about a prompt.
pub fn examine_abilities(abilities: &Abilities, prompt: &Prompt) -> Vec<Finding> {
    let images = prompt.images().count();
    let mut findings = vec![Finding {
        subject: "images",
        holds: images <= abilities.images_per_prompt,
        detail: format!(
            "the prompt shows {images}; the backend takes up to {} at a time",
            abilities.images_per_prompt
        ),
    }];
    let (kind, answered) = match prompt.wanted() {
        Wanted::Options(_) => ("a closed question", abilities.options),
        Wanted::Value => ("a number", abilities.value),
        Wanted::Text => ("free text", abilities.text),
    };
    let can = if answered { "does" } else { "does not" };
    findings.push(Finding {
        subject: "question",
        holds: answered,
        detail: format!("the prompt asks for {kind}; the backend {can} answer that"),
    });
    if matches!(prompt.wanted(), Wanted::Options(_)) {
        let names: Vec<&str> = abilities.readouts.iter().map(|way| way.name()).collect();
        findings.push(Finding {
            subject: "log_probabilities",
            holds: abilities.log_probabilities,
            detail: format!("readouts of the backend: {}", names.join(", ")),
        });
    }
    if prompt.answer_prefix().is_some() {
        let can = if abilities.answer_prefix {
            "can"
        } else {
            "cannot"
        };
        findings.push(Finding {
            subject: "answer_prefix",
            holds: abilities.answer_prefix,
            detail: format!("the answer {can} be made to continue the card's words"),
        });
    }
    findings
}

/// Answers prompts about images.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Name and model revision.
    fn id(&self) -> &BackendId;

    /// Name of what is done to the pixels before the model sees them, with all its numbers.
    fn preprocessing(&self) -> String {
        AS_GIVEN.to_owned()
    }

    /// What it can be asked; never more than it does.
    fn abilities(&self) -> Abilities;

    /// Finds out what can only be learnt by asking, once; the same as [`Backend::abilities`] where nothing is left to learn.
    ///
    /// # Errors
    /// The backend could not be asked.
    async fn probe(&self) -> Result<Abilities, BackendError> {
        Ok(self.abilities())
    }

    /// Whether it decodes the pictures of a prompt in this process, and so takes memory for their pixels.
    fn decodes_pictures(&self) -> bool {
        false
    }

    /// What it was asked and what that cost; `None` where nothing is counted.
    fn spent(&self) -> Option<Spent> {
        None
    }

    /// Whether it is asked at the moment; `None` for a backend that is not elsewhere.
    fn circuit(&self) -> Option<Circuit> {
        None
    }

    /// What would be right and wrong if this prompt were asked: the findings of `opine judges check`.
    async fn examine(&self, prompt: &Prompt) -> Vec<Finding> {
        examine_abilities(&self.abilities(), prompt)
    }

    /// One result for each prompt, in order; a bad prompt spoils no neighbour.
    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>>;
}
