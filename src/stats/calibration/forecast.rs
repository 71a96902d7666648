//! Stated probabilities and what happened, checked once.

use crate::stats::{Side, StatsError};

/// Probabilities of an event and whether it happened: same length, at least one, each in 0..=1.
///
/// For a question with several answers, pass the probability of the answer that was chosen and whether it
/// was right: calibration of the chosen answer is then measured (top-label, Guo et al. 2017).
#[derive(Debug, Clone, PartialEq)]
pub struct BinaryForecast {
    probabilities: Vec<f64>,
    outcomes: Vec<bool>,
}

impl BinaryForecast {
    /// Checks and aligns probabilities and outcomes.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`], [`StatsError::TooFew`] for none, [`StatsError::NonFinite`], and
    /// [`StatsError::Argument`] for a probability outside of 0..=1.
    pub fn new(probabilities: &[f64], outcomes: &[bool]) -> Result<Self, StatsError> {
        same_length(probabilities.len(), outcomes.len())?;
        if probabilities.is_empty() {
            return Err(StatsError::TooFew {
                statistic: "calibration",
                needed: 1,
                got: 0,
            });
        }
        require_finite(probabilities)?;
        if let Some(outside) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return Err(StatsError::Argument {
                argument: "probability",
                value: outside.to_string(),
                allowed: "0 to 1",
            });
        }
        Ok(BinaryForecast {
            probabilities: probabilities.iter().map(|p| p + 0.0).collect(),
            outcomes: outcomes.to_vec(),
        })
    }

    /// Stated probabilities.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// Whether the event happened.
    pub fn outcomes(&self) -> &[bool] {
        &self.outcomes
    }

    /// Number of forecasts, at least one.
    #[expect(
        clippy::len_without_is_empty,
        reason = "the constructor refuses an empty forecast"
    )]
    pub fn len(&self) -> usize {
        self.probabilities.len()
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let outcomes = self.outcomes.iter().map(|happened| indicator(*happened));
        self.probabilities.iter().copied().zip(outcomes)
    }
}

/// Log masses (or any logits) of the allowed answers of each question, and which answer was right.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassForecast {
    logits: Vec<Vec<f64>>,
    labels: Vec<usize>,
}

impl ClassForecast {
    /// Checks and aligns logits and labels.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`], [`StatsError::TooFew`] for none, [`StatsError::NonFinite`] with the
    /// question's index, and [`StatsError::Argument`] for a label without a logit.
    pub fn new(logits: &[Vec<f64>], labels: &[usize]) -> Result<Self, StatsError> {
        same_length(logits.len(), labels.len())?;
        if logits.is_empty() {
            return Err(StatsError::TooFew {
                statistic: "calibration",
                needed: 1,
                got: 0,
            });
        }
        for (index, (row, label)) in logits.iter().zip(labels).enumerate() {
            if let Some(value) = row.iter().find(|value| !value.is_finite()) {
                return Err(StatsError::NonFinite {
                    side: Side::Predicted,
                    index,
                    value: *value,
                });
            }
            if *label >= row.len() {
                return Err(StatsError::Argument {
                    argument: "label",
                    value: label.to_string(),
                    allowed: "below the number of logits of its question",
                });
            }
        }
        Ok(ClassForecast {
            logits: logits.to_vec(),
            labels: labels.to_vec(),
        })
    }

    /// Logits and label of each question.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[f64], usize)> {
        let rows = self.logits.iter().map(Vec::as_slice);
        rows.zip(self.labels.iter().copied())
    }

    /// Number of questions, at least one.
    #[expect(
        clippy::len_without_is_empty,
        reason = "the constructor refuses an empty forecast"
    )]
    pub fn len(&self) -> usize {
        self.labels.len()
    }
}

/// 1 for what happened, 0 for what did not.
pub(super) fn indicator(happened: bool) -> f64 {
    if happened { 1.0 } else { 0.0 }
}

pub(super) fn same_length(predicted: usize, human: usize) -> Result<(), StatsError> {
    if predicted == human {
        Ok(())
    } else {
        Err(StatsError::LengthMismatch { predicted, human })
    }
}

pub(super) fn require_finite(values: &[f64]) -> Result<(), StatsError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(StatsError::NonFinite {
            side: Side::Predicted,
            index,
            value: values[index],
        }),
    }
}
