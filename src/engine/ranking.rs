//! Ranking images with any judge: by scoring each, comparing pairs, with anchors, or by whole lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{BindError, Engine, Judge, Judged, RunLimits, Seen};
use crate::card::Recipe;
use crate::digest::Digest;
use crate::judging::protocol::{
    Anchor, AnchorPlan, Anchoring, Answered, Chooses, ListPlan, ListRun, OpinionRule, Pairing,
    Pairs, Protocol, Rank, RankPlan, RankProgress, RankRun, Step, Watchable, compare_opinions,
    drive,
};
use crate::judging::{Disagreement, Image, Provenance, Reason, Subject, Unscored, WordError};

/// How a ranking is made.
#[derive(Debug, Clone, PartialEq)]
pub enum RankWay {
    /// Each image is scored, and the scores are ordered.
    Scores,
    /// Pairs are compared; a judge that rates compares by its two opinions.
    Pairs(RankPlan, OpinionRule),
    /// Each image is compared with the anchors, as pairs are.
    Anchors(AnchorPlan, OpinionRule),
    /// Lists are put in order by a judge that does so.
    Lists(ListPlan),
}

/// What is asked of a ranking; what is left out depends on the judge and the number of images.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RankChoice {
    /// How images are ranked; scores where the judge rates, active where it compares, listwise where it puts lists in
    /// order, and by anchors where some are given.
    pub method: Option<RankMethod>,
    /// Most comparisons, or lists; every pair, or those of all repeats.
    pub budget: Option<u64>,
    /// Stop once the interval of every place spans this many places at most.
    pub places: Option<u32>,
    /// Seed of every lot.
    pub seed: u64,
    /// How a judge that rates compares.
    pub by: OpinionRule,
    /// How often all images are shown in lists.
    pub repeats: Option<u32>,
    /// The images that others are compared with.
    pub anchors: Vec<Anchor>,
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
    /// By comparing each with anchors.
    Anchors,
    /// By lists that the judge puts in order.
    Listwise,
}

impl RankMethod {
    /// Every method.
    pub const ALL: [RankMethod; 7] = [
        RankMethod::Scores,
        RankMethod::Pairs(Pairs::All),
        RankMethod::Pairs(Pairs::Random),
        RankMethod::Pairs(Pairs::Swiss),
        RankMethod::Pairs(Pairs::Active),
        RankMethod::Anchors,
        RankMethod::Listwise,
    ];

    /// Stable name in requests and results.
    pub fn name(self) -> &'static str {
        match self {
            RankMethod::Scores => "scores",
            RankMethod::Pairs(pairs) => pairs.name(),
            RankMethod::Anchors => "anchors",
            RankMethod::Listwise => "listwise",
        }
    }

    /// The method of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        RankMethod::ALL
            .into_iter()
            .find(|method| method.name() == name)
    }
}

