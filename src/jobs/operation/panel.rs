//! Several judges as one, doing what one judge does.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Asked, Operation, Options, Pictured, Place, option};
use crate::engine::panel::{Panel, PanelError};
use crate::engine::{BindError, Judge, RankChoice};
use crate::jobs::{Moment, SettingFault};
use crate::judging::Subject;
use crate::judging::panel::Jury;
use crate::judging::protocol::RANKED_ITEMS;
use crate::near::quoted;
use crate::ranking::JudgedSettings;
use crate::wire::{
    NotRanked, PairReading, PanelChoice, PanelCompareResult, PanelFault, PanelRankReply,
    PanelRefusal, PanelScoreResult, Weighing,
};

/// What a panel is asked to do.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// To score an image.
    Score,
    /// To compare two.
    Compare(PairReading),
    /// To rank some.
    Rank(Box<RankChoice>),
}

#[derive(Debug)]
struct Sitting {
    choice: PanelChoice,
    what: What,
}

/// The work of the panel that the settings name; nothing where they name none.
///
/// # Errors
/// A setting of a panel that cannot be read, or that has no panel.
pub(super) fn sitting(
    options: &Options,
    what: What,
) -> Result<Option<Arc<dyn Operation>>, SettingFault> {
    let judges: Option<Vec<String>> = option(
        options,
        "judges",
        "names of judges as a JSON list, one at least",
        |text| {
            serde_json::from_str(text)
                .ok()
                .filter(|names: &Vec<_>| !names.is_empty())
        },
    )?;
    let juries = format!("one of {}", quoted(&Jury::ALL.map(Jury::name)));
    let jury = option(options, "jury", &juries, Jury::from_name)?;
    let weights: Option<BTreeMap<String, f64>> = option(
        options,
        "weights",
        "a number for each judge as a JSON object",
        |text| serde_json::from_str(text).ok(),
    )?;
    let quorum = option(options, "quorum", "a whole number, 1 or above", |text| {
        text.parse().ok()
    })?;
    let Some(judges) = judges else {
        if jury.is_none() && weights.is_none() && quorum.is_none() {
            return Ok(None);
        }
        let message = "must name the panel that `jury`, `weights` and `quorum` are for";
        return Err(SettingFault::new("judges", message));
    };
    let jury = jury.unwrap_or_default();
    if jury == Jury::Joint && !matches!(what, What::Rank(_)) {
        let message = "`joint` takes the votes of a whole ranking; take `mean` or `reliability`";
        return Err(SettingFault::new("jury", message));
    }
    let choice = PanelChoice {
        judges,
        jury,
        weights,
        quorum,
    };
    Ok(Some(Arc::new(Sitting { choice, what })))
}

#[async_trait]
impl Operation for Sitting {
    fn images(&self) -> RangeInclusive<usize> {
        match self.what {
            What::Score => 1..=1,
            What::Compare(_) => 2..=2,
            What::Rank(_) => RANKED_ITEMS,
        }
    }

    fn names_judges(&self) -> bool {
        true
    }

    fn check(&self, moment: &Moment) -> Result<(), SettingFault> {
        let (panel, weighing) = (self.choice)
            .seat(&moment.judges, &moment.maps)
            .map_err(|PanelRefusal { field, cause }| SettingFault::new(field, cause.to_string()))?;
        let fits = match &self.what {
            What::Score => panel.scale().map(drop),
            What::Compare(_) => Ok(()),
            What::Rank(choice) => {
                let way = choice.clone().way_of(&panel, weighing.jury, 2);
                way.map(drop).map_err(PanelError::from)
            }
        };
        fits.map_err(|error| SettingFault::new("judges", error.to_string()))
    }

    fn leader(&self, moment: &Moment, _: &str) -> Result<Judge, BindError> {
        super::first_ready(moment, self.choice.judges.iter().map(String::as_str))
    }

