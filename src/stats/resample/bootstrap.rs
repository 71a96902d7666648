//! Bootstrap distributions and the intervals read from them.

use std::borrow::Cow;

use super::parallel::run;
use super::{CounterRng, Plan, Resampled};
use crate::stats::distributions::{normal_below, normal_quantile};
use crate::stats::{Interval, StatsError};

/// How an interval is read from a bootstrap distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootstrapMethod {
    /// Quantiles of the distribution.
    Percentile,
    /// Quantiles corrected for bias and for a spread that changes with the value (Efron 1987).
    Bca,
}

/// The statistic of each resample, in the order of the resamples; NaN where it is undefined.
///
/// A resample draws as many items as there are, with replacement.
pub fn bootstrap_distribution<S: Resampled>(statistic: &S, plan: &Plan) -> Vec<f64> {
    let items = u32::try_from(statistic.items()).expect("items are counted in 32 bits");
    let scratch = || (vec![0_u32; items as usize], statistic.scratch());
    run(plan, scratch, |resample, (counts, scratch)| {
        let mut rng = CounterRng::new(plan.seed, resample);
        counts.fill(0);
        for _ in 0..items {
            counts[rng.below(items) as usize] += 1;
        }
        statistic.value(counts, scratch)
    })
}

/// A bootstrap interval of `statistic`, as `scipy.stats.bootstrap` computes it from the same resamples.
///
/// Resamples in which the statistic is undefined (a constant column, say) are left out; the interval's
/// `method` then says how many. Quantiles are interpolated linearly.
///
/// ```
/// use opine::stats::PairedSample;
/// use opine::stats::resample::{BootstrapMethod, Plan, ResampledSpearman, bootstrap_interval};
/// let sample = PairedSample::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[1.0, 3.0, 2.0, 4.0, 6.0, 5.0])?;
/// let spearman = ResampledSpearman::new(&sample)?;
/// let interval = bootstrap_interval(&spearman, 0.95, BootstrapMethod::Percentile, &Plan::default())?;
/// assert!(interval.low < 0.886 && 0.886 < interval.high);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] for a `level` outside 0..1; [`StatsError::Undefined`] when no resample has a
/// value, and for BCa when its corrections do not exist: all resamples on one side of the observed
/// value, or leaving out an item changes nothing.
pub fn bootstrap_interval<S: Resampled>(
    statistic: &S,
    level: f64,
    method: BootstrapMethod,
    plan: &Plan,
) -> Result<Interval, StatsError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::Argument {
            argument: "level",
            value: level.to_string(),
            allowed: "a coverage between 0 and 1, such as 0.95",
        });
    }
    let mut values = bootstrap_distribution(statistic, plan);
    values.retain(|value| !value.is_nan());
    let undefined = plan.resamples as usize - values.len();
    let (low, high) = ends(statistic, values, level, method)?;
    Ok(Interval {
        low,
        high,
        level,
        method: label(method, plan, undefined),
    })
}

/// The ends of the interval that is read from the statistic's values over resamples, none of them NaN.
fn ends<S: Resampled>(
    statistic: &S,
    mut values: Vec<f64>,
    level: f64,
    method: BootstrapMethod,
) -> Result<(f64, f64), StatsError> {
    if values.is_empty() {
        return Err(StatsError::Undefined {
            statistic: "bootstrap",
            reason: "no resample has a value".to_owned(),
        });
    }
    values.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    let (low, high) = match method {
        BootstrapMethod::Percentile => (tail, 1.0 - tail),
        BootstrapMethod::Bca => {
            bca_shares(&values, statistic.observed(), &statistic.jackknife(), tail)?
        }
    };
    Ok((quantile(&values, low), quantile(&values, high)))
}

fn label(method: BootstrapMethod, plan: &Plan, undefined: usize) -> Cow<'static, str> {
    let kind = match method {
        BootstrapMethod::Percentile => "percentile",
        BootstrapMethod::Bca => "BCa",
    };
    let mut label = format!(
        "{kind} bootstrap, {} resamples, seed {}",
        plan.resamples, plan.seed
    );
    if undefined > 0 {
        label.push_str(&format!(", {undefined} undefined left out"));
    }
    Cow::Owned(label)
}

