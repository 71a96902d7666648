//! Spearman's rho under resampling: ranked once, O(n) per resample.

use super::Resampled;
use super::kendall::balances;
use crate::stats::{PairedSample, Ranks, StatsError};

/// Spearman's rho of a sample, ready to be resampled.
///
/// Resampling changes how often a level occurs and never the order of levels, so that midranks follow
/// from counts in one pass, in exact integers.
#[derive(Debug, Clone)]
pub struct ResampledSpearman {
    predicted: Ranks,
    human: Ranks,
}

impl ResampledSpearman {
    /// Ranks both columns once.
    ///
    /// # Errors
    /// As [`spearman`](crate::stats::spearman()).
    pub fn new(sample: &PairedSample) -> Result<Self, StatsError> {
        sample.require_varied("spearman", 2)?;
        Ok(ResampledSpearman {
            predicted: Ranks::of(sample.predicted()),
            human: Ranks::of(sample.human()),
        })
    }
}

/// Per level of either column: first how often it occurs, then its centred rank.
#[derive(Debug, Clone)]
pub struct SpearmanScratch {
    predicted: Vec<i64>,
    human: Vec<i64>,
}

impl Resampled for ResampledSpearman {
    type Scratch = SpearmanScratch;

    fn items(&self) -> usize {
        self.predicted.len()
    }

    fn scratch(&self) -> SpearmanScratch {
        SpearmanScratch {
            predicted: vec![0; self.predicted.levels()],
            human: vec![0; self.human.levels()],
        }
    }

    fn value(&self, counts: &[u32], scratch: &mut SpearmanScratch) -> f64 {
        let SpearmanScratch { predicted, human } = scratch;
        predicted.fill(0);
        human.fill(0);
        let levels = || self.predicted.dense().iter().zip(self.human.dense());
        let mut drawn = 0;
        for ((x, y), count) in levels().zip(counts) {
            let count = i64::from(*count);
            predicted[*x as usize] += count;
            human[*y as usize] += count;
            drawn += count;
        }
        let scale = rank_levels(predicted, drawn) * rank_levels(human, drawn);
        let mut product = 0_i128;
        for ((x, y), count) in levels().zip(counts) {
            let ranks = predicted[*x as usize] * human[*y as usize];
            product += i128::from(ranks * i64::from(*count));
        }
        if scale > 0.0 {
            (product as f64 / scale.sqrt()).clamp(-1.0, 1.0)
        } else {
            f64::NAN
        }
    }

    /// In O(n log n) for all items together.
    ///
    /// ```text
    /// a_j = sum_k sign(x_j - x_k), twice the centred midrank, and likewise b_j of y
    /// without item i: a_j - sign(x_j - x_i), so that the sum of products becomes
    /// S - a_i b_i - sum_j a_j sign(y_j - y_i) - sum_j b_j sign(x_j - x_i) + sum_j sign(x_j - x_i) sign(y_j - y_i)
    /// ```
    fn jackknife(&self) -> Vec<f64> {
        let (a, b) = (
            self.predicted.centred_level_ranks(),
            self.human.centred_level_ranks(),
        );
        let pairs: Vec<(usize, usize)> = (self.predicted.dense().iter())
            .zip(self.human.dense())
            .map(|(x, y)| (*x as usize, *y as usize))
            .collect();
        let products: i128 = pairs.iter().map(|(x, y)| i128::from(a[*x] * b[*y])).sum();
        let above_y = signed_sums(b.len(), pairs.iter().map(|(x, y)| (*y, a[*x])));
        let above_x = signed_sums(a.len(), pairs.iter().map(|(x, y)| (*x, b[*y])));
        let (squares_x, squares_y) = (
            squares_without(&self.predicted),
            squares_without(&self.human),
        );
        (pairs.iter().zip(balances(&self.predicted, &self.human)))
            .map(|((x, y), balance)| {
                let lost = a[*x] * b[*y] + above_y[*y] + above_x[*x] - balance;
                let scale = squares_x[*x] * squares_y[*y];
                if scale > 0.0 {
                    ((products - i128::from(lost)) as f64 / scale.sqrt()).clamp(-1.0, 1.0)
                } else {
                    f64::NAN
                }
            })
            .collect()
    }
}

/// Turns counts per level into twice the centred midranks, and returns the sum of their squares over items.
fn rank_levels(levels: &mut [i64], drawn: i64) -> f64 {
    let mut below = 0;
    let mut squares = 0_i128;
    for level in levels {
        let count = *level;
        let rank = 2 * below + count - drawn;
        squares += i128::from(rank * rank) * i128::from(count);
        below += count;
        *level = rank;
    }
    squares as f64
}

/// Per level: the sum of the values at higher levels less the sum at lower ones.
fn signed_sums(levels: usize, values: impl Iterator<Item = (usize, i64)>) -> Vec<i64> {
    let mut sums = vec![0; levels];
    for (level, value) in values {
        sums[level] += value;
    }
    let total: i64 = sums.iter().sum();
    let mut below = 0;
    for sum in &mut sums {
        let here = *sum;
        *sum = total - here - 2 * below;
        below += here;
    }
    sums
}

/// Per level: the sum of squared centred ranks when one item of that level is left out.
///
/// ```text
/// sum a^2 = (n^3 - n - sum (t^3 - t)) / 3 over tie counts t
/// ```
fn squares_without(ranks: &Ranks) -> Vec<f64> {
    let cube = |count: i128| count * (count - 1) * (count + 1);
    let tied: i128 = ranks
        .counts()
        .iter()
        .map(|count| cube(i128::from(*count)))
        .sum();
    let rest = cube(ranks.len() as i128 - 1);
    (ranks.counts().iter())
        .map(|count| {
            let count = i128::from(*count);
            ((rest - (tied - cube(count) + cube(count - 1))) / 3) as f64
        })
        .collect()
}
