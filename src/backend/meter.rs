//! What one piece of work costs, as the engines count it.
//!
//! A backend is shared by all who ask it, and so are its counters. A meter belongs to one who asks: what engines say while
//! its future is polled is counted there. An answer that several wait for is counted once, with the one who took it.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    static METER: Arc<Meter>;
}

/// Counts of one piece of work.
#[derive(Debug, Default)]
pub struct Meter {
    questions: AtomicU64,
    tally: Mutex<Metered>,
}

/// What a meter has counted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Metered {
    /// Replies of engines.
    pub replies: u64,
    /// Replies that do not say how many tokens they took.
    pub uncounted: u64,
    /// Tokens of questions, pictures included.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// In the currency of the configured prices; nothing while no reply had a price.
    pub cost: Option<f64>,
}

impl Metered {
    /// All tokens.
    pub fn tokens(&self) -> u64 {
        self.input_tokens + self.output_tokens
    }
}

impl Meter {
    /// What was counted so far.
    pub fn metered(&self) -> Metered {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Questions that were asked so far, of engines or of what is remembered.
    pub fn questions(&self) -> u64 {
        self.questions.load(Ordering::Relaxed)
    }

    /// Counts as many of `wanted` questions as a budget leaves, and says how many those are.
    pub fn take_questions(&self, wanted: u64, budget: Option<u64>) -> u64 {
        let mut taken = 0;
        let take = |asked: u64| {
            taken = budget.map_or(wanted, |budget| wanted.min(budget.saturating_sub(asked)));
            Some(asked + taken)
        };
        // The closure always gives a value, so that this cannot fail.
        let _ = self
            .questions
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken
    }

    /// Runs work whose cost is counted here.
    pub async fn measure<F: Future>(self: Arc<Self>, work: F) -> F::Output {
        METER.scope(self, work).await
    }
}

/// Tells the meter of whoever asks, if there is one, of a reply: its tokens where it says them, and what they cost.
pub(super) fn count(tokens: Option<(u64, u64)>, cost: Option<f64>) {
    // Nobody measures what has no meter.
    let _ = METER.try_with(|meter| {
        let mut tally = meter.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.replies += 1;
        match tokens {
            None => tally.uncounted += 1,
            Some((input, output)) => {
                tally.input_tokens += input;
                tally.output_tokens += output;
                if let Some(cost) = cost {
                    tally.cost = Some(tally.cost.unwrap_or_default() + cost);
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_counts_what_it_asked_itself() {
        let (one, other) = (Arc::new(Meter::default()), Arc::new(Meter::default()));
        let first = Arc::clone(&one).measure(async {
            count(Some((10, 2)), Some(0.5));
            tokio::task::yield_now().await;
            count(None, None);
        });
        let second = Arc::clone(&other).measure(async { count(Some((1, 1)), None) });
        tokio::join!(first, second);
        count(Some((100, 100)), Some(9.0));
        let Metered {
            replies,
            uncounted,
            cost,
            ..
        } = one.metered();
        assert_eq!((replies, uncounted, cost), (2, 1, Some(0.5)));
        assert_eq!(one.metered().tokens(), 12);
        assert_eq!((other.metered().tokens(), other.metered().cost), (2, None));
    }

    #[test]
    fn questions_are_taken_up_to_the_budget() {
        let meter = Meter::default();
        assert_eq!(meter.take_questions(3, Some(5)), 3);
        assert_eq!(meter.take_questions(3, Some(5)), 2);
        assert_eq!(meter.take_questions(3, Some(5)), 0);
        assert_eq!(meter.take_questions(3, None), 3);
        assert_eq!(meter.questions(), 8);
    }
}
