//! The release gate: is the new generator at least as good as the old one, on the same prompts?

mod agreement;
mod difference;
mod report;
#[cfg(test)]
mod tests;
mod validity;

use serde::Serialize;

use super::rows::Row;
use crate::stats::resample::Plan;
pub use agreement::{Agreement, Preferences};
pub use difference::difference;
pub use report::{DimensionRelease, ReleaseError, ReleaseReport, Systems, release};
pub use validity::{PairVerdict, Validity, systems, validity};

/// What is asked of a release.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReleaseSettings {
    /// By how much the new one may be worse, on the judge's scale; 0 or more.
    pub margin: f64,
    /// Whether higher scores are better.
    pub higher_is_better: bool,
    /// Resamples and their seed.
    pub plan: Plan,
}

/// What the prompts show of two systems. All signs are "new is better".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The 95 % interval of the difference lies above 0.
    Better,
    /// It lies below 0.
    Worse,
    /// It holds 0.
    NoDifference,
}

impl Shown {
    /// What an interval of a difference shows.
    fn of(low: f64, high: f64) -> Self {
        if low > 0.0 {
            Shown::Better
        } else if high < 0.0 {
            Shown::Worse
        } else {
            Shown::NoDifference
        }
    }
}

/// Two systems compared by one figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Mean of new minus old over the prompts, turned so that positive is better.
    pub value: f64,
    /// Percentile bootstrap over prompts, 95 %.
    pub ci: [f64; 2],
    /// Two-sided, by swapping the two systems within prompts.
    pub p_value: f64,
    /// The same after Holm over the figures of this release.
    pub p_holm: Option<f64>,
    /// What is shown.
    pub shown: Shown,
    /// Whether the interval lies above minus the margin.
    pub non_inferior: bool,
    /// The least difference that so many prompts would show four times in five, two-sided at 5 %.
    pub minimum_detectable: f64,
    /// Prompts that both systems have.
    pub prompts: usize,
    /// Prompts that one of them lacks, or where a score is missing.
    pub left_out: usize,
}
