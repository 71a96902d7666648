//! Errors of predictions that are on the human scale already: RMSE, RMSE* and outlier ratio.
//!
//! ITU-T P.1401 (01/2020), 7.5.1, 7.5.2.2 and 7.7. In every sample here `predicted` holds the mapped values.

use super::moments::normal_quantile;
use crate::stats::calibration::{BinomialInterval, binomial_interval};
use crate::stats::resample::Plan;
use crate::stats::{Estimate, Interval, PairedSample, StatsError};
use statrs::distribution::{ChiSquared, ContinuousCDF, StudentsT};

/// Root-mean-square error with the degrees of freedom that a fit has used.
///
/// ```text
/// rmse = sqrt( sum (human - predicted)^2 / (N - d) )
/// ```
/// `coefficients` is d: 0 for values that were not fitted on this sample, 4 after a third-order
/// polynomial or a four-parameter logistic. The interval takes the errors as independent and normal:
/// `sum e^2 / sigma^2` is then chi-squared with N - d degrees of freedom.
///
/// ```
/// use opine::stats::{PairedSample, fit::root_mean_square_error};
/// let sample = PairedSample::new(&[1.0, 2.0, 3.0, 4.0], &[1.5, 1.5, 3.5, 3.5])?;
/// assert!((root_mean_square_error(&sample, 0)?.value - 0.5).abs() < 1e-15);
/// assert!((root_mean_square_error(&sample, 3)?.value - 1.0).abs() < 1e-15);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] unless N is greater than `coefficients`.
pub fn root_mean_square_error(
    sample: &PairedSample,
    coefficients: usize,
) -> Result<Estimate, StatsError> {
    let freedom = degrees_of_freedom(sample, coefficients, "rmse")?;
    let squares: f64 = errors(sample).map(|error| error * error).sum();
    Ok(Estimate::new(
        "rmse",
        (squares / freedom).sqrt(),
        sample.len(),
        divisor(coefficients),
    )
    .with_interval(chi_squared_interval(squares, freedom)))
}

/// Root-mean-square of the part of each error that exceeds the human value's own uncertainty.
///
/// ```text
/// rmse* = sqrt( sum max(0, |human - predicted| - half_width)^2 / (N - d) )
/// ```
/// `half_widths` holds, for each item, half the 95 % interval of its mean opinion: see
/// [`opinion_half_width`]. P.1401 gives no interval and compares models by an F test that takes what exceeds
/// as normal, which a sum with many zeros is not; the interval here is that of the percentile bootstrap over items
/// by `plan`, with the fit held.
///
/// # Errors
/// [`StatsError::TooFew`]; [`StatsError::LengthMismatch`]; [`StatsError::Argument`] where a half-width is
/// negative or not finite.
pub fn root_mean_square_error_star(
    sample: &PairedSample,
    half_widths: &[f64],
    coefficients: usize,
    plan: &Plan,
) -> Result<Estimate, StatsError> {
    let freedom = degrees_of_freedom(sample, coefficients, "rmse_star")?;
    check_margins(sample, half_widths)?;
    let squares: Vec<f64> = errors(sample)
        .zip(half_widths)
        .map(|(error, half_width)| (error.abs() - half_width).max(0.0).powi(2))
        .collect();
    let estimate = Estimate::new(
        "rmse_star",
        (squares.iter().sum::<f64>() / freedom).sqrt(),
        sample.len(),
        format!(
            "epsilon-insensitive by the 95 % interval of each item, {}",
            divisor(coefficients)
        ),
    );
    Ok(estimate.resampled(sample.len(), plan, |drawn| {
        let sum: f64 = drawn.iter().map(|at| squares[*at as usize]).sum();
        (sum / freedom).sqrt()
    }))
}

fn divisor(coefficients: usize) -> String {
    if coefficients == 0 {
        "divided by N".to_owned()
    } else {
        format!("divided by N - {coefficients}")
    }
}

