//! Intervals from the curvature at the fit and the spread of the votes around it.

use std::borrow::Cow;

use super::curved::Curved;
use super::dense::inverse;
use super::fit::{StrengthSettings, Strengths, prepare, ranks};
use super::votes::Votes;
use crate::stats::distributions::normal_quantile;
use crate::stats::fit::moments::check_level;
use crate::stats::{DEFAULT_LEVEL, Interval, StatsError};

/// Most items for which the sandwich is computed: it writes down a square of the items. Beyond, use the bootstrap.
pub const MOST_SANDWICH_ITEMS: usize = 2_048;

/// The best and the worst place that an item may have, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RankRange {
    /// The best place.
    pub best: u32,
    /// The worst place.
    pub worst: u32,
}

/// Intervals of all that was fitted, in the order of [`Strengths`].
#[derive(Debug, Clone, PartialEq)]
pub struct StrengthIntervals {
    /// Of the strengths.
    pub values: Vec<Interval>,
    /// Of the order effect.
    pub order_effect: Option<Interval>,
    /// Of the covariates' effects.
    pub covariates: Vec<Interval>,
    /// Of the tie parameter, where the votes had ties.
    pub tie_parameter: Option<Interval>,
    /// Of the places.
    pub ranks: Vec<RankRange>,
}

/// How sandwich intervals are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sandwich {
    /// Coverage, 0.95 by default.
    pub level: f64,
    /// Added to the curvature of every strength before it is inverted. arena-rank adds 1e-5 times the number
    /// of votes, which makes its intervals a little narrower; 0, the default, adds nothing.
    pub damping: f64,
}

impl Default for Sandwich {
    fn default() -> Self {
        Sandwich {
            level: DEFAULT_LEVEL,
            damping: 0.0,
        }
    }
}

/// Sandwich intervals of fitted strengths, right also where the model is not (White 1982).
///
/// ```text
/// variance = diagonal of H^-1 G H^-1,   H = curvature at the fit, G = sum over votes of score score'
/// ```
/// Votes are taken as independent. The interval of a place counts the items whose intervals lie wholly above
/// and wholly below, as arena-rank does.
///
/// # Errors
/// [`StatsError::Undefined`] when every vote is fitted exactly (all are ties, say), where votes do not vary;
/// [`StatsError::Argument`] for more than [`MOST_SANDWICH_ITEMS`] items, or a level that is none.
pub fn sandwich_intervals(
    votes: &Votes,
    settings: &StrengthSettings,
    strengths: &Strengths,
    sandwich: &Sandwich,
) -> Result<StrengthIntervals, StatsError> {
    let mut problem = prepare(votes, settings);
    let deviations = deviations(&mut problem, &strengths.point, sandwich)?;
    Ok(intervals(strengths, &deviations, sandwich.level))
}

/// Standard errors of all unknowns.
pub(super) fn deviations(
    problem: &mut impl Curved,
    point: &[f64],
    sandwich: &Sandwich,
) -> Result<Vec<f64>, StatsError> {
    check_level(sandwich.level)?;
    if problem.items() > MOST_SANDWICH_ITEMS {
        return Err(StatsError::Argument {
            argument: "items",
            value: problem.items().to_string(),
            allowed: "at most 2048 for sandwich intervals; the bootstrap has no such limit",
        });
    }
    let mut gradient = vec![0.0; point.len()];
    problem.curve(point, &mut gradient);
    let undefined = |reason: &str| StatsError::Undefined {
        statistic: "sandwich intervals",
        reason: reason.to_owned(),
    };
    let inverse = inverse(problem, sandwich.damping)
        .ok_or_else(|| undefined("the likelihood is flat at the fit"))?;
    let size = problem.unknowns();
    let mut variances = vec![0.0; size];
    let mut influence = vec![0.0; size];
    problem.scores(point, &mut |score| {
        influence.fill(0.0);
        for (unknown, part) in score {
            let row = &inverse[unknown * size..(unknown + 1) * size];
            for (sum, entry) in influence.iter_mut().zip(row) {
                *sum += part * entry;
            }
        }
        for (variance, part) in variances.iter_mut().zip(&influence) {
            *variance += part * part;
        }
    });
    // Every vote fitted exactly leaves rounding only.
    if variances[..problem.items()]
        .iter()
        .all(|variance| *variance < 1e-24)
    {
        return Err(undefined(
            "the votes do not vary around the fit (all are ties, for instance), so that nothing says how far it may be off",
        ));
    }
    Ok(variances.into_iter().map(f64::sqrt).collect())
}

/// Intervals of `z` standard errors on both sides.
pub(super) fn intervals(
    strengths: &Strengths,
    deviations: &[f64],
    level: f64,
) -> StrengthIntervals {
    let z = normal_quantile(0.5 + level / 2.0);
    let around = |value: f64, deviation: f64| Interval {
        low: value - z * deviation,
        high: value + z * deviation,
        level,
        method: Cow::Borrowed("sandwich, independent votes"),
    };
    let items = strengths.values.len();
    let (own, others) = deviations.split_at(items);
    let values: Vec<Interval> = (strengths.values.iter().zip(own))
        .map(|(value, deviation)| around(*value, *deviation))
        .collect();
    let mut others = (items..).zip(others.iter().copied());
    let order_effect = strengths
        .order_effect
        .and_then(|effect| Some(around(effect, others.next()?.1)));
    let covariates = (strengths.covariates.iter())
        .filter_map(|effect| Some(around(*effect, others.next()?.1)))
        .collect();
    let tie_parameter = others.next().map(|(at, deviation)| {
        let fitted = around(strengths.point[at], deviation);
        Interval {
            low: fitted.low.exp(),
            high: fitted.high.exp(),
            ..fitted
        }
    });
    StrengthIntervals {
        ranks: rank_ranges(&values),
        values,
        order_effect,
        covariates,
        tie_parameter,
    }
}

/// Places of strengths, from 1 for the strongest, and the best and the worst that their intervals allow.
///
/// Equal strengths share the better place. An interval of a place counts the items whose intervals lie wholly
/// above and wholly below, as in [`sandwich_intervals`].
pub fn places(strengths: &[f64], intervals: &[Interval]) -> (Vec<u32>, Vec<RankRange>) {
    (ranks(strengths), rank_ranges(intervals))
}

/// Places from intervals: an item stands below those whose intervals begin above the end of its own.
pub(in crate::stats) fn rank_ranges(intervals: &[Interval]) -> Vec<RankRange> {
    let sorted = |end: fn(&Interval) -> f64| {
        let mut ends: Vec<f64> = intervals.iter().map(end).collect();
        ends.sort_unstable_by(f64::total_cmp);
        ends
    };
    let (lows, highs) = (
        sorted(|interval| interval.low),
        sorted(|interval| interval.high),
    );
    let place = |number: usize| u32::try_from(number).expect("items are counted in 32 bits");
    intervals
        .iter()
        .map(|own| {
            let above = lows.len() - lows.partition_point(|low| *low <= own.high);
            let below = highs.partition_point(|high| *high < own.low);
            RankRange {
                best: place(above + 1),
                worst: place(intervals.len() - below),
            }
        })
        .collect()
}
