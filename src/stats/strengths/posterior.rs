//! What votes leave open about strengths: a normal distribution around the fit.

use std::borrow::Cow;

use super::comparisons::Comparisons;
use super::curved::Curved;
use super::dense::inverse;
use super::fit::{StrengthSettings, prepare, solve};
use super::model::Model;
use super::sandwich::{RankRange, rank_ranges};
use super::separation::StrengthsError;
use super::votes::Votes;
use crate::stats::distributions::normal_quantile;
use crate::stats::fit::moments::check_level;
use crate::stats::{Interval, StatsError};

/// Most items for which a posterior is computed: it holds a square of the items, and takes their cube in time.
pub const MOST_POSTERIOR_ITEMS: usize = 1_024;

const METHOD: &str = "laplace approximation of the posterior";

/// Step of the difference that third derivatives are taken by.
const THIRD_STEP: f64 = 1e-4;

/// Strengths as jointly normal: the most probable ones, and their covariance.
///
/// Laplace's approximation of the posterior under the prior that [`StrengthSettings::ridge`] states,
/// strengths independent and normal with variance 1 / ridge.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    model: Model,
    means: Vec<f64>,
    /// The middles of the intervals.
    centres: Vec<f64>,
    /// Row after row.
    covariance: Vec<f64>,
    /// Value and variance of what was fitted beside the strengths: the order effect, then covariates.
    effects: Vec<(f64, f64)>,
}

impl Posterior {
    /// What is known before any vote: equal strengths, each as uncertain as the prior `variance` says.
    ///
    /// # Errors
    /// [`StatsError::Argument`] for fewer than 2 or more than [`MOST_POSTERIOR_ITEMS`] items, a variance that is
    /// not positive, or a model with a tie parameter.
    pub fn prior(items: usize, model: Model, variance: f64) -> Result<Self, StatsError> {
        check(items, model)?;
        if !(variance > 0.0 && variance.is_finite()) {
            return Err(StatsError::Argument {
                argument: "variance",
                value: variance.to_string(),
                allowed: "a finite number above zero",
            });
        }
        let mut covariance = vec![0.0; items * items];
        for item in 0..items {
            covariance[item * items + item] = variance;
        }
        Ok(Posterior {
            model,
            means: vec![0.0; items],
            centres: vec![0.0; items],
            covariance,
            effects: Vec::new(),
        })
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.means.len()
    }

    /// The model whose strengths these are.
    pub fn model(&self) -> Model {
        self.model
    }

    /// The most probable strengths, with mean zero.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Covariance of two strengths. Only of differences does it speak where there is no prior.
    pub fn covariance(&self, one: usize, other: usize) -> f64 {
        self.covariance[one * self.items() + other]
    }

    /// Mean and variance of the strength of `first` less that of `second`.
    pub fn difference(&self, first: usize, second: usize) -> (f64, f64) {
        let own = self.covariance(first, first) + self.covariance(second, second);
        // Of one item with itself, or after very many votes, rounding may leave less than nothing.
        let variance = (own - 2.0 * self.covariance(first, second)).max(0.0);
        (self.means[first] - self.means[second], variance)
    }

    /// Credible intervals of the strengths around their mean, which is where they are zero.
    ///
    /// Few votes bound an outer item less from outside than from inside, so that the most probable strength is
    /// nearer to zero than the middle of the distribution. The intervals are moved by that, to second order
    /// (Tierney and Kadane 1986), and never by more than a standard deviation.
    ///
    /// # Errors
    /// [`StatsError::Argument`] for a level that is none.
    pub fn intervals(&self, level: f64) -> Result<Vec<Interval>, StatsError> {
        check_level(level)?;
        let z = normal_quantile(0.5 + level / 2.0);
        let items = self.items() as f64;
        let rows = self.covariance.chunks(self.items());
        let by_item: Vec<f64> = rows.map(|row| row.iter().sum::<f64>() / items).collect();
        let all = by_item.iter().sum::<f64>() / items;
        let around = |(item, centre): (usize, &f64)| {
            // The common level of all strengths is open under a prior, and means nothing.
            let variance = self.covariance(item, item) - 2.0 * by_item[item] + all;
            let half = z * variance.max(0.0).sqrt();
            Interval {
                low: centre - half,
                high: centre + half,
                level,
                method: Cow::Borrowed(METHOD),
            }
        };
        Ok(self.centres.iter().enumerate().map(around).collect())
    }

    /// Credible intervals of what was fitted beside the strengths: of the order effect first, where there is one,
    /// then of each covariate.
    ///
    /// # Errors
    /// As [`Posterior::intervals`].
    pub fn effects(&self, level: f64) -> Result<Vec<Interval>, StatsError> {
        check_level(level)?;
        let z = normal_quantile(0.5 + level / 2.0);
        let around = |(value, variance): &(f64, f64)| {
            let half = z * variance.max(0.0).sqrt();
            Interval {
                low: value - half,
                high: value + half,
                level,
                method: Cow::Borrowed(METHOD),
            }
        };
        Ok(self.effects.iter().map(around).collect())
    }