    fn fits(&self, judge: &Judge) -> Result<(), BindError> {
        let recipe = &judge.card.recipe;
        match self.what {
            What::Score if recipe.scale().is_none() => Err(judge.wrong_protocol("score")),
            What::Score | What::Compare(_) | What::Rank(_) => Ok(()),
        }
    }

    async fn ask(&self, at: &Place<'_>, item: Pictured) -> Result<Asked, BindError> {
        let seated = self.choice.seat(at.judges, at.maps);
        let (panel, weighing) = match seated {
            Ok(seated) => seated,
            // What the maps say is known when every member can be asked again.
            Err(PanelRefusal {
                cause: PanelFault::Reliability(error),
                ..
            }) => {
                return Err(BindError::Unavailable {
                    judge: self.choice.judges.join("`, `"),
                    remedy: error.to_string(),
                });
            }
            Err(refusal) => return Ok(Asked::failed("invalid_value", refusal.cause.to_string())),
        };
        let asked = match &self.what {
            What::Score => score(at, &panel, item).await,
            What::Compare(reading) => compare(at, &panel, item, *reading).await,
            What::Rank(choice) => rank(at, (&panel, &weighing), item, choice).await,
        };
        match asked {
            Ok(asked) => Ok(asked),
            Err(PanelError::Bind(error)) => Err(error),
            Err(error @ (PanelError::SameJudge { .. } | PanelError::Rule(_))) => {
                Ok(Asked::failed("invalid_value", error.to_string()))
            }
        }
    }
}

async fn score(at: &Place<'_>, panel: &Panel, item: Pictured) -> Result<Asked, PanelError> {
    let scale = panel.scale()?;
    let Ok([(name, image)]) = <[_; 1]>::try_from(item.images) else {
        return Ok(Asked::failed("missing_images", "a score has one image"));
    };
    let scored = match image {
        Ok(image) => {
            let subject = Subject::new(vec![image], item.texts);
            at.engine.panel_score(panel, &subject, at.limits).await?
        }
        Err(unscored) => panel.unasked(&unscored),
    };
    let result = PanelScoreResult::new(name, panel, &scale, &scored);
    Ok(Asked::of(&result, scored.outcome.as_ref().err()))
}

async fn compare(
    at: &Place<'_>,
    panel: &Panel,
    item: Pictured,
    reading: PairReading,
) -> Result<Asked, PanelError> {
    let Ok([first, second]) = <[_; 2]>::try_from(item.images) else {
        return Ok(Asked::failed(
            "invalid_value",
            "a comparison has two images",
        ));
    };
    let compared = match (first.1, second.1) {
        (Ok(one), Ok(other)) => {
            let pair = Subject::new(vec![one, other], item.texts);
            let compared = at.engine.panel_compare(panel, &pair, reading.by, at.limits);
            compared.await?
        }
        (Err(unscored), _) | (_, Err(unscored)) => panel.unasked_pair(&unscored),
    };
    let result = PanelCompareResult::new(&first.0, &second.0, panel, &compared, reading);
    Ok(Asked::of(&result, compared.outcome.as_ref().err()))
}

async fn rank(
    at: &Place<'_>,
    (panel, weighing): (&Panel, &Weighing),
    item: Pictured,
    choice: &RankChoice,
) -> Result<Asked, PanelError> {
    let texts = item.texts.into();
    let (names, images) = match super::whole(item.images) {
        Ok(whole) => whole,
        Err(unscored) => return Ok(Asked::without(&unscored)),
    };
    let way = choice.clone().way_of(panel, weighing.jury, images.len())?;
    let ranked = (at.engine).panel_rank(panel, &images, &texts, way, at.limits, &|_| {});
    let settings = JudgedSettings::default();
    let reply = PanelRankReply::new(&names, panel, weighing, ranked.await?, &settings);
    Ok(match reply {
        Ok(reply) => Asked::of(&reply, None),
        Err(NotRanked::Unscored(unscored)) => Asked::without(&unscored),
        Err(NotRanked::NoStrengths(detail)) => Asked::failed("not_ranked", detail),
    })
}
