//! A threshold for a target, or the finding that there is none.

use super::candidates::{Candidate, Labelled};
use super::cost::{self, Costs};
use super::share::{labels_for_share, share_above_p_value, share_lower_bound};
use super::target::Target;
use super::{precision, recall};
use crate::stats::StatsError;

/// A threshold with what it attains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attained {
    /// The score at which items begin to be accepted.
    pub threshold: f64,
    /// The figure over the labelled items: precision, recall or mean cost.
    pub value: f64,
    /// Its one-sided bound at the asked confidence: lower for shares, upper for costs. Exact (Clopper and Pearson) for
    /// shares; Hoeffding and Bentkus for costs.
    pub bound: f64,
    /// Items that the figure rests on: the accepted ones for precision, the good ones for recall, all for cost.
    pub n: usize,
    /// Share of all labelled items that is accepted.
    pub yield_share: f64,
}

/// What a fit found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdFit {
    /// The threshold that holds the target, where there is one: the laxest for precision, the strictest for recall,
    /// the cheapest for cost.
    pub chosen: Option<Attained>,
    /// Of all thresholds the one with the best bound.
    pub best: Attained,
    /// Labelled items, in all, after which a sample like this one would show the target at its most promising
    /// threshold; nothing where no threshold of the sample lies beyond the target, or where one is chosen.
    pub labels_needed: Option<usize>,
}

/// Fits a threshold to a target that must hold with this confidence.
///
/// ```
/// use opine::stats::thresholds::{Labelled, Target, fit_threshold};
/// // 100 good items score 2, 100 bad ones 1.
/// let items: Vec<(f64, bool)> = (0..200).map(|i| (if i < 100 { 2.0 } else { 1.0 }, i < 100)).collect();
/// let fit = fit_threshold(&Labelled::new(&items, true)?, Target::Precision(0.95), 0.95)?;
/// assert_eq!(fit.chosen.map(|chosen| chosen.threshold), Some(2.0));
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] for a target or a confidence out of its range.
pub fn fit_threshold(
    labelled: &Labelled,
    target: Target,
    confidence: f64,
) -> Result<ThresholdFit, StatsError> {
    let level = checked_level(target, confidence)?;
    let chosen = match target {
        Target::Precision(share) => precision::shown(labelled, share, level).pop(),
        Target::Recall(share) => recall::shown(labelled, share, level),
        Target::Cost { at_most, .. } => cheapest(labelled, target, at_most, level),
    };
    let candidates = labelled.candidates();
    let best = best(labelled, &candidates, target, confidence);
    let chosen = chosen.map(|candidate| attained(labelled, &candidate, target, confidence));
    let labels_needed = match chosen {
        Some(_) => None,
        None => labels_needed(labelled, &candidates, target, confidence),
    };
    Ok(ThresholdFit {
        chosen,
        best,
        labels_needed,
    })
}

/// Every threshold whose precision is shown to be above `share`, from strict to lax. With the stated confidence all of
/// them hold at once, so that any may be taken.
///
/// # Errors
/// As [`fit_threshold`].
pub fn precise_thresholds(
    labelled: &Labelled,
    share: f64,
    confidence: f64,
) -> Result<Vec<Attained>, StatsError> {
    let target = Target::Precision(share);
    let level = checked_level(target, confidence)?;
    let shown = precision::shown(labelled, share, level);
    Ok(shown
        .iter()
        .map(|candidate| attained(labelled, candidate, target, confidence))
        .collect())
}

pub(super) fn checked_level(target: Target, confidence: f64) -> Result<f64, StatsError> {
    target.check()?;
    if confidence > 0.5 && confidence < 1.0 {
        return Ok(1.0 - confidence);
    }
    Err(StatsError::Argument {
        argument: "confidence",
        value: confidence.to_string(),
        allowed: "above 0.5 and below 1",
    })
}

fn costs(target: Target) -> Option<Costs> {
    match target {
        Target::Precision(_) | Target::Recall(_) => None,
        Target::Cost {
            false_accept,
            false_reject,
            ..
        } => Some(Costs {
            false_accept,
            false_reject,
        }),
    }
}

