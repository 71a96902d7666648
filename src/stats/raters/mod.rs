//! Do people agree with each other? Agreement of several raters on the same items.
//!
//! Before a judge is held against people, people are held against each other: where they agree no better than
//! by chance, no judge can agree with them. All coefficients here are 1 for perfect agreement and 0 for the
//! agreement that chance would give, and differ in what they take chance to be.

mod alpha;
mod ceiling;
mod chance;
mod intraclass;
mod kappa;
mod ratings;
#[cfg(test)]
mod tests;

pub use alpha::{Measurement, krippendorff_alpha};
pub use ceiling::{Ceiling, leave_one_out_ceiling};
pub use chance::{fleiss_kappa, gwet_ac1, scott_pi};
pub use intraclass::{IntraclassCorrelation, IntraclassForm, intraclass_correlation};
pub use kappa::{CohenKappa, KappaWeights, cohen_kappa, cohen_kappa_of_table};
pub use ratings::Ratings;
