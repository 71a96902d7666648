//! Kolmogorov and Smirnov's test of two samples.

use super::checked;
use crate::stats::{Estimate, StatsError};

/// The largest distance of two empirical distribution functions, with its p-value.
///
/// Same statistic as `scipy.stats.ks_2samp`. The p-value is that of Kolmogorov's limit, `2 sum (-1)^(k-1) exp(-2 k^2 z^2)`
/// with `z = D sqrt(n m / (n + m))`, as `scipy.stats.kstwobign.sf(z)`; small samples and ties make it too large, never
/// too small.
///
/// # Errors
/// [`StatsError::TooFew`] for an empty sample, [`StatsError::NonFinite`].
pub fn ks_two_sample(first: &[f64], second: &[f64]) -> Result<Estimate, StatsError> {
    const NAME: &str = "ks_two_sample";
    let sorted = |values: &[f64]| -> Result<Vec<f64>, StatsError> {
        checked(NAME, values, 1)?;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Ok(sorted)
    };
    let (first, second) = (sorted(first)?, sorted(second)?);
    let (n, m) = (first.len() as f64, second.len() as f64);
    let (mut i, mut j) = (0, 0);
    let mut distance = 0.0_f64;
    while i < first.len() && j < second.len() {
        let value = first[i].min(second[j]);
        while i < first.len() && first[i] <= value {
            i += 1;
        }
        while j < second.len() && second[j] <= value {
            j += 1;
        }
        distance = distance.max((i as f64 / n - j as f64 / m).abs());
    }
    let p_value = tail(distance * (n * m / (n + m)).sqrt());
    let estimate = Estimate::new(
        NAME,
        distance,
        first.len() + second.len(),
        "largest distance of the two distribution functions",
    );
    Ok(estimate.with_p_value(p_value, "Kolmogorov's limit"))
}

/// P(K > z) of Kolmogorov's limiting distribution.
fn tail(z: f64) -> f64 {
    if z < 0.2 {
        // Beyond the sixteenth digit of 1.
        return 1.0;
    }
    let mut sum = 0.0;
    let mut sign = 1.0;
    for k in 1..=100_u8 {
        let k = f64::from(k);
        let term = (-2.0 * k * k * z * z).exp();
        sum += sign * term;
        if term < 1e-18 {
            break;
        }
        sign = -sign;
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact where nothing differs")]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17.1: scipy.stats.ks_2samp(first, second).statistic, scipy.stats.kstwobign.sf(z).
        let first: Vec<f64> = (0..40).map(|i| f64::from(i) * 0.37 % 1.0).collect();
        let second: Vec<f64> = (0..30).map(|i| 0.2 + f64::from(i) * 0.61 % 1.0).collect();
        let found = ks_two_sample(&first, &second).unwrap();
        assert!((found.value - 0.25).abs() < 1e-12, "{found:?}");
        assert!(
            (found.p_value.unwrap() - 0.23425945695878178).abs() < 1e-9,
            "{found:?}"
        );
        let same = ks_two_sample(&first, &first).unwrap();
        assert_eq!((same.value, same.p_value), (0.0, Some(1.0)));
        let apart = ks_two_sample(&[1.0; 50], &[2.0; 50]).unwrap();
        assert_eq!(apart.value, 1.0);
        assert!(apart.p_value.unwrap() < 1e-20);
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        assert!(ks_two_sample(&[], &[1.0]).is_err());
        assert!(ks_two_sample(&[f64::NAN], &[1.0]).is_err());
    }
}