impl RankChoice {
    /// The way for a judge and so many images.
    ///
    /// # Errors
    /// [`BindError::Unfit`] for a budget of 0, and for a choice that the method has no use for.
    pub fn way(&self, judge: &Judge, items: usize) -> Result<RankWay, BindError> {
        let method = self.method.unwrap_or_else(|| self.default_method(judge));
        self.check(method)
            .map_err(|detail| judge.unfit(&WordError::new(detail)))?;
        Ok(match method {
            RankMethod::Scores => RankWay::Scores,
            RankMethod::Pairs(pairs) => {
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
            RankMethod::Anchors => {
                let mut plan = AnchorPlan::new(self.anchors.clone());
                plan.budget = self.budget;
                RankWay::Anchors(plan, self.by)
            }
            RankMethod::Listwise => {
                let default = ListPlan::default();
                RankWay::Lists(ListPlan {
                    repeats: self.repeats.unwrap_or(default.repeats),
                    budget: self.budget,
                    places: self.places,
                    seed: self.seed,
                    ..default
                })
            }
        })
    }

    fn default_method(&self, judge: &Judge) -> RankMethod {
        match &judge.card.recipe {
            Recipe::List(_) => RankMethod::Listwise,
            // It does not rank at all, and the scores that it does not give say so.
            Recipe::Choose(_) => RankMethod::Scores,
            Recipe::Score(_) | Recipe::Rating(_) | Recipe::Compare(_)
                if !self.anchors.is_empty() =>
            {
                RankMethod::Anchors
            }
            Recipe::Score(_) | Recipe::Rating(_) => RankMethod::Scores,
            Recipe::Compare(_) => RankMethod::Pairs(Pairs::Active),
        }
    }

    fn check(&self, method: RankMethod) -> Result<(), String> {
        if self.budget == Some(0) {
            return Err("a budget of 0 ranks nothing; give at least 1".to_owned());
        }
        let misplaced = [
            (
                "repeats",
                self.repeats.is_some(),
                method == RankMethod::Listwise,
            ),
            (
                "anchors",
                !self.anchors.is_empty(),
                method == RankMethod::Anchors,
            ),
            (
                "places",
                self.places.is_some(),
                method != RankMethod::Anchors,
            ),
            (
                "on_disagreement",
                self.on_disagreement != Disagreement::Average,
                matches!(method, RankMethod::Pairs(_)),
            ),
        ];
        let misplaced = misplaced.iter().find(|(_, given, fits)| *given && !fits);
        match misplaced {
            Some((name, ..)) => Err(format!(
                "method `{}` has no use for `{name}`",
                method.name()
            )),
            None => Ok(()),
        }
    }
}

/// Texts of all images, and of each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemTexts {
    /// Texts of the whole ranking.
    pub shared: BTreeMap<String, String>,
    /// Texts of each image beside or instead of them; empty where none has its own.
    pub own: Vec<BTreeMap<String, String>>,
}

impl From<BTreeMap<String, String>> for ItemTexts {
    fn from(shared: BTreeMap<String, String>) -> Self {
        ItemTexts {
            shared,
            own: Vec::new(),
        }
    }
}

impl ItemTexts {
    /// All texts of the image at that place.
    pub(super) fn of(&self, place: usize) -> BTreeMap<String, String> {
        let mut texts = self.shared.clone();
        texts.extend(self.own.get(place).cloned().unwrap_or_default());
        texts
    }

    /// The texts of all, where a pair has no place for those of one.
    pub(super) fn of_all(self, judge: &Judge) -> Result<BTreeMap<String, String>, BindError> {
        let differs = |own: &BTreeMap<String, String>| {
            own.iter()
                .any(|(name, text)| self.shared.get(name) != Some(text))
        };
        if self.own.iter().any(differs) {
            let detail = "a pair has the texts of the whole ranking; texts of one image are for scores and lists";
            return Err(judge.unfit(&WordError::new(detail)));
        }
        Ok(self.shared)
    }
}

/// What became of the images.
#[derive(Debug, Clone, PartialEq)]
pub enum Ranked {
    /// One result for each image, in order.
    Scores(Vec<Judged>),
    /// The comparisons, and the plan that chose them.
    Pairs(RankPlan, Result<RankRun, Unscored>),
    /// The comparisons with anchors, and which they are.
    Anchors(AnchorPlan, Result<RankRun, Unscored>),
    /// The lists, and the plan that they follow.
    Lists(ListPlan, Result<ListRun, Unscored>),
}

/// Who is told how far a ranking is.
pub(super) type Watch<'a> = &'a (dyn Fn(&RankProgress) + Sync);

impl Engine {
    /// Ranks images, each with its texts; `watch` is told after each batch.
    ///
    /// # Errors
    /// [`BindError`] when the judge has no backend that can be asked, or cannot rank in this way.
    pub async fn rank(
        &self,
        judge: &Judge,
        images: Vec<Image>,
        texts: impl Into<ItemTexts>,
        way: RankWay,
        limits: &RunLimits,
        watch: Watch<'_>,
    ) -> Result<(Provenance, Ranked), BindError> {
        let texts = texts.into();
        let backend = judge.backend()?;
        let provenance = judge.provenance(backend.as_ref(), None);
        let is_list = judge.card.recipe.list().is_some();
        let asked = (limits, watch);
        let ranked = match way {
            RankWay::Scores if is_list => return Err(judge.wrong_protocol("rank by scores")),
            RankWay::Scores => Ranked::Scores(self.score_all(judge, images, texts, limits).await?),
            RankWay::Pairs(plan, rule) => {
                let pairing = Pairing::new(plan, images.len());
                let pairing = pairing.map_err(|error| judge.unfit(&error))?;
                let pairing = pairing.with_twins(&kinds(&images, &texts));
                let run = self.by_pairs(judge, (images, texts), (pairing, rule), asked);
                Ranked::Pairs(plan, run.await?)
            }
            RankWay::Anchors(plan, rule) => {
                let pairing = Anchoring::new(plan.clone(), images.len());
                let pairing = pairing.map_err(|error| judge.unfit(&error))?;
                let run = self.by_pairs(judge, (images, texts), (pairing, rule), asked);
                Ranked::Anchors(plan, run.await?)
            }
            RankWay::Lists(plan) => {
                let run = self.by_lists(judge, (images, texts), plan, asked).await?;
                self.seen_all(&provenance, Seen::of_lists(&run));
                Ranked::Lists(plan, run)
            }
        };
        Ok((provenance, ranked))
    }

