//! How many retries an engine may be burdened with. Pure: the clock is passed in.
//!
//! Retries help against a stumble and make an overload worse; so they are bounded as a share of the load, not
//! per request alone.

use std::time::Duration;

/// A request earns a tenth of a retry. Counted in tenths, because tenths add up exactly.
const COST: u32 = 10;
/// What a quiet client may spend from the start, in tenths.
const FLOOR: u32 = 3 * COST;
/// What can be saved up, in tenths.
const MOST: u32 = 100 * COST;
/// A client with nothing left gets one retry after this long.
const TRICKLE: Duration = Duration::from_secs(10);

/// Bounds retries: at most a tenth of the requests, three to begin with, and one every ten seconds.
#[derive(Debug)]
pub(super) struct RetryBudget {
    tenths: u32,
    last: Duration,
}

impl Default for RetryBudget {
    fn default() -> Self {
        RetryBudget {
            tenths: FLOOR,
            last: Duration::ZERO,
        }
    }
}

impl RetryBudget {
    /// A request is sent for the first time.
    pub(super) fn earn(&mut self) {
        self.tenths = (self.tenths + 1).min(MOST);
    }

    /// Whether a request may be sent once more at `now`, the time since the client began.
    pub(super) fn spend(&mut self, now: Duration) -> bool {
        if self.tenths >= COST {
            self.tenths -= COST;
        } else if now.saturating_sub(self.last) < TRICKLE {
            return false;
        }
        self.last = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(budget: &mut RetryBudget, wanted: u32, now: Duration) -> u32 {
        (0..wanted).map(|_| u32::from(budget.spend(now))).sum()
    }

    #[test]
    fn retries_are_a_tenth_of_the_load_and_a_floor() {
        let mut budget = RetryBudget::default();
        let start = Duration::from_secs(60);
        assert_eq!(granted(&mut budget, 100, start), 3);
        let spent = (0..1000).map(|_| {
            budget.earn();
            granted(&mut budget, 3, start)
        });
        assert_eq!(spent.sum::<u32>(), 100);
    }

    #[test]
    fn a_quiet_client_may_try_again_from_time_to_time() {
        let mut budget = RetryBudget::default();
        assert_eq!(granted(&mut budget, 9, Duration::from_secs(60)), 3);
        assert_eq!(granted(&mut budget, 9, Duration::from_secs(69)), 0);
        assert_eq!(granted(&mut budget, 9, Duration::from_secs(70)), 1);
        assert_eq!(granted(&mut budget, 9, Duration::from_secs(80)), 1);
    }

    #[test]
    fn what_is_saved_up_is_bounded() {
        let mut budget = RetryBudget::default();
        (0..100_000).for_each(|_| budget.earn());
        assert_eq!(granted(&mut budget, 10_000, Duration::ZERO), 100);
    }
}
