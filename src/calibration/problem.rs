//! One map from some of the items: what is fitted to what, and what it then says of any item.

use super::items::place;
use super::{CalibrationError, Items, MapKind, Relation};
use crate::judging::{CalibrationMap, Curve};
use crate::stats::PairedSample;
use crate::stats::calibration::{
    ClassForecast, IsotonicMap, fit_isotonic, fit_ordinal, fit_platt, fit_temperature,
};
use crate::stats::fit::{Direction, MapFamily, fit_map};

/// Most distinct labels that count as levels.
const MOST_LEVELS: usize = 20;

/// Labels as levels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Classes {
    /// Worth of each level on the human scale, in the order of the map's levels.
    pub(super) worths: Vec<f64>,
    /// Level of each item.
    pub(super) of: Vec<usize>,
}

/// A map to be fitted to items.
#[derive(Debug, Clone)]
pub(super) struct Problem<'a> {
    pub(super) items: &'a Items,
    pub(super) kind: MapKind,
    pub(super) classes: Option<Classes>,
    pub(super) relation: &'a Relation,
}

/// What a map says of one item.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prediction {
    /// On the human scale.
    pub(super) value: f64,
    /// Probability of each level, where labels are levels.
    pub(super) levels: Option<Vec<f64>>,
}

/// Labels as levels, where they are: always for the maps that give probabilities, and for yes and no.
///
/// # Errors
/// [`CalibrationError::WrongLabels`] where the map needs levels and labels are none.
pub(super) fn classes(
    items: &Items,
    kind: MapKind,
    worths_of_judge: Option<&[f64]>,
) -> Result<Option<Classes>, CalibrationError> {
    let ends = || vec![items.human_scale.min(), items.human_scale.max()];
    let worths = match kind {
        MapKind::Isotonic | MapKind::Logistic4 | MapKind::Logistic5 => {
            if !items.is_binary() {
                return Ok(None);
            }
            ends()
        }
        MapKind::Platt => {
            if !items.is_binary() {
                return Err(CalibrationError::WrongLabels {
                    kind,
                    wanted: "labels that are 0 or 1",
                    found: format!(
                        "these stand on a scale from {} to {}; `isotonic` and `logistic4` take them",
                        items.human_scale.min(),
                        items.human_scale.max()
                    ),
                });
            }
            ends()
        }
        MapKind::Ordinal => match &items.level_worths {
            Some(worths) => worths.clone(),
            None => distinct(items, kind)?,
        },
        MapKind::Temperature => worths_of_judge
            .expect("a temperature is asked for with the judge's levels")
            .iter()
            .map(|worth| place(*worth, items.raw_scale, items.human_scale))
            .collect(),
    };
    let slack = 1e-9 * (items.human_scale.max() - items.human_scale.min());
    let level_of = |(item, label): (&String, &f64)| {
        let level = worths
            .iter()
            .position(|worth| (worth - label).abs() <= slack);
        level.ok_or_else(|| CalibrationError::WrongLabels {
            kind,
            wanted: "labels that are levels",
            found: format!("the label of `{item}` is {label}, levels are worth {worths:?}"),
        })
    };
    let of = items.ids.iter().zip(&items.human).map(level_of);
    let of = of.collect::<Result<Vec<usize>, CalibrationError>>()?;
    Ok(Some(Classes { worths, of }))
}

fn distinct(items: &Items, kind: MapKind) -> Result<Vec<f64>, CalibrationError> {
    let mut worths = items.human.clone();
    worths.sort_by(f64::total_cmp);
    worths.dedup();
    if worths.len() <= MOST_LEVELS {
        return Ok(worths);
    }
    Err(CalibrationError::WrongLabels {
        kind,
        wanted: "labels that are levels, twenty at most",
        found: format!(
            "there are {} different labels; `isotonic` and `logistic4` take means",
            worths.len()
        ),
    })
}

