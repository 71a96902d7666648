//! Strengths from ordered lists, together with what being shown at each place adds.

use std::borrow::Cow;

use super::curved::{Curved, OnScore, Symmetric, least};
use super::dense::inverse;
use super::fit::ranks;
use super::sandwich::{RankRange, rank_ranges};
use super::separation::StrengthsError;
use crate::stats::distributions::normal_quantile;
use crate::stats::{DEFAULT_LEVEL, Interval, StatsError};

/// Most items for which strengths from shown lists are fitted with their covariance.
pub const MOST_LISTED_ITEMS: usize = 1_024;

const METHOD: &str = "laplace approximation of the posterior";

/// A list of items as they were shown, and the order that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieredList {
    /// The items in the order in which they were shown. One beyond those that are fitted takes a place and is in no tier.
    pub shown: Vec<u32>,
    /// Places in `shown` from 0, the best first; those of one tier are tied. Items that are not named say nothing.
    pub tiers: Vec<Vec<usize>>,
}

/// Strengths from lists, free of what the places add.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedStrengths {
    /// One for each item, in log-odds with mean zero.
    pub values: Vec<f64>,
    /// Of the strengths.
    pub intervals: Vec<Interval>,
    /// The place of each item, 1 for the strongest.
    pub ranks: Vec<u32>,
    /// Of the places.
    pub rank_ranges: Vec<RankRange>,
    /// What being shown at each place adds, in log-odds with mean zero; empty where no item was shown at two places.
    pub place_effects: Vec<(f64, Interval)>,
    /// What being shown first adds over the mean of the other places.
    pub first_effect: Option<(f64, Interval)>,
    /// Log-likelihood of the lists, without the prior.
    pub log_likelihood: f64,
    /// Lists with an order of two items or more.
    pub lists: usize,
}

/// Fits strengths and places to lists.
///
/// ```text
/// P(list) = product over ranks t of exp(u_t) / (exp(u_t) + ... + exp(u_last)),   u = s of the item + b of its place
/// maximise  ln P(lists) - ridge / 2 * (sum s^2 + sum b^2)
/// ```
/// Plackett and Luce's model in which each place adds a constant, as position enters a conditional logit. Items
/// that are tied count as listed in each order, with equal shares: each tier in its rotations and their reverses,
/// so that every tied item stands at every rank of its tier equally often.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than two items or no list of two items; [`StatsError::Argument`] for more than
/// [`MOST_LISTED_ITEMS`] items, a list that shows or ranks an item twice or one that does not exist, and a ridge
/// that is not above zero.
pub fn listed_strengths(
    items: usize,
    lists: &[TieredList],
    ridge: f64,
) -> Result<ListedStrengths, StrengthsError> {
    check(items, lists, ridge)?;
    let mut rows = Vec::new();
    let mut counting = 0;
    for list in lists {
        let ranked = list.tiers.iter().map(Vec::len).sum::<usize>();
        // One tier alone is a tie of all that are named: it says that they are near each other.
        if ranked >= 2 {
            counting += 1;
            rows.extend(orders(list));
        }
    }
    if counting == 0 {
        return Err(StrengthsError::Stats(StatsError::TooFew {
            statistic: "strengths from lists",
            needed: 1,
            got: 0,
        }));
    }
    let places = if moves(items, lists) {
        lists.iter().map(|list| list.shown.len()).max().unwrap_or(0)
    } else {
        0
    };
    let mut problem = Placed::new(items, places, ridge, rows);
    let unknowns = items + places;
    let lowest = least(&mut problem, vec![0.0; unknowns])?;
    let mut gradient = vec![0.0; unknowns];
    problem.curve(&lowest.point, &mut gradient);
    let covariance = inverse(&problem, 0.0).ok_or_else(|| StatsError::Undefined {
        statistic: "strengths from lists",
        reason: "the likelihood is flat at the fit".to_owned(),
    })?;
    let around = |first: usize, count: usize| centred(&lowest.point, &covariance, first, count);
    let (values, intervals): (Vec<f64>, Vec<Interval>) = around(0, items).into_iter().unzip();
    let penalty = 0.5 * ridge * lowest.point.iter().map(|x| x * x).sum::<f64>();
    Ok(ListedStrengths {
        ranks: ranks(&values),
        rank_ranges: rank_ranges(&intervals),
        values,
        intervals,
        place_effects: around(items, places),
        first_effect: (places >= 2).then(|| first_effect(&lowest.point, &covariance, items)),
        log_likelihood: penalty - lowest.value,
        lists: counting,
    })
}

