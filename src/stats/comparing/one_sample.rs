//! Is the centre of a sample below a bound?

use super::super::tails::t_lower;
use super::super::{Estimate, StatsError};

/// One-sided t-test that the mean lies below `bound`; the estimate is the mean.
///
/// Same as `scipy.stats.ttest_1samp(values, bound, alternative="less")`. Without any spread the p-value is 0
/// for a mean below the bound and 1 otherwise, the limits of the test.
///
/// # Errors
/// [`StatsError::TooFew`] below two values; [`StatsError::Argument`] for a value that is not finite.
pub fn t_test_less(values: &[f64], bound: f64) -> Result<Estimate, StatsError> {
    check("t_test_less", values, 2)?;
    let size = values.len() as f64;
    let mean = values.iter().sum::<f64>() / size;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let error = (squares / (size - 1.0) / size).sqrt();
    let p_value = if error > 0.0 {
        t_lower((mean - bound) / error, size - 1.0)
    } else {
        f64::from(u8::from(mean >= bound))
    };
    Ok(Estimate::new(
        "mean",
        mean,
        values.len(),
        format!("against {bound}, one-sided, less"),
    )
    .with_p_value(p_value, "t distribution"))
}

/// One-sided Wilcoxon signed-rank test that values lie below `bound`; the estimate is the rank sum above it.
///
/// Values equal to the bound are left out (Wilcoxon's own rule). The p-value is exact with ties too: every sign
/// of every midrank is as likely as the other. Without ties it is that of
/// `scipy.stats.wilcoxon(values - bound, alternative="less", method="exact")`.
///
/// # Errors
/// [`StatsError::TooFew`] when no value differs from the bound; [`StatsError::Argument`] for a value that is
/// not finite.
pub fn wilcoxon_less(values: &[f64], bound: f64) -> Result<Estimate, StatsError> {
    check("wilcoxon_less", values, 1)?;
    let mut differences: Vec<f64> = values
        .iter()
        .map(|value| value - bound)
        .filter(|difference| *difference != 0.0)
        .collect();
    check("wilcoxon_less", &differences, 1)?;
    differences.sort_by(|left, right| left.abs().total_cmp(&right.abs()));

    // Twice the midrank of each difference, so that ranks are whole.
    let mut twice_ranks = Vec::with_capacity(differences.len());
    let mut above = 0;
    for tied in differences.chunk_by(|left, right| left.abs() >= right.abs()) {
        let rank = 2 * twice_ranks.len() + tied.len() + 1;
        above += rank * tied.iter().filter(|difference| **difference > 0.0).count();
        twice_ranks.extend(std::iter::repeat_n(rank, tied.len()));
    }

    // Probability of each rank sum when each rank is above the bound with probability one half.
    let mut probability = vec![0.0; twice_ranks.iter().sum::<usize>() + 1];
    probability[0] = 1.0;
    let mut largest = 0;
    for rank in twice_ranks {
        largest += rank;
        for sum in (0..=largest).rev() {
            let with = if sum >= rank {
                probability[sum - rank]
            } else {
                0.0
            };
            probability[sum] = 0.5 * (probability[sum] + with);
        }
    }
    let p_value = probability[..=above].iter().sum::<f64>().min(1.0);
    let convention = format!("against {bound}, one-sided, less; values at the bound left out");
    Ok(Estimate::new(
        "signed_rank_sum",
        above as f64 / 2.0,
        differences.len(),
        convention,
    )
    .with_p_value(p_value, "exact, ties in midranks"))
}

fn check(statistic: &'static str, values: &[f64], needed: usize) -> Result<(), StatsError> {
    if values.len() < needed {
        return Err(StatsError::TooFew {
            statistic,
            needed,
            got: values.len(),
        });
    }
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(StatsError::Argument {
            argument: "values",
            value: value.to_string(),
            allowed: "finite numbers",
        }),
        None => Ok(()),
    }
}
