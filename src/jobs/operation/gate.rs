//! One image, one decision by a policy.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Asked, Operation, Options, Pictured, Place, may_pass};
use crate::engine::{BindError, GateError, Judge};
use crate::gate::{Decided, Policies, Policy};
use crate::jobs::{Moment, SettingFault};
use crate::near::quoted;
use crate::store::FinishedKind;
use crate::wire::{GateResult, PolicyJson};

pub(super) const OPTIONS: &[&str] = &["policy"];

#[derive(Debug)]
struct Gate {
    policy: String,
}

pub(super) fn make(options: &Options) -> Result<Arc<dyn Operation>, SettingFault> {
    let policy = options.get("policy");
    let policy = policy.ok_or_else(|| SettingFault::new("policy", "must name a gate policy"))?;
    Ok(Arc::new(Gate {
        policy: policy.clone(),
    }))
}

impl Gate {
    fn policy<'a>(&self, policies: &'a Policies) -> Result<&'a Policy, SettingFault> {
        policies.find(&self.policy).ok_or_else(|| {
            let known: Vec<&str> = policies.ids().collect();
            let message = match known.is_empty() {
                true => "names none; `[gates] folder` says where policies are".to_owned(),
                false => format!("is one of {}", quoted(&known)),
            };
            SettingFault::new("policy", message)
        })
    }

    /// A policy that cannot be followed now: the job waits for somebody to mend that.
    fn not_followed(&self, detail: String) -> BindError {
        BindError::Unavailable {
            judge: format!("policy {}", self.policy),
            remedy: detail,
        }
    }
}

#[async_trait]
impl Operation for Gate {
    fn images(&self) -> RangeInclusive<usize> {
        1..=1
    }

    fn names_judges(&self) -> bool {
        true
    }

    fn check(&self, moment: &Moment) -> Result<(), SettingFault> {
        let policy = self.policy(&moment.policies)?;
        let judges = moment.engine.judges_of(policy);
        judges
            .map(drop)
            .map_err(|error| SettingFault::new("policy", error.to_string()))
    }

    fn leader(&self, moment: &Moment, _: &str) -> Result<Judge, BindError> {
        let policy = self.policy(&moment.policies);
        let policy = policy.map_err(|fault| self.not_followed(fault.to_string()))?;
        let stages = policy.dimensions.iter().flat_map(|one| &one.stages);
        super::first_ready(moment, stages.map(|stage| stage.judge.as_str()))
    }

    fn fits(&self, _: &Judge) -> Result<(), BindError> {
        Ok(())
    }

    async fn ask(&self, at: &Place<'_>, item: Pictured) -> Result<Asked, BindError> {
        let policy = self.policy(at.policies);
        let policy = policy.map_err(|fault| self.not_followed(fault.to_string()))?;
        let Ok([(name, image)]) = <[_; 1]>::try_from(item.images) else {
            return Ok(Asked::failed(
                "missing_images",
                "a gate decides over one image",
            ));
        };
        let looked = at.engine.looked(image).await;
        let gated = (at.engine).gate(policy, at.maps, &looked, &item.texts, at.limits);
        let gated = match gated.await {
            Ok(gated) => gated,
            Err(GateError::Judge { error, .. }) => return Err(error),
            Err(error @ (GateError::AnotherJudge { .. } | GateError::Calibration { .. })) => {
                return Err(self.not_followed(error.to_string()));
            }
        };
        let failures = gated
            .judged
            .iter()
            .filter_map(|one| one.outcome.as_ref().err());
        let failed = failures.clone().any(|unscored| may_pass(unscored.reason));
        let asked = Asked::of(
            &GateResult::new(name, &PolicyJson::from(policy), &gated),
            None,
        );
        let is_open = gated.decision.verdict == Decided::NotEvaluated;
        Ok(if is_open {
            let reason = gated.decision.reasons.first();
            let detail = reason.map_or_else(String::new, |reason| reason.detail.clone());
            Asked {
                kind: if failed {
                    FinishedKind::Failed
                } else {
                    FinishedKind::Unscored
                },
                reason: Some(("not_evaluated", detail)),
                may_pass: failed,
                ..asked
            }
        } else {
            asked
        })
    }
}
