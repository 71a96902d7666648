//! What a test looks for, and against which null distribution it measures.

/// The alternative hypothesis of a test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Alternative {
    /// The statistic differs from its null value.
    #[default]
    TwoSided,
    /// The statistic is below its null value.
    Less,
    /// The statistic is above its null value.
    Greater,
}

impl Alternative {
    /// The p-value for a statistic with these tail probabilities, each counting the observed value itself.
    ///
    /// Two-sided is twice the smaller tail, at most 1, as scipy has it.
    pub(super) fn p_value(self, at_most: f64, at_least: f64) -> f64 {
        match self {
            Alternative::TwoSided => (2.0 * at_most.min(at_least)).min(1.0),
            Alternative::Less => at_most.min(1.0),
            Alternative::Greater => at_least.min(1.0),
        }
    }
}

/// Which null distribution a p-value comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Null {
    /// What scipy takes by default.
    #[default]
    Auto,
    /// All arrangements of the sample, counted; for small samples only.
    Exact,
    /// The limit for large samples.
    Asymptotic,
}

/// How a coefficient is tested against "no association".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Test {
    /// What the test looks for.
    pub alternative: Alternative,
    /// Against which null distribution.
    pub null: Null,
}
