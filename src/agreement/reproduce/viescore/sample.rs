//! A judge's scores and people's ratings of one model's images, aligned.

use std::collections::{BTreeMap, BTreeSet};

use super::ReproduceError;
use crate::dataset::imagen_hub::Task;
use crate::dataset::viescore::{self, Given, Score};
use crate::stats::{PairedSample, StatsError, quantised, spearman};

/// Far above the rounding errors of roots and means, far below any difference of scores.
const STEP: f64 = 1e-9;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aspect {
    Consistency,
    Quality,
    Overall,
}

impl Aspect {
    pub(super) const ALL: [Aspect; 3] = [Aspect::Consistency, Aspect::Quality, Aspect::Overall];

    /// The authors' name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Aspect::Consistency => "SC",
            Aspect::Quality => "PQ",
            Aspect::Overall => "O",
        }
    }

    /// The aspect's value of consistency and quality.
    pub(super) fn of(self, [consistency, quality]: [f64; 2]) -> f64 {
        match self {
            Aspect::Consistency => consistency,
            Aspect::Quality => quality,
            Aspect::Overall => (consistency * quality).sqrt(),
        }
    }
}

/// One judge's scores of one model's images, by item.
#[derive(Debug, Default)]
pub(super) struct Judged<'a> {
    consistency: BTreeMap<&'a str, f64>,
    quality: BTreeMap<&'a str, f64>,
    /// Items whose quality is a list of one number, although two were asked for.
    lone: BTreeSet<&'a str>,
}

impl<'a> Judged<'a> {
    pub(super) fn add(&mut self, score: &'a Score) {
        let column = match score.aspect {
            viescore::Aspect::Consistency => &mut self.consistency,
            viescore::Aspect::Quality => &mut self.quality,
        };
        column.insert(&score.item, normalised(&score.given));
        let lone = matches!(&score.given, Given::Several(parts) if parts.len() == 1);
        if lone && score.aspect == viescore::Aspect::Quality {
            self.lone.insert(&score.item);
        }
    }
}

/// The score from 0 to 1: the least of several, each cut to a whole number, as the authors' program does.
fn normalised(given: &Given) -> f64 {
    let score = match given {
        Given::One(score) => *score,
        Given::Several(scores) => scores
            .iter()
            .map(|score| score.trunc())
            .fold(f64::INFINITY, f64::min),
    };
    (score / 10.0).clamp(0.0, 1.0)
}

/// The items with both of the judge's scores, beside every rater's ratings of them.
#[derive(Debug)]
pub(super) struct Pairing {
    judge: Vec<[f64; 2]>,
    /// For each rater, in the order of their files.
    raters: Vec<Vec<[f64; 2]>>,
    /// How many of the judge's qualities are a list of one number.
    pub(super) lone: usize,
}

impl Pairing {
    pub(super) fn new(judged: &Judged, task: &Task, model: &str) -> Result<Self, ReproduceError> {
        let unknown = |what: &str, name: &str| {
            ReproduceError::Judge(format!(
                "the raters of `{}` have no {what} `{name}`, which `judge_scores.tsv` has",
                task.name
            ))
        };
        let column = (task.models.iter().position(|name| name == model))
            .ok_or_else(|| unknown("model", model))?;
        let places: BTreeMap<&str, usize> =
            task.items.iter().map(String::as_str).zip(0..).collect();
        let mut pairing = Pairing {
            judge: Vec::new(),
            raters: vec![Vec::new(); task.raters.len()],
            lone: 0,
        };
        for (item, consistency) in &judged.consistency {
            let Some(quality) = judged.quality.get(item) else {
                continue;
            };
            let place = *places.get(item).ok_or_else(|| unknown("item", item))?;
            pairing.judge.push([*consistency, *quality]);
            pairing.lone += usize::from(judged.lone.contains(item));
            for (ratings, rater) in pairing.raters.iter_mut().zip(&task.raters) {
                ratings.push(rater.ratings[column][place]);
            }
        }
        Ok(pairing)
    }

    /// Number of items.
    pub(super) fn len(&self) -> usize {
        self.judge.len()
    }

    /// The judge's values beside the mean of the raters', both rounded so that equal ones are equal.
    pub(super) fn rounded(&self, aspect: Aspect) -> Result<PairedSample, StatsError> {
        let (judge, people) = self.columns(aspect, 0);
        PairedSample::new(&quantised(&judge, STEP), &quantised(&people, STEP))
    }

    /// The same as the values come out, where the sum begins with rater number `first`.
    pub(super) fn unrounded(
        &self,
        aspect: Aspect,
        first: usize,
    ) -> Result<PairedSample, StatsError> {
        let (judge, people) = self.columns(aspect, first);
        PairedSample::new(&judge, &people)
    }

    /// The least and the largest correlation of unrounded overall values over the rotations of the raters, which for
    /// three of them are all that matters: the first two commute.
    pub(super) fn overall_by_order(&self) -> Option<[f64; 2]> {
        let values = (0..self.raters.len())
            .map(|first| spearman(&self.unrounded(Aspect::Overall, first).ok()?).ok())
            .map(|found| found.map(|estimate| estimate.value))
            .collect::<Option<Vec<f64>>>()?;
        let low = values.iter().copied().reduce(f64::min)?;
        let high = values.iter().copied().reduce(f64::max)?;
        Some([low, high])
    }

    fn columns(&self, aspect: Aspect, first: usize) -> (Vec<f64>, Vec<f64>) {
        let judge = self.judge.iter().map(|pair| aspect.of(*pair)).collect();
        let raters = self.raters.len();
        let mean = |item: usize| {
            let sum: f64 = (0..raters)
                .map(|turn| aspect.of(self.raters[(first + turn) % raters][item]))
                .sum();
            sum / raters as f64
        };
        (judge, (0..self.len()).map(mean).collect())
    }
}
