//! Two systems compared on the prompts that both have.

use std::collections::BTreeMap;

use super::{Difference, ReleaseSettings, Row, Shown};
use crate::stats::resample::{percentile_over_items, swap_test};
use crate::stats::{Alternative, StatsError, mean};

/// Compares the new system with the old one on the prompts that both have, by the judge's scores or people's ratings.
///
/// Several items of one system and prompt are averaged: prompts are what is drawn, so that versions of one prompt are
/// not taken for independent.
///
/// # Errors
/// [`StatsError::TooFew`] below two common prompts.
pub fn difference(
    rows: &[Row],
    new: &str,
    old: &str,
    by: fn(&Row) -> Option<f64>,
    settings: &ReleaseSettings,
) -> Result<Difference, StatsError> {
    let (gains, left_out) = gains(rows, new, old, by, settings.higher_is_better);
    let n = gains.len();
    if n < 2 {
        return Err(StatsError::TooFew {
            statistic: "difference of two systems",
            needed: 2,
            got: n,
        });
    }
    let sum = |drawn: &[u32]| drawn.iter().map(|at| gains[*at as usize]).sum::<f64>();
    let interval = percentile_over_items(n, None, &settings.plan, |drawn| {
        sum(drawn) / drawn.len() as f64
    })?;
    let total = |swapped: &[bool]| -> f64 {
        let signed = gains.iter().zip(swapped);
        signed
            .map(|(gain, swapped)| if *swapped { -gain } else { *gain })
            .sum()
    };
    let p_value = swap_test(n, total, Alternative::TwoSided, &settings.plan);
    let found = mean(&gains)?;
    Ok(Difference {
        value: found.estimate.value,
        ci: [interval.low, interval.high],
        p_value,
        p_holm: None,
        shown: Shown::of(interval.low, interval.high),
        non_inferior: interval.low > -settings.margin,
        minimum_detectable: found.minimum_detectable(0.05, 0.8),
        prompts: n,
        left_out,
    })
}

/// New minus old for each prompt, and how many prompts have no such difference.
fn gains(
    rows: &[Row],
    new: &str,
    old: &str,
    by: fn(&Row) -> Option<f64>,
    higher_is_better: bool,
) -> (Vec<f64>, usize) {
    // For each prompt: sum and number of values of either system; a missing value spoils the prompt.
    let mut prompts: BTreeMap<&str, [Option<(f64, f64)>; 2]> = BTreeMap::new();
    for row in rows {
        let side = match row.system.as_deref() {
            Some(system) if system == new => 0,
            Some(system) if system == old => 1,
            _ => continue,
        };
        let sides = prompts
            .entry(&row.group)
            .or_insert([Some((0.0, 0.0)), Some((0.0, 0.0))]);
        sides[side] = match (sides[side], by(row)) {
            (Some((sum, n)), Some(value)) => Some((sum + value, n + 1.0)),
            _ => None,
        };
    }
    let sign = if higher_is_better { 1.0 } else { -1.0 };
    let gains: Vec<f64> = prompts
        .values()
        .filter_map(|[new, old]| {
            let mean =
                |side: &Option<(f64, f64)>| side.filter(|(_, n)| *n > 0.0).map(|(s, n)| s / n);
            Some(sign * (mean(new)? - mean(old)?))
        })
        .collect();
    let left_out = prompts.len() - gains.len();
    (gains, left_out)
}
