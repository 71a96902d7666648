//! How long to pause before another try. Pure: the draw is passed in.

use std::time::Duration;

/// Longest pause before the first further try; it doubles with each.
const FIRST: Duration = Duration::from_millis(100);
/// No pause is longer than this, whatever an engine asks for.
const LONGEST: Duration = Duration::from_secs(20);

/// The pause before try number `tries` (1 is the first further one), or `None` where waiting as long as the engine
/// asks would be too long. `draw` is uniform in `[0, 1)`.
///
/// Full jitter: uniform between nothing and an exponentially growing bound, so that clients that failed together
/// do not come back together (Brooker, Exponential Backoff And Jitter, 2015). An engine's own `Retry-After` is a
/// lower bound on top of which the jitter comes.
pub(super) fn pause(tries: u32, asked_for: Option<Duration>, draw: f64) -> Option<Duration> {
    let bound = FIRST
        .saturating_mul(1 << tries.saturating_sub(1).min(16))
        .min(LONGEST);
    let pause = asked_for.unwrap_or_default() + bound.mul_f64(draw);
    match asked_for {
        Some(asked_for) if asked_for > LONGEST => None,
        _ => Some(pause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_the_longest() {
        let most = |tries| pause(tries, None, 1.0).unwrap().as_millis();
        assert_eq!([1, 2, 3, 4].map(most), [100, 200, 400, 800]);
        assert_eq!(most(100), LONGEST.as_millis());
        assert_eq!(pause(3, None, 0.0), Some(Duration::ZERO));
        assert_eq!(pause(3, None, 0.5), Some(Duration::from_millis(200)));
    }

    #[test]
    fn an_engine_is_left_alone_as_long_as_it_asks_or_not_asked_again() {
        let asked = Duration::from_secs(2);
        assert_eq!(pause(1, Some(asked), 0.0), Some(asked));
        assert!(pause(1, Some(asked), 0.9).unwrap() > asked);
        assert_eq!(pause(1, Some(LONGEST + FIRST), 0.0), None);
    }
}
