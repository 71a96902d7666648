//! The whole of a calibration: refuse, measure on held-out folds, fit on everything.

use super::conformal::{Conformal, Measure};
use super::figures::{Figure, Figured, figures};
use super::folds::Folds;
use super::held_out::{HeldOut, held_out};
use super::problem::{Problem, classes};
use super::relation::{Relation, relation};
use super::{CalibrationError, Items, MapKind};
use crate::judging::{CalibrationMap, LevelSet};
use crate::stats::StatsError;
use crate::stats::calibration::{BinomialInterval, binomial_interval, conformal_quantile};
use crate::stats::resample::{BootstrapMethod, ByIndices, Clustered, Plan, bootstrap_interval};

/// What is fitted, and how it is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationSettings {
    /// Kind of map.
    pub kind: MapKind,
    /// Number of folds, three to twenty.
    pub folds: usize,
    /// Nominal coverage of intervals, between 0 and 1.
    pub coverage: f64,
    /// Resamples and seed; the seed also shuffles items into folds.
    pub plan: Plan,
}

/// A map that was fitted on all items, with what its like did on held-out ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// What was fitted.
    pub settings: CalibrationSettings,
    /// The map, from all items.
    pub map: CalibrationMap,
    /// The relation that allowed it.
    pub relation: Relation,
    /// Figures before and after, on held-out folds.
    pub figures: Vec<Figure>,
    /// Intervals for new labels.
    pub conformal: Conformal,
    /// Calibrated score of each item, by the map without its fold.
    pub held_out: Vec<f64>,
    /// Number of items.
    pub n: usize,
    /// Number of groups, where whole groups were held out.
    pub groups: Option<usize>,
}

/// Fits a map, and measures maps like it on items that they have not seen.
///
/// `levels` are the judge's, in the order of the opinions; only a temperature needs them.
///
/// # Errors
/// [`CalibrationError::TooFew`], [`CalibrationError::ConstantScores`], [`CalibrationError::OneClass`],
/// [`CalibrationError::NoRelation`], [`CalibrationError::Against`], [`CalibrationError::NotMonotone`] for what
/// the items do not allow; [`CalibrationError::WrongLabels`], [`CalibrationError::NoOpinion`] and
/// [`CalibrationError::NoLevels`] for what the map needs and does not have.
pub fn calibrate(
    items: &Items,
    levels: Option<&LevelSet>,
    settings: &CalibrationSettings,
) -> Result<Calibration, CalibrationError> {
    check(settings)?;
    if settings.kind == MapKind::Temperature && levels.is_none() {
        return Err(CalibrationError::NoLevels);
    }
    let relation = relation(items, &settings.plan)?;
    let problem = Problem {
        items,
        kind: settings.kind,
        classes: classes(items, settings.kind, levels.map(LevelSet::worths))?,
        relation: &relation,
    };
    let all: Vec<usize> = (0..items.len()).collect();
    let map = problem.fit(&all)?;
    let folds = match &items.groups {
        Some(groups) => Folds::of_groups(groups, settings.folds, settings.plan.seed)?,
        None => {
            let of = problem
                .classes
                .as_ref()
                .map(|classes| classes.of.as_slice());
            Folds::of_items(items.len(), of, settings.folds, settings.plan.seed)
        }
    };
    let held = held_out(&problem, &folds, settings.coverage)?;
    let figures = figures(&problem, &held.predictions, &settings.plan);
    let conformal = conformal(&problem, &held, settings)?;
    Ok(Calibration {
        settings: *settings,
        map,
        figures,
        conformal,
        held_out: held.predictions.iter().map(|said| said.value).collect(),
        n: items.len(),
        groups: items
            .groups
            .as_ref()
            .map(|groups| groups.iter().max().map_or(0, |last| *last as usize + 1)),
        relation,
    })
}

fn check(settings: &CalibrationSettings) -> Result<(), StatsError> {
    let argument = |argument, value: String, allowed| {
        Err(StatsError::Argument {
            argument,
            value,
            allowed,
        })
    };
    if !(3..=20).contains(&settings.folds) {
        return argument("folds", settings.folds.to_string(), "3 to 20");
    }
    if !(settings.coverage > 0.0 && settings.coverage < 1.0) {
        return argument(
            "coverage",
            settings.coverage.to_string(),
            "above 0, below 1",
        );
    }
    Ok(())
}

/// The interval from all held-out errors, and the coverage of its like.
fn conformal(
    problem: &Problem<'_>,
    held: &HeldOut,
    settings: &CalibrationSettings,
) -> Result<Conformal, CalibrationError> {
    let quantile = conformal_quantile(&held.scores, 1.0 - settings.coverage)?;
    Ok(Conformal {
        level: settings.coverage,
        measure: Measure::of(problem, quantile),
        n: held.scores.len(),
        coverage: coverage(
            &held.covered,
            problem.items.groups.as_deref(),
            &settings.plan,
        )?,
    })
}

/// Share of items that are covered; its interval is exact for single items, a bootstrap for whole groups.
fn coverage(
    covered: &[bool],
    groups: Option<&[u32]>,
    plan: &Plan,
) -> Result<Figured, CalibrationError> {
    let (n, inside) = (covered.len(), covered.iter().filter(|held| **held).count());
    let interval = match groups {
        None => binomial_interval(inside, n, 0.95, BinomialInterval::ClopperPearson)?,
        Some(groups) => {
            let share = ByIndices::new(n, |drawn: &[u32]| {
                let held = drawn.iter().filter(|at| covered[**at as usize]).count();
                held as f64 / drawn.len() as f64
            });
            let clustered = Clustered::new(share, groups)?;
            bootstrap_interval(&clustered, 0.95, BootstrapMethod::Percentile, plan)?
        }
    };
    Ok(Figured {
        value: inside as f64 / n as f64,
        interval: Some([interval.low, interval.high]),
    })
}
