//! Labelled scores, and the thresholds between which they lie.

use crate::stats::{Side, StatsError};

/// Scores of items that people called good or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// Each distinct score from the best to the worst, with its items and the good ones among them.
    scores: Vec<Step>,
    items: usize,
    good: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    score: f64,
    items: usize,
    good: usize,
}

/// A threshold: everything at least as good as it is accepted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The score at which items begin to be accepted, which is the score of an item.
    pub threshold: f64,
    /// Items that are accepted.
    pub accepted: usize,
    /// Good ones among them.
    pub good: usize,
}

impl Candidate {
    /// Share of the accepted items that is good.
    pub fn precision(&self) -> f64 {
        self.good as f64 / self.accepted as f64
    }
}

impl Labelled {
    /// Scores of which `higher_is_better` says the direction, each with whether people call the item good.
    ///
    /// Equal scores are one candidate: no threshold parts them.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below two items, [`StatsError::NonFinite`], and [`StatsError::OneClass`] where all items
    /// are good, or none is.
    pub fn new(items: &[(f64, bool)], higher_is_better: bool) -> Result<Self, StatsError> {
        if items.len() < 2 {
            return Err(StatsError::TooFew {
                statistic: "threshold",
                needed: 2,
                got: items.len(),
            });
        }
        let strange = items.iter().position(|(score, _)| !score.is_finite());
        if let Some(index) = strange {
            return Err(StatsError::NonFinite {
                side: Side::Predicted,
                index,
                value: items[index].0,
            });
        }
        let good = items.iter().filter(|(_, good)| *good).count();
        if good == 0 || good == items.len() {
            let only = if good == 0 { "not good" } else { "good" };
            return Err(StatsError::OneClass {
                statistic: "threshold",
                only: only.to_owned(),
            });
        }
        let mut sorted = items.to_vec();
        sorted.sort_by(|one, other| {
            let rising = one.0.total_cmp(&other.0);
            if higher_is_better {
                rising.reverse()
            } else {
                rising
            }
        });
        let mut scores: Vec<Step> = Vec::new();
        for (score, good) in sorted {
            match scores.last_mut() {
                Some(last) if last.score.total_cmp(&score).is_eq() => {
                    last.items += 1;
                    last.good += usize::from(good);
                }
                _ => scores.push(Step {
                    score,
                    items: 1,
                    good: usize::from(good),
                }),
            }
        }
        Ok(Labelled {
            scores,
            items: items.len(),
            good,
        })
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Number of good items.
    pub fn good(&self) -> usize {
        self.good
    }

    /// Every threshold, from the strictest, which accepts the items of the best score, to that which accepts all.
    pub fn candidates(&self) -> Vec<Candidate> {
        let mut accepted = 0;
        let mut good = 0;
        let cumulated = self.scores.iter().map(|step| {
            accepted += step.items;
            good += step.good;
            Candidate {
                threshold: step.score,
                accepted,
                good,
            }
        });
        cumulated.collect()
    }
}
