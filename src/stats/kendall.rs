//! Kendall's rank correlation: tau-a, tau-b, tau-c.

use super::kendall_null::p_value;
use super::{
    DEFAULT_LEVEL, Estimate, FisherVariance, PairCounts, PairedSample, Ranks, StatsError, Test,
    fisher_interval,
};

/// What stands under the balance of concordant and discordant pairs.
///
/// P, Q: concordant and discordant pairs; T, U: pairs tied only in `predicted`, only in `human`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KendallVariant {
    /// `(P - Q) / (n (n - 1) / 2)`: every pair counts, tied ones as neither. Cannot reach 1 with ties.
    A,
    /// `(P - Q) / sqrt((P + Q + T)(P + Q + U))`: reaches 1 when both columns have the same ties.
    B,
    /// `2 (P - Q) / (n^2 (m - 1) / m)`, m the smaller number of levels (Stuart): for tables that are not square.
    C,
}

/// Kendall's tau-b with a Fisher-z interval (Fieller variance) and two-sided p-value.
///
/// ```text
/// tau_b = (P - Q) / sqrt((P + Q + T)(P + Q + U))
/// ```
/// P, Q: concordant and discordant pairs; T, U: pairs tied only in `predicted`, only in `human`.
/// Same convention as `scipy.stats.kendalltau(variant="b")`: without ties the p-value is exact up to 33
/// pairs, otherwise it is the normal limit with the variance corrected for ties.
///
/// ```
/// use opine::stats::{PairedSample, kendall_tau_b};
/// let sample = PairedSample::new(&[12.0, 2.0, 1.0, 12.0, 2.0], &[1.0, 4.0, 7.0, 1.0, 0.0])?;
/// let estimate = kendall_tau_b(&sample)?;
/// assert!((estimate.value + 0.471_404_520_791_031_7).abs() < 1e-15);
/// assert!((estimate.p_value.unwrap() - 0.282_745_459_932_771_4).abs() < 1e-12);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] below two pairs and [`StatsError::Constant`].
pub fn kendall_tau_b(sample: &PairedSample) -> Result<Estimate, StatsError> {
    kendall(sample, KendallVariant::B, Test::default())
}

/// Kendall's tau-a; see [`KendallVariant::A`]. P-value and interval as [`kendall_tau_b`].
///
/// # Errors
/// As [`kendall_tau_b`].
pub fn kendall_tau_a(sample: &PairedSample) -> Result<Estimate, StatsError> {
    kendall(sample, KendallVariant::A, Test::default())
}

/// Kendall's tau-c; see [`KendallVariant::C`]. P-value and interval as [`kendall_tau_b`].
///
/// Same convention as `scipy.stats.kendalltau(variant="c")`.
///
/// # Errors
/// As [`kendall_tau_b`].
pub fn kendall_tau_c(sample: &PairedSample) -> Result<Estimate, StatsError> {
    kendall(sample, KendallVariant::C, Test::default())
}

/// Any variant of Kendall's tau, with a p-value for the named alternative and null distribution.
///
/// The p-value is that of the balance P - Q, and so the same for all three variants.
///
/// # Errors
/// As [`kendall_tau_b`]; [`StatsError::Argument`] when an exact p-value is asked of tied or of more than 34 pairs.
pub fn kendall(
    sample: &PairedSample,
    variant: KendallVariant,
    test: Test,
) -> Result<Estimate, StatsError> {
    let (name, convention) = match variant {
        KendallVariant::A => ("kendall_tau_a", "tau-a: a tied pair counts as half right"),
        KendallVariant::B => (
            "kendall_tau_b",
            "tau-b: corrected for ties in either column",
        ),
        KendallVariant::C => ("kendall_tau_c", "tau-c: corrected for the number of levels"),
    };
    sample.require_varied(name, 2)?;
    let (predicted, human) = (Ranks::of(sample.predicted()), Ranks::of(sample.human()));
    let pairs = PairCounts::of_ranks(&predicted, &human);
    let fewest_levels = predicted.levels().min(human.levels());
    let value = tau(variant, &pairs, sample.len(), fewest_levels);
    let (p_value, method) = p_value(&pairs, &predicted, &human, test)?;
    let interval = fisher_interval(value, sample.len(), DEFAULT_LEVEL, FisherVariance::Kendall);
    Ok(Estimate::new(name, value, sample.len(), convention)
        .with_interval(interval)
        .with_p_value(p_value, method))
}

