//! The pairs whose answers are expected to tell most.

use super::gain::gain;
use super::met::Met;
use super::tree::{Worth, greatest_forest};
use crate::stats::StatsError;
use crate::stats::resample::CounterRng;
use crate::stats::strengths::Posterior;

/// Whether a pair may be asked about again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Each pair once: a judge that always answers alike tells nothing the second time.
    Never,
    /// As often as it seems worth: people, and judges that sample, answer anew.
    Allowed,
}

/// How pairs are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Whether pairs may be asked about again.
    pub repeats: Repeats,
    /// Seed of the lots: which of equally informative pairs, and which item is shown first.
    pub seed: u64,
}

/// A pair to ask about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// The item to show first.
    pub first: u32,
    /// The item to show second.
    pub second: u32,
    /// Expected information of the answer, in nats.
    pub gain: f64,
}

/// The one pair that is expected to tell most; nothing once no pair is left.
///
/// Made for asking one question at a time, with a new posterior after each.
///
/// # Errors
/// As [`informative_batch`].
pub fn most_informative(
    posterior: &Posterior,
    met: &Met,
    choice: &Choice,
) -> Result<Option<Question>, StatsError> {
    let gains = Gains::new(posterior, met, choice)?;
    let mut best: Option<((f64, u64), (usize, usize))> = None;
    for second in 1..gains.items {
        for first in 0..second {
            if let Some(worth) = gains.worth(first, second)
                && best.is_none_or(|(known, _)| {
                    worth
                        .0
                        .total_cmp(&known.0)
                        .then(worth.1.cmp(&known.1))
                        .is_gt()
                })
            {
                best = Some((worth, (first, second)));
            }
        }
    }
    Ok(best.map(|(_, (first, second))| gains.question(first, second)))
}

/// Up to `most` pairs to ask about at once, the most informative first; empty once no pair is left.
///
/// The pairs are edges of a spanning tree of the greatest gains: few repeat what another tells, and each item
/// is met. That is the batch of ASAP (Mikhailiuk et al., "Active Sampling for Pairwise Comparisons via
/// Approximate Message Passing and Information Gain Maximization", ICPR 2020), whose posterior is replaced by
/// [`Posterior`]. A batch has one pair fewer than there are items at most.
///
/// Lots are drawn by the number of questions asked so far, so that a run that is resumed goes on as it would have.
///
/// ```
/// use opine::stats::{choosing::*, strengths::{Model, Posterior}};
/// let posterior = Posterior::prior(4, Model::BradleyTerry, 1.0)?;
/// let choice = Choice { repeats: Repeats::Never, seed: 7 };
/// let batch = informative_batch(&posterior, &Met::new(4), &choice, 10)?;
/// assert_eq!(batch.len(), 3);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] when `met` is not of as many items as the posterior.
pub fn informative_batch(
    posterior: &Posterior,
    met: &Met,
    choice: &Choice,
    most: usize,
) -> Result<Vec<Question>, StatsError> {
    let gains = Gains::new(posterior, met, choice)?;
    let mut edges = greatest_forest(gains.items, |one, other| gains.worth(one, other));
    let worth = |(one, other): &(usize, usize)| gains.worth(*one, *other).unwrap_or_default();
    edges.sort_by(|one, other| {
        let (one, other) = (worth(one), worth(other));
        other.0.total_cmp(&one.0).then(other.1.cmp(&one.1))
    });
    edges.truncate(most);
    Ok(edges
        .into_iter()
        .map(|(one, other)| gains.question(one, other))
        .collect())
}

/// The gain of every pair.
struct Gains {
    items: usize,
    /// Of the pairs (0, 1), (0, 2), (1, 2), (0, 3), ...; negative where the pair may not be asked about.
    gains: Vec<f64>,
    seed: u64,
    asked: u64,
}

impl Gains {
    fn new(posterior: &Posterior, met: &Met, choice: &Choice) -> Result<Self, StatsError> {
        let items = posterior.items();
        if met.items() as usize != items {
            return Err(StatsError::Argument {
                argument: "met",
                value: format!("{} items", met.items()),
                allowed: "as many items as the posterior has",
            });
        }
        let mut gains = Vec::with_capacity(items * (items - 1) / 2);
        for second in 1..met.items() {
            for first in 0..second {
                let barred = match choice.repeats {
                    Repeats::Never => met.times(first, second) > 0,
                    Repeats::Allowed => false,
                };
                gains.push(if barred {
                    -1.0
                } else {
                    let (mean, variance) = posterior.difference(first as usize, second as usize);
                    // Digits beyond these are rounding, which must not decide in the place of a lot.
                    (gain(posterior.model(), mean, variance) * 1e12).round() * 1e-12
                });
            }
        }
        Ok(Gains {
            items,
            gains,
            seed: choice.seed,
            asked: met.questions(),
        })
    }

    fn index(one: usize, other: usize) -> usize {
        let (low, high) = (one.min(other), one.max(other));
        high * (high - 1) / 2 + low
    }

    fn worth(&self, one: usize, other: usize) -> Worth {
        let gain = self.gains[Gains::index(one, other)];
        (gain >= 0.0).then(|| (gain, self.lot(one, other)))
    }

    fn lot(&self, one: usize, other: usize) -> u64 {
        // There are fewer than 2^20 pairs of 1,024 items.
        let stream = self.asked << 20 | Gains::index(one, other) as u64;
        CounterRng::new(self.seed, stream).next_u64()
    }

    fn question(&self, one: usize, other: usize) -> Question {
        let item = |at: usize| u32::try_from(at).expect("items are counted in 32 bits");
        let (low, high) = (item(one.min(other)), item(one.max(other)));
        let turned = self.lot(one, other) & 1 == 1;
        Question {
            first: if turned { high } else { low },
            second: if turned { low } else { high },
            gain: self.gains[Gains::index(one, other)],
        }
    }
}
