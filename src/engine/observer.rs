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
use crate::judging::protocol::{Chosen, Compared, ListRun, RankRun};
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

    /// A subject was judged, or not: an image, a pair, a list or a closed question.
    fn judged(&self, provenance: &Provenance, outcome: Seen);
}

/// What became of a subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// It has a verdict.
    Judged {
        /// Mass on the allowed answers, where it is known.
        coverage: Option<Coverage>,
        /// How it was read; unknown where several of one ranking were read in different ways.
        readout: Option<Readout>,
    },
    /// It has none.
    Unscored(Reason),
}

impl Seen {
    fn read<T>(
        outcome: &Result<T, Unscored>,
        read: impl FnOnce(&T) -> (Option<Coverage>, Option<Readout>),
    ) -> Self {
        match outcome {
            Ok(judged) => {
                let (coverage, readout) = read(judged);
                Seen::Judged { coverage, readout }
            }
            Err(unscored) => Seen::Unscored(unscored.reason),
        }
    }

    /// What became of a subject that is scored.
    pub fn of(outcome: &Result<Verdict, Unscored>) -> Self {
        Seen::read(outcome, |verdict| (verdict.coverage, Some(verdict.readout)))
    }

    /// What became of a pair.
    pub(super) fn of_pair(outcome: &Result<Compared, Unscored>) -> Self {
        Seen::read(outcome, |pair| (pair.coverage, Some(pair.readout)))
    }

    /// What became of a closed question.
    pub(super) fn of_choice(outcome: &Result<Chosen, Unscored>) -> Self {
        Seen::read(outcome, |chosen| (chosen.coverage, Some(chosen.readout)))
    }

    /// What became of each pair that a ranking asked about.
    pub(super) fn of_pairs(run: &Result<RankRun, Unscored>) -> Vec<Self> {
        let run = match run {
            Ok(run) => run,
            Err(unscored) => return vec![Seen::Unscored(unscored.reason)],
        };
        let mut readouts = run.readouts.iter().copied();
        let readout = readouts.next().filter(|_| readouts.next().is_none());
        let compared = run.asked.saturating_sub(run.failed.len() as u64);
        let judged = Seen::Judged {
            coverage: None,
            readout,
        };
        let failed = run
            .failed
            .iter()
            .map(|one| Seen::Unscored(one.unscored.reason));
        (0..compared).map(|_| judged).chain(failed).collect()
    }

    /// What became of each list.
    pub(super) fn of_lists(run: &Result<ListRun, Unscored>) -> Vec<Self> {
        match run {
            Ok(run) => {
                let lists = run.lists.iter().map(|list| &list.order);
                lists
                    .map(|order| Seen::read(order, |_| (None, Some(Readout::ParsedText))))
                    .collect()
            }
            Err(unscored) => vec![Seen::Unscored(unscored.reason)],
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
