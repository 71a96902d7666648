//! What a panel of judges says, in JSON: every member beside what they come to.

mod choice;
mod ranked;

use serde::Serialize;

use super::{CompareResult, ComparedJson, PairReading, ScaleJson, ScoreResult, Shares, shares_of};
use crate::engine::panel::{Panel, PanelCompared, PanelScored, Said};
use crate::engine::{Judged, JudgedPair};
use crate::judging::Unscored;
use crate::judging::panel::{Jury, PanelScale};

pub use choice::{PanelChoice, PanelFault, PanelRefusal, by_maps};
pub use ranked::{PanelRankReply, RankedPanelJson};

/// How the members of a panel weigh, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighing {
    /// How they are put together.
    pub jury: Jury,
    /// What the weight of each member rests on; empty where all count alike.
    pub rests_on: Vec<RestsOn>,
}

/// What the weight of a member rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RestsOn {
    /// `given` by the user, `audit` or `calibration`.
    pub source: &'static str,
    /// Name of the file; absent where the weight was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Pearson's correlation with people; the weight goes as r^2 / (1 - r^2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<f64>,
    /// Items that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<usize>,
}

impl RestsOn {
    /// A weight that the user gave.
    pub fn given() -> Self {
        RestsOn {
            source: "given",
            file: None,
            correlation: None,
            n: None,
        }
    }
}

/// A panel.
#[derive(Debug, Clone, Serialize)]
pub struct PanelJson {
    /// `mean`, `reliability` or `joint`.
    pub jury: &'static str,
    /// How many members of positive weight have to answer.
    pub quorum: usize,
    /// The members, in order.
    pub members: Vec<SeatJson>,
}

/// A member's seat.
#[derive(Debug, Clone, Serialize)]
pub struct SeatJson {
    /// Its name, as it was given.
    pub judge: String,
    /// How much it counts; weights sum to 1.
    pub weight: f64,
    /// What the weight rests on; absent where all count alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rests_on: Option<RestsOn>,
}

impl PanelJson {
    /// The panel with what its weights rest on.
    pub fn new(panel: &Panel, weighing: &Weighing) -> Self {
        let rule = panel.rule();
        let seats = rule.names().iter().zip(rule.weights()).enumerate();
        PanelJson {
            jury: weighing.jury.name(),
            quorum: rule.quorum(),
            members: seats
                .map(|(at, (name, weight))| SeatJson {
                    judge: name.clone(),
                    weight: *weight,
                    rests_on: weighing.rests_on.get(at).cloned(),
                })
                .collect(),
        }
    }
}

/// One image and what a panel made of it.
#[derive(Debug, Clone, Serialize)]
pub struct PanelScoreResult {
    /// The image as its sender named it.
    pub image: String,
    /// `scored` or `unscored`.
    pub status: &'static str,
    /// On the panel's scale; `null` when unscored.
    pub score: Option<f64>,
    /// The members' own scale where all have the same, else from 0 for the worst to 1 for the best.
    pub scale: ScaleJson,
    /// `opinions` on the same levels, or `scores`: what was averaged.
    pub pooled: &'static str,
    /// Probability of each level where opinions were averaged, named as the first member's.
    pub opinion: Option<Shares>,
    /// Standard deviation of the worth under all that the members said.
    pub spread: Option<f64>,
    /// Standard deviation of the members' scores around the panel's.
    pub disagreement: Option<f64>,
    /// Why there is no score: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Every member, in order.
    pub members: Vec<MemberScoreJson>,
}

/// What one member said of an image.
#[derive(Debug, Clone, Serialize)]
pub struct MemberScoreJson {
    /// Its name.
    pub judge: String,
    /// Its share in this result; 0 where it is missing or counts for nothing, and where there is no result.
    pub share: f64,
    /// Its score on the panel's scale; `null` where it is missing, and where there is no result.
    pub placed: Option<f64>,
    /// The same less the panel's score.
    pub difference: Option<f64>,
    /// Questions that reached its backend; what was remembered costs none.
    pub questions: u64,
    /// Why it is missing: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What it said, as it would alone; absent where it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ScoreResult>,
}

