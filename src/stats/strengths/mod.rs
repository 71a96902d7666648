//! Strengths from comparisons: who beat whom, turned into one number per item.
//!
//! Votes on pairs go to [`fit_strengths`] under one of four [`Model`]s, ordered lists to
//! [`plackett_luce`] (or [`listed_strengths`], with what the places add), comparisons with anchors to [`AnchorScale`]. All are concave and solved by Newton's method over the pairs that were voted on, so
//! that time and memory follow the votes and never the square of the items.
//!
//! Votes do not always say how far apart items are: where one group never lost to another, any distance
//! fits. That is an outcome with a name, [`StrengthsError::Separated`], and not a large number.

mod anchors;
mod belief;
#[cfg(test)]
mod belief_tests;
mod bootstrap;
mod calibrated;
mod coherence;
mod comparisons;
mod concordance;
mod curved;
pub(in crate::stats) mod dense;
mod effects;
mod fit;
mod graph;
#[cfg(test)]
mod laws;
mod lists;
mod model;
mod placed;
mod placing;
#[cfg(test)]
mod placing_tests;
mod posterior;
#[cfg(test)]
mod refusals;
mod sandwich;
mod separation;
mod shuffled;
#[cfg(test)]
mod simulated;
mod table;
#[cfg(test)]
mod tests;
mod tilted;
mod triads;
mod voters;
mod votes;

pub use anchors::{Anchored, Anchors};
pub use bootstrap::bootstrap_intervals;
pub use calibrated::{Calibrated, calibrated_posterior};
pub use coherence::{Coherence, coherence};
pub use concordance::{ListAgreement, list_agreement};
pub use fit::{StrengthSettings, Strengths, fit_strengths};
pub use lists::{Lists, plackett_luce, plackett_luce_intervals};
pub use model::Model;
pub use placed::{ListedStrengths, MOST_LISTED_ITEMS, TieredList, listed_strengths};
pub use placing::{ANCHORS, AnchorScale, PlacedStrength, Prior, Shares};
pub use posterior::{MOST_POSTERIOR_ITEMS, Posterior, posterior};
pub(in crate::stats) use sandwich::rank_ranges;
pub use sandwich::{
    MOST_SANDWICH_ITEMS, RankRange, Sandwich, StrengthIntervals, places, sandwich_intervals,
};
pub use separation::{Separation, StrengthsError};
pub use shuffled::{GatheredLists, ShownList, gather_lists, places_of_letters, shuffled_orders};
pub use triads::{Cycle, Triads, triads};
pub use voters::{VoterConsistency, voter_consistency};
pub use votes::{Outcome, Vote, Votes};
