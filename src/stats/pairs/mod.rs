//! Agreement on pairs: does the judge prefer what people prefer, and what becomes of ties?
//!
//! Two kinds of evidence give the same five counts ([`PairCounts`](super::PairCounts)): scores of items, of which every two make
//! a pair ([`pairwise_accuracy`]), and comparisons that people were asked for ([`preference_accuracy`]). What
//! an accuracy is then depends on the [`TieConvention`] only, and papers differ in it.

mod accuracy;
mod calibration;
mod counts;
mod preference;
mod rated;
mod soft;
#[cfg(test)]
mod tests;
mod tie_width;

pub use accuracy::{ItemPairs, TieConvention, pairwise_accuracy, tau_eq};
pub use calibration::{TieCalibration, calibrate_ties};
pub use counts::pair_counts;
pub use preference::{
    Preference, TieThreshold, best_tie_threshold, preference_accuracy, preference_counts,
};
pub use rated::{better_by_levels, better_by_spread, over_both_orders};
pub use soft::{PairwisePValues, pairwise_p_values, soft_pairwise_accuracy};
pub use tie_width::{HeldOutTies, MarginPair, best_tie_width, cross_fitted_tie_width};
