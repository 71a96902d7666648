//! What stays open when cards are read again: a model that did not change is not loaded twice.

use crate::card::{JudgeCard, ModelFile};
use crate::config::BackendConfig;
use crate::digest::Digest;
use crate::engine::{BackendState, Judges};

/// The backend of a judge, where the same file is asked in the same way as before.
pub(super) fn judge(card: &JudgeCard, before: &Judges) -> Option<BackendState> {
    let model = card.backend.as_ref()?;
    let old = before.iter().find(|judge| judge.card.id == card.id)?;
    let BackendState::Ready(backend) = &old.state else {
        return None;
    };
    let same_way = old.card.backend.as_ref() == Some(model)
        && card
            .preparation
            .as_ref()
            .map(|preparation| preparation.id())
            == Some(backend.preprocessing());
    let same_bytes = match &model.file {
        ModelFile::Embedded { .. } => true,
        ModelFile::Path(path) => std::fs::read(path)
            .is_ok_and(|bytes| Digest::of(&bytes).to_string() == backend.id().model_revision),
    };
    (same_way && same_bytes).then(|| old.state.clone())
}

/// A configured backend that could be asked before: the configuration is not read again. One that prepares pictures
/// as a card says is kept only while the card says the same.
pub(super) fn backend(
    name: &str,
    config: &BackendConfig,
    cards: &[JudgeCard],
    before: &Judges,
) -> Option<BackendState> {
    let (_, state) = before.backends().find(|(known, _)| *known == name)?;
    let BackendState::Ready(backend) = state else {
        return None;
    };
    let same = match config {
        BackendConfig::Kserve(kserve) => {
            let card = cards.iter().find(|card| card.id == kserve.card)?;
            let preparation = card.preparation.as_ref()?;
            preparation.id() == backend.preprocessing()
        }
        BackendConfig::Recorded(_)
        | BackendConfig::OnnxLanguage(_)
        | BackendConfig::OnnxDualEncoder(_)
        | BackendConfig::OnnxScalar(_)
        | BackendConfig::Chat(_)
        | BackendConfig::Systemone(_) => true,
    };
    same.then(|| state.clone())
}
