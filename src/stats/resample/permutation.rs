//! Permutation tests: how often chance alone is as extreme as what was observed.

use super::parallel::run;
use super::{CounterRng, Plan};
use crate::stats::Alternative;

/// The p-value of a statistic of two judges' paired values, when within each item the two may be swapped.
///
/// `statistic` is told for every item whether its two values are swapped, and returns, say, the
/// difference of two correlations. With at most `plan.resamples` ways to swap, all of them are counted
/// and the p-value is exact; otherwise it is `(1 + as extreme) / (1 + resamples)`, which is never 0.
/// Same convention as `scipy.stats.permutation_test(permutation_type="samples")`.
///
/// ```
/// use opine::stats::Alternative;
/// use opine::stats::resample::{Plan, swap_test};
/// let gains: [f64; 4] = [2.0, 1.0, 3.0, 2.0];
/// let mean = |swapped: &[bool]| -> f64 {
///     gains.iter().zip(swapped).map(|(gain, swapped)| if *swapped { -gain } else { *gain }).sum()
/// };
/// let p_value = swap_test(4, mean, Alternative::Greater, &Plan::default());
/// assert_eq!(p_value, 1.0 / 16.0);
/// ```
pub fn swap_test(
    items: usize,
    statistic: impl Fn(&[bool]) -> f64 + Sync,
    alternative: Alternative,
    plan: &Plan,
) -> f64 {
    let observed = statistic(&vec![false; items]);
    let ways = u32::try_from(items)
        .ok()
        .and_then(|items| 1_u32.checked_shl(items));
    let ways = ways.filter(|ways| *ways <= plan.resamples);
    let draws = Plan {
        resamples: ways.unwrap_or(plan.resamples),
        ..*plan
    };
    let values = run(
        &draws,
        || vec![false; items],
        |draw, swapped| {
            let mut rng = CounterRng::new(plan.seed, draw);
            let mut word = 0;
            for (item, swap) in swapped.iter_mut().enumerate() {
                if ways.is_some() {
                    *swap = draw >> item & 1 == 1;
                    continue;
                }
                if item % 64 == 0 {
                    word = rng.next_u64();
                }
                *swap = word >> (item % 64) & 1 == 1;
            }
            statistic(swapped)
        },
    );
    tail_share(&values, observed, alternative, u32::from(ways.is_none()))
}

/// The p-value of a statistic of pairs, when one column may be in any order against the other.
///
/// `statistic` gets an order of the items, and at the start the order 0, 1, 2, ... The p-value is
/// `(1 + as extreme) / (1 + resamples)`. Same convention as
/// `scipy.stats.permutation_test(permutation_type="pairings")`.
pub fn shuffle_test(
    items: u32,
    statistic: impl Fn(&[u32]) -> f64 + Sync,
    alternative: Alternative,
    plan: &Plan,
) -> f64 {
    let unshuffled: Vec<u32> = (0..items).collect();
    let observed = statistic(&unshuffled);
    let values = run(
        plan,
        || unshuffled.clone(),
        |draw, order| {
            let mut rng = CounterRng::new(plan.seed, draw);
            // A draw must not depend on what this thread did before it.
            order.copy_from_slice(&unshuffled);
            for left in (2..=items).rev() {
                order.swap(left as usize - 1, rng.below(left) as usize);
            }
            statistic(order)
        },
    );
    tail_share(&values, observed, alternative, 1)
}

/// Shares at most and at least as large as `observed`, which itself counts `own` times.
fn tail_share(values: &[f64], observed: f64, alternative: Alternative, own: u32) -> f64 {
    // Values that are equal in exact arithmetic may differ in the last bits; scipy allows as much.
    let slack = observed.abs() * 1e-14;
    let total = values.len() as f64 + f64::from(own);
    let share = |extreme: &dyn Fn(f64) -> bool| {
        let count = values.iter().filter(|value| extreme(**value)).count();
        (count as f64 + f64::from(own)) / total
    };
    alternative.p_value(
        share(&|value| value <= observed + slack),
        share(&|value| value >= observed - slack),
    )
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::stats::{Null, Ranks, Test, golden, spearman_test};

    #[derive(Deserialize)]
    struct Expected {
        two_sided: f64,
        less: f64,
        greater: f64,
    }

    #[test]
    fn swapping_every_way_agrees_with_scipy() {
        let table = include_str!("../../../tests/golden/swap_test.toml");
        golden::check_all(table, |case: &golden::Case<Expected>, tolerance| {
            let sample = case.sample();
            let difference = |swapped: &[bool]| -> f64 {
                let pairs = sample.predicted().iter().zip(sample.human());
                (pairs.zip(swapped))
                    .map(|((first, second), swap)| {
                        if *swap {
                            second - first
                        } else {
                            first - second
                        }
                    })
                    .sum()
            };
            for (alternative, p_value) in [
                (Alternative::TwoSided, case.expected.two_sided),
                (Alternative::Less, case.expected.less),
                (Alternative::Greater, case.expected.greater),
            ] {
                let run = |resamples| {
                    let plan = Plan {
                        resamples,
                        seed: 4,
                        threads: 2,
                    };
                    swap_test(sample.len(), difference, alternative, &plan)
                };
                case.near_p_value(Some(run(1 << 12)), Some(p_value), tolerance.p_value);
                // Drawing instead of counting: four standard errors of a share of 2,000, doubled for two sides.
                if sample.len() == 11 {
                    case.near("drawn", run(2_000), p_value, 0.09);
                }
            }
        });
    }

    #[test]
    fn shuffling_comes_near_the_exact_p_value() {
        let predicted = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        let human = [2.0, 1.0, 5.0, 3.0, 4.0, 7.0, 6.0];
        let sample = crate::stats::PairedSample::new(&predicted, &human).unwrap();
        let (x, y) = (
            Ranks::of(&predicted).midranks(),
            Ranks::of(&human).midranks(),
        );
        let product = |order: &[u32]| -> f64 {
            order
                .iter()
                .zip(&y)
                .map(|(at, y)| x[*at as usize] * y)
                .sum()
        };
        for alternative in [
            Alternative::TwoSided,
            Alternative::Less,
            Alternative::Greater,
        ] {
            let exact = spearman_test(
                &sample,
                Test {
                    alternative,
                    null: Null::Exact,
                },
            )
            .unwrap();
            let plan = Plan {
                resamples: 20_000,
                seed: 2,
                threads: 2,
            };
            let drawn = shuffle_test(7, product, alternative, &plan);
            // Four standard errors of a share of 20,000, doubled for two sides.
            assert!(
                (drawn - exact.p_value.unwrap()).abs() < 0.028,
                "{alternative:?}"
            );
            let one_thread = Plan { threads: 1, ..plan };
            let again = shuffle_test(7, product, alternative, &one_thread);
            assert_eq!(drawn.to_bits(), again.to_bits());
        }
    }
}
