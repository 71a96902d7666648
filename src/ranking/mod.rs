//! Rankings of named items.
//!
//! Knows names and where votes come from; the numbers are those of [`stats::strengths`](crate::stats::strengths).

mod anchored;
mod judged;
mod listed;
mod report;
mod sheet;
pub mod votes;

pub use anchored::{AnchoredRanking, by_anchors};
pub use judged::{
    ComparedRanking, RankCost, ScoredRanking, UnscoredItem, by_comparisons, by_scores,
};
pub use listed::{ListedRanking, by_lists};
pub use report::{RankReport, RankSettings, RankedItem, rank};
pub use sheet::contact_sheet;
