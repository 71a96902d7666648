//! A posterior whose prior and whose noise are read from the votes themselves.

use std::borrow::Cow;

use super::belief::Belief;
use super::fit::{StrengthSettings, prepare_placed, ranks, solve};
use super::posterior::check;
use super::sandwich::{RankRange, rank_ranges};
use super::separation::StrengthsError;
use super::votes::Votes;
use crate::stats::distributions::{normal_below, normal_quantile};
use crate::stats::fit::moments::check_level;
use crate::stats::tails::t_quantile;
use crate::stats::{Interval, StatsError};

/// How much the stated prior counts against the items when their spread is estimated: as one item more.
const PRIOR_ITEMS: f64 = 1.0;
/// Looks at the spread, each so many of its deviations from the most probable one.
const LOOKS: [f64; 4] = [1.0, 2.0, -1.0, -2.0];
const MOST_STEPS: usize = 30;
/// A step of the logarithm of the spread's variance this small, in its deviations, is the last.
const LAST_STEP: f64 = 0.05;
/// Longest step, and the bounds of the deviation, of that logarithm.
const LONGEST_STEP: f64 = 1.5;
const DEVIATIONS: (f64, f64) = (0.02, 1.5);

/// Strengths with what the votes leave open about them, about their spread and about the judge's noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// The strengths' means, with mean zero.
    pub strengths: Vec<f64>,
    /// Deviation of the strengths among items, as estimated.
    pub spread: f64,
    /// Variance of a vote over that of a toss with the model's probability: 1 for votes that are drawn, near 0
    /// for a judge that states probabilities and hardly errs.
    pub dispersion: f64,
    /// Votes that are left to tell the dispersion by, after what the strengths took.
    pub spare_votes: f64,
    /// For each look at the spread, its weight, and mean and deviation of each strength and the order effect.
    looks: Vec<Look>,
    order_effect: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Look {
    weight: f64,
    means: Vec<f64>,
    deviations: Vec<f64>,
}

impl Calibrated {
    /// Credible intervals of the strengths around their mean, which is where they are zero.
    ///
    /// # Errors
    /// [`StatsError::Argument`] for a level that is none.
    pub fn intervals(&self, level: f64) -> Result<Vec<Interval>, StatsError> {
        check_level(level)?;
        Ok((0..self.strengths.len())
            .map(|item| self.interval(item, level))
            .collect())
    }

    /// Intervals of the places, from those of the strengths as in [`sandwich_intervals`](super::sandwich_intervals).
    ///
    /// # Errors
    /// As [`Calibrated::intervals`].
    pub fn places(&self, level: f64) -> Result<Vec<RankRange>, StatsError> {
        Ok(rank_ranges(&self.intervals(level)?))
    }

    /// The place of each item, 1 for the strongest; strengths within 1e-9 of each other share the better place.
    pub fn ranks(&self) -> Vec<u32> {
        ranks(&self.strengths)
    }

    /// The ridge under which the most probable strengths are those of this posterior's prior.
    pub fn ridge(&self) -> f64 {
        self.dispersion / (self.spread * self.spread)
    }

    /// What being shown first adds, with its interval, where it was fitted.
    ///
    /// # Errors
    /// As [`Calibrated::intervals`].
    pub fn order_effect(&self, level: f64) -> Result<Option<(f64, Interval)>, StatsError> {
        check_level(level)?;
        let at = self.strengths.len();
        Ok(self
            .order_effect
            .then(|| (self.mean(at), self.interval(at, level))))
    }

    fn mean(&self, at: usize) -> f64 {
        let looks = self.looks.iter();
        looks.map(|look| look.weight * look.means[at]).sum()
    }

