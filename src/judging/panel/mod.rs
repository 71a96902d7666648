//! Several judges as one: how each member counts, and what their results come to.
//!
//! Knows nothing of who asks the members. A member that failed is missing and never a number; the panel goes on
//! while enough of the others answered, and says who was missing.

mod comparisons;
mod scores;
#[cfg(test)]
mod tests;

pub use comparisons::{PooledComparison, pool_comparisons};
pub use scores::{PanelScale, PooledBy, PooledScore, pool_scores};

use super::{Unscored, WordError};

/// How the members of a panel are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Jury {
    /// Every member counts alike.
    #[default]
    Mean,
    /// Each member counts by how far it was found to agree with people.
    Reliability,
    /// Reliabilities are estimated together with the strengths, from the votes of a whole ranking.
    Joint,
}

impl Jury {
    /// Every way.
    pub const ALL: [Jury; 3] = [Jury::Mean, Jury::Reliability, Jury::Joint];

    /// Stable name in requests and results.
    pub fn name(self) -> &'static str {
        match self {
            Jury::Mean => "mean",
            Jury::Reliability => "reliability",
            Jury::Joint => "joint",
        }
    }

    /// The way of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Jury::ALL.into_iter().find(|jury| jury.name() == name)
    }
}

/// The members of a panel, the weight of each, and how many have to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelRule {
    names: Vec<String>,
    weights: Vec<f64>,
    quorum: usize,
}

impl PanelRule {
    /// Members with a weight each, which are scaled to sum to 1. `quorum` is how many members of positive weight
    /// have to answer; more than half of them unless given.
    ///
    /// # Errors
    /// No member, a name twice, another number of weights, a weight that is negative or not finite, all weights
    /// zero, or a quorum that is zero or more than there are members of positive weight.
    pub fn new(
        names: Vec<String>,
        weights: &[f64],
        quorum: Option<usize>,
    ) -> Result<Self, WordError> {
        if names.is_empty() {
            return Err(WordError::new("a panel has one judge or more"));
        }
        if let Some(name) = (1..names.len()).find_map(|at| {
            let name = &names[at];
            names[..at].contains(name).then_some(name)
        }) {
            let detail = format!("`{name}` sits on the panel twice; a judge has one seat");
            return Err(WordError::new(detail));
        }
        if weights.len() != names.len() {
            let (given, members) = (weights.len(), names.len());
            let detail = format!("{given} weights for {members} members; each has one");
            return Err(WordError::new(detail));
        }
        let sound = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        if let Some((name, weight)) = (names.iter().zip(weights)).find(|(_, one)| !sound(one)) {
            return Err(WordError::new(format!(
                "the weight of `{name}` is {weight}; weights are finite and zero or more"
            )));
        }
        // Relative to the greatest, so that no sum overflows.
        let greatest = weights.iter().copied().fold(0.0, f64::max);
        let counting = weights.iter().filter(|weight| **weight > 0.0).count();
        if counting == 0 {
            return Err(WordError::new(
                "every member has weight 0; some member has to count",
            ));
        }
        let quorum = quorum.unwrap_or(counting / 2 + 1);
        if !(1..=counting).contains(&quorum) {
            return Err(WordError::new(format!(
                "a quorum of {quorum} is none; {counting} members count, so that it is 1 to {counting}"
            )));
        }
        let parts: Vec<f64> = weights.iter().map(|weight| weight / greatest).collect();
        let sum: f64 = parts.iter().sum();
        Ok(PanelRule {
            names,
            weights: parts.into_iter().map(|part| part / sum).collect(),
            quorum,
        })
    }

    /// Names of the members, in the order in which they were given.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Weights of the members; they sum to 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// How many members of positive weight have to answer.
    pub fn quorum(&self) -> usize {
        self.quorum
    }

    /// The share that each member has in a result: its weight among those that answered, 0 for the missing.
    ///
    /// # Errors
    /// Fewer members than the quorum: the reason is that of the first missing one, and the words name them all.
    pub fn shares<T>(&self, results: &[Result<T, Unscored>]) -> Result<Vec<f64>, Unscored> {
        let present = |at: usize| results.get(at).is_some_and(Result::is_ok);
        let answered: Vec<f64> = (self.weights.iter().enumerate())
            .map(|(at, weight)| if present(at) { *weight } else { 0.0 })
            .collect();
        let counted = answered.iter().filter(|weight| **weight > 0.0).count();
        if counted >= self.quorum {
            let sum: f64 = answered.iter().sum();
            return Ok(answered.into_iter().map(|weight| weight / sum).collect());
        }
        Err(self.no_quorum(counted, results))
    }

    fn no_quorum<T>(&self, counted: usize, results: &[Result<T, Unscored>]) -> Unscored {
        let missing = (self.names.iter().zip(&self.weights).zip(results))
            .filter(|((_, weight), _)| **weight > 0.0)
            .filter_map(|((name, _), result)| Some((name, result.as_ref().err()?)));
        let told: Vec<String> = missing
            .clone()
            .map(|(name, unscored)| format!("`{name}`: {unscored}"))
            .collect();
        let reason = missing.map(|(_, unscored)| unscored.reason).next();
        Unscored::new(
            reason.unwrap_or(super::Reason::NotApplicable),
            format!(
                "{counted} members of the panel answered and {} are needed; missing: {}",
                self.quorum,
                told.join("; ")
            ),
        )
    }
}
