//! Proportional odds: from a score to a probability per ordered level.

use super::evidence::MonotoneEvidence;
use super::forecast::{require_finite, same_length};
use super::newton::{Convex, least};
use super::platt::standardised;
use crate::stats::StatsError;
use crate::stats::fit::sigmoid;

/// `P(level <= k) = sigmoid(cutpoints[k] - slope * score)`, levels from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct OrdinalMap {
    /// Change of the log-odds of a higher level per unit of score.
    pub slope: f64,
    /// One less than there are levels, ascending.
    pub cutpoints: Vec<f64>,
}

impl OrdinalMap {
    /// Probability of each level, lowest first; sums to 1.
    pub fn probabilities(&self, score: f64) -> Vec<f64> {
        let at_most = |cutpoint: &f64| cutpoint - self.slope * score;
        let lower = std::iter::once(f64::NEG_INFINITY).chain(self.cutpoints.iter().map(at_most));
        let upper = (self.cutpoints.iter().map(at_most)).chain(std::iter::once(f64::INFINITY));
        lower
            .zip(upper)
            .map(|(low, high)| share(low, high))
            .collect()
    }

    /// Expected level, from 0 to one less than there are levels.
    pub fn expected_level(&self, score: f64) -> f64 {
        let shares = self.probabilities(score);
        shares.iter().enumerate().map(|(k, p)| k as f64 * p).sum()
    }
}

/// A slope this large, per standard deviation of the score, means that scores separate the levels.
const SEPARATED: f64 = 100.0;

/// Fits by maximum likelihood; same as `statsmodels` `OrderedModel(distr="logit")` with one regressor.
///
/// `levels` holds the human level of each score, from 0 to `level_count - 1`.
///
/// # Errors
/// [`StatsError::LengthMismatch`], [`StatsError::NonFinite`]; [`StatsError::Argument`] for fewer than two levels
/// or a level out of range; [`StatsError::Undefined`] for a level that never occurs, a constant score, or
/// scores that separate the levels, whose best slope is infinite; [`StatsError::NotConverged`].
pub fn fit_ordinal(
    scores: &[f64],
    levels: &[usize],
    level_count: usize,
    _evidence: &MonotoneEvidence,
) -> Result<OrdinalMap, StatsError> {
    same_length(scores.len(), levels.len())?;
    require_finite(scores)?;
    let counts = level_counts(levels, level_count)?;
    let (standard, centre, spread) = standardised("ordinal map", scores)?;
    let solution = least("ordinal map", start(&counts), |point| {
        likelihood(&standard, levels, point)
    })?;
    let (cutpoints, slope) = solution.split_at(level_count - 1);
    if slope[0].abs() > SEPARATED {
        return Err(StatsError::Undefined {
            statistic: "ordinal map",
            reason: "scores separate the levels, the best slope is infinite".to_owned(),
        });
    }
    let slope = slope[0] / spread;
    Ok(OrdinalMap {
        slope,
        cutpoints: cutpoints.iter().map(|cut| cut + slope * centre).collect(),
    })
}

fn level_counts(levels: &[usize], level_count: usize) -> Result<Vec<usize>, StatsError> {
    let argument = |argument, value: usize, allowed| StatsError::Argument {
        argument,
        value: value.to_string(),
        allowed,
    };
    if level_count < 2 {
        return Err(argument("level_count", level_count, "at least 2"));
    }
    let mut counts = vec![0_usize; level_count];
    for level in levels {
        *counts
            .get_mut(*level)
            .ok_or_else(|| argument("level", *level, "below the number of levels"))? += 1;
    }
    match counts.iter().position(|count| *count == 0) {
        None => Ok(counts),
        Some(level) => Err(StatsError::Undefined {
            statistic: "ordinal map",
            reason: format!("level {level} never occurs"),
        }),
    }
}

/// Log-odds of the cumulated shares, and no slope.
fn start(counts: &[usize]) -> Vec<f64> {
    let total: usize = counts.iter().sum();
    let mut below = 0;
    let mut point = Vec::with_capacity(counts.len());
    for count in &counts[..counts.len() - 1] {
        below += count;
        point.push((below as f64 / (total - below) as f64).ln());
    }
    point.push(0.0);
    point
}

/// Probability between two log-odds, `sigmoid(high) - sigmoid(low)` without cancellation.
fn share(low: f64, high: f64) -> f64 {
    sigmoid(high) * sigmoid(-low) * -(low - high).exp_m1()
}

/// Negative log-likelihood at `[cutpoints.., slope]`; `None` where the cutpoints do not ascend.
fn likelihood(scores: &[f64], levels: &[usize], point: &[f64]) -> Option<Convex> {
    let (cutpoints, slope) = point.split_at(point.len() - 1);
    if cutpoints.windows(2).any(|pair| pair[0] >= pair[1]) {
        return None;
    }
    let size = point.len();
    let mut sum = Convex {
        value: 0.0,
        gradient: vec![0.0; size],
        hessian: vec![vec![0.0; size]; size],
    };
    for (score, level) in scores.iter().zip(levels) {
        let end = |cut: Option<&f64>, open: f64| cut.map_or(open, |cut| cut - slope[0] * score);
        let high = end(cutpoints.get(*level), f64::INFINITY);
        let low = end(
            level.checked_sub(1).map(|k| &cutpoints[k]),
            f64::NEG_INFINITY,
        );
        sum.value -= share(low, high).ln();
        add_derivatives(&mut sum, *level, *score, low, high);
    }
    sum.value.is_finite().then_some(sum)
}

/// Adds one item's derivatives of `-ln(sigmoid(high) - sigmoid(low))`.
///
/// With `r = 1 / (exp(high - low) - 1)` they are `-(sigmoid(-high) + r)` by `high` and `sigmoid(low) + r` by
/// `low`; `high` and `low` depend on their cutpoints by 1 and on the slope by minus the score.
fn add_derivatives(sum: &mut Convex, level: usize, score: f64, low: f64, high: f64) {
    let last = sum.gradient.len() - 1;
    let r = 1.0 / (high - low).exp_m1();
    let by = [-(sigmoid(-high) + r), sigmoid(low) + r];
    let twice = [
        sigmoid(high) * sigmoid(-high) + r * (1.0 + r),
        sigmoid(low) * sigmoid(-low) + r * (1.0 + r),
    ];
    let mixed = -r * (1.0 + r);
    let ends = [(level < last).then_some(level), level.checked_sub(1)];
    for (k, end) in ends.iter().enumerate() {
        let Some(place) = *end else { continue };
        sum.gradient[place] += by[k];
        sum.hessian[place][place] += twice[k];
        sum.hessian[place][last] -= score * (twice[k] + mixed);
        sum.hessian[last][place] -= score * (twice[k] + mixed);
    }
    if let [Some(upper), Some(lower)] = ends {
        sum.hessian[upper][lower] += mixed;
        sum.hessian[lower][upper] += mixed;
    }
    sum.gradient[last] -= score * (by[0] + by[1]);
    sum.hessian[last][last] += score * score * (twice[0] + twice[1] + 2.0 * mixed);
}
