//! Is one judge better than another, and may a judge stand in for a person?
//!
//! Two judges are compared on the same items, so their figures depend on each other; a test that takes them as
//! independent is wrong here. Closed forms for correlations ([`DependentCorrelations`]), resampling for
//! everything else, corrections for many comparisons, and the alternative-annotator test.

mod alt_test;
mod dependent;
mod independent;
mod multiple;
mod one_sample;
mod resampling;
#[cfg(test)]
mod tests;

pub use alt_test::{
    AltTest, AltTestAnnotator, AltTestOptions, AltTestScoring, SmallSample, alt_test,
};
pub use dependent::{DependentCorrelations, DependentTest};
pub use independent::{Correlated, spearman_fell};
pub use multiple::{Correction, adjust_p_values};
pub use one_sample::{t_test_less, wilcoxon_less};
pub use resampling::{
    ComparedJudges, Resampling, paired_bootstrap, paired_bootstrap_of, paired_permutation,
};
