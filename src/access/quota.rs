//! So many a day, exactly.

use std::time::Duration;

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// A quota. Days are counted from the same origin as the times that it is told.
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

    /// How long until one more may be taken; zero for now.
    pub fn wait(&self, now: Duration) -> Duration {
        match self.left(now) {
            0 => Self::day_ends_in(now),
            _ => Duration::ZERO,
        }
    }

    /// Takes one if there is one, or says how long to wait.
    ///
    /// # Errors
    /// The time until the next day.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let left = self.left(now);
        if left == 0 {
            return Err(Self::day_ends_in(now));
        }
        self.day = self.day.max(day(now));
        self.used = self.per_day - left + 1;
        Ok(())
    }

    /// How many are left of this day.
    pub fn left(&self, now: Duration) -> u64 {
        // Who looked at the clock a moment earlier belongs to the day that has begun since.
        if day(now) > self.day {
            self.per_day
        } else {
            self.per_day - self.used
        }
    }

    /// How many there are in a day.
    pub fn per_day(&self) -> u64 {
        self.per_day
    }

    /// How long until the next day.
    pub fn day_ends_in(now: Duration) -> Duration {
        let into = Duration::from_secs(now.as_secs() % DAY.as_secs());
        DAY - into - Duration::from_nanos(u64::from(now.subsec_nanos()))
    }
}

fn day(now: Duration) -> u64 {
    now.as_secs() / DAY.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_quota_and_the_next_has_another() {
        let mut quota = Quota::new(2);
        let at = Duration::from_secs;
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
}
