//! What must be shown before a monotone map is fitted.

use super::forecast::{require_finite, same_length};
use crate::stats::fit::Direction;
use crate::stats::fit::moments::{correlation, fisher_interval};
use crate::stats::{Interval, PairedSample, StatsError};

/// That a judge's values rise or fall with people's: Spearman's interval leaves out zero.
///
/// A monotone map fitted without it turns noise into confident probabilities, so the maps here ask for it.
#[derive(Debug, Clone, PartialEq)]
pub struct MonotoneEvidence {
    direction: Direction,
    spearman: Interval,
}

impl MonotoneEvidence {
    /// Takes the interval of Spearman's rho as computed elsewhere.
    ///
    /// ```
    /// use opine::stats::{Interval, StatsError, calibration::MonotoneEvidence};
    /// let interval = |low, high| Interval { low, high, level: 0.95, method: "fisher-z".into() };
    /// assert!(MonotoneEvidence::from_interval(&interval(0.2, 0.6)).is_ok());
    /// assert!(matches!(
    ///     MonotoneEvidence::from_interval(&interval(-0.1, 0.6)),
    ///     Err(StatsError::Undefined { .. })
    /// ));
    /// ```
    ///
    /// # Errors
    /// [`StatsError::Undefined`] where the interval holds zero, or has an end that is no number.
    pub fn from_interval(spearman: &Interval) -> Result<Self, StatsError> {
        let direction = if spearman.low > 0.0 {
            Direction::Increasing
        } else if spearman.high < 0.0 {
            Direction::Decreasing
        } else {
            return Err(StatsError::Undefined {
                statistic: "monotone map",
                reason: format!(
                    "Spearman's interval {:.3} to {:.3} holds zero: no monotone relation is shown",
                    spearman.low, spearman.high
                ),
            });
        };
        Ok(MonotoneEvidence {
            direction,
            spearman: spearman.clone(),
        })
    }

    /// Computes rho on midranks and its interval, `atanh rho +- 1.96 * 1.03 / sqrt(n - 3)` (Fieller,
    /// Hartley, Pearson 1957).
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below four pairs, [`StatsError::Constant`], and as for `from_interval`.
    pub fn from_sample(sample: &PairedSample) -> Result<Self, StatsError> {
        sample.require_varied("monotone map", 4)?;
        let ranks = [sample.predicted(), sample.human()].map(midranks);
        let rho = correlation(&ranks[0], &ranks[1]).ok_or_else(|| StatsError::Undefined {
            statistic: "monotone map",
            reason: "ranks do not vary".to_owned(),
        })?;
        let interval = fisher_interval(
            rho,
            sample.len(),
            1.06_f64.sqrt(),
            "fisher-z, variance 1.06 / (n - 3)",
        )
        .expect("four pairs or more were required");
        Self::from_interval(&interval)
    }

    /// The same for outcomes of two kinds.
    ///
    /// # Errors
    /// As for `from_sample`; [`StatsError::OneClass`] where all outcomes are the same.
    pub fn from_outcomes(scores: &[f64], outcomes: &[bool]) -> Result<Self, StatsError> {
        same_length(scores.len(), outcomes.len())?;
        require_finite(scores)?;
        require_both("monotone map", outcomes)?;
        let outcomes: Vec<f64> = outcomes
            .iter()
            .map(|o| super::forecast::indicator(*o))
            .collect();
        Self::from_sample(&PairedSample::new(scores, &outcomes)?)
    }

    /// Which way the relation leads; never mixed.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The interval that was shown.
    pub fn spearman(&self) -> &Interval {
        &self.spearman
    }
}

pub(super) fn require_both(statistic: &'static str, outcomes: &[bool]) -> Result<(), StatsError> {
    let Some(first) = outcomes.first() else {
        return Err(StatsError::TooFew {
            statistic,
            needed: 2,
            got: 0,
        });
    };
    if outcomes.iter().any(|outcome| outcome != first) {
        return Ok(());
    }
    Err(StatsError::OneClass {
        statistic,
        only: first.to_string(),
    })
}

/// Ranks from 1, equal values sharing the mean of theirs.
fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for run in order.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        let rank = start as f64 + (run.len() as f64 + 1.0) / 2.0;
        run.iter().for_each(|index| ranks[*index] = rank);
        start += run.len();
    }
    ranks
}
