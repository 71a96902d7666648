//! Weighted Kendall's tau: agreement about the top counts more than agreement about the bottom.

use super::resample::{Plan, balances};
use super::{Estimate, PairedSample, Ranks, StatsError};

/// Which ranks decide how much an item weighs. Rank 0 is the item with the highest value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WeightRank {
    /// The mean of the two values that [`WeightRank::Predicted`] and [`WeightRank::Human`] give: symmetric.
    #[default]
    Both,
    /// Ranks by decreasing `predicted`, and by decreasing `human` among ties.
    Predicted,
    /// Ranks by decreasing `human`, and by decreasing `predicted` among ties.
    Human,
    /// The position in the sample: the first item weighs most.
    Position,
}

/// How the weights of two items make the weight of their pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PairWeight {
    /// The sum: a pair counts when either item is near the top.
    #[default]
    Sum,
    /// The product: a pair counts when both are.
    Product,
}

/// The choices of a weighted tau; the default is that of `scipy.stats.weightedtau`.
#[derive(Debug, Clone, Copy)]
pub struct TauWeights {
    /// Which ranks decide.
    pub rank: WeightRank,
    /// Weight of an item by its rank from 0; must be finite and not negative.
    pub weigher: fn(f64) -> f64,
    /// How two weights combine.
    pub pair: PairWeight,
}

impl Default for TauWeights {
    fn default() -> Self {
        TauWeights {
            rank: WeightRank::Both,
            weigher: hyperbolic,
            pair: PairWeight::Sum,
        }
    }
}

/// Weight 1 / (1 + rank): the top item weighs twice as much as the second.
pub fn hyperbolic(rank: f64) -> f64 {
    1.0 / (1.0 + rank)
}

/// Kendall's tau with additive hyperbolic weights, averaged over both ranks (Vigna 2015).
///
/// ```text
/// tau = sum_{i<j} w_ij sign(x_i - x_j) sign(y_i - y_j) / sqrt(sum_{x_i != x_j} w_ij sum_{y_i != y_j} w_ij)
/// w_ij = w_i + w_j,   w_i = 1 / (1 + rank_i)
/// ```
/// Same convention as `scipy.stats.weightedtau`. Its null distribution is not known, so that there is no
/// p-value; the interval is that of the percentile bootstrap over items by `plan`.
///
/// ```
/// use opine::stats::{PairedSample, resample::Plan, weighted_tau};
/// let sample = PairedSample::new(&[12.0, 2.0, 1.0, 12.0, 2.0], &[1.0, 4.0, 7.0, 1.0, 0.0])?;
/// assert!((weighted_tau(&sample, &Plan::NONE)?.value + 0.566_949_681_536_827_2).abs() < 1e-14);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] below two pairs and [`StatsError::Constant`].
pub fn weighted_tau(sample: &PairedSample, plan: &Plan) -> Result<Estimate, StatsError> {
    weighted_tau_by(sample, &TauWeights::default(), plan)
}

/// [`weighted_tau`] with other weights.
///
/// # Errors
/// As [`weighted_tau`]; [`StatsError::Argument`] for a weight that is negative or not finite, and
/// [`StatsError::Undefined`] when all pairs that differ weigh nothing.
pub fn weighted_tau_by(
    sample: &PairedSample,
    weights: &TauWeights,
    plan: &Plan,
) -> Result<Estimate, StatsError> {
    let value = value_by(sample, weights)?;
    let convention = match weights.pair {
        PairWeight::Sum => "additive weights by rank from the top; ties as in tau-b",
        PairWeight::Product => "multiplicative weights by rank from the top; ties as in tau-b",
    };
    let estimate = Estimate::new("weighted_tau", value, sample.len(), convention);
    Ok(estimate.resampled(sample.len(), plan, |drawn| {
        value_by(&sample.drawn(drawn), weights).unwrap_or(f64::NAN)
    }))
}

fn value_by(sample: &PairedSample, weights: &TauWeights) -> Result<f64, StatsError> {
    sample.require_varied("weighted_tau", 2)?;
    let columns = Columns::of(sample);
    let by = |rank: Vec<usize>| -> Result<f64, StatsError> {
        let item_weights = item_weights(&rank, weights.weigher)?;
        Ok(match weights.pair {
            PairWeight::Sum => columns.with_sums(&item_weights),
            PairWeight::Product => columns.with_products(&item_weights),
        })
    };
    let value = match weights.rank {
        WeightRank::Both => (by(columns.rank_by_predicted())? + by(columns.rank_by_human())?) / 2.0,
        WeightRank::Predicted => by(columns.rank_by_predicted())?,
        WeightRank::Human => by(columns.rank_by_human())?,
        WeightRank::Position => by((0..sample.len()).collect())?,
    };
    if value.is_nan() {
        return Err(StatsError::Undefined {
            statistic: "weighted_tau",
            reason: "the pairs that differ in a column have no weight".to_owned(),
        });
    }
    Ok(value)
}