fn check(items: usize, lists: &[TieredList], ridge: f64) -> Result<(), StatsError> {
    let wrong = |argument, value: String, allowed| {
        Err(StatsError::Argument {
            argument,
            value,
            allowed,
        })
    };
    if items < 2 {
        return Err(StatsError::TooFew {
            statistic: "strengths from lists",
            needed: 2,
            got: items,
        });
    }
    if items > MOST_LISTED_ITEMS {
        return wrong("items", items.to_string(), "at most 1024");
    }
    if !(ridge > 0.0 && ridge.is_finite()) {
        return wrong("ridge", ridge.to_string(), "a finite number above zero");
    }
    for list in lists {
        let mut shown = list.shown.clone();
        shown.sort_unstable();
        if shown.windows(2).any(|two| two[0] == two[1]) {
            return wrong("shown", format!("{:?}", list.shown), "different items");
        }
        let all = list.tiers.iter().flatten();
        let known = |place: &usize| {
            list.shown
                .get(*place)
                .is_some_and(|item| (*item as usize) < items)
        };
        if !all.clone().all(known) || !distinct(all.copied(), list.shown.len()) {
            return wrong(
                "tiers",
                format!("{:?}", list.tiers),
                "places of what was shown, each once at most, with items from 0 to one less than their number",
            );
        }
    }
    Ok(())
}

fn distinct(values: impl Iterator<Item = usize>, below: usize) -> bool {
    let mut seen = vec![false; below];
    values.into_iter().all(|value| {
        let seen = seen.get_mut(value);
        seen.is_some_and(|seen| !std::mem::replace(seen, true))
    })
}

/// Whether some item stood at two places; else what places add cannot be told from the items there.
fn moves(items: usize, lists: &[TieredList]) -> bool {
    let mut stood = vec![usize::MAX; items];
    lists.iter().any(|list| {
        list.shown.iter().enumerate().any(|(place, item)| {
            let stood = stood.get_mut(*item as usize);
            let before = stood.map_or(usize::MAX, |stood| std::mem::replace(stood, place));
            before != usize::MAX && before != place
        })
    })
}

/// A list without ties: items with their places, the best first, and its weight.
type Row = (Vec<(u32, u32)>, f64);

/// The orders without ties that a list with ties stands for.
fn orders(list: &TieredList) -> Vec<Row> {
    let ties = list.tiers.iter().map(Vec::len).filter(|size| *size > 1);
    let turns = ties.fold(1, least_common_multiple);
    let count = if turns == 1 { 1 } else { 2 * turns };
    let weight = 1.0 / count as f64;
    let entry = |place: usize| {
        let place_number = u32::try_from(place).expect("places are counted in 32 bits");
        (list.shown[place], place_number)
    };
    (0..count)
        .map(|turn| {
            let mut row = Vec::new();
            for tier in &list.tiers {
                let start = row.len();
                let size = tier.len();
                row.extend((0..size).map(|at| entry(tier[(at + turn) % size])));
                if turn >= turns {
                    row[start..].reverse();
                }
            }
            (row, weight)
        })
        .collect()
}

fn least_common_multiple(one: usize, other: usize) -> usize {
    let (mut a, mut b) = (one, other);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    one / a * other
}

/// The unknowns from `first` around their mean, with their intervals.
fn centred(point: &[f64], covariance: &[f64], first: usize, count: usize) -> Vec<(f64, Interval)> {
    let size = point.len();
    let mean = point[first..first + count].iter().sum::<f64>() / count as f64;
    let row_mean = |row: usize| {
        let row = &covariance[row * size..(row + 1) * size];
        row[first..first + count].iter().sum::<f64>() / count as f64
    };
    let row_means: Vec<f64> = (first..first + count).map(row_mean).collect();
    let all = row_means.iter().sum::<f64>() / count as f64;
    (first..first + count)
        .map(|at| {
            let variance = covariance[at * size + at] - 2.0 * row_means[at - first] + all;
            let value = point[at] - mean;
            (value, interval(value, variance))
        })
        .collect()
}

fn first_effect(point: &[f64], covariance: &[f64], items: usize) -> (f64, Interval) {
    let size = point.len();
    let others = -1.0 / (size - items - 1) as f64;
    let weight = |at: usize| if at == items { 1.0 } else { others };
    let value = (items..size).map(|at| weight(at) * point[at]).sum();
    let terms = (items..size).flat_map(|row| {
        (items..size).map(move |at| weight(row) * weight(at) * covariance[row * size + at])
    });
    (value, interval(value, terms.sum()))
}

