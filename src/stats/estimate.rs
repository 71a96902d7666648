//! A statistic as it may be shown: never a bare number.

use std::borrow::Cow;

/// An interval estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Nominal coverage, for instance 0.95.
    pub level: f64,
    /// How it was made, for instance `fisher-z` or `percentile bootstrap, 1000 resamples, seed 7`.
    pub method: Cow<'static, str>,
}

/// A statistic with all that is needed to judge it.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Name of the statistic, in snake case: `pearson`, `spearman`, `kendall_tau_b`.
    pub name: &'static str,
    /// The value.
    pub value: f64,
    /// Interval, where one exists for this statistic and n.
    pub interval: Option<Interval>,
    /// Two-sided p-value against the statistic's null hypothesis, where one exists.
    pub p_value: Option<f64>,
    /// Number of observations that entered.
    pub n: usize,
    /// How the p-value was computed, for instance `t distribution` or `asymptotic normal`.
    pub method: Cow<'static, str>,
    /// The choices that another program might have made otherwise: ties, missing answers, averaging.
    pub convention: Cow<'static, str>,
}

impl Estimate {
    /// An estimate without interval or p-value; both can be added with the `with_` functions.
    pub fn new(
        name: &'static str,
        value: f64,
        n: usize,
        convention: impl Into<Cow<'static, str>>,
    ) -> Self {
        Estimate {
            name,
            value,
            interval: None,
            p_value: None,
            n,
            method: Cow::Borrowed("point estimate"),
            convention: convention.into(),
        }
    }

    /// The same with a p-value and how it was computed.
    #[must_use]
    pub fn with_p_value(mut self, p_value: f64, method: impl Into<Cow<'static, str>>) -> Self {
        self.p_value = Some(p_value);
        self.method = method.into();
        self
    }

    /// The same with an interval.
    #[must_use]
    pub fn with_interval(mut self, interval: Interval) -> Self {
        self.interval = Some(interval);
        self
    }
}