fn cheapest(labelled: &Labelled, target: Target, at_most: f64, level: f64) -> Option<Candidate> {
    let costs = costs(target)?;
    let candidates = labelled.candidates();
    let tested = cost::tested(&candidates, labelled.items());
    let share = level / tested.len() as f64;
    let shown = tested
        .into_iter()
        .map(|at| candidates[at])
        .filter(|candidate| costs.p_value(labelled, candidate, at_most) <= share);
    shown.min_by(|one, other| {
        costs
            .mean(labelled, one)
            .total_cmp(&costs.mean(labelled, other))
    })
}

fn attained(
    labelled: &Labelled,
    candidate: &Candidate,
    target: Target,
    confidence: f64,
) -> Attained {
    let (value, bound, n) = match target {
        Target::Precision(_) => (
            candidate.precision(),
            share_lower_bound(candidate.good, candidate.accepted, confidence),
            candidate.accepted,
        ),
        Target::Recall(_) => (
            candidate.good as f64 / labelled.good() as f64,
            share_lower_bound(candidate.good, labelled.good(), confidence),
            labelled.good(),
        ),
        Target::Cost {
            false_accept,
            false_reject,
            ..
        } => {
            let costs = Costs {
                false_accept,
                false_reject,
            };
            (
                costs.mean(labelled, candidate),
                costs.upper_bound(labelled, candidate, 1.0 - confidence),
                labelled.items(),
            )
        }
    };
    Attained {
        threshold: candidate.threshold,
        value,
        bound,
        n,
        yield_share: candidate.accepted as f64 / labelled.items() as f64,
    }
}

/// The threshold with the best bound; of equal ones the laxest for precision, the strictest for recall.
fn best(
    labelled: &Labelled,
    candidates: &[Candidate],
    target: Target,
    confidence: f64,
) -> Attained {
    let at = |candidate: &Candidate| attained(labelled, candidate, target, confidence);
    // Exact bounds take many steps; one p-value says whether a candidate can be better.
    let improves = |candidate: &Candidate, best: &Attained| match target {
        Target::Precision(_) => {
            share_above_p_value(candidate.good, candidate.accepted, best.bound) <= 1.0 - confidence
        }
        Target::Recall(_) => candidate.good > best_count(best),
        Target::Cost { .. } => at(candidate).bound <= best.bound,
    };
    let mut rest = candidates.iter();
    let first = rest
        .next()
        .expect("there are two items, and so a candidate");
    rest.fold(at(first), |best, candidate| {
        if improves(candidate, &best) {
            at(candidate)
        } else {
            best
        }
    })
}

/// Good items that a threshold accepts, of the recall that it attains.
fn best_count(best: &Attained) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count, rounded back to the count"
    )]
    let good = (best.value * best.n as f64).round() as usize;
    good
}

fn labels_needed(
    labelled: &Labelled,
    candidates: &[Candidate],
    target: Target,
    confidence: f64,
) -> Option<usize> {
    let share_of_all = |n: usize| n as f64 / labelled.items() as f64;
    let per_label = |needed: usize, share: f64| (needed as f64 / share).ceil();
    let needed: Vec<f64> = match target {
        Target::Precision(share) => candidates
            .iter()
            // A threshold that accepts a handful promises anything.
            .filter(|at| at.accepted >= MOST_PROMISING)
            .filter_map(|at| {
                labels_for_share(at.precision(), share, confidence)
                    .map(|needed| per_label(needed, share_of_all(at.accepted)))
            })
            .collect(),
        Target::Recall(share) => {
            let needed = labels_for_share(1.0, share, confidence)?;
            vec![per_label(needed, share_of_all(labelled.good()))]
        }
        // The cost's test is a bound, not exact; its need falls with the square of what lies between.
        Target::Cost { at_most, .. } => candidates
            .iter()
            .map(|candidate| attained(labelled, candidate, target, confidence))
            .filter(|at| at.value < at_most)
            .map(|at| {
                let reach = (at.bound - at.value) / (at_most - at.value);
                (labelled.items() as f64 * reach * reach).ceil()
            })
            .collect(),
    };
    let least = needed.into_iter().min_by(f64::total_cmp)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive whole number far below 2^53"
    )]
    let least = least as usize;
    // The scan's further starts take a share of the level: what was not enough will not be enough again.
    Some(least.max(labelled.items() + 1))
}

/// Least number of accepted items from which a promise is read.
const MOST_PROMISING: usize = 10;
