//! Whether the judge's scores move with people's at all: without it a monotone map turns noise into confidence.

use super::{CalibrationError, Items};
use crate::judging::Better;
use crate::stats::calibration::MonotoneEvidence;
use crate::stats::fit::Direction;
use crate::stats::resample::{
    BootstrapMethod, Clustered, Plan, ResampledSpearman, bootstrap_interval,
};
use crate::stats::{Estimate, Interval, PairedSample, spearman};

/// Fewest labelled and scored items from which a map is fitted.
pub(super) const LEAST_LABELS: usize = 30;
/// 97.5 % quantile of the standard normal distribution: a two-sided test at 5 %.
const SIGNIFICANCE: f64 = 1.959_964;
/// Its 80 % quantile: such a correlation is shown four times in five.
const POWER: f64 = 0.841_621;

/// A shown relation.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    /// Spearman's rho, with an interval that leaves out 0.
    pub spearman: Estimate,
    /// Which way people's values go as the judge's rise.
    pub direction: Direction,
    pub(super) evidence: MonotoneEvidence,
}

/// Refuses items that cannot carry a monotone map.
pub(super) fn relation(items: &Items, plan: &Plan) -> Result<Relation, CalibrationError> {
    let n = items.len();
    if n < LEAST_LABELS {
        return Err(CalibrationError::TooFew {
            what: "a map",
            needed: LEAST_LABELS,
            got: n,
        });
    }
    if let Some(value) = only(&items.raw) {
        return Err(CalibrationError::ConstantScores { value });
    }
    if let Some(value) = only(&items.human) {
        return Err(CalibrationError::OneClass { value, n });
    }
    let sample = PairedSample::new(&items.raw, &items.human)?;
    let mut spearman = spearman(&sample)?;
    if let Some(groups) = &items.groups {
        // Items of one group are not independent: whole groups are drawn.
        let clustered = Clustered::new(ResampledSpearman::new(&sample)?, groups)?;
        let method = BootstrapMethod::Percentile;
        spearman = spearman.with_interval(bootstrap_interval(&clustered, 0.95, method, plan)?);
    }
    let interval = spearman
        .interval
        .clone()
        .expect("a correlation of thirty items has an interval");
    let Ok(evidence) = MonotoneEvidence::from_interval(&interval) else {
        return Err(CalibrationError::NoRelation {
            n,
            value: spearman.value,
            low: interval.low,
            high: interval.high,
            labels_needed: labels_needed(spearman.value, &interval, n),
        });
    };
    let direction = evidence.direction();
    if direction != expected(items) {
        return Err(CalibrationError::Against {
            found: if direction == Direction::Increasing {
                "rise"
            } else {
                "fall"
            },
            n,
            value: spearman.value,
            low: interval.low,
            high: interval.high,
        });
    }
    Ok(Relation {
        spearman,
        direction,
        evidence,
    })
}

/// The direction in which both scales have their better end.
fn expected(items: &Items) -> Direction {
    match (items.raw_scale.better(), items.human_scale.better()) {
        (Better::Higher, Better::Higher) | (Better::Lower, Better::Lower) => Direction::Increasing,
        (Better::Higher, Better::Lower) | (Better::Lower, Better::Higher) => Direction::Decreasing,
    }
}

/// The only value of a column, if it has but one.
fn only(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    let same = |value: &f64| value.total_cmp(&first).is_eq();
    values.iter().all(same).then_some(first)
}

/// How many labels would show this correlation, were it the true one, four times in five.
///
/// ```text
/// n' = 3 + (n - 3) ((z(0.975) + z(0.8)) se / atanh |rho|)^2,   se = (atanh high - atanh low) / (2 z(0.975))
/// ```
/// The standard error is read from the interval, so that grouped items count for what they are worth.
fn labels_needed(value: f64, interval: &Interval, n: usize) -> Option<u64> {
    const MOST: f64 = 1e6;
    let z = |correlation: f64| correlation.clamp(-1.0 + 1e-12, 1.0 - 1e-12).atanh();
    let error = (z(interval.high) - z(interval.low)) / (2.0 * SIGNIFICANCE);
    let ratio = (SIGNIFICANCE + POWER) * error / z(value).abs();
    let needed = 3.0 + (n as f64 - 3.0) * ratio * ratio;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 3 and a million"
    )]
    (needed <= MOST).then(|| needed.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{FisherVariance, fisher_interval};

    #[test]
    fn a_hundred_items_with_a_tenth_need_near_eight_hundred() {
        // 3 + (1 + 0.1^2 / 2) (1.959964 + 0.841621)^2 / atanh(0.1)^2, Bonett and Wright's variance: 786.6.
        let interval = fisher_interval(0.1, 100, 0.95, FisherVariance::Spearman);
        assert_eq!(labels_needed(0.1, &interval, 100), Some(787));
        let interval = fisher_interval(0.001, 100, 0.95, FisherVariance::Spearman);
        assert_eq!(labels_needed(0.001, &interval, 100), None);
        assert_eq!(labels_needed(0.0, &interval, 100), None);
    }
}
