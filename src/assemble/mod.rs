//! From a configuration to an engine: reads the cards, opens their models, binds the backends.

mod backends;
mod chat;
mod hub;
mod onnx;
mod remote;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::backend::onnx::{Onnx, OnnxOptions, OnnxRuntime, OpenError, RuntimeError};
use crate::backend::recorded::RecordingError;
use crate::card::{CardError, JudgeCard, builtin_cards, load_folder};
use crate::config::Config;
use crate::engine::{AnswerCache, BackendState, Engine, Judge, Judges};

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

/// Makes the engine that a configuration describes.
///
/// # Errors
/// Cards, recordings or models that are there and wrong.
pub fn assemble(config: &Config) -> Result<Engine, AssembleError> {
    let mut cards = builtin_cards()?;
    for folder in &config.judges.folders {
        cards.extend(load_folder(folder)?);
    }
    cards.sort_by(|a, b| a.id.cmp(&b.id));
    if let Some(pair) = cards.windows(2).find(|pair| pair[0].id == pair[1].id) {
        return Err(AssembleError::SameId(pair[0].id.clone()));
    }
    let runtime = OnnxRuntime::load(&config.onnxruntime_candidates());
    let backends = config
        .backends
        .iter()
        .map(|(name, backend)| {
            let state = backends::open(name, backend, &runtime, &cards, config)?;
            Ok((name.clone(), state))
        })
        .collect::<Result<BTreeMap<String, BackendState>, AssembleError>>()?;
    let judges = cards
        .into_iter()
        .map(|card| bind(card, &runtime, config))
        .collect::<Result<Vec<_>, AssembleError>>()?;
    Ok(Engine::new(
        Judges::new(judges, backends),
        AnswerCache::new(config.cache.bytes),
    )
    .with_image_limits(config.image_limits())
    .with_picture_memory(config.admission.half()))
}

fn bind(
    card: JudgeCard,
    runtime: &Result<OnnxRuntime, RuntimeError>,
    config: &Config,
) -> Result<Judge, AssembleError> {
    let state = match (&card.backend, &card.preparation, runtime) {
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
    };
    Ok(Judge {
        card: Arc::new(card),
        state,
    })
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
