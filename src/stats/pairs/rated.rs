//! Comparisons from judges that only rate: which of two is better, by what was said of each.

use super::super::StatsError;
use super::super::distributions::normal_below;

/// How far probabilities of one opinion may be from summing to 1.
const ROUNDED: f64 = 1e-9;

/// Probability that the first item is better, by Thurstone's law with the judge's own spread.
///
/// ```text
/// P(first) = Phi((m1 - m2) / sqrt(v1 + v2))
/// ```
/// `first` and `second` are mean and variance of what the judge says of each, taken as independent and normal
/// (Thurstone 1927, case III). Without any variance the better mean wins, and equal ones are even.
///
/// ```
/// use opine::stats::pairs::better_by_spread;
/// assert!((better_by_spread((4.0, 0.5), (3.0, 0.5))? - 0.841_344_746).abs() < 1e-9);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] for a number that is not finite or a negative variance.
pub fn better_by_spread(first: (f64, f64), second: (f64, f64)) -> Result<f64, StatsError> {
    for (mean, variance) in [first, second] {
        if !(mean.is_finite() && variance.is_finite() && variance >= 0.0) {
            return Err(StatsError::Argument {
                argument: "mean and variance",
                value: format!("{mean} and {variance}"),
                allowed: "finite numbers, the variance zero or more",
            });
        }
    }
    let lead = first.0 - second.0;
    let spread = (first.1 + second.1).sqrt();
    Ok(if spread > 0.0 {
        normal_below(lead / spread)
    } else if lead > 0.0 {
        1.0
    } else if lead < 0.0 {
        0.0
    } else {
        0.5
    })
}

/// Probabilities that the first is better, that the second is, and that both get one level.
///
/// ```text
/// P(first) = sum over levels k, l of p_k q_l [w_k > w_l],   P(tie) = sum over k of p_k q_k
/// ```
/// `first` and `second` are opinions over levels of rising or falling `worths`, taken as independent. Levels of
/// the same worth are ties too.
///
/// ```
/// use opine::stats::pairs::better_by_levels;
/// let [first, second, tie] = better_by_levels(&[0.0, 0.5, 0.5], &[0.5, 0.5, 0.0], &[1.0, 2.0, 3.0])?;
/// assert_eq!([first, second, tie], [0.75, 0.0, 0.25]);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] unless both opinions have a probability for each finite worth, summing to 1.
pub fn better_by_levels(
    first: &[f64],
    second: &[f64],
    worths: &[f64],
) -> Result<[f64; 3], StatsError> {
    for (argument, opinion) in [("first", first), ("second", second)] {
        let sum: f64 = opinion.iter().sum();
        let probable = opinion.iter().all(|p| *p >= 0.0) && (sum - 1.0).abs() <= ROUNDED;
        if opinion.len() != worths.len() || !probable {
            return Err(StatsError::Argument {
                argument,
                value: format!("{opinion:?}"),
                allowed: "a probability for each level, summing to 1",
            });
        }
    }
    if let Some(worth) = worths.iter().find(|worth| !worth.is_finite()) {
        return Err(StatsError::Argument {
            argument: "worths",
            value: worth.to_string(),
            allowed: "finite numbers",
        });
    }
    let mut shares = [0.0; 3];
    for (p, own) in first.iter().zip(worths) {
        for (q, other) in second.iter().zip(worths) {
            let at = if own > other {
                0
            } else if own < other {
                1
            } else {
                2
            };
            shares[at] += p * q;
        }
    }
    Ok(shares)
}

/// Log-odds in favour of the first from both orders: position bias that adds to them cancels.
///
/// Returns half the sum of the log-odds of the same item in both orders, and half their difference, which is
/// what being shown first added. `shown_second` is in favour of the same item, when it was shown second.
pub fn over_both_orders(shown_first: f64, shown_second: f64) -> (f64, f64) {
    (
        0.5 * (shown_first + shown_second),
        0.5 * (shown_first - shown_second),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_make_thurstones_law() {
        // scipy.stats.norm.cdf((m1 - m2) / sqrt(v1 + v2)), scipy 1.17.1; to the last digits.
        for (first, second, expected) in [
            ((3.0, 1.0), (3.0, 0.2), 0.5),
            ((4.0, 0.09), (3.5, 0.16), 0.841_344_746_068_542_9),
            ((1.0, 2.0), (4.0, 2.0), 0.066_807_201_268_858_06),
            ((2.0, 0.0), (1.0, 0.0), 1.0),
            ((1.0, 0.0), (2.0, 0.0), 0.0),
            ((2.0, 0.0), (2.0, 0.0), 0.5),
        ] {
            let got = better_by_spread(first, second).unwrap();
            assert!(
                (got - expected).abs() < 1e-15,
                "{first:?} {second:?}: {got}"
            );
            let turned = better_by_spread(second, first).unwrap();
            assert!((got + turned - 1.0).abs() < 1e-15);
        }
    }

    /// All in binary fractions, so that nothing is rounded.
    fn same(got: [f64; 3], expected: [f64; 3]) -> bool {
        got.map(f64::to_bits) == expected.map(f64::to_bits)
    }

    #[test]
    fn levels_are_compared_exactly() {
        let worths = [1.0, 2.0, 3.0];
        for (first, second, expected) in [
            ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
            ([0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]),
            ([0.25, 0.25, 0.5], [0.5, 0.5, 0.0], [0.625, 0.125, 0.25]),
        ] {
            let [won, lost, tied] = better_by_levels(&first, &second, &worths).unwrap();
            assert!(same([won, lost, tied], expected));
            let turned = better_by_levels(&second, &first, &worths).unwrap();
            assert!(same(turned, [lost, won, tied]));
            let falling = better_by_levels(&first, &second, &[3.0, 2.0, 1.0]).unwrap();
            assert!(same(falling, [lost, won, tied]));
        }
        let alike = better_by_levels(&[1.0, 0.0], &[0.0, 1.0], &[2.0, 2.0]).unwrap();
        assert!(same(alike, [0.0, 0.0, 1.0]));
    }

    #[test]
    fn position_bias_cancels_over_both_orders() {
        let (preference, bias) = (1.25, 0.5);
        let (log_odds, order_effect) = over_both_orders(preference + bias, preference - bias);
        assert_eq!((log_odds, order_effect), (preference, bias));
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let even = [0.5, 0.5];
        for refused in [
            better_by_spread((f64::NAN, 1.0), (0.0, 1.0)).map(drop),
            better_by_spread((0.0, 1.0), (0.0, -1.0)).map(drop),
            better_by_levels(&even, &[0.5, 0.6], &[1.0, 2.0]).map(drop),
            better_by_levels(&even, &[1.0], &[1.0, 2.0]).map(drop),
            better_by_levels(&even, &[1.5, -0.5], &[1.0, 2.0]).map(drop),
            better_by_levels(&even, &even, &[1.0, f64::NAN]).map(drop),
        ] {
            assert!(
                matches!(refused, Err(StatsError::Argument { .. })),
                "{refused:?}"
            );
        }
    }
}
