//! Some images, the best of which is picked.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Asked, Operation, Options, Pictured, Place, may_pass};
use crate::engine::{BindError, Judge};
use crate::jobs::SettingFault;
use crate::judging::Subject;
use crate::wire::{BestOfResult, ScoreResult};

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
        let recipe = &at.judge.card.recipe;
        let scale = recipe
            .scale()
            .ok_or_else(|| at.judge.wrong_protocol("score"))?;
        let at_once = at.judge.backend()?.abilities().concurrency.max(1);
        let texts = &item.texts;
        let judged = stream::iter(item.images).map(|(name, image)| async move {
            let judged = match image {
                Ok(image) => {
                    let subject = Subject::new(vec![image], texts.clone());
                    at.engine.score(at.judge, subject, at.limits).await?
                }
                Err(unscored) => at.engine.unasked(at.judge, unscored)?,
            };
            Ok::<_, BindError>((name, judged))
        });
        let judged: Vec<_> = judged.buffered(at_once).try_collect().await?;
        let results = judged
            .iter()
            .filter_map(|(name, judged)| ScoreResult::new(name.clone(), recipe, judged));
        let result = BestOfResult::new(results.collect(), scale.better());
        let failures = judged
            .iter()
            .filter_map(|(_, one)| one.outcome.as_ref().err());
        let nothing = result.picked.pick.is_none();
        let asked = Asked::of(&result, failures.clone().next().filter(|_| nothing));
        // Whoever was not there may be the best.
        Ok(Asked {
            may_pass: failures.clone().any(|unscored| may_pass(unscored.reason)),
            ..asked
        })
    }
}
