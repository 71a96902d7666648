//! The strictest threshold whose recall is shown.

use super::candidates::{Candidate, Labelled};
use super::share::share_above_p_value;

/// The strictest threshold at which the recall is shown to be above `target`, where there is one.
///
/// Recall only falls as the threshold rises, so that tests from lax to strict need no share of the level for each:
/// with the k-th worst good score as the threshold this is the exact tolerance bound of an order statistic.
pub(super) fn shown(labelled: &Labelled, target: f64, level: f64) -> Option<Candidate> {
    let mut chosen = None;
    for candidate in labelled.candidates().into_iter().rev() {
        if share_above_p_value(candidate.good, labelled.good(), target) > level {
            break;
        }
        chosen = Some(candidate);
    }
    chosen
}
