//! A ranking by a panel: pairs are chosen by what the panel said so far, and every member compares each.

use futures::future::{join_all, try_join_all};
use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use super::counted::{Tally, counted};
use super::{Panel, PanelError, PanelScored, missing, provenance};
use crate::engine::ranking::{Watch, something_compared};
use crate::engine::{
    BindError, Engine, ItemTexts, Judge, RankChoice, RankMethod, RankWay, RunLimits,
};
use crate::judging::panel::{Jury, pool_comparisons};
use crate::judging::protocol::{
    Chooses, Compared, Next, OpinionRule, Pairing, Pairs, RankPlan, RankProgress, RankRun,
    compare_opinions,
};
use crate::judging::{Image, Provenance, Reason, Subject, Unscored, Verdict, WordError};

/// What became of the images, and what each member did.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one ranking has one of these, which is never kept in numbers"
)]
pub enum PanelRanked {
    /// One result for each image, in order.
    Scores(Vec<PanelScored>),
    /// The panel's comparisons, the plan that chose them, and every member in order.
    Pairs(RankPlan, Result<RankRun, Unscored>, Vec<MemberRun>),
}

/// What one member did in a ranking by pairs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MemberRun {
    /// Where its comparisons come from; none where it could not be asked.
    pub provenance: Option<Provenance>,
    /// The pairs that it compared, by place, the item shown first in the straight order first.
    pub compared: Vec<((u32, u32), Compared)>,
    /// Comparisons in which it was missing.
    pub missing: u64,
    /// Why it was missing the first time.
    pub first_failure: Option<Unscored>,
    /// Questions that reached its backend.
    pub questions: u64,
}

/// A member that is ready to compare.
struct Seated {
    judge: Judge,
    tally: Tally,
    /// What a judge that rates said of each image, once for all pairs.
    opinions: Option<Vec<Result<Verdict, Unscored>>>,
}

/// What every pair of a ranking is asked with.
struct Asking<'a> {
    panel: &'a Panel,
    images: &'a [Image],
    texts: &'a ItemTexts,
    rule: OpinionRule,
    limits: &'a RunLimits,
}

/// The results of these works in their order, so many of them under way at once.
///
/// All are there before the first begins, though none of them runs: a stream that makes them as it goes cannot be sent
/// from thread to thread where they borrow.
fn in_turn<F: Future>(
    works: impl Iterator<Item = F>,
    at_once: usize,
) -> impl Stream<Item = F::Output> {
    stream::iter(works.collect::<Vec<F>>()).buffered(at_once)
}

fn rates(judge: &Judge) -> bool {
    judge.card.recipe.scale().is_some()
}

/// The fault of a way to rank that is not one of a panel's.
fn for_one_judge(method: RankMethod) -> PanelError {
    let name = method.name();
    let detail = format!("a panel ranks by scores or by pairs; method `{name}` is for one judge");
    PanelError::Rule(WordError::new(detail))
}

impl RankChoice {
    /// The way for a panel: by scores where every member rates, unless pairs are asked for, or reliabilities are to
    /// be estimated from comparisons.
    ///
    /// # Errors
    /// As [`RankChoice::way`].
    pub fn way_of(mut self, panel: &Panel, jury: Jury, items: usize) -> Result<RankWay, BindError> {
        if jury == Jury::Joint && self.anchors.is_empty() {
            self.method = self.method.or(Some(RankMethod::Pairs(Pairs::Active)));
        }
        let decisive = panel.judges.iter().find(|judge| !rates(judge));
        self.way(decisive.unwrap_or(&panel.judges[0]), items)
    }
}

impl Engine {
    /// Ranks images with a panel, each with the same texts; `watch` sees the panel's comparisons after each batch.
    ///
    /// # Errors
    /// A member that cannot rank in this way, or a plan that is none.
    pub async fn panel_rank(
        &self,
        panel: &Panel,
        images: &[Image],
        texts: &ItemTexts,
        way: RankWay,
        limits: &RunLimits,
        watch: Watch<'_>,
    ) -> Result<PanelRanked, PanelError> {
        let (plan, rule) = match way {
            RankWay::Scores => {
                let images = images.iter().enumerate();
                let scored = images.map(|(place, image)| async move {
                    let subject = Subject::new(vec![image.clone()], texts.of(place));
                    self.panel_score(panel, &subject, limits).await
                });
                let scored = in_turn(scored, panel.at_once()).try_collect().await?;
                return Ok(PanelRanked::Scores(scored));
            }
            RankWay::Pairs(plan, rule) => (plan, rule),
            RankWay::Anchors(..) => return Err(for_one_judge(RankMethod::Anchors)),
            RankWay::Lists(_) => return Err(for_one_judge(RankMethod::Listwise)),
        };
        for judge in panel.judges.iter().filter(|judge| !rates(judge)) {
            texts.clone().of_all(judge)?;
        }
        let asking = Asking {
            panel,
            images,
            texts,
            rule,
            limits,
        };
        let pairing = Pairing::new(plan, images.len())?;
        let seated = panel.judges.iter().map(|judge| self.seated(judge, &asking));
        let seated = try_join_all(seated).await?;
        let mut members: Vec<MemberRun> = (seated.iter())
            .map(|member| MemberRun {
                provenance: provenance(&member.judge),
                ..MemberRun::default()
            })
            .collect();
        let run = self.drive(pairing, &asking, &seated, &mut members, watch);
        let run = run.await?;
        for (member, seated) in members.iter_mut().zip(&seated) {
            member.questions = seated.tally.asked();
        }
        Ok(PanelRanked::Pairs(plan, run, members))
    }

