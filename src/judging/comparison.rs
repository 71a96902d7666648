//! The outcome of asking which of two is better: in both orders, or from two opinions.

use super::WordError;
use crate::stats::pairs::over_both_orders;

/// Probabilities that the first, the second, or neither is better, with the measured order effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    first: f64,
    second: f64,
    tie: f64,
    order_effect: Option<f64>,
}

/// Log-odds beyond which there is no difference any more.
const MOST_LOG_ODDS: f64 = 700.0;

/// In what the lead of one over the other is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Margin {
    /// Log-odds of the first over the second, given that one is better.
    #[default]
    LogOdds,
    /// Probability that the first is better, less that of the second.
    Probability,
}

impl Margin {
    /// Every margin.
    pub const ALL: [Margin; 2] = [Margin::LogOdds, Margin::Probability];

    /// Stable name in files, options and results.
    pub fn name(self) -> &'static str {
        match self {
            Margin::LogOdds => "log-odds",
            Margin::Probability => "probability",
        }
    }

    /// The margin of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Margin::ALL.into_iter().find(|margin| margin.name() == name)
    }
}

/// Within which margin a comparison is a tie.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TieWidth {
    margin: Margin,
    width: f64,
}

impl TieWidth {
    /// No ties but those of exactly even comparisons and of the judge's own tie option.
    pub const NONE: TieWidth = TieWidth {
        margin: Margin::LogOdds,
        width: 0.0,
    };

    /// A width, 0 or above.
    ///
    /// # Errors
    /// A width that is negative or not finite.
    pub fn new(margin: Margin, width: f64) -> Result<Self, WordError> {
        if width.is_finite() && width >= 0.0 {
            return Ok(TieWidth { margin, width });
        }
        Err(WordError::new(format!(
            "a tie width is {width}; it must be 0 or above"
        )))
    }

    /// In what it is measured.
    pub fn margin(self) -> Margin {
        self.margin
    }

    /// The width.
    pub fn width(self) -> f64 {
        self.width
    }
}

/// What a comparison comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// The first is better.
    First,
    /// The second is better.
    Second,
    /// Neither is better.
    Tie,
    /// The two orders prefer different images, and a person should look.
    Review,
    /// The two orders prefer different images, and the comparison counts for nothing.
    Dropped,
}

impl Preference {
    /// Stable name in results.
    pub fn name(self) -> &'static str {
        match self {
            Preference::First => "first",
            Preference::Second => "second",
            Preference::Tie => "tie",
            Preference::Review => "review",
            Preference::Dropped => "dropped",
        }
    }
}

/// What becomes of a comparison whose two orders prefer different images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Disagreement {
    /// The averaged log-odds decide, as everywhere else.
    #[default]
    Average,
    /// It is a tie.
    Tie,
    /// It counts for nothing.
    Drop,
    /// A person should look.
    Review,
}

impl Disagreement {
    /// Every choice.
    pub const ALL: [Disagreement; 4] = [
        Disagreement::Average,
        Disagreement::Tie,
        Disagreement::Drop,
        Disagreement::Review,
    ];

