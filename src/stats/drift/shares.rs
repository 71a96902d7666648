//! Two shares.

use statrs::function::gamma::ln_gamma;

use crate::stats::tails::{LEVEL, wilson};
use crate::stats::{Estimate, Interval, StatsError};

/// The difference of two shares, second minus first, with Fisher's exact p-value and Newcombe's interval.
///
/// The p-value is two-sided: all tables with the same sums that are no likelier than this one, as
/// `scipy.stats.fisher_exact`. It holds for shares of a few in a thousand, where a z test gives false alarms; it is never
/// too small. The interval is of 95 %, by the score intervals of both shares (Newcombe 1998, method 10), and need not
/// agree with the test to the last digit.
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
    let estimate = Estimate::new(NAME, shares.1 - shares.0, n + m, "second minus first")
        .with_interval(newcombe((first, n), (second, m)))
        .with_p_value(fisher((first, n), (second, m)), "Fisher's exact test");
    Ok(estimate)
}

fn newcombe((first, n): (usize, usize), (second, m): (usize, usize)) -> Interval {
    let share = |hits: usize, all: usize| hits as f64 / all as f64;
    let of = |hits: usize, all: usize| wilson(hits as f64, all as f64, LEVEL);
    let (one, other) = (share(first, n), share(second, m));
    let (around_one, around_other) = (of(first, n), of(second, m));
    let difference = other - one;
    Interval {
        low: difference - (other - around_other.low).hypot(around_one.high - one),
        high: difference + (around_other.high - other).hypot(one - around_one.low),
        level: LEVEL,
        method: "Newcombe, score intervals".into(),
    }
}

/// P-value of Fisher's exact test: the probabilities of all tables that are no likelier than this one.
fn fisher((first, n): (usize, usize), (second, m): (usize, usize)) -> f64 {
    /// What is as likely but for rounding is as likely, as in scipy.
    const SLACK: f64 = 1e-7;
    let hits = first + second;
    let log_choose = |all: usize, some: usize| {
        let factorial = |n: usize| ln_gamma(n as f64 + 1.0);
        factorial(all) - factorial(some) - factorial(all - some)
    };
    let whole = log_choose(n + m, hits);
    let log_probability = |k: usize| log_choose(n, k) + log_choose(m, hits - k) - whole;
    let here = log_probability(first) + SLACK;
    let possible = hits.saturating_sub(m)..=hits.min(n);
    let no_likelier = possible.map(log_probability).filter(|one| *one <= here);
    no_likelier.map(f64::exp).sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17.1: scipy.stats.fisher_exact([[first, n - first], [second, m - second]]).
        let cases = [
            ((5, 100), (15, 120), 0.061_952_883_322_152_85),
            ((0, 1_000), (4, 300), 0.002_792_530_881_521_258),
            ((0, 50), (0, 60), 1.0),
            ((30, 100), (60, 120), 0.003_725_045_925_084_318),
            ((5_000, 10_000), (5_200, 10_000), 0.004_878_795_768_906_845),
            ((2, 10), (7, 10), 0.069_778_518_694_927_36),
        ];
        for (one, other, expected) in cases {
            let found = share_difference(one, other).unwrap();
            let p_value = found.p_value.unwrap();
            assert!(
                (p_value - expected).abs() < 1e-8,
                "{one:?} {other:?}: {p_value}"
            );
        }
        assert!(share_difference((0, 0), (1, 1)).is_err());
    }

    #[test]
    fn the_interval_is_that_of_the_paper() {
        // Newcombe 1998, Statistics in Medicine 17, table II, method 10: 56 of 70 less 48 of 80.
        let found = share_difference((48, 80), (56, 70)).unwrap();
        let interval = found.interval.unwrap();
        assert!((found.value - 0.2).abs() < 1e-12);
        assert!((interval.low - 0.0524).abs() < 5e-5, "{interval:?}");
        assert!((interval.high - 0.3339).abs() < 5e-5, "{interval:?}");
    }
}
