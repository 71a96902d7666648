//! A ranking that a judge made, with what it cost.

use serde::Serialize;

use super::covariates::CovariateError;
use super::report::{RankReport, RankSettings, RankedItem, rank};
use super::settings::{IntervalKind, JudgedSettings};
use super::votes::VoteTable;
use crate::judging::protocol::RankRun;
use crate::judging::{Better, RawScore, TieWidth, Unscored, Verdict};
use crate::stats::strengths::{Calibrated, Outcome, Vote, Votes, calibrated_posterior};
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
    /// `all-pairs`, `random`, `swiss`, `active` or `anchors`.
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
    /// Those of them that were left out, as was asked.
    #[serde(skip_serializing_if = "is_zero")]
    pub dropped: u64,
    /// Those of them that a person should look at; they are no votes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub review: Vec<NamedPair>,
    /// Within which margin a comparison counts as a tie; absent where no width was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tie_width: Option<TieWidthUsed>,
    /// Comparisons that count as ties because of that width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ties_within_width: Option<u64>,
    /// Pairs of items that are the same bytes: ties by construction, which nobody was asked about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_images: Vec<NamedPair>,
    /// Comparisons that came to nothing.
    pub failed: Vec<FailedComparison>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over references"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Two items by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedPair {
    /// One.
    pub first: String,
    /// The other.
    pub second: String,
}

/// A tie width that was applied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TieWidthUsed {
    /// The width.
    pub width: f64,
    /// `log-odds` or `probability`.
    pub margin: &'static str,
    /// File that it was fitted into; `null` where it was given by hand.
    pub map: Option<String>,
}

impl TieWidthUsed {
    /// This width, from this file.
    pub fn new(ties: TieWidth, map: Option<&str>) -> Self {
        TieWidthUsed {
            width: ties.width(),
            margin: ties.margin().name(),
            map: map.map(str::to_owned),
        }
    }
}

/// A mean with its interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// Pairs of items that are the same bytes: ties by construction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_images: Vec<NamedPair>,
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

/// The ranking that comparisons give, under the prior that chose them unless another is set.
///
/// # Errors
/// No comparison at all, strengths that cannot be estimated, an item without its covariates, or an order effect
/// where nothing was shown side by side.
pub fn by_comparisons(
    names: &[String],
    run: &RankRun,
    method: &'static str,
    ridge: f64,
    settings: &JudgedSettings,
) -> Result<ComparedRanking, NoRanking> {
    let votes = if settings.order_effect {
        by_order(run)?
    } else {
        run.votes.clone()
    };
    let mut table = table_of(names, votes)?;
    if let Some(covariates) = &settings.covariates {
        table = table.with_covariates(covariates)?;
    }
    let interval = settings.interval(names.len());
    let mut strengths = settings.strengths(ridge);
    let known = (settings.is_estimated() && interval == IntervalKind::Posterior)
        .then(|| calibrated_posterior(&table.votes, &strengths));
    if let Some(Ok(known)) = &known {
        strengths.ridge = known.ridge();
    }
    let mut report = rank(
        &table,
        &RankSettings {
            strengths,
            interval,
            damping: 0.0,
        },
    )?;
    match known {
        Some(Ok(known)) => with_posterior(&mut report, &table.items, &known)?,
        Some(Err(error)) => report.notes.push(format!(
            "intervals are those of the stated prior, for spread and noise could not be estimated: {error}"
        )),
        None => {}
    }
    if interval != IntervalKind::Posterior && report.interval_method.is_some() {
        report.notes.push(
            "these intervals take pairs as drawn by lot; where they were chosen by what was known, as by `active` and \
             `swiss`, intervals by the posterior are the right ones"
                .to_owned(),
        );
    }
    Ok(ComparedRanking {
        report,
        cost: RankCost::new(names, run, method),
    })
}

