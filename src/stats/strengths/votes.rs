//! Votes on pairs, checked once.

use crate::stats::StatsError;

/// What a vote says of its pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// The first item is better.
    First,
    /// The second item is better.
    Second,
    /// Neither is better.
    Tie,
    /// Probabilities that the first and that the second is better; what is missing to 1 is a tie.
    Soft {
        /// Probability that the first is better.
        first: f64,
        /// Probability that the second is better.
        second: f64,
    },
}

impl Outcome {
    /// Shares of first, second and tie.
    pub fn shares(self) -> [f64; 3] {
        match self {
            Outcome::First => [1.0, 0.0, 0.0],
            Outcome::Second => [0.0, 1.0, 0.0],
            Outcome::Tie => [0.0, 0.0, 1.0],
            Outcome::Soft { first, second } => [first, second, (1.0 - first - second).max(0.0)],
        }
    }

    /// The same outcome with the items shown the other way round.
    #[must_use]
    pub fn swapped(self) -> Self {
        match self {
            Outcome::First => Outcome::Second,
            Outcome::Second => Outcome::First,
            Outcome::Tie => Outcome::Tie,
            Outcome::Soft { first, second } => Outcome::Soft {
                first: second,
                second: first,
            },
        }
    }

    fn is_sound(self) -> bool {
        match self {
            Outcome::First | Outcome::Second | Outcome::Tie => true,
            // Probabilities that a softmax made may sum to 1 and a rounding.
            Outcome::Soft { first, second } => {
                first >= 0.0 && second >= 0.0 && first + second <= 1.0 + 1e-12
            }
        }
    }
}

/// One vote on two items, given by their positions from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vote {
    /// The item shown first.
    pub first: u32,
    /// The item shown second.
    pub second: u32,
    /// What was voted.
    pub outcome: Outcome,
    /// How much the vote counts; 1 for a vote like any other.
    pub weight: f64,
}

impl Vote {
    /// A vote of weight 1.
    pub fn new(first: u32, second: u32, outcome: Outcome) -> Self {
        Vote {
            first,
            second,
            outcome,
            weight: 1.0,
        }
    }
}

/// Checked votes: two items or more, no item against itself, finite weights of zero or more, not all zero.
///
/// ```
/// use opine::stats::strengths::{Outcome, Vote, Votes};
/// let votes = Votes::new(2, vec![Vote::new(0, 1, Outcome::First), Vote::new(1, 0, Outcome::Tie)])?;
/// assert_eq!((votes.items(), votes.all().len()), (2, 2));
/// assert!(Votes::new(2, vec![Vote::new(1, 1, Outcome::Tie)]).is_err());
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Votes {
    items: usize,
    votes: Vec<Vote>,
    covariates: Vec<f64>,
    width: usize,
}

impl Votes {
    /// Checks votes on `items` items.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] for fewer than two items and without a vote of positive weight;
    /// [`StatsError::Argument`] for an item against itself, an item that does not exist, a weight or
    /// probability that is none.
    pub fn new(items: usize, votes: Vec<Vote>) -> Result<Self, StatsError> {
        let too_few = |statistic, needed, got| StatsError::TooFew {
            statistic,
            needed,
            got,
        };
        if items < 2 {
            return Err(too_few("strengths of items", 2, items));
        }
        for (index, vote) in votes.iter().enumerate() {
            check(vote, items).map_err(|allowed| StatsError::Argument {
                argument: "votes",
                value: format!("{vote:?} at index {index}"),
                allowed,
            })?;
        }
        if !votes.iter().any(|vote| vote.weight > 0.0) {
            return Err(too_few("strengths from votes", 1, 0));
        }
        Ok(Votes {
            items,
            votes,
            covariates: Vec::new(),
            width: 0,
        })
    }

    /// The same votes with `width` covariates each, such as a difference in length: values of the first item
    /// less those of the second, vote after vote.
    ///
    /// # Errors
    /// [`StatsError::Argument`] unless there are `width` finite values for each vote.
    pub fn with_covariates(mut self, width: usize, values: Vec<f64>) -> Result<Self, StatsError> {
        let wrong = |value: String| StatsError::Argument {
            argument: "covariates",
            value,
            allowed: "as many finite values for each vote as there are covariates",
        };
        if values.len() != width * self.votes.len() {
            return Err(wrong(format!("{} values", values.len())));
        }
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(wrong(format!("{} at index {index}", values[index])));
        }
        self.width = width;
        self.covariates = values;
        Ok(self)
    }

    /// Number of items; some may have no vote.
    pub fn items(&self) -> usize {
        self.items
    }

    /// The votes, in the order in which they were given.
    pub fn all(&self) -> &[Vote] {
        &self.votes
    }

    /// Number of covariates of each vote.
    pub fn covariates(&self) -> usize {
        self.width
    }

    /// The covariates of vote number `index`.
    pub(super) fn covariates_of(&self, index: usize) -> &[f64] {
        &self.covariates[index * self.width..(index + 1) * self.width]
    }
}

fn check(vote: &Vote, items: usize) -> Result<(), &'static str> {
    if vote.first == vote.second {
        return Err("two different items");
    }
    if vote.first.max(vote.second) as usize >= items {
        return Err("items from 0 to one less than their number");
    }
    if !(vote.weight >= 0.0 && vote.weight.is_finite()) {
        return Err("a finite weight of zero or more");
    }
    if !vote.outcome.is_sound() {
        return Err("probabilities of zero or more that sum to 1 at most");
    }
    Ok(())
}
