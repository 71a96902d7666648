//! Rankings of named items.
//!
//! Knows names and where votes come from; the numbers are those of [`stats::strengths`](crate::stats::strengths).

mod judged;
mod report;
mod sheet;
pub mod votes;

pub use judged::{
    ComparedRanking, NamedPair, ScoredRanking, TieWidthUsed, by_comparisons, by_scores,
};
pub use report::{RankReport, RankSettings, RankedItem, rank};
pub use sheet::contact_sheet;
