//! Strengths from ordered lists.

use super::curved::{Curved, OnScore, Symmetric, least};
use super::fit::Strengths;
use super::graph::Links;
use super::sandwich::{Sandwich, StrengthIntervals, deviations, intervals};
use super::separation::{StrengthsError, separated};
use crate::stats::StatsError;

/// Checked lists: each names two or more different items, the best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Lists {
    items: usize,
    lists: Vec<Vec<u32>>,
    weights: Vec<f64>,
}

impl Lists {
    /// Lists of weight 1.
    ///
    /// # Errors
    /// As [`Lists::weighted`].
    pub fn new(items: usize, lists: Vec<Vec<u32>>) -> Result<Self, StatsError> {
        let weights = vec![1.0; lists.len()];
        Lists::weighted(items, lists, weights)
    }

    /// Lists with weights; a list may leave items out, which then say nothing.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] for fewer than two items or no list of positive weight; [`StatsError::Argument`]
    /// for a list of fewer than two items, with an item twice or one that does not exist, and for weights
    /// that are not finite, negative or not one for each list.
    pub fn weighted(
        items: usize,
        lists: Vec<Vec<u32>>,
        weights: Vec<f64>,
    ) -> Result<Self, StatsError> {
        let too_few = |needed, got| StatsError::TooFew {
            statistic: "strengths from lists",
            needed,
            got,
        };
        if items < 2 {
            return Err(too_few(2, items));
        }
        let sound = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        if weights.len() != lists.len() || !weights.iter().all(sound) {
            return Err(StatsError::Argument {
                argument: "weights",
                value: format!("{weights:?}"),
                allowed: "a finite number of zero or more for each list",
            });
        }
        let mut last_met = vec![usize::MAX; items];
        for (index, list) in lists.iter().enumerate() {
            let is_new = |item: &u32| {
                let met = last_met.get_mut(*item as usize);
                met.is_some_and(|met| std::mem::replace(met, index) != index)
            };
            if list.len() < 2 || !list.iter().all(is_new) {
                return Err(StatsError::Argument {
                    argument: "lists",
                    value: format!("{list:?} at index {index}"),
                    allowed: "two or more different items, from 0 to one less than their number",
                });
            }
        }
        if !weights.iter().any(|weight| *weight > 0.0) {
            return Err(too_few(1, 0));
        }
        Ok(Lists {
            items,
            lists,
            weights,
        })
    }

    fn counting(&self) -> impl Iterator<Item = (&[u32], f64)> {
        let both = self.lists.iter().zip(&self.weights);
        both.filter(|(_, weight)| **weight > 0.0)
            .map(|(list, weight)| (list.as_slice(), *weight))
    }
}

/// Strengths from lists: each place is a choice among the items that are left (Luce 1959, Plackett 1975).
///
/// ```text
/// P(list) = product over places t of exp(s_t) / (exp(s_t) + exp(s_t+1) + ... + exp(s_last))
/// ```
/// Lists of two are Bradley and Terry's model. `ridge` is as in
/// [`StrengthSettings`](super::StrengthSettings).
///
/// ```
/// use opine::stats::strengths::{Lists, plackett_luce};
/// let lists = Lists::new(3, vec![vec![0, 1, 2], vec![1, 0, 2], vec![2, 0, 1]])?;
/// let strengths = plackett_luce(&lists, 0.0).unwrap();
/// assert_eq!(strengths.ranks()[0], 1);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StrengthsError::Separated`] where some items are never listed below others and there is no ridge.
pub fn plackett_luce(lists: &Lists, ridge: f64) -> Result<Strengths, StrengthsError> {
    if !(ridge >= 0.0 && ridge.is_finite()) {
        return Err(StrengthsError::Stats(StatsError::Argument {
            argument: "ridge",
            value: ridge.to_string(),
            allowed: "a finite number of zero or more",
        }));
    }
    if ridge <= 0.0 {
        let mut links = Vec::new();
        for (list, _) in lists.counting() {
            // Links of neighbours reach what links of all pairs would.
            links.extend(
                list.windows(2)
                    .map(|pair| (pair[1] as usize, pair[0] as usize)),
            );
        }
        if let Some(separation) = separated(&Links::new(lists.items, &links)) {
            return Err(StrengthsError::Separated(separation));
        }
    }
    let mut problem = Choices::new(lists, ridge);
    let lowest = least(&mut problem, vec![0.0; lists.items])?;
    let penalty = 0.5 * ridge * lowest.point.iter().map(|s| s * s).sum::<f64>();
    let mean = lowest.point.iter().sum::<f64>() / lists.items as f64;
    let convention = "log-odds with mean zero, plackett-luce";
    Ok(Strengths {
        values: lowest.point.iter().map(|value| value - mean).collect(),
        order_effect: None,
        covariates: Vec::new(),
        tie_parameter: None,
        log_likelihood: penalty - lowest.value,
        n: lists.counting().count(),
        convention: if ridge > 0.0 {
            format!("{convention}; ridge {ridge}").into()
        } else {
            convention.into()
        },
        point: lowest.point,
    })
}

