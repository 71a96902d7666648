//! Fits a tie width on pairs that people judged.

use super::{FittedTies, JudgedPairs, TieFigures};
use crate::calibration::figures::Figured;
use crate::calibration::folds::Folds;
use crate::calibration::{CalibrationError, LabelSource};
use crate::digest::Digest;
use crate::judging::{Comparison, Margin, Preference, TieWidth};
use crate::stats::mean;
use crate::stats::pairs::{MarginPair, cross_fitted_tie_width};

/// Fewest pairs on which a width is fitted.
const LEAST_PAIRS: usize = 30;

/// What people said of a pair, added up over all who judged it.
#[derive(Debug, Clone, PartialEq)]
pub struct HumanPair {
    /// One item.
    pub first: String,
    /// The other.
    pub second: String,
    /// Weight of the votes for the first, for the second, and for neither.
    pub votes: [f64; 3],
    /// How many votes that are.
    pub count: u64,
}

/// How a width is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TieSettings {
    /// In what it is measured.
    pub margin: Margin,
    /// Held-out folds.
    pub folds: usize,
    /// Seed of the folds.
    pub seed: u64,
}

/// The width that agrees best with people, for exactly the judge of `judged`, measured by cross-fitting.
///
/// The unit is the pair: votes on one pair are on one side of every fold.
///
/// # Errors
/// [`CalibrationError::NoPairJoined`] for no pair that both judged; [`CalibrationError::TooFew`] below 30;
/// [`CalibrationError::NoHumanTies`] and [`CalibrationError::NoPreference`] where the pairs show no width.
pub fn calibrate_ties(
    judged: &JudgedPairs,
    human: &[HumanPair],
    (source, digest): (String, Digest),
    settings: TieSettings,
) -> Result<FittedTies, CalibrationError> {
    let joined: Vec<(MarginPair, u64)> = human
        .iter()
        .filter_map(|pair| {
            let comparison = judged.find(&pair.first, &pair.second)?;
            Some((margin_pair(&comparison, pair, settings.margin)?, pair.count))
        })
        .collect();
    if joined.is_empty() {
        return Err(nothing_joined(judged, human));
    }
    if joined.len() < LEAST_PAIRS {
        return Err(CalibrationError::TooFew {
            what: "a tie width",
            needed: LEAST_PAIRS,
            got: joined.len(),
        });
    }
    let pairs: Vec<MarginPair> = joined.iter().map(|(pair, _)| *pair).collect();
    shows_a_width(&pairs)?;
    let folds = Folds::of_items(pairs.len(), None, settings.folds, settings.seed);
    let found = cross_fitted_tie_width(&pairs, &folds.of)?;
    Ok(FittedTies {
        file: String::new(),
        key: judged.key.clone(),
        by: judged.by,
        ties: TieWidth::new(settings.margin, found.width)?,
        labels: LabelSource {
            source,
            digest,
            n: pairs.len(),
            group: None,
        },
        votes: joined.iter().map(|(_, votes)| votes).sum(),
        folds: settings.folds,
        seed: settings.seed,
        held_out: TieFigures {
            agreement: Figured::from(&found.agreement),
            never: Figured::from(&found.never),
            majority: Figured::from(&found.majority),
            over_never: Figured::from(&found.over_never),
            over_majority: Figured::from(&found.over_majority),
        },
    })
}

/// A pair of people with some weight, and the judge's margin; 0 where the judge itself most probably ties.
fn margin_pair(comparison: &Comparison, pair: &HumanPair, margin: Margin) -> Option<MarginPair> {
    let total: f64 = pair.votes.iter().sum();
    (total > 0.0).then(|| MarginPair {
        margin: match comparison.preference(TieWidth::NONE) {
            Preference::Tie => 0.0,
            Preference::First | Preference::Second | Preference::Review | Preference::Dropped => {
                comparison.margin(margin)
            }
        },
        human: pair.votes.map(|votes| votes / total),
    })
}

/// Refuses pairs from which no width can be learnt.
fn shows_a_width(pairs: &[MarginPair]) -> Result<(), CalibrationError> {
    let n = pairs.len();
    if !pairs.iter().any(|pair| pair.human[2] > 0.0) {
        return Err(CalibrationError::NoHumanTies { n });
    }
    let agrees: Vec<f64> = pairs
        .iter()
        .filter_map(|pair| {
            let [first, second, _] = pair.human;
            let decided = first + second;
            let is_decided = decided > 0.0 && pair.margin.abs() > 0.0;
            is_decided.then(|| pair.agreement(0.0) / decided)
        })
        .collect();
    if agrees.len() < LEAST_PAIRS / 3 {
        return Err(CalibrationError::TooFew {
            what: "a tie width, of pairs that both decide,",
            needed: LEAST_PAIRS / 3,
            got: agrees.len(),
        });
    }
    let found = mean(&agrees)?.estimate;
    let (low, high) = (found.interval.as_ref()).map_or((found.value, found.value), |interval| {
        (interval.low, interval.high)
    });
    if low > 0.5 {
        return Ok(());
    }
    Err(CalibrationError::NoPreference {
        n: agrees.len(),
        value: found.value,
        low,
        high,
    })
}

fn nothing_joined(judged: &JudgedPairs, human: &[HumanPair]) -> CalibrationError {
    let named = |pair: Option<(&str, &str)>| {
        pair.map_or_else(
            || "none".to_owned(),
            |(one, other)| format!("{one}, {other}"),
        )
    };
    CalibrationError::NoPairJoined {
        human: named(human.first().map(|pair| (&*pair.first, &*pair.second))),
        judged: named(judged.names().next()),
    }
}
