//! The best of several images: looked at first, then scored, compared, or the best scored ones compared.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{
    BindError, Engine, ItemTexts, Judge, Judged, RankChoice, RankMethod, Ranked, RunLimits,
};
use crate::gate::{Tripped, Tripwires};
use crate::judging::protocol::Pairs;
use crate::judging::{Better, Image, Provenance, Subject, Unscored};

/// Who judges candidates, and what is looked at before.
#[derive(Debug, Clone, Copy)]
pub struct PickPlan<'a> {
    /// Who scores them; nobody where they are compared only.
    pub scores: Option<&'a Judge>,
    /// Who compares all pairs of the best scored, or of all.
    pub compares: Option<&'a Judge>,
    /// How many of the best scored are compared.
    pub shortlist: usize,
    /// What is looked at before anybody is asked.
    pub tripwires: Tripwires,
}

/// One of several images for one place.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// The image, or why there is none.
    pub image: Result<Image, Unscored>,
    /// Texts that the judge is shown with it.
    pub texts: std::collections::BTreeMap<String, String>,
}

/// What became of the candidates, by their places.
#[derive(Debug, Clone)]
pub struct PickRun {
    /// Those that tripped a wire, near duplicates of earlier ones among them: nobody was asked about them.
    pub tripped: Vec<(usize, Vec<Tripped>)>,
    /// What the scoring judge said of the others.
    pub judged: Vec<(usize, Judged)>,
    /// Those that were compared, and what came of it.
    pub compared: Option<(Vec<usize>, Provenance, Ranked)>,
}

impl Engine {
    /// Judges candidates. One that cannot be decoded is unscored by the scoring judge, and never compared.
    ///
    /// # Errors
    /// [`BindError`] when a judge has no backend that can be asked, or cannot score or compare.
    pub async fn pick(
        &self,
        plan: PickPlan<'_>,
        candidates: &[Candidate],
        limits: &RunLimits,
    ) -> Result<PickRun, BindError> {
        let images = candidates
            .iter()
            .map(|one| (one.name.clone(), one.image.clone()));
        let looked = self.looked_in_order(images.collect()).await;
        let mut tripped = Vec::new();
        let mut whole = Vec::new();
        let mut broken = Vec::new();
        for (place, looked) in looked.into_iter().enumerate() {
            match &looked.image {
                Err(unscored) => broken.push((place, unscored.clone())),
                Ok((image, _)) => match looked.trips(&plan.tripwires) {
                    wires if wires.is_empty() => whole.push((place, image.clone())),
                    wires => tripped.push((place, wires)),
                },
            }
        }
        let mut judged = Vec::new();
        if let Some(judge) = plan.scores {
            judged = self.scored(judge, &whole, candidates, limits).await?;
            whole = shortlist(judge, &judged, whole, plan);
            for (place, unscored) in broken {
                judged.push((place, self.unasked(judge, unscored)?));
            }
            judged.sort_by_key(|(place, _)| *place);
        }
        let compared = match plan.compares {
            Some(judge) if whole.len() > 1 => {
                Some(self.compared(judge, whole, candidates, limits).await?)
            }
            Some(_) | None => None,
        };
        Ok(PickRun {
            tripped,
            judged,
            compared,
        })
    }

    async fn scored(
        &self,
        judge: &Judge,
        whole: &[(usize, Image)],
        candidates: &[Candidate],
        limits: &RunLimits,
    ) -> Result<Vec<(usize, Judged)>, BindError> {
        let at_once = judge.backend()?.abilities().concurrency.max(1);
        let subjects = whole.iter().map(|(place, image)| {
            let texts = candidates[*place].texts.clone();
            (*place, Subject::new(vec![image.clone()], texts))
        });
        let subjects: Vec<_> = subjects.collect();
        let scored = stream::iter(subjects).map(|(place, subject)| async move {
            Ok((place, self.score(judge, subject, limits).await?))
        });
        scored.buffered(at_once).try_collect().await
    }

    async fn compared(
        &self,
        judge: &Judge,
        whole: Vec<(usize, Image)>,
        candidates: &[Candidate],
        limits: &RunLimits,
    ) -> Result<(Vec<usize>, Provenance, Ranked), BindError> {
        let choice = RankChoice {
            method: Some(RankMethod::Pairs(Pairs::All)),
            ..RankChoice::default()
        };
        let way = choice.way(judge, whole.len())?;
        let (places, images): (Vec<usize>, Vec<Image>) = whole.into_iter().unzip();
        let own = places.iter().map(|place| candidates[*place].texts.clone());
        let texts = ItemTexts {
            own: own.collect(),
            ..ItemTexts::default()
        };
        let ranked = self
            .rank(judge, images, texts, way, limits, &|_| {})
            .await?;
        Ok((places, ranked.0, ranked.1))
    }
}

/// The best scored candidates, in the order of their places.
fn shortlist(
    judge: &Judge,
    judged: &[(usize, Judged)],
    whole: Vec<(usize, Image)>,
    plan: PickPlan<'_>,
) -> Vec<(usize, Image)> {
    let falling = judge.card.recipe.scale().map(|scale| scale.better()) == Some(Better::Lower);
    let mut scores: Vec<(usize, f64)> = judged
        .iter()
        .filter_map(|(place, judged)| {
            let score = judged.outcome.as_ref().ok()?.score.value();
            Some((*place, if falling { score } else { -score }))
        })
        .collect();
    scores.sort_by(|one, other| one.1.total_cmp(&other.1));
    scores.truncate(plan.shortlist);
    let is_short = |place: usize| scores.iter().any(|(short, _)| *short == place);
    let whole = whole.into_iter();
    whole.filter(|(place, _)| is_short(*place)).collect()
}
