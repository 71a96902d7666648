//! Exact one-sided statements about a share.

use crate::stats::incomplete_beta::incomplete_beta;

/// P-value of "the share is at most `share`" after `successes` of `n`: P(Bin(n, share) >= successes).
///
/// 1 for no observation at all.
pub fn share_above_p_value(successes: usize, n: usize, share: f64) -> f64 {
    if successes == 0 {
        return 1.0;
    }
    let failures = n.saturating_sub(successes);
    incomplete_beta(successes as f64, failures as f64 + 1.0, share, 1.0 - share).0
}

/// Clopper and Pearson's one-sided lower bound of a share: the largest share that `successes` of `n` refuse at level
/// 1 - `confidence`. Same as `scipy.stats.beta.ppf(1 - confidence, successes, n - successes + 1)`.
///
/// ```
/// use opine::stats::thresholds::share_lower_bound;
/// // All of 59: the least number that shows more than 95 % with a confidence of 95 %.
/// assert!(share_lower_bound(59, 59, 0.95) > 0.95 && share_lower_bound(58, 58, 0.95) < 0.95);
/// ```
pub fn share_lower_bound(successes: usize, n: usize, confidence: f64) -> f64 {
    let level = 1.0 - confidence;
    if successes == 0 {
        return 0.0;
    }
    if successes >= n {
        return level.powf(1.0 / n as f64);
    }
    // The p-value rises with the share: halve until the two ends are neighbours.
    let (mut low, mut high) = (0.0, successes as f64 / n as f64);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if share_above_p_value(successes, n, middle) <= level {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// How many observations are needed so that a sample with `observed` as its share shows more than `share` with this
/// confidence; nothing where `observed` is not above `share`, or where more than 10 million would be needed.
pub fn labels_for_share(observed: f64, share: f64, confidence: f64) -> Option<usize> {
    const MOST: usize = 10_000_000;
    if observed.is_nan() || observed <= share {
        return None;
    }
    let shows = |n: usize| {
        let failures = ((1.0 - observed) * n as f64).round();
        // A count, never negative.
        let successes = (n as f64 - failures).max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number between 0 and n"
        )]
        let successes = successes as usize;
        share_above_p_value(successes, n, share) <= 1.0 - confidence
    };
    let mut high = 1;
    while !shows(high) {
        high *= 2;
        if high > MOST {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if shows(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_scipy() {
        // scipy 1.17.1: scipy.stats.beta.ppf(1 - confidence, successes, n - successes + 1).
        let cases = [
            (72, 102, 0.95, 0.6228553082336077),
            (46, 72, 0.95, 0.5357445345997953),
            (1, 1, 0.95, 0.05),
            (1, 50, 0.9, 0.002104991704136802),
            (950, 1000, 0.99, 0.9315951063043689),
            (0, 10, 0.95, 0.0),
        ];
        for (successes, n, confidence, expected) in cases {
            let found = share_lower_bound(successes, n, confidence);
            assert!((found - expected).abs() < 1e-10, "{successes}/{n}: {found}");
        }
    }

    #[test]
    fn the_labels_that_are_needed_are_the_least_for_all_good() {
        assert_eq!(labels_for_share(1.0, 0.95, 0.95), Some(59));
        assert_eq!(labels_for_share(1.0, 0.9, 0.95), Some(29));
        assert_eq!(labels_for_share(0.9, 0.95, 0.95), None);
        assert_eq!(labels_for_share(0.95, 0.95, 0.95), None);
        let near = labels_for_share(0.96, 0.95, 0.95).unwrap();
        assert!((1_000..2_000).contains(&near), "{near}");
    }
}
