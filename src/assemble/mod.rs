//! From a configuration to an engine: reads the cards, opens their models, binds the backends.

mod backends;
mod chat;
mod hub;
mod kept;
mod onnx;
mod remote;
mod urls;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::backend::onnx::{Onnx, OnnxOptions, OnnxRuntime, OpenError, RuntimeError};
use crate::backend::recorded::RecordingError;
use crate::card::{CardError, JudgeCard, builtin_cards, load_folder};
use crate::config::Config;
use crate::engine::{AnswerCache, BackendState, Engine, Judge, Judges};

pub use urls::url_reader;

/// Why no engine could be made. A missing ONNX Runtime is not among them: its judges are unavailable.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// A card is wrong.
    #[error(transparent)]
    Card(#[from] CardError),
    /// A recording is wrong.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// Two cards share an id.
    #[error("two cards have the id `{0}`; give yours another")]
    SameId(String),
    /// A model file is wrong.
    #[error("judge `{judge}`: {error}")]
    Model {
        /// The judge.
        judge: String,
        /// What was wrong.
        error: OpenError,
    },
    /// A backend's model is there and wrong.
    #[error("backend `{backend}`: {error}")]
    BackendModel {
        /// Its name in the configuration.
        backend: String,
        /// What was wrong.
        error: OpenError,
    },
    /// The list of hosts for images by URL is wrong.
    #[error("[images.urls]: {0}")]
    Urls(String),
    /// A backend's configuration is wrong.
    #[error("backend `{backend}`: {message}")]
    Backend {
        /// The backend.
        backend: String,
        /// What was wrong.
        message: String,
    },
}

impl AssembleError {
    fn backend(backend: &str, message: impl Into<String>) -> Self {
        AssembleError::Backend {
            backend: backend.to_owned(),
            message: message.into(),
        }
    }
}

/// Judges and backends, and what could not be opened of them.
#[derive(Debug)]
pub struct Assembled {
    /// All judges and backends; what could not be opened is unavailable, and says why.
    pub judges: Judges,
    /// Models, recordings and backends that are there and wrong.
    pub faults: Vec<AssembleError>,
}

/// Which models are opened.
#[derive(Debug, Clone, Copy)]
pub enum Opening<'a> {
    /// All.
    All,
    /// None yet: every judge and backend is unavailable, and says that it is being opened.
    Later,
    /// Those that are not open among these judges, or that changed since.
    Changed(&'a Judges),
}

/// What a judge says whose model is being opened.
pub const BEING_OPENED: &str = "its model is being opened; try again in a moment";

/// Makes the engine that a configuration describes, or says what is wrong first.
///
/// # Errors
/// Cards, recordings or models that are there and wrong.
pub fn assemble(config: &Config) -> Result<Engine, AssembleError> {
    let assembled = open(config, Opening::All)?;
    match assembled.faults.into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(engine(assembled.judges, config)),
    }
}

/// An engine for these judges.
pub fn engine(judges: Judges, config: &Config) -> Engine {
    Engine::new(judges, AnswerCache::new(config.cache.bytes))
        .with_image_limits(config.image_limits())
        .with_picture_memory(config.admission.half())
}

/// Reads the cards and opens what they and the configuration name. One model that cannot be opened does not keep the
/// others from their work.
///
/// # Errors
/// A card that is wrong.
pub fn open(config: &Config, opening: Opening<'_>) -> Result<Assembled, AssembleError> {
    let mut cards = builtin_cards()?;
    for folder in &config.judges.folders {
        cards.extend(load_folder(folder)?);
    }
    cards.sort_by(|a, b| a.id.cmp(&b.id));
    if let Some(pair) = cards.windows(2).find(|pair| pair[0].id == pair[1].id) {
        return Err(AssembleError::SameId(pair[0].id.clone()));
    }
    let runtime = OnnxRuntime::load(&config.onnxruntime_candidates());
    let mut faults = Vec::new();
    let mut usable = |opened: Result<BackendState, AssembleError>| {
        opened.unwrap_or_else(|fault| {
            let remedy = fault.to_string();
            faults.push(fault);
            BackendState::Unavailable { remedy }
        })
    };
    let mut backends = BTreeMap::new();
    for (name, backend) in &config.backends {
        let state = match opening {
            Opening::Later => being_opened(),
            Opening::All => usable(backends::open(name, backend, &runtime, &cards, config)),
            Opening::Changed(before) => match kept::backend(name, backend, &cards, before) {
                Some(state) => state,
                None => usable(backends::open(name, backend, &runtime, &cards, config)),
            },
        };
        backends.insert(name.clone(), state);
    }
    let judges = cards.into_iter().map(|card| {
        let state = match opening {
            Opening::Later if card.backend.is_some() => being_opened(),
            Opening::Later | Opening::All => usable(bind(&card, &runtime, config)),
            Opening::Changed(before) => match kept::judge(&card, before) {
                Some(state) => state,
                None => usable(bind(&card, &runtime, config)),
            },
        };
        Judge {
            card: Arc::new(card),
            state,
        }
    });
    let judges: Vec<Judge> = judges.collect();
    Ok(Assembled {
        judges: Judges::new(judges, backends),
        faults,
    })
}

fn being_opened() -> BackendState {
    BackendState::Unavailable {
        remedy: BEING_OPENED.to_owned(),
    }
}

fn bind(
    card: &JudgeCard,
    runtime: &Result<OnnxRuntime, RuntimeError>,
    config: &Config,
) -> Result<BackendState, AssembleError> {
    Ok(match (&card.backend, &card.preparation, runtime) {
        (None, _, _) | (_, None, _) => BackendState::Unbound,
        (Some(_), Some(_), Err(error)) => BackendState::Unavailable {
            remedy: error.to_string(),
        },
        (Some(model), Some(preparation), Ok(runtime)) => {
            let options = OnnxOptions {
                name: "onnx".into(),
                model: model.clone(),
                preparation: preparation.clone(),
                limits: config.image_limits(),
                threads: config.onnxruntime.threads.unwrap_or_else(cores),
            };
            let backend = Onnx::open(runtime, options).map_err(|error| AssembleError::Model {
                judge: card.id.clone(),
                error,
            })?;
            BackendState::Ready(Arc::new(backend))
        }
    })
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
