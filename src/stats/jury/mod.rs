//! Several judges as one: how much each member counts, and what they say together.
//!
//! Members count alike ([`equal_weights`]), by what an audit found of each ([`weights_by_error`],
//! [`weights_by_correlation`]), or by how far their votes go with the others' ([`crowd_strengths`]). Who the
//! members are is not known here.

mod crowd;
mod intervals;
#[cfg(test)]
mod tests;
mod weights;

pub use crowd::{Crowd, CrowdSettings, Member, crowd_strengths};
pub use intervals::{CrowdIntervals, crowd_intervals};
pub use weights::{
    equal_weights, pooled_mean, pooled_opinion, weights_by_correlation, weights_by_error,
};
