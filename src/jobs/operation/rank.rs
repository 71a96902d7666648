//! Some images, from the best to the worst.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use super::{Asked, Operation, Options, Pictured, Place, option};
use crate::card::Recipe;
use crate::engine::{BindError, Judge, RankChoice, RankMethod};
use crate::jobs::SettingFault;
use crate::judging::protocol::{OpinionRule, Pairs};
use crate::near::quoted;
use crate::wire::{NotRanked, ProvenanceJson, Ranking};

pub(super) const OPTIONS: &[&str] = &["method", "budget", "places", "seed", "by"];

/// Most images of one ranking.
const MOST: usize = 1_024;

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
    let ways = Pairs::ALL.map(Pairs::name);
    let ways = format!("one of `scores`, {}", quoted(&ways));
    let method = |name: &str| match name {
        "scores" => Some(RankMethod::Scores),
        pairs => Pairs::from_name(pairs).map(RankMethod::Pairs),
    };
    let whole = "a whole number, 0 or above";
    Ok(Arc::new(Rank {
        choice: RankChoice {
            method: option(options, "method", &ways, method)?,
            budget: option(options, "budget", whole, |text| text.parse().ok())?,
            places: option(options, "places", whole, |text| text.parse().ok())?,
            seed: option(options, "seed", whole, |text| text.parse().ok())?.unwrap_or(0),
            by: option(options, "by", &rules, OpinionRule::from_name)?.unwrap_or_default(),
            ..RankChoice::default()
        },
    }))
}

#[async_trait]
impl Operation for Rank {
    fn images(&self) -> RangeInclusive<usize> {
        2..=MOST
    }

    fn fits(&self, judge: &Judge) -> Result<(), BindError> {
        match (&judge.card.recipe, self.choice.method) {
            (Recipe::Choose(_) | Recipe::List(_), _) => return Err(judge.wrong_protocol("rank")),
            (Recipe::Compare(_), Some(RankMethod::Scores)) => {
                return Err(judge.wrong_protocol("rank by scores"));
            }
            (Recipe::Compare(_) | Recipe::Score(_) | Recipe::Rating(_), _) => {}
        }
        self.choice.way(judge, *self.images().start()).map(drop)
    }

    async fn ask(&self, at: &Place<'_>, item: Pictured) -> Result<Asked, BindError> {
        let mut names: Vec<String> = Vec::with_capacity(item.images.len());
        let mut images = Vec::with_capacity(item.images.len());
        for (name, image) in item.images {
            match image {
                Ok(image) => images.push(image),
                Err(unscored) => return Ok(Asked::without(&unscored)),
            }
            names.push(name);
        }
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
