//! Correcting a judge with few human labels.
//!
//! A judge's mean over many items is precise and may be wrong; the mean of few human labels is right and
//! imprecise. The methods here combine both, and keep the nominal coverage whatever the judge is worth.

mod few_labels;
mod powered;
mod prevalence;
mod slope;

pub use few_labels::{FewLabels, LabelledCheck};
pub use powered::{Corrected, Lambda, corrected_mean, corrected_proportion};
pub use prevalence::{KnownVerdicts, Prevalence, PrevalenceInterval, corrected_prevalence};
pub use slope::corrected_slope;

#[cfg(test)]
mod tests;
