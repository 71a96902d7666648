//! Many judged items, few of them labelled by people, and whether the few look like the many.

use crate::stats::fit::moments::{co_deviation, mean};
use crate::stats::{Estimate, PairedSample, Side, StatsError};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Items that people labelled, with the judge's value, and the judge's values of all others.
///
/// No item is in both. At least two of each; all finite.
#[derive(Debug, Clone, PartialEq)]
pub struct FewLabels {
    labelled: PairedSample,
    unlabelled: Vec<f64>,
}

impl FewLabels {
    /// Takes both parts.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below two items in a part; [`StatsError::NonFinite`].
    pub fn new(labelled: PairedSample, unlabelled: &[f64]) -> Result<Self, StatsError> {
        for got in [labelled.len(), unlabelled.len()] {
            if got < 2 {
                return Err(StatsError::TooFew {
                    statistic: "prediction-powered inference",
                    needed: 2,
                    got,
                });
            }
        }
        if let Some(index) = unlabelled.iter().position(|value| !value.is_finite()) {
            return Err(StatsError::NonFinite {
                side: Side::Predicted,
                index,
                value: unlabelled[index],
            });
        }
        Ok(FewLabels {
            labelled,
            unlabelled: unlabelled.iter().map(|value| value + 0.0).collect(),
        })
    }

    /// Labelled items.
    pub fn labelled(&self) -> &PairedSample {
        &self.labelled
    }

    /// The judge's values of items without a label.
    pub fn unlabelled(&self) -> &[f64] {
        &self.unlabelled
    }

    /// Compares the judge's values of labelled and of unlabelled items.
    pub fn check(&self) -> LabelledCheck {
        labelled_check(self.labelled.predicted(), &self.unlabelled)
    }
}

/// Whether the labelled items look like a random part of all, as far as the judge's values show.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledCheck {
    /// Difference of means, labelled less unlabelled, in pooled standard deviations.
    pub standardised_difference: f64,
    /// Two-sided p-value of Welch's t test of the means.
    pub p_value_of_means: f64,
    /// Kolmogorov and Smirnov's distance between the two distributions.
    pub kolmogorov_smirnov: Estimate,
    /// What is wrong, where a p-value is below 0.025 (5 % in both tests together).
    pub warning: Option<String>,
}

/// Either test alone warns below this, which is 5 % of false alarms for both.
const ALARM: f64 = 0.025;

fn labelled_check(labelled: &[f64], unlabelled: &[f64]) -> LabelledCheck {
    let (standardised_difference, p_value_of_means) = compare_means(labelled, unlabelled);
    let distance = distance(labelled, unlabelled);
    let (n, m) = (labelled.len() as f64, unlabelled.len() as f64);
    let p_value = kolmogorov_tail(distance, n * m / (n + m));
    let warning = (p_value.min(p_value_of_means) < ALARM).then(|| {
        format!(
            "the labelled items do not look like a random part of all: the judge's mean differs by \
             {standardised_difference:.2} standard deviations (p {p_value_of_means:.2e}), its \
             distribution by {distance:.3} (p {p_value:.2e}); the corrected figure may be wrong"
        )
    });
    LabelledCheck {
        standardised_difference,
        p_value_of_means,
        kolmogorov_smirnov: Estimate::new(
            "kolmogorov_smirnov",
            distance,
            labelled.len() + unlabelled.len(),
            "judge's values, labelled against unlabelled",
        )
        .with_p_value(
            p_value,
            "asymptotic, Stephens' correction; cautious with ties",
        ),
        warning,
    }
}

/// Standardised difference of means and Welch's p-value; 0 and 1 where nothing varies nor differs.
fn compare_means(labelled: &[f64], unlabelled: &[f64]) -> (f64, f64) {
    let variance = |values: &[f64]| co_deviation(values, values) / (values.len() as f64 - 1.0);
    let difference = mean(labelled) - mean(unlabelled);
    let variances = [variance(labelled), variance(unlabelled)];
    let sizes = [labelled.len() as f64, unlabelled.len() as f64];
    let shares = [variances[0] / sizes[0], variances[1] / sizes[1]];
    let error = (shares[0] + shares[1]).sqrt();
    if error <= 0.0 {
        let differs = difference.abs() > 0.0;
        return if differs {
            (difference.signum() * f64::INFINITY, 0.0)
        } else {
            (0.0, 1.0)
        };
    }
    let spread = f64::midpoint(variances[0], variances[1]).sqrt();
    let freedom = (shares[0] + shares[1]).powi(2)
        / (shares[0].powi(2) / (sizes[0] - 1.0) + shares[1].powi(2) / (sizes[1] - 1.0));
    let t = StudentsT::new(0.0, 1.0, freedom).expect("Welch's degrees of freedom are positive");
    let p_value = 2.0 * t.cdf(-(difference / error).abs());
    (difference / spread, p_value)
}

/// Largest distance between the two empirical distribution functions.
fn distance(left: &[f64], right: &[f64]) -> f64 {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (left, right) = (sorted(left), sorted(right));
    let share = |values: &[f64], at: f64| {
        values.partition_point(|value| *value <= at) as f64 / values.len() as f64
    };
    (left.iter().chain(&right))
        .map(|at| (share(&left, *at) - share(&right, *at)).abs())
        .fold(0.0, f64::max)
}

/// Probability of a larger distance under equal distributions: Kolmogorov's series at
/// `(sqrt(e) + 0.12 + 0.11 / sqrt(e)) * distance` (Stephens 1970).
fn kolmogorov_tail(distance: f64, effective: f64) -> f64 {
    let root = effective.sqrt();
    let x = (root + 0.12 + 0.11 / root) * distance;
    if x < 0.2 {
        // The tail is 1 to twelve digits, and the series converges slowly.
        return 1.0;
    }
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * x * x).exp()
    };
    (1..=40).map(term).sum::<f64>().clamp(0.0, 1.0)
}
