//! Intervals of a share.

use crate::stats::fit::moments::{check_level, normal_width};
use crate::stats::thresholds::share_lower_bound;
use crate::stats::{Interval, StatsError};

/// How the interval of a share is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinomialInterval {
    /// Wilson's score interval: close to its level on average.
    Wilson,
    /// Clopper and Pearson's exact interval: never below its level.
    ClopperPearson,
}

/// Interval of the share `successes / n`. Same as `statsmodels.stats.proportion.proportion_confint` with
/// `method="wilson"` and `method="beta"`.
///
/// ```
/// use opine::stats::calibration::{BinomialInterval, binomial_interval};
/// let exact = binomial_interval(0, 10, 0.95, BinomialInterval::ClopperPearson)?;
/// assert!((exact.high - (1.0 - 0.025_f64.powf(0.1))).abs() < 1e-9);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] for n of 0; [`StatsError::Argument`] for more successes than n, or a level that is
/// not strictly between 0 and 1.
pub fn binomial_interval(
    successes: usize,
    n: usize,
    level: f64,
    kind: BinomialInterval,
) -> Result<Interval, StatsError> {
    check_level(level)?;
    if n == 0 {
        return Err(StatsError::TooFew {
            statistic: "interval of a share",
            needed: 1,
            got: 0,
        });
    }
    if successes > n {
        return Err(StatsError::Argument {
            argument: "successes",
            value: successes.to_string(),
            allowed: "at most the number of trials",
        });
    }
    let (low, high, method) = match kind {
        BinomialInterval::Wilson => wilson(successes as f64, n as f64, normal_width(level)?),
        BinomialInterval::ClopperPearson => exact(successes, n, (1.0 - level) / 2.0),
    };
    Ok(Interval {
        low: if successes == 0 { 0.0 } else { low },
        high: if successes == n { 1.0 } else { high },
        level,
        method: method.into(),
    })
}

fn wilson(successes: f64, n: f64, z: f64) -> (f64, f64, &'static str) {
    let share = successes / n;
    let shrink = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / shrink;
    let half = z / shrink * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    (centre - half, centre + half, "wilson")
}

/// Two one-sided bounds, of the successes and of the failures.
fn exact(successes: usize, n: usize, tail: f64) -> (f64, f64, &'static str) {
    let low = |hits: usize| share_lower_bound(hits, n, 1.0 - tail);
    (low(successes), 1.0 - low(n - successes), "clopper-pearson")
}