    /// Stable name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Disagreement::Average => "average",
            Disagreement::Tie => "tie",
            Disagreement::Drop => "drop",
            Disagreement::Review => "review",
        }
    }

    /// The choice of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Disagreement::ALL.into_iter().find(|one| one.name() == name)
    }
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
        let (log_odds, order_effect) = over_both_orders(shown_first, shown_second);
        let first = (1.0 - tie) / (1.0 + (-log_odds).exp());
        Ok(Comparison {
            first,
            second: 1.0 - tie - first,
            tie,
            order_effect: Some(order_effect),
        })
    }

    /// From probabilities that the first, the second or neither is better, such as two opinions give.
    ///
    /// # Errors
    /// Probabilities that are negative, not finite, or do not sum to 1 within 1e-9.
    pub fn from_probabilities(first: f64, second: f64, tie: f64) -> Result<Self, WordError> {
        let parts = [first, second, tie];
        let sound = parts.iter().all(|part| (0.0..=1.0 + 1e-9).contains(part));
        if !sound || (first + second + tie - 1.0).abs() > 1e-9 {
            return Err(WordError::new(format!(
                "probabilities {first}, {second} and {tie} must lie in 0..=1 and sum to 1"
            )));
        }
        Ok(Comparison {
            first,
            second,
            tie,
            order_effect: None,
        })
    }

    /// The same with an order effect that was measured otherwise, such as the mean of several judges'.
    pub(super) fn with_order_effect(mut self, order_effect: Option<f64>) -> Self {
        self.order_effect = order_effect;
        self
    }

    /// Probability of the first, given that one is better, when it is shown first and when it is shown second;
    /// the same where nothing was shown side by side.
    pub fn by_order(&self) -> [f64; 2] {
        let effect = self.order_effect.unwrap_or(0.0);
        [effect, -effect].map(|effect| 1.0 / (1.0 + (-(self.log_odds() + effect)).exp()))
    }

    /// The same comparison with its images named the other way round.
    #[must_use]
    pub fn turned(&self) -> Self {
        Comparison {
            first: self.second,
            second: self.first,
            tie: self.tie,
            order_effect: self.order_effect,
        }
    }

    /// Log-odds of the first over the second, given that one is better; infinite where one cannot be.
    pub fn log_odds(&self) -> f64 {
        (self.first / self.second).ln()
    }

    /// How far the first is ahead, in units of the margin; 0 where both are even.
    pub fn margin(&self, margin: Margin) -> f64 {
        if self.first.total_cmp(&self.second).is_eq() {
            return 0.0;
        }
        match margin {
            // A probability of 0 has no finite odds; these are beyond all that doubles can hold.
            Margin::LogOdds => self.log_odds().clamp(-MOST_LOG_ODDS, MOST_LOG_ODDS),
            Margin::Probability => self.first - self.second,
        }
    }

    /// What it comes down to: a tie where the margin is within `ties`, where both are exactly even or where a tie
    /// is the most probable, else the likelier of the two.
    pub fn preference(&self, ties: TieWidth) -> Preference {
        let margin = self.margin(ties.margin);
        if margin.abs() <= ties.width || self.tie > self.first.max(self.second) {
            Preference::Tie
        } else if margin > 0.0 {
            Preference::First
        } else {
            Preference::Second
        }
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

    /// Advantage in log-odds of being shown first; `None` where nothing was shown side by side.
    pub fn order_effect(&self) -> Option<f64> {
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
        assert!((biased.order_effect().unwrap() - 1.5).abs() < 1e-15);
        assert!((biased.first() + biased.second() + biased.tie() - 1.0).abs() < 1e-15);
        assert!(Comparison::from_both_orders(f64::NAN, 0.0, 0.0).is_err());
        assert!(Comparison::from_both_orders(0.0, 0.0, 1.5).is_err());
    }

    #[test]
    fn probabilities_sum_to_one() {
        let comparison = Comparison::from_probabilities(0.5, 0.3, 0.2).unwrap();
        assert_eq!(comparison.order_effect(), None);
        for (first, second, tie) in [(0.5, 0.5, 0.5), (-0.1, 1.0, 0.1), (f64::NAN, 0.5, 0.5)] {
            assert!(Comparison::from_probabilities(first, second, tie).is_err());
        }
    }

    #[test]
    fn a_tie_is_a_width_or_the_most_probable_answer() {
        let of = |first, second, tie| Comparison::from_probabilities(first, second, tie).unwrap();
        let cases = [
            (of(0.6, 0.4, 0.0), 0.0, Preference::First),
            (of(0.4, 0.6, 0.0), 0.0, Preference::Second),
            (of(0.6, 0.4, 0.0), 0.5, Preference::Tie),
            (of(0.3, 0.2, 0.5), 0.0, Preference::Tie),
            (of(0.5, 0.5, 0.0), 0.0, Preference::Tie),
            (of(1.0, 0.0, 0.0), 3.0, Preference::First),
        ];
        for (comparison, width, preference) in cases {
            let ties = TieWidth::new(Margin::LogOdds, width).unwrap();
            assert_eq!(comparison.preference(ties), preference, "{comparison:?}");
        }
        let near = of(0.55, 0.45, 0.0);
        for (width, preference) in [(0.11, Preference::Tie), (0.09, Preference::First)] {
            let ties = TieWidth::new(Margin::Probability, width).unwrap();
            assert_eq!(near.preference(ties), preference);
        }
        for wrong in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(TieWidth::new(Margin::LogOdds, wrong).is_err());
        }
        for (comparison, margin) in [(of(1.0, 0.0, 0.0), 700.0), (of(0.0, 0.0, 1.0), 0.0)] {
            assert!((comparison.margin(Margin::LogOdds) - margin).abs() < 1e-12);
        }
    }
}
