//! Ranking images with any judge: by comparing pairs, or by scoring each.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{BindError, Engine, Judge, Judged, RunLimits};
use crate::card::Recipe;
use crate::judging::protocol::{
    Answered, OpinionRule, Pairing, Pairs, Protocol, Rank, RankPlan, RankRun, Step,
    compare_opinions, drive,
};
use crate::judging::{Disagreement, Image, Provenance, Reason, Subject, Unscored};

/// How a ranking is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RankWay {
    /// Each image is scored, and the scores are ordered.
    Scores,
    /// Pairs are compared; a judge that rates compares by its two opinions.
    Pairs(RankPlan, OpinionRule),
}

/// What is asked of a ranking; what is left out depends on the judge and the number of images.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RankChoice {
    /// How images are ranked; scores where the judge rates, active where it compares.
    pub method: Option<RankMethod>,
    /// Most comparisons; every pair.
    pub budget: Option<u64>,
    /// Stop once the interval of every place spans this many places at most.
    pub places: Option<u32>,
    /// Seed of every lot.
    pub seed: u64,
    /// How a judge that rates compares.
    pub by: OpinionRule,
    /// What becomes of a comparison whose two orders prefer different images.
    pub on_disagreement: Disagreement,
}

/// How images are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankMethod {
    /// By their scores.
    Scores,
    /// By comparing these pairs.
    Pairs(Pairs),
}

impl RankChoice {
    /// The way for a judge and so many images.
    pub fn way(self, judge: &Judge, items: usize) -> RankWay {
        let rates = judge.card.recipe.scale().is_some();
        let pairs = match (self.method, rates) {
            (Some(RankMethod::Scores), _) | (None, true) => return RankWay::Scores,
            (Some(RankMethod::Pairs(pairs)), _) => pairs,
            (None, false) => Pairs::Active,
        };
        let items = items as u64;
        let every_pair = items * items.saturating_sub(1) / 2;
        let mut plan = RankPlan::new(pairs, self.budget.unwrap_or(every_pair));
        plan.seed = self.seed;
        plan.on_disagreement = self.on_disagreement;
        if let Some(places) = self.places {
            plan = plan.until_places(places);
        }
        RankWay::Pairs(plan, self.by)
    }
}

/// What became of the images.
#[derive(Debug, Clone, PartialEq)]
pub enum Ranked {
    /// One result for each image, in order.
    Scores(Vec<Judged>),
    /// The comparisons, and the plan that chose them.
    Pairs(RankPlan, Result<RankRun, Unscored>),
}

impl Engine {
    /// Ranks images, each with the same texts; `watch` sees the comparisons after each batch.
    ///
    /// # Errors
    /// [`BindError`] when the judge has no backend that can be asked, or cannot rank in this way.
    pub async fn rank(
        &self,
        judge: &Judge,
        images: Vec<Image>,
        texts: BTreeMap<String, String>,
        way: RankWay,
        limits: &RunLimits,
        watch: &(dyn Fn(&RankRun) + Sync),
    ) -> Result<(Provenance, Ranked), BindError> {
        let backend = judge.backend()?;
        let provenance = judge.provenance(backend.as_ref(), None);
        let ranked = match (way, &judge.card.recipe) {
            (RankWay::Scores, _) => {
                Ranked::Scores(self.score_all(judge, images, texts, limits).await?)
            }
            (RankWay::Pairs(plan, _), Recipe::Compare(recipe)) => {
                let images = match self.encoded(judge, &images).await {
                    Ok(images) => images,
                    Err(unscored) => return Ok((provenance, Ranked::Pairs(plan, Err(unscored)))),
                };
                let protocol = Rank::new(Arc::clone(recipe), images, texts, plan)
                    .map_err(|error| judge.unfit(&error))?;
                let preprocessing = &provenance.preprocessing;
                let protocol = Watched { protocol, watch };
                let run = self.run(backend, preprocessing, protocol, limits).await;
                Ranked::Pairs(plan, run.and_then(something_compared))
            }
            (RankWay::Pairs(plan, rule), Recipe::Score(_) | Recipe::Rating(_)) => {
                let digests: Vec<_> = images.iter().map(Image::digest).collect();
                let pairing = Pairing::new(plan, images.len())
                    .map_err(|error| judge.unfit(&error))?
                    .with_twins(&digests);
                let judged = self.score_all(judge, images, texts, limits).await?;
                let run = by_opinions(pairing, &judged, judge, rule);
                Ranked::Pairs(plan, run.and_then(something_compared))
            }
        };
        Ok((provenance, ranked))
    }

    async fn score_all(
        &self,
        judge: &Judge,
        images: Vec<Image>,
        texts: BTreeMap<String, String>,
        limits: &RunLimits,
    ) -> Result<Vec<Judged>, BindError> {
        let at_once = judge.backend()?.abilities().concurrency.max(1);
        stream::iter(images)
            .map(|image| self.score(judge, Subject::new(vec![image], texts.clone()), limits))
            .buffered(at_once)
            .try_collect()
            .await
    }
}

/// A run without a single comparison ranks nothing, and its first failure says why.
fn something_compared(run: RankRun) -> Result<RankRun, Unscored> {
    if !run.votes.is_empty() {
        return Ok(run);
    }
    match run.failed.first() {
        Some(failed) => Err(failed.unscored.clone()),
        None if run.disagreements > 0 => Err(Unscored::new(
            Reason::NotApplicable,
            format!(
                "the two orders disagree on each of {} comparisons, and such comparisons were to be left out",
                run.disagreements
            ),
        )),
        None => Ok(run),
    }
}

/// A ranking that somebody watches.
struct Watched<'a> {
    protocol: Rank,
    watch: &'a (dyn Fn(&RankRun) + Sync),
}

impl Protocol for Watched<'_> {
    type Outcome = <Rank as Protocol>::Outcome;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        let step = self.protocol.step(answers);
        (self.watch)(self.protocol.run());
        step
    }
}

fn by_opinions(
    pairing: Pairing,
    judged: &[Judged],
    judge: &Judge,
    rule: OpinionRule,
) -> Result<RankRun, Unscored> {
    let levels = judge.card.recipe.levels();
    let verdict = |item: u32| judged[item as usize].outcome.as_ref().map_err(Clone::clone);
    drive(pairing, |first, second| {
        compare_opinions(verdict(first)?, verdict(second)?, levels, rule)
    })
    .map_err(|error| Unscored::new(Reason::NotApplicable, error.to_string()))
}
