//! Whether stated probabilities come true, and maps that make them.
//!
//! Maps are fitted on one set of items and tell the truth about others only: measure on a second set.

mod conformal;
mod evidence;
mod forecast;
mod isotonic;
mod newton;
mod ordinal;
mod platt;
mod proportion;
mod reliability;
mod score;
mod temperature;

pub use conformal::{SplitConformal, conformal_quantile, measured_coverage, prediction_set};
pub use evidence::MonotoneEvidence;
pub use forecast::{BinaryForecast, ClassForecast};
pub use isotonic::{IsotonicMap, fit_isotonic, pool_adjacent_violators};
pub use ordinal::{OrdinalMap, fit_ordinal};
pub(in crate::stats) use platt::curve_of_outcomes;
pub use platt::{PlattMap, fit_platt};
pub use proportion::{BinomialInterval, binomial_interval};
pub use reliability::{
    Binning, ReliabilityBin, expected_calibration_error, maximum_calibration_error,
    reliability_table,
};
pub use score::{BrierParts, brier_score, class_negative_log_likelihood, negative_log_likelihood};
pub use temperature::{TemperatureMap, fit_temperature};

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
