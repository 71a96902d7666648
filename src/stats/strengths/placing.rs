//! Items placed among anchors, with what the anchors and the comparisons leave open.

use std::borrow::Cow;

use super::dense::invert;
use super::model::Model;
use crate::stats::distributions::normal_quantile;
use crate::stats::{DEFAULT_LEVEL, Interval, StatsError};

/// Fewest and most anchors.
pub const ANCHORS: std::ops::RangeInclusive<usize> = 2..=64;

const STATISTIC: &str = "strengths among anchors";
const METHOD: &str = "laplace approximation of the posterior";
const MOST_STEPS: usize = 200;

/// A soft comparison: the places of two items, and the shares of the vote that go to each.
pub type Shares = (usize, usize, [f64; 2]);

/// What is known of an anchor beforehand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prior {
    /// Its strength, exactly.
    Exact(f64),
    /// Its strength and the standard deviation of that.
    Around(f64, f64),
    /// Nothing but the common prior.
    Unknown,
}

/// Anchors on one scale, jointly normal.
#[derive(Debug, Clone, PartialEq)]
pub struct AnchorScale {
    means: Vec<f64>,
    /// Place among the open strengths; `None` for an exact one.
    open: Vec<Option<usize>>,
    /// Inverse of the covariance of the open strengths, row after row.
    precision: Vec<f64>,
    deviations: Vec<f64>,
    ridge: f64,
}

/// A strength with its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedStrength {
    /// The most probable strength.
    pub value: f64,
    /// Its standard deviation; 0 where it was given exactly.
    pub deviation: f64,
    /// Its interval.
    pub interval: Interval,
}

impl AnchorScale {
    /// The strengths of anchors, from what was given of them and the comparisons with each other.
    ///
    /// ```text
    /// maximise  sum over comparisons of share ln Phi(s_winner - s_loser) + sum over anchors of ln prior(s)
    /// ```
    /// Strengths are normal deviates of a difference (Thurstone's case V). One of which nothing is given has a
    /// normal prior of variance 1 / ridge around the mean of those that are, or around 0.
    ///
    /// # Errors
    /// [`StatsError::Argument`] for another number of anchors than [`ANCHORS`], a given strength that is not
    /// finite, a deviation or ridge that is not above 0, comparisons of places that are none or with shares
    /// outside 0..=1; [`StatsError::NotConverged`], which concavity rules out.
    pub fn new(priors: &[Prior], comparisons: &[Shares], ridge: f64) -> Result<Self, StatsError> {
        check(priors, comparisons, ridge)?;
        let given: Vec<f64> = priors.iter().filter_map(|prior| prior.mean()).collect();
        let centre = given.iter().sum::<f64>() / (given.len().max(1)) as f64;
        let mut open = Vec::with_capacity(priors.len());
        let mut variances = Vec::new();
        for prior in priors {
            let variance = match prior {
                Prior::Exact(_) => None,
                Prior::Around(_, deviation) => Some(deviation * deviation),
                Prior::Unknown => Some(1.0 / ridge),
            };
            open.push(variance.map(|_| variances.len()));
            variances.extend(variance);
        }
        let size = variances.len();
        let mut precision = vec![0.0; size * size];
        for (at, variance) in variances.iter().enumerate() {
            precision[at * size + at] = 1.0 / variance;
        }
        let means: Vec<f64> = priors
            .iter()
            .map(|prior| prior.mean().unwrap_or(centre))
            .collect();
        let found = Problem {
            means: &means,
            open: &open,
            precision: &precision,
            comparisons,
        }
        .solve()?;
        let deviations = open
            .iter()
            .map(|place| place.map_or(0.0, |at| found.variance(at).sqrt()))
            .collect();
        Ok(AnchorScale {
            means: found.strengths,
            open,
            precision: found.curvature,
            deviations,
            ridge,
        })
    }

    /// The strengths of the anchors.
    pub fn anchors(&self) -> Vec<PlacedStrength> {
        let both = self.means.iter().zip(&self.deviations);
        both.map(|(mean, deviation)| PlacedStrength::new(*mean, *deviation))
            .collect()
    }

