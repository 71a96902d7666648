//! A normal belief about all strengths, made of what each pair's votes say of its difference.

use super::comparisons::Comparisons;
use super::curved::{Curved, Symmetric};
use super::dense::{inverse, invert};
use super::model::Model;
use super::tilted::{Ballot, tilted};
use crate::stats::StatsError;

/// Share of a new message, and of a new dispersion, that is taken over at once: at first, and where that did not
/// come to rest. With very few votes strengths and dispersion can chase each other; then the dispersion stays.
const DAMPING: [[f64; 2]; 4] = [[0.9, 0.9], [0.5, 0.5], [0.5, 0.0], [0.2, 0.0]];
const SWEEPS_EACH: usize = 15;
/// A sweep that moves no difference by more than this, in its deviations, is the last.
const SETTLED: f64 = 0.01;
/// How much is known beforehand of the dispersion, which is then 1: as much as one even vote tells.
const PRIOR_BEND: f64 = 0.05;

/// What the votes on one pair say of its difference, as a normal factor: precision, and precision times mean.
#[derive(Debug, Clone, Copy, Default)]
struct Message {
    precision: f64,
    pull: f64,
}

/// Expectation propagation (Minka 2001) with normal factors on the differences of pairs.
///
/// Strengths have a normal prior of variance `spread`. The votes enter as `exp(-L / dispersion)`, where
/// dispersion is the variance of a vote over that of a toss with the model's probability.
#[derive(Debug, Clone)]
pub(super) struct Belief {
    model: Model,
    items: usize,
    /// Of each pair, what its difference is made of.
    made_of: Vec<Vec<(usize, f64)>>,
    ballots: Vec<Ballot>,
    messages: Vec<Message>,
    /// All unknowns, and their covariance row after row.
    pub(super) mean: Vec<f64>,
    pub(super) covariance: Vec<f64>,
    pub(super) spread: f64,
    pub(super) dispersion: f64,
    /// Votes of positive weight, and how many of them the unknowns have not used up.
    pub(super) spare: f64,
}

impl Belief {
    /// Starts from the curvature at the most probable point under the problem's ridge.
    pub(super) fn new(problem: &mut Comparisons<'_>, point: &[f64]) -> Result<Self, StatsError> {
        let mut gradient = vec![0.0; point.len()];
        problem.curve(point, &mut gradient);
        let covariance = inverse(problem, 0.0).ok_or_else(broken)?;
        let made_of: Vec<_> = (0..problem.table.len())
            .map(|pair| problem.made_of(pair))
            .collect();
        let mut ballots = vec![Ballot::default(); made_of.len()];
        for (index, vote) in problem.votes.all().iter().enumerate() {
            let [first, _, tie] = vote.outcome.shares();
            let share = first + 0.5 * tie;
            let (pair, turned) = problem.table.place(vote, index);
            ballots[pair].add(if turned { 1.0 - share } else { share }, vote.weight);
        }
        let messages = (made_of.iter().zip(&ballots))
            .map(|(parts, ballot)| {
                let d = along(parts, point);
                let local = ballot.local(problem.model, d);
                Message {
                    precision: local.bend,
                    pull: local.bend * d - local.slope,
                }
            })
            .collect();
        Ok(Belief {
            model: problem.model,
            items: problem.items(),
            made_of,
            ballots,
            messages,
            mean: point.to_vec(),
            covariance,
            spread: 1.0 / problem.ridge,
            dispersion: 1.0,
            spare: 0.0,
        })
    }

    /// Moves to another variance of the prior and sweeps until nothing moves.
    ///
    /// # Errors
    /// [`StatsError::NotConverged`] where the sweeps do not come to rest.
    pub(super) fn settle(&mut self, spread: f64) -> Result<(), StatsError> {
        self.spread = spread;
        self.gather()?;
        let mut moved = f64::INFINITY;
        for damping in DAMPING {
            for _ in 0..SWEEPS_EACH {
                moved = self.sweep(damping);
                self.gather()?;
                if moved <= SETTLED {
                    return Ok(());
                }
            }
        }
        Err(StatsError::NotConverged {
            statistic: "posterior of strengths",
            iterations: DAMPING.len() * SWEEPS_EACH,
            step: moved,
        })
    }

