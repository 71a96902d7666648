//! The exact null distribution of Spearman's rho: all pairings of two small rank columns.

use super::{Alternative, Ranks, StatsError};

/// Ten pairs have 3.6 million pairings; beyond, the t distribution is close enough and memory is not.
const MOST: usize = 10;

/// Share of the n! pairings at least as extreme as the observed one.
pub(super) fn exact_p_value(
    predicted: &Ranks,
    human: &Ranks,
    alternative: Alternative,
) -> Result<f64, StatsError> {
    let n = predicted.len();
    if n > MOST {
        return Err(StatsError::Argument {
            argument: "null",
            value: format!("Exact for {n} pairs"),
            allowed: "an exact Spearman p-value for at most 10 pairs, otherwise Asymptotic",
        });
    }
    let (x, y) = (doubled_ranks(predicted), doubled_ranks(human));
    let observed: usize = x.iter().zip(&y).map(|(a, b)| a * b).sum();
    let counts = pairing_counts(&x, &y);
    let total: u64 = counts.iter().sum();
    let share = |part: &[u64]| part.iter().sum::<u64>() as f64 / total as f64;
    Ok(alternative.p_value(share(&counts[..=observed]), share(&counts[observed..])))
}

fn doubled_ranks(ranks: &Ranks) -> Vec<usize> {
    let n = ranks.len() as i64;
    let levels = ranks.centred_level_ranks();
    (ranks.dense().iter())
        .map(|level| usize::try_from(levels[*level as usize] + n + 1).expect("a rank is positive"))
        .collect()
}

/// How many pairings have each sum of products: the first k of `x` are paired with each set of k of `y`.
fn pairing_counts(x: &[usize], y: &[usize]) -> Vec<u64> {
    let largest: usize = x
        .iter()
        .map(|rank| rank * rank)
        .sum::<usize>()
        .max(y.iter().map(|rank| rank * rank).sum());
    let mut by_set = vec![Vec::new(); 1 << y.len()];
    by_set[0] = vec![0; largest + 1];
    by_set[0][0] = 1_u64;
    for set in 0..by_set.len() - 1 {
        let counts = std::mem::take(&mut by_set[set]);
        let rank = x[set.count_ones() as usize];
        for (member, other) in y
            .iter()
            .enumerate()
            .filter(|(member, _)| set >> member & 1 == 0)
        {
            let product = rank * other;
            let target = &mut by_set[set | 1 << member];
            target.resize(largest + 1, 0);
            for (sum, count) in counts[..=largest - product].iter().enumerate() {
                target[sum + product] += count;
            }
        }
    }
    by_set.pop().unwrap_or_default()
}
