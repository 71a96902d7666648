//! Isotonic regression: the best map that only rises, or only falls, and is otherwise free.

use super::evidence::MonotoneEvidence;
use super::forecast::same_length;
use crate::stats::fit::Direction;
use crate::stats::{PairedSample, StatsError};

/// A monotone map given by its values at the scores that it was fitted on.
#[derive(Debug, Clone, PartialEq)]
pub struct IsotonicMap {
    /// Distinct scores, ascending, at least one.
    scores: Vec<f64>,
    /// Fitted values, one per score.
    values: Vec<f64>,
}

impl IsotonicMap {
    /// The fitted value: straight between neighbouring scores, constant beyond the ends.
    ///
    /// Same as `sklearn.isotonic.IsotonicRegression(out_of_bounds="clip")`.
    pub fn evaluate(&self, score: f64) -> f64 {
        let above = self.scores.partition_point(|known| *known < score);
        let last = self.scores.len() - 1;
        if above == 0 {
            return self.values[0];
        }
        if above > last {
            return self.values[last];
        }
        let (left, right) = (self.scores[above - 1], self.scores[above]);
        let share = (score - left) / (right - left);
        let (low, high) = (self.values[above - 1], self.values[above]);
        // A step of zero must not be lost to rounding, or the map would not be monotone.
        (low + share * (high - low)).clamp(low.min(high), low.max(high))
    }

    /// Distinct scores of the fit, ascending, with their fitted values.
    pub fn knots(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.scores.iter().copied().zip(self.values.iter().copied())
    }
}

/// Fits human values as a monotone function of predicted ones, in the direction of the evidence.
///
/// Equal scores get one value, the weighted mean of theirs before pooling (the secondary approach to ties).
/// `weights` are one per pair; without them all are 1.
///
/// # Errors
/// [`StatsError::TooFew`] for no pair, [`StatsError::LengthMismatch`], and [`StatsError::Argument`] for a weight
/// that is not positive and finite.
pub fn fit_isotonic(
    sample: &PairedSample,
    weights: Option<&[f64]>,
    evidence: &MonotoneEvidence,
) -> Result<IsotonicMap, StatsError> {
    let ones = vec![1.0; sample.len()];
    let weights = weights.unwrap_or(&ones);
    same_length(sample.len(), weights.len())?;
    if sample.is_empty() {
        return Err(StatsError::TooFew {
            statistic: "isotonic map",
            needed: 1,
            got: 0,
        });
    }
    let (scores, means, totals) = by_distinct_score(sample, weights);
    let values = match evidence.direction() {
        Direction::Increasing | Direction::Mixed => pool_adjacent_violators(&means, &totals)?,
        Direction::Decreasing => {
            let turned: Vec<f64> = means.iter().map(|mean| -mean).collect();
            let pooled = pool_adjacent_violators(&turned, &totals)?;
            pooled.into_iter().map(|value| 0.0 - value).collect()
        }
    };
    Ok(IsotonicMap { scores, values })
}

/// The non-decreasing sequence with the least weighted squared distance from `values`.
///
/// Neighbours that fall are pooled into their weighted mean until none does; linear time.
///
/// # Errors
/// [`StatsError::LengthMismatch`], and [`StatsError::Argument`] for a weight that is not positive and finite.
pub fn pool_adjacent_violators(values: &[f64], weights: &[f64]) -> Result<Vec<f64>, StatsError> {
    same_length(values.len(), weights.len())?;
    if let Some(weight) = weights.iter().find(|w| !(w.is_finite() && **w > 0.0)) {
        return Err(StatsError::Argument {
            argument: "weight",
            value: weight.to_string(),
            allowed: "positive and finite",
        });
    }
    // Each block: mean, weight, number of values.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(values.len());
    for (value, weight) in values.iter().zip(weights) {
        let mut block = (*value, *weight, 1);
        while let Some(before) = blocks.pop_if(|before| before.0 > block.0) {
            let total = before.1 + block.1;
            let mean = before.0 + (block.0 - before.0) * (block.1 / total);
            block = (mean, total, before.2 + block.2);
        }
        blocks.push(block);
    }
    let repeated = blocks.into_iter();
    Ok(repeated
        .flat_map(|(mean, _, count)| std::iter::repeat_n(mean, count))
        .collect())
}

/// Distinct scores, ascending, with the weighted mean of the human values and the weight of each.
fn by_distinct_score(sample: &PairedSample, weights: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (x, y) = (sample.predicted(), sample.human());
    let mut order: Vec<usize> = (0..x.len()).collect();
    // By human value and weight too: a sum of floats depends on its order, and rows have none.
    order.sort_by(|a, b| {
        let by_values = x[*a].total_cmp(&x[*b]).then(y[*a].total_cmp(&y[*b]));
        by_values.then(weights[*a].total_cmp(&weights[*b]))
    });
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for run in order.chunk_by(|a, b| x[*a].total_cmp(&x[*b]).is_eq()) {
        let total: f64 = run.iter().map(|i| weights[*i]).sum();
        let sum: f64 = run.iter().map(|i| weights[*i] * y[*i]).sum();
        columns.0.push(x[run[0]]);
        columns.1.push(sum / total);
        columns.2.push(total);
    }
    columns
}
