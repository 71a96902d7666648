//! Soft pairwise accuracy: does the judge separate two systems as surely as people do?

use super::super::resample::CounterRng;
use super::super::tails::normal_interval;
use super::super::{Estimate, StatsError};

/// One-sided p-values for every pair of systems.
#[derive(Debug, Clone, PartialEq)]
pub struct PairwisePValues {
    systems: usize,
    /// Pairs (0, 1), (0, 2), ..., (1, 2), ...
    values: Vec<f64>,
    method: String,
}

impl PairwisePValues {
    /// P-values found elsewhere, of "system i is better than system j", for pairs (0, 1), (0, 2), ..., (1, 2), ...
    ///
    /// # Errors
    /// [`StatsError::Argument`] when the number of values is not that of the pairs, or one is outside 0 to 1.
    pub fn new(systems: usize, values: Vec<f64>) -> Result<Self, StatsError> {
        if values.len() != systems * systems.saturating_sub(1) / 2 {
            return Err(StatsError::Argument {
                argument: "values",
                value: format!("{} values", values.len()),
                allowed: "one for each pair of systems",
            });
        }
        if let Some(value) = values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
            return Err(StatsError::Argument {
                argument: "values",
                value: value.to_string(),
                allowed: "0 to 1",
            });
        }
        Ok(PairwisePValues {
            systems,
            values,
            method: "given p-values".to_owned(),
        })
    }

    /// The values, for pairs (0, 1), (0, 2), ..., (1, 2), ...
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

/// Paired permutation p-values that system i is better than system j, for all pairs at once.
///
/// `scores` holds a row per system and a column per item, higher is better. Under the null hypothesis the two
/// scores of an item could be swapped; the p-value is the share of swaps whose summed difference is at least
/// the observed one. The same swaps serve all pairs, as in `mt_metrics_eval.pce`. With at most
/// log2(`resamples`) items all swaps are gone through, and the p-value is exact. Differences within 1e-12 of
/// the scores' total size are equal.
///
/// # Errors
/// [`StatsError::TooFew`] below two systems or one item, [`StatsError::Argument`] for rows of unequal length,
/// a value that is not finite, or no resample.
pub fn pairwise_p_values(
    scores: &[Vec<f64>],
    resamples: u32,
    seed: u64,
) -> Result<PairwisePValues, StatsError> {
    let items = scores.first().map_or(0, Vec::len);
    check(scores, items, resamples)?;
    let exact = items < 32 && 1_u64 << items <= u64::from(resamples);
    let swaps = if exact { 1 << items } else { resamples };
    let observed: Vec<f64> = scores.iter().map(|row| row.iter().sum()).collect();
    let slack: f64 = scores
        .iter()
        .flatten()
        .map(|score| score.abs())
        .fold(0.0, f64::max)
        * items as f64
        * 1e-12;

    let mut reached = vec![0_u32; scores.len() * (scores.len() - 1) / 2];
    let mut rng = CounterRng::new(seed, 0);
    let mut signs = vec![1.0; items];
    for swap in 0..swaps {
        draw_signs(&mut signs, exact.then_some(swap), &mut rng);
        let swapped: Vec<f64> = scores
            .iter()
            .map(|row| {
                row.iter()
                    .zip(&signs)
                    .map(|(score, sign)| score * sign)
                    .sum()
            })
            .collect();
        for ((first, second), count) in pairs(scores.len()).zip(&mut reached) {
            let under_null = swapped[first] - swapped[second];
            if under_null >= observed[first] - observed[second] - slack {
                *count += 1;
            }
        }
    }
    Ok(PairwisePValues {
        systems: scores.len(),
        values: reached
            .iter()
            .map(|count| f64::from(*count) / f64::from(swaps))
            .collect(),
        method: if exact {
            format!("exact paired permutation, {swaps} swaps")
        } else {
            format!("paired permutation, {swaps} swaps, seed {seed}")
        },
    })
}

fn draw_signs(signs: &mut [f64], pattern: Option<u32>, rng: &mut CounterRng) {
    for chunk in signs.chunks_mut(64) {
        let bits = pattern.map_or_else(|| rng.next_u64(), u64::from);
        for (bit, sign) in chunk.iter_mut().enumerate() {
            *sign = if bits >> bit & 1 == 1 { -1.0 } else { 1.0 };
        }
    }
}

