//! A threshold from labels: for a target, with its evidence, or the finding that there is none.

use serde::Serialize;

use super::labels::GateLabels;
use crate::calibration::JudgeReport;
use crate::stats::StatsError;
use crate::stats::thresholds::{
    Attained, Labelled, PoweredFit, Target, ThresholdFit, fit_powered_threshold, fit_threshold,
    powered_precise_thresholds, precise_thresholds,
};

/// What is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitSettings {
    /// What accepting must hold.
    pub target: Target,
    /// Share of what is rejected that must be bad; nothing is rejected without.
    pub reject: Option<f64>,
    /// With what confidence each of the two must hold.
    pub confidence: f64,
    /// Whether higher scores are better.
    pub higher_is_better: bool,
    /// Whether the scores of items without a label enter, by prediction-powered inference.
    pub powered: bool,
}

/// What a fit found, as both faces print it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitReport {
    /// Whether a threshold is shown to hold the target.
    pub feasible: bool,
    /// `precision`, `recall` or `cost`.
    pub target: &'static str,
    /// The figure that must hold.
    pub target_value: f64,
    /// With what confidence.
    pub confidence: f64,
    /// `higher` or `lower`: which scores are better.
    pub better: &'static str,
    /// Accept from here on; nothing where the target is infeasible.
    pub threshold: Option<f64>,
    /// The target's figure at the threshold.
    pub value: Option<f64>,
    /// Its one-sided bound.
    pub bound: Option<f64>,
    /// Items that the figure rests on.
    pub n: Option<usize>,
    /// How bound and threshold were found.
    pub method: &'static str,
    /// The best that any threshold attains.
    pub best: BestReport,
    /// Labels, in all, that would be needed by what these show; nothing where no threshold of them lies beyond the target.
    pub labels_needed: Option<usize>,
    /// What becomes of items like these.
    pub band: Band,
    /// Items that are labelled and scored.
    pub items: usize,
    /// Good ones among them.
    pub good: usize,
    /// Items that the judge did not score; they are for review, whatever the threshold.
    pub unscored: usize,
    /// Items without a label.
    pub unlabelled: usize,
    /// What their scores were worth, where they entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub powered: Option<PoweredReport>,
    /// The judge that the threshold is bound to, where the scores say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<JudgeReport>,
}

/// What the scores of items without a label were worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoweredReport {
    /// How much of the judge's prediction entered, 0 to 1.
    pub lambda: f64,
    /// How many labels alone would bound as well at this threshold.
    pub effective_labels: f64,
    /// The same over the labels that there are: 1 where scores help nothing.
    pub gain: f64,
    /// What the labels alone show, exactly; nothing where they show no threshold.
    pub labels_alone: Option<f64>,
    /// What is wrong where the labelled items do not look like a random part of all: the bounds rest on that.
    pub warning: Option<String>,
}

/// A threshold with what it attains.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BestReport {
    /// Accept from here on.
    pub threshold: f64,
    /// The figure.
    pub value: f64,
    /// Its one-sided bound.
    pub bound: f64,
    /// Items that it rests on.
    pub n: usize,
}

/// What is accepted, rejected, and left for review between the two; shares of the labelled items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Band {
    /// Accept from here on.
    pub accept_at: Option<f64>,
    /// Reject from here on, away from the better end.
    pub reject_at: Option<f64>,
    /// Share that must be bad of what is rejected, where that was asked.
    pub reject_target: Option<f64>,
    /// One-sided bound of the share that is bad.
    pub reject_bound: Option<f64>,
    /// Share accepted.
    pub accepted: f64,
    /// Share for review.
    pub review: f64,
    /// Share rejected.
    pub rejected: f64,
}

/// Fits a threshold, and the one below which items are rejected.
///
/// # Errors
/// As [`Labelled::new`] and [`fit_threshold`], or [`fit_powered_threshold`] where scores without labels enter.
pub fn fit(labels: &GateLabels, settings: &FitSettings) -> Result<FitReport, StatsError> {
    let labelled = Labelled::new(&labels.items, settings.higher_is_better)?;
    let alone = fit_threshold(&labelled, settings.target, settings.confidence)?;
    let (found, powered) = if settings.powered {
        let (found, report) = powered(labels, settings, &alone)?;
        (found, Some(report))
    } else {
        (alone, None)
    };
    let rejected = match settings.reject {
        None => None,
        Some(share) => rejecting(labels, share, settings, found.chosen)?,
    };
    let ThresholdFit {
        chosen,
        best,
        labels_needed,
    } = found;
    Ok(FitReport {
        feasible: chosen.is_some(),
        target: settings.target.name(),
        target_value: settings.target.value(),
        confidence: settings.confidence,
        better: if settings.higher_is_better {
            "higher"
        } else {
            "lower"
        },
        threshold: chosen.map(|chosen| chosen.threshold),
        value: chosen.map(|chosen| chosen.value),
        bound: chosen.map(|chosen| chosen.bound),
        n: chosen.map(|chosen| chosen.n),
        method: match (settings.target, settings.powered) {
            (Target::Precision(_), true) => {
                "fixed-sequence testing from strict to lax, prediction-powered (PPI++), asymptotic"
            }
            (Target::Recall(_), true) => {
                "fixed-sequence testing from lax to strict, prediction-powered (PPI++), asymptotic"
            }
            (Target::Precision(_), false) => {
                "fixed-sequence testing from strict to lax, exact binomial (Clopper-Pearson)"
            }
            (Target::Recall(_), false) => {
                "fixed-sequence testing from lax to strict, exact binomial (Clopper-Pearson)"
            }
            (Target::Cost { .. }, true) => {
                "fixed-sequence testing from strict to lax at eight starts, prediction-powered (PPI++), asymptotic"
            }
            (Target::Cost { .. }, false) => "Hoeffding-Bentkus, level shared among the thresholds",
        },
        best: BestReport {
            threshold: best.threshold,
            value: best.value,
            bound: best.bound,
            n: best.n,
        },
        labels_needed,
        band: band(&labels.items, settings, chosen, rejected),
        items: labelled.items(),
        good: labelled.good(),
        unscored: labels.unscored,
        unlabelled: labels.unlabelled.len(),
        powered,
        judge: None,
    })
}