    /// Places one item by its comparisons with anchors: (anchor, share of the vote for the item).
    ///
    /// The anchors move with it as far as they are open, and for this item only, so that no item depends on which
    /// others are placed. Its prior is normal with variance 1 / ridge around the mean of the anchors; a ridge of 1 is
    /// Compare2Score's (Zhu et al. 2024, after Tsukida and Gupta 2011). Strictly concave, solved by Newton's method.
    ///
    /// ```
    /// use opine::stats::strengths::{AnchorScale, Prior};
    /// let scale = AnchorScale::new(&[Prior::Exact(-1.0), Prior::Exact(1.0)], &[], 1.0)?;
    /// let between = scale.place(&[(0, 0.9), (1, 0.1)])?;
    /// assert!(between.value.abs() < 1e-9);
    /// assert!(scale.place(&[(0, 1.0), (1, 1.0)])?.value > 0.7);
    /// # Ok::<(), opine::stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without a comparison; else as [`AnchorScale::new`].
    pub fn place(&self, against: &[(usize, f64)]) -> Result<PlacedStrength, StatsError> {
        if against.is_empty() {
            return Err(StatsError::TooFew {
                statistic: STATISTIC,
                needed: 1,
                got: 0,
            });
        }
        let anchors = self.means.len();
        let comparisons: Vec<Shares> = against
            .iter()
            .map(|(anchor, share)| (anchors, *anchor, [*share, 1.0 - share]))
            .collect();
        check_comparisons(anchors + 1, &comparisons)?;
        let centre = self.means.iter().sum::<f64>() / anchors as f64;
        let means: Vec<f64> = self.means.iter().copied().chain([centre]).collect();
        let inner = self.open.iter().flatten().count();
        let open: Vec<Option<usize>> = self.open.iter().copied().chain([Some(inner)]).collect();
        let size = inner + 1;
        let mut precision = vec![0.0; size * size];
        for (row, from) in self.precision.chunks(inner.max(1)).enumerate() {
            precision[row * size..row * size + inner].copy_from_slice(from);
        }
        precision[inner * size + inner] = self.ridge;
        let found = Problem {
            means: &means,
            open: &open,
            precision: &precision,
            comparisons: &comparisons,
        }
        .solve()?;
        let deviation = found.variance(inner).sqrt();
        Ok(PlacedStrength::new(found.strengths[anchors], deviation))
    }
}

impl Prior {
    fn mean(self) -> Option<f64> {
        match self {
            Prior::Exact(mean) | Prior::Around(mean, _) => Some(mean),
            Prior::Unknown => None,
        }
    }
}

impl PlacedStrength {
    fn new(value: f64, deviation: f64) -> Self {
        let half = normal_quantile(0.5 + DEFAULT_LEVEL / 2.0) * deviation;
        PlacedStrength {
            value,
            deviation,
            interval: Interval {
                low: value - half,
                high: value + half,
                level: DEFAULT_LEVEL,
                method: Cow::Borrowed(METHOD),
            },
        }
    }
}

fn check(priors: &[Prior], comparisons: &[Shares], ridge: f64) -> Result<(), StatsError> {
    let wrong = |argument, value: String, allowed| {
        Err(StatsError::Argument {
            argument,
            value,
            allowed,
        })
    };
    if !ANCHORS.contains(&priors.len()) {
        return wrong("anchors", priors.len().to_string(), "2 to 64 anchors");
    }
    if !(ridge > 0.0 && ridge.is_finite()) {
        return wrong("ridge", ridge.to_string(), "a finite number above zero");
    }
    for prior in priors {
        let sound = match prior {
            Prior::Exact(mean) => mean.is_finite(),
            Prior::Around(mean, deviation) => {
                mean.is_finite() && *deviation > 0.0 && deviation.is_finite()
            }
            Prior::Unknown => true,
        };
        if !sound {
            let allowed = "a finite strength, with a finite standard deviation above 0";
            return wrong("anchors", format!("{prior:?}"), allowed);
        }
    }
    check_comparisons(priors.len(), comparisons)
}

fn check_comparisons(items: usize, comparisons: &[Shares]) -> Result<(), StatsError> {
    for (one, other, shares) in comparisons {
        let sound = shares.iter().all(|share| (0.0..=1.0).contains(share));
        if one == other || *one >= items || *other >= items || !sound {
            return Err(StatsError::Argument {
                argument: "comparisons",
                value: format!("{shares:?} of {one} and {other}"),
                allowed: "two different items, and shares from 0 to 1",
            });
        }
    }
    Ok(())
}

