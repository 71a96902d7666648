//! A ranking in JSON.

use serde::Serialize;

use crate::calibration::FittedTies;
use crate::engine::{Judged, Ranked};
use crate::judging::Unscored;
use crate::ranking::{
    ComparedRanking, NamedPair, RankedItem, ScoredRanking, TieWidthUsed, by_comparisons, by_scores,
};

/// A ranking, by scores or by comparisons.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Ranking {
    /// The scores, ordered.
    Scores(ScoredRanking),
    /// Strengths from comparisons.
    Compared(Box<ComparedRanking>),
}

/// Why there is no ranking.
#[derive(Debug, thiserror::Error)]
pub enum NotRanked {
    /// Nothing was compared.
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
        match ranked {
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
                let mut ranking = by_comparisons(names, &run, plan.pairs.name(), plan.ridge)
                    .map_err(|error| NotRanked::NoStrengths(error.to_string()))?;
                if plan.ties.width() > 0.0 {
                    ranking.cost.tie_width = Some(TieWidthUsed::new(plan.ties, None));
                    ranking.cost.ties_within_width = Some(run.within_width);
                }
                Ok(Ranking::Compared(Box::new(ranking)))
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
        }
    }

    /// Whether every image has a place, and nothing failed on the way.
    pub fn is_complete(&self) -> bool {
        match self {
            Ranking::Scores(ranking) => ranking.unscored.is_empty(),
            Ranking::Compared(ranking) => {
                ranking.cost.failed.is_empty() && ranking.report.groups.is_none()
            }
        }
    }
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
