//! Statistics of agreement: pure numbers in, estimates with intervals out.
//!
//! Knows nothing of judges, images, files or people, and imports nothing else of this crate.
//! Names, argument order and conventions follow scipy and statsmodels; every result is an
//! [`Estimate`] that says how many observations it rests on and which convention it follows.

mod alternative;
pub mod calibration;
pub mod choosing;
pub mod comparing;
pub mod correcting;
mod distributions;
pub mod drift;
mod error;
mod estimate;
mod fisher;
pub mod fit;
mod incomplete_beta;
pub mod jury;
mod kendall;
mod kendall_null;
mod kendall_pairs;
pub mod krasula;
mod mean;
mod order;
pub mod pairs;
mod pearson;
pub mod rankings;
mod ranks;
pub mod raters;
pub mod resample;
mod sample;
mod spearman;
mod spearman_exact;
pub mod strengths;
mod tails;
pub mod thresholds;
mod weighted_tau;

#[cfg(test)]
mod golden;

pub use alternative::{Alternative, Null, Test};
pub use error::{Side, StatsError};
pub use estimate::{Estimate, Interval};
pub use fisher::{DEFAULT_LEVEL, FisherVariance, fisher_interval, fisher_mean, fisher_z};
pub use kendall::{KendallVariant, kendall, kendall_tau_a, kendall_tau_b, kendall_tau_c};
pub use kendall_pairs::PairCounts;
pub use mean::{Mean, mean, student_reach};
pub use pearson::{pearson, pearson_test};
pub use ranks::{Ranks, quantised};
pub use sample::PairedSample;
pub use spearman::{spearman, spearman_test};
pub use weighted_tau::{
    PairWeight, TauWeights, WeightRank, hyperbolic, weighted_tau, weighted_tau_by,
};
