//! The area under the ROC curve with DeLong's variance, in O(n log n).

use super::super::tails::{normal_interval, normal_two_sided};
use super::super::{Estimate, StatsError};

/// For each value of one class, the share of the other class that it exceeds, ties counting one half.
///
/// Sun and Xu, "Fast implementation of DeLong's algorithm" (IEEE Signal Processing Letters 2014), take it from
/// midranks; with both classes sorted it is one walk along the two.
pub(super) struct Placements {
    positive: Vec<f64>,
    negative: Vec<f64>,
}

impl Placements {
    pub(super) fn new(positive: &[f64], negative: &[f64]) -> Self {
        let (positive, negative) = (in_order(positive), in_order(negative));
        Placements {
            positive: shares(&positive, &negative),
            negative: shares(&negative, &positive),
        }
    }

    /// The placements of `values` among their mirror images, and of these among `values`.
    pub(super) fn mirrored(values: &[f64]) -> Self {
        let values = in_order(values);
        let images: Vec<(f64, usize)> = values
            .iter()
            .rev()
            .map(|(value, index)| (0.0 - value, *index))
            .collect();
        Placements {
            positive: shares(&values, &images),
            negative: shares(&images, &values),
        }
    }

    pub(super) fn area(&self) -> f64 {
        mean(&self.positive)
    }

    /// DeLong's covariance of two areas on the same cases; the variance where both are the same.
    pub(super) fn covariance(&self, other: &Placements) -> f64 {
        covariance(&self.positive, &other.positive) / self.positive.len() as f64
            + covariance(&self.negative, &other.negative) / self.negative.len() as f64
    }

    /// The area with a normal interval, whose standard error is DeLong's times `inflation`.
    pub(super) fn estimate(
        &self,
        name: &'static str,
        inflation: f64,
        convention: &'static str,
    ) -> Estimate {
        let area = self.area();
        let size = self.positive.len() + self.negative.len();
        let interval = normal_interval(
            area,
            inflation * self.covariance(self).sqrt(),
            (0.0, 1.0),
            "normal, DeLong's standard error",
        );
        Estimate::new(name, area, size, convention).with_interval(interval)
    }

    /// The difference of two areas, `self` less `other`, with DeLong's test of it being 0, whose standard
    /// error is DeLong's times `inflation`.
    pub(super) fn difference(
        &self,
        other: &Placements,
        name: &'static str,
        inflation: f64,
    ) -> Estimate {
        let difference = self.area() - other.area();
        let variance =
            self.covariance(self) + other.covariance(other) - 2.0 * self.covariance(other);
        let error = inflation * variance.max(0.0).sqrt();
        let p_value = if error > 0.0 {
            normal_two_sided(difference / error)
        } else if difference == 0.0 {
            1.0
        } else {
            0.0
        };
        let size = self.positive.len() + self.negative.len();
        Estimate::new(
            name,
            difference,
            size,
            "first less second, on the same cases",
        )
        .with_p_value(p_value, "DeLong's test, asymptotic normal")
        .with_interval(normal_interval(
            difference,
            error,
            (-1.0, 1.0),
            "normal, DeLong's standard error",
        ))
    }
}

fn in_order(values: &[f64]) -> Vec<(f64, usize)> {
    let mut order: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
    order.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    order
}

/// For each value, at its index, the share of `others` below it, those equal to it counting one half.
fn shares(values: &[(f64, usize)], others: &[(f64, usize)]) -> Vec<f64> {
    let size = others.len() as f64;
    let mut found = vec![0.0; values.len()];
    let (mut below, mut up_to) = (0, 0);
    for (value, index) in values {
        while below < others.len() && others[below].0 < *value {
            below += 1;
        }
        while up_to < others.len() && others[up_to].0 <= *value {
            up_to += 1;
        }
        found[*index] = 0.5 * (below + up_to) as f64 / size;
    }
    found
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn covariance(first: &[f64], second: &[f64]) -> f64 {
    let (first_mean, second_mean) = (mean(first), mean(second));
    let sum: f64 = first
        .iter()
        .zip(second)
        .map(|(first, second)| (first - first_mean) * (second - second_mean))
        .sum();
    sum / (first.len() as f64 - 1.0)
}

/// Probability that a positive case scores above a negative one, ties counting one half.
///
/// ```text
/// AUC = mean over pairs of 1[x > y] + 1[x = y] / 2
/// ```
/// DeLong, DeLong and Clarke-Pearson (Biometrics 1988) give the interval. Same value as
/// `sklearn.metrics.roc_auc_score`.
///
/// ```
/// use opine::stats::krasula::roc_auc;
/// assert_eq!(roc_auc(&[0.8, 0.4], &[0.1, 0.4])?.value, 0.875);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] below two cases of either kind, [`StatsError::Argument`] for a score that is not finite.
pub fn roc_auc(positive: &[f64], negative: &[f64]) -> Result<Estimate, StatsError> {
    require("roc_auc", positive, negative)?;
    Ok(Placements::new(positive, negative).estimate("roc_auc", 1.0, "ties count one half"))
}

/// The difference of two areas on the same cases, first less second, with DeLong's test.
///
/// Case i of `positive.0` is case i of `positive.1`, and so for `negative`.
///
/// # Errors
/// As [`roc_auc`], and [`StatsError::LengthMismatch`].
pub fn compare_roc_auc(
    positive: (&[f64], &[f64]),
    negative: (&[f64], &[f64]),
) -> Result<Estimate, StatsError> {
    for (first, second) in [positive, negative] {
        if first.len() != second.len() {
            return Err(StatsError::LengthMismatch {
                predicted: first.len(),
                human: second.len(),
            });
        }
    }
    require("roc_auc_difference", positive.0, negative.0)?;
    require("roc_auc_difference", positive.1, negative.1)?;
    let first = Placements::new(positive.0, negative.0);
    Ok(first.difference(
        &Placements::new(positive.1, negative.1),
        "roc_auc_difference",
        1.0,
    ))
}

pub(super) fn require(
    statistic: &'static str,
    positive: &[f64],
    negative: &[f64],
) -> Result<(), StatsError> {
    let fewest = positive.len().min(negative.len());
    if fewest < 2 {
        return Err(StatsError::TooFew {
            statistic,
            needed: 2,
            got: fewest,
        });
    }
    match positive
        .iter()
        .chain(negative)
        .find(|score| !score.is_finite())
    {
        Some(score) => Err(StatsError::Argument {
            argument: "scores",
            value: score.to_string(),
            allowed: "finite numbers",
        }),
        None => Ok(()),
    }
}