/// The two shares at which BCa reads a sorted distribution (Efron and Tibshirani 1993, 14.3).
///
/// ```text
/// z0 = Phi^-1(share of values below the observed one, ties half)
/// a  = sum u^3 / (6 (sum u^2)^(3/2)),   u = mean of the jackknife - jackknife
/// share(z) = Phi(z0 + (z0 + z) / (1 - a (z0 + z)))
/// ```
fn bca_shares(
    sorted: &[f64],
    observed: f64,
    jackknife: &[f64],
    tail: f64,
) -> Result<(f64, f64), StatsError> {
    let below = sorted.partition_point(|value| *value < observed);
    let at_most = sorted.partition_point(|value| *value <= observed);
    let bias = normal_quantile((below + at_most) as f64 / (2 * sorted.len()) as f64);
    let mean = jackknife.iter().sum::<f64>() / jackknife.len() as f64;
    let sum_of = |power| -> f64 {
        jackknife
            .iter()
            .map(|value| (mean - value).powi(power))
            .sum()
    };
    let acceleration = sum_of(3) / (6.0 * sum_of(2).powf(1.5));
    let share = |z: f64| {
        let moved = bias + z;
        normal_below(bias + moved / (1.0 - acceleration * moved))
    };
    let shares = (share(normal_quantile(tail)), share(-normal_quantile(tail)));
    if bias.is_infinite() || shares.0.is_nan() || shares.1.is_nan() {
        return Err(StatsError::Undefined {
            statistic: "BCa bootstrap",
            reason: format!(
                "bias correction is {bias} and acceleration {acceleration}; use the percentile method"
            ),
        });
    }
    Ok(shares)
}

