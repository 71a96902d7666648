//! Generate until accepted: what the loop of a caller needs to know after an attempt. Pure; the caller keeps the count.

use serde::Serialize;

use super::policy::Budget;

/// What a caller knows before an attempt; all of it is in the answer to the one before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// Questions of the attempts before.
    pub questions: u64,
    /// The best progress of the attempts before.
    pub best: Option<f64>,
    /// Attempts in a row, up to the one before, that brought no gain.
    pub without_gain: u32,
}

impl Default for Attempt {
    fn default() -> Self {
        Attempt {
            number: 1,
            questions: 0,
            best: None,
            without_gain: 0,
        }
    }
}

/// What is known after an attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlook {
    /// Number of the attempt, from 1.
    pub number: u32,
    /// How many more the policy allows; nothing where it sets no bound.
    pub attempts_left: Option<u32>,
    /// Questions of all attempts.
    pub questions: u64,
    /// How many more the policy allows.
    pub questions_left: Option<u64>,
    /// How far the best image of this attempt is, 0 to 1.
    pub progress: Option<f64>,
    /// How far the best image of all attempts is.
    pub best: Option<f64>,
    /// Attempts in a row, up to this one, that brought no gain.
    pub without_gain: u32,
    /// Why the loop should stop; nothing where another attempt is worth it.
    pub stop: Option<StopReason>,
}

/// Why a loop should stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// An image was accepted.
    QualityThresholdMet,
    /// The policy allows no more attempts.
    MaxAttempts,
    /// The last attempts brought no gain.
    NoGain,
    /// The questions of the loop are spent.
    Budget,
}

impl Outlook {
    /// After an attempt that asked so many questions, whose best image made so much progress.
    pub fn after(
        budget: &Budget,
        attempt: Attempt,
        is_accepted: bool,
        progress: Option<f64>,
        questions: u64,
    ) -> Self {
        let gained = match (progress, attempt.best) {
            (Some(progress), Some(best)) => progress > best,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let without_gain = if gained {
            0
        } else {
            attempt.without_gain.saturating_add(1)
        };
        let questions = attempt.questions.saturating_add(questions);
        let attempts_left = budget
            .attempts
            .map(|most| most.saturating_sub(attempt.number));
        let questions_left = budget
            .loop_questions
            .map(|most| most.saturating_sub(questions));
        let stop = if is_accepted {
            Some(StopReason::QualityThresholdMet)
        } else if attempts_left == Some(0) {
            Some(StopReason::MaxAttempts)
        } else if questions_left == Some(0) {
            Some(StopReason::Budget)
        } else if budget.no_gain.is_some_and(|most| without_gain >= most) {
            Some(StopReason::NoGain)
        } else {
            None
        };
        Outlook {
            number: attempt.number,
            attempts_left,
            questions,
            questions_left,
            progress,
            best: if gained { progress } else { attempt.best },
            without_gain,
            stop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        questions: None,
        attempts: Some(5),
        loop_questions: Some(20),
        no_gain: Some(2),
    };

    /// What a loop gets to know, attempt after attempt: progress and questions of each.
    fn followed(attempts: &[(Option<f64>, u64)]) -> Vec<Outlook> {
        let mut attempt = Attempt::default();
        let after = |(progress, questions): &(Option<f64>, u64)| {
            let outlook = Outlook::after(&BUDGET, attempt, false, *progress, *questions);
            attempt = Attempt {
                number: outlook.number + 1,
                questions: outlook.questions,
                best: outlook.best,
                without_gain: outlook.without_gain,
            };
            outlook
        };
        attempts.iter().map(after).collect()
    }

    #[test]
    fn each_reason_to_stop_has_its_case() {
        let last = |attempts: &[(Option<f64>, u64)]| followed(attempts).pop().unwrap();
        let (low, high) = ((Some(0.25), 1), (Some(0.5), 1));
        assert_eq!(last(&[low]).stop, None);
        assert_eq!(last(&[low, high, low]).stop, None);
        let idle = last(&[low, high, low, high]);
        assert_eq!(
            (idle.stop, idle.without_gain),
            (Some(StopReason::NoGain), 2)
        );
        assert_eq!(idle.best, Some(0.5));
        let rising: Vec<(Option<f64>, u64)> =
            (1..=5).map(|at| (Some(f64::from(at) / 10.0), 1)).collect();
        let most = last(&rising);
        assert_eq!(
            (most.stop, most.attempts_left),
            (Some(StopReason::MaxAttempts), Some(0))
        );
        let spent = last(&[(Some(0.1), 19), (Some(0.2), 2)]);
        assert_eq!(
            (spent.stop, spent.questions_left),
            (Some(StopReason::Budget), Some(0))
        );
        let accepted = Outlook::after(&BUDGET, Attempt::default(), true, Some(0.9), 99);
        assert_eq!(accepted.stop, Some(StopReason::QualityThresholdMet));
    }

    #[test]
    fn no_score_is_no_gain_and_no_bound_never_stops() {
        let silent = followed(&[(None, 0), (None, 0)]);
        assert_eq!(silent[1].stop, Some(StopReason::NoGain));
        assert_eq!(silent[1].best, None);
        let attempt = Attempt {
            number: 1_000,
            without_gain: 999,
            ..Attempt::default()
        };
        let free = Outlook::after(&Budget::default(), attempt, false, None, 9);
        assert_eq!(
            (free.stop, free.attempts_left, free.questions_left),
            (None, None, None)
        );
    }
}
