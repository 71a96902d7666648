//! Distances between orders, and their chance values.

use super::super::resample::CounterRng;
use super::super::tails::normal_interval;
use super::super::{Estimate, StatsError};
use super::argument;

/// Lists of this length or shorter have their chance values by going through every order.
const ENUMERATED: usize = 8;

/// A number that says how far two rankings agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankingMeasure {
    /// Edit distance over the longer length: 0 for equal lists, at most 1; lower is better.
    ///
    /// The distance of MLLM-as-a-Judge's batch ranking (ICML 2024).
    NormalisedLevenshtein,
    /// Sum of the differences in rank over the largest such sum, floor(n^2 / 2); lower is better.
    NormalisedFootrule,
    /// 1 where people's best item is among the judge's first so many, else 0; higher is better.
    TopHit(usize),
}

impl RankingMeasure {
    /// The measure for one pair of rankings.
    ///
    /// ```
    /// use opine::stats::rankings::RankingMeasure;
    /// let (judge, people) = (['B', 'A', 'C', 'D'], ['A', 'B', 'C', 'D']);
    /// assert_eq!(RankingMeasure::NormalisedLevenshtein.of(&judge, &people)?, 0.5);
    /// assert_eq!(RankingMeasure::NormalisedFootrule.of(&judge, &people)?, 0.25);
    /// assert_eq!(RankingMeasure::TopHit(2).of(&judge, &people)?, 1.0);
    /// # Ok::<(), opine::stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// [`StatsError::TooFew`] for an empty ranking; [`StatsError::Argument`] for a footrule of lists that do
    /// not hold the same items once each, or a hit among the first 0.
    pub fn of<T: PartialEq>(self, predicted: &[T], human: &[T]) -> Result<f64, StatsError> {
        if predicted.is_empty() || human.is_empty() {
            return Err(StatsError::TooFew {
                statistic: self.name(),
                needed: 1,
                got: 0,
            });
        }
        match self {
            RankingMeasure::NormalisedLevenshtein => {
                let longest = predicted.len().max(human.len());
                Ok(levenshtein(predicted, human) as f64 / longest as f64)
            }
            RankingMeasure::NormalisedFootrule => footrule(predicted, human),
            RankingMeasure::TopHit(0) => Err(argument("first", "0", "1 or more")),
            RankingMeasure::TopHit(first) => {
                let hit = predicted.iter().take(first).any(|item| *item == human[0]);
                Ok(f64::from(u8::from(hit)))
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            RankingMeasure::NormalisedLevenshtein => "normalised_levenshtein",
            RankingMeasure::NormalisedFootrule => "normalised_footrule",
            RankingMeasure::TopHit(_) => "top_hit",
        }
    }

    fn describe(self) -> String {
        match self {
            RankingMeasure::NormalisedLevenshtein => {
                "edit distance over the longer length, lower is better".to_owned()
            }
            RankingMeasure::NormalisedFootrule => {
                "sum of rank differences over floor(n^2 / 2), lower is better".to_owned()
            }
            RankingMeasure::TopHit(first) => {
                format!("people's best item among the judge's first {first}")
            }
        }
    }
}

/// Fewest insertions, deletions and replacements that turn one list into the other.
fn levenshtein<T: PartialEq>(first: &[T], second: &[T]) -> usize {
    let mut row: Vec<usize> = (0..=second.len()).collect();
    for (index, left) in first.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, right) in second.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[second.len()]
}

fn footrule<T: PartialEq>(predicted: &[T], human: &[T]) -> Result<f64, StatsError> {
    let size = human.len();
    let mut sum = 0;
    for (rank, item) in human.iter().enumerate() {
        let mut places = (0..predicted.len()).filter(|&place| predicted[place] == *item);
        match (places.next(), places.next()) {
            (Some(place), None) if predicted.len() == size => sum += place.abs_diff(rank),
            _ => {
                return Err(argument(
                    "predicted",
                    "other items than `human`",
                    "the same items, once each",
                ));
            }
        }
    }
    Ok(if size == 1 {
        0.0
    } else {
        sum as f64 / (size * size / 2) as f64
    })
}