fn tau(variant: KendallVariant, pairs: &PairCounts, n: usize, fewest_levels: usize) -> f64 {
    let balance = pairs.balance() as f64;
    match variant {
        KendallVariant::A => balance / pairs.total() as f64,
        KendallVariant::B => tau_b(pairs),
        KendallVariant::C => {
            let (n, levels) = (n as f64, fewest_levels as f64);
            (2.0 * balance / (n * n * (levels - 1.0) / levels)).clamp(-1.0, 1.0)
        }
    }
}

/// tau-b of counts where neither column is constant; NaN otherwise.
pub(super) fn tau_b(pairs: &PairCounts) -> f64 {
    let ordered = pairs.concordant + pairs.discordant;
    let scale = (ordered + pairs.tied_human) as f64 * (ordered + pairs.tied_predicted) as f64;
    (pairs.balance() as f64 / scale.sqrt()).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::stats::golden::{self, Tail};
    use crate::stats::{Null, Side};

    #[derive(Deserialize)]
    struct Expected {
        value: f64,
        #[serde(flatten)]
        tail: Tail,
        tau_a: Option<f64>,
        tau_c: f64,
        exact: Option<f64>,
        asymptotic: Option<f64>,
    }

    #[test]
    fn agrees_with_scipy() {
        let table = include_str!("../../tests/golden/kendall.toml");
        golden::check_all(table, |case: &golden::Case<Expected>, tolerance| {
            let (sample, expected) = (case.sample(), &case.expected);
            let run = |variant, test| kendall(&sample, variant, test).unwrap();
            let tau_b = kendall_tau_b(&sample).unwrap();
            case.near("tau-b", tau_b.value, expected.value, tolerance.value);
            let tau_c = kendall_tau_c(&sample).unwrap();
            case.near("tau-c", tau_c.value, expected.tau_c, tolerance.value);
            if let Some(tau_a) = expected.tau_a {
                let got = kendall_tau_a(&sample).unwrap();
                case.near("tau-a", got.value, tau_a, tolerance.value);
            }
            case.check_tail(&expected.tail, tolerance, |alternative| {
                run(
                    KendallVariant::B,
                    Test {
                        alternative,
                        ..Test::default()
                    },
                )
            });
            for (null, p_value) in [
                (Null::Exact, expected.exact),
                (Null::Asymptotic, expected.asymptotic),
            ] {
                if p_value.is_some() {
                    let got = run(
                        KendallVariant::B,
                        Test {
                            null,
                            ..Test::default()
                        },
                    );
                    case.near_p_value(got.p_value, p_value, tolerance.p_value);
                }
            }
        });
    }

    #[test]
    fn what_has_no_tau_is_an_error_by_name() {
        let sample = |x: &[f64], y: &[f64]| PairedSample::new(x, y).unwrap();
        assert!(matches!(
            kendall_tau_b(&sample(&[1.0], &[2.0])),
            Err(StatsError::TooFew {
                needed: 2,
                got: 1,
                ..
            })
        ));
        assert!(matches!(
            kendall_tau_b(&sample(&[3.0, 3.0, 3.0], &[1.0, 2.0, 3.0])),
            Err(StatsError::Constant {
                side: Side::Predicted,
                ..
            })
        ));
        let exact = Test {
            null: Null::Exact,
            ..Test::default()
        };
        let tied = sample(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0]);
        assert!(matches!(
            kendall(&tied, KendallVariant::B, exact),
            Err(StatsError::Argument { .. })
        ));
    }
}
