//! Who watches the engine at work: what was asked, what was answered, and what became of each subject.
//!
//! Knows nothing of metrics, logs or traces; whoever counts implements [`Observer`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::backend::{
    Abilities, Backend, BackendError, BackendId, Circuit, Finding, Spent, measured,
};
use crate::judging::{Answer, Coverage, Prompt, Provenance, Readout, Reason, Unscored, Verdict};

/// Watches the engine. Called often, so that it must not wait.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A question goes to a backend; no remembered answer was found.
    fn asked(&self, backend: &BackendId);

    /// A backend answered, or did not. `queued` of the whole `time` went by before it began to work.
    fn answered(
        &self,
        backend: &BackendId,
        answer: Result<&Answer, Reason>,
        time: Duration,
        queued: Duration,
    );

    /// A subject was judged, or not.
    fn judged(&self, provenance: &Provenance, outcome: Seen);
}

/// What became of a subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// It has a verdict.
    Judged {
        /// Mass on the allowed answers, where it is known.
        coverage: Option<Coverage>,
        /// How it was read.
        readout: Readout,
    },
    /// It has none.
    Unscored(Reason),
}

impl Seen {
    /// What became of a subject that is scored.
    pub fn of(outcome: &Result<Verdict, Unscored>) -> Self {
        match outcome {
            Ok(verdict) => Seen::Judged {
                coverage: verdict.coverage,
                readout: verdict.readout,
            },
            Err(unscored) => Seen::Unscored(unscored.reason),
        }
    }
}

/// A backend that somebody watches.
pub(super) struct Observed {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) observer: Arc<dyn Observer>,
}

#[async_trait]
impl Backend for Observed {
    fn id(&self) -> &BackendId {
        self.backend.id()
    }

    fn preprocessing(&self) -> String {
        self.backend.preprocessing()
    }

    fn decodes_pictures(&self) -> bool {
        self.backend.decodes_pictures()
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

    fn circuit(&self) -> Option<Circuit> {
        self.backend.circuit()
    }

    async fn examine(&self, prompt: &Prompt) -> Vec<Finding> {
        self.backend.examine(prompt).await
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        let id = self.backend.id();
        for _ in prompts {
            self.observer.asked(id);
        }
        let began = super::Clock.now();
        let (answers, queued) = measured(self.backend.ask(prompts)).await;
        let time = began.elapsed();
        for answer in &answers {
            let answer = answer.as_ref().map_err(BackendError::reason);
            self.observer.answered(id, answer, time, queued.min(time));
        }
        answers
    }
}
