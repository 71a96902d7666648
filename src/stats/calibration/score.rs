//! Proper scores: Brier's with its parts, and negative log-likelihood.

use super::forecast::{BinaryForecast, ClassForecast};
use super::reliability::{Binning, edges, members};
use super::temperature::log_softmax;
use crate::stats::fit::moments::{co_deviation, mean, normal_quantile};
use crate::stats::{Estimate, Interval, StatsError};

/// Brier's score and its parts.
///
/// ```text
/// brier = reliability - resolution + uncertainty + within_variance - within_covariance
/// ```
/// The first three are Murphy's (1973) and take each bin's mean for the forecasts in it; the last two are
/// what that leaves out (Stephenson, Coelho, Jolliffe 2008). The equation holds exactly for any bins.
#[derive(Debug, Clone, PartialEq)]
pub struct BrierParts {
    /// Mean of `(probability - outcome)^2`.
    pub brier: Estimate,
    /// Mean of `(stated_b - observed_b)^2`: 0 is perfect calibration.
    pub reliability: f64,
    /// Mean of `(observed_b - base rate)^2`: higher tells more apart.
    pub resolution: f64,
    /// `base rate * (1 - base rate)`.
    pub uncertainty: f64,
    /// Mean of `(probability - stated_b)^2` within bins.
    pub within_variance: f64,
    /// Twice the mean of `(probability - stated_b) (outcome - observed_b)` within bins.
    pub within_covariance: f64,
}

/// Brier's score, decomposed over `binning`.
///
/// The interval takes the squared errors as independent and their mean as normal.
///
/// # Errors
/// [`StatsError::Argument`] for no bins.
pub fn brier_score(forecast: &BinaryForecast, binning: Binning) -> Result<BrierParts, StatsError> {
    let (stated, outcomes): (Vec<f64>, Vec<f64>) = forecast.pairs().unzip();
    let base_rate = mean(&outcomes);
    let squares: Vec<f64> = forecast.pairs().map(|(p, y)| (p - y) * (p - y)).collect();
    let mut parts = BrierParts {
        brier: mean_with_interval(
            "brier",
            &squares,
            "two-class, mean of (p - y)^2, range 0 to 1",
        ),
        reliability: 0.0,
        resolution: 0.0,
        uncertainty: base_rate * (1.0 - base_rate),
        within_variance: 0.0,
        within_covariance: 0.0,
    };
    let n = forecast.len() as f64;
    for members in members(forecast, &edges(forecast, binning)?) {
        if members.is_empty() {
            continue;
        }
        let pick = |values: &[f64]| members.iter().map(|i| values[*i]).collect::<Vec<f64>>();
        let (stated, outcomes) = (pick(&stated), pick(&outcomes));
        let share = members.len() as f64 / n;
        parts.reliability += share * (mean(&stated) - mean(&outcomes)).powi(2);
        parts.resolution += share * (mean(&outcomes) - base_rate).powi(2);
        parts.within_variance += co_deviation(&stated, &stated) / n;
        parts.within_covariance += 2.0 * co_deviation(&stated, &outcomes) / n;
    }
    Ok(parts)
}

/// Mean of minus the natural logarithm of the probability of what happened, in nats.
///
/// # Errors
/// [`StatsError::Undefined`] where what happened had been given no probability at all: the score is
/// infinite, and clipping would invent a number.
pub fn negative_log_likelihood(forecast: &BinaryForecast) -> Result<Estimate, StatsError> {
    let losses: Vec<f64> = (forecast.probabilities().iter().zip(forecast.outcomes()))
        .map(|(p, happened)| if *happened { -p.ln() } else { -(-p).ln_1p() })
        .collect();
    if let Some(index) = losses.iter().position(|loss| loss.is_infinite()) {
        return Err(StatsError::Undefined {
            statistic: "negative_log_likelihood",
            reason: format!("forecast {index} gave no probability to what happened"),
        });
    }
    Ok(mean_with_interval(
        "negative_log_likelihood",
        &losses,
        "nats, probabilities not clipped",
    ))
}

/// The same for questions with several answers, whose probabilities are the softmax of logits / temperature.
///
/// # Errors
/// [`StatsError::Argument`] for a temperature that is not positive and finite.
pub fn class_negative_log_likelihood(
    forecast: &ClassForecast,
    temperature: f64,
) -> Result<Estimate, StatsError> {
    if !(temperature > 0.0 && temperature.is_finite()) {
        return Err(StatsError::Argument {
            argument: "temperature",
            value: temperature.to_string(),
            allowed: "positive and finite",
        });
    }
    let losses: Vec<f64> = forecast
        .rows()
        .map(|(logits, label)| -log_softmax(logits, temperature)[label])
        .collect();
    Ok(mean_with_interval(
        "negative_log_likelihood",
        &losses,
        format!("nats, softmax at temperature {temperature}"),
    ))
}

fn mean_with_interval(
    name: &'static str,
    values: &[f64],
    convention: impl Into<std::borrow::Cow<'static, str>>,
) -> Estimate {
    let n = values.len() as f64;
    let value = mean(values);
    let estimate = Estimate::new(name, value, values.len(), convention);
    if values.len() < 2 {
        return estimate;
    }
    let error = (co_deviation(values, values) / (n - 1.0) / n).sqrt();
    let half = normal_quantile(0.975) * error;
    estimate.with_interval(Interval {
        low: (value - half).max(0.0),
        high: value + half,
        level: 0.95,
        method: "normal, independent items".into(),
    })
}