/// The quantile of sorted values, interpolated linearly between neighbours (type 7, the default of numpy and R).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len() - 1;
    let position = share * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the last index lies between 0 and it"
    )]
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    let part = position - below as f64;
    sorted[below] + part * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::stats::golden;
    use crate::stats::resample::{
        ByIndices, Clustered, ResampledKendall, ResampledPearson, ResampledSpearman,
    };
    use crate::stats::{Estimate, PairedSample, kendall_tau_b, pearson, spearman};

    #[derive(Deserialize)]
    struct Expected {
        coefficient: String,
        level: f64,
        /// Values over resamples; without them, as many as the monte carlo tolerance wants are drawn.
        distribution: Option<Vec<f64>>,
        percentile: [f64; 2],
        bca: [f64; 2],
        monte_carlo: Option<f64>,
    }

    fn check<S: Resampled>(case: &golden::Case<Expected>, statistic: &S, exact: f64) {
        let expected = &case.expected;
        for (method, (low, high)) in [
            (BootstrapMethod::Percentile, expected.percentile.into()),
            (BootstrapMethod::Bca, expected.bca.into()),
        ] {
            let (ends, tolerance) = match &expected.distribution {
                Some(values) => {
                    let values = values.clone();
                    (
                        ends(statistic, values, expected.level, method).unwrap(),
                        exact,
                    )
                }
                None => {
                    let plan = Plan {
                        resamples: 20_000,
                        seed: 3,
                        threads: 2,
                    };
                    let got = bootstrap_interval(statistic, expected.level, method, &plan).unwrap();
                    ((got.low, got.high), expected.monte_carlo.unwrap())
                }
            };
            case.near(&format!("{method:?} low"), ends.0, low, tolerance);
            case.near(&format!("{method:?} high"), ends.1, high, tolerance);
        }
    }

    #[test]
    fn agrees_with_scipy() {
        let table = include_str!("../../../tests/golden/bootstrap.toml");
        golden::check_all(table, |case: &golden::Case<Expected>, tolerance| {
            let sample = case.sample();
            match case.expected.coefficient.as_str() {
                "pearson" => check(
                    case,
                    &ResampledPearson::new(&sample).unwrap(),
                    tolerance.value,
                ),
                "spearman" => check(
                    case,
                    &ResampledSpearman::new(&sample).unwrap(),
                    tolerance.value,
                ),
                "kendall" => check(
                    case,
                    &ResampledKendall::new(&sample).unwrap(),
                    tolerance.value,
                ),
                other => panic!("no coefficient `{other}`"),
            }
        });
    }

    fn sample() -> PairedSample {
        let mut rng = CounterRng::new(5, 0);
        let (x, y): (Vec<f64>, Vec<f64>) = (0..301)
            .map(|_| {
                let x = rng.normal();
                (x, (2.0 * x + 2.0 * rng.normal()).round())
            })
            .unzip();
        PairedSample::new(&x, &y).unwrap()
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn results_are_the_same_to_the_bit_for_any_number_of_threads() {
        let sample = sample();
        let spearman = ResampledSpearman::new(&sample).unwrap();
        let kendall = ResampledKendall::new(&sample).unwrap();
        let plan = |threads| Plan {
            resamples: 203,
            seed: 9,
            threads,
        };
        let one = (
            bits(&bootstrap_distribution(&spearman, &plan(1))),
            bits(&bootstrap_distribution(&kendall, &plan(1))),
        );
        for threads in [0, 2, 3, 8, 300] {
            assert_eq!(
                one.0,
                bits(&bootstrap_distribution(&spearman, &plan(threads)))
            );
            assert_eq!(
                one.1,
                bits(&bootstrap_distribution(&kendall, &plan(threads)))
            );
        }
        let other_seed = Plan {
            seed: 10,
            ..plan(1)
        };
        assert_ne!(one.0, bits(&bootstrap_distribution(&spearman, &other_seed)));
    }

    #[test]
    fn fast_paths_compute_what_the_drawn_items_give() {
        let sample = sample();
        let plan = Plan {
            resamples: 40,
            ..Plan::default()
        };
        let again = |coefficient: fn(&PairedSample) -> Result<Estimate, StatsError>| {
            let sample = &sample;
            ByIndices::new(sample.len(), move |drawn: &[u32]| {
                let pick = |column: &[f64]| {
                    drawn
                        .iter()
                        .map(|at| column[*at as usize])
                        .collect::<Vec<_>>()
                };
                let drawn = PairedSample::new(&pick(sample.predicted()), &pick(sample.human()));
                drawn
                    .and_then(|drawn| coefficient(&drawn))
                    .map_or(f64::NAN, |got| got.value)
            })
        };
        let agree = |fast: Vec<f64>, slow: Vec<f64>, tolerance: f64| {
            assert_eq!(fast.len(), slow.len());
            for (fast, slow) in fast.into_iter().zip(slow) {
                assert!((fast - slow).abs() <= tolerance, "{fast} {slow}");
            }
        };
        let (fast, slow) = (ResampledSpearman::new(&sample).unwrap(), again(spearman));
        agree(
            bootstrap_distribution(&fast, &plan),
            bootstrap_distribution(&slow, &plan),
            1e-15,
        );
        agree(fast.jackknife(), slow.jackknife(), 1e-15);
        let (fast, slow) = (
            ResampledKendall::new(&sample).unwrap(),
            again(kendall_tau_b),
        );
        agree(
            bootstrap_distribution(&fast, &plan),
            bootstrap_distribution(&slow, &plan),
            1e-15,
        );
        agree(fast.jackknife(), slow.jackknife(), 1e-15);
        let (fast, slow) = (ResampledPearson::new(&sample).unwrap(), again(pearson));
        agree(
            bootstrap_distribution(&fast, &plan),
            bootstrap_distribution(&slow, &plan),
            1e-13,
        );
        agree(fast.jackknife(), slow.jackknife(), 1e-13);
    }

    #[test]
    fn clusters_are_drawn_whole() {
        let sample = sample();
        let plan = Plan {
            resamples: 50,
            ..Plan::default()
        };
        let spearman = ResampledSpearman::new(&sample).unwrap();
        let alone: Vec<u32> = (0..301).collect();
        let each_alone = Clustered::new(spearman.clone(), &alone).unwrap();
        assert_eq!(
            bits(&bootstrap_distribution(&spearman, &plan)),
            bits(&bootstrap_distribution(&each_alone, &plan))
        );
        // Every item twice, in one cluster with its copy: nothing but the sample itself, resampled.
        let twice = |column: &[f64]| [column, column].concat();
        let doubled =
            PairedSample::new(&twice(sample.predicted()), &twice(sample.human())).unwrap();
        let pairs = [alone.as_slice(), &alone].concat();
        let paired = Clustered::new(ResampledSpearman::new(&doubled).unwrap(), &pairs).unwrap();
        let (single, double) = (
            bootstrap_distribution(&spearman, &plan),
            bootstrap_distribution(&paired, &plan),
        );
        assert!(
            single
                .iter()
                .zip(&double)
                .all(|(a, b)| (a - b).abs() < 1e-15)
        );
        assert_eq!(paired.jackknife().len(), 301);
    }

    #[test]
    fn wrong_clusters_and_levels_are_errors_by_name() {
        let sample = PairedSample::new(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]).unwrap();
        let spearman = ResampledSpearman::new(&sample).unwrap();
        let grouped = |groups: &[u32]| Clustered::new(spearman.clone(), groups).err();
        assert!(matches!(
            grouped(&[0, 1]),
            Some(StatsError::Argument { .. })
        ));
        assert!(matches!(
            grouped(&[0, 0, 2]),
            Some(StatsError::Argument { .. })
        ));
        assert!(matches!(
            grouped(&[0, 0, 0]),
            Some(StatsError::TooFew { got: 1, .. })
        ));
        for level in [0.0, 1.0, f64::NAN] {
            let method = BootstrapMethod::Percentile;
            let got = bootstrap_interval(&spearman, level, method, &Plan::default());
            assert!(matches!(got, Err(StatsError::Argument { .. })));
        }
    }

    #[test]
    fn what_has_no_distribution_is_an_error_and_never_a_number() {
        let plan = Plan {
            resamples: 0,
            ..Plan::default()
        };
        let sample = PairedSample::new(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        let spearman = ResampledSpearman::new(&sample).unwrap();
        let got = bootstrap_interval(&spearman, 0.95, BootstrapMethod::Percentile, &plan);
        assert!(matches!(got, Err(StatsError::Undefined { .. })));
        // A perfect correlation stays perfect whatever is left out.
        let got = bootstrap_interval(&spearman, 0.95, BootstrapMethod::Bca, &Plan::default());
        assert!(matches!(got, Err(StatsError::Undefined { .. })));
        // Four items are drawn as one item four times now and then: those resamples are left out, and counted.
        let got = bootstrap_interval(
            &spearman,
            0.95,
            BootstrapMethod::Percentile,
            &Plan::default(),
        );
        assert!(got.unwrap().method.contains("undefined left out"));
    }
}
