//! The analysis of one judge.

use super::super::tails::{LEVEL, percentile, wilson};
use super::super::{Estimate, Interval, PairedSample, StatsError};
use super::delong::{Placements, require};
use super::outcomes::{ItemOpinion, Outcome, differences, outcomes};

/// How well one judge tells pairs apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Krasula {
    /// Different against similar pairs: the area under the ROC curve of |difference|; chance is 0.5.
    pub auc_ds: Estimate,
    /// Better against worse: the area under the ROC curve of the difference; chance is 0.5.
    pub auc_bw: Estimate,
    /// Share of different pairs whose difference has the right sign; a judge's tie is wrong.
    pub cc0: Estimate,
    /// The same, where a judge's tie earns one half.
    pub cc0_half_ties: Estimate,
    /// The |difference| above which two items are different with 95 % probability: the 95th percentile of
    /// similar pairs, on the judge's scale.
    pub threshold: Estimate,
}

/// A pair and its mirror image say the same thing once: the area is a mean over pairs of pairs of one sample, with
/// twice the variance that DeLong's formula gives for two samples of that size.
pub(super) const MIRRORED: f64 = std::f64::consts::SQRT_2;

/// Krasula's analysis of a judge's `differences` (first less second) on pairs with known outcomes.
///
/// Values as those of the published program, which Netflix's `vmaf` carries as `AucPerfMetric`. For AUC_BW it
/// mirrors every pair; the interval here knows that this adds no evidence. Pairs that share an item are taken
/// as independent, as there. Takes O(n log n) time and about 60 bytes a pair.
///
/// # Errors
/// [`StatsError::LengthMismatch`]; [`StatsError::TooFew`] below two different or two similar pairs;
/// [`StatsError::Argument`] for a difference that is not finite.
pub fn krasula(differences: &[f64], outcomes: &[Outcome]) -> Result<Krasula, StatsError> {
    let parts = Parts::new(differences, outcomes)?;
    let better = parts.better.len() as f64;
    let right = parts.better.iter().filter(|value| **value > 0.0).count() as f64;
    let tied = parts.better.iter().filter(|value| **value == 0.0).count() as f64;
    let cc0 = |name, right: f64, convention| {
        Estimate::new(name, right / better, parts.better.len(), convention)
            .with_interval(wilson(right, better, LEVEL))
    };
    Ok(Krasula {
        auc_ds: parts.different_similar().estimate(
            "krasula_auc_ds",
            1.0,
            "|z| > 2 is different; pairs taken as independent",
        ),
        auc_bw: parts.better_worse().estimate(
            "krasula_auc_bw",
            MIRRORED,
            "pairs and their mirror images; pairs taken as independent",
        ),
        cc0: cc0("krasula_cc0", right, "a judge's tie is wrong"),
        cc0_half_ties: cc0(
            "krasula_cc0_half_ties",
            right + 0.5 * tied,
            "a judge's tie earns one half",
        ),
        threshold: threshold(&parts.similar),
    })
}

/// The 95th percentile, between the percentiles at either end of Wilson's interval of that share (Woodruff 1952).
fn threshold(similar: &[f64]) -> Estimate {
    let mut sorted = similar.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let pairs = sorted.len() as f64;
    let share = wilson(0.95 * pairs, pairs, LEVEL);
    Estimate::new(
        "krasula_threshold",
        percentile(&sorted, 0.95),
        sorted.len(),
        "95th percentile of |difference| over similar pairs, linear interpolation",
    )
    .with_interval(Interval {
        low: percentile(&sorted, share.low),
        high: percentile(&sorted, share.high),
        level: LEVEL,
        method: "Woodruff, percentiles at Wilson's interval; pairs taken as independent".into(),
    })
}

/// Krasula's analysis over every pair of items, once each.
///
/// `vmaf` also counts every pair in the other order and each item against itself as a similar pair; its AUC_DS
/// is a little higher for it.
///
/// # Errors
/// As [`krasula`] and [`outcomes`].
pub fn krasula_of_items(predicted: &[f64], people: &[ItemOpinion]) -> Result<Krasula, StatsError> {
    let means: Vec<f64> = people.iter().map(|item| item.mean).collect();
    let sample = PairedSample::new(predicted, &means)?;
    krasula(&differences(sample.predicted()), &outcomes(people)?)
}

/// The judge's differences, parted by outcome.
pub(super) struct Parts {
    /// |difference| of different pairs.
    different: Vec<f64>,
    /// |difference| of similar pairs.
    pub(super) similar: Vec<f64>,
    /// The better item's score less the worse one's.
    pub(super) better: Vec<f64>,
}

impl Parts {
    pub(super) fn new(differences: &[f64], outcomes: &[Outcome]) -> Result<Self, StatsError> {
        if differences.len() != outcomes.len() {
            return Err(StatsError::LengthMismatch {
                predicted: differences.len(),
                human: outcomes.len(),
            });
        }
        let mut parts = Parts {
            different: Vec::new(),
            similar: Vec::new(),
            better: Vec::new(),
        };
        for (difference, outcome) in differences.iter().zip(outcomes) {
            match outcome {
                Outcome::Similar => parts.similar.push(difference.abs()),
                Outcome::FirstBetter => parts.better.push(difference + 0.0),
                Outcome::SecondBetter => parts.better.push(0.0 - difference),
            }
        }
        parts.different = parts.better.iter().map(|value| value.abs()).collect();
        require("krasula", &parts.different, &parts.similar)?;
        Ok(parts)
    }

    pub(super) fn different_similar(&self) -> Placements {
        Placements::new(&self.different, &self.similar)
    }

    pub(super) fn better_worse(&self) -> Placements {
        Placements::mirrored(&self.better)
    }
}
