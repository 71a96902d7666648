//! Backends that do as a test tells them.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use opine::backend::{Abilities, Backend, BackendError, BackendId};
use opine::card::builtin_cards;
use opine::engine::{AnswerCache, BackendState, Engine, Judge, Judges};
use opine::judging::{Answer, Choice, Coverage, Prompt, Readout, Wanted};
use tokio::sync::Semaphore;

/// Answers every closed question evenly, one for each permit of its gate, and counts who came to the gate.
///
/// An image whose bytes are `panic` makes it panic.
pub(crate) struct Gated {
    id: BackendId,
    gate: Semaphore,
    came: Semaphore,
}

impl Gated {
    pub(crate) fn new(open: usize) -> Arc<Self> {
        let id = BackendId {
            name: "gated".into(),
            model_revision: "1".into(),
        };
        Arc::new(Gated {
            id,
            gate: Semaphore::new(open),
            came: Semaphore::new(0),
        })
    }

    /// Lets `count` questions pass.
    pub(crate) fn open(&self, count: usize) {
        self.gate.add_permits(count);
    }

    /// How many questions came that nobody has waited for.
    pub(crate) fn came(&self) -> usize {
        self.came.available_permits()
    }

    /// Waits until one more question stands at the gate.
    pub(crate) fn wait_for_one(&self) {
        futures::executor::block_on(self.came.acquire())
            .unwrap()
            .forget();
    }
}

#[async_trait]
impl Backend for Gated {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn abilities(&self) -> Abilities {
        Abilities::of_classifier(Readout::ClosedSet, 4)
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        let mut answers = Vec::new();
        for prompt in prompts {
            assert!(
                prompt.images().all(|image| image.bytes() != b"panic"),
                "as told"
            );
            self.came.add_permits(1);
            self.gate.acquire().await.unwrap().forget();
            let Wanted::Options(options) = prompt.wanted() else {
                answers.push(Err(BackendError::Failed {
                    message: "not a closed question".into(),
                }));
                continue;
            };
            let even = Choice::new(
                vec![0.0; options.len()],
                Some(Coverage::FULL),
                Readout::ClosedSet,
            );
            answers.push(Ok(Answer::Choice(even.unwrap())));
        }
        answers
    }
}

/// An engine whose `q-bench` judge is answered by this backend, and which remembers nothing.
pub(crate) fn engine_with(backend: Arc<dyn Backend>) -> Engine {
    engine_remembering(backend, 0)
}

/// The same, which remembers as many bytes of answers.
pub(crate) fn engine_remembering(backend: Arc<dyn Backend>, bytes: u64) -> Engine {
    let card = builtin_cards()
        .unwrap()
        .into_iter()
        .find(|card| card.id == "q-bench")
        .unwrap();
    let judge = Judge {
        card: Arc::new(card),
        state: BackendState::Ready(backend),
    };
    Engine::new(
        Judges::new([judge], BTreeMap::new()),
        AnswerCache::new(bytes),
    )
}
