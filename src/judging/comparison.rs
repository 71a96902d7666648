//! The outcome of asking which of two is better, in both orders.

use super::WordError;

/// Probabilities that the first, the second, or neither is better, with the measured order effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    first: f64,
    second: f64,
    tie: f64,
    order_effect: f64,
}

impl Comparison {
    /// Combines the log-odds of first over second from both orders of showing them.
    ///
    /// An additive position bias b enters as `+b` when the first is shown first and as `-b` when it is
    /// shown last; the mean of the two log-odds is free of it, and half their difference is the bias.
    ///
    /// # Errors
    /// Log-odds that are not finite, or a tie mass outside 0..=1.
    pub fn from_both_orders(
        shown_first: f64,
        shown_second: f64,
        tie: f64,
    ) -> Result<Self, WordError> {
        if !shown_first.is_finite() || !shown_second.is_finite() || !(0.0..=1.0).contains(&tie) {
            return Err(WordError::new(format!(
                "log-odds {shown_first} and {shown_second} must be finite and the tie mass {tie} in 0..=1"
            )));
        }
        let first = (1.0 - tie) / (1.0 + (-(shown_first + shown_second) / 2.0).exp());
        Ok(Comparison {
            first,
            second: 1.0 - tie - first,
            tie,
            order_effect: (shown_first - shown_second) / 2.0,
        })
    }

    /// Probability that the first is better.
    pub fn first(&self) -> f64 {
        self.first
    }

    /// Probability that the second is better.
    pub fn second(&self) -> f64 {
        self.second
    }

    /// Probability of a tie.
    pub fn tie(&self) -> f64 {
        self.tie
    }

    /// Advantage in log-odds of being shown first.
    pub fn order_effect(&self) -> f64 {
        self.order_effect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_additive_position_bias_cancels_and_is_reported() {
        let fair = Comparison::from_both_orders(0.8, 0.8, 0.1).unwrap();
        let biased = Comparison::from_both_orders(0.8 + 1.5, 0.8 - 1.5, 0.1).unwrap();
        assert!((fair.first() - biased.first()).abs() < 1e-15);
        assert!((biased.order_effect() - 1.5).abs() < 1e-15);
        assert!((biased.first() + biased.second() + biased.tie() - 1.0).abs() < 1e-15);
        assert!(Comparison::from_both_orders(f64::NAN, 0.0, 0.0).is_err());
        assert!(Comparison::from_both_orders(0.0, 0.0, 1.5).is_err());
    }
}
