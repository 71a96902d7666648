//! What a cascade saved: what was asked, against asking the last and dearest judge of every dimension always.

use serde::Serialize;

use super::policy::Dimension;

/// Questions and their price, asked and not asked.
///
/// A judge that could not be asked, because it is down or the budget is spent, saves nothing: it counts on neither side.
/// An image that trips a wire counts on neither side as well, for nobody had to judge it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Saving {
    /// Questions that were asked; an answer that was remembered counts.
    pub questions: u64,
    /// Questions that the last judges alone would have been asked.
    pub dear_questions: u64,
    /// The second less the first; below 0 where cheap judges were too often unsure.
    pub saved_questions: i64,
    /// What the questions cost by the prices of the policy; nothing where a judge of it has none.
    pub cost: Option<f64>,
    /// What those of the last judges alone would have cost.
    pub dear_cost: Option<f64>,
    /// The second less the first.
    pub saved_cost: Option<f64>,
}

impl Default for Saving {
    fn default() -> Self {
        Saving::new(0, 0, Some(0.0), Some(0.0))
    }
}

impl Saving {
    fn new(questions: u64, dear_questions: u64, cost: Option<f64>, dear_cost: Option<f64>) -> Self {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Saving {
            questions,
            dear_questions,
            saved_questions: signed(dear_questions) - signed(questions),
            cost,
            dear_cost,
            saved_cost: dear_cost.zip(cost).map(|(dear, cost)| dear - cost),
        }
    }

    /// Of one dimension: the questions that each of its judges needs, and of each that was turned to whether it could be
    /// asked.
    pub fn of(dimension: &Dimension, questions: &[u64], asked: &[bool]) -> Self {
        let price = |at: usize, questions: u64| {
            let price = dimension.stages.get(at)?.price?;
            Some(price * questions as f64)
        };
        let spent: Vec<(usize, u64)> = questions
            .iter()
            .copied()
            .enumerate()
            .zip(asked)
            .filter_map(|(spent, asked)| asked.then_some(spent))
            .collect();
        // The last judge was asked, or was not needed; one that could not be asked would not have been either.
        let last = questions.len().saturating_sub(1);
        let dear = match asked.get(last) {
            Some(false) => 0,
            Some(true) | None => questions.get(last).copied().unwrap_or(0),
        };
        Saving::new(
            spent.iter().map(|(_, questions)| questions).sum(),
            dear,
            spent
                .iter()
                .map(|(at, questions)| price(*at, *questions))
                .sum(),
            price(last, dear),
        )
    }

    /// Adds that of another dimension or image.
    pub fn add(&mut self, other: &Saving) {
        let both = |one: Option<f64>, other: Option<f64>| Some(one? + other?);
        *self = Saving::new(
            self.questions + other.questions,
            self.dear_questions + other.dear_questions,
            both(self.cost, other.cost),
            both(self.dear_cost, other.dear_cost),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Policy;

    fn dimension(prices: [&str; 2]) -> Dimension {
        let text = format!(
            "format = 1\nid = \"p\"\nversion = \"1.0.0\"\n[[dimension]]\nname = \"q\"\n\
             [[dimension.stage]]\njudge = \"cheap\"\naccept = 0.8\n{}\n\
             [[dimension.stage]]\njudge = \"dear\"\naccept = 0.6\n{}\n",
            prices[0], prices[1]
        );
        let policy = Policy::parse("p.toml", &text).unwrap();
        policy.dimensions.into_iter().next().unwrap()
    }

    #[test]
    fn what_was_not_asked_is_saved_and_what_was_asked_twice_is_lost() {
        let priced = dimension(["price = 0.25", "price = 2.0"]);
        let of = |asked: &[bool]| Saving::of(&priced, &[1, 3], asked);
        let sure = of(&[true]);
        assert_eq!(
            (sure.questions, sure.dear_questions, sure.saved_questions),
            (1, 3, 2)
        );
        assert_eq!(
            (sure.cost, sure.dear_cost, sure.saved_cost),
            (Some(0.25), Some(6.0), Some(5.75))
        );
        let unsure = of(&[true, true]);
        assert_eq!(
            (unsure.saved_questions, unsure.saved_cost),
            (-1, Some(-0.25))
        );
        let down = of(&[false, false]);
        assert_eq!((down.questions, down.dear_questions), (0, 0));
        let dear_down = of(&[true, false]);
        assert_eq!(dear_down.saved_questions, -1);
        let mut all = sure;
        all.add(&unsure);
        assert_eq!(
            (all.questions, all.saved_questions, all.saved_cost),
            (5, 1, Some(5.5))
        );
    }

    #[test]
    fn without_a_price_no_cost_is_known() {
        let half = dimension(["price = 0.25", ""]);
        let sure = Saving::of(&half, &[1, 3], &[true]);
        assert_eq!(
            (sure.cost, sure.dear_cost, sure.saved_cost),
            (Some(0.25), None, None)
        );
        assert_eq!(sure.saved_questions, 2);
    }
}