/// Sandwich intervals of strengths from lists, the lists taken as independent.
///
/// # Errors
/// As [`sandwich_intervals`](super::sandwich_intervals).
pub fn plackett_luce_intervals(
    lists: &Lists,
    ridge: f64,
    strengths: &Strengths,
    sandwich: &Sandwich,
) -> Result<StrengthIntervals, StatsError> {
    let mut problem = Choices::new(lists, ridge);
    let deviations = deviations(&mut problem, &strengths.point, sandwich)?;
    Ok(intervals(strengths, &deviations, sandwich.level))
}

/// The negative log-likelihood of lists.
struct Choices<'a> {
    lists: &'a Lists,
    ridge: f64,
    own: Vec<f64>,
    /// exp(s - highest of the list) of each listed item, and the sum from there to the list's end.
    odds: Vec<f64>,
    left: Vec<f64>,
}

impl<'a> Choices<'a> {
    fn new(lists: &'a Lists, ridge: f64) -> Self {
        Choices {
            lists,
            ridge,
            own: Vec::new(),
            odds: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Appends the odds of a list, and returns the part of its value that they were scaled by.
    fn weigh(&mut self, list: &[u32], point: &[f64]) -> f64 {
        let strengths = list.iter().map(|item| point[*item as usize]);
        let highest = strengths.clone().fold(f64::NEG_INFINITY, f64::max);
        self.odds
            .extend(strengths.map(|strength| (strength - highest).exp()));
        let start = self.left.len();
        self.left.resize(self.odds.len(), 0.0);
        let mut sum = 0.0;
        for at in (start..self.odds.len()).rev() {
            sum += self.odds[at];
            self.left[at] = sum;
        }
        highest
    }
}

/// For each place of a list: sums over the choices made so far of 1 / left and 1 / left^2.
///
/// The last place is no choice.
fn shares(left: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    let choices = left.len() - 1;
    left.iter()
        .enumerate()
        .scan((0.0, 0.0), move |sums, (at, left)| {
            if at < choices {
                sums.0 += 1.0 / left;
                sums.1 += 1.0 / (left * left);
            }
            Some(*sums)
        })
}

impl Symmetric for Choices<'_> {
    fn items(&self) -> usize {
        self.lists.items
    }

    fn unknowns(&self) -> usize {
        self.lists.items
    }

    fn floats(&self) -> bool {
        self.ridge <= 0.0
    }

    fn product(&self, direction: &[f64], image: &mut [f64]) {
        for (entry, part) in image.iter_mut().zip(direction) {
            *entry = self.ridge * part;
        }
        let mut start = 0;
        let mut means = Vec::new();
        for (list, weight) in self.lists.counting() {
            let (odds, left) = (&self.odds[start..], &self.left[start..start + list.len()]);
            // The mean of the direction over the items left at each choice.
            means.clear();
            let mut sum = 0.0;
            for at in (0..list.len()).rev() {
                sum += odds[at] * direction[list[at] as usize];
                means.push(sum / left[at]);
            }
            means.reverse();
            let (mut chosen, mut moved) = (0.0, 0.0);
            for (at, item) in list.iter().enumerate() {
                if at + 1 < list.len() {
                    chosen += 1.0 / left[at];
                    moved += means[at] / left[at];
                }
                let item = *item as usize;
                image[item] += weight * odds[at] * (direction[item] * chosen - moved);
            }
            start += list.len();
        }
    }
}

impl Curved for Choices<'_> {
    fn curve(&mut self, point: &[f64], gradient: &mut [f64]) -> f64 {
        self.odds.clear();
        self.left.clear();
        self.own = vec![self.ridge; point.len()];
        let mut value = 0.0;
        for (slope, strength) in gradient.iter_mut().zip(point) {
            *slope = self.ridge * strength;
            value += 0.5 * self.ridge * strength * strength;
        }
        let lists = self.lists;
        for (list, weight) in lists.counting() {
            let start = self.odds.len();
            let highest = self.weigh(list, point);
            let (odds, left) = (&self.odds[start..], &self.left[start..]);
            for (at, (item, (sum, squares))) in list.iter().zip(shares(left)).enumerate() {
                let item = *item as usize;
                let odds = odds[at];
                gradient[item] += weight * odds * sum;
                self.own[item] += weight * (odds * sum - odds * odds * squares);
                if at + 1 < list.len() {
                    value += weight * (highest + left[at].ln() - point[item]);
                    gradient[item] -= weight;
                }
            }
        }
        if value.is_nan() { f64::INFINITY } else { value }
    }

    fn diagonal(&self) -> Vec<f64> {
        self.own.clone()
    }

    fn scores(&self, _: &[f64], each: &mut OnScore<'_>) {
        let mut start = 0;
        for (list, weight) in self.lists.counting() {
            let (odds, left) = (&self.odds[start..], &self.left[start..start + list.len()]);
            let score: Vec<(usize, f64)> = (list.iter().zip(shares(left)).enumerate())
                .map(|(at, (item, (sum, _)))| {
                    let chosen = if at + 1 < list.len() { 1.0 } else { 0.0 };
                    (*item as usize, weight * (chosen - odds[at] * sum))
                })
                .collect();
            each(&score);
            start += list.len();
        }
    }
}
