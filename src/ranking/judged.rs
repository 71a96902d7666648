//! A ranking that a judge made, with what it cost.

use serde::Serialize;

use super::report::{RankReport, RankSettings, RankedItem, rank};
use super::votes::VoteTable;
use crate::judging::protocol::RankRun;
use crate::judging::{Better, Unscored, Verdict};
use crate::stats::strengths::{Calibrated, Model, StrengthSettings, Votes, calibrated_posterior};
use crate::stats::{DEFAULT_LEVEL, StatsError, mean};

/// A ranking by comparisons.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedRanking {
    /// The strengths and what can be said of them.
    #[serde(flatten)]
    pub report: RankReport,
    /// What it cost and why it ended.
    #[serde(flatten)]
    pub cost: RankCost,
}

/// What a ranking by comparisons cost.
#[derive(Debug, Clone, Serialize)]
pub struct RankCost {
    /// `all-pairs`, `random`, `swiss` or `active`.
    pub method: &'static str,
    /// `narrow`, `budget`, `exhausted` or `failed`.
    pub stop: &'static str,
    /// Comparisons asked for; each asks a judge of pairs two questions.
    pub comparisons: u64,
    /// Comparisons whose two orders prefer different items.
    pub disagreements: u64,
    /// What being shown first adds in log-odds, measured over the comparisons; absent where nothing was shown in pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured_order_effect: Option<MeasuredEffect>,
    /// Comparisons that came to nothing.
    pub failed: Vec<FailedComparison>,
}

/// A mean with its interval.
#[derive(Debug, Clone, Serialize)]
pub struct MeasuredEffect {
    /// The mean.
    pub value: f64,
    /// Student's interval.
    pub ci: Option<[f64; 2]>,
    /// Comparisons.
    pub n: usize,
}

/// A comparison that came to nothing.
#[derive(Debug, Clone, Serialize)]
pub struct FailedComparison {
    /// The item shown first in the straight order.
    pub first: String,
    /// The other.
    pub second: String,
    /// Why: a stable code.
    pub reason: &'static str,
    /// The same in words.
    pub detail: String,
}

/// A ranking by scores.
#[derive(Debug, Clone, Serialize)]
pub struct ScoredRanking {
    /// The items, the best first; `strength` is the score.
    pub items: Vec<RankedItem>,
    /// Always `scores`.
    pub method: &'static str,
    /// Items with no score, which have no place.
    pub unscored: Vec<UnscoredItem>,
}

/// An item with no score.
#[derive(Debug, Clone, Serialize)]
pub struct UnscoredItem {
    /// Its name.
    pub item: String,
    /// Why: a stable code.
    pub reason: &'static str,
    /// The same in words.
    pub detail: String,
}

/// The ranking that comparisons give, under the prior that chose them.
///
/// # Errors
/// No comparison at all, or strengths that cannot be estimated.
pub fn by_comparisons(
    names: &[String],
    run: &RankRun,
    method: &'static str,
    ridge: f64,
) -> Result<ComparedRanking, StatsError> {
    // The report names items in the order of their names where places are equal.
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|one, other| names[*one].cmp(&names[*other]));
    let mut place = vec![0; names.len()];
    for (at, item) in (0u32..).zip(&order) {
        place[*item] = at;
    }
    let mut votes = run.votes.clone();
    for vote in &mut votes {
        vote.first = place[vote.first as usize];
        vote.second = place[vote.second as usize];
    }
    let table = VoteTable {
        items: order.iter().map(|item| names[*item].clone()).collect(),
        votes: Votes::new(names.len(), votes)?,
        voters: None,
    };
    let chosen_by = StrengthSettings {
        ridge,
        ..StrengthSettings::new(Model::BradleyTerry)
    };
    let known = calibrated_posterior(&table.votes, &chosen_by);
    let settings = RankSettings {
        strengths: StrengthSettings {
            ridge: known.as_ref().map_or(ridge, Calibrated::ridge),
            ..chosen_by
        },
        bootstrap: None,
        damping: 0.0,
    };
    let name = |item: u32| names[item as usize].clone();
    let mut report = rank(&table, &settings)?;
    match known {
        Ok(known) => with_posterior(&mut report, &table.items, &known)?,
        Err(error) => report
            .notes
            .push(format!("intervals take pairs as chosen blindly: {error}")),
    }
    Ok(ComparedRanking {
        report,
        cost: RankCost {
            method,
            stop: run.stop.name(),
            comparisons: run.asked,
            disagreements: run.disagreements,
            measured_order_effect: order_effect(&run.order_effects),
            failed: run
                .failed
                .iter()
                .map(|failed| FailedComparison {
                    first: name(failed.pair.0),
                    second: name(failed.pair.1),
                    reason: failed.unscored.reason.code(),
                    detail: failed.unscored.detail.clone(),
                })
                .collect(),
        },
    })
}

/// Strengths and intervals of the posterior: pairs were chosen by what was known, and the sandwich then claims too much.
fn with_posterior(
    report: &mut RankReport,
    names: &[String],
    known: &Calibrated,
) -> Result<(), StatsError> {
    let intervals = known.intervals(DEFAULT_LEVEL)?;
    let places = known.places(DEFAULT_LEVEL)?;
    let ranks = known.ranks();
    for item in &mut report.items {
        if let Ok(at) = names.binary_search(&item.item) {
            item.strength = known.strengths[at];
            item.rank = ranks[at];
            item.ci = Some([intervals[at].low, intervals[at].high]);
            item.rank_ci = Some([places[at].best, places[at].worst]);
        }
    }
    report
        .items
        .sort_by(|one, other| one.rank.cmp(&other.rank).then(one.item.cmp(&other.item)));
    report.interval_method = intervals.first().map(|first| first.method.to_string());
    Ok(())
}

fn order_effect(effects: &[f64]) -> Option<MeasuredEffect> {
    let found = mean(effects).ok()?;
    Some(MeasuredEffect {
        value: found.estimate.value,
        ci: found
            .estimate
            .interval
            .map(|interval| [interval.low, interval.high]),
        n: effects.len(),
    })
}

/// The ranking that scores give; equal scores share the better place.
pub fn by_scores(names: &[String], outcomes: &[Result<Verdict, Unscored>]) -> ScoredRanking {
    let mut items = Vec::new();
    let mut unscored = Vec::new();
    let mut better = Better::Higher;
    for (name, outcome) in names.iter().zip(outcomes) {
        match outcome {
            Ok(verdict) => {
                better = verdict.score.scale().better();
                items.push(RankedItem {
                    item: name.clone(),
                    strength: verdict.score.value(),
                    ci: verdict
                        .interval
                        .map(|interval| [interval.low, interval.high]),
                    rank: 0,
                    rank_ci: None,
                });
            }
            Err(reason) => unscored.push(UnscoredItem {
                item: name.clone(),
                reason: reason.reason.code(),
                detail: reason.detail.clone(),
            }),
        }
    }
    items.sort_by(|one, other| {
        let rising = one.strength.total_cmp(&other.strength);
        let best_first = match better {
            Better::Higher => rising.reverse(),
            Better::Lower => rising,
        };
        best_first.then_with(|| one.item.cmp(&other.item))
    });
    let mut last: Option<(f64, u32)> = None;
    for (place, item) in (1u32..).zip(&mut items) {
        let rank = match last {
            Some((strength, rank)) if strength.total_cmp(&item.strength).is_eq() => rank,
            _ => place,
        };
        item.rank = rank;
        last = Some((item.strength, rank));
    }
    ScoredRanking {
        items,
        method: "scores",
        unscored,
    }
}
