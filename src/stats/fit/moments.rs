//! Sums that fits and their reports share.

use crate::stats::{Interval, StatsError};
use statrs::distribution::{ContinuousCDF, Normal};

/// Arithmetic mean; of nothing, NaN.
pub(in crate::stats) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sum of products of deviations from the means.
pub(in crate::stats) fn co_deviation(left: &[f64], right: &[f64]) -> f64 {
    let (left_mean, right_mean) = (mean(left), mean(right));
    left.iter()
        .zip(right)
        .map(|(a, b)| (a - left_mean) * (b - right_mean))
        .sum()
}

/// Product-moment correlation; `None` where a column does not vary beyond rounding.
pub(in crate::stats) fn correlation(left: &[f64], right: &[f64]) -> Option<f64> {
    let (across, down) = (co_deviation(left, left), co_deviation(right, right));
    let noise = |values: &[f64]| {
        let largest = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        values.len() as f64 * (f64::EPSILON * largest).powi(2)
    };
    if across <= noise(left) || down <= noise(right) {
        return None;
    }
    Some((co_deviation(left, right) / (across.sqrt() * down.sqrt())).clamp(-1.0, 1.0))
}

/// The value at a share of the way through sorted values, linear between neighbours, as numpy's default.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a length is a whole number within it"
)]
pub(in crate::stats) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// Quantile of the standard normal distribution.
pub(in crate::stats) fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// Half-width of a two-sided normal interval, in standard errors.
///
/// # Errors
/// [`StatsError::Argument`] unless `level` lies strictly between 0 and 1.
pub(in crate::stats) fn normal_width(level: f64) -> Result<f64, StatsError> {
    check_level(level)?;
    Ok(normal_quantile(0.5 + level / 2.0))
}

/// Refuses a nominal coverage that is not strictly between 0 and 1.
pub(in crate::stats) fn check_level(level: f64) -> Result<(), StatsError> {
    if level > 0.0 && level < 1.0 {
        Ok(())
    } else {
        Err(StatsError::Argument {
            argument: "level",
            value: level.to_string(),
            allowed: "above 0 and below 1",
        })
    }
}

/// Fisher's z interval of a correlation, `atanh r +- z / sqrt(n - 3) * inflation`.
pub(in crate::stats) fn fisher_interval(
    correlation: f64,
    n: usize,
    inflation: f64,
    method: &'static str,
) -> Option<Interval> {
    if n <= 3 {
        return None;
    }
    let half = normal_quantile(0.975) * inflation / (n as f64 - 3.0).sqrt();
    let z = correlation.atanh();
    let (low, high) = if z.is_finite() {
        ((z - half).tanh(), (z + half).tanh())
    } else {
        (correlation, correlation)
    };
    Some(Interval {
        low,
        high,
        level: 0.95,
        method: method.into(),
    })
}