    /// Intervals of the places, from those of the strengths as in [`sandwich_intervals`](super::sandwich_intervals).
    ///
    /// # Errors
    /// As [`Posterior::intervals`].
    pub fn places(&self, level: f64) -> Result<Vec<RankRange>, StatsError> {
        Ok(rank_ranges(&self.intervals(level)?))
    }
}

/// The posterior of strengths given votes.
///
/// ```text
/// means = the fit of fit_strengths,   covariance = inverse of the second derivatives there, ridge included
/// ```
/// A fitted order effect or covariate is allowed for, as the block of strengths of the whole inverse.
///
/// ```
/// use opine::stats::strengths::{Model, Outcome, StrengthSettings, Vote, Votes, posterior};
/// let votes = Votes::new(3, vec![Vote::new(0, 1, Outcome::First)])?;
/// let settings = StrengthSettings { ridge: 1.0, ..StrengthSettings::new(Model::BradleyTerry) };
/// let known = posterior(&votes, &settings).unwrap();
/// let ((met, after), (_, before)) = (known.difference(0, 1), known.difference(0, 2));
/// assert!(met > 0.0 && after < before && before < 2.0);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// As [`fit_strengths`](super::fit_strengths) and [`Posterior::prior`].
pub fn posterior(votes: &Votes, settings: &StrengthSettings) -> Result<Posterior, StrengthsError> {
    let items = votes.items();
    check(items, settings.model)?;
    settings.check()?;
    let mut problem = prepare(votes, settings);
    let strengths = solve(&mut problem, settings, None)?;
    let mut gradient = vec![0.0; strengths.point.len()];
    problem.curve(&strengths.point, &mut gradient);
    let dense = inverse(&problem, 0.0).ok_or_else(|| StatsError::Undefined {
        statistic: "posterior of strengths",
        reason: "the likelihood is flat at the fit".to_owned(),
    })?;
    let moves = skewness(&problem, &strengths.point, &dense);
    let centres = strengths.values.iter().zip(&moves);
    let size = gradient.len();
    let rows = dense.chunks(size).take(items);
    let effect = |at: usize| (strengths.point[at], dense[at * size + at]);
    Ok(Posterior {
        model: settings.model,
        effects: (items..size).map(effect).collect(),
        centres: centres.map(|(mean, moved)| mean + moved).collect(),
        means: strengths.values,
        covariance: rows.flat_map(|row| &row[..items]).copied().collect(),
    })
}

/// How far the mean of each strength lies from the most probable one.
///
/// ```text
/// E s - s = -1/2 H^-1 sum over pairs of L'''(d) var(d) x,   d = x's, L the negative log-likelihood of the pair
/// ```
fn skewness(problem: &Comparisons<'_>, point: &[f64], inverse: &[f64]) -> Vec<f64> {
    let (size, items) = (point.len(), problem.votes.items());
    let mut pulls = vec![0.0; size];
    for (pair, counts) in problem.table.counts.iter().enumerate() {
        let parts = problem.made_of(pair);
        let d: f64 = parts.iter().map(|(at, x)| x * point[*at]).sum();
        let covariances = parts.iter().flat_map(|(one, x)| {
            parts
                .iter()
                .map(move |(other, y)| x * y * inverse[one * size + other])
        });
        let variance: f64 = covariances.sum();
        let bend = |d: f64| problem.model.local(d, 0.0, *counts).bend;
        let third = (bend(d + THIRD_STEP) - bend(d - THIRD_STEP)) / (2.0 * THIRD_STEP);
        for (at, x) in parts {
            pulls[at] += third * variance * x;
        }
    }
    let mut moves: Vec<f64> = (inverse.chunks(size).take(items).enumerate())
        .map(|(item, row)| {
            let moved: f64 = row
                .iter()
                .zip(&pulls)
                .map(|(c, pull)| -0.5 * c * pull)
                .sum();
            let most = row[item].max(0.0).sqrt();
            moved.clamp(-most, most)
        })
        .collect();
    let mean = moves.iter().sum::<f64>() / items as f64;
    moves.iter_mut().for_each(|moved| *moved -= mean);
    moves
}

pub(super) fn check(items: usize, model: Model) -> Result<(), StatsError> {
    if !(2..=MOST_POSTERIOR_ITEMS).contains(&items) {
        return Err(StatsError::Argument {
            argument: "items",
            value: items.to_string(),
            allowed: "2 to 1024 for a posterior with its covariance",
        });
    }
    if model.has_tie_parameter() {
        return Err(StatsError::Argument {
            argument: "model",
            value: model.name().to_owned(),
            allowed: "bradley-terry or thurstone, where a tie is half a vote for each",
        });
    }
    Ok(())
}
