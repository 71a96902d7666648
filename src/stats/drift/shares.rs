//! Two shares.

use crate::stats::distributions::normal_p_value;
use crate::stats::{Alternative, Estimate, StatsError};

/// The difference of two shares, second minus first, with the p-value of the pooled z test.
///
/// Same as `statsmodels.stats.proportion.proportions_ztest`. Two shares that are both 0 or both 1 differ by nothing, with a
/// p-value of 1.
///
/// # Errors
/// [`StatsError::TooFew`] for a share of no observation.
pub fn share_difference(
    (first, n): (usize, usize),
    (second, m): (usize, usize),
) -> Result<Estimate, StatsError> {
    const NAME: &str = "share_difference";
    if n == 0 || m == 0 {
        return Err(StatsError::TooFew {
            statistic: NAME,
            needed: 1,
            got: 0,
        });
    }
    let shares = (first as f64 / n as f64, second as f64 / m as f64);
    let pooled = (first + second) as f64 / (n + m) as f64;
    let error = (pooled * (1.0 - pooled) * (1.0 / n as f64 + 1.0 / m as f64)).sqrt();
    let difference = shares.1 - shares.0;
    let p_value = if error > 0.0 {
        normal_p_value(difference / error, Alternative::TwoSided)
    } else {
        1.0
    };
    let estimate = Estimate::new(NAME, difference, n + m, "second minus first");
    Ok(estimate.with_p_value(p_value, "z, pooled variance"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_statsmodels() {
        // scipy 1.17.1: 2 * norm.sf(z) with z of the pooled test of 5 of 100 and 15 of 120.
        let found = share_difference((5, 100), (15, 120)).unwrap();
        assert!((found.value - 0.075).abs() < 1e-15);
        assert!(
            (found.p_value.unwrap() - 0.05400644371208493).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!(share_difference((3, 3), (5, 5)).unwrap().p_value, Some(1.0));
        assert!(share_difference((0, 0), (1, 1)).is_err());
    }
}
