//! The ranking that comparisons with anchors give.

use std::collections::BTreeMap;

use serde::Serialize;

use super::judged::{RankCost, UnscoredItem};
use super::report::RankedItem;
use crate::judging::Reason;
use crate::judging::protocol::{AnchorPlan, Prior, RankRun};
use crate::stats::strengths::{AnchorScale, Outcome, PlacedStrength, Shares, Vote, places};
use crate::stats::{DEFAULT_LEVEL, Interval, StatsError};

/// A ranking by comparisons with anchors.
#[derive(Debug, Clone, Serialize)]
pub struct AnchoredRanking {
    /// The items, the best first, anchors among them.
    pub items: Vec<RankedItem>,
    /// Always `thurstone`.
    pub model: &'static str,
    /// Unit of the strengths, and the prior.
    pub convention: String,
    /// How the intervals were made.
    pub interval_method: Option<String>,
    /// Nominal coverage of every interval.
    pub level: f64,
    /// The anchors, in the order in which they were given.
    pub anchors: Vec<AnchorReport>,
    /// Items without a comparison, which have no place.
    pub unscored: Vec<UnscoredItem>,
    /// What it cost and why it ended.
    #[serde(flatten)]
    pub cost: RankCost,
}

/// An anchor.
#[derive(Debug, Clone, Serialize)]
pub struct AnchorReport {
    /// Its name.
    pub item: String,
    /// `exact`, `around` or `estimated`: what was given of its strength.
    pub given: &'static str,
    /// Its strength on the scale of the ranking.
    pub strength: f64,
    /// The standard deviation of that; 0 where it was given exactly.
    pub deviation: f64,
}

/// The ranking that comparisons with anchors give.
///
/// # Errors
/// Strengths that cannot be fitted, which the prior rules out for sound comparisons.
pub fn by_anchors(
    names: &[String],
    run: &RankRun,
    plan: &AnchorPlan,
) -> Result<AnchoredRanking, StatsError> {
    let anchor_of: BTreeMap<u32, usize> = (plan.anchors.iter().enumerate())
        .map(|(at, anchor)| (anchor.item, at))
        .collect();
    let priors: Vec<Prior> = plan.anchors.iter().map(|anchor| anchor.prior).collect();
    let scale = AnchorScale::new(&priors, &among(run, &anchor_of), plan.ridge)?;
    let anchors = scale.anchors();
    let against = against(run, &anchor_of);
    let mut placed: Vec<(usize, PlacedStrength)> = Vec::new();
    let mut unscored = Vec::new();
    for item in 0u32.. {
        let Some(name) = names.get(item as usize) else {
            break;
        };
        match (anchor_of.get(&item), against.get(&item)) {
            (Some(at), _) => placed.push((item as usize, anchors[*at].clone())),
            (None, Some(compared)) => placed.push((item as usize, scale.place(compared)?)),
            (None, None) => unscored.push(uncompared(name, item, run)),
        }
    }
    let report =
        |(anchor, known): (&crate::judging::protocol::Anchor, &PlacedStrength)| AnchorReport {
            item: names[anchor.item as usize].clone(),
            given: match anchor.prior {
                Prior::Exact(_) => "exact",
                Prior::Around(..) => "around",
                Prior::Unknown => "estimated",
            },
            strength: known.value,
            deviation: known.deviation,
        };
    Ok(AnchoredRanking {
        items: ranked(names, &placed),
        model: "thurstone",
        convention: format!(
            "normal deviates of a difference, on the scale of the anchors; ridge {} around their mean",
            plan.ridge
        ),
        interval_method: placed
            .first()
            .map(|(_, one)| one.interval.method.to_string()),
        level: DEFAULT_LEVEL,
        anchors: plan.anchors.iter().zip(&anchors).map(report).collect(),
        unscored,
        cost: RankCost::new(names, run, "anchors"),
    })
}

fn shares(vote: &Vote) -> [f64; 2] {
    let [first, second, tie] = match vote.outcome {
        Outcome::Soft { first, second } => [first, second, 1.0 - first - second],
        Outcome::First => [1.0, 0.0, 0.0],
        Outcome::Second => [0.0, 1.0, 0.0],
        Outcome::Tie => [0.0, 0.0, 1.0],
    };
    // A tie is half a vote for each.
    let first = (first + tie / 2.0).clamp(0.0, 1.0);
    [first, (second + tie / 2.0).clamp(0.0, 1.0)]
}

/// Comparisons of anchors with each other, by their places among the anchors.
fn among(run: &RankRun, anchor_of: &BTreeMap<u32, usize>) -> Vec<Shares> {
    let both = run.votes.iter().filter_map(|vote| {
        let (one, other) = (anchor_of.get(&vote.first)?, anchor_of.get(&vote.second)?);
        Some((*one, *other, shares(vote)))
    });
    both.collect()
}

/// Comparisons of each other item: the anchor, and the item's share of the vote.
fn against(run: &RankRun, anchor_of: &BTreeMap<u32, usize>) -> BTreeMap<u32, Vec<(usize, f64)>> {
    let mut against: BTreeMap<u32, Vec<(usize, f64)>> = BTreeMap::new();
    for vote in &run.votes {
        let [first, second] = shares(vote);
        match (anchor_of.get(&vote.first), anchor_of.get(&vote.second)) {
            (None, Some(anchor)) => against
                .entry(vote.first)
                .or_default()
                .push((*anchor, first)),
            (Some(anchor), None) => against
                .entry(vote.second)
                .or_default()
                .push((*anchor, second)),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    against
}

fn ranked(names: &[String], placed: &[(usize, PlacedStrength)]) -> Vec<RankedItem> {
    let values: Vec<f64> = placed.iter().map(|(_, one)| one.value).collect();
    let intervals: Vec<Interval> = placed.iter().map(|(_, one)| one.interval.clone()).collect();
    let (ranks, ranges) = places(&values, &intervals);
    let mut items: Vec<RankedItem> = (placed.iter().zip(ranks.iter().zip(&ranges)))
        .map(|((item, one), (rank, range))| RankedItem {
            item: names[*item].clone(),
            strength: one.value,
            ci: Some([one.interval.low, one.interval.high]),
            rank: *rank,
            rank_ci: Some([range.best, range.worst]),
        })
        .collect();
    items.sort_by(|one, other| (one.rank, &one.item).cmp(&(other.rank, &other.item)));
    items
}

fn uncompared(name: &str, item: u32, run: &RankRun) -> UnscoredItem {
    let of_item = |pair: (u32, u32)| pair.0 == item || pair.1 == item;
    let failure = run.failed.iter().find(|failed| of_item(failed.pair));
    UnscoredItem {
        item: name.to_owned(),
        reason: failure
            .map_or(Reason::Budget, |failed| failed.unscored.reason)
            .code(),
        detail: failure.map_or_else(
            || "the comparing ended before it was compared".to_owned(),
            |failed| failed.unscored.detail.clone(),
        ),
    }
}
