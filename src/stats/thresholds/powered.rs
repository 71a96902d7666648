//! Thresholds from few labels and many scores: fixed-sequence testing on prediction-powered bounds.
//!
//! Prediction-powered inference (Angelopoulos, Bates, Fannjiang, Jordan, Zrnic 2023, Science 382) with the tuned weight of
//! PPI++ (Angelopoulos, Duchi, Zrnic 2023, arXiv 2311.01453). The prediction is the chance of being good by a logistic
//! curve of the score, fitted on the other folds of the labels (Zrnic, Candès 2024, cross-prediction). The bounds are
//! asymptotic, which exact binomial ones are not.

use super::candidates::{Candidate, Labelled};
use super::cost::{self, Costs};
use super::fitting::{Attained, ThresholdFit, checked_level};
use super::moments::{Moments, Of, Sums};
use super::target::Target;
use super::{precision, recall};
use crate::stats::calibration::curve_of_outcomes;
use crate::stats::correcting::{FewLabels, LabelledCheck};
use crate::stats::distributions::normal_above;
use crate::stats::{PairedSample, StatsError};

/// Folds of the labels; the curve that predicts a label was fitted on the other folds.
const FOLDS: usize = 5;
/// Fewest labels, and fewest good and bad ones for a target of either.
const FEWEST: usize = 20;

/// A threshold from few labels and many scores, and what the scores were worth.
#[derive(Debug, Clone, PartialEq)]
pub struct PoweredFit {
    /// What was found; `labels_needed` is nothing. Values and bounds are prediction-powered, `yield_share` is the share
    /// of all scores, and `n` counts labels.
    pub fit: ThresholdFit,
    /// How much of the prediction entered at the threshold that is chosen, or else at the best one; 0 to 1.
    pub lambda: f64,
    /// How many labels would bound as well without a prediction, at the same threshold.
    pub effective_labels: f64,
    /// Whether the labelled items look like a random part of all: the bounds rest on it.
    pub check: LabelledCheck,
}

/// Labelled and other items with their predicted chances, the best score first.
struct Powered {
    candidates: Vec<Candidate>,
    /// Sums over the labelled and the other items that each candidate accepts.
    accepted: Vec<Sums>,
    all: Sums,
    of: Of,
}

/// Fits a threshold to a precision, a recall or an expected cost, from labelled items and scores of others.
///
/// # Errors
/// As [`Labelled::new`]; [`StatsError::TooFew`] below 20 labels or without other scores; [`StatsError::Argument`] for a
/// target out of its range.
pub fn fit_powered_threshold(
    items: &[(f64, bool)],
    unlabelled: &[f64],
    higher_is_better: bool,
    target: Target,
    confidence: f64,
) -> Result<PoweredFit, StatsError> {
    let level = checked_level(target, confidence)?;
    let (powered, check) = Powered::new(items, unlabelled, higher_is_better, target)?;
    let share = target.value();
    let chosen = match powered.of {
        Of::Precision => powered.precise(share, level).pop(),
        Of::Recall => powered.recalling(share, level),
        Of::Cost(_) => powered.cheapest(share, level),
    };
    let best = powered.best(level);
    let shown = powered.moments(chosen.unwrap_or(best), share);
    Ok(PoweredFit {
        fit: ThresholdFit {
            chosen: chosen.map(|at| powered.attained(at, level)),
            best: powered.attained(best, level),
            labels_needed: None,
        },
        lambda: shown.lambda(),
        effective_labels: shown.effective_labels(),
        check,
    })
}

/// Every threshold whose precision is shown to be above `share`, from strict to lax, by prediction-powered tests.
///
/// # Errors
/// As [`fit_powered_threshold`].
pub fn powered_precise_thresholds(
    items: &[(f64, bool)],
    unlabelled: &[f64],
    higher_is_better: bool,
    share: f64,
    confidence: f64,
) -> Result<Vec<Attained>, StatsError> {
    let target = Target::Precision(share);
    let level = checked_level(target, confidence)?;
    let (powered, _) = Powered::new(items, unlabelled, higher_is_better, target)?;
    let shown = powered.precise(share, level);
    Ok(shown
        .into_iter()
        .map(|at| powered.attained(at, level))
        .collect())
}

impl Powered {
    fn new(
        items: &[(f64, bool)],
        unlabelled: &[f64],
        higher_is_better: bool,
        target: Target,
    ) -> Result<(Self, LabelledCheck), StatsError> {
        let of = match target {
            Target::Precision(_) => Of::Precision,
            Target::Recall(_) => Of::Recall,
            Target::Cost {
                false_accept,
                false_reject,
                ..
            } => Of::Cost(Costs {
                false_accept,
                false_reject,
            }),
        };
        let labelled = Labelled::new(items, higher_is_better)?;
        if items.len() < FEWEST {
            return Err(StatsError::TooFew {
                statistic: "prediction-powered threshold",
                needed: FEWEST,
                got: items.len(),
            });
        }
        let scores: Vec<f64> = items.iter().map(|(score, _)| *score).collect();
        let goods: Vec<f64> = items
            .iter()
            .map(|(_, good)| f64::from(u8::from(*good)))
            .collect();
        let check = FewLabels::new(PairedSample::new(&scores, &goods)?, unlabelled)?.check();
        let (own, others) = predicted(items, unlabelled);
        let mut all: Vec<(f64, Sums)> = items
            .iter()
            .zip(own)
            .map(|((score, good), chance)| (*score, Sums::labelled(*good, chance)))
            .collect();
        let others = unlabelled.iter().zip(others);
        all.extend(others.map(|(score, chance)| (*score, Sums::other(chance))));
        let sign = if higher_is_better { 1.0 } else { -1.0 };
        all.sort_by(|(one, _), (other, _)| (sign * other).total_cmp(&(sign * one)));
        let candidates = labelled.candidates();
        let mut ahead = all.iter().peekable();
        let mut sums = Sums::default();
        let accepted = candidates.iter().map(|candidate| {
            while let Some((_, next)) =
                ahead.next_if(|(score, _)| sign * score >= sign * candidate.threshold)
            {
                sums.add(next);
            }
            sums
        });
        let accepted = accepted.collect();
        let mut total = Sums::default();
        all.iter().for_each(|(_, one)| total.add(one));
        let powered = Powered {
            candidates,
            accepted,
            all: total,
            of,
        };
        Ok((powered, check))
    }

