//! Which pairs to ask about next, and when to stop asking.
//!
//! Ways to choose: by what an answer would tell ([`informative_batch`], [`most_informative`]), neighbours in
//! the standing so far ([`swiss_round`]), by lot ([`random_order`]) and every pair ([`all_pairs`]). Lists of more than
//! two are dealt by [`ListRounds`]. All are pure
//! and repeat for their seed. Who is asked, and how, is not known here.

mod active;
mod blocks;
mod gain;
mod matching;
mod met;
#[cfg(test)]
mod refusals;
mod schedules;
#[cfg(test)]
mod simulated;
mod stopping;
mod swiss;
#[cfg(test)]
mod tests;
mod tree;

pub use active::{Choice, Question, Repeats, informative_batch, most_informative};
pub use blocks::ListRounds;
pub use gain::information_gain;
pub use met::Met;
pub use schedules::{all_pairs, random_order};
pub use stopping::{Narrow, Stop, Stopping, Widths};
pub use swiss::{SwissRound, swiss_round};
