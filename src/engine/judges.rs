//! The judges at hand: a card asked of a backend.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::backend::{AS_GIVEN, Backend};
use crate::card::JudgeCard;
use crate::digest::Digest;
use crate::judging::{Provenance, WordError};
use crate::near::{near, quoted};

/// Whether a judge can be asked.
#[derive(Clone)]
pub enum BackendState {
    /// It can.
    Ready(Arc<dyn Backend>),
    /// Its backend cannot be used now; the remedy says what would help.
    Unavailable {
        /// What would help.
        remedy: String,
    },
    /// Its card names no backend.
    Unbound,
}

impl BackendState {
    /// Stable name in lists.
    pub fn name(&self) -> &'static str {
        match self {
            BackendState::Ready(_) => "ready",
            BackendState::Unavailable { .. } => "unavailable",
            BackendState::Unbound => "unbound",
        }
    }
}

impl fmt::Debug for BackendState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BackendState::Ready(backend) => write!(formatter, "Ready({:?})", backend.id()),
            BackendState::Unavailable { remedy } => write!(formatter, "Unavailable({remedy:?})"),
            BackendState::Unbound => formatter.write_str("Unbound"),
        }
    }
}

/// A card and the backend that answers it.
#[derive(Debug, Clone)]
pub struct Judge {
    /// What is asked.
    pub card: Arc<JudgeCard>,
    /// Who answers.
    pub state: BackendState,
}

/// Why a judge cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// No card of that name.
    #[error("there is no judge `{wanted}`; {}", suggestion(near, known))]
    UnknownJudge {
        /// What was asked for.
        wanted: String,
        /// Names that are spelt alike.
        near: Vec<String>,
        /// All names.
        known: Vec<String>,
    },
    /// No backend of that name.
    #[error("there is no backend `{wanted}`; {}", suggestion(near, known))]
    UnknownBackend {
        /// What was asked for.
        wanted: String,
        /// Names that are spelt alike.
        near: Vec<String>,
        /// All names.
        known: Vec<String>,
    },
    /// The judge is asked for what it does not do.
    #[error(
        "judge `{judge}` answers `{protocol}` and cannot {wanted}; {}",
        other_face(protocol, wanted)
    )]
    WrongProtocol {
        /// The judge.
        judge: String,
        /// What it does.
        protocol: &'static str,
        /// What was wanted of it.
        wanted: &'static str,
    },
    /// The subject lacks what the judge's question shows.
    #[error("judge `{judge}` cannot be asked this: {detail}")]
    Unfit {
        /// The judge.
        judge: String,
        /// What is lacking.
        detail: String,
    },
    /// The judge is known and cannot be asked now.
    #[error("judge `{judge}` is unavailable: {remedy}")]
    Unavailable {
        /// The judge.
        judge: String,
        /// What would help.
        remedy: String,
    },
}

fn other_face(protocol: &str, wanted: &str) -> &'static str {
    match (protocol, wanted) {
        ("compare", "score") => "it compares two images",
        ("rank", _) => "it puts lists of images in order (`listwise`)",
        _ => "take a judge with another protocol",
    }
}

fn suggestion(near: &[String], known: &[String]) -> String {
    match (near, known) {
        ([], []) => "none is configured".to_owned(),
        ([], known) => format!("known are {}", quoted(known)),
        (near, _) => format!("did you mean {}?", quoted(near)),
    }
}

impl Judge {
    /// The backend, if it can be asked.
    ///
    /// # Errors
    /// [`BindError::Unavailable`] with the remedy.
    pub fn backend(&self) -> Result<&Arc<dyn Backend>, BindError> {
        let remedy = match &self.state {
            BackendState::Ready(backend) => return Ok(backend),
            BackendState::Unavailable { remedy } => remedy.clone(),
            BackendState::Unbound => format!(
                "its card names no backend; ask for `{}@BACKEND` with a backend of the configuration",
                self.card.id
            ),
        };
        Err(BindError::Unavailable {
            judge: self.card.id.clone(),
            remedy,
        })
    }

