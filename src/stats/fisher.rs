//! Fisher's z: intervals for correlation coefficients.

use std::borrow::Cow;

use super::Interval;
use super::distributions::normal_quantile;

/// Coverage of the intervals that come with every estimate.
pub const DEFAULT_LEVEL: f64 = 0.95;

/// How the standard error of atanh(coefficient) follows from n.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FisherVariance {
    /// 1 / (n - 3): Fisher (1921), for Pearson's r; `scipy.stats.pearsonr(...).confidence_interval`.
    Pearson,
    /// (1 + rho^2 / 2) / (n - 3): Bonett and Wright (2000), for Spearman's rho.
    Spearman,
    /// 0.437 / (n - 4): Fieller, Hartley and Pearson (1957), for Kendall's tau.
    Kendall,
}

impl FisherVariance {
    fn of(self, value: f64, n: usize) -> Option<f64> {
        let (numerator, taken) = match self {
            FisherVariance::Pearson => (1.0, 3),
            FisherVariance::Spearman => (1.0 + value * value / 2.0, 3),
            FisherVariance::Kendall => (0.437, 4),
        };
        (n > taken).then(|| numerator / (n - taken) as f64)
    }

    fn label(self) -> &'static str {
        match self {
            FisherVariance::Pearson => "fisher-z",
            FisherVariance::Spearman => "fisher-z, Bonett-Wright variance",
            FisherVariance::Kendall => "fisher-z, Fieller variance",
        }
    }
}

/// The interval `tanh(atanh(value) +- z sqrt(variance))` of a coefficient of `n` pairs.
///
/// With too few pairs for a variance (3, for Kendall 4) the data exclude nothing and the interval is -1
/// to 1, which its `method` says. A coefficient of exactly 1 or -1 has an interval of no width, as in
/// scipy: the transform is infinite there. A bootstrap does not help; more data does.
///
/// ```
/// use opine::stats::{FisherVariance, fisher_interval};
/// let interval = fisher_interval(0.8, 20, 0.95, FisherVariance::Pearson);
/// assert!((interval.low - 0.5534).abs() < 1e-4 && (interval.high - 0.9176).abs() < 1e-4);
/// ```
pub fn fisher_interval(value: f64, n: usize, level: f64, variance: FisherVariance) -> Interval {
    let Some(squared_error) = variance.of(value, n) else {
        return Interval {
            low: -1.0,
            high: 1.0,
            level,
            method: Cow::Borrowed("whole range: too few observations for fisher-z"),
        };
    };
    let reach = normal_quantile((1.0 + level) / 2.0) * squared_error.sqrt();
    let centre = fisher_z(value);
    Interval {
        low: (centre - reach).tanh(),
        high: (centre + reach).tanh(),
        level,
        method: Cow::Borrowed(variance.label()),
    }
}

/// Fisher's z of a coefficient: atanh, infinite at -1 and 1.
///
/// ```
/// assert!((opine::stats::fisher_z(0.5) - 0.549_306_144_334_054_8).abs() < 1e-15);
/// ```
pub fn fisher_z(value: f64) -> f64 {
    value.atanh()
}

/// Mean of coefficients over groups, taken on Fisher's z and turned back: `tanh(mean(atanh))`.
///
/// Nothing for no coefficient. One coefficient of exactly 1 makes the mean 1; the report should show
/// the arithmetic mean beside it.
pub fn fisher_mean(coefficients: &[f64]) -> Option<f64> {
    if coefficients.is_empty() {
        return None;
    }
    let sum: f64 = coefficients.iter().copied().map(fisher_z).sum();
    Some((sum / coefficients.len() as f64).tanh())
}