fn item_weights(rank: &[usize], weigher: fn(f64) -> f64) -> Result<Vec<f64>, StatsError> {
    let weights: Vec<f64> = rank.iter().map(|rank| weigher(*rank as f64)).collect();
    match weights
        .iter()
        .find(|weight| !(weight.is_finite() && **weight >= 0.0))
    {
        Some(weight) => Err(StatsError::Argument {
            argument: "weigher",
            value: weight.to_string(),
            allowed: "finite weights that are not negative",
        }),
        None => Ok(weights),
    }
}

struct Columns {
    predicted: Ranks,
    human: Ranks,
}

impl Columns {
    fn of(sample: &PairedSample) -> Self {
        Columns {
            predicted: Ranks::of(sample.predicted()),
            human: Ranks::of(sample.human()),
        }
    }

    fn rank_by_predicted(&self) -> Vec<usize> {
        rank_from_top(&self.predicted, &self.human)
    }

    fn rank_by_human(&self) -> Vec<usize> {
        rank_from_top(&self.human, &self.predicted)
    }

    /// A pair weighs w_i + w_j, so that each item brings its own weight to each of its pairs.
    fn with_sums(&self, weights: &[f64]) -> f64 {
        let n = self.predicted.len();
        let balance: f64 = (balances(&self.predicted, &self.human).iter())
            .zip(weights)
            .map(|(balance, weight)| *balance as f64 * weight)
            .sum();
        let untied = |ranks: &Ranks| -> f64 {
            (ranks.dense().iter().zip(weights))
                .map(|(level, weight)| {
                    (n - ranks.counts()[*level as usize] as usize) as f64 * weight
                })
                .sum()
        };
        ratio(balance, untied(&self.predicted), untied(&self.human))
    }

    fn with_products(&self, weights: &[f64]) -> f64 {
        let balance = weighted_balance(&self.predicted, &self.human, weights);
        let all = [weights.iter().sum::<f64>()];
        let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
        let pairs = |sums: &[f64]| (sums.iter().map(|sum| sum * sum).sum::<f64>() - squares) / 2.0;
        let untied = |ranks: &Ranks| {
            let mut sums = vec![0.0; ranks.levels()];
            for (level, weight) in ranks.dense().iter().zip(weights) {
                sums[*level as usize] += weight;
            }
            pairs(&all) - pairs(&sums)
        };
        ratio(balance, untied(&self.predicted), untied(&self.human))
    }
}

fn ratio(balance: f64, untied_predicted: f64, untied_human: f64) -> f64 {
    if untied_predicted > 0.0 && untied_human > 0.0 {
        (balance / (untied_predicted.sqrt() * untied_human.sqrt())).clamp(-1.0, 1.0)
    } else {
        f64::NAN
    }
}

/// Number of items that stand above each item: by `first`, and by `second` among ties.
fn rank_from_top(first: &Ranks, second: &Ranks) -> Vec<usize> {
    let mut order: Vec<usize> = (0..first.len()).collect();
    order.sort_unstable_by_key(|at| (first.dense()[*at], second.dense()[*at], *at));
    let mut ranks = vec![0; order.len()];
    for (rank, at) in order.into_iter().rev().enumerate() {
        ranks[at] = rank;
    }
    ranks
}

/// Sum over pairs of `w_i w_j sign(x_i - x_j) sign(y_i - y_j)`.
fn weighted_balance(predicted: &Ranks, human: &Ranks, weights: &[f64]) -> f64 {
    let order = predicted.order();
    let mut before = RunningSums::new(human.levels());
    let mut balance = 0.0;
    let mut rest = order.as_slice();
    for count in predicted.counts() {
        let (group, after) = rest.split_at(*count as usize);
        rest = after;
        for at in group {
            let level = human.dense()[*at as usize] as usize;
            let lower = before.below(level);
            let higher = before.below(human.levels()) - before.below(level + 1);
            balance += weights[*at as usize] * (lower - higher);
        }
        for at in group {
            before.add(human.dense()[*at as usize] as usize, weights[*at as usize]);
        }
    }
    balance
}

/// Sums by level with running totals in logarithmic time (Fenwick 1994).
struct RunningSums(Vec<f64>);

impl RunningSums {
    fn new(levels: usize) -> Self {
        RunningSums(vec![0.0; levels + 1])
    }

