//! Pearson's product-moment correlation.

use super::distributions::correlation_p_value;
use super::{
    Alternative, DEFAULT_LEVEL, Estimate, FisherVariance, PairedSample, StatsError, fisher_interval,
};

/// Pearson's r with its Fisher-z interval and two-sided p-value.
///
/// ```text
/// r = sum (x - mean x)(y - mean y) / sqrt(sum (x - mean x)^2 sum (y - mean y)^2)
/// ```
/// Same convention as `scipy.stats.pearsonr`: the p-value is Student's t with n - 2 degrees of freedom,
/// and 1 for two pairs.
///
/// ```
/// use opine::stats::{PairedSample, pearson};
/// let sample = PairedSample::new(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 1.0, 4.0, 3.0, 7.0])?;
/// let estimate = pearson(&sample)?;
/// assert!((estimate.value - 0.824_163_383_692_133_9).abs() < 1e-12);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] below two pairs and [`StatsError::Constant`].
pub fn pearson(sample: &PairedSample) -> Result<Estimate, StatsError> {
    pearson_test(sample, Alternative::TwoSided)
}

/// [`pearson`] with a p-value for the named alternative.
///
/// # Errors
/// As [`pearson`].
pub fn pearson_test(
    sample: &PairedSample,
    alternative: Alternative,
) -> Result<Estimate, StatsError> {
    sample.require_varied("pearson", 2)?;
    let n = sample.len();
    let value = pearson_value(sample.predicted(), sample.human());
    let interval = fisher_interval(value, n, DEFAULT_LEVEL, FisherVariance::Pearson);
    let p_value = correlation_p_value(value, n, alternative).unwrap_or(1.0);
    Ok(Estimate::new("pearson", value, n, "product-moment")
        .with_interval(interval)
        .with_p_value(p_value, "t distribution"))
}

/// r of two columns that both vary.
pub(super) fn pearson_value(predicted: &[f64], human: &[f64]) -> f64 {
    let (predicted, human) = (Centred::of(predicted), Centred::of(human));
    let product = predicted.dot(&human);
    let scale = (predicted.dot(&predicted) * human.dot(&human)).sqrt();
    (product / scale).clamp(-1.0, 1.0)
}

/// Deviations from the mean, after scaling by a power of two so that no square overflows or vanishes.
pub(super) struct Centred(pub(super) Vec<f64>);

impl Centred {
    pub(super) fn of(values: &[f64]) -> Self {
        let scaled = scaled_to_one(values);
        let mean = sum(scaled.iter().copied()) / scaled.len() as f64;
        let deviations: Vec<f64> = scaled.iter().map(|value| value - mean).collect();
        // Deviations may be tiny beside the values; a second scaling keeps their squares normal, and a
        // second centring removes what the rounded mean left.
        let rescaled = scaled_to_one(&deviations);
        let rest = sum(rescaled.iter().copied()) / rescaled.len() as f64;
        Centred(rescaled.iter().map(|value| value - rest).collect())
    }

    fn dot(&self, other: &Self) -> f64 {
        sum(self
            .0
            .iter()
            .zip(&other.0)
            .map(|(left, right)| left * right))
    }
}

fn scaled_to_one(values: &[f64]) -> Vec<f64> {
    let largest = values
        .iter()
        .fold(0.0_f64, |top, value| top.max(value.abs()));
    // Dividing by a power of two is exact; halving first keeps the power itself finite.
    let exponent = ((largest.to_bits() >> 52) & 0x7FF) as i32 - 1023;
    let (first, second) = (exponent / 2, exponent - exponent / 2);
    let (first, second) = (2.0_f64.powi(-first), 2.0_f64.powi(-second));
    values.iter().map(|value| value * first * second).collect()
}

/// Sums in blocks, so that the rounding error grows with the block and not with the column.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    const BLOCK: usize = 512;
    let mut total = 0.0;
    let mut block = 0.0;
    for (index, value) in values.enumerate() {
        block += value;
        if index % BLOCK == BLOCK - 1 {
            total += block;
            block = 0.0;
        }
    }
    total + block
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::stats::golden::{self, Tail};

    #[derive(Deserialize)]
    struct Expected {
        value: f64,
        #[serde(flatten)]
        tail: Tail,
    }

    #[test]
    fn agrees_with_scipy() {
        let table = include_str!("../../tests/golden/pearson.toml");
        golden::check_all(table, |case: &golden::Case<Expected>, tolerance| {
            let sample = case.sample();
            let estimate = pearson(&sample).unwrap();
            case.near(
                "value",
                estimate.value,
                case.expected.value,
                tolerance.value,
            );
            case.check_tail(&case.expected.tail, tolerance, |alternative| {
                pearson_test(&sample, alternative).unwrap()
            });
        });
    }

    #[test]
    fn too_few_and_constant_are_errors_by_name() {
        let one = PairedSample::new(&[1.0], &[1.0]).unwrap();
        assert!(matches!(
            pearson(&one),
            Err(StatsError::TooFew {
                needed: 2,
                got: 1,
                ..
            })
        ));
        let constant = PairedSample::new(&[1.0, 2.0], &[0.1, 0.1]).unwrap();
        assert!(matches!(
            pearson(&constant),
            Err(StatsError::Constant { .. })
        ));
    }

    #[test]
    fn columns_of_any_size_keep_their_digits() {
        let shape = [1.0, 3.0, 2.0, 5.0];
        let plain = pearson_value(&shape, &[2.0, 1.0, 4.0, 3.0]);
        for scale in [1e-310, 1e-160, 1e160, 3e307] {
            let scaled = shape.map(|value| value * scale);
            let value = pearson_value(&scaled, &[2.0, 1.0, 4.0, 3.0]);
            // A subnormal column has few bits of its own.
            let tolerance = if scale < 1e-300 { 1e-9 } else { 1e-14 };
            assert!((value - plain).abs() < tolerance, "{scale:e}: {value}");
        }
    }

    proptest! {
        #[test]
        fn is_symmetric_bounded_and_free_of_scale(
            pairs in prop::collection::vec((-1e3..1e3_f64, -1e3..1e3_f64), 3..60),
            factor in 0.01..100.0_f64, shift in -100.0..100.0_f64,
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let value = pearson_value(&x, &y);
            prop_assert!(value.abs() <= 1.0);
            prop_assert_eq!(value.to_bits(), pearson_value(&y, &x).to_bits());
            let moved: Vec<f64> = x.iter().map(|x| shift - factor * x).collect();
            prop_assert!((pearson_value(&moved, &y) + value).abs() < 1e-9);
        }
    }
}
