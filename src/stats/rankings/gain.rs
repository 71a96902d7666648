//! Discounted cumulative gain.

use super::super::resample::Plan;
use super::super::{Estimate, StatsError};
use super::argument;

/// How much an item of a given relevance adds to a discounted gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gain {
    /// The relevance itself, as `sklearn.metrics.ndcg_score`.
    Linear,
    /// `2^relevance - 1`, as in web search (Burges et al., 2005).
    Exponential,
}

/// Normalised discounted cumulative gain of the judge's scores, with its chance value.
#[derive(Debug, Clone, PartialEq)]
pub struct Ndcg {
    /// The gain of the judge's order over that of people's order.
    pub estimate: Estimate,
    /// The same for an order drawn at random, exactly.
    pub chance: f64,
}

/// Discounted cumulative gain of the first `first` items by the judge's score, over the largest possible.
///
/// ```text
/// DCG = sum over ranks r of gain(r) / log2(r + 1)
/// ```
/// Items that the judge ties share the mean of their gains, as in `sklearn.metrics.ndcg_score`; no `first`
/// takes all items. The interval is that of the percentile bootstrap over items by `plan`; draws without a relevant
/// item are left out.
///
/// ```
/// use opine::stats::rankings::{Gain, ndcg};
/// use opine::stats::resample::Plan;
/// let (judged, relevance) = ([0.1, 0.2, 0.3, 4.0, 70.0], [10.0, 0.0, 0.0, 1.0, 5.0]);
/// let found = ndcg(&judged, &relevance, None, Gain::Linear, &Plan::default())?;
/// assert!((found.estimate.value - 0.6956940443813076).abs() < 1e-15);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::LengthMismatch`]; [`StatsError::TooFew`] without items; [`StatsError::Argument`] for a
/// relevance that is negative or not finite or a score that is NaN; [`StatsError::Undefined`] when no item is relevant.
pub fn ndcg(
    predicted: &[f64],
    relevance: &[f64],
    first: Option<usize>,
    gain: Gain,
    plan: &Plan,
) -> Result<Ndcg, StatsError> {
    check_relevance(predicted, relevance)?;
    let size = relevance.len();
    let first = first.unwrap_or(size).min(size);
    let gains: Vec<f64> = relevance
        .iter()
        .map(|relevance| match gain {
            Gain::Linear => *relevance,
            Gain::Exponential => relevance.exp2() - 1.0,
        })
        .collect();
    if let Some(relevance) = relevance
        .iter()
        .zip(&gains)
        .find(|(_, gain)| !gain.is_finite())
    {
        return Err(argument(
            "relevance",
            &relevance.0.to_string(),
            "below 1024 for exponential gain",
        ));
    }
    let Some((value, chance)) = gained(predicted, &gains, first) else {
        return Err(StatsError::Undefined {
            statistic: "ndcg",
            reason: "no item has any relevance".to_owned(),
        });
    };
    let gain = match gain {
        Gain::Linear => "linear gain",
        Gain::Exponential => "exponential gain",
    };
    let convention = format!("first {first} of {size} items, {gain}, ties share their mean gain");
    let estimate = Estimate::new("ndcg", value, size, convention);
    let pick = |column: &[f64], drawn: &[u32]| -> Vec<f64> {
        drawn.iter().map(|at| column[*at as usize]).collect()
    };
    Ok(Ndcg {
        estimate: estimate.resampled(size, plan, |drawn| {
            gained(&pick(predicted, drawn), &pick(&gains, drawn), first)
                .map_or(f64::NAN, |(value, _)| value)
        }),
        chance,
    })
}

/// The gain of the judge's order and that of a random one, over the largest; nothing where no item has any gain.
fn gained(predicted: &[f64], gains: &[f64], first: usize) -> Option<(f64, f64)> {
    let size = gains.len();
    let discount = |rank: usize| {
        if rank < first {
            1.0 / ((rank + 2) as f64).log2()
        } else {
            0.0
        }
    };
    let mut ideal = gains.to_vec();
    ideal.sort_by(|left, right| right.total_cmp(left));
    let best: f64 = (ideal.iter().enumerate())
        .map(|(rank, gain)| gain * discount(rank))
        .sum();
    if best <= 0.0 {
        return None;
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&left, &right| predicted[right].total_cmp(&predicted[left]));
    let mut found = 0.0;
    let mut rank = 0;
    for tied in order.chunk_by(|&left, &right| predicted[left] <= predicted[right]) {
        let discounts: f64 = (rank..rank + tied.len()).map(discount).sum();
        let mean = tied.iter().map(|&item| gains[item]).sum::<f64>() / tied.len() as f64;
        found += mean * discounts;
        rank += tied.len();
    }
    let random = gains.iter().sum::<f64>() / size as f64 * (0..first).map(discount).sum::<f64>();
    Some((found / best, random / best))
}

fn check_relevance(predicted: &[f64], relevance: &[f64]) -> Result<(), StatsError> {
    if predicted.len() != relevance.len() {
        return Err(StatsError::LengthMismatch {
            predicted: predicted.len(),
            human: relevance.len(),
        });
    }
    if relevance.is_empty() {
        return Err(StatsError::TooFew {
            statistic: "ndcg",
            needed: 1,
            got: 0,
        });
    }
    if let Some(value) = relevance
        .iter()
        .find(|value| !(value.is_finite() && **value >= 0.0))
    {
        return Err(argument("relevance", &value.to_string(), "0 or more"));
    }
    match predicted.iter().find(|value| value.is_nan()) {
        Some(_) => Err(argument("predicted", "NaN", "numbers")),
        None => Ok(()),
    }
}
