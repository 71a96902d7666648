//! A probability for each level, and what follows from it.

use super::{Choice, LevelSet, RawScore, WordError};

/// Divisor of log masses before they become probabilities; part of the judge.
///
/// Q-Bench divides by 100: the order of images stays, their linear correlation with people does not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature(f64);

impl Temperature {
    /// No change.
    pub const ONE: Temperature = Temperature(1.0);

    /// A finite temperature above 0.
    ///
    /// # Errors
    /// Anything else.
    pub fn new(value: f64) -> Result<Self, WordError> {
        if value.is_finite() && value > 0.0 {
            Ok(Temperature(value))
        } else {
            Err(WordError::new(format!(
                "temperature is {value}; it must be finite and above 0"
            )))
        }
    }

    /// The divisor.
    pub fn value(self) -> f64 {
        self.0
    }
}

/// A probability for each level: finite, at least 0, summing to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion(Vec<f64>);

impl Opinion {
    /// Softmax of the log masses at a temperature, by log-sum-exp.
    ///
    /// ```text
    /// p_i = exp(l_i / T) / sum_j exp(l_j / T)
    /// ```
    /// Two options are computed as `sigmoid((a - b) / T)`, so that equal differences give equal
    /// probabilities to the bit: half-precision logits tie often, and ties must stay ties.
    pub fn from_choice(choice: &Choice, temperature: Temperature) -> Self {
        let masses = choice.log_mass();
        if let [first, second] = masses {
            let first = sigmoid((first - second) / temperature.value());
            return Opinion(vec![first, 1.0 - first]);
        }
        let highest = masses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = masses
            .iter()
            .map(|mass| ((mass - highest) / temperature.value()).exp())
            .collect();
        let total: f64 = weights.iter().sum();
        Opinion(weights.into_iter().map(|weight| weight / total).collect())
    }

    /// The mean of opinions on the same levels; there is at least one.
    pub(super) fn mean_of(opinions: &[Opinion]) -> Self {
        if let [only] = opinions {
            return only.clone();
        }
        let levels = opinions.first().map_or(0, |opinion| opinion.0.len());
        let mean = |level: usize| {
            opinions.iter().map(|opinion| opinion.0[level]).sum::<f64>() / opinions.len() as f64
        };
        Opinion((0..levels).map(mean).collect())
    }

    /// The opinion of a panel, from probabilities that were pooled to sum to 1.
    pub(super) fn pooled(probabilities: Vec<f64>) -> Self {
        Opinion(probabilities)
    }

    /// Probability of each level, in order.
    pub fn probabilities(&self) -> &[f64] {
        &self.0
    }

    /// Expected worth over the levels.
    pub fn score(&self, levels: &LevelSet) -> RawScore {
        RawScore::new(self.mean(levels), levels.scale())
    }

    /// Standard deviation of the worth under the opinion, in units of the scale: `sqrt(sum p (w - score)^2)`.
    pub fn spread(&self, levels: &LevelSet) -> f64 {
        let mean = self.mean(levels);
        self.0
            .iter()
            .zip(levels.worths())
            .map(|(p, worth)| p * (worth - mean).powi(2))
            .sum::<f64>()
            .sqrt()
    }

    fn mean(&self, levels: &LevelSet) -> f64 {
        self.0
            .iter()
            .zip(levels.worths())
            .map(|(p, worth)| p * worth)
            .sum()
    }
}

fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::judging::Readout;

    fn opinion(log_mass: Vec<f64>, temperature: f64) -> Opinion {
        let choice = Choice::new(log_mass, None, Readout::LabelLogits).unwrap();
        Opinion::from_choice(&choice, Temperature::new(temperature).unwrap())
    }

    /// scipy.special.softmax([2, 1, 0, -1, -2]) of scipy 1.17.1; tolerance is double rounding.
    #[test]
    fn five_levels_as_scipy() {
        let expected = [
            0.6364086465588308,
            0.23412165725273662,
            0.0861285444362687,
            0.03168492079612427,
            0.0116562309560396,
        ];
        for (ours, theirs) in opinion(vec![2.0, 1.0, 0.0, -1.0, -2.0], 1.0)
            .probabilities()
            .iter()
            .zip(expected)
        {
            assert!((ours - theirs).abs() < 1e-15, "{ours} {theirs}");
        }
    }

    #[test]
    fn equal_differences_of_two_logits_tie_to_the_bit() {
        // The naive quotient of exponentials breaks such ties (545.5 and 542.0 against 3.5 and 0).
        assert_eq!(
            opinion(vec![545.5, 542.0], 100.0),
            opinion(vec![3.5, 0.0], 100.0)
        );
    }

    #[test]
    fn temperature_is_above_zero() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Temperature::new(bad).is_err());
        }
    }

    proptest! {
        #[test]
        fn sums_to_one_and_ignores_a_shift(masses in prop::collection::vec(-700.0..700.0f64, 2..7), shift in -50.0..50.0f64) {
            let plain = opinion(masses.clone(), 1.0);
            let shifted = opinion(masses.iter().map(|mass| mass + shift).collect(), 1.0);
            prop_assert!((plain.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for (a, b) in plain.probabilities().iter().zip(shifted.probabilities()) {
                prop_assert!(a.is_finite() && (a - b).abs() < 1e-9);
            }
        }
    }
}
