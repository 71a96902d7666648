//! Platt's sigmoid map from scores to probabilities.

use super::evidence::{MonotoneEvidence, require_both};
use super::forecast::{require_finite, same_length};
use super::newton::{Convex, least};
use crate::stats::StatsError;
use crate::stats::fit::moments::{co_deviation, mean};
use crate::stats::fit::sigmoid;

/// `probability = sigmoid(slope * score + intercept)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlattMap {
    /// Change of log-odds per unit of score.
    pub slope: f64,
    /// Log-odds at a score of 0.
    pub intercept: f64,
}

impl PlattMap {
    /// Calibrated probability of the event.
    pub fn probability(&self, score: f64) -> f64 {
        sigmoid(self.slope * score + self.intercept)
    }
}

/// Fits Platt's map by Newton's method with halved steps (Lin, Lin, Weng 2007).
///
/// Targets are Platt's `(N+ + 1) / (N+ + 2)` and `1 / (N- + 2)`, not 1 and 0: the fit stays finite where scores
/// separate the outcomes. Same map as `sklearn.calibration._SigmoidCalibration`, with slope `-a_` and
/// intercept `-b_`.
///
/// # Errors
/// [`StatsError::LengthMismatch`], [`StatsError::NonFinite`], [`StatsError::OneClass`],
/// [`StatsError::Undefined`] for a constant score, [`StatsError::NotConverged`].
pub fn fit_platt(
    scores: &[f64],
    outcomes: &[bool],
    _evidence: &MonotoneEvidence,
) -> Result<PlattMap, StatsError> {
    curve_of_outcomes(scores, outcomes)
}

/// The same map where nothing shows that it is monotone: no calibration, but a prediction that is corrected later.
///
/// # Errors
/// As [`fit_platt`].
pub(in crate::stats) fn curve_of_outcomes(
    scores: &[f64],
    outcomes: &[bool],
) -> Result<PlattMap, StatsError> {
    same_length(scores.len(), outcomes.len())?;
    require_finite(scores)?;
    require_both("platt map", outcomes)?;
    let (standard, centre, spread) = standardised("platt map", scores)?;
    let positive = outcomes.iter().filter(|outcome| **outcome).count() as f64;
    let negative = outcomes.len() as f64 - positive;
    let (high, low) = ((positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0));
    let targets: Vec<f64> = (outcomes.iter())
        .map(|outcome| if *outcome { high } else { low })
        .collect();

    let start = vec![0.0, ((positive + 1.0) / (negative + 1.0)).ln()];
    let solution = least("platt map", start, |point| {
        Some(cross_entropy(&standard, &targets, point))
    })?;
    let slope = solution[0] / spread;
    Ok(PlattMap {
        slope,
        intercept: solution[1] - slope * centre,
    })
}

fn cross_entropy(scores: &[f64], targets: &[f64], point: &[f64]) -> Convex {
    let mut sum = Convex {
        value: 0.0,
        gradient: vec![0.0; 2],
        hessian: vec![vec![0.0; 2]; 2],
    };
    for (score, target) in scores.iter().zip(targets) {
        let log_odds = point[0] * score + point[1];
        let probability = sigmoid(log_odds);
        // ln(1 + exp(u)) - target * u, without overflow.
        sum.value += log_odds.max(0.0) + (-log_odds.abs()).exp().ln_1p() - target * log_odds;
        let error = probability - target;
        let weight = probability * sigmoid(-log_odds);
        sum.gradient[0] += error * score;
        sum.gradient[1] += error;
        sum.hessian[0][0] += weight * score * score;
        sum.hessian[0][1] += weight * score;
        sum.hessian[1][1] += weight;
    }
    sum.hessian[1][0] = sum.hessian[0][1];
    sum
}

/// Scores with mean 0 and mean square 1, and the mean and deviation that they had.
pub(super) fn standardised(
    statistic: &'static str,
    scores: &[f64],
) -> Result<(Vec<f64>, f64, f64), StatsError> {
    let centre = mean(scores);
    let spread = (co_deviation(scores, scores) / scores.len() as f64).sqrt();
    if spread.is_nan() || spread <= f64::EPSILON * centre.abs() {
        return Err(StatsError::Undefined {
            statistic,
            reason: "every score is the same".to_owned(),
        });
    }
    let standard = scores.iter().map(|score| (score - centre) / spread);
    Ok((standard.collect(), centre, spread))
}
