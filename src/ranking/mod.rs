//! Rankings of named items.
//!
//! Knows names and where votes come from; the numbers are those of [`stats::strengths`](crate::stats::strengths).

mod anchored;
mod covariates;
mod judged;
mod listed;
mod panel;
mod report;
mod settings;
mod sheet;
pub mod votes;

pub use anchored::{AnchoredRanking, by_anchors};
pub use covariates::{CovariateError, Covariates};
pub use judged::{
    ComparedRanking, MeasuredEffect, NamedPair, NoRanking, RankCost, ScoreOrNot, ScoredRanking,
    TieWidthUsed, UnscoredItem, by_comparisons, by_raw_scores, by_scores,
};
pub use listed::{ListedRanking, by_lists};
pub use panel::{MemberReport, MemberVotes, PanelRanking, agreement, by_crowd, members_of};
pub use report::{RankReport, RankSettings, RankedItem, rank};
pub use settings::{IntervalKind, JudgedSettings};
pub use sheet::contact_sheet;
