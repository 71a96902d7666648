//! The strictest threshold whose recall is shown.

use super::candidates::{Candidate, Labelled};
use super::share::share_above_p_value;

/// The strictest threshold at which the recall is shown to be above `target`, where there is one.
///
/// Recall only falls as the threshold rises, so that tests from lax to strict need no share of the level for each:
/// with the k-th worst good score as the threshold this is the exact tolerance bound of an order statistic.
pub(super) fn shown(labelled: &Labelled, target: f64, level: f64) -> Option<Candidate> {
    let candidates = labelled.candidates();
    let exact = |at: usize| share_above_p_value(candidates[at].good, labelled.good(), target);
    scan(candidates.len(), level, exact).map(|at| candidates[at])
}

/// Place of the strictest candidate that the scan shows, by these p-values.
pub(super) fn scan(candidates: usize, level: f64, p_value: impl Fn(usize) -> f64) -> Option<usize> {
    let shown = (0..candidates).rev();
    shown.take_while(|at| p_value(*at) <= level).last()
}