/// The mean of a measure over pairs of (judge's, people's) rankings, with a normal interval.
///
/// # Errors
/// [`StatsError::TooFew`] without a ranking, and as [`RankingMeasure::of`].
pub fn mean_ranking_measure<T: PartialEq>(
    measure: RankingMeasure,
    rankings: &[(Vec<T>, Vec<T>)],
) -> Result<Estimate, StatsError> {
    let values: Vec<f64> = rankings
        .iter()
        .map(|(predicted, human)| measure.of(predicted, human))
        .collect::<Result<_, _>>()?;
    mean_estimate(measure.name(), &values, measure.describe())
}

fn mean_estimate(
    name: &'static str,
    values: &[f64],
    convention: String,
) -> Result<Estimate, StatsError> {
    if values.is_empty() {
        return Err(StatsError::TooFew {
            statistic: name,
            needed: 1,
            got: 0,
        });
    }
    let (mean, error) = mean_and_error(values);
    let estimate = Estimate::new(name, mean, values.len(), convention);
    Ok(if values.len() > 1 {
        estimate.with_interval(normal_interval(
            mean,
            error,
            (0.0, 1.0),
            "normal, mean of lists",
        ))
    } else {
        estimate
    })
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let size = values.len() as f64;
    let mean = values.iter().sum::<f64>() / size;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (size - 1.0).max(1.0) / size).sqrt())
}

/// What a measure is worth on average when the judge's order is drawn at random.
#[derive(Debug, Clone, PartialEq)]
pub struct Chance {
    /// The mean over random orders.
    pub value: f64,
    /// Its standard error: 0 where every order was gone through.
    pub standard_error: f64,
    /// How it was found.
    pub method: String,
}

/// The chance value of a measure for lists of `length` items.
///
/// Up to 8 items every order is gone through; beyond, `draws` orders are drawn.
///
/// ```
/// use opine::stats::rankings::{RankingMeasure, ranking_chance};
/// let four = ranking_chance(RankingMeasure::NormalisedLevenshtein, 4, 0, 0)?;
/// assert_eq!((four.value, four.standard_error), (0.65625, 0.0));
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] for lists of no item, or fewer than two draws where they are needed.
pub fn ranking_chance(
    measure: RankingMeasure,
    length: usize,
    draws: u32,
    seed: u64,
) -> Result<Chance, StatsError> {
    let human: Vec<usize> = (0..length).collect();
    let mut order = human.clone();
    if length <= ENUMERATED {
        let mut values = Vec::new();
        for_each_order(&mut order, 0, &mut |order| {
            values.push(measure.of(order, &human));
        });
        let values: Vec<f64> = values.into_iter().collect::<Result<_, _>>()?;
        return Ok(Chance {
            value: mean_and_error(&values).0,
            standard_error: 0.0,
            method: format!("all {} orders", values.len()),
        });
    }
    if draws < 2 {
        return Err(StatsError::TooFew {
            statistic: "ranking_chance",
            needed: 2,
            got: draws as usize,
        });
    }
    let mut rng = CounterRng::new(seed, 0);
    let mut values = Vec::with_capacity(draws as usize);
    for _ in 0..draws {
        shuffle(&mut order, &mut rng)?;
        values.push(measure.of(&order, &human)?);
    }
    let (value, standard_error) = mean_and_error(&values);
    Ok(Chance {
        value,
        standard_error,
        method: format!("{draws} random orders, seed {seed}"),
    })
}

fn for_each_order(order: &mut [usize], fixed: usize, visit: &mut impl FnMut(&[usize])) {
    if fixed == order.len() {
        visit(order);
        return;
    }
    for next in fixed..order.len() {
        order.swap(fixed, next);
        for_each_order(order, fixed + 1, visit);
        order.swap(fixed, next);
    }
}

fn shuffle(order: &mut [usize], rng: &mut CounterRng) -> Result<(), StatsError> {
    for last in (1..order.len()).rev() {
        let bound = u32::try_from(last + 1)
            .map_err(|_| argument("length", "a list of 2^32 items", "shorter lists"))?;
        order.swap(last, rng.below(bound) as usize);
    }
    Ok(())
}
