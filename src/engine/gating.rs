//! Gating an image by a policy: tripwires first, then the judges, the cheap one before the dear one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::try_join_all;

use super::{BindError, Engine, Judge, Judged, RunLimits};
use crate::calibration::{ApplyError, Difference, JudgeKey, Maps};
use crate::gate::{
    Decision, Dimension, Policy, Said, Stage, Tripped, Tripwires, decide, next_stage, tripped,
};
use crate::judging::{Better, Image, Reason, Scale, Subject, Unscored};
use crate::pixels::{DEFAULT_BACKGROUND, Look, decode};

/// Why a policy cannot be followed here.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GateError {
    /// A judge that the policy names is not there.
    #[error("dimension `{dimension}`: {error}")]
    Judge {
        /// The dimension.
        dimension: String,
        /// What is wrong with the judge.
        error: BindError,
    },
    /// The threshold was fitted on another judge.
    #[error(
        "dimension `{dimension}`: the threshold was {}; fit it again with `opine gate fit`",
        differences.iter().map(Difference::to_string).collect::<Vec<_>>().join("; ")
    )]
    AnotherJudge {
        /// The dimension.
        dimension: String,
        /// Every field in which the judges differ.
        differences: Vec<Difference>,
    },
    /// No map for a threshold on a human scale.
    #[error("dimension `{dimension}`: {error}")]
    Calibration {
        /// The dimension.
        dimension: String,
        /// Why the score was not calibrated.
        error: ApplyError,
    },
}

/// What was decided over an image, with what was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Gated {
    /// The decision.
    pub decision: Decision,
    /// Every result of a judge, in the order of the policy; with its provenance.
    pub judged: Vec<Judged>,
    /// What the picture looks like; nothing where it cannot be decoded.
    pub look: Option<Look>,
    /// Questions that were asked.
    pub questions: u64,
}

/// What all stages of one image share.
struct Run<'a> {
    maps: &'a Maps,
    image: &'a Image,
    texts: &'a BTreeMap<String, String>,
    limits: &'a RunLimits,
    budget: Option<u64>,
    asked: AtomicU64,
}

impl Engine {
    /// The judges of a policy, each dimension's stages in order, so that a policy that cannot be followed is found out
    /// before any image comes.
    ///
    /// # Errors
    /// [`GateError::Judge`] for a judge that is not known, names no backend, or does not score.
    pub fn judges_of(&self, policy: &Policy) -> Result<Vec<Vec<Judge>>, GateError> {
        let of_stage = |dimension: &Dimension, stage: &Stage| {
            let judge = self.judges().find(&stage.judge).and_then(|judge| {
                judge
                    .card
                    .recipe
                    .scale()
                    .map(|_| judge.clone())
                    .ok_or_else(|| judge.wrong_protocol("gate"))
            });
            judge.map_err(|error| GateError::Judge {
                dimension: dimension.name.clone(),
                error,
            })
        };
        policy
            .dimensions
            .iter()
            .map(|dimension| {
                let stages = dimension.stages.iter();
                stages.map(|stage| of_stage(dimension, stage)).collect()
            })
            .collect()
    }

    /// Decides over one image. A judge that fails leaves its dimension unevaluated and never makes a number.
    ///
    /// # Errors
    /// [`GateError`] where the policy cannot be followed here.
    pub async fn gate(
        &self,
        policy: &Policy,
        maps: &Maps,
        image: Result<Image, Unscored>,
        texts: &BTreeMap<String, String>,
        limits: &RunLimits,
    ) -> Result<Gated, GateError> {
        let judges = self.judges_of(policy)?;
        let (image, look) = match image {
            Ok(image) => match self.look(&image).await {
                Ok(look) => (image, look),
                Err(unscored) => return Ok(undecodable(policy, &unscored)),
            },
            Err(unscored) => return Ok(undecodable(policy, &unscored)),
        };
        let wires = wires(&policy.tripwires, &look);
        if !wires.is_empty() {
            return Ok(Gated {
                decision: tripped(policy, &wires),
                judged: Vec::new(),
                look: Some(look),
                questions: 0,
            });
        }
        let run = Run {
            maps,
            image: &image,
            texts,
            limits,
            budget: policy.budget.questions,
            asked: AtomicU64::new(0),
        };
        let dimensions = policy.dimensions.iter().zip(&judges);
        let dimensions =
            dimensions.map(|(dimension, judges)| self.judged_by(dimension, judges, &run));
        let (said, judged): (Vec<_>, Vec<_>) = try_join_all(dimensions).await?.into_iter().unzip();
        Ok(Gated {
            decision: decide(policy, &said),
            judged: judged.into_iter().flatten().collect(),
            look: Some(look),
            questions: run.asked.into_inner(),
        })
    }