/// Why comparisons give no ranking.
#[derive(Debug, thiserror::Error)]
pub enum NoRanking {
    /// Strengths that cannot be estimated.
    #[error(transparent)]
    Stats(#[from] StatsError),
    /// Numbers of items that cannot be used.
    #[error(transparent)]
    Covariates(#[from] CovariateError),
    /// An order effect of a judge that saw no two items side by side.
    #[error("no item was shown beside another, so that there is no order effect to fit")]
    NoOrders,
}

/// Votes on items that stand in the order of their names, as a report names them where places are equal.
pub(super) fn table_of(names: &[String], mut votes: Vec<Vote>) -> Result<VoteTable, StatsError> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|one, other| names[*one].cmp(&names[*other]));
    let mut place = vec![0; names.len()];
    for (at, item) in (0u32..).zip(&order) {
        place[*item] = at;
    }
    for vote in &mut votes {
        vote.first = place[vote.first as usize];
        vote.second = place[vote.second as usize];
    }
    Ok(VoteTable {
        items: order.iter().map(|item| names[*item].clone()).collect(),
        votes: Votes::new(names.len(), votes)?,
        voters: None,
        covariates: Vec::new(),
    })
}

/// Each comparison as the half votes of its two orders, so that what being shown first adds can be fitted.
///
/// ```text
/// first shown first: log-odds + effect for the first;   second shown first: log-odds - effect for the first
/// ```
/// Their ties are the mean of the two orders'. What was never shown side by side stays one vote.
fn by_order(run: &RankRun) -> Result<Vec<Vote>, NoRanking> {
    if run.order_effects.iter().all(Option::is_none) {
        return Err(NoRanking::NoOrders);
    }
    let halves = run
        .votes
        .iter()
        .zip(&run.order_effects)
        .flat_map(|(vote, effect)| {
            let Some(effect) = effect else {
                return vec![*vote];
            };
            let [first, second, tie] = vote.outcome.shares();
            let order = |effect: f64| {
                let share = (1.0 - tie) / (1.0 + (second / first) * (-effect).exp());
                let (first, second) = if share.is_finite() {
                    (share, (1.0 - tie - share).max(0.0))
                } else {
                    (first, second)
                };
                Vote {
                    outcome: Outcome::Soft { first, second },
                    weight: 0.5 * vote.weight,
                    ..*vote
                }
            };
            let turned = order(-effect);
            let turned = Vote {
                first: turned.second,
                second: turned.first,
                outcome: turned.outcome.swapped(),
                weight: turned.weight,
            };
            vec![order(*effect), turned]
        });
    Ok(halves.collect())
}

impl RankCost {
    /// What a run by that method cost.
    pub(super) fn new(names: &[String], run: &RankRun, method: &'static str) -> Self {
        let name = |item: u32| names[item as usize].clone();
        let pair = |(first, second): &(u32, u32)| NamedPair {
            first: name(*first),
            second: name(*second),
        };
        RankCost {
            method,
            stop: run.stop.name(),
            comparisons: run.asked,
            disagreements: run.disagreements,
            measured_order_effect: order_effect(
                (run.order_effects.iter().copied().flatten())
                    .chain(run.effects_left_out.iter().copied()),
            ),
            dropped: run.dropped,
            review: run.review.iter().map(pair).collect(),
            tie_width: None,
            ties_within_width: None,
            same_images: run.twins.iter().map(pair).collect(),
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
        }
    }
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

/// The mean of measured order effects, where there are some.
pub(super) fn order_effect(effects: impl Iterator<Item = f64>) -> Option<MeasuredEffect> {
    let effects: Vec<f64> = effects.collect();
    let found = mean(&effects).ok()?;
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
    let scores = outcomes.iter().map(|outcome| {
        let verdict = outcome.as_ref().map_err(Clone::clone)?;
        let interval = verdict.interval;
        Ok((verdict.score, interval.map(|one| [one.low, one.high])))
    });
    by_raw_scores(names, &scores.collect::<Vec<_>>())
}

/// A score and its interval, or why there is none.
pub type ScoreOrNot = Result<(RawScore, Option<[f64; 2]>), Unscored>;

/// The same from scores on one scale, with an interval where there is one.
pub fn by_raw_scores(names: &[String], scores: &[ScoreOrNot]) -> ScoredRanking {
    let mut items = Vec::new();
    let mut unscored = Vec::new();
    let mut better = Better::Higher;
    for (name, outcome) in names.iter().zip(scores) {
        match outcome {
            Ok((score, ci)) => {
                better = score.scale().better();
                items.push(RankedItem {
                    item: name.clone(),
                    strength: score.value(),
                    ci: *ci,
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
        same_images: Vec::new(),
    }
}
