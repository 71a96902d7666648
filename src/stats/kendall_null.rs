//! The null distribution of Kendall's balance of concordant and discordant pairs.

use super::distributions::{log_factorial, normal_p_value};
use super::{Alternative, Null, PairCounts, Ranks, StatsError, Test};

/// Up to here n! fits into 128 bits, and the exact distribution is a table of whole numbers.
const MOST_EXACT: usize = 34;

/// The p-value of `pairs` and how it was computed, with scipy's choice of method for [`Null::Auto`].
pub(super) fn p_value(
    pairs: &PairCounts,
    predicted: &Ranks,
    human: &Ranks,
    test: Test,
) -> Result<(f64, &'static str), StatsError> {
    let n = predicted.len();
    let untied = predicted.levels() == n && human.levels() == n;
    let fewest = pairs.discordant.min(pairs.concordant);
    let exact = match test.null {
        Null::Auto => untied && (n <= 33 || fewest <= 1),
        Null::Exact => true,
        Null::Asymptotic => false,
    };
    if !exact {
        let z = pairs.balance() as f64 / variance(predicted, human).sqrt();
        let method = "asymptotic normal, tie-corrected variance";
        return Ok((normal_p_value(z, test.alternative), method));
    }
    if !untied || (n > MOST_EXACT && fewest > 1) {
        return Err(StatsError::Argument {
            argument: "null",
            value: format!("Exact for {n} pairs, ties: {}", !untied),
            allowed: "an exact Kendall p-value for at most 34 pairs without ties, otherwise Asymptotic",
        });
    }
    Ok((
        exact_p_value(n, pairs.discordant, pairs.concordant, test.alternative),
        "exact",
    ))
}

/// Variance of the balance when all pairings are equally likely, given the ties (Kendall 1970).
///
/// ```text
/// (m (2n + 5) - v_x - v_y) / 18 + 2 t_x t_y / m + w_x w_y / (9 m (n - 2)),   m = n (n - 1)
/// v = sum c (c - 1)(2c + 5), t = sum c (c - 1) / 2, w = sum c (c - 1)(c - 2) over tie counts c
/// ```
fn variance(predicted: &Ranks, human: &Ranks) -> f64 {
    // Products of tie counts pass 64 bits near n = 4,500 on five levels; `f64` keeps 53 bits of any size.
    let n = predicted.len() as f64;
    let ordered = n * (n - 1.0);
    let sum = |ranks: &Ranks, term: fn(f64) -> f64| -> f64 {
        ranks
            .counts()
            .iter()
            .map(|count| term(f64::from(*count)))
            .sum()
    };
    let of_both = |term: fn(f64) -> f64| (sum(predicted, term), sum(human, term));
    let (v_x, v_y) = of_both(|c| c * (c - 1.0) * (2.0 * c + 5.0));
    let (t_x, t_y) = of_both(|c| c * (c - 1.0) / 2.0);
    let (w_x, w_y) = of_both(|c| c * (c - 1.0) * (c - 2.0));
    let triples = if n > 2.0 {
        w_x * w_y / (9.0 * ordered * (n - 2.0))
    } else {
        0.0
    };
    (ordered * (2.0 * n + 5.0) - v_x - v_y) / 18.0 + 2.0 * t_x * t_y / ordered + triples
}

/// Share of the n! orders with as many discordant pairs, or with a more extreme number.
fn exact_p_value(n: usize, discordant: u64, concordant: u64, alternative: Alternative) -> f64 {
    // The number of discordant pairs is distributed as the number of concordant ones.
    let (fewest, few_discordant) = (discordant.min(concordant), discordant <= concordant);
    let (at_most, exactly) = if n <= MOST_EXACT {
        small_tail(n, fewest)
    } else if fewest == 0 {
        let one = (-log_factorial(n)).exp();
        (one, one)
    } else {
        let both = (-log_factorial(n - 1)).exp();
        (both, both * (n - 1) as f64 / n as f64)
    };
    let (near, far) = (at_most, 1.0 - at_most + exactly);
    if few_discordant {
        alternative.p_value(far, near)
    } else {
        alternative.p_value(near, far)
    }
}

/// P(inversions <= k) and P(inversions = k) for a random order of `n` things, n at most [`MOST_EXACT`].
fn small_tail(n: usize, k: u64) -> (f64, f64) {
    let limit = usize::try_from(k).expect("34 things have 561 pairs");
    // counts[i]: orders of the things so far with i inversions. The next thing adds 0 to `things` of them.
    let mut counts = vec![0_u128; limit + 1];
    counts[0] = 1;
    for things in 1..n {
        let mut window = 0;
        let before = counts.clone();
        for (inversions, count) in counts.iter_mut().enumerate() {
            window += before[inversions];
            if inversions > things {
                window -= before[inversions - things - 1];
            }
            *count = window;
        }
    }
    let total = (1..=n as u128).product::<u128>() as f64;
    (
        counts.iter().sum::<u128>() as f64 / total,
        counts[limit] as f64 / total,
    )
}