    /// What a picture looks like at a glance.
    ///
    /// # Errors
    /// A picture that cannot be decoded.
    pub async fn look(&self, image: &Image) -> Result<Look, Unscored> {
        let (image, limits) = (image.clone(), self.image_limits);
        let work = move || decode(image.bytes(), &limits, DEFAULT_BACKGROUND).map(|p| Look::of(&p));
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Unscored::new(Reason::Backend, "the image could not be looked at"))?
            .map_err(|fault| Unscored::new(Reason::Image(fault.code()), fault.to_string()))
    }

    async fn judged_by(
        &self,
        dimension: &Dimension,
        judges: &[Judge],
        run: &Run<'_>,
    ) -> Result<(Vec<Said>, Vec<Judged>), GateError> {
        let mut said = Vec::new();
        let mut all = Vec::new();
        while let Some(at) = next_stage(dimension, &said) {
            let (stage, judge) = (&dimension.stages[at], &judges[at]);
            let subject = Subject::new(vec![run.image.clone()], run.texts.clone());
            if !run.affords(judge, &subject) {
                said.push(Said::Nothing {
                    reason: Reason::Budget.code().to_owned(),
                    detail: "the budget of the policy is spent".to_owned(),
                });
                continue;
            }
            // A backend that is not there is silent like one that fails: the policy says what that means.
            let judged = match self.score(judge, subject, run.limits).await {
                Ok(judged) => judged,
                Err(error) => {
                    said.push(Said::Nothing {
                        reason: Reason::Backend.code().to_owned(),
                        detail: error.to_string(),
                    });
                    continue;
                }
            };
            said.push(read(dimension, stage, &judged, run.maps)?);
            all.push(judged);
        }
        Ok((said, all))
    }
}

impl Run<'_> {
    /// Takes the questions of one score from the budget, if it has as many.
    fn affords(&self, judge: &Judge, subject: &Subject) -> bool {
        let cost = judge
            .card
            .recipe
            .prompts(subject)
            .map_or(0, |prompts| prompts.len() as u64);
        let take = |asked: u64| {
            let sum = asked + cost;
            self.budget
                .is_none_or(|budget| sum <= budget)
                .then_some(sum)
        };
        self.asked
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }
}

/// A judge's result on the scale of the policy's thresholds.
fn read(
    dimension: &Dimension,
    stage: &Stage,
    judged: &Judged,
    maps: &Maps,
) -> Result<Said, GateError> {
    let verdict = match &judged.outcome {
        Ok(verdict) => verdict,
        Err(unscored) => {
            return Ok(Said::Nothing {
                reason: unscored.reason.code().to_owned(),
                detail: unscored.detail.clone(),
            });
        }
    };
    if let Some(fitted) = &stage.fitted {
        let here = JudgeKey::of(&judged.provenance, verdict.readout);
        let differences = fitted.key.differences(&here);
        if !differences.is_empty() {
            return Err(GateError::AnotherJudge {
                dimension: dimension.name.clone(),
                differences,
            });
        }
    }
    let (score, scale) = if stage.calibrated {
        let map = maps.for_provenance(&judged.provenance, verdict.readout);
        let calibrated = map
            .map_err(ApplyError::from)
            .and_then(|map| map.apply_to(&judged.provenance, verdict))
            .map_err(|error| GateError::Calibration {
                dimension: dimension.name.clone(),
                error,
            })?;
        (calibrated.score.value(), calibrated.score.scale())
    } else {
        (verdict.score.value(), verdict.score.scale())
    };
    Ok(Said::Score {
        score,
        unit: unit(score, scale),
    })
}

/// A score on 0..=1 where higher is better.
fn unit(score: f64, scale: Scale) -> f64 {
    let share = (score - scale.min()) / (scale.max() - scale.min());
    match scale.better() {
        Better::Higher => share,
        Better::Lower => 1.0 - share,
    }
}

fn undecodable(policy: &Policy, unscored: &Unscored) -> Gated {
    let wire = Tripped {
        code: "undecodable",
        detail: unscored.detail.clone(),
    };
    Gated {
        decision: tripped(policy, &[wire]),
        judged: Vec::new(),
        look: None,
        questions: 0,
    }
}

/// Every wire that a picture trips.
fn wires(set: &Tripwires, look: &Look) -> Vec<Tripped> {
    let tone = |deviation: f64, mean: f64| format!("mean luma {mean:.1}, deviation {deviation:.2}");
    let size = format!("{} x {} pixels", look.width, look.height);
    let (short, long) = (look.width.min(look.height), look.width.max(look.height));
    let wrong_size = [
        set.width.filter(|width| *width != look.width),
        set.height.filter(|height| *height != look.height),
        set.least_side.filter(|least| *least > short),
        set.longest_side.filter(|longest| *longest < long),
    ];
    [
        (
            set.black && look.is_black(),
            "black",
            tone(look.deviation, look.mean),
        ),
        (
            set.white && look.is_white(),
            "white",
            tone(look.deviation, look.mean),
        ),
        (
            set.constant && look.is_constant(),
            "constant",
            format!("no channel varies by more than {}", look.range),
        ),
        (
            set.noise && look.is_noise(),
            "noise",
            format!(
                "neighbouring pixels are unrelated (roughness {:.2})",
                look.roughness
            ),
        ),
        (wrong_size.iter().any(Option::is_some), "wrong_size", size),
    ]
    .into_iter()
    .filter(|(trips, ..)| *trips)
    .map(|(_, code, detail)| Tripped { code, detail })
    .collect()
}