impl Problem<'_> {
    /// The map that these rows give.
    pub(super) fn fit(&self, rows: &[usize]) -> Result<CalibrationMap, CalibrationError> {
        let raw = pick(&self.items.raw, rows);
        let human = pick(&self.items.human, rows);
        let evidence = &self.relation.evidence;
        let curve = match self.kind {
            MapKind::Isotonic => {
                let sample = PairedSample::new(&raw, &human)?;
                self.knots(&fit_isotonic(&sample, None, evidence)?)
            }
            MapKind::Platt => {
                let outcomes: Vec<bool> = human.iter().map(|label| *label > 0.5).collect();
                Curve::Platt(fit_platt(&raw, &outcomes, evidence)?)
            }
            MapKind::Logistic4 => self.logistic(&raw, &human, MapFamily::Logistic4)?,
            MapKind::Logistic5 => self.logistic(&raw, &human, MapFamily::Logistic5)?,
            MapKind::Ordinal => {
                let (levels, worths) = self.levels(rows);
                let odds = fit_ordinal(&raw, &levels, worths.len(), evidence)?;
                Curve::Ordinal { odds, worths }
            }
            MapKind::Temperature => {
                let (levels, worths) = self.levels(rows);
                let logits = rows.iter().map(|row| self.logits(*row, worths.len()));
                let logits = logits.collect::<Result<Vec<_>, CalibrationError>>()?;
                let softmax = fit_temperature(&ClassForecast::new(&logits, &levels)?)?;
                Curve::Temperature { softmax, worths }
            }
        };
        let map = CalibrationMap::new(curve, self.items.raw_scale, self.items.human_scale)?;
        self.check_direction(&map, &raw)?;
        Ok(map)
    }

    /// What the map says of a row.
    pub(super) fn predict(
        &self,
        map: &CalibrationMap,
        row: usize,
    ) -> Result<Prediction, CalibrationError> {
        let mapped = map.evaluate(self.items.raw[row], self.items.shares[row].as_deref())?;
        let value = mapped.score.value();
        let levels = mapped.levels.or_else(|| {
            let binary = self.classes.is_some();
            binary.then(|| yes_and_no(value))
        });
        Ok(Prediction { value, levels })
    }

    fn levels(&self, rows: &[usize]) -> (Vec<usize>, Vec<f64>) {
        let classes = self.classes.as_ref().expect("these maps have levels");
        let levels = rows.iter().map(|row| classes.of[*row]);
        (levels.collect(), classes.worths.clone())
    }

    /// Logarithms of an opinion: logits at the card's own temperature, up to a constant.
    fn logits(&self, row: usize, levels: usize) -> Result<Vec<f64>, CalibrationError> {
        let no_opinion = || CalibrationError::NoOpinion {
            item: self.items.ids[row].clone(),
        };
        let shares = self.items.shares[row].as_ref().ok_or_else(no_opinion)?;
        if shares.len() != levels || shares.iter().any(|share| *share <= 0.0) {
            return Err(no_opinion());
        }
        Ok(shares.iter().map(|share| share.ln()).collect())
    }

    /// The ends of each flat piece; between them the map is straight.
    fn knots(&self, map: &IsotonicMap) -> Curve {
        let scale = self.items.human_scale;
        let all: Vec<(f64, f64)> = map
            .knots()
            // A mean of labels leaves their scale by rounding only.
            .map(|(raw, human)| (raw, human.clamp(scale.min(), scale.max())))
            .collect();
        let is_inside = |at: usize| {
            let level = |at: usize| all.get(at).map(|knot| knot.1.to_bits());
            at > 0 && level(at - 1) == level(at) && level(at + 1) == level(at)
        };
        let kept = (0..all.len()).filter(|at| !is_inside(*at));
        Curve::Knots(kept.map(|at| all[at]).collect())
    }

    fn logistic(
        &self,
        raw: &[f64],
        human: &[f64],
        family: MapFamily,
    ) -> Result<Curve, CalibrationError> {
        let fit = fit_map(&PairedSample::new(raw, human)?, family)?;
        let (from, to) = ends(raw);
        if fit.direction == Direction::Mixed {
            return Err(self.turns("not monotone", from, to));
        }
        Ok(Curve::Logistic {
            curve: fit.map,
            from,
            to,
        })
    }

    fn check_direction(&self, map: &CalibrationMap, raw: &[f64]) -> Result<(), CalibrationError> {
        match map.direction() {
            Some(found) if found != self.relation.direction => {
                let (from, to) = ends(raw);
                Err(self.turns(found.name(), from, to))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn turns(&self, found: &'static str, from: f64, to: f64) -> CalibrationError {
        CalibrationError::NotMonotone {
            kind: self.kind,
            found,
            wanted: self.relation.direction.name(),
            from,
            to,
        }
    }
}

/// Probabilities of no and yes, for a score that is the probability of yes.
pub(super) fn yes_and_no(value: f64) -> Vec<f64> {
    vec![1.0 - value, value]
}

fn ends(values: &[f64]) -> (f64, f64) {
    let start = (f64::INFINITY, f64::NEG_INFINITY);
    let wider = |(low, high): (f64, f64), value: &f64| (low.min(*value), high.max(*value));
    values.iter().fold(start, wider)
}

fn pick(values: &[f64], rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|row| values[*row]).collect()
}