    /// The fault of asking this judge for what its protocol does not do.
    pub fn wrong_protocol(&self, wanted: &'static str) -> BindError {
        BindError::WrongProtocol {
            judge: self.card.id.clone(),
            protocol: self.card.protocol(),
            wanted,
        }
    }

    /// The fault of a subject that lacks what the judge's question shows.
    pub(super) fn unfit(&self, error: &WordError) -> BindError {
        BindError::Unfit {
            judge: self.card.id.clone(),
            detail: error.to_string(),
        }
    }

    /// Where a verdict of this judge on an image comes from.
    pub fn provenance(&self, backend: &dyn Backend, image: Option<Digest>) -> Provenance {
        let preprocessing = match &self.card.reencoding {
            None => backend.preprocessing(),
            Some(reencoding) => format!("{}, {}", reencoding.id(), backend.preprocessing()),
        };
        let backend = backend.id();
        Provenance {
            judge: self.card.id.clone(),
            version: self.card.version.clone(),
            card: self.card.digest,
            backend: backend.name.clone(),
            model_revision: backend.model_revision.clone(),
            preprocessing,
            image,
            temperature: self.card.recipe.temperature(),
        }
    }

    /// Name of what is done to the pixels: by the backend, or by the one that the card is made for.
    pub fn preprocessing(&self) -> String {
        match (&self.state, &self.card.preparation) {
            (BackendState::Ready(backend), _) => backend.preprocessing(),
            (BackendState::Unavailable { .. } | BackendState::Unbound, Some(preparation)) => {
                preparation.id()
            }
            (BackendState::Unavailable { .. } | BackendState::Unbound, None) => AS_GIVEN.to_owned(),
        }
    }
}

/// All judges by card id, and the configured backends by name.
#[derive(Default)]
pub struct Judges {
    by_id: BTreeMap<String, Judge>,
    backends: BTreeMap<String, BackendState>,
}

impl fmt::Debug for Judges {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Judges")
            .field("by_id", &self.by_id)
            .finish_non_exhaustive()
    }
}

impl Judges {
    /// The judges of these cards, and the backends that `judge@backend` may name.
    pub fn new(
        judges: impl IntoIterator<Item = Judge>,
        backends: BTreeMap<String, BackendState>,
    ) -> Self {
        let by_id = judges
            .into_iter()
            .map(|judge| (judge.card.id.clone(), judge))
            .collect();
        Judges { by_id, backends }
    }

    /// All judges in order of id.
    pub fn iter(&self) -> impl Iterator<Item = &Judge> {
        self.by_id.values()
    }

    /// The configured backends in order of name.
    pub fn backends(&self) -> impl Iterator<Item = (&str, &BackendState)> {
        self.backends
            .iter()
            .map(|(name, state)| (name.as_str(), state))
    }

    /// The judge that `id` or `id@backend` names.
    ///
    /// # Errors
    /// An unknown judge or backend, with the names that are spelt alike.
    pub fn find(&self, name: &str) -> Result<Judge, BindError> {
        let (id, backend) = match name.split_once('@') {
            Some((id, backend)) => (id, Some(backend)),
            None => (name, None),
        };
        let judge = self.by_id.get(id).ok_or_else(|| BindError::UnknownJudge {
            wanted: id.to_owned(),
            near: near(id, self.by_id.keys().map(String::as_str)),
            known: self.by_id.keys().cloned().collect(),
        })?;
        let Some(backend) = backend else {
            return Ok(judge.clone());
        };
        let backend_found =
            self.backends
                .get(backend)
                .ok_or_else(|| BindError::UnknownBackend {
                    wanted: backend.to_owned(),
                    near: near(backend, self.backends.keys().map(String::as_str)),
                    known: self.backends.keys().cloned().collect(),
                })?;
        Ok(Judge {
            card: Arc::clone(&judge.card),
            state: backend_found.clone(),
        })
    }
}
