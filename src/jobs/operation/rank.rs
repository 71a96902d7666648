//! Some images, from the best to the worst.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use super::compare::disagreement;
use super::panel::{self, What};
use super::{Asked, Operation, Options, Pictured, Place, option, whole};
use crate::card::Recipe;
use crate::engine::{BindError, Judge, RankChoice, RankMethod};
use crate::jobs::SettingFault;
use crate::judging::protocol::{MOST_REPEATS, OpinionRule, RANKED_ITEMS};
use crate::near::quoted;
use crate::wire::{NotRanked, ProvenanceJson, Ranking};

pub(super) const OPTIONS: &[&str] = &[
    "method",
    "budget",
    "places",
    "seed",
    "by",
    "repeats",
    "on_disagreement",
    "judges",
    "jury",
    "weights",
    "quorum",
];

#[derive(Debug)]
struct Rank {
    choice: RankChoice,
}

/// The reply of the operation's own route, without the judge, which the job names.
#[derive(Debug, Serialize)]
struct RankResult {
    #[serde(flatten)]
    ranking: Ranking,
    provenance: ProvenanceJson,
}

pub(super) fn make(options: &Options) -> Result<Arc<dyn Operation>, SettingFault> {
    let rules = format!(
        "one of {}",
        quoted(&OpinionRule::ALL.map(OpinionRule::name))
    );
    // Anchors are images of one ranking, and a job has many.
    let method = |name: &str| RankMethod::from_name(name).filter(|one| *one != RankMethod::Anchors);
    let ways: Vec<&str> = (RankMethod::ALL.into_iter().map(RankMethod::name))
        .filter(|name| method(name).is_some())
        .collect();
    let ways = format!("one of {}", quoted(&ways));
    let whole = "a whole number, 0 or above";
    let repeats = |text: &str| {
        text.parse()
            .ok()
            .filter(|count| (1..=MOST_REPEATS).contains(count))
    };
    let choice = RankChoice {
        method: option(options, "method", &ways, method)?,
        budget: option(options, "budget", whole, |text| text.parse().ok())?,
        places: option(options, "places", whole, |text| text.parse().ok())?,
        seed: option(options, "seed", whole, |text| text.parse().ok())?.unwrap_or(0),
        by: option(options, "by", &rules, OpinionRule::from_name)?.unwrap_or_default(),
        repeats: option(
            options,
            "repeats",
            &format!("a whole number from 1 to {MOST_REPEATS}"),
            repeats,
        )?,
        on_disagreement: disagreement(options)?.unwrap_or_default(),
        ..RankChoice::default()
    };
    let panel = panel::sitting(options, What::Rank(Box::new(choice.clone())))?;
    Ok(panel.unwrap_or_else(|| Arc::new(Rank { choice })))
}

#[async_trait]
impl Operation for Rank {
    fn images(&self) -> RangeInclusive<usize> {
        RANKED_ITEMS
    }

    fn fits(&self, judge: &Judge) -> Result<(), BindError> {
        match (&judge.card.recipe, self.choice.method) {
            (Recipe::Choose(_), _) => return Err(judge.wrong_protocol("rank")),
            (Recipe::Compare(_) | Recipe::List(_), Some(RankMethod::Scores)) => {
                return Err(judge.wrong_protocol("rank by scores"));
            }
            (Recipe::List(_), Some(RankMethod::Pairs(_))) => {
                return Err(judge.wrong_protocol("rank by pairs"));
            }
            (
                Recipe::Compare(_) | Recipe::Score(_) | Recipe::Rating(_),
                Some(RankMethod::Listwise),
            ) => return Err(judge.wrong_protocol("rank by lists")),
            (
                Recipe::Compare(_) | Recipe::Score(_) | Recipe::Rating(_) | Recipe::List(_),
                Some(_) | None,
            ) => {}
        }
        self.choice.way(judge, *self.images().start()).map(drop)
    }

    async fn ask(&self, at: &Place<'_>, item: Pictured) -> Result<Asked, BindError> {
        let (names, images) = match whole(item.images) {
            Ok(whole) => whole,
            Err(unscored) => return Ok(Asked::without(&unscored)),
        };
        let way = self.choice.way(at.judge, images.len())?;
        let ranked = at
            .engine
            .rank(at.judge, images, item.texts, way, at.limits, &|_| {});
        let (provenance, ranked) = ranked.await?;
        Ok(match Ranking::new(&names, ranked) {
            Ok(ranking) => {
                let provenance = ProvenanceJson::from(&provenance);
                Asked::of(
                    &RankResult {
                        ranking,
                        provenance,
                    },
                    None,
                )
            }
            Err(NotRanked::Unscored(unscored)) => Asked::without(&unscored),
            Err(NotRanked::NoStrengths(detail)) => Asked::failed("not_ranked", detail),
        })
    }
}