    fn add(&mut self, level: usize, value: f64) {
        let mut node = level + 1;
        while node < self.0.len() {
            self.0[node] += value;
            node += node & node.wrapping_neg();
        }
    }

    /// The sum over all levels below this one.
    fn below(&self, level: usize) -> f64 {
        let mut node = level;
        let mut sum = 0.0;
        while node > 0 {
            sum += self.0[node];
            node &= node - 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::stats::{golden, kendall_tau_b};

    #[derive(Deserialize)]
    struct Expected {
        both: f64,
        predicted: f64,
        human: f64,
        position: f64,
        product: f64,
    }

    #[test]
    fn agrees_with_scipy() {
        let table = include_str!("../../tests/golden/weighted_tau.toml");
        golden::check_all(table, |case: &golden::Case<Expected>, tolerance| {
            let sample = case.sample();
            let expected = &case.expected;
            for (rank, pair, value) in [
                (WeightRank::Both, PairWeight::Sum, expected.both),
                (WeightRank::Predicted, PairWeight::Sum, expected.predicted),
                (WeightRank::Human, PairWeight::Sum, expected.human),
                (WeightRank::Position, PairWeight::Sum, expected.position),
                (WeightRank::Both, PairWeight::Product, expected.product),
            ] {
                let weights = TauWeights {
                    rank,
                    pair,
                    ..TauWeights::default()
                };
                let got = weighted_tau_by(&sample, &weights, &Plan::NONE)
                    .unwrap()
                    .value;
                case.near(&format!("{rank:?} {pair:?}"), got, value, tolerance.value);
            }
        });
    }

    #[test]
    fn the_interval_with_equal_weights_is_that_of_tau_b() {
        let mut rng = crate::stats::resample::CounterRng::new(2, 0);
        let (x, y): (Vec<f64>, Vec<f64>) = (0..60)
            .map(|_| {
                let x = rng.normal();
                (x, (x + rng.normal()).round())
            })
            .unzip();
        let sample = PairedSample::new(&x, &y).unwrap();
        let plan = Plan {
            resamples: 200,
            ..Plan::default()
        };
        let equal = TauWeights {
            weigher: |_| 1.0,
            ..TauWeights::default()
        };
        let got = weighted_tau_by(&sample, &equal, &plan)
            .unwrap()
            .interval
            .unwrap();
        let kendall = crate::stats::resample::ResampledKendall::new(&sample).unwrap();
        let expected = crate::stats::resample::percentile_over(kendall, None, &plan).unwrap();
        assert!((got.low - expected.low).abs() < 1e-12 && (got.high - expected.high).abs() < 1e-12);
        let top = weighted_tau(&sample, &plan).unwrap();
        let interval = top.interval.unwrap();
        assert!(interval.low < top.value && top.value < interval.high);
    }

    #[test]
    fn impossible_weights_are_errors_by_name() {
        let sample = PairedSample::new(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]).unwrap();
        let with = |weigher| {
            weighted_tau_by(
                &sample,
                &TauWeights {
                    weigher,
                    ..TauWeights::default()
                },
                &Plan::NONE,
            )
        };
        assert!(matches!(
            with(|rank| 0.0 / rank),
            Err(StatsError::Argument { .. })
        ));
        assert!(matches!(
            with(|rank| -rank),
            Err(StatsError::Argument { .. })
        ));
        assert!(matches!(with(|_| 0.0), Err(StatsError::Undefined { .. })));
    }

    proptest! {
        #[test]
        fn equal_weights_make_it_tau_b(
            pairs in prop::collection::vec((0_u8..9, 0_u8..30), 2..80)
                .prop_filter("both vary", |pairs| {
                    pairs.iter().any(|pair| pair.0 != pairs[0].0)
                        && pairs.iter().any(|pair| pair.1 != pairs[0].1)
                })
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) =
                pairs.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).unzip();
            let sample = PairedSample::new(&x, &y).unwrap();
            let swapped = PairedSample::new(&y, &x).unwrap();
            let tau_b = kendall_tau_b(&sample).unwrap().value;
            for pair in [PairWeight::Sum, PairWeight::Product] {
                let equal = TauWeights { weigher: |_| 1.0, pair, ..TauWeights::default() };
                let got = weighted_tau_by(&sample, &equal, &Plan::NONE).unwrap().value;
                prop_assert!((got - tau_b).abs() < 1e-12);
                let weights = TauWeights { pair, ..TauWeights::default() };
                let there = weighted_tau_by(&sample, &weights, &Plan::NONE).unwrap().value;
                let back = weighted_tau_by(&swapped, &weights, &Plan::NONE).unwrap().value;
                prop_assert!((there - back).abs() < 1e-12);
            }
        }
    }
}
