//! A ranking in JSON.

use serde::Serialize;

use crate::calibration::FittedTies;
use crate::engine::{Judged, Ranked};
use crate::judging::Unscored;
use crate::ranking::{
    AnchoredRanking, ComparedRanking, JudgedSettings, ListedRanking, NamedPair, RankedItem,
    ScoredRanking, TieWidthUsed, by_anchors, by_comparisons, by_lists, by_scores,
};

/// A ranking, by scores, comparisons or lists.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Ranking {
    /// The scores, ordered.
    Scores(ScoredRanking),
    /// Strengths from comparisons.
    Compared(Box<ComparedRanking>),
    /// Strengths on the scale of anchors.
    Anchored(Box<AnchoredRanking>),
    /// Strengths from lists.
    Listed(Box<ListedRanking>),
}

/// Why there is no ranking.
#[derive(Debug, thiserror::Error)]
pub enum NotRanked {
    /// Nothing was compared, or no list was read.
    #[error("nothing could be ranked: {0}")]
    Unscored(Unscored),
    /// The comparisons give no strengths.
    #[error("{0}")]
    NoStrengths(String),
}

impl Ranking {
    /// The ranking of the images of these names, in the order in which they were ranked.
    ///
    /// # Errors
    /// Nothing that was compared, or comparisons that give no strengths.
    pub fn new(names: &[String], ranked: Ranked) -> Result<Self, NotRanked> {
        Ranking::with(names, ranked, &JudgedSettings::default())
    }

    /// The same with a chosen model of the comparisons.
    ///
    /// # Errors
    /// As [`Ranking::new`], and settings that scores or these comparisons do not bear.
    pub fn with(
        names: &[String],
        ranked: Ranked,
        settings: &JudgedSettings,
    ) -> Result<Self, NotRanked> {
        match ranked {
            Ranked::Scores(_) if !settings.is_default() => Err(no_model("scores")),
            Ranked::Anchors(..) if !settings.is_default() => Err(no_model("anchors")),
            Ranked::Lists(..) if !settings.is_default() => Err(no_model("lists")),
            Ranked::Scores(judged) => {
                let same_images = same_images(names, &judged);
                let outcomes: Vec<_> = judged.into_iter().map(|one| one.outcome).collect();
                Ok(Ranking::Scores(ScoredRanking {
                    same_images,
                    ..by_scores(names, &outcomes)
                }))
            }
            Ranked::Pairs(plan, run) => {
                let run = run.map_err(NotRanked::Unscored)?;
                let mut ranking =
                    by_comparisons(names, &run, plan.pairs.name(), plan.ridge, settings)
                        .map_err(|error| NotRanked::NoStrengths(error.to_string()))?;
                if plan.ties.width() > 0.0 {
                    ranking.cost.tie_width = Some(TieWidthUsed::new(plan.ties, None));
                    ranking.cost.ties_within_width = Some(run.within_width);
                }
                Ok(Ranking::Compared(Box::new(ranking)))
            }
            Ranked::Anchors(plan, run) => {
                let run = run.map_err(NotRanked::Unscored)?;
                let ranking = by_anchors(names, &run, &plan)
                    .map_err(|error| NotRanked::NoStrengths(error.to_string()))?;
                Ok(Ranking::Anchored(Box::new(ranking)))
            }
            Ranked::Lists(plan, run) => {
                let run = run.map_err(NotRanked::Unscored)?;
                let ranking = by_lists(names, &run, plan.ridge)
                    .map_err(|error| NotRanked::NoStrengths(error.to_string()))?;
                Ok(Ranking::Listed(Box::new(ranking)))
            }
        }
    }

    /// The same, naming the file that its tie width is from.
    #[must_use]
    pub fn with_map(mut self, fitted: Option<&FittedTies>) -> Self {
        if let (Ranking::Compared(ranking), Some(fitted)) = (&mut self, fitted) {
            ranking.cost.tie_width = Some(TieWidthUsed::new(fitted.ties, Some(&fitted.file)));
        }
        self
    }

    /// The items, the best first.
    pub fn items(&self) -> &[RankedItem] {
        match self {
            Ranking::Scores(ranking) => &ranking.items,
            Ranking::Compared(ranking) => &ranking.report.items,
            Ranking::Anchored(ranking) => &ranking.items,
            Ranking::Listed(ranking) => &ranking.items,
        }
    }

    /// Whether every image has a place, and nothing failed on the way.
    pub fn is_complete(&self) -> bool {
        match self {
            Ranking::Scores(ranking) => ranking.unscored.is_empty(),
            Ranking::Compared(ranking) => {
                ranking.cost.failed.is_empty() && ranking.report.groups.is_none()
            }
            Ranking::Anchored(ranking) => {
                ranking.cost.failed.is_empty() && ranking.unscored.is_empty()
            }
            Ranking::Listed(ranking) => {
                let all_read = ranking.failed.is_empty() && ranking.unscored.is_empty();
                all_read && ranking.groups.is_none()
            }
        }
    }
}

/// Scores are ordered as they are, and lists and anchors have one model each.
pub(super) fn no_model(by: &str) -> NotRanked {
    NotRanked::NoStrengths(format!(
        "a ranking by {by} has no model, ridge, order effect, covariates or kind of interval to choose; rank by pairs for them"
    ))
}

/// Images of the same bytes, each with the first of its kind.
fn same_images(names: &[String], judged: &[Judged]) -> Vec<NamedPair> {
    let digest = |at: usize| judged[at].provenance.image;
    let earlier =
        |at: usize| (0..at).find(|other| digest(at).is_some() && digest(*other) == digest(at));
    (0..judged.len())
        .filter_map(|at| {
            Some(NamedPair {
                first: names[earlier(at)?].clone(),
                second: names[at].clone(),
            })
        })
        .collect()
}
