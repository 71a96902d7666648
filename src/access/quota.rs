//! So many a day, exactly.

use std::time::Duration;

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// A quota of each calendar day in UTC.
///
/// It is told the time by the clock of the wall, since 1970. A clock that is set back gives nothing back: what was
/// used stays used until a day begins that was never seen.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    per_day: u64,
    day: u64,
    used: u64,
}

impl Quota {
    /// A quota of which nothing is used.
    pub fn new(per_day: u64) -> Self {
        Quota {
            per_day,
            day: 0,
            used: 0,
        }
    }

    /// The same, of which so much was used before on that day, counted from 1970. What a day of now or later used
    /// counts against now.
    pub(super) fn restore(&mut self, day: u64, used: u64) {
        (self.day, self.used) = (day, used);
    }

    /// The day, counted from 1970, and what was used of it.
    pub(super) fn used(&self) -> (u64, u64) {
        (self.day, self.used)
    }

    /// Believes a clock that is behind the last day by more than one: it was wrong before. What was used then counts
    /// today, and tomorrow is free again.
    pub(super) fn settle(&mut self, now: Duration) {
        if self.day > day(now) + 1 {
            self.day = day(now);
        }
    }

    /// How long until one more may be taken; zero for now.
    pub fn wait(&self, now: Duration) -> Duration {
        match self.left(now) {
            0 => self.day_ends_in(now),
            _ => Duration::ZERO,
        }
    }

    /// Takes one if there is one, or says how long to wait.
    ///
    /// # Errors
    /// The time until the next day.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        self.settle(now);
        if self.left(now) == 0 {
            return Err(self.day_ends_in(now));
        }
        self.used = if day(now) > self.day {
            1
        } else {
            self.used + 1
        };
        self.day = self.of(now);
        Ok(())
    }

    /// How many are left of this day.
    pub fn left(&self, now: Duration) -> u64 {
        if day(now) > self.day {
            self.per_day
        } else {
            // A configuration that gives less than was used before.
            self.per_day.saturating_sub(self.used)
        }
    }

    /// How many there are in a day.
    pub fn per_day(&self) -> u64 {
        self.per_day
    }

    /// How long until the next day.
    pub fn day_ends_in(&self, now: Duration) -> Duration {
        let next = (self.of(now) + 1).saturating_mul(DAY.as_secs());
        Duration::from_secs(next).saturating_sub(now)
    }

    /// The day that is counted now. Who looked at the clock a moment earlier belongs to the day that has begun since,
    /// and so does who looks at a clock that was set back a little.
    fn of(&self, now: Duration) -> u64 {
        day(now).max(self.day)
    }
}

fn day(now: Duration) -> u64 {
    now.as_secs() / DAY.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_day_has_its_quota_and_the_next_has_another() {
        let mut quota = Quota::new(2);
        assert_eq!(quota.take(at(10)), Ok(()));
        assert_eq!(quota.take(at(20)), Ok(()));
        assert_eq!(quota.take(at(86_399)), Err(at(1)));
        assert_eq!(quota.wait(at(86_000)), at(400));
        assert_eq!(quota.left(at(86_400)), 2);
        assert_eq!(quota.take(at(86_400)), Ok(()));
        // A clock that was looked at before midnight takes from the new day, and not from both.
        assert_eq!(quota.take(at(86_399)), Ok(()));
        assert!(quota.take(at(86_400)).is_err());
        assert_eq!(Quota::new(0).take(at(0)), Err(DAY));
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing_back() {
        const TODAY: u64 = 20_000 * 86_400;
        for back in [1, 3_600, 86_400, 10 * 86_400, 5_000 * 86_400] {
            let mut quota = Quota::new(3);
            assert_eq!(quota.take(at(TODAY + 100)), Ok(()));
            assert_eq!(quota.take(at(TODAY + 100 - back)), Ok(()), "{back}");
            assert_eq!(quota.left(at(TODAY + 100 - back)), 1, "{back}");
            assert_eq!(quota.take(at(TODAY + 100 - back)), Ok(()));
            let wait = quota.take(at(TODAY + 101 - back)).unwrap_err();
            // Whoever waits as told finds another day, within two at most.
            assert!(wait <= 2 * DAY, "{back}: {wait:?}");
            assert_eq!(quota.left(at(TODAY + 101 - back) + wait), 3, "{back}");
            // The same where nothing was left when the clock was set back.
            let mut spent = Quota::new(1);
            assert_eq!(spent.take(at(TODAY + 100)), Ok(()));
            let wait = spent.take(at(TODAY + 100 - back)).unwrap_err();
            assert!(wait <= 2 * DAY, "{back}: {wait:?}");
            assert_eq!(spent.take(at(TODAY + 100 - back) + wait), Ok(()), "{back}");
        }
    }

    #[test]
    fn what_was_used_before_a_restart_is_used_after_it() {
        const TODAY: u64 = 20_000;
        let now = at(TODAY * 86_400 + 7);
        for (day, used, left) in [
            (TODAY, 2, 3),
            (TODAY, 9, 0),
            (TODAY - 1, 5, 5),
            // The clock was ahead when this was written.
            (TODAY + 1, 2, 3),
            (TODAY + 400, 2, 3),
        ] {
            let mut quota = Quota::new(5);
            quota.restore(day, used);
            assert_eq!(quota.left(now), left, "{day} {used}");
        }
        let mut quota = Quota::new(5);
        quota.restore(TODAY + 400, 2);
        quota.take(now).unwrap();
        assert_eq!(quota.used(), (TODAY, 3));
    }
}
