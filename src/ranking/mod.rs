//! Rankings of named items.
//!
//! Knows names and where votes come from; the numbers are those of [`stats::strengths`](crate::stats::strengths).

mod report;
pub mod votes;

pub use report::{RankReport, RankSettings, rank};
