//! What a run may cost: questions and time.

use std::time::Duration;

use tokio::time::Instant;

use crate::digest::Digest;

/// The clock of the engine; nothing below it reads one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock;

impl Clock {
    /// Now.
    pub fn now(self) -> Instant {
        Instant::now()
    }
}

/// Bounds of one run.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunLimits {
    /// Most questions to a backend or its cache.
    pub questions: Option<u64>,
    deadline: Option<Instant>,
    owner: Option<Digest>,
}

impl RunLimits {
    /// No bound at all, for the command line.
    pub fn none() -> Self {
        RunLimits::default()
    }

    /// A run that ends this long from now.
    pub fn within(clock: Clock, time: Duration) -> Self {
        RunLimits {
            questions: None,
            deadline: Some(clock.now() + time),
            owner: None,
        }
    }

    /// The same with a bound on questions.
    #[must_use]
    pub fn with_questions(mut self, questions: u64) -> Self {
        self.questions = Some(questions);
        self
    }

    /// The same, with answers that only this owner's runs remember and share.
    #[must_use]
    pub fn owned_by(mut self, owner: &str) -> Self {
        self.owner = Some(Digest::of(owner.as_bytes()));
        self
    }

    /// What tells this owner's answers from those of others; empty where all share theirs.
    pub(super) fn owner(&self) -> &[u8] {
        self.owner.as_ref().map_or(&[], |owner| owner.as_bytes())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How many of `wanted` further questions the budget still allows.
    pub(super) fn affordable(&self, asked: u64, wanted: usize) -> usize {
        match self.questions {
            None => wanted,
            Some(budget) => usize::try_from(budget.saturating_sub(asked))
                .map_or(wanted, |left| left.min(wanted)),
        }
    }
}
