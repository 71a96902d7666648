//! A backend that counts what one member of a panel asks of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use crate::backend::{Abilities, Backend, BackendError, BackendId, Finding, Spent};
use crate::engine::{BackendState, Judge};
use crate::judging::{Answer, Prompt};

/// Questions that reached the backend; what the cache remembered did not.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<AtomicU64>);

impl Tally {
    pub(super) fn asked(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The same judge, whose questions are counted. Its backend is the same to the cache and in every provenance.
pub(super) fn counted(judge: &Judge) -> (Judge, Tally) {
    let tally = Tally::default();
    let state = match &judge.state {
        BackendState::Ready(backend) => BackendState::Ready(Arc::new(Counted {
            backend: Arc::clone(backend),
            tally: tally.clone(),
        })),
        BackendState::Unavailable { .. } | BackendState::Unbound => judge.state.clone(),
    };
    let judge = Judge {
        card: Arc::clone(&judge.card),
        state,
    };
    (judge, tally)
}

struct Counted {
    backend: Arc<dyn Backend>,
    tally: Tally,
}

#[async_trait]
impl Backend for Counted {
    fn id(&self) -> &BackendId {
        self.backend.id()
    }

    fn preprocessing(&self) -> String {
        self.backend.preprocessing()
    }

    fn abilities(&self) -> Abilities {
        self.backend.abilities()
    }

    async fn probe(&self) -> Result<Abilities, BackendError> {
        self.backend.probe().await
    }

    fn spent(&self) -> Option<Spent> {
        self.backend.spent()
    }

    async fn examine(&self, prompt: &Prompt) -> Vec<Finding> {
        self.backend.examine(prompt).await
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        self.tally
            .0
            .fetch_add(prompts.len() as u64, Ordering::Relaxed);
        self.backend.ask(prompts).await
    }
}