/// When an error makes an item an outlier. Each rule holds one value per item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OutlierRule<'a> {
    /// `|error| > 2 sd`, with the standard deviation of the item's votes (VQEG).
    TwoDeviations(&'a [f64]),
    /// `|error| >` half the 95 % interval of the item's mean opinion (P.1401, 7.5.2.2).
    Interval95(&'a [f64]),
}

/// Share of items with an error too large to be blamed on the people.
///
/// The interval is Wilson's. P.1401's own, `1.96 sqrt(OR (1 - OR) / N)`, is empty for a ratio of 0 or 1.
///
/// # Errors
/// [`StatsError::TooFew`] for no item; [`StatsError::LengthMismatch`]; [`StatsError::Argument`] where a
/// margin is negative or not finite.
pub fn outlier_ratio(sample: &PairedSample, rule: OutlierRule<'_>) -> Result<Estimate, StatsError> {
    degrees_of_freedom(sample, 0, "outlier_ratio")?;
    let (margins, factor, convention) = match rule {
        OutlierRule::TwoDeviations(deviations) => (
            deviations,
            2.0,
            "error above two standard deviations of the votes",
        ),
        OutlierRule::Interval95(half_widths) => (
            half_widths,
            1.0,
            "error above the 95 % interval of the mean opinion",
        ),
    };
    check_margins(sample, margins)?;
    let outliers = errors(sample)
        .zip(margins)
        .filter(|(error, margin)| error.abs() > factor * **margin)
        .count();
    let n = sample.len();
    Ok(
        Estimate::new("outlier_ratio", outliers as f64 / n as f64, n, convention).with_interval(
            binomial_interval(outliers, n, 0.95, BinomialInterval::Wilson)?,
        ),
    )
}

/// Half the 95 % interval of a mean opinion: `t(0.975, votes - 1) * sd / sqrt(votes)`.
///
/// `standard_deviation` is that of the item's votes, with `votes - 1` in its denominator.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two votes; [`StatsError::Argument`] for a deviation that is
/// negative or not finite.
pub fn opinion_half_width(standard_deviation: f64, votes: usize) -> Result<f64, StatsError> {
    if votes < 2 {
        return Err(StatsError::TooFew {
            statistic: "interval of a mean opinion",
            needed: 2,
            got: votes,
        });
    }
    check_margin(standard_deviation)?;
    let t = StudentsT::new(0.0, 1.0, votes as f64 - 1.0)
        .map_or_else(|_| normal_quantile(0.975), |t| t.inverse_cdf(0.975));
    Ok(t * standard_deviation / (votes as f64).sqrt())
}

fn errors(sample: &PairedSample) -> impl Iterator<Item = f64> + '_ {
    let pairs = sample.human().iter().zip(sample.predicted());
    pairs.map(|(human, predicted)| human - predicted)
}

fn degrees_of_freedom(
    sample: &PairedSample,
    coefficients: usize,
    statistic: &'static str,
) -> Result<f64, StatsError> {
    if sample.len() <= coefficients {
        return Err(StatsError::TooFew {
            statistic,
            needed: coefficients + 1,
            got: sample.len(),
        });
    }
    Ok((sample.len() - coefficients) as f64)
}

fn check_margins(sample: &PairedSample, margins: &[f64]) -> Result<(), StatsError> {
    if margins.len() != sample.len() {
        return Err(StatsError::LengthMismatch {
            predicted: sample.len(),
            human: margins.len(),
        });
    }
    margins.iter().try_for_each(|margin| check_margin(*margin))
}

fn check_margin(margin: f64) -> Result<(), StatsError> {
    if margin.is_finite() && margin >= 0.0 {
        return Ok(());
    }
    Err(StatsError::Argument {
        argument: "uncertainty of a human value",
        value: margin.to_string(),
        allowed: "a finite number, at least 0",
    })
}

fn chi_squared_interval(squares: f64, freedom: f64) -> Interval {
    let chi_squared = ChiSquared::new(freedom).expect("the degrees of freedom are at least one");
    let end = |probability| (squares / chi_squared.inverse_cdf(probability)).sqrt();
    Interval {
        low: end(0.975),
        high: end(0.025),
        level: 0.95,
        method: "chi-squared, independent normal errors".into(),
    }
}
