//! One temperature for all logits (Guo et al. 2017).

use super::forecast::ClassForecast;
use crate::stats::StatsError;

/// Natural logarithms of the temperatures that are searched.
const LN_TEMPERATURES: (f64, f64) = (-5.0, 7.0);
const MOST_ITERATIONS: usize = 200;

/// A fitted temperature: probabilities are the softmax of logits divided by it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TemperatureMap {
    /// Above 1 for a judge that is too sure of itself.
    pub temperature: f64,
}

impl TemperatureMap {
    /// Calibrated probabilities of one question's answers.
    ///
    /// ```
    /// use opine::stats::calibration::TemperatureMap;
    /// let map = TemperatureMap { temperature: 2.0 };
    /// let odds = map.probabilities(&[3.0, 1.0]);
    /// assert!((odds[0] / odds[1] - 1.0_f64.exp()).abs() < 1e-12);
    /// ```
    pub fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        let logs = log_softmax(logits, self.temperature);
        logs.into_iter().map(f64::exp).collect()
    }
}

/// The temperature with the least negative log-likelihood.
///
/// The likelihood is convex in 1 / temperature, so its derivative has one root: Newton's method inside a
/// bracket that shrinks.
///
/// # Errors
/// [`StatsError::Undefined`] where the best temperature is infinite (the logits do not help) or zero (every
/// label has the largest logit), that is, outside of `exp(-5)..=exp(7)`. [`StatsError::NotConverged`].
pub fn fit_temperature(forecast: &ClassForecast) -> Result<TemperatureMap, StatsError> {
    let undefined = |reason: &str| StatsError::Undefined {
        statistic: "temperature",
        reason: reason.to_owned(),
    };
    let (mut low, mut high) = ((-LN_TEMPERATURES.1).exp(), (-LN_TEMPERATURES.0).exp());
    if slope_and_curvature(forecast, low).0 >= 0.0 {
        return Err(undefined(
            "the likelihood rises without end as the temperature does",
        ));
    }
    if slope_and_curvature(forecast, high).0 <= 0.0 {
        return Err(undefined(
            "the likelihood rises without end as the temperature falls",
        ));
    }
    let mut inverse = 1.0_f64.clamp(low, high);
    let mut step = f64::INFINITY;
    for _ in 0..MOST_ITERATIONS {
        let (slope, curvature) = slope_and_curvature(forecast, inverse);
        if slope < 0.0 {
            low = inverse;
        } else {
            high = inverse;
        }
        let newton = inverse - slope / curvature;
        // Geometric middle: the bracket spans five decades.
        let next = if newton > low && newton < high {
            newton
        } else {
            (low * high).sqrt()
        };
        step = (next - inverse).abs() / inverse;
        inverse = next;
        if step <= 4.0 * f64::EPSILON {
            break;
        }
    }
    if step > 1e-10 {
        return Err(StatsError::NotConverged {
            statistic: "temperature",
            iterations: MOST_ITERATIONS,
            step,
        });
    }
    Ok(TemperatureMap {
        temperature: 1.0 / inverse,
    })
}

/// First and second derivative of the negative log-likelihood by the inverse temperature.
fn slope_and_curvature(forecast: &ClassForecast, inverse: f64) -> (f64, f64) {
    let (mut slope, mut curvature) = (0.0, 0.0);
    for (logits, label) in forecast.rows() {
        let top = largest(logits);
        let weights: Vec<f64> = logits.iter().map(|z| (inverse * (z - top)).exp()).collect();
        let total: f64 = weights.iter().sum();
        let expected = |of: &dyn Fn(f64) -> f64| {
            let terms = weights.iter().zip(logits);
            terms.map(|(w, z)| w * of(z - top)).sum::<f64>() / total
        };
        let middle = expected(&|z| z);
        slope += middle - (logits[label] - top);
        curvature += expected(&|z| (z - middle) * (z - middle));
    }
    (slope, curvature)
}

/// Logarithm of the softmax of `logits / temperature`, by log-sum-exp.
pub(super) fn log_softmax(logits: &[f64], temperature: f64) -> Vec<f64> {
    let top = largest(logits);
    let shifted: Vec<f64> = logits.iter().map(|z| (z - top) / temperature).collect();
    let log_total = shifted.iter().map(|z| z.exp()).sum::<f64>().ln();
    shifted.into_iter().map(|z| z - log_total).collect()
}

fn largest(logits: &[f64]) -> f64 {
    logits.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}
