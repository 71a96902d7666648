//! Corrections for many comparisons.

use super::super::StatsError;

/// Which error rate is held over a family of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// Family-wise error rate, stepping down (Holm, 1979).
    Holm,
    /// False discovery rate of independent or positively dependent tests (Benjamini and Hochberg, 1995).
    BenjaminiHochberg,
    /// False discovery rate whatever the dependence (Benjamini and Yekutieli, 2001).
    BenjaminiYekutieli,
}

/// Adjusted p-values, in the order given: a test is rejected at a level where its adjusted value is at most that.
///
/// Same as `statsmodels.stats.multitest.multipletests` with "holm", "fdr_bh" and "fdr_by".
///
/// ```
/// use opine::stats::comparing::{Correction, adjust_p_values};
/// let adjusted = adjust_p_values(&[0.01, 0.04, 0.03], Correction::Holm)?;
/// assert_eq!(adjusted, [0.03, 0.06, 0.06]);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] for a p-value outside 0 to 1.
pub fn adjust_p_values(p_values: &[f64], correction: Correction) -> Result<Vec<f64>, StatsError> {
    if let Some(value) = p_values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        return Err(StatsError::Argument {
            argument: "p_values",
            value: value.to_string(),
            allowed: "0 to 1",
        });
    }
    let tests = p_values.len() as f64;
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&left, &right| p_values[left].total_cmp(&p_values[right]));
    let mut adjusted = vec![0.0; p_values.len()];
    match correction {
        Correction::Holm => {
            let mut largest = 0.0_f64;
            for (rank, &test) in order.iter().enumerate() {
                largest = largest.max((tests - rank as f64) * p_values[test]);
                adjusted[test] = largest.min(1.0);
            }
        }
        Correction::BenjaminiHochberg | Correction::BenjaminiYekutieli => {
            let factor = if correction == Correction::BenjaminiYekutieli {
                (1..=p_values.len()).map(|rank| 1.0 / rank as f64).sum()
            } else {
                1.0
            };
            let mut smallest = 1.0_f64;
            for (rank, &test) in order.iter().enumerate().rev() {
                smallest = smallest.min(factor * tests / (rank as f64 + 1.0) * p_values[test]);
                adjusted[test] = smallest;
            }
        }
    }
    Ok(adjusted)
}
