//! Two images, which is better.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;

use super::panel::{self, What};
use super::{Asked, Operation, Options, Pictured, Place, option};
use crate::card::Recipe;
use crate::engine::{BindError, Judge, JudgedPair};
use crate::jobs::SettingFault;
use crate::judging::protocol::OpinionRule;
use crate::judging::{Disagreement, Margin, Subject, TieWidth};
use crate::near::quoted;
use crate::wire::{CompareResult, PairReading};

pub(super) const OPTIONS: &[&str] = &[
    "by",
    "tie_width",
    "on_disagreement",
    "judges",
    "jury",
    "weights",
    "quorum",
];

#[derive(Debug)]
struct Compare {
    reading: PairReading,
}

pub(super) fn make(options: &Options) -> Result<Arc<dyn Operation>, SettingFault> {
    let mut reading = PairReading::default();
    let rules = format!(
        "one of {}",
        quoted(&OpinionRule::ALL.map(OpinionRule::name))
    );
    if let Some(by) = option(options, "by", &rules, OpinionRule::from_name)? {
        reading.by = by;
    }
    let width = |text: &str| TieWidth::new(Margin::LogOdds, text.parse().ok()?).ok();
    if let Some(width) = option(options, "tie_width", "in log-odds, 0 or above", width)? {
        reading.ties = width;
    }
    if let Some(way) = disagreement(options)? {
        reading.on_disagreement = way;
    }
    let panel = panel::sitting(options, What::Compare(reading))?;
    Ok(panel.unwrap_or_else(|| Arc::new(Compare { reading })))
}

/// What becomes of a pair whose two orders prefer different images.
pub(super) fn disagreement(options: &Options) -> Result<Option<Disagreement>, SettingFault> {
    let ways = quoted(&Disagreement::ALL.map(Disagreement::name));
    let expected = format!("one of {ways}");
    option(
        options,
        "on_disagreement",
        &expected,
        Disagreement::from_name,
    )
}

#[async_trait]
impl Operation for Compare {
    fn images(&self) -> RangeInclusive<usize> {
        2..=2
    }

    fn fits(&self, judge: &Judge) -> Result<(), BindError> {
        match &judge.card.recipe {
            // Who rates compares by two opinions.
            Recipe::Compare(_) | Recipe::Score(_) | Recipe::Rating(_) => Ok(()),
            Recipe::Choose(_) | Recipe::List(_) => Err(judge.wrong_protocol("compare")),
        }
    }

    async fn ask(&self, at: &Place<'_>, item: Pictured) -> Result<Asked, BindError> {
        let Ok([first, second]) = <[_; 2]>::try_from(item.images) else {
            return Ok(Asked::failed(
                "invalid_value",
                "a comparison has two images",
            ));
        };
        let names = (first.0, second.0);
        let judged = match (first.1, second.1) {
            (Ok(one), Ok(other)) => {
                let pair = Subject::new(vec![one, other], item.texts);
                let compared = at
                    .engine
                    .compare(at.judge, pair, self.reading.by, at.limits);
                compared.await?
            }
            (Err(unscored), _) | (_, Err(unscored)) => {
                JudgedPair::unasked(at.engine.unasked(at.judge, unscored)?)
            }
        };
        let result = CompareResult::new(names.0, names.1, &judged, self.reading);
        Ok(Asked::of(&result, judged.outcome.as_ref().err()))
    }
}
