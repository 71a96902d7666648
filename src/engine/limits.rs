//! What a run may cost: questions, tokens, money and time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backend::{Meter, Metered};
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

/// What may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Budget {
    /// Most questions to a backend or its cache.
    pub questions: Option<u64>,
    /// Most tokens, of questions and answers, as the engines count them.
    pub tokens: Option<u64>,
    /// Most money, in the currency of the configured prices.
    pub money: Option<f64>,
}

/// Bounds of one run, or of several that share a meter.
#[derive(Debug, Clone, Default)]
pub struct RunLimits {
    /// Most questions to a backend or its cache.
    pub questions: Option<u64>,
    /// Most tokens, of questions and answers, as the engines count them.
    pub tokens: Option<u64>,
    /// Most money, in the currency of the configured prices.
    pub money: Option<f64>,
    deadline: Option<Instant>,
    owner: Option<Digest>,
    meter: Option<Arc<Meter>>,
}

impl RunLimits {
    /// No bound at all, for the command line.
    pub fn none() -> Self {
        RunLimits::default()
    }

    /// A run that ends this long from now.
    pub fn within(clock: Clock, time: Duration) -> Self {
        RunLimits {
            deadline: Some(clock.now() + time),
            ..RunLimits::default()
        }
    }

    /// The same with a bound on questions.
    #[must_use]
    pub fn with_questions(mut self, questions: u64) -> Self {
        self.questions = Some(questions);
        self
    }

    /// The same with a budget.
    #[must_use]
    pub fn with_budget(mut self, budget: Budget) -> Self {
        Budget {
            questions: self.questions,
            tokens: self.tokens,
            money: self.money,
        } = budget;
        self
    }

    /// The same, with answers that only this owner's runs remember and share.
    #[must_use]
    pub fn owned_by(mut self, owner: &str) -> Self {
        self.owner = Some(Digest::of(owner.as_bytes()));
        self
    }

    /// The same bounds for one piece of work of several runs, with a meter of its own.
    #[must_use]
    pub fn metered(&self) -> Self {
        RunLimits {
            meter: Some(Arc::default()),
            ..self.clone()
        }
    }

    /// The meter of the work.
    pub fn meter(&self) -> Option<&Arc<Meter>> {
        self.meter.as_ref()
    }

    /// What tells this owner's answers from those of others; empty where all share theirs.
    pub(super) fn owner(&self) -> &[u8] {
        self.owner.as_ref().map_or(&[], |owner| owner.as_bytes())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether what an answer costs decides over the next question, so that they are asked one at a time.
    pub(super) fn is_counted(&self) -> bool {
        self.meter.is_some() && (self.tokens.is_some() || self.money.is_some())
    }

    /// How many of `wanted` further questions the budget still allows, which are counted as asked.
    pub(super) fn affordable(&self, asked: &mut u64, wanted: usize) -> usize {
        let counted = u64::try_from(wanted).unwrap_or(u64::MAX);
        let taken = match &self.meter {
            Some(meter) => meter.take_questions(counted, self.questions),
            None => {
                let left = self.questions.map(|budget| budget.saturating_sub(*asked));
                let taken = left.map_or(counted, |left| left.min(counted));
                *asked += taken;
                taken
            }
        };
        usize::try_from(taken).unwrap_or(wanted)
    }

    /// Why no further question is asked, where tokens or money are spent or cannot be counted.
    pub(super) fn overspent(&self) -> Option<String> {
        let meter = self.meter.as_ref()?;
        let spent @ Metered { uncounted, .. } = meter.metered();
        if let Some(tokens) = self.tokens {
            if spent.tokens() >= tokens {
                let used = spent.tokens();
                return Some(format!(
                    "the budget of {tokens} tokens is spent: {used} were used"
                ));
            }
            if uncounted > 0 {
                return Some(format!(
                    "{uncounted} replies do not say how many tokens they took, so that a budget of {tokens} cannot be kept"
                ));
            }
        }
        if let Some(money) = self.money {
            let used = spent.cost.unwrap_or_default();
            if used >= money {
                return Some(format!(
                    "the budget of {money} is spent: {used:.6} was used"
                ));
            }
            if uncounted > 0 || (spent.replies > 0 && spent.cost.is_none()) {
                return Some(format!(
                    "replies came without a price, so that a budget of {money} cannot be kept: `price` of the backend says what tokens cost"
                ));
            }
        }
        None
    }
}