/// Strengths of which some are open under a normal prior, and comparisons of them.
struct Problem<'a> {
    /// Of the prior; exact strengths are their own.
    means: &'a [f64],
    open: &'a [Option<usize>],
    precision: &'a [f64],
    comparisons: &'a [Shares],
}

/// The most probable strengths, and the second derivatives there of the open ones.
struct Found {
    strengths: Vec<f64>,
    curvature: Vec<f64>,
    covariance: Vec<f64>,
}

impl Found {
    fn variance(&self, at: usize) -> f64 {
        let size = self.covariance.len().isqrt();
        self.covariance[at * size + at]
    }
}

impl Problem<'_> {
    fn solve(&self) -> Result<Found, StatsError> {
        let mut strengths = self.means.to_vec();
        let size = self.open.iter().flatten().count();
        let (mut value, mut gradient, mut curvature) = self.at(&strengths);
        for step_number in 0..MOST_STEPS {
            let mut covariance = curvature.clone();
            let failed = |step| StatsError::NotConverged {
                statistic: STATISTIC,
                iterations: step_number,
                step,
            };
            if size > 0 && !invert(&mut covariance, size) {
                return Err(failed(f64::INFINITY));
            }
            let step: Vec<f64> = (covariance.chunks(size.max(1)))
                .map(|row| row.iter().zip(&gradient).map(|(c, g)| c * g).sum())
                .collect();
            let largest = step
                .iter()
                .fold(0.0, |most: f64, part| most.max(part.abs()));
            if largest <= 1e-10 {
                return Ok(Found {
                    strengths,
                    curvature,
                    covariance,
                });
            }
            let fall: f64 = step.iter().zip(&gradient).map(|(s, g)| s * g).sum();
            let mut length = 1.0;
            loop {
                let trial = self.moved(&strengths, &step, length);
                let there = self.at(&trial);
                // Below what the value can show, Newton's step is trusted.
                let flat = fall <= 1e-13 * (1.0 + value.abs());
                if flat || there.0 <= value - 1e-4 * length * fall {
                    strengths = trial;
                    (value, gradient, curvature) = there;
                    break;
                }
                length *= 0.5;
                if length < 1e-12 {
                    return Err(failed(largest));
                }
            }
        }
        Err(StatsError::NotConverged {
            statistic: STATISTIC,
            iterations: MOST_STEPS,
            step: f64::NAN,
        })
    }

    fn moved(&self, from: &[f64], step: &[f64], length: f64) -> Vec<f64> {
        let moved = from.iter().zip(self.open);
        moved
            .map(|(strength, open)| open.map_or(*strength, |at| strength - length * step[at]))
            .collect()
    }

    /// Negative log-posterior, with its first and second derivatives by the open strengths.
    fn at(&self, strengths: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
        let size = self.open.iter().flatten().count();
        let mut curvature = self.precision.to_vec();
        let mut off = vec![0.0; size];
        for (at, place) in self.open.iter().enumerate() {
            if let Some(place) = place {
                off[*place] = strengths[at] - self.means[at];
            }
        }
        let mut gradient: Vec<f64> = (self.precision.chunks(size.max(1)))
            .map(|row| row.iter().zip(&off).map(|(p, x)| p * x).sum())
            .collect();
        let mut value = 0.5 * off.iter().zip(&gradient).map(|(x, g)| x * g).sum::<f64>();
        for (one, other, [first, second]) in self.comparisons {
            let difference = strengths[*one] - strengths[*other];
            let local = Model::Thurstone.local(difference, 0.0, [*first, *second, 0.0]);
            value += local.value;
            let signed = [(self.open[*one], 1.0), (self.open[*other], -1.0)];
            for (place, sign) in signed {
                let Some(place) = place else { continue };
                gradient[place] += sign * local.slope;
                for (across, other_sign) in signed {
                    if let Some(across) = across {
                        curvature[place * size + across] += sign * other_sign * local.bend;
                    }
                }
            }
        }
        (value, gradient, curvature)
    }
}
