//! What `opine calibrate` says, as an object.

use serde::Serialize;

use super::conformal::Measure;
use super::figures::Figured;
use super::{FittedMap, Joined, JudgeKey, Judged, Labels};
use crate::judging::Curve;

/// A fitted map and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// `fitted`.
    pub status: &'static str,
    /// Kind of map.
    pub map: &'static str,
    /// The map in a line.
    pub summary: String,
    /// The judge that it is for.
    pub judge: JudgeReport,
    /// Ends of the human scale, and which is better.
    pub human: (f64, f64, &'static str),
    /// What was used and what was not.
    pub items: ItemsReport,
    /// Which way people's values go as the judge's rise.
    pub direction: &'static str,
    /// Spearman's correlation of raw scores and labels.
    pub spearman: Value,
    /// How it was measured.
    pub held_out: HeldOutReport,
    /// Before and after, on held-out folds.
    pub figures: Vec<FigureReport>,
    /// Intervals for new labels.
    pub conformal: ConformalReport,
}

/// Everything that must match for the map to be applied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeReport {
    /// Card.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its digest.
    pub card: String,
    /// Backend.
    pub backend: String,
    /// Revision of its model.
    pub model_revision: String,
    /// How answers were read.
    pub readout: &'static str,
    /// What was done to the pixels.
    pub preprocessing: String,
    /// Temperature of the softmax.
    pub temperature: Option<f64>,
}

/// Counts of items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemsReport {
    /// Labelled and scored: the map rests on these.
    pub used: usize,
    /// Labelled, and not scored.
    pub unscored: usize,
    /// Scored, and not labelled.
    pub unlabelled: usize,
    /// Rows of the labels without a label, and of the results without a score.
    pub empty: usize,
    /// File of the labels.
    pub labels: String,
    /// Its digest.
    pub labels_digest: String,
}

/// How held-out folds were made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldOutReport {
    /// How many.
    pub folds: usize,
    /// Seed of folds and resamples.
    pub seed: u64,
    /// Column whose values were held out whole.
    pub group: Option<String>,
}

/// A value with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Value {
    /// The value.
    pub value: f64,
    /// Its interval, where there is one.
    pub ci: Option<[f64; 2]>,
}

/// One figure before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FigureReport {
    /// Stable name.
    pub name: String,
    /// With raw scores.
    pub before: Option<Value>,
    /// With calibrated scores.
    pub after: Option<Value>,
    /// After less before.
    pub change: Option<Value>,
    /// Number of items.
    pub n: usize,
    /// How it is computed.
    pub convention: String,
}

/// An interval for new labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConformalReport {
    /// Nominal coverage.
    pub level: f64,
    /// Half-width, where labels are numbers.
    pub half_width: Option<f64>,
    /// Most by which a level's probability may fall short of 1, where labels are levels.
    pub shortfall: Option<f64>,
    /// Measured share of held-out labels inside.
    pub coverage: Value,
    /// Number of items.
    pub n: usize,
}

impl From<&JudgeKey> for JudgeReport {
    fn from(key: &JudgeKey) -> Self {
        JudgeReport {
            id: key.judge.clone(),
            version: key.version.clone(),
            card: key.card.to_string(),
            backend: key.backend.clone(),
            model_revision: key.model_revision.clone(),
            readout: key.readout.name(),
            preprocessing: key.preprocessing.clone(),
            temperature: key.temperature,
        }
    }
}

impl CalibrationReport {
    /// The report of a fitted map.
    pub fn new(map: &FittedMap, labels: &Labels, judged: &Judged, joined: &Joined) -> Self {
        let human = map.map.human_scale();
        CalibrationReport {
            status: "fitted",
            map: map.kind.name(),
            summary: summary(map),
            judge: JudgeReport::from(&map.key),
            human: (human.min(), human.max(), human.better().name()),
            items: ItemsReport {
                used: joined.items.len(),
                unscored: joined.unscored,
                unlabelled: joined.unlabelled,
                empty: labels.unlabelled + judged.unscored,
                labels: map.labels.source.clone(),
                labels_digest: map.labels.digest.to_string(),
            },
            direction: map.direction.name(),
            spearman: value(map.spearman),
            held_out: held_out(map),
            figures: figures(map),
            conformal: conformal(map),
        }
    }
}

pub(super) fn held_out(map: &FittedMap) -> HeldOutReport {
    HeldOutReport {
        folds: map.folds,
        seed: map.seed,
        group: map.labels.group.clone(),
    }
}

pub(super) fn figures(map: &FittedMap) -> Vec<FigureReport> {
    let figures = map.figures.iter().map(|figure| FigureReport {
        name: figure.name.clone(),
        before: figure.before.map(value),
        after: figure.after.map(value),
        change: figure.change.map(value),
        n: map.labels.n,
        convention: figure.convention.clone(),
    });
    figures.collect()
}

pub(super) fn value(figured: Figured) -> Value {
    Value {
        value: figured.value,
        ci: figured.interval,
    }
}

pub(super) fn conformal(map: &FittedMap) -> ConformalReport {
    let (half_width, shortfall) = match map.conformal.measure {
        Measure::HalfWidth(width) => (Some(width), None),
        Measure::Shortfall(shortfall) => (None, Some(shortfall)),
    };
    ConformalReport {
        level: map.conformal.level,
        half_width,
        shortfall,
        coverage: value(map.conformal.coverage),
        n: map.conformal.n,
    }
}

/// The map in words and rounded numbers; the file has all digits.
pub(super) fn summary(map: &FittedMap) -> String {
    match map.map.curve() {
        Curve::Knots(knots) => {
            let (first, last) = (knots[0], knots[knots.len() - 1]);
            format!(
                "{} knots, straight between them: scores {:.4} to {:.4} become {:.4} to {:.4}, constant beyond",
                knots.len(),
                first.0,
                last.0,
                first.1,
                last.1
            )
        }
        Curve::Platt(platt) => format!(
            "probability of label 1 = sigmoid({:.4} * score {:+.4})",
            platt.slope, platt.intercept
        ),
        Curve::Logistic { curve, from, to } => format!(
            "scores {from:.4} to {to:.4} become {:.4} to {:.4} along a logistic curve, constant beyond",
            curve.evaluate(*from),
            curve.evaluate(*to)
        ),
        Curve::Ordinal { odds, worths } => format!(
            "cumulative odds of {} levels: slope {:.4}, cutpoints {}",
            worths.len(),
            odds.slope,
            rounded(&odds.cutpoints)
        ),
        Curve::Temperature { softmax, worths } => format!(
            "the opinion over {} levels at {:.4} times the card's own temperature of {}",
            worths.len(),
            softmax.temperature,
            map.key.temperature.unwrap_or(1.0)
        ),
    }
}

fn rounded(values: &[f64]) -> String {
    let all: Vec<String> = values.iter().map(|value| format!("{value:.4}")).collect();
    all.join(", ")
}
