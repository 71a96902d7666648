//! Newton's method for smooth convex functions of a few unknowns.

use crate::stats::StatsError;
use crate::stats::fit::linear::{dot, solve_positive};

/// A convex function at a point.
pub(super) struct Convex {
    pub(super) value: f64,
    pub(super) gradient: Vec<f64>,
    /// Second derivatives, by rows.
    pub(super) hessian: Vec<Vec<f64>>,
}

const MOST_ITERATIONS: usize = 100;
const MOST_HALVINGS: usize = 60;

/// The point of least value from `start`; `evaluate` gives `None` outside of its domain.
///
/// Steps are halved until the value falls by a ten-thousandth of what was predicted (Lin, Lin, Weng 2007).
/// Converged means that the next step predicts a fall of less than 1e-13 of the value; it is still made.
pub(super) fn least(
    statistic: &'static str,
    start: Vec<f64>,
    evaluate: impl Fn(&[f64]) -> Option<Convex>,
) -> Result<Vec<f64>, StatsError> {
    let failed = |iterations, step| StatsError::NotConverged {
        statistic,
        iterations,
        step,
    };
    let mut point = start;
    let mut here = evaluate(&point).ok_or_else(|| failed(0, f64::INFINITY))?;
    let mut predicted = f64::INFINITY;
    for iteration in 0..MOST_ITERATIONS {
        let step = solve_positive(&here.hessian, &here.gradient)
            .ok_or_else(|| failed(iteration, predicted))?;
        predicted = dot(&here.gradient, &step);
        let towards = |length: f64| -> Vec<f64> {
            let pairs = point.iter().zip(&step);
            pairs.map(|(from, part)| from - length * part).collect()
        };
        if predicted <= 1e-13 * (1.0 + here.value.abs()) {
            return Ok(towards(1.0));
        }
        let lower = (0..MOST_HALVINGS)
            .map(|halvings| 0.5_f64.powi(i32::try_from(halvings).unwrap_or(i32::MAX)))
            .find_map(|length| {
                let next = towards(length);
                let there = evaluate(&next)?;
                (there.value <= here.value - 1e-4 * length * predicted).then_some((next, there))
            });
        (point, here) = lower.ok_or_else(|| failed(iteration, predicted))?;
    }
    Err(failed(MOST_ITERATIONS, predicted))
}
