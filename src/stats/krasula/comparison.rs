//! Is one judge better than another on the same pairs?

use super::super::tails::{binomial_even_two_sided, normal_interval, normal_two_sided};
use super::super::{Estimate, StatsError};
use super::analysis::{MIRRORED, Parts};
use super::outcomes::Outcome;

/// Differences of two judges, first less second, each with a test of it being 0.
#[derive(Debug, Clone, PartialEq)]
pub struct KrasulaComparison {
    /// Of AUC_DS, by DeLong.
    pub auc_ds: Estimate,
    /// Of AUC_BW, by DeLong, each pair counted once.
    pub auc_bw: Estimate,
    /// Of AUC_BW, by DeLong, as in the published program: each pair and its mirror image, as if independent.
    /// Its p-value is too small.
    pub auc_bw_published: Estimate,
    /// Of CC0, by the published program's test of two independent proportions, each over twice the pairs.
    pub cc0: Estimate,
    /// Of CC0, by the exact sign test on pairs that only one of the two judges orders rightly.
    pub cc0_paired: Estimate,
}

/// Compares two judges by their `differences` (first less second item) on the same pairs.
///
/// # Errors
/// As [`super::krasula`] for either judge.
pub fn compare_krasula(
    first: &[f64],
    second: &[f64],
    outcomes: &[Outcome],
) -> Result<KrasulaComparison, StatsError> {
    let first = Parts::new(first, outcomes)?;
    let second = Parts::new(second, outcomes)?;
    let auc_ds = first.different_similar().difference(
        &second.different_similar(),
        "krasula_auc_ds_difference",
        1.0,
    );
    let (one, other) = (first.better_worse(), second.better_worse());
    let auc_bw = one.difference(&other, "krasula_auc_bw_difference", MIRRORED);
    let mut auc_bw_published = one.difference(&other, "krasula_auc_bw_difference", 1.0);
    auc_bw_published.convention =
        format!("{}; each pair counted twice", auc_bw_published.convention).into();
    let (cc0, cc0_paired) = correct_classification(&first.better, &second.better);
    Ok(KrasulaComparison {
        auc_ds,
        auc_bw,
        auc_bw_published,
        cc0,
        cc0_paired,
    })
}

fn correct_classification(first: &[f64], second: &[f64]) -> (Estimate, Estimate) {
    let (mut right, mut only_first, mut only_second) = ((0_u64, 0_u64), 0_u64, 0_u64);
    for (first, second) in first.iter().zip(second) {
        let (first, second) = (*first > 0.0, *second > 0.0);
        right.0 += u64::from(first);
        right.1 += u64::from(second);
        only_first += u64::from(first && !second);
        only_second += u64::from(second && !first);
    }
    let pairs = first.len() as f64;
    let (share_first, share_second) = (right.0 as f64 / pairs, right.1 as f64 / pairs);
    let difference = share_first - share_second;

    let pooled = 0.5 * (share_first + share_second);
    // The published program counts each pair and its mirror image.
    let error = (pooled * (1.0 - pooled) * 2.0 / (2.0 * pairs)).sqrt();
    let p_value = if difference == 0.0 {
        1.0
    } else {
        normal_two_sided(difference / error)
    };
    let apart = (share_first * (1.0 - share_first) + share_second * (1.0 - share_second)) / pairs;
    let differ = (only_first + only_second) as f64 / pairs - difference * difference;
    let estimate = |convention, variance: f64, method| {
        let error = variance.max(0.0).sqrt();
        Estimate::new(
            "krasula_cc0_difference",
            difference,
            first.len(),
            convention,
        )
        .with_interval(normal_interval(difference, error, (-1.0, 1.0), method))
    };
    (
        estimate(
            "first less second; judges taken as independent, each pair counted twice",
            apart,
            "normal, judges taken as independent, each pair counted once",
        )
        .with_p_value(p_value, "binomial, asymptotic normal"),
        estimate(
            "first less second; pairs that only one judge orders rightly",
            differ / pairs,
            "normal, from the pairs on which the judges differ",
        )
        .with_p_value(
            binomial_even_two_sided(only_first, only_first + only_second),
            "exact sign test",
        ),
    )
}
