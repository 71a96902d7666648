//! Thresholds whose meaning is shown: where to accept so that a target holds with a stated confidence.
//!
//! Learn then Test (Angelopoulos, Bates, Candès, Jordan, Lei 2021, arXiv 2110.01052): every candidate threshold is a
//! hypothesis "the target is missed here", tested by an exact binomial p-value, in an order that the labels do not
//! choose; a threshold that is chosen misses its target with at most the stated probability.

mod candidates;
mod cost;
mod fitting;
mod moments;
mod powered;
#[cfg(test)]
mod powered_tests;
mod precision;
mod recall;
mod sequence;
mod share;
mod target;
#[cfg(test)]
mod tests;

pub use candidates::{Candidate, Labelled};
pub use fitting::{Attained, ThresholdFit, fit_threshold, precise_thresholds};
pub use powered::{PoweredFit, fit_powered_threshold, powered_precise_thresholds};
pub use share::{labels_for_share, share_above_p_value, share_lower_bound};
pub use target::Target;
