//! Spearman's rank correlation.

use super::distributions::correlation_p_value;
use super::spearman_exact::exact_p_value;
use super::{
    DEFAULT_LEVEL, Estimate, FisherVariance, Null, PairedSample, Ranks, StatsError, Test,
    fisher_interval,
};

/// Spearman's rho with a Fisher-z interval (Bonett-Wright variance) and two-sided p-value.
///
/// ```text
/// rho = pearson(midranks of predicted, midranks of human)
/// ```
/// Same convention as `scipy.stats.spearmanr`: tied values share the mean of their ranks, and the p-value
/// is Student's t with n - 2 degrees of freedom (none for two pairs). Sums are exact integers, so that the
/// value is the same to the bit under any increasing map of either column.
///
/// ```
/// use opine::stats::{PairedSample, spearman};
/// let sample = PairedSample::new(&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0])?;
/// let estimate = spearman(&sample)?;
/// assert!((estimate.value - 0.820_782_681_668_123_3).abs() < 1e-15);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] below two pairs and [`StatsError::Constant`].
pub fn spearman(sample: &PairedSample) -> Result<Estimate, StatsError> {
    spearman_test(sample, Test::default())
}

/// [`spearman`] with a p-value for the named alternative and null distribution.
///
/// [`Null::Exact`] counts all n! pairings of the ranks, ties included (at most ten pairs), as
/// `scipy.stats.permutation_test(permutation_type="pairings")` does.
///
/// # Errors
/// As [`spearman`]; [`StatsError::Argument`] when an exact p-value is asked of more than ten pairs.
pub fn spearman_test(sample: &PairedSample, test: Test) -> Result<Estimate, StatsError> {
    sample.require_varied("spearman", 2)?;
    let n = sample.len();
    let predicted = Ranks::of(sample.predicted());
    let human = Ranks::of(sample.human());
    let value = spearman_value(&predicted, &human);
    let interval = fisher_interval(value, n, DEFAULT_LEVEL, FisherVariance::Spearman);
    let estimate = Estimate::new("spearman", value, n, "midranks").with_interval(interval);
    Ok(match test.null {
        Null::Exact => {
            let p_value = exact_p_value(&predicted, &human, test.alternative)?;
            estimate.with_p_value(p_value, "exact: all pairings")
        }
        Null::Auto | Null::Asymptotic => match correlation_p_value(value, n, test.alternative) {
            Some(p_value) => estimate.with_p_value(p_value, "t distribution"),
            None => estimate,
        },
    })
}

/// rho of two ranked columns that both vary.
pub(super) fn spearman_value(predicted: &Ranks, human: &Ranks) -> f64 {
    let (x, y) = (predicted.centred_level_ranks(), human.centred_level_ranks());
    let product: i128 = (predicted.dense().iter())
        .zip(human.dense())
        .map(|(a, b)| i128::from(x[*a as usize] * y[*b as usize]))
        .sum();
    let scale = squares(predicted.counts(), &x) as f64 * squares(human.counts(), &y) as f64;
    (product as f64 / scale.sqrt()).clamp(-1.0, 1.0)
}

fn squares(counts: &[u32], ranks: &[i64]) -> i128 {
    (counts.iter())
        .zip(ranks)
        .map(|(count, rank)| i128::from(rank * rank) * i128::from(*count))
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::stats::golden::{self, Tail};
    use crate::stats::pearson::pearson_value;
    use crate::stats::{Alternative, Side};

    #[derive(Deserialize)]
    struct Expected {
        value: f64,
        #[serde(flatten)]
        tail: Tail,
        exact_two_sided: Option<f64>,
        exact_less: Option<f64>,
        exact_greater: Option<f64>,
    }

    #[test]
    fn agrees_with_scipy() {
        let table = include_str!("../../tests/golden/spearman.toml");
        golden::check_all(table, |case: &golden::Case<Expected>, tolerance| {
            let (sample, expected) = (case.sample(), &case.expected);
            let estimate = spearman(&sample).unwrap();
            case.near("value", estimate.value, expected.value, tolerance.value);
            let p_value = |null| {
                let sample = &sample;
                move |alternative| spearman_test(sample, Test { alternative, null }).unwrap()
            };
            case.check_tail(&expected.tail, tolerance, p_value(Null::Auto));
            for (alternative, exact) in [
                (Alternative::TwoSided, expected.exact_two_sided),
                (Alternative::Less, expected.exact_less),
                (Alternative::Greater, expected.exact_greater),
            ] {
                if exact.is_some() {
                    let got = p_value(Null::Exact)(alternative).p_value;
                    case.near_p_value(got, exact, tolerance.p_value);
                }
            }
        });
    }

    #[test]
    fn constant_column_and_large_exact_test_are_errors_by_name() {
        let constant = PairedSample::new(&[1.0, 2.0, 3.0], &[4.0; 3]).unwrap();
        assert!(matches!(
            spearman(&constant),
            Err(StatsError::Constant {
                side: Side::Human,
                ..
            })
        ));
        let eleven: Vec<f64> = (0..11).map(f64::from).collect();
        let sample = PairedSample::new(&eleven, &eleven).unwrap();
        let exact = Test {
            null: Null::Exact,
            ..Test::default()
        };
        assert!(matches!(
            spearman_test(&sample, exact),
            Err(StatsError::Argument { .. })
        ));
    }

    fn value(x: &[f64], y: &[f64]) -> f64 {
        spearman_value(&Ranks::of(x), &Ranks::of(y))
    }

    proptest! {
        #[test]
        fn is_pearson_of_midranks_and_sees_order_only(
            pairs in prop::collection::vec((-5..5_i32, -9..9_i32), 2..80)
                .prop_filter("both vary", |pairs| {
                    pairs.iter().any(|pair| pair.0 != pairs[0].0)
                        && pairs.iter().any(|pair| pair.1 != pairs[0].1)
                })
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) =
                pairs.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).unzip();
            let rho = value(&x, &y);
            let by_definition = pearson_value(&Ranks::of(&x).midranks(), &Ranks::of(&y).midranks());
            prop_assert!((rho - by_definition).abs() < 1e-12);
            prop_assert_eq!(rho.to_bits(), value(&y, &x).to_bits());
            let increasing: Vec<f64> = x.iter().map(|x| x.powi(3) + x.exp()).collect();
            prop_assert_eq!(rho.to_bits(), value(&increasing, &y).to_bits());
            let reversed: Vec<f64> = x.iter().map(|x| -x).collect();
            prop_assert!((rho + value(&reversed, &y)).abs() == 0.0);
        }
    }
}
