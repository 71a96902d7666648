//! Counts what one member of a panel asks of its backend.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::backend::BackendId;
use crate::engine::observer::Observed;
use crate::engine::{BackendState, Judge, Observer, Seen};
use crate::judging::{Answer, Provenance, Reason};

/// Questions that reached the backend; what the cache remembered did not.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<AtomicU64>);

impl Tally {
    pub(super) fn asked(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Observer for Tally {
    fn asked(&self, _: &BackendId) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn answered(&self, _: &BackendId, _: Result<&Answer, Reason>, _: Duration, _: Duration) {}

    fn judged(&self, _: &Provenance, _: Seen) {}
}

/// The same judge, whose questions are counted. Its backend is the same to the cache and in every provenance.
pub(super) fn counted(judge: &Judge) -> (Judge, Tally) {
    let tally = Tally::default();
    let state = match &judge.state {
        BackendState::Ready(backend) => BackendState::Ready(Arc::new(Observed {
            backend: Arc::clone(backend),
            observer: Arc::new(tally.clone()),
        })),
        BackendState::Unavailable { .. } | BackendState::Unbound => judge.state.clone(),
    };
    let judge = Judge {
        card: Arc::clone(&judge.card),
        state,
    };
    (judge, tally)
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::backend::{Abilities, Backend, BackendError, Circuit, CircuitState};
    use crate::card::builtin_cards;
    use crate::judging::Prompt;

    struct Elsewhere(BackendId);

    #[async_trait]
    impl Backend for Elsewhere {
        fn id(&self) -> &BackendId {
            &self.0
        }

        fn abilities(&self) -> Abilities {
            unreachable!("nobody asks")
        }

        fn decodes_pictures(&self) -> bool {
            true
        }

        fn circuit(&self) -> Option<Circuit> {
            Some(Circuit {
                state: CircuitState::Closed,
                retries: 3,
            })
        }

        async fn ask(&self, _: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
            Vec::new()
        }
    }

    #[test]
    fn a_member_takes_memory_for_pictures_and_has_a_circuit_as_it_does_alone() {
        let id = BackendId {
            name: "elsewhere".into(),
            model_revision: "1".into(),
        };
        let judge = Judge {
            card: Arc::new(builtin_cards().unwrap().remove(0)),
            state: BackendState::Ready(Arc::new(Elsewhere(id))),
        };
        let (member, tally) = counted(&judge);
        let backend = member.backend().unwrap();
        assert!(backend.decodes_pictures());
        assert_eq!(backend.circuit().unwrap().retries, 3);
        assert_eq!(tally.asked(), 0);
    }
}
