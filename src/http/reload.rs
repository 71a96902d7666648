//! `POST /v1/reload`, and what SIGHUP does: cards and maps are read again, all of them or none.
//!
//! Models that did not change stay open. What is in work ends with the judge and the maps that it began with.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::problem::{Code, Problem};
use super::service::Service;
use crate::assemble::{AssembleError, Opening, open};
use crate::calibration::{MapFileError, Maps};
use crate::engine::{BackendState, Judges};

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reloaded {
    /// How many judges there are now.
    pub judges: usize,
    /// How many calibration maps.
    pub maps: usize,
    /// Judges that are new.
    pub added: Vec<String>,
    /// Judges whose card is another one.
    pub changed: Vec<String>,
    /// Judges that are gone.
    pub removed: Vec<String>,
}

/// Why everything is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A card, model or recording is wrong.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// A calibration map is wrong.
    #[error(transparent)]
    Calibration(#[from] MapFileError),
    /// The work broke off.
    #[error("reading cards and maps broke off")]
    BrokenOff,
}

/// Reads cards and maps again and takes them, unless one is wrong.
pub(super) async fn reload(service: &web::Data<Service>) -> Result<Reloaded, ReloadError> {
    let _alone = service.reloading.lock().await;
    let result = reread(service).await;
    service.metrics.reloaded(result.is_ok());
    match &result {
        Ok(changes) => {
            let Reloaded { judges, maps, .. } = changes;
            let (added, changed) = (changes.added.join(" "), changes.changed.join(" "));
            let removed = changes.removed.join(" ");
            tracing::info!(
                judges,
                maps,
                added,
                changed,
                removed,
                "cards and maps were read again"
            );
        }
        Err(error) => tracing::error!(%error, "cards and maps stay as they were"),
    }
    result
}

async fn reread(service: &web::Data<Service>) -> Result<Reloaded, ReloadError> {
    let before = service.current();
    let (config, known) = (service.config.clone(), Arc::clone(&before.judges));
    let read = move || -> Result<(Judges, Maps), ReloadError> {
        let maps = config.calibration.folder.as_deref();
        let maps = maps.map(Maps::load).transpose()?.unwrap_or_default();
        let assembled = open(&config, Opening::Changed(&known))?;
        // What could not be opened before either is no news, and may stay so.
        for fault in assembled.faults {
            let old = fault.to_string();
            let mut states = known.iter().map(|judge| &judge.state);
            let is_old = |state: &BackendState| matches!(state, BackendState::Unavailable { remedy } if *remedy == old);
            if !(states.any(is_old) || known.backends().any(|(_, state)| is_old(state))) {
                return Err(fault.into());
            }
        }
        Ok((assembled.judges, maps))
    };
    let read = tokio::task::spawn_blocking(read).await;
    let (judges, maps) = read.map_err(|_| ReloadError::BrokenOff)??;
    let changes = changes(&before.judges, &judges, maps.iter().count());
    service.replace(judges, Arc::new(maps));
    Ok(changes)
}

/// Opens what is not open yet; what cannot be opened is unavailable.
pub(super) async fn open_models(service: &web::Data<Service>) -> Result<(), ReloadError> {
    let _alone = service.reloading.lock().await;
    let before = service.current();
    let (config, known) = (service.config.clone(), Arc::clone(&before.judges));
    let opening = move || open(&config, Opening::Changed(&known));
    let opened = tokio::task::spawn_blocking(opening).await;
    let opened = opened.map_err(|_| ReloadError::BrokenOff)??;
    for fault in &opened.faults {
        tracing::error!(error = %fault, "a judge or backend is unavailable");
    }
    service.replace(opened.judges, Arc::clone(&before.maps));
    Ok(())
}

fn changes(before: &Judges, after: &Judges, maps: usize) -> Reloaded {
    let cards = |judges: &Judges| -> BTreeMap<String, String> {
        let entry =
            |judge: &crate::engine::Judge| (judge.card.id.clone(), judge.card.digest.to_string());
        judges.iter().map(entry).collect()
    };
    let (old, new) = (cards(before), cards(after));
    let ids = |ids: &mut dyn Iterator<Item = &String>| ids.cloned().collect();
    Reloaded {
        judges: new.len(),
        maps,
        added: ids(&mut new.keys().filter(|id| !old.contains_key(*id))),
        changed: ids(&mut new
            .iter()
            .filter(|(id, card)| old.get(*id).is_some_and(|before| before != *card))
            .map(|(id, _)| id)),
        removed: ids(&mut old.keys().filter(|id| !new.contains_key(*id))),
    }
}

/// Reads cards and maps again.
pub(super) async fn post(service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    match reload(&service).await {
        Ok(changes) => Ok(HttpResponse::Ok().json(changes)),
        Err(error) => Err(Problem::new(Code::ReloadRefused, error.to_string())
            .hint("nothing was changed; mend it and reload again")),
    }
}