    /// New messages from all pairs, and a new dispersion; how far the differences and the dispersion moved.
    fn sweep(&mut self, [damping, of_dispersion]: [f64; 2]) -> f64 {
        let (mut moved, mut squares, mut settled, mut bend) = (0.0_f64, 0.0, 0.0, 0.0);
        for (at, parts) in self.made_of.iter().enumerate() {
            let (mean, variance) = (along(parts, &self.mean), self.variance(parts));
            let message = &mut self.messages[at];
            let precision = 1.0 / variance - message.precision;
            if precision.is_nan() || precision <= 0.0 {
                // Nothing but this pair's own votes speaks of its difference.
                continue;
            }
            let pull = mean / variance - message.pull;
            let found = tilted(
                self.model,
                &self.ballots[at],
                self.dispersion,
                pull / precision,
                1.0 / precision,
            );
            moved = moved.max((found.mean - mean).abs() / variance.sqrt());
            moved = moved.max((found.variance / variance - 1.0).abs());
            let new = Message {
                precision: (1.0 / found.variance - precision).max(0.0),
                pull: found.mean / found.variance - pull,
            };
            message.precision += damping * (new.precision - message.precision);
            message.pull += damping * (new.pull - message.pull);
            squares += found.squares;
            settled += found.settled;
            bend += found.bend;
        }
        // In expectation over the belief, votes deviate from their probabilities by `squares`, of which the
        // part that the belief itself is unsure of shrinks and grows with the dispersion.
        let left = (bend - (squares - settled) / self.dispersion).max(0.0);
        self.spare = left / bend.max(f64::MIN_POSITIVE);
        let dispersion = (settled + PRIOR_BEND) / (left + PRIOR_BEND);
        let scale = (self.dispersion / dispersion).powf(of_dispersion);
        for message in &mut self.messages {
            message.precision *= scale;
            message.pull *= scale;
        }
        self.dispersion /= scale;
        moved.max(scale.ln().abs())
    }

    /// Mean and covariance from the prior and all messages.
    fn gather(&mut self) -> Result<(), StatsError> {
        let size = self.mean.len();
        let mut pulls = vec![0.0; size];
        self.covariance.fill(0.0);
        for item in 0..self.items {
            self.covariance[item * size + item] = 1.0 / self.spread;
        }
        for (parts, message) in self.made_of.iter().zip(&self.messages) {
            for (one, x) in parts {
                pulls[*one] += x * message.pull;
                for (other, y) in parts {
                    self.covariance[one * size + other] += message.precision * x * y;
                }
            }
        }
        if !invert(&mut self.covariance, size) {
            return Err(broken());
        }
        for (mean, row) in self.mean.iter_mut().zip(self.covariance.chunks(size)) {
            *mean = row.iter().zip(&pulls).map(|(c, pull)| c * pull).sum();
        }
        Ok(())
    }

    fn variance(&self, parts: &[(usize, f64)]) -> f64 {
        let size = self.mean.len();
        let rows = parts.iter().map(|(one, x)| {
            let row = &self.covariance[one * size..(one + 1) * size];
            x * along(parts, row)
        });
        rows.sum()
    }

    /// Sum of squared strengths, expected, and how many strengths the votes determine.
    pub(super) fn length(&self) -> (f64, f64) {
        let size = self.mean.len();
        let trace: f64 = (0..self.items)
            .map(|item| self.covariance[item * size + item])
            .sum();
        let means = self.mean[..self.items].iter().map(|mean| mean * mean);
        let known = self.items as f64 - trace / self.spread;
        (means.sum::<f64>() + trace, known)
    }
}

fn along(parts: &[(usize, f64)], values: &[f64]) -> f64 {
    parts.iter().map(|(at, x)| x * values[*at]).sum()
}

fn broken() -> StatsError {
    StatsError::Undefined {
        statistic: "posterior of strengths",
        reason: "the likelihood is flat at the fit".to_owned(),
    }
}