/// The fit with scores of items without a label; how many labels are still needed is what the labels alone say.
fn powered(
    labels: &GateLabels,
    settings: &FitSettings,
    alone: &ThresholdFit,
) -> Result<(ThresholdFit, PoweredReport), StatsError> {
    let PoweredFit {
        fit,
        lambda,
        effective_labels,
        check,
    } = fit_powered_threshold(
        &labels.items,
        &labels.unlabelled,
        settings.higher_is_better,
        settings.target,
        settings.confidence,
    )?;
    let report = PoweredReport {
        lambda,
        effective_labels,
        gain: effective_labels / labels.items.len() as f64,
        labels_alone: alone.chosen.map(|chosen| chosen.threshold),
        warning: check.warning,
    };
    let labels_needed = match fit.chosen {
        Some(_) => None,
        None => alone.labels_needed,
    };
    let fit = ThresholdFit {
        labels_needed,
        ..fit
    };
    Ok((fit, report))
}

/// The threshold that rejects most among those at which what is rejected is shown to be bad, short of what is accepted.
fn rejecting(
    labels: &GateLabels,
    share: f64,
    settings: &FitSettings,
    accepted: Option<Attained>,
) -> Result<Option<Attained>, StatsError> {
    let turned: Vec<(f64, bool)> = labels
        .items
        .iter()
        .map(|(score, good)| (*score, !good))
        .collect();
    let (higher, confidence) = (!settings.higher_is_better, settings.confidence);
    let shown = if settings.powered {
        powered_precise_thresholds(&turned, &labels.unlabelled, higher, share, confidence)?
    } else {
        precise_thresholds(&Labelled::new(&turned, higher)?, share, confidence)?
    };
    let spares = |reject: &Attained| {
        accepted.is_none_or(|accept| {
            if settings.higher_is_better {
                reject.threshold < accept.threshold
            } else {
                reject.threshold > accept.threshold
            }
        })
    };
    Ok(shown.into_iter().rfind(spares))
}

fn band(
    items: &[(f64, bool)],
    settings: &FitSettings,
    accept: Option<Attained>,
    reject: Option<Attained>,
) -> Band {
    let beyond = |score: f64, threshold: f64, higher: bool| {
        if higher {
            score >= threshold
        } else {
            score <= threshold
        }
    };
    let higher = settings.higher_is_better;
    let accepts = |score: f64| accept.is_some_and(|accept| beyond(score, accept.threshold, higher));
    let rejects =
        |score: f64| reject.is_some_and(|reject| beyond(score, reject.threshold, !higher));
    let share = |kept: &dyn Fn(f64) -> bool| {
        items.iter().filter(|(score, _)| kept(*score)).count() as f64 / items.len() as f64
    };
    let accepted = share(&accepts);
    Band {
        accept_at: accept.map(|accept| accept.threshold),
        reject_at: reject.map(|reject| reject.threshold),
        reject_target: settings.reject,
        reject_bound: reject.map(|reject| reject.bound),
        accepted,
        review: share(&|score| !accepts(score) && !rejects(score)),
        rejected: share(&rejects),
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "worked cases are exact in binary, and a rule that rounds differently should be seen"
)]
mod tests {
    use super::*;

    fn labels() -> GateLabels {
        let rows = [(3.0, 100, 100), (2.0, 50, 25), (1.0, 80, 0)];
        let items = rows
            .iter()
            .flat_map(|(score, n, good)| (0..*n).map(move |at| (*score, at < *good)));
        GateLabels {
            items: items.collect(),
            unscored: 2,
            ..GateLabels::default()
        }
    }

    fn settings(target: f64) -> FitSettings {
        FitSettings {
            target: Target::Precision(target),
            reject: Some(target),
            confidence: 0.95,
            higher_is_better: true,
            powered: false,
        }
    }

    #[test]
    fn between_accept_and_reject_lies_review() {
        let report = fit(&labels(), &settings(0.95)).unwrap();
        assert!(report.feasible);
        let band = &report.band;
        assert_eq!((band.accept_at, band.reject_at), (Some(3.0), Some(1.0)));
        assert_eq!(report.unscored, 2);
        let shares = [band.accepted, band.review, band.rejected];
        let expected = [100.0, 50.0, 80.0].map(|n| n / 230.0);
        assert_eq!(shares, expected);
        let both_ways = FitSettings {
            higher_is_better: false,
            ..settings(0.95)
        };
        let turned = GateLabels {
            items: labels().items.iter().map(|(s, g)| (-s, *g)).collect(),
            ..labels()
        };
        let mirrored = fit(&turned, &both_ways).unwrap().band;
        assert_eq!(
            (mirrored.accept_at, mirrored.reject_at),
            (Some(-3.0), Some(-1.0))
        );
        assert_eq!(
            [mirrored.accepted, mirrored.review, mirrored.rejected],
            expected
        );
    }

    #[test]
    fn what_is_infeasible_accepts_nothing() {
        let report = fit(&labels(), &settings(0.999)).unwrap();
        assert!(!report.feasible);
        assert_eq!((report.threshold, report.band.accepted), (None, 0.0));
        assert_eq!(report.best.threshold, 3.0);
        // All of 2,995 good items would show it; they are 100 of 230.
        assert_eq!(report.labels_needed, Some(6_889));
    }
}