impl PanelScoreResult {
    /// The object for one image.
    pub fn new(
        image: impl Into<String>,
        panel: &Panel,
        scale: &PanelScale,
        scored: &PanelScored,
    ) -> Self {
        let image = image.into();
        let pooled = scored.outcome.as_ref();
        let unscored = pooled.err();
        let score = pooled.ok().map(|pooled| pooled.score.value());
        let opinion = |pooled: &crate::judging::panel::PooledScore| {
            Some(shares_of(scale.levels()?, pooled.opinion.as_ref()?))
        };
        let members = panel.judges().iter().zip(panel.rule().names());
        let member = |(at, ((judge, name), said)): (usize, ((_, &String), &Said<_>))| {
            let judge: &crate::engine::Judge = judge;
            let placed = pooled.ok().and_then(|pooled| pooled.placed[at]);
            let missing = said.outcome.as_ref().err();
            MemberScoreJson {
                judge: name.clone(),
                share: pooled.map_or(0.0, |pooled| pooled.shares[at]),
                placed,
                difference: placed.zip(score).map(|(own, score)| own - score),
                questions: said.questions,
                reason: missing.map(|missing| missing.reason.code()),
                detail: missing.map(|missing| missing.detail.clone()),
                result: said.provenance.clone().and_then(|provenance| {
                    let outcome = said.outcome.clone();
                    let judged = Judged {
                        provenance,
                        outcome,
                    };
                    ScoreResult::new(image.clone(), &judge.card.recipe, &judged)
                }),
            }
        };
        PanelScoreResult {
            members: members
                .zip(&scored.members)
                .enumerate()
                .map(member)
                .collect(),
            image,
            status: if unscored.is_none() {
                "scored"
            } else {
                "unscored"
            },
            score,
            scale: ScaleJson::from(scale.scale()),
            pooled: scale.pooled_by().name(),
            opinion: pooled.ok().and_then(opinion),
            spread: pooled.ok().and_then(|pooled| pooled.spread),
            disagreement: pooled.ok().map(|pooled| pooled.disagreement),
            reason: unscored.map(|unscored| unscored.reason.code()),
            detail: unscored.map(|unscored| unscored.detail.clone()),
        }
    }

    /// Whether there is a score.
    pub fn is_scored(&self) -> bool {
        self.score.is_some()
    }
}

/// Two images and which is better to a panel.
#[derive(Debug, Clone, Serialize)]
pub struct PanelCompareResult {
    /// The first image as its sender named it.
    pub first: String,
    /// The second.
    pub second: String,
    /// What it came to.
    #[serde(flatten)]
    pub compared: ComparedJson,
    /// Always `probabilities`: the members' are averaged, not their log-odds.
    pub pooled: &'static str,
    /// Every member, in order.
    pub members: Vec<MemberCompareJson>,
}

/// What one member said of a pair.
#[derive(Debug, Clone, Serialize)]
pub struct MemberCompareJson {
    /// Its name.
    pub judge: String,
    /// Its share in this result; 0 where it is missing or counts for nothing, and where there is no result.
    pub share: f64,
    /// Whether it prefers the image that the panel prefers; `null` where it is missing, or either calls it even.
    pub agrees: Option<bool>,
    /// Questions that reached its backend; what was remembered costs none.
    pub questions: u64,
    /// Why it is missing: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What it said, as it would alone; absent where it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<CompareResult>,
}

impl PanelCompareResult {
    /// The object for one pair.
    pub fn new(
        first: &str,
        second: &str,
        panel: &Panel,
        judged: &PanelCompared,
        reading: PairReading,
    ) -> Self {
        let pooled = judged.outcome.as_ref();
        let names = panel.rule().names().iter().zip(&judged.members);
        let member = |(at, (name, (said, agrees))): (usize, (&String, &(Said<JudgedPair>, _)))| {
            let missing = said.outcome.as_ref().err();
            MemberCompareJson {
                judge: name.clone(),
                share: pooled.map_or(0.0, |pooled| pooled.shares[at]),
                agrees: *agrees,
                questions: said.questions,
                reason: missing.map(|missing| missing.reason.code()),
                detail: missing.map(|missing| missing.detail.clone()),
                result: alone(said)
                    .map(|judged| CompareResult::new(first, second, &judged, reading)),
            }
        };
        PanelCompareResult {
            first: first.to_owned(),
            second: second.to_owned(),
            compared: ComparedJson::new(pooled.map(|pooled| &pooled.compared), reading),
            pooled: "probabilities",
            members: names.enumerate().map(member).collect(),
        }
    }
}

/// What a member said, as a judge alone would have.
fn alone(said: &Said<JudgedPair>) -> Option<JudgedPair> {
    match &said.outcome {
        Ok(judged) => Some(judged.clone()),
        Err(unscored) => Some(JudgedPair {
            provenance: said.provenance.clone()?,
            rule: None,
            same_image: false,
            outcome: Err(Unscored::clone(unscored)),
        }),
    }
}
