//! Some images, the best of which is picked.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Asked, Operation, Options, Pictured, Place, may_pass};
use crate::engine::{BindError, Candidate, Judge, PickPlan};
use crate::gate::Tripwires;
use crate::jobs::SettingFault;
use crate::judging::Unscored;
use crate::wire::BestOfResult;

pub(super) const OPTIONS: &[&str] = &[];

/// Most images of one item.
const MOST: usize = 256;

#[derive(Debug)]
struct BestOf;

pub(super) fn make(_: &Options) -> Result<Arc<dyn Operation>, SettingFault> {
    Ok(Arc::new(BestOf))
}

#[async_trait]
impl Operation for BestOf {
    fn images(&self) -> RangeInclusive<usize> {
        1..=MOST
    }

    fn fits(&self, judge: &Judge) -> Result<(), BindError> {
        match judge.card.recipe.scale() {
            Some(_) => Ok(()),
            None => Err(judge.wrong_protocol("score")),
        }
    }

    async fn ask(&self, at: &Place<'_>, item: Pictured) -> Result<Asked, BindError> {
        let candidates = item.images.into_iter().map(|(name, image)| Candidate {
            name,
            image,
            texts: item.texts.clone(),
        });
        let candidates: Vec<Candidate> = candidates.collect();
        let plan = PickPlan {
            scores: Some(at.judge),
            compares: None,
            shortlist: 0,
            tripwires: Tripwires::OF_CANDIDATES,
        };
        let run = at.engine.pick(plan, &candidates, at.limits).await?;
        let failures = run
            .judged
            .iter()
            .filter_map(|(_, one)| one.outcome.as_ref().err().cloned());
        let failures: Vec<Unscored> = failures.collect();
        let result = BestOfResult::new(plan, &candidates, run, None)
            .expect("nobody compares, and no map is applied");
        let nothing = result.picked.pick.is_none();
        let asked = Asked::of(&result, failures.first().filter(|_| nothing));
        // Whoever was not there may be the best.
        Ok(Asked {
            may_pass: failures.iter().any(|unscored| may_pass(unscored.reason)),
            ..asked
        })
    }
}