    /// Compares batch after batch until the pairing has enough.
    async fn drive(
        &self,
        mut pairing: Pairing,
        asking: &Asking<'_>,
        seated: &[Seated],
        members: &mut [MemberRun],
        watch: Watch<'_>,
    ) -> Result<Result<RankRun, Unscored>, PanelError> {
        let mut pooled = Vec::new();
        loop {
            let pairs = match pairing.step(std::mem::take(&mut pooled)) {
                Ok(Next::Compare(pairs)) => pairs,
                Ok(Next::Stop(_)) => return Ok(something_compared(pairing.into_run())),
                Err(error) => {
                    let detail = error.to_string();
                    return Ok(Err(Unscored::new(Reason::NotApplicable, detail)));
                }
            };
            let run = pairing.run();
            watch(&RankProgress {
                asked: run.asked,
                widths: run.widths,
            });
            let batch = (pairs.iter()).map(|pair| self.compare_all(asking, seated, *pair));
            let batch = in_turn(batch, asking.panel.at_once());
            let batch: Vec<Vec<Result<Compared, Unscored>>> = batch.try_collect().await?;
            for (pair, said) in pairs.iter().zip(batch) {
                let together = pool_comparisons(&asking.panel.rule, &said);
                pooled.push(together.map(|together| together.compared));
                for (member, one) in members.iter_mut().zip(said) {
                    member.take(*pair, one);
                }
            }
        }
    }

    /// What every member says of a pair.
    async fn compare_all(
        &self,
        asking: &Asking<'_>,
        seated: &[Seated],
        pair: (u32, u32),
    ) -> Result<Vec<Result<Compared, Unscored>>, BindError> {
        let [one, other] = [pair.0, pair.1].map(|item| asking.images[item as usize].digest());
        if one == other {
            // A tie by construction, which nobody is asked about.
            return Ok(vec![Ok(Compared::same()); seated.len()]);
        }
        let all = seated.iter().enumerate().map(|(at, member)| async move {
            let compared = self.compare_one(asking, member, pair).await?;
            Ok(compared.and_then(|compared| {
                asking.panel.read_rightly(at, compared.readout)?;
                Ok(compared)
            }))
        });
        join_all(all).await.into_iter().collect()
    }

    async fn compare_one(
        &self,
        asking: &Asking<'_>,
        member: &Seated,
        (first, second): (u32, u32),
    ) -> Result<Result<Compared, Unscored>, BindError> {
        let images = [first, second].map(|item| asking.images[item as usize].clone());
        if let Some(opinions) = &member.opinions {
            let opinion = |item: u32| opinions[item as usize].as_ref().map_err(Clone::clone);
            let levels = member.judge.card.recipe.levels();
            return Ok(opinion(first)
                .and_then(|one| compare_opinions(one, opinion(second)?, levels, asking.rule)));
        }
        let pair = Subject::new(images.to_vec(), asking.texts.shared.clone());
        let judged = self.compare(&member.judge, pair, asking.rule, asking.limits);
        match judged.await {
            Ok(judged) => Ok(judged.outcome),
            Err(error) => missing(error),
        }
    }

    /// A member with its opinions of all images, where it rates.
    async fn seated(&self, judge: &Judge, asking: &Asking<'_>) -> Result<Seated, BindError> {
        let (judge, tally) = counted(judge);
        let opinions = if rates(&judge) {
            let at_once = judge.backend().map_or(1, |one| one.abilities().concurrency);
            let images = asking.images.iter().enumerate();
            let scored = images.map(|(place, image)| {
                let subject = Subject::new(vec![image.clone()], asking.texts.of(place));
                let judge = &judge;
                async move {
                    match self.score(judge, subject, asking.limits).await {
                        Ok(judged) => Ok(judged.outcome),
                        Err(error) => missing(error),
                    }
                }
            });
            Some(in_turn(scored, at_once.max(1)).try_collect().await?)
        } else {
            None
        };
        Ok(Seated {
            judge,
            tally,
            opinions,
        })
    }
}

impl MemberRun {
    fn take(&mut self, pair: (u32, u32), one: Result<Compared, Unscored>) {
        match one {
            Ok(compared) => self.compared.push((pair, compared)),
            Err(unscored) => {
                self.missing += 1;
                self.first_failure.get_or_insert(unscored);
            }
        }
    }
}
