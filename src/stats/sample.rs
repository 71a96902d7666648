//! Aligned values of a judge and of people, checked once.

use super::{Side, StatsError};

/// Aligned (predicted, human) values: same length, finite, with `-0.0` stored as `0.0`.
///
/// ```
/// use opine::stats::PairedSample;
/// let sample = PairedSample::new(&[1.0, 2.0, 3.0], &[10.0, 20.0, 25.0])?;
/// assert_eq!(sample.len(), 3);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PairedSample {
    predicted: Vec<f64>,
    human: Vec<f64>,
}

impl PairedSample {
    /// Checks and aligns the two columns.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] and [`StatsError::NonFinite`], naming column and index.
    pub fn new(predicted: &[f64], human: &[f64]) -> Result<Self, StatsError> {
        Self::from_columns(predicted.to_vec(), human.to_vec())
    }

    /// The same of columns that need not be kept: nothing is copied.
    ///
    /// # Errors
    /// As [`PairedSample::new`].
    pub fn from_columns(mut predicted: Vec<f64>, mut human: Vec<f64>) -> Result<Self, StatsError> {
        if predicted.len() != human.len() {
            return Err(StatsError::LengthMismatch {
                predicted: predicted.len(),
                human: human.len(),
            });
        }
        check(&mut predicted, Side::Predicted)?;
        check(&mut human, Side::Human)?;
        Ok(PairedSample { predicted, human })
    }

    /// The judge's values.
    pub fn predicted(&self) -> &[f64] {
        &self.predicted
    }

    /// People's values.
    pub fn human(&self) -> &[f64] {
        &self.human
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.predicted.len()
    }

    /// Whether there is no pair at all.
    pub fn is_empty(&self) -> bool {
        self.predicted.is_empty()
    }

    /// The pairs at the drawn positions, each as often as it was drawn.
    pub(in crate::stats) fn drawn(&self, positions: &[u32]) -> Self {
        let pick = |column: &[f64]| positions.iter().map(|at| column[*at as usize]).collect();
        PairedSample {
            predicted: pick(&self.predicted),
            human: pick(&self.human),
        }
    }

    /// Refuses samples that are too small for `statistic` or constant in a column.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] or [`StatsError::Constant`].
    pub fn require_varied(&self, statistic: &'static str, needed: usize) -> Result<(), StatsError> {
        if self.len() < needed {
            return Err(StatsError::TooFew {
                statistic,
                needed,
                got: self.len(),
            });
        }
        for (side, values) in [
            (Side::Predicted, &self.predicted),
            (Side::Human, &self.human),
        ] {
            if let Some(value) = constant_value(values) {
                return Err(StatsError::Constant { side, value });
            }
        }
        Ok(())
    }
}

fn check(values: &mut [f64], side: Side) -> Result<(), StatsError> {
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(StatsError::NonFinite {
            side,
            index,
            value: values[index],
        });
    }
    // Adding positive zero turns -0.0 into 0.0 and changes nothing else; order by bits and order by value then agree.
    for value in values {
        *value += 0.0;
    }
    Ok(())
}

#[expect(
    clippy::float_cmp,
    reason = "a column is constant when its values are the same to the bit"
)]
fn constant_value(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    values.iter().all(|value| *value == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_column_and_index_of_the_first_value_that_is_not_finite() {
        let error = PairedSample::new(&[1.0, 2.0], &[1.0, f64::NAN]).unwrap_err();
        assert!(matches!(
            error,
            StatsError::NonFinite {
                side: Side::Human,
                index: 1,
                ..
            }
        ));
    }

    #[test]
    fn negative_zero_is_zero() {
        let sample = PairedSample::new(&[-0.0, 1.0], &[0.0, 1.0]).unwrap();
        assert!(sample.predicted()[0].is_sign_positive());
    }

    #[test]
    fn constant_column_is_an_error_by_name() {
        let sample = PairedSample::new(&[2.0, 2.0, 2.0], &[1.0, 2.0, 3.0]).unwrap();
        assert!(matches!(
            sample.require_varied("pearson", 2),
            Err(StatsError::Constant {
                side: Side::Predicted,
                ..
            })
        ));
    }
}