fn interval(value: f64, variance: f64) -> Interval {
    let half = normal_quantile(0.5 + DEFAULT_LEVEL / 2.0) * variance.max(0.0).sqrt();
    Interval {
        low: value - half,
        high: value + half,
        level: DEFAULT_LEVEL,
        method: Cow::Borrowed(METHOD),
    }
}

/// The negative log-posterior of lists.
struct Placed {
    items: usize,
    places: usize,
    ridge: f64,
    rows: Vec<Row>,
    own: Vec<f64>,
    /// exp(u - highest of the row) of each entry, and the sum from there to the row's end.
    odds: Vec<f64>,
    left: Vec<f64>,
}

impl Placed {
    fn new(items: usize, places: usize, ridge: f64, rows: Vec<Row>) -> Self {
        Placed {
            items,
            places,
            ridge,
            rows,
            own: Vec::new(),
            odds: Vec::new(),
            left: Vec::new(),
        }
    }

    /// The unknowns that an entry's odds are made of.
    fn parts(&self, (item, place): (u32, u32)) -> impl Iterator<Item = usize> + use<> {
        let place = (self.places > 0).then_some(self.items + place as usize);
        std::iter::once(item as usize).chain(place)
    }

    fn sum(&self, entry: (u32, u32), values: &[f64]) -> f64 {
        self.parts(entry).map(|at| values[at]).sum()
    }
}

impl Symmetric for Placed {
    fn items(&self) -> usize {
        self.items
    }

    fn unknowns(&self) -> usize {
        self.items + self.places
    }

    fn floats(&self) -> bool {
        false
    }

    fn product(&self, direction: &[f64], image: &mut [f64]) {
        for (entry, part) in image.iter_mut().zip(direction) {
            *entry = self.ridge * part;
        }
        let mut start = 0;
        for (row, weight) in &self.rows {
            let (odds, left) = (&self.odds[start..], &self.left[start..start + row.len()]);
            let along: Vec<f64> = row
                .iter()
                .map(|entry| self.sum(*entry, direction))
                .collect();
            // The mean of the direction over the entries left at each choice.
            let mut means = vec![0.0; row.len()];
            let mut sum = 0.0;
            for at in (0..row.len()).rev() {
                sum += odds[at] * along[at];
                means[at] = sum / left[at];
            }
            let (mut chosen, mut moved) = (0.0, 0.0);
            for (at, entry) in row.iter().enumerate() {
                if at + 1 < row.len() {
                    chosen += 1.0 / left[at];
                    moved += means[at] / left[at];
                }
                let part = weight * odds[at] * (along[at] * chosen - moved);
                self.parts(*entry)
                    .for_each(|unknown| image[unknown] += part);
            }
            start += row.len();
        }
    }
}

impl Curved for Placed {
    fn curve(&mut self, point: &[f64], gradient: &mut [f64]) -> f64 {
        self.odds.clear();
        self.left.clear();
        let mut own = vec![self.ridge; point.len()];
        let mut value = 0.0;
        for (slope, unknown) in gradient.iter_mut().zip(point) {
            *slope = self.ridge * unknown;
            value += 0.5 * self.ridge * unknown * unknown;
        }
        let rows = std::mem::take(&mut self.rows);
        for (row, weight) in &rows {
            let utility: Vec<f64> = row.iter().map(|entry| self.sum(*entry, point)).collect();
            let highest = utility.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let start = self.odds.len();
            self.odds
                .extend(utility.iter().map(|utility| (utility - highest).exp()));
            self.left.resize(self.odds.len(), 0.0);
            let mut sum = 0.0;
            for at in (start..self.odds.len()).rev() {
                sum += self.odds[at];
                self.left[at] = sum;
            }
            let (mut sums, mut squares) = (0.0, 0.0);
            for (at, entry) in row.iter().enumerate() {
                let (odds, left) = (self.odds[start + at], self.left[start + at]);
                let mut slope = 0.0;
                // The last rank is no choice.
                if at + 1 < row.len() {
                    sums += 1.0 / left;
                    squares += 1.0 / (left * left);
                    value += weight * (highest + left.ln() - utility[at]);
                    slope -= weight;
                }
                slope += weight * odds * sums;
                let bend = weight * (odds * sums - odds * odds * squares);
                for unknown in self.parts(*entry) {
                    gradient[unknown] += slope;
                    own[unknown] += bend;
                }
            }
        }
        self.rows = rows;
        self.own = own;
        if value.is_nan() { f64::INFINITY } else { value }
    }

    fn diagonal(&self) -> Vec<f64> {
        self.own.clone()
    }

    fn scores(&self, _: &[f64], _: &mut OnScore<'_>) {
        // Intervals come from the posterior; nothing asks for the score of a list.
    }
}
