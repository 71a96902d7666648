//! Split-conformal intervals: how far labels of new items may lie from their calibrated scores.

use super::figures::Figured;
use super::problem::{Prediction, Problem};
use crate::stats::calibration::prediction_set;

/// What of an item's prediction is compared with a quantile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Labels are numbers: an interval of this half-width around the score, held to the human scale.
    HalfWidth(f64),
    /// Labels are levels: those whose probability falls short of 1 by no more than this.
    Shortfall(f64),
}

/// An interval for labels, with the coverage that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Conformal {
    /// Nominal coverage.
    pub level: f64,
    /// How the interval is made.
    pub measure: Measure,
    /// Items whose errors made it.
    pub n: usize,
    /// Share of held-out labels inside intervals that were made without their fold, as the map was. The interval
    /// is Clopper and Pearson's, for whole groups a bootstrap over them.
    pub coverage: Figured,
}

impl Measure {
    /// The kind of measure for these labels, with a quantile of [`nonconformity`].
    pub(super) fn of(problem: &Problem<'_>, quantile: f64) -> Self {
        match problem.classes {
            None => Measure::HalfWidth(quantile),
            Some(_) => Measure::Shortfall(quantile),
        }
    }

    /// Whether the label of a row lies inside.
    pub(super) fn holds(self, problem: &Problem<'_>, row: usize, said: &Prediction) -> bool {
        match (self, &problem.classes, &said.levels) {
            (Measure::Shortfall(quantile), Some(classes), Some(levels)) => {
                prediction_set(levels, quantile).contains(&classes.of[row])
            }
            (Measure::HalfWidth(width) | Measure::Shortfall(width), _, _) => {
                // The same comparison as the quantile's own, so that a tie is inside.
                (problem.items.human[row] - said.value).abs() <= width
            }
        }
    }
}

/// How far a label is from what was said: the absolute error, or 1 less the probability of its level.
pub(super) fn nonconformity(problem: &Problem<'_>, row: usize, said: &Prediction) -> f64 {
    match (&problem.classes, &said.levels) {
        (Some(classes), Some(levels)) => 1.0 - levels[classes.of[row]],
        (_, _) => (problem.items.human[row] - said.value).abs(),
    }
}
