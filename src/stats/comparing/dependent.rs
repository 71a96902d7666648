//! Two correlations with the same human column.

use super::super::tails::{LEVEL, normal_quantile, normal_two_sided, t_two_sided};
use super::super::{Estimate, Interval, StatsError};

/// The three correlations among two judges and people on the same n items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DependentCorrelations {
    first: f64,
    second: f64,
    between: f64,
    n: f64,
}

/// The difference of two dependent correlations, first less second, and the statistic of its test.
#[derive(Debug, Clone, PartialEq)]
pub struct DependentTest {
    /// The difference with Zou's interval, and the p-value of it being 0.
    pub estimate: Estimate,
    /// Student's t or standard normal z.
    pub statistic: f64,
}

impl DependentCorrelations {
    /// Takes the correlation of either judge with people, and of the judges with each other.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below four items; [`StatsError::Argument`] for a correlation outside -1 to 1
    /// (exclusive), or three that no data can have.
    pub fn new(first: f64, second: f64, between: f64, n: usize) -> Result<Self, StatsError> {
        if n < 4 {
            return Err(StatsError::TooFew {
                statistic: "dependent_correlations",
                needed: 4,
                got: n,
            });
        }
        for (argument, value) in [("first", first), ("second", second), ("between", between)] {
            if value.is_nan() || value.abs() >= 1.0 {
                return Err(StatsError::Argument {
                    argument,
                    value: value.to_string(),
                    allowed: "between -1 and 1",
                });
            }
        }
        let found = DependentCorrelations {
            first,
            second,
            between,
            n: n as f64,
        };
        if found.determinant() < -1e-12 {
            return Err(StatsError::Argument {
                argument: "between",
                value: format!("{between} with {first} and {second}"),
                allowed: "three correlations of one data set",
            });
        }
        Ok(found)
    }

    fn determinant(&self) -> f64 {
        let DependentCorrelations {
            first,
            second,
            between,
            ..
        } = self;
        1.0 - first * first - second * second - between * between + 2.0 * first * second * between
    }

    /// Williams' t with n - 3 degrees of freedom, for Pearson's correlations.
    ///
    /// Williams (1959), recommended by Steiger (1980); same p-value as
    /// `mt_metrics_eval.stats.WilliamsTest(one_sided=False)`.
    ///
    /// ```
    /// use opine::stats::comparing::DependentCorrelations;
    /// let found = DependentCorrelations::new(-0.1741, 0.2015, 0.3734, 646)?.williams();
    /// assert!((found.statistic + 9.0340).abs() < 2e-3);
    /// # Ok::<(), opine::stats::StatsError>(())
    /// ```
    pub fn williams(&self) -> DependentTest {
        let mean = 0.5 * (self.first + self.second);
        let n = self.n;
        let spread = 2.0 * self.determinant().max(0.0) * (n - 1.0) / (n - 3.0)
            + mean * mean * (1.0 - self.between).powi(3);
        let t = self.over(((n - 1.0) * (1.0 + self.between)).sqrt(), spread.sqrt());
        let p_value = t_two_sided(t, n - 3.0);
        self.test("williams_t", t, p_value, "Williams' t")
    }

    /// Steiger's Z: Dunn and Clark's test with the two correlations averaged in the covariance (Steiger, 1980).
    pub fn steiger(&self) -> DependentTest {
        let mean = 0.5 * (self.first + self.second);
        let (square, between) = (mean * mean, self.between);
        let covariance = (between * (1.0 - 2.0 * square)
            - 0.5 * square * (1.0 - 2.0 * square - between * between))
            / (1.0 - square).powi(2);
        let z = self.fisher_difference() * (self.n - 3.0).sqrt() / (2.0 - 2.0 * covariance).sqrt();
        let z = if z.is_nan() { 0.0 } else { z };
        self.test("steiger_z", z, normal_two_sided(z), "Steiger's Z")
    }

    /// Meng, Rosenthal and Rubin's Z (1992).
    pub fn meng(&self) -> DependentTest {
        let square = 0.5 * (self.first * self.first + self.second * self.second);
        let factor = ((1.0 - self.between) / (2.0 * (1.0 - square))).min(1.0);
        let heterogeneity = (1.0 - factor * square) / (1.0 - square);
        let spread = 2.0 * (1.0 - self.between) * heterogeneity / (self.n - 3.0);
        let z = self.fisher_difference() / spread.sqrt();
        self.test(
            "meng_z",
            z,
            normal_two_sided(z),
            "Meng, Rosenthal and Rubin's Z",
        )
    }

    fn fisher_difference(&self) -> f64 {
        self.first.atanh() - self.second.atanh()
    }

    /// The difference times `factor` over `spread`; equal correlations never differ.
    fn over(&self, factor: f64, spread: f64) -> f64 {
        let difference = self.first - self.second;
        if difference == 0.0 {
            0.0
        } else {
            difference * factor / spread
        }
    }

    fn test(
        &self,
        name: &'static str,
        statistic: f64,
        p_value: f64,
        method: &'static str,
    ) -> DependentTest {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "made from a usize"
        )]
        let n = self.n as usize;
        let estimate = Estimate::new(
            name,
            self.first - self.second,
            n,
            "difference of correlations with one human column, first less second",
        )
        .with_p_value(p_value, method)
        .with_interval(self.zou());
        DependentTest {
            estimate,
            statistic,
        }
    }

    /// Zou's interval of the difference (2007): from the two Fisher-z intervals and their dependence.
    fn zou(&self) -> Interval {
        let DependentCorrelations {
            first,
            second,
            between,
            n,
        } = *self;
        let half = normal_quantile(0.5 + LEVEL / 2.0) / (n - 3.0).sqrt();
        let ends = |r: f64| ((r.atanh() - half).tanh(), (r.atanh() + half).tanh());
        let ((low_first, high_first), (low_second, high_second)) = (ends(first), ends(second));
        let correlation = ((between - 0.5 * first * second)
            * (1.0 - first * first - second * second - between * between)
            + between.powi(3))
            / ((1.0 - first * first) * (1.0 - second * second));
        let reach = |one: f64, other: f64| {
            (one * one + other * other - 2.0 * correlation * one * other)
                .max(0.0)
                .sqrt()
        };
        let difference = first - second;
        Interval {
            low: difference - reach(first - low_first, high_second - second),
            high: difference + reach(high_first - first, second - low_second),
            level: LEVEL,
            method: "Zou (2007), from Fisher-z intervals".into(),
        }
    }
}
