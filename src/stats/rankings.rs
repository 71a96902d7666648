//! Agreement of two rankings of the same items.
//!
//! A ranking lists items from best to worst. Judges are often asked for such a list as a string ("BACD"), and
//! the distances in use have chance values far from 0 or 1 at the lengths that are asked for, so every distance
//! here has its chance value beside it ([`ranking_chance`]).

mod distance;
mod gain;
#[cfg(test)]
mod tests;

pub use distance::{Chance, RankingMeasure, mean_ranking_measure, ranking_chance};
pub use gain::{Gain, Ndcg, ndcg};

use super::StatsError;

fn argument(argument: &'static str, value: &str, allowed: &'static str) -> StatsError {
    StatsError::Argument {
        argument,
        value: value.to_owned(),
        allowed,
    }
}
