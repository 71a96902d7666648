//! What maps say of items that they were not fitted on, and whether intervals made without them hold them.
//!
//! Every figure of a report rests on these. Two layers are held out: the map that speaks of an item has not
//! seen its fold; and the interval that should hold the item is made of errors of maps that have seen neither
//! its fold nor the fold of the item that they erred on.

use super::CalibrationError;
use super::conformal::{Measure, nonconformity};
use super::folds::Folds;
use super::problem::{Prediction, Problem};
use crate::judging::CalibrationMap;
use crate::stats::calibration::conformal_quantile;

/// Results for each item, in the order of the items.
#[derive(Debug, Clone)]
pub(super) struct HeldOut {
    /// By the map without the item's fold.
    pub(super) predictions: Vec<Prediction>,
    /// How far the label was from that prediction.
    pub(super) scores: Vec<f64>,
    /// Whether the interval of the item, made without its fold, holds its label.
    pub(super) covered: Vec<bool>,
}

pub(super) fn held_out(
    problem: &Problem<'_>,
    folds: &Folds,
    coverage: f64,
) -> Result<HeldOut, CalibrationError> {
    let without = |left: &[usize]| -> Result<CalibrationMap, CalibrationError> {
        problem
            .fit(&folds.outside(left))
            .map_err(|source| CalibrationError::Fold {
                fold: left[0] + 1,
                source: Box::new(source),
            })
    };
    let n = problem.items.len();
    let one: Vec<CalibrationMap> = (0..folds.count)
        .map(|fold| without(&[fold]))
        .collect::<Result<_, _>>()?;
    let predictions: Vec<Prediction> = (0..n)
        .map(|row| problem.predict(&one[folds.of[row]], row))
        .collect::<Result<_, _>>()?;
    let scores = (0..n).map(|row| nonconformity(problem, row, &predictions[row]));
    // For each fold the errors on all other items, of maps that saw neither.
    let mut errors: Vec<Vec<f64>> = vec![Vec::new(); folds.count];
    for first in 0..folds.count {
        for second in first + 1..folds.count {
            let map = without(&[first, second])?;
            for row in 0..n {
                let fold = folds.of[row];
                let outer = if fold == first {
                    second
                } else if fold == second {
                    first
                } else {
                    continue;
                };
                let prediction = problem.predict(&map, row)?;
                errors[outer].push(nonconformity(problem, row, &prediction));
            }
        }
    }
    let quantiles = errors
        .iter()
        .map(|errors| conformal_quantile(errors, 1.0 - coverage))
        .collect::<Result<Vec<f64>, _>>()?;
    let covered = (0..n).map(|row| {
        let measure = Measure::of(problem, quantiles[folds.of[row]]);
        measure.holds(problem, row, &predictions[row])
    });
    Ok(HeldOut {
        covered: covered.collect(),
        scores: scores.collect(),
        predictions,
    })
}