    /// Compares the pairs that `pairing` chooses: in both orders, or by two opinions where the judge rates.
    async fn by_pairs<C: Chooses + Send>(
        &self,
        judge: &Judge,
        (images, texts): (Vec<Image>, ItemTexts),
        (pairing, rule): (C, OpinionRule),
        (limits, watch): (&RunLimits, Watch<'_>),
    ) -> Result<Result<RankRun, Unscored>, BindError> {
        let run = match &judge.card.recipe {
            Recipe::List(_) | Recipe::Choose(_) => {
                return Err(judge.wrong_protocol("rank by pairs or anchors"));
            }
            Recipe::Compare(recipe) => {
                let texts = texts.of_all(judge)?;
                let images = match self.encoded(judge, &images).await {
                    Ok(images) => images,
                    Err(unscored) => return Ok(Err(unscored)),
                };
                let protocol = Rank::by(Arc::clone(recipe), images, texts, pairing);
                let run = self.watched(judge, protocol, (limits, watch)).await?;
                let provenance = judge.provenance(judge.backend()?.as_ref(), None);
                self.seen_all(&provenance, Seen::of_pairs(&run));
                run
            }
            Recipe::Score(_) | Recipe::Rating(_) => {
                let judged = self.score_all(judge, images, texts, limits).await?;
                by_opinions(pairing, &judged, judge, rule)
            }
        };
        Ok(run.and_then(something_compared))
    }

    /// Runs a protocol that somebody watches.
    pub(super) async fn watched<P: Watchable>(
        &self,
        judge: &Judge,
        protocol: P,
        (limits, watch): (&RunLimits, Watch<'_>),
    ) -> Result<P::Outcome, BindError> {
        let backend = judge.backend()?;
        let preprocessing = judge.provenance(backend.as_ref(), None).preprocessing;
        let protocol = Watched { protocol, watch };
        Ok(self.run(backend, &preprocessing, protocol, limits).await)
    }

    async fn score_all(
        &self,
        judge: &Judge,
        images: Vec<Image>,
        texts: ItemTexts,
        limits: &RunLimits,
    ) -> Result<Vec<Judged>, BindError> {
        let at_once = judge.backend()?.abilities().concurrency.max(1);
        let subjects = images.into_iter().enumerate();
        let subjects: Vec<Subject> = subjects
            .map(|(place, image)| Subject::new(vec![image], texts.of(place)))
            .collect();
        stream::iter(subjects)
            .map(|subject| self.score(judge, subject, limits))
            .buffered(at_once)
            .try_collect()
            .await
    }
}

/// What tells items apart: their bytes and their texts.
fn kinds(images: &[Image], texts: &ItemTexts) -> Vec<(Digest, BTreeMap<String, String>)> {
    let kinds = images.iter().enumerate();
    kinds
        .map(|(place, image)| (image.digest(), texts.of(place)))
        .collect()
}

/// A run without a single comparison ranks nothing, and its first failure says why.
pub(super) fn something_compared(run: RankRun) -> Result<RankRun, Unscored> {
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
struct Watched<'a, P> {
    protocol: P,
    watch: Watch<'a>,
}

impl<P: Watchable> Protocol for Watched<'_, P> {
    type Outcome = P::Outcome;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        let step = self.protocol.step(answers);
        (self.watch)(&self.protocol.progress());
        step
    }
}

fn by_opinions(
    pairing: impl Chooses,
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
