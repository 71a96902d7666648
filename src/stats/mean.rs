//! The mean of a sample.

use super::distributions::normal_quantile;
use super::tails::{LEVEL, t_quantile};
use super::{Estimate, Interval, StatsError};

/// A mean and how far it may be off.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    /// The arithmetic mean with Student's interval; no interval where all values are the same.
    pub estimate: Estimate,
    /// `s / sqrt(n)`, s with n - 1 in the denominator.
    pub standard_error: f64,
}

impl Mean {
    /// The least mean that a sample of this size and spread would show to differ from 0 with this power, two-sided at this
    /// level: `(z(1 - level / 2) + z(power)) * standard error`, by the normal distribution.
    ///
    /// ```
    /// use opine::stats::mean;
    /// // scipy 1.17.1: norm.ppf(0.975) + norm.ppf(0.8) = 2.801585218112968
    /// let mean = mean(&[1.0, 2.0, 4.0])?;
    /// let times = mean.minimum_detectable(0.05, 0.8) / mean.standard_error;
    /// assert!((times - 2.801_585_218_112_968).abs() < 1e-9);
    /// # Ok::<(), opine::stats::StatsError>(())
    /// ```
    pub fn minimum_detectable(&self, level: f64, power: f64) -> f64 {
        (normal_quantile(1.0 - level / 2.0) + normal_quantile(power)) * self.standard_error
    }
}

/// The arithmetic mean with its standard error and Student's interval.
///
/// ```text
/// mean +- t(0.975, n - 1) s / sqrt(n)
/// ```
/// Same as `scipy.stats.sem` and `scipy.stats.t.interval`. Values are taken as independent.
///
/// ```
/// use opine::stats::mean;
/// let mean = mean(&[1.0, 2.0, 4.0])?;
/// assert!((mean.estimate.value - 7.0 / 3.0).abs() < 1e-15);
/// assert!((mean.standard_error - 0.881_917_103_688_196_9).abs() < 1e-15);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] below two values; [`StatsError::Argument`] for a value that is not finite.
pub fn mean(values: &[f64]) -> Result<Mean, StatsError> {
    if values.len() < 2 {
        return Err(StatsError::TooFew {
            statistic: "mean",
            needed: 2,
            got: values.len(),
        });
    }
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(StatsError::Argument {
            argument: "values",
            value: value.to_string(),
            allowed: "finite numbers",
        });
    }
    let size = values.len() as f64;
    let mean = values.iter().sum::<f64>() / size;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let standard_error = (squares / (size - 1.0) / size).sqrt();
    let mut estimate = Estimate::new("mean", mean, values.len(), "arithmetic mean");
    if standard_error > 0.0 {
        let half = t_quantile(0.5 + LEVEL / 2.0, size - 1.0) * standard_error;
        estimate = estimate.with_interval(Interval {
            low: mean - half,
            high: mean + half,
            level: LEVEL,
            method: "Student's t".into(),
        });
    }
    Ok(Mean {
        estimate,
        standard_error,
    })
}

/// How many standard errors Student's 95 % interval of a mean of so many values reaches; nothing below two.
///
/// ```
/// // scipy 1.17.1: t.ppf(0.975, 2)
/// assert!((opine::stats::student_reach(3).unwrap() - 4.302_652_729_749_462).abs() < 1e-9);
/// assert_eq!(opine::stats::student_reach(1), None);
/// ```
pub fn student_reach(values: usize) -> Option<f64> {
    (values >= 2).then(|| t_quantile(0.5 + LEVEL / 2.0, values as f64 - 1.0))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Table {
        case: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        values: Vec<f64>,
        expected: [f64; 4],
        tolerance: f64,
    }

    #[test]
    fn agrees_with_scipy() {
        let table: Table = toml::from_str(include_str!("../../tests/golden/mean.toml")).unwrap();
        for case in &table.case {
            let found = mean(&case.values).unwrap();
            let interval = found.estimate.interval.as_ref().unwrap();
            let got = [
                found.estimate.value,
                found.standard_error,
                interval.low,
                interval.high,
            ];
            for (got, expected) in got.iter().zip(case.expected) {
                assert!(
                    (got - expected).abs() <= case.tolerance,
                    "{}: {got} is not {expected}",
                    case.name
                );
            }
        }
    }

    #[test]
    fn what_has_no_mean_or_no_interval_is_said() {
        assert!(matches!(
            mean(&[1.0]),
            Err(StatsError::TooFew {
                needed: 2,
                got: 1,
                ..
            })
        ));
        assert!(matches!(
            mean(&[1.0, f64::NAN]),
            Err(StatsError::Argument { .. })
        ));
        let same = mean(&[1.5; 4]).unwrap();
        assert_eq!((same.estimate.value, same.standard_error), (1.5, 0.0));
        assert_eq!(same.estimate.interval, None);
    }
}
