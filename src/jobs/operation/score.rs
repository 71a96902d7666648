//! One image, one score.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;

use super::panel::{self, What};
use super::{Asked, Operation, Options, Pictured, Place, option};
use crate::engine::{BindError, Judge};
use crate::jobs::SettingFault;
use crate::judging::Subject;
use crate::wire::ScoreResult;

pub(super) const OPTIONS: &[&str] = &["calibrated", "judges", "jury", "weights", "quorum"];

#[derive(Debug)]
struct Score {
    calibrated: bool,
}

pub(super) fn make(options: &Options) -> Result<Arc<dyn Operation>, SettingFault> {
    let truth = |text: &str| text.parse().ok();
    let calibrated = option(options, "calibrated", "`true` or `false`", truth)?;
    if let Some(panel) = panel::sitting(options, What::Score)? {
        return match calibrated {
            Some(true) => Err(SettingFault::new(
                "calibrated",
                "is for one judge, not for a panel",
            )),
            Some(false) | None => Ok(panel),
        };
    }
    Ok(Arc::new(Score {
        calibrated: calibrated.unwrap_or(false),
    }))
}

#[async_trait]
impl Operation for Score {
    fn images(&self) -> RangeInclusive<usize> {
        1..=1
    }

    fn fits(&self, judge: &Judge) -> Result<(), BindError> {
        match judge.card.recipe.scale() {
            Some(_) => Ok(()),
            None => Err(judge.wrong_protocol("score")),
        }
    }

    async fn ask(&self, at: &Place<'_>, item: Pictured) -> Result<Asked, BindError> {
        let Some((name, image)) = item.images.into_iter().next() else {
            return Ok(Asked::failed("missing_images", "the item has no image"));
        };
        let judged = match image {
            Ok(image) => {
                let subject = Subject::new(vec![image], item.texts);
                at.engine.score(at.judge, subject, at.limits).await?
            }
            Err(unscored) => at.engine.unasked(at.judge, unscored)?,
        };
        let result = ScoreResult::new(name, &at.judge.card.recipe, &judged);
        let mut result = result.ok_or_else(|| at.judge.wrong_protocol("score"))?;
        if self.calibrated
            && let Err(error) = result.calibrate(&judged, at.maps)
        {
            return Ok(Asked::failed("no_calibration", error.to_string()));
        }
        Ok(Asked::of(&result, judged.outcome.as_ref().err()))
    }
}
