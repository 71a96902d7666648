//! The maps at hand as objects: to whom each is bound, what it rests on, and what it did on held-out labels.

use serde::Serialize;

use super::report::{
    ConformalReport, FigureReport, HeldOutReport, JudgeReport, Value, conformal, figures, held_out,
    summary, value,
};
use super::{Difference, FittedMap, FittedTies, JudgeKey, LabelSource, Maps};
use crate::digest::Digest;
use crate::judging::Scale;
use crate::judging::protocol::OpinionRule;

/// A map of either kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Listed {
    /// From scores to a human scale.
    Map(Box<ListedMap>),
    /// Within which margin comparisons are ties.
    Ties(Box<ListedTies>),
}

/// What every map says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedHead {
    /// Name of its file without the ending.
    pub id: String,
    /// Its file.
    pub file: String,
    /// Kind of map: `isotonic`, `platt`, ..., or `tie-width`.
    pub kind: &'static str,
    /// Digest of the file as this program writes it: equal maps have equal digests.
    pub digest: String,
    /// The judge for which alone it holds.
    pub judge: JudgeReport,
    /// Whether it holds for the judge of that name at hand; `null` where there is none.
    pub applies: Option<bool>,
    /// In what that judge differs.
    pub differences: Vec<ListedDifference>,
    /// What it was fitted on.
    pub labels: ListedLabels,
}

/// One field in which the judge at hand is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedDifference {
    /// The field.
    pub field: &'static str,
    /// What the map was fitted for.
    pub fitted: String,
    /// What the judge at hand has.
    pub here: String,
}

/// Where the labels of a fit came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedLabels {
    /// Name of their file.
    pub source: String,
    /// Its digest.
    pub digest: String,
    /// Items, or pairs, that were labelled and judged.
    pub n: usize,
}

/// A map of scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedMap {
    /// What every map says.
    #[serde(flatten)]
    pub head: ListedHead,
    /// The map in a line.
    pub summary: String,
    /// Scale of the scores that it takes.
    pub raw_scale: ListedScale,
    /// The human scale.
    pub scale: ListedScale,
    /// Which way people's values go as the judge's rise.
    pub direction: &'static str,
    /// Spearman's correlation of scores and labels.
    pub spearman: Value,
    /// How it was measured.
    pub held_out: HeldOutReport,
    /// Before and after, on held-out folds.
    pub figures: Vec<FigureReport>,
    /// Intervals for new labels.
    pub conformal: ConformalReport,
}

/// Ends of a scale, and which is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ListedScale {
    /// Lower end.
    pub min: f64,
    /// Upper end.
    pub max: f64,
    /// `higher` or `lower`.
    pub better: &'static str,
}

/// A tie width.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedTies {
    /// What every map says.
    #[serde(flatten)]
    pub head: ListedHead,
    /// How a judge that rates compared; `null` for a judge of pairs.
    pub by: Option<&'static str>,
    /// In what the width is measured.
    pub margin: &'static str,
    /// The width.
    pub width: f64,
    /// Votes of people on the pairs.
    pub votes: u64,
    /// Whether held-out pairs show that it agrees better with people than calling no tie.
    pub is_shown_to_help: bool,
    /// How it was measured, and what it did.
    pub held_out: ListedTieFigures,
}

/// Agreement with people on held-out pairs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ListedTieFigures {
    /// How many folds.
    pub folds: usize,
    /// Their seed.
    pub seed: u64,
    /// With the width.
    pub agreement: Value,
    /// Where no margin but 0 is a tie.
    pub never: Value,
    /// Of always saying what most people say.
    pub majority: Value,
    /// What the width gains over no ties.
    pub over_never: Value,
    /// What it gains over the majority.
    pub over_majority: Value,
}

impl Maps {
    /// Every map in order of file. `here` gives the key of the judge at hand that a map's key names, read as it was
    /// then.
    pub fn listed(&self, here: impl Fn(&JudgeKey) -> Option<JudgeKey>) -> Vec<Listed> {
        let maps = self
            .iter()
            .map(|map| Listed::Map(Box::new(ListedMap::of(map, &here))));
        let ties = self
            .ties()
            .map(|ties| Listed::Ties(Box::new(ListedTies::of(ties, &here))));
        let mut all: Vec<Listed> = maps.chain(ties).collect();
        all.sort_by(|a, b| a.head().file.cmp(&b.head().file));
        all
    }
}

impl Listed {
    /// What every map says of itself.
    pub fn head(&self) -> &ListedHead {
        match self {
            Listed::Map(map) => &map.head,
            Listed::Ties(ties) => &ties.head,
        }
    }
}

impl ListedHead {
    fn new(
        (file, kind, text): (&str, &'static str, &str),
        key: &JudgeKey,
        labels: &LabelSource,
        here: Option<JudgeKey>,
    ) -> Self {
        let differences = here.as_ref().map(|here| key.differences(here));
        let listed = |Difference {
                          field,
                          fitted,
                          here,
                      }| ListedDifference {
            field,
            fitted,
            here,
        };
        ListedHead {
            id: file.strip_suffix(".toml").unwrap_or(file).to_owned(),
            file: file.to_owned(),
            kind,
            digest: Digest::of(text.as_bytes()).to_string(),
            judge: JudgeReport::from(key),
            applies: differences.as_ref().map(Vec::is_empty),
            differences: differences
                .unwrap_or_default()
                .into_iter()
                .map(listed)
                .collect(),
            labels: ListedLabels {
                source: labels.source.clone(),
                digest: labels.digest.to_string(),
                n: labels.n,
            },
        }
    }
}

impl ListedMap {
    fn of(map: &FittedMap, here: impl Fn(&JudgeKey) -> Option<JudgeKey>) -> Self {
        let head = (map.file.as_str(), map.kind.name(), &*map.to_toml());
        ListedMap {
            head: ListedHead::new(head, &map.key, &map.labels, here(&map.key)),
            summary: summary(map),
            raw_scale: map.map.raw_scale().into(),
            scale: map.map.human_scale().into(),
            direction: map.direction.name(),
            spearman: value(map.spearman),
            held_out: held_out(map),
            figures: figures(map),
            conformal: conformal(map),
        }
    }
}

impl ListedTies {
    fn of(ties: &FittedTies, here: impl Fn(&JudgeKey) -> Option<JudgeKey>) -> Self {
        let head = (ties.file.as_str(), "tie-width", &*ties.to_toml());
        let found = &ties.held_out;
        ListedTies {
            head: ListedHead::new(head, &ties.key, &ties.labels, here(&ties.key)),
            by: ties.by.map(OpinionRule::name),
            margin: ties.margin().name(),
            width: ties.ties.width(),
            votes: ties.votes,
            is_shown_to_help: ties.is_shown_to_help(),
            held_out: ListedTieFigures {
                folds: ties.folds,
                seed: ties.seed,
                agreement: value(found.agreement),
                never: value(found.never),
                majority: value(found.majority),
                over_never: value(found.over_never),
                over_majority: value(found.over_majority),
            },
        }
    }
}

impl From<Scale> for ListedScale {
    fn from(scale: Scale) -> Self {
        ListedScale {
            min: scale.min(),
            max: scale.max(),
            better: scale.better().name(),
        }
    }
}
