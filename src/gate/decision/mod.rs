//! A decision: from scores and rules to accept, review, reject or not evaluated, with reasons. Pure.

mod combining;
mod reasons;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::policy::{Dimension, Fitted, Policy};
use combining::verdict;
use reasons::reason;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// The image is shown.
    Accept,
    /// A person looks at it.
    Review,
    /// The image is not shown.
    Reject,
    /// Nothing could be looked at: neither good nor bad.
    NotEvaluated,
}

/// What a stage's judge said of an image.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A score, and the same on 0..=1 with higher as better.
    Score {
        /// On the scale of the thresholds.
        score: f64,
        /// On 0..=1, higher is better.
        unit: f64,
    },
    /// No score.
    Nothing {
        /// Code of the reason.
        reason: String,
        /// In words.
        detail: String,
    },
}

/// What was found before any judge was asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tripped {
    /// Code: `undecodable`, `constant`, `black`, `white`, `noise`, `wrong_size`, `near_duplicate`.
    pub code: &'static str,
    /// In words.
    pub detail: String,
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// What is decided.
    pub verdict: Decided,
    /// Why it is not an acceptance, the gravest first; empty where it is one.
    pub reasons: Vec<ReasonGiven>,
    /// The combined score on 0..=1, where the policy combines scores.
    pub combined: Option<f64>,
    /// How far the image is, on 0..=1: the combined score, or else the score on 0..=1 of the dimension that decides, the
    /// worst where all must accept and the best where one may; safety is not part of it. Nothing without a score.
    pub progress: Option<f64>,
    /// Every dimension with what its judges said.
    pub dimensions: Vec<DimensionDecision>,
    /// Stages that were not asked, because an earlier judge was sure.
    pub stages_saved: usize,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReasonGiven {
    /// The policy's code, or that of a tripwire.
    pub code: String,
    /// The dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension: Option<String>,
    /// The judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<String>,
    /// Its score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The threshold that was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// By how much the score misses it, as a number of 0 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// In words.
    pub detail: String,
}

/// What became of one dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DimensionDecision {
    /// Its name.
    pub name: String,
    /// What it says; `not_evaluated` where no judge gave a score.
    pub verdict: Decided,
    /// What each judge said, in the order in which they were asked.
    pub stages: Vec<StageDecision>,
}

/// What one judge said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageDecision {
    /// The judge.
    pub judge: String,
    /// Its score.
    pub score: Option<f64>,
    /// What it says.
    pub verdict: Decided,
    /// Why it has no score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unscored: Option<String>,
    /// What its thresholds rest on, where they were fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fitted: Option<Grounds>,
}

/// What a threshold rests on, in short: the policy has all of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Grounds {
    /// `precision`, `recall` or `cost`.
    pub target: String,
    /// The figure that holds.
    pub value: f64,
    /// With what confidence.
    pub confidence: f64,
    /// The one-sided bound that was attained.
    pub bound: f64,
    /// Items that it rests on.
    pub n: usize,
    /// The labels, by the name of their file.
    pub labels: String,
    /// The labels, by the digest of their file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
}

impl From<&Fitted> for Grounds {
    fn from(fitted: &Fitted) -> Self {
        Grounds {
            target: fitted.target.clone(),
            value: fitted.value,
            confidence: fitted.confidence,
            bound: fitted.bound,
            n: fitted.n,
            labels: fitted.labels.clone(),
            set: fitted.set.map(|digest| digest.to_string()),
        }
    }
}

/// Whether a further judge of this dimension must be asked: the first, or the next after one that is unsure or silent.
///
/// `said` holds what the judges before it said.
pub fn next_stage(dimension: &Dimension, said: &[Said]) -> Option<usize> {
    let open = match said.last() {
        None => true,
        Some(Said::Nothing { .. }) => true,
        Some(Said::Score { score, .. }) => {
            let stage = &dimension.stages[said.len() - 1];
            stage.verdict(*score) == Decided::Review
        }
    };
    (open && said.len() < dimension.stages.len()).then_some(said.len())
}

/// The decision over an image that tripped a wire: no judge was asked.
pub fn tripped(policy: &Policy, tripped: &[Tripped]) -> Decision {
    Decision {
        verdict: Decided::Reject,
        reasons: tripped
            .iter()
            .map(|wire| ReasonGiven {
                code: wire.code.to_owned(),
                dimension: None,
                judge: None,
                score: None,
                threshold: None,
                margin: None,
                detail: wire.detail.clone(),
            })
            .collect(),
        combined: None,
        progress: None,
        dimensions: Vec::new(),
        stages_saved: policy
            .dimensions
            .iter()
            .map(|dimension| dimension.stages.len())
            .sum(),
    }
}

/// The decision over what the judges said, in the order of the policy's dimensions.
pub fn decide(policy: &Policy, said: &[Vec<Said>]) -> Decision {
    let dimensions: Vec<DimensionDecision> = policy
        .dimensions
        .iter()
        .zip(said)
        .map(|(dimension, said)| of_dimension(dimension, said))
        .collect();
    let found = verdict(policy, &dimensions, said);
    let verdict = found.verdict;
    let mut reasons: Vec<(Decided, ReasonGiven)> = policy
        .dimensions
        .iter()
        .zip(&dimensions)
        .filter(|(_, decided)| decided.verdict != Decided::Accept)
        .map(|(dimension, decided)| (decided.verdict, reason(dimension, decided)))
        .collect();
    reasons.sort_by_key(|(gravity, _)| match gravity {
        Decided::Reject => 0,
        Decided::NotEvaluated => 1,
        Decided::Review => 2,
        Decided::Accept => 3,
    });
    let asked: usize = said.iter().map(Vec::len).sum();
    let stages: usize = policy.dimensions.iter().map(|d| d.stages.len()).sum();
    Decision {
        verdict,
        reasons: if verdict == Decided::Accept {
            Vec::new()
        } else {
            reasons.into_iter().map(|(_, reason)| reason).collect()
        },
        combined: found.combined,
        progress: found.progress,
        dimensions,
        stages_saved: stages - asked,
    }
}

fn of_dimension(dimension: &Dimension, said: &[Said]) -> DimensionDecision {
    let stages: Vec<StageDecision> = dimension
        .stages
        .iter()
        .zip(said)
        .map(|(stage, said)| {
            let (score, verdict, unscored) = match said {
                Said::Score { score, .. } => (Some(*score), stage.verdict(*score), None),
                Said::Nothing { reason, detail } => (
                    None,
                    Decided::NotEvaluated,
                    Some(format!("{reason}: {detail}")),
                ),
            };
            StageDecision {
                judge: stage.judge.clone(),
                score,
                verdict,
                unscored,
                fitted: stage.fitted.as_ref().map(Grounds::from),
            }
        })
        .collect();
    // The last judge that gave a score: the ones before it were unsure or silent.
    let verdict = stages
        .iter()
        .rev()
        .find(|stage| stage.score.is_some())
        .map_or(Decided::NotEvaluated, |stage| stage.verdict);
    DimensionDecision {
        name: dimension.name.clone(),
        verdict,
        stages,
    }
}
