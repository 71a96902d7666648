//! A decision: from scores and rules to accept, review, reject or not evaluated, with reasons. Pure.

use serde::Serialize;

use super::policy::{Bounds, Combine, Dimension, Missing, Policy};

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
    let (verdict, combined) = verdict(policy, &dimensions, said);
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
        combined,
        dimensions,
        stages_saved: stages - asked,
    }
}

fn of_dimension(dimension: &Dimension, said: &[Said]) -> DimensionDecision {
    let stages: Vec<StageDecision> = dimension
        .stages
        .iter()
        .zip(said)
        .map(|(stage, said)| match said {
            Said::Score { score, .. } => StageDecision {
                judge: stage.judge.clone(),
                score: Some(*score),
                verdict: stage.verdict(*score),
                unscored: None,
            },
            Said::Nothing { reason, detail } => StageDecision {
                judge: stage.judge.clone(),
                score: None,
                verdict: Decided::NotEvaluated,
                unscored: Some(format!("{reason}: {detail}")),
            },
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

fn verdict(
    policy: &Policy,
    decided: &[DimensionDecision],
    said: &[Vec<Said>],
) -> (Decided, Option<f64>) {
    let (vetoes, others): (Vec<_>, Vec<_>) = policy
        .dimensions
        .iter()
        .zip(decided)
        .zip(said)
        .partition(|((dimension, _), _)| dimension.safety);
    let scored: Vec<_> = others
        .iter()
        .filter(|((_, decided), _)| decided.verdict != Decided::NotEvaluated)
        .collect();
    let lacking = others.iter().any(|((dimension, decided), _)| {
        dimension.required && decided.verdict == Decided::NotEvaluated
    });
    let (mut verdict, combined) = match (scored.is_empty(), policy.combine) {
        (true, _) => (Decided::NotEvaluated, None),
        (false, Combine::All) => {
            let worst = scored.iter().map(|((_, decided), _)| decided.verdict).max();
            (worst.unwrap_or(Decided::NotEvaluated), None)
        }
        (false, Combine::Any) => {
            let best = scored.iter().map(|((_, decided), _)| decided.verdict).min();
            (best.unwrap_or(Decided::NotEvaluated), None)
        }
        (false, Combine::Weighted(bounds) | Combine::Geometric(bounds) | Combine::Min(bounds)) => {
            let units: Vec<(f64, f64)> = scored
                .iter()
                .filter_map(|((dimension, _), said)| Some((dimension.weight, unit(said)?)))
                .collect();
            let combined = combined(policy.combine, &units);
            (within(bounds, combined), Some(combined))
        }
    };
    // What was not looked at is no pass, unless the policy says that it does not matter.
    if lacking && verdict != Decided::NotEvaluated {
        verdict = match policy.missing {
            Missing::Review => verdict.max(Decided::Review),
            Missing::Reject => Decided::Reject,
            Missing::Ignore => verdict,
        };
    }
    // A veto is never averaged and never ignored; a safety judge that is down never accepts.
    for ((_, decided), _) in vetoes {
        verdict = match (decided.verdict, verdict) {
            (Decided::Reject, _) => Decided::Reject,
            (Decided::Accept, verdict) => verdict,
            (Decided::Review | Decided::NotEvaluated, Decided::Accept) => Decided::Review,
            (Decided::Review | Decided::NotEvaluated, verdict) => verdict,
        };
    }
    (verdict, combined)
}

fn unit(said: &[Said]) -> Option<f64> {
    said.iter().rev().find_map(|said| match said {
        Said::Score { unit, .. } => Some(*unit),
        Said::Nothing { .. } => None,
    })
}

fn combined(combine: Combine, units: &[(f64, f64)]) -> f64 {
    let total: f64 = units.iter().map(|(weight, _)| weight).sum();
    match combine {
        Combine::Min(_) => units
            .iter()
            .map(|(_, unit)| *unit)
            .fold(f64::INFINITY, f64::min),
        Combine::Geometric(_) => {
            let logs = units.iter().map(|(weight, unit)| weight * unit.ln());
            (logs.sum::<f64>() / total).exp()
        }
        Combine::Weighted(_) | Combine::All | Combine::Any => {
            units
                .iter()
                .map(|(weight, unit)| weight * unit)
                .sum::<f64>()
                / total
        }
    }
}

fn within(bounds: Bounds, combined: f64) -> Decided {
    if combined >= bounds.accept {
        Decided::Accept
    } else if bounds.reject.is_some_and(|reject| combined <= reject) {
        Decided::Reject
    } else {
        Decided::Review
    }
}

fn reason(dimension: &Dimension, decided: &DimensionDecision) -> ReasonGiven {
    let last = decided
        .stages
        .iter()
        .enumerate()
        .rfind(|(_, stage)| stage.score.is_some());
    let Some((at, stage)) = last else {
        let why = decided
            .stages
            .last()
            .and_then(|stage| stage.unscored.clone())
            .unwrap_or_else(|| "no judge was asked".to_owned());
        return ReasonGiven {
            code: dimension.reason.clone(),
            dimension: Some(dimension.name.clone()),
            judge: decided.stages.last().map(|stage| stage.judge.clone()),
            score: None,
            threshold: None,
            margin: None,
            detail: format!("`{}` was not evaluated: {why}", dimension.name),
        };
    };
    let rule = &dimension.stages[at];
    let threshold = match (decided.verdict, rule.reject) {
        (Decided::Reject, Some(reject)) => reject,
        _ => rule.accept,
    };
    ReasonGiven {
        code: dimension.reason.clone(),
        dimension: Some(dimension.name.clone()),
        judge: Some(stage.judge.clone()),
        score: stage.score,
        threshold: Some(threshold),
        margin: stage.score.map(|score| (score - threshold).abs()),
        detail: match decided.verdict {
            Decided::Reject => format!("`{}` is on the rejecting side", dimension.name),
            Decided::Accept | Decided::Review | Decided::NotEvaluated => {
                format!("`{}` is not shown to be good enough", dimension.name)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(head: &str) -> Policy {
        let text = format!(
            r#"
format = 1
id = "p"
version = "1.0.0"
{head}
[[dimension]]
name = "quality"
weight = 3.0
[[dimension.stage]]
judge = "cheap"
accept = 0.8
reject = 0.3
[[dimension.stage]]
judge = "dear"
accept = 0.6
reject = 0.4
[[dimension]]
name = "match"
required = false
reason = "off_prompt"
[[dimension.stage]]
judge = "matcher"
accept = 0.5
reject = 0.2
[[dimension]]
name = "safe"
safety = true
[[dimension.stage]]
judge = "guard"
accept = 0.9
reject = 0.5
"#
        );
        Policy::parse("p.toml", &text).unwrap()
    }

    fn scores(values: &[f64]) -> Vec<Said> {
        values
            .iter()
            .map(|score| {
                if score.is_nan() {
                    Said::Nothing {
                        reason: "backend".to_owned(),
                        detail: "down".to_owned(),
                    }
                } else {
                    Said::Score {
                        score: *score,
                        unit: *score,
                    }
                }
            })
            .collect()
    }

    const DOWN: f64 = f64::NAN;

    #[test]
    fn every_rule_has_its_worked_case() {
        use Decided::{Accept, NotEvaluated, Reject, Review};
        let all = "";
        let any = "combine = \"any\"";
        let weighted = "combine = \"weighted\"\naccept = 0.7\nreject = 0.3";
        let geometric = "combine = \"geometric\"\naccept = 0.7\nreject = 0.3";
        let least = "combine = \"min\"\naccept = 0.5\nreject = 0.3";
        let reject_missing = "missing = \"reject\"";
        let ignore_missing = "missing = \"ignore\"";
        let cases: &[(&str, [&[f64]; 3], Decided)] = &[
            (all, [&[0.9], &[0.6], &[0.95]], Accept),
            (all, [&[0.5, 0.7], &[0.6], &[0.95]], Accept),
            (all, [&[0.5, 0.5], &[0.6], &[0.95]], Review),
            (all, [&[0.5, 0.3], &[0.6], &[0.95]], Reject),
            (all, [&[0.2], &[0.6], &[0.95]], Reject),
            // A dimension that is not required may be missing; a required one may not.
            (all, [&[0.9], &[DOWN], &[0.95]], Accept),
            (all, [&[DOWN, DOWN], &[0.6], &[0.95]], Review),
            (all, [&[DOWN, 0.7], &[0.6], &[0.95]], Accept),
            (reject_missing, [&[DOWN, DOWN], &[0.6], &[0.95]], Reject),
            (ignore_missing, [&[DOWN, DOWN], &[0.6], &[0.95]], Accept),
            (all, [&[DOWN, DOWN], &[DOWN], &[0.95]], NotEvaluated),
            // Safety: a veto, never averaged, never accepted when it is down.
            (all, [&[0.9], &[0.6], &[0.4]], Reject),
            (all, [&[0.9], &[0.6], &[0.7]], Review),
            (all, [&[0.9], &[0.6], &[DOWN]], Review),
            (ignore_missing, [&[0.9], &[0.6], &[DOWN]], Review),
            (any, [&[0.9], &[0.6], &[DOWN]], Review),
            (weighted, [&[1.0], &[1.0], &[DOWN]], Review),
            (weighted, [&[1.0], &[1.0], &[0.1]], Reject),
            (all, [&[DOWN, DOWN], &[DOWN], &[0.1]], Reject),
            (any, [&[0.2], &[0.6], &[0.95]], Accept),
            (any, [&[0.2], &[0.1], &[0.95]], Reject),
            // (3 * 0.8 + 0.4) / 4 = 0.7.
            (weighted, [&[0.8], &[0.4], &[0.95]], Accept),
            (weighted, [&[0.8], &[0.39], &[0.95]], Review),
            // exp((3 ln 0.8 + ln 0.4) / 4) = 0.673.
            (geometric, [&[0.8], &[0.4], &[0.95]], Review),
            (geometric, [&[0.8], &[0.0], &[0.95]], Reject),
            (least, [&[0.8], &[0.5], &[0.95]], Accept),
            (least, [&[0.8], &[0.3], &[0.95]], Reject),
        ];
        for (head, said, expected) in cases {
            let said = said.map(scores);
            let decision = decide(&policy(head), &said);
            assert_eq!(decision.verdict, *expected, "{head} {said:?}");
            assert_eq!(
                decision.reasons.is_empty(),
                *expected == Accept,
                "{head} {said:?}"
            );
        }
    }

    #[test]
    fn reasons_name_the_rule_and_the_gravest_stands_first() {
        let said = [scores(&[0.5, 0.5]), scores(&[0.1]), scores(&[DOWN])];
        let decision = decide(&policy(""), &said);
        let codes: Vec<&str> = decision.reasons.iter().map(|r| r.code.as_str()).collect();
        assert_eq!(codes, ["off_prompt", "safe", "quality"]);
        let first = &decision.reasons[0];
        assert_eq!((first.score, first.threshold), (Some(0.1), Some(0.2)));
        assert!((first.margin.unwrap() - 0.1).abs() < 1e-12);
        assert!(decision.reasons[1].detail.contains("down"));
        assert_eq!(decision.reasons[2].judge.as_deref(), Some("dear"));
    }

    #[test]
    fn the_dear_judge_is_asked_only_where_the_cheap_one_is_unsure() {
        let policy = policy("");
        let quality = &policy.dimensions[0];
        let next = |said: &[f64]| next_stage(quality, &scores(said));
        assert_eq!(next(&[]), Some(0));
        assert_eq!(next(&[0.5]), Some(1));
        assert_eq!(next(&[DOWN]), Some(1));
        assert_eq!(next(&[0.9]), None);
        assert_eq!(next(&[0.1]), None);
        assert_eq!(next(&[0.5, 0.5]), None);
        let sure = decide(&policy, &[scores(&[0.9]), scores(&[0.6]), scores(&[0.95])]);
        assert_eq!(sure.stages_saved, 1);
    }
}
