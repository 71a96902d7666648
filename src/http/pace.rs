//! How slow the other side of a connection may be, whichever way the bytes go. Pure: it is told the time.

use std::time::Duration;

use tokio::time::Instant;

/// A least number of bytes within a time, again and again. Only the time counts for which the other side keeps us
/// waiting.
#[derive(Debug)]
pub(super) struct Pace {
    needed: u64,
    got: u64,
    grace: Duration,
    waited: Duration,
    since: Option<Instant>,
}

impl Pace {
    /// So many bytes per second, counted over the grace; a rate of 0 asks for none.
    pub(super) fn new(rate: u64, grace: Duration) -> Self {
        Pace {
            needed: rate.saturating_mul(grace.as_secs()),
            got: 0,
            grace,
            waited: Duration::ZERO,
            since: None,
        }
    }

    /// Nothing can go over now. Until when to wait for that; `None` for as long as it takes.
    pub(super) fn wait(&mut self, now: Instant) -> Option<Instant> {
        let since = *self.since.get_or_insert(now);
        (self.needed > 0).then(|| since + self.grace.saturating_sub(self.waited))
    }

    /// So many bytes went over, and nobody waits.
    pub(super) fn count(&mut self, bytes: u64, now: Instant) {
        if let Some(since) = self.since.take() {
            self.waited += now.saturating_duration_since(since);
        }
        self.got += bytes;
        if self.got >= self.needed {
            self.got = 0;
            self.waited = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Clock;

    const GRACE: Duration = Duration::from_secs(10);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_pause_may_be_as_long_as_the_grace() {
        let mut pace = Pace::new(100, GRACE);
        let now = Clock.now();
        assert_eq!(pace.wait(now), Some(now + GRACE));
        // To look again gives no more time.
        let later = now + 4 * SECOND;
        assert_eq!(pace.wait(later), Some(now + GRACE));
        pace.count(1_000, later);
        assert_eq!(pace.wait(later), Some(later + GRACE));
    }

    #[test]
    fn a_byte_now_and_then_is_too_slow_and_time_of_our_own_does_not_count() {
        let mut pace = Pace::new(100, GRACE);
        let mut now = Clock.now();
        for _ in 0..9 {
            assert!(pace.wait(now).unwrap() > now);
            now += SECOND;
            pace.count(1, now);
            now += 5 * GRACE;
        }
        assert_eq!(pace.wait(now), Some(now + SECOND));
        now += SECOND;
        pace.count(1, now);
        assert_eq!(pace.wait(now), Some(now));
        // Who catches up begins anew.
        pace.count(990, now);
        assert_eq!(pace.wait(now), Some(now + GRACE));
    }

    #[test]
    fn no_rate_is_no_end() {
        assert_eq!(Pace::new(0, GRACE).wait(Clock.now()), None);
    }
}