fn pairs(systems: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..systems).flat_map(move |first| (first + 1..systems).map(move |second| (first, second)))
}

fn check(scores: &[Vec<f64>], items: usize, resamples: u32) -> Result<(), StatsError> {
    let statistic = "pairwise_p_values";
    if scores.len() < 2 || items < 1 {
        return Err(StatsError::TooFew {
            statistic,
            needed: 2,
            got: scores.len().min(items),
        });
    }
    let wrong = |argument, value: String, allowed| StatsError::Argument {
        argument,
        value,
        allowed,
    };
    if let Some(row) = scores.iter().find(|row| row.len() != items) {
        let value = format!("rows of {items} and of {} scores", row.len());
        return Err(wrong("scores", value, "rows of one length"));
    }
    if let Some(score) = scores.iter().flatten().find(|score| !score.is_finite()) {
        return Err(wrong("scores", score.to_string(), "finite numbers"));
    }
    if resamples == 0 {
        return Err(wrong("resamples", "0".to_owned(), "1 or more"));
    }
    Ok(())
}

/// Soft pairwise accuracy: one less the mean difference of the judge's and people's p-values over pairs of systems.
///
/// ```text
/// SPA = 1 - mean over i < j of |p_human(i > j) - p_judge(i > j)|
/// ```
/// The meta-metric of the WMT 2024 metrics task, called 1 - PCE there. `n` is the number of pairs. The interval, from
/// three systems on, is a normal one whose standard error comes from leaving out one system at a time, because
/// pairs that share a system are not independent.
/// Thompson et al., "Improving Statistical Significance in Human Evaluation of Automatic Metrics via Soft
/// Pairwise Accuracy" (WMT 2024); same value as `mt_metrics_eval.pce.compute_one_minus_pce`.
///
/// # Errors
/// [`StatsError::LengthMismatch`] when both are not of the same number of systems, [`StatsError::TooFew`]
/// below two systems.
pub fn soft_pairwise_accuracy(
    predicted: &PairwisePValues,
    human: &PairwisePValues,
) -> Result<Estimate, StatsError> {
    if predicted.systems != human.systems {
        return Err(StatsError::LengthMismatch {
            predicted: predicted.systems,
            human: human.systems,
        });
    }
    if human.values.is_empty() {
        return Err(StatsError::TooFew {
            statistic: "soft_pairwise_accuracy",
            needed: 2,
            got: human.systems,
        });
    }
    let size = human.values.len();
    let differences: Vec<f64> = (predicted.values.iter())
        .zip(&human.values)
        .map(|(predicted, human)| (predicted - human).abs())
        .collect();
    let difference: f64 = differences.iter().sum();
    let value = 1.0 - difference / size as f64;
    let estimate = Estimate::new(
        "soft_pairwise_accuracy",
        value,
        size,
        format!("judge: {}; people: {}", predicted.method, human.method),
    );
    if human.systems < 3 {
        return Ok(estimate);
    }
    Ok(estimate.with_interval(normal_interval(
        value,
        error_over_systems(human.systems, &differences),
        (0.0, 1.0),
        "normal, standard error by leaving out one system at a time",
    )))
}

/// Standard error of a mean over pairs, by the jackknife over what the pairs are made of.
fn error_over_systems(systems: usize, of_pairs: &[f64]) -> f64 {
    let total: f64 = of_pairs.iter().sum();
    let mut own = vec![0.0; systems];
    for ((first, second), value) in pairs(systems).zip(of_pairs) {
        own[first] += value;
        own[second] += value;
    }
    let size = systems as f64;
    let rest = (size - 1.0) * (size - 2.0) / 2.0;
    let left_out: Vec<f64> = own.iter().map(|own| (total - own) / rest).collect();
    let mean = left_out.iter().sum::<f64>() / size;
    let squares: f64 = left_out.iter().map(|value| (value - mean).powi(2)).sum();
    ((size - 1.0) / size * squares).sqrt()
}
