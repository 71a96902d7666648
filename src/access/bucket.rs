//! A bucket that fills steadily: so many a second, and so many at once after a rest.
//!
//! Kept as one point in time, when the bucket is full again (the generic cell rate algorithm): whole nanoseconds,
//! nothing to refill, and never one too many.

use std::time::Duration;

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    every: Duration,
    burst: u32,
}

impl Rate {
    /// `per_second` in the long run, `burst` at once after a rest; `None` unless `per_second` lies in [1e-5, 1e6] and
    /// `burst` is at least 1.
    pub fn new(per_second: f64, burst: u32) -> Option<Self> {
        if !(1e-5..=1e6).contains(&per_second) || burst == 0 {
            return None;
        }
        let every = Duration::try_from_secs_f64(1.0 / per_second).ok()?;
        // Rounding may have shortened it, and one too many is worse than one too late.
        let exact = every.as_secs_f64() * per_second >= 1.0;
        let every = every + Duration::from_nanos(u64::from(!exact));
        Some(Rate { every, burst })
    }

    /// How much a full bucket holds.
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// How long an empty bucket takes to fill.
    pub fn window(self) -> Duration {
        self.every.saturating_mul(self.burst)
    }
}

/// A bucket; full at first. Times are those since any one origin.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    rate: Rate,
    full_at: Duration,
}

impl Bucket {
    /// A full bucket.
    pub fn new(rate: Rate) -> Self {
        Bucket {
            rate,
            full_at: Duration::ZERO,
        }
    }

    /// How long until one more may be taken; zero for now.
    pub fn wait(&self, now: Duration) -> Duration {
        let after = self.full_in(now) + self.rate.every;
        after.saturating_sub(self.rate.window())
    }

    /// Takes one if there is one, or says how long to wait.
    ///
    /// # Errors
    /// The time until there is one.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let wait = self.wait(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.full_at = self.full_at.max(now) + self.rate.every;
        Ok(())
    }

    /// How many may be taken at once now.
    pub fn left(&self, now: Duration) -> u64 {
        let room = self.rate.window().saturating_sub(self.full_in(now));
        u64::try_from(room.as_nanos() / self.rate.every.as_nanos().max(1)).unwrap_or(u64::MAX)
    }

    /// How long until it is full.
    pub fn full_in(&self, now: Duration) -> Duration {
        self.full_at.saturating_sub(now)
    }

    /// How fast it fills.
    pub fn rate(&self) -> Rate {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_lets_a_burst_pass_and_then_one_at_a_time() {
        let mut bucket = Bucket::new(Rate::new(4.0, 3).unwrap());
        let at = Duration::from_millis;
        assert_eq!(bucket.left(at(0)), 3);
        for left in [2, 1, 0] {
            bucket.take(at(0)).unwrap();
            assert_eq!(bucket.left(at(0)), left);
        }
        assert_eq!(bucket.take(at(0)), Err(at(250)));
        assert_eq!(bucket.take(at(249)), Err(at(1)));
        assert_eq!(bucket.take(at(250)), Ok(()));
        assert_eq!(bucket.full_in(at(250)), at(750));
        // A rest of any length saves up no more than the burst.
        assert_eq!(bucket.left(at(1_000_000)), 3);
    }

    #[test]
    fn a_rate_that_lets_nothing_pass_is_none() {
        for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-9, 1e9] {
            assert_eq!(Rate::new(per_second, 1), None, "{per_second}");
        }
        assert_eq!(Rate::new(1.0, 0), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        /// Within any span no more passes than the burst and what flows in meanwhile.
        #[test]
        fn no_span_lets_more_pass_than_promised(
            per_second in 0.1f64..5_000.0,
            burst in 1u32..20,
            pauses in prop::collection::vec(0u64..3_000_000, 1..200),
        ) {
            let mut bucket = Bucket::new(Rate::new(per_second, burst).unwrap());
            let mut now = Duration::ZERO;
            let mut passed: Vec<Duration> = Vec::new();
            for pause in pauses {
                now += Duration::from_micros(pause / 10);
                if bucket.take(now).is_ok() {
                    passed.push(now);
                }
            }
            for (index, from) in passed.iter().enumerate() {
                for (count, to) in passed[index..].iter().enumerate() {
                    let flowed = (*to - *from).as_secs_f64() * per_second;
                    prop_assert!((count + 1) as f64 <= f64::from(burst) + flowed + 1e-6);
                }
            }
        }
    }
}
