//! Gating an image by a policy: tripwires first, then the judges, the cheap one before the dear one.

mod looked;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::try_join_all;

use super::{BindError, Engine, Judge, Judged, RunLimits};
use crate::calibration::{ApplyError, Difference, JudgeKey, Maps};
use crate::gate::{Decision, Dimension, Policy, Said, Saving, Stage, decide, next_stage, tripped};
use crate::judging::{Better, Image, Reason, Scale, Subject};
pub use looked::Looked;

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
    /// Questions that were asked.
    pub questions: u64,
    /// What asking the cheap judges first saved.
    pub saving: Saving,
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

/// What became of one dimension.
#[derive(Default)]
struct Judgement {
    said: Vec<Said>,
    judged: Vec<Judged>,
    /// Of each judge that was turned to, whether it was asked.
    asked: Vec<bool>,
}

impl Engine {
    /// The judges of a policy, each dimension's stages in order, so that a policy that cannot be followed is found out
    /// before any image comes. How answers are read is known only then.
    ///
    /// # Errors
    /// [`GateError::Judge`] for a judge that is not known, names no backend, or does not score;
    /// [`GateError::AnotherJudge`] for a threshold that was fitted on another.
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
            let judge = judge.map_err(|error| GateError::Judge {
                dimension: dimension.name.clone(),
                error,
            })?;
            if let (Some(fitted), Ok(backend)) = (&stage.fitted, judge.backend()) {
                let provenance = judge.provenance(backend.as_ref(), None);
                let here = JudgeKey::of(&provenance, fitted.key.readout);
                same_judge(dimension, &fitted.key, &here)?;
            }
            Ok(judge)
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
        looked: &Looked,
        texts: &BTreeMap<String, String>,
        limits: &RunLimits,
    ) -> Result<Gated, GateError> {
        let judges = self.judges_of(policy)?;
        let wires = looked.trips(&policy.tripwires);
        let image = match &looked.image {
            Ok((image, _)) if wires.is_empty() => image,
            Ok(_) | Err(_) => {
                return Ok(Gated {
                    decision: tripped(policy, &wires),
                    judged: Vec::new(),
                    questions: 0,
                    saving: Saving::default(),
                });
            }
        };
        let run = Run {
            maps,
            image,
            texts,
            limits,
            budget: policy.budget.questions,
            asked: AtomicU64::new(0),
        };
        let dimensions = policy.dimensions.iter().zip(&judges);
        let dimensions =
            dimensions.map(|(dimension, judges)| self.judged_by(dimension, judges, &run));
        let judgements = try_join_all(dimensions).await?;
        let mut saving = Saving::default();
        let each = policy.dimensions.iter().zip(&judges).zip(&judgements);
        for ((dimension, judges), judgement) in each {
            let subject = run.subject();
            let questions: Vec<u64> = judges.iter().map(|judge| cost(judge, &subject)).collect();
            saving.add(&Saving::of(dimension, &questions, &judgement.asked));
        }
        let (said, judged): (Vec<_>, Vec<_>) = judgements
            .into_iter()
            .map(|judgement| (judgement.said, judgement.judged))
            .unzip();
        Ok(Gated {
            decision: decide(policy, &said),
            judged: judged.into_iter().flatten().collect(),
            questions: run.asked.into_inner(),
            saving,
        })
    }

    async fn judged_by(
        &self,
        dimension: &Dimension,
        judges: &[Judge],
        run: &Run<'_>,
    ) -> Result<Judgement, GateError> {
        let mut found = Judgement::default();
        while let Some(at) = next_stage(dimension, &found.said) {
            let (stage, judge) = (&dimension.stages[at], &judges[at]);
            let subject = run.subject();
            let affordable = run.affords(cost(judge, &subject));
            // A backend that is not there is silent like one that fails: the policy says what that means.
            let judged = if affordable {
                let judged = self.score(judge, subject, run.limits).await;
                judged.map_err(|error| (Reason::Backend, error.to_string()))
            } else {
                let detail = "the budget of the policy is spent".to_owned();
                Err((Reason::Budget, detail))
            };
            found.asked.push(judged.is_ok());
            match judged {
                Ok(judged) => {
                    found.said.push(read(dimension, stage, &judged, run.maps)?);
                    found.judged.push(judged);
                }
                Err((reason, detail)) => found.said.push(Said::Nothing {
                    reason: reason.code().to_owned(),
                    detail,
                }),
            }
        }
        Ok(found)
    }
}

impl Run<'_> {
    fn subject(&self) -> Subject {
        Subject::new(vec![self.image.clone()], self.texts.clone())
    }

    /// Takes the questions of one score from the budget, if it has as many.
    fn affords(&self, cost: u64) -> bool {
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

/// The questions of one score.
fn cost(judge: &Judge, subject: &Subject) -> u64 {
    let prompts = judge.card.recipe.prompts(subject);
    prompts.map_or(0, |prompts| prompts.len() as u64)
}

/// Refuses a judge that is not the one of a threshold.
fn same_judge(dimension: &Dimension, fitted: &JudgeKey, here: &JudgeKey) -> Result<(), GateError> {
    let differences = fitted.differences(here);
    if differences.is_empty() {
        return Ok(());
    }
    Err(GateError::AnotherJudge {
        dimension: dimension.name.clone(),
        differences,
    })
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
        same_judge(dimension, &fitted.key, &here)?;
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