    /// What the items say of "the figure at this candidate is `share`", which for a cost is the cost.
    fn moments(&self, at: usize, share: f64) -> Moments {
        Moments::new(self.of, &self.accepted[at], &self.all, share)
    }

    /// P-value of "the figure at this candidate is at most `share`", or of "the cost is at least that".
    fn p_value(&self, at: usize, share: f64) -> f64 {
        normal_above(self.moments(at, share).z())
    }

    /// The largest share that is refused at this level, or the least cost.
    fn bound(&self, at: usize, level: f64) -> f64 {
        // From the end that is refused to the other one.
        let (mut refused, mut held) = match self.of {
            Of::Precision | Of::Recall => (0.0, 1.0),
            Of::Cost(costs) => (costs.dearest(), 0.0),
        };
        for _ in 0..60 {
            let middle = f64::midpoint(refused, held);
            if self.p_value(at, middle) <= level {
                refused = middle;
            } else {
                held = middle;
            }
        }
        refused
    }

    /// Places of the candidates whose precision is shown, from strict to lax.
    fn precise(&self, share: f64, level: f64) -> Vec<usize> {
        precision::scan(&self.candidates, self.labels(), share, level, |at| {
            self.p_value(at, share)
        })
    }

    /// Place of the strictest candidate whose recall is shown.
    fn recalling(&self, share: f64, level: f64) -> Option<usize> {
        recall::scan(self.candidates.len(), level, |at| self.p_value(at, share))
    }

    /// Place of the candidate with the least cost among those whose cost is shown.
    fn cheapest(&self, cost: f64, level: f64) -> Option<usize> {
        let tested = cost::tested(&self.candidates, self.labels());
        let shown = cost::scan(&tested, level, |at| self.p_value(at, cost));
        shown
            .into_iter()
            .map(|at| (at, self.value(at)))
            .min_by(|one, other| one.1.total_cmp(&other.1))
            .map(|(at, _)| at)
    }

    /// Number of labelled items.
    fn labels(&self) -> usize {
        self.candidates.last().map_or(0, |lax| lax.accepted)
    }

    /// The corrected figure: where the test is as likely to refuse as not.
    fn value(&self, at: usize) -> f64 {
        self.bound(at, 0.5)
    }

    /// Place of the candidate with the best bound; of equal ones the laxest for precision, the strictest for recall.
    fn best(&self, level: f64) -> usize {
        let from_lax = self.of == Of::Recall;
        let last = self.candidates.len() - 1;
        let place = |step: usize| if from_lax { last - step } else { step };
        let first = (place(0), self.bound(place(0), level));
        // A bound takes many steps; one p-value says whether a candidate can be better.
        let best = (1..=last).map(place).fold(first, |best, at| {
            if self.p_value(at, best.1) <= level {
                (at, self.bound(at, level))
            } else {
                best
            }
        });
        best.0
    }

    fn attained(&self, at: usize, level: f64) -> Attained {
        let candidate = &self.candidates[at];
        Attained {
            threshold: candidate.threshold,
            value: self.value(at),
            bound: self.bound(at, level),
            n: match self.of {
                Of::Precision => candidate.accepted,
                Of::Recall => self.all.good(),
                Of::Cost(_) => self.labels(),
            },
            yield_share: self.accepted[at].items() / self.all.items(),
        }
    }
}

/// The chance of being good of each labelled item, by a curve that did not see it, and of each other one, by the mean of
/// the folds' curves.
fn predicted(items: &[(f64, bool)], unlabelled: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut own = vec![0.0; items.len()];
    let mut others = vec![0.0; unlabelled.len()];
    for fold in 0..FOLDS {
        let (scores, goods): (Vec<f64>, Vec<bool>) = items
            .iter()
            .enumerate()
            .filter(|(at, _)| at % FOLDS != fold)
            .map(|(_, item)| *item)
            .unzip();
        let share = goods.iter().filter(|good| **good).count() as f64 / goods.len() as f64;
        // A fold without both labels, or with one score, predicts its share for all.
        let curve = curve_of_outcomes(&scores, &goods).ok();
        let chance = |score: f64| {
            curve
                .as_ref()
                .map_or(share, |curve| curve.probability(score))
        };
        for (at, (score, _)) in items
            .iter()
            .enumerate()
            .filter(|(at, _)| at % FOLDS == fold)
        {
            own[at] = chance(*score);
        }
        for (other, score) in others.iter_mut().zip(unlabelled) {
            *other += chance(*score) / FOLDS as f64;
        }
    }
    (own, others)
}