    fn interval(&self, at: usize, level: f64) -> Interval {
        let tail = 0.5 * (1.0 - level);
        Interval {
            low: self.quantile(at, tail),
            high: self.quantile(at, 1.0 - tail),
            level,
            method: Cow::Owned(format!(
                "posterior by expectation propagation; spread of strengths {:.3} and dispersion of votes {:.3} estimated",
                self.spread, self.dispersion
            )),
        }
    }

    /// Below which the mixture of all looks has the probability, by halving.
    fn quantile(&self, at: usize, probability: f64) -> f64 {
        // A dispersion told by few votes makes tails as heavy as Student's.
        let normal = normal_quantile(probability);
        let heavier = t_quantile(probability, self.spare_votes + 1.0) / normal;
        let ends = |look: &Look| look.means[at] + heavier * normal * look.deviations[at];
        let all = || self.looks.iter().map(ends);
        let (mut low, mut high) = (
            all().fold(f64::INFINITY, f64::min),
            all().fold(f64::NEG_INFINITY, f64::max),
        );
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let below = |look: &Look| {
                let away = (middle - look.means[at]) / (heavier * look.deviations[at]);
                look.weight * normal_below(away)
            };
            if self.looks.iter().map(below).sum::<f64>() < probability {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

/// The posterior of strengths given votes, with nothing held that the votes can tell.
///
/// ```text
/// s ~ N(0, spread),   votes ~ exp(-L(s) / dispersion)
/// ```
/// Fixed priors are wrong for some judge: where pairs were chosen for being close, votes hardly tell the scale
/// of strengths, and a prior that is too wide stretches it, one that is too narrow shrinks it. A vote
/// is worth what it deviates by: one that states a probability may be worth twenty that were drawn. So both are
/// estimated, the spread by its evidence (MacKay 1992), over which strengths are averaged, and the
/// dispersion by what votes deviate by beyond what the strengths leave open. Each posterior is that of
/// expectation propagation. Of five lopsided votes on three items, under a prior of variance 12, its variances
/// lie up to a fifth below those that a sum over a grid has.
///
/// [`StrengthSettings::ridge`] states the spread to begin with, which counts as much as one item more.
///
/// ```
/// use opine::stats::strengths::{Model, Outcome, StrengthSettings, Vote, Votes, calibrated_posterior};
/// let votes = Votes::new(3, vec![Vote::new(0, 1, Outcome::First), Vote::new(1, 2, Outcome::First)])?;
/// let settings = StrengthSettings { ridge: 0.1, ..StrengthSettings::new(Model::BradleyTerry) };
/// let known = calibrated_posterior(&votes, &settings).unwrap();
/// let intervals = known.intervals(0.95)?;
/// assert!(known.strengths[0] > known.strengths[2] && intervals[0].low < intervals[2].high);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// As [`posterior`](super::posterior), a ridge of zero, covariates, and [`StatsError::NotConverged`].
pub fn calibrated_posterior(
    votes: &Votes,
    settings: &StrengthSettings,
) -> Result<Calibrated, StrengthsError> {
    check(votes.items(), settings.model)?;
    settings.check()?;
    if settings.ridge <= 0.0 {
        return Err(StrengthsError::Stats(StatsError::Argument {
            argument: "ridge",
            value: settings.ridge.to_string(),
            allowed: "a number above zero, the precision of strengths that is expected",
        }));
    }
    if votes.covariates() > 0 {
        return Err(StrengthsError::Stats(StatsError::Argument {
            argument: "votes",
            value: format!("{} covariates of each", votes.covariates()),
            allowed: "votes without covariates",
        }));
    }
    let mut problem = prepare_placed(votes, settings);
    let start = solve(&mut problem, settings, None)?;
    let mut belief = Belief::new(&mut problem, &start.point)?;
    let evidence = Evidence {
        expected: 1.0 / settings.ridge,
        items: votes.items(),
    };
    let (centre, deviation) = evidence.most_probable(&mut belief)?;
    let mut looks = vec![(0.0, look(&belief, votes.items()))];
    let (spread, dispersion) = (belief.spread.sqrt(), belief.dispersion);
    let spare_votes = belief.spare * start.n as f64;
    for side in LOOKS.chunks(2) {
        let mut belief = belief.clone();
        let (mut height, mut slope) = (0.0, evidence.slope(&belief));
        for away in side {
            belief.settle((centre + away * deviation).exp())?;
            let here = evidence.slope(&belief);
            height += 0.5 * (slope + here) * deviation * away.signum();
            slope = here;
            looks.push((height, look(&belief, votes.items())));
        }
    }
    let all: f64 = looks.iter().map(|(height, _)| height.exp()).sum();
    let looks: Vec<Look> = looks
        .into_iter()
        .map(|(height, look)| Look {
            weight: height.exp() / all,
            ..look
        })
        .collect();
    let mut found = Calibrated {
        strengths: Vec::new(),
        spread,
        dispersion,
        spare_votes,
        looks,
        order_effect: settings.order_effect,
    };
    found.strengths = (0..votes.items()).map(|item| found.mean(item)).collect();
    Ok(found)
}

/// Means and deviations around the mean of all strengths; the order effect follows them.
fn look(belief: &Belief, items: usize) -> Look {
    let size = belief.mean.len();
    let centre = belief.mean[..items].iter().sum::<f64>() / items as f64;
    let with_all: Vec<f64> = (belief.covariance.chunks(size))
        .map(|row| row[..items].iter().sum::<f64>() / items as f64)
        .collect();
    let all = with_all[..items].iter().sum::<f64>() / items as f64;
    let (means, deviations) = (0..size)
        .map(|at| {
            let own = belief.covariance[at * size + at];
            if at < items {
                // The common level of all strengths is open under a prior, and means nothing.
                let variance = own - 2.0 * with_all[at] + all;
                (belief.mean[at] - centre, variance.max(0.0).sqrt())
            } else {
                (belief.mean[at], own.max(0.0).sqrt())
            }
        })
        .unzip();
    Look {
        weight: 0.0,
        means,
        deviations,
    }
}

/// What the votes say of the logarithm of the prior's variance.
struct Evidence {
    expected: f64,
    items: usize,
}

impl Evidence {
    /// Derivative of the logarithm of the evidence.
    fn slope(&self, belief: &Belief) -> f64 {
        let (length, _) = belief.length();
        let of_items = length / belief.spread - self.items as f64;
        0.5 * (of_items + PRIOR_ITEMS * (self.expected / belief.spread - 1.0))
    }

    /// The most probable value, at which `belief` is left, and its deviation.
    fn most_probable(&self, belief: &mut Belief) -> Result<(f64, f64), StatsError> {
        let mut at = self.expected.ln();
        belief.settle(at.exp())?;
        let mut slope = self.slope(belief);
        let mut bend = 0.0;
        for _ in 0..MOST_STEPS {
            let (length, known) = belief.length();
            let trace = (self.items as f64 - known) * belief.spread;
            // MacKay's step is safe but slow; the secant's is quick once there are two looks.
            let safe = (length - trace + PRIOR_ITEMS * self.expected) / (known + PRIOR_ITEMS);
            let step = if bend > 0.0 {
                slope / bend
            } else {
                safe.ln() - at
            };
            let step = step.clamp(-LONGEST_STEP, LONGEST_STEP);
            let deviation = 1.0 / bend.max(f64::MIN_POSITIVE).sqrt();
            if bend > 0.0 && step.abs() <= LAST_STEP * deviation.min(1.0) {
                return Ok((at, deviation.clamp(DEVIATIONS.0, DEVIATIONS.1)));
            }
            belief.settle((at + step).exp())?;
            let there = self.slope(belief);
            bend = (slope - there) / step;
            at += step;
            slope = there;
        }
        // So few votes that rounding moves the evidence: any spread near here is as good.
        Ok((at, DEVIATIONS.1))
    }
}
