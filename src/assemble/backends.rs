//! From one `[backends.NAME]` table to something that can be asked.

use std::sync::Arc;

use super::remote::{NoClient, client};
use super::{AssembleError, onnx};
use crate::backend::Backend;
use crate::backend::kserve::{Kserve, KserveOptions, Output, Wire};
use crate::backend::onnx::{OnnxRuntime, RuntimeError};
use crate::backend::recorded::Recorded;
use crate::backend::systemone::{ImageForm, QuestionForm, Systemone, SystemoneOptions};
use crate::card::JudgeCard;
use crate::config::{
    BackendConfig, ChatConfig, Config, Gives, KserveConfig, SystemoneAsk, SystemoneConfig,
    SystemoneImages, Tensors,
};
use crate::engine::BackendState;

/// Opens a configured backend.
///
/// # Errors
/// What is there and wrong; what is merely missing makes the backend unavailable.
pub(super) fn open(
    name: &str,
    backend: &BackendConfig,
    runtime: &Result<OnnxRuntime, RuntimeError>,
    cards: &[JudgeCard],
    config: &Config,
) -> Result<BackendState, AssembleError> {
    let local = onnx::Opener::new(name, runtime, config);
    let opened: Result<Arc<dyn Backend>, NoClient> = match backend {
        BackendConfig::Recorded(recorded) => {
            Ok(Arc::new(Recorded::load(name, &recorded.file)?) as Arc<dyn Backend>)
        }
        BackendConfig::OnnxLanguage(language) => return local.language(language),
        BackendConfig::OnnxDualEncoder(encoder) => return local.dual_encoder(encoder),
        BackendConfig::OnnxScalar(scalar) => return local.scalar(scalar),
        BackendConfig::Chat(chat) => open_chat(name, chat, config),
        BackendConfig::Kserve(kserve) => open_kserve(name, kserve, cards, config),
        BackendConfig::Systemone(systemone) => open_systemone(name, systemone, config),
    };
    match opened {
        Ok(backend) => Ok(BackendState::Ready(backend)),
        Err(NoClient::Wrong(error)) => Err(error),
        Err(NoClient::Missing(remedy)) => Ok(BackendState::Unavailable { remedy }),
    }
}

fn open_chat(name: &str, chat: &ChatConfig, config: &Config) -> Result<Arc<dyn Backend>, NoClient> {
    let remote = client(name, &chat.remote)?;
    let chat = super::chat::open(remote, chat, config.image_limits())
        .map_err(|message| NoClient::Wrong(AssembleError::backend(name, message)))?;
    Ok(Arc::new(chat))
}

fn open_kserve(
    name: &str,
    kserve: &KserveConfig,
    cards: &[JudgeCard],
    config: &Config,
) -> Result<Arc<dyn Backend>, NoClient> {
    let wrong = |message: String| NoClient::Wrong(AssembleError::backend(name, message));
    let card = cards.iter().find(|card| card.id == kserve.card);
    let card = card.ok_or_else(|| wrong(format!("there is no card `{}`", kserve.card)))?;
    let preparation = card.preparation.clone().ok_or_else(|| {
        wrong(format!(
            "card `{}` has no `[preprocessing]`, and the model takes numbers",
            kserve.card
        ))
    })?;
    let labels = kserve.labels.clone();
    let output = match kserve.gives {
        Gives::Logits if labels.len() >= 2 => Output::Logits(labels),
        Gives::Probabilities if labels.len() >= 2 => Output::Probabilities(labels),
        Gives::Value if labels.is_empty() => Output::Value,
        Gives::Logits | Gives::Probabilities => {
            return Err(wrong("`labels` must name at least two".into()));
        }
        Gives::Value => return Err(wrong("a value has no `labels`".into())),
    };
    let options = KserveOptions {
        model: kserve.model.clone(),
        version: kserve.version.clone(),
        input: kserve.input.clone(),
        output_name: kserve.output.clone(),
        output,
        wire: match kserve.tensors {
            Tensors::Auto => None,
            Tensors::Binary => Some(Wire::Binary),
            Tensors::Json => Some(Wire::Json),
        },
        preparation,
        limits: config.image_limits(),
    };
    let remote = client(name, &kserve.remote)?;
    Ok(Arc::new(Kserve::new(remote, options)))
}

fn open_systemone(
    name: &str,
    systemone: &SystemoneConfig,
    config: &Config,
) -> Result<Arc<dyn Backend>, NoClient> {
    let options = SystemoneOptions {
        model: systemone.model.clone(),
        images: match systemone.images {
            SystemoneImages::List => ImageForm::List,
            SystemoneImages::Assets => ImageForm::Assets,
        },
        images_per_prompt: systemone.images_per_prompt,
        question: match systemone.ask {
            SystemoneAsk::Choice => QuestionForm::Choice,
            SystemoneAsk::Score => QuestionForm::Score,
        },
        limits: config.image_limits(),
    };
    let remote = client(name, &systemone.remote)?;
    Ok(Arc::new(Systemone::new(remote, options)))
}
