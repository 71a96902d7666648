//! The width within which a judge's comparisons are best called ties, by what people said of the same pairs.

use super::super::{Estimate, Interval, StatsError, mean};

/// Below the weight of one pair, above the rounding of sums of them.
const SLACK: f64 = 1e-12;

/// One pair as a judge and as people see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarginPair {
    /// How far the first is ahead: a difference of scores or probabilities, or log-odds.
    pub margin: f64,
    /// Shares of the people who prefer the first, the second, and neither.
    pub human: [f64; 3],
}

impl MarginPair {
    /// Share of the people who say what the judge says, where it ties within `width`.
    pub fn agreement(&self, width: f64) -> f64 {
        let [first, second, tie] = self.human;
        if self.margin.abs() <= width {
            tie
        } else if self.margin > 0.0 {
            first
        } else {
            second
        }
    }
}

/// The width that agrees best with people: margins of this size or less are ties.
///
/// Agreement is the mean over pairs of the share of people who say what the judge says. It changes only where a
/// margin becomes a tie, so that every width that matters is tried. Of equal maxima the smallest is taken; 0 ties
/// equal ones only. The agreement it reaches here is an optimistic figure; see [`cross_fitted_tie_width`].
///
/// ```
/// use opine::stats::pairs::{MarginPair, best_tie_width};
/// let [first, second, tie] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let pairs = [(0.1, tie), (-0.25, tie), (0.3, first), (-0.9, second)]
///     .map(|(margin, human)| MarginPair { margin, human });
/// assert_eq!(best_tie_width(&pairs)?, 0.25);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] for no pair, [`StatsError::Argument`] for a margin or share that cannot be.
pub fn best_tie_width(pairs: &[MarginPair]) -> Result<f64, StatsError> {
    check(pairs, 1)?;
    let mut rising: Vec<&MarginPair> = pairs.iter().collect();
    rising.sort_by(|one, other| one.margin.abs().total_cmp(&other.margin.abs()));
    let (mut gain, mut most, mut width) = (0.0, 0.0, 0.0);
    for equal in
        rising.chunk_by(|one, other| one.margin.abs().total_cmp(&other.margin.abs()).is_eq())
    {
        let size = equal[0].margin.abs();
        // Equal ones are ties at any width.
        if size > 0.0 {
            let change = |pair: &&MarginPair| pair.agreement(size) - pair.agreement(0.0);
            gain += equal.iter().map(change).sum::<f64>();
            if gain > most + SLACK {
                (most, width) = (gain, size);
            }
        }
    }
    Ok(width)
}

/// A tie width, and what such widths do on pairs that they were not fitted on.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOutTies {
    /// The width of all pairs.
    pub width: f64,
    /// The width of all pairs but those of each fold.
    pub without_fold: Vec<f64>,
    /// Agreement with people, each pair by the width of the others.
    pub agreement: Estimate,
    /// The same where equal margins alone are ties.
    pub never: Estimate,
    /// The same of always saying what most people of the other folds say.
    pub majority: Estimate,
    /// What the width gains over calling no tie, pair by pair.
    pub over_never: Estimate,
    /// What the width gains over the majority, pair by pair.
    pub over_majority: Estimate,
}

/// Fits the width of [`best_tie_width`] and measures it by cross-fitting: no pair is judged by a width that it helped
/// to choose.
///
/// `folds` has the fold of each pair, from 0; pairs that must not be split between both sides have one fold. `n` is
/// the number of pairs, and intervals are Student's over pairs, which are taken as independent.
///
/// # Errors
/// As [`best_tie_width`]; [`StatsError::LengthMismatch`] for another number of folds than of pairs;
/// [`StatsError::TooFew`] below two folds.
pub fn cross_fitted_tie_width(
    pairs: &[MarginPair],
    folds: &[usize],
) -> Result<HeldOutTies, StatsError> {
    check(pairs, 2)?;
    if folds.len() != pairs.len() {
        return Err(StatsError::LengthMismatch {
            predicted: pairs.len(),
            human: folds.len(),
        });
    }
    let count = folds.iter().max().map_or(0, |last| last + 1);
    let mut without_fold = Vec::with_capacity(count);
    let mut most_said = Vec::with_capacity(count);
    for fold in 0..count {
        let others: Vec<MarginPair> = (pairs.iter().zip(folds))
            .filter(|(_, of)| **of != fold)
            .map(|(pair, _)| *pair)
            .collect();
        without_fold.push(best_tie_width(&others)?);
        most_said.push(majority(&others));
    }
    let each = |agreement: &dyn Fn(&MarginPair, usize) -> f64| -> Vec<f64> {
        let pairs = pairs.iter().zip(folds);
        pairs.map(|(pair, fold)| agreement(pair, *fold)).collect()
    };
    let held_out = each(&|pair, fold| pair.agreement(without_fold[fold]));
    let never = each(&|pair, _| pair.agreement(0.0));
    let majority = each(&|pair, fold| pair.human[most_said[fold]]);
    let gained = |over: &[f64]| -> Vec<f64> {
        let both = held_out.iter().zip(over);
        both.map(|(own, other)| own - other).collect()
    };
    Ok(HeldOutTies {
        width: best_tie_width(pairs)?,
        agreement: share(
            "tie_agreement",
            &held_out,
            "ties within the width of the other folds",
        )?,
        never: share(
            "never_tie_agreement",
            &never,
            "equal margins alone are ties",
        )?,
        majority: share(
            "majority_agreement",
            &majority,
            "always what most people of the other folds say",
        )?,
        over_never: difference("over_never_tie", &gained(&never))?,
        over_majority: difference("over_majority", &gained(&majority))?,
        without_fold,
    })
}

/// What most people say: the place of the largest share.
fn majority(pairs: &[MarginPair]) -> usize {
    let total = |answer: usize| pairs.iter().map(|pair| pair.human[answer]).sum::<f64>();
    let totals = [0, 1, 2].map(total);
    let larger = |best: usize, other: usize| {
        if totals[other] > totals[best] + SLACK {
            other
        } else {
            best
        }
    };
    larger(larger(0, 1), 2)
}

fn share(
    name: &'static str,
    values: &[f64],
    convention: &'static str,
) -> Result<Estimate, StatsError> {
    let mut estimate = mean(values)?.estimate;
    estimate.name = name;
    estimate.convention = format!("mean share of people who say the same; {convention}").into();
    estimate.interval = estimate.interval.map(|interval| Interval {
        low: interval.low.max(0.0),
        high: interval.high.min(1.0),
        ..interval
    });
    Ok(estimate)
}

fn difference(name: &'static str, values: &[f64]) -> Result<Estimate, StatsError> {
    let mut estimate = mean(values)?.estimate;
    estimate.name = name;
    estimate.convention = "mean difference on the same pairs".into();
    Ok(estimate)
}

fn check(pairs: &[MarginPair], needed: usize) -> Result<(), StatsError> {
    if pairs.len() < needed {
        return Err(StatsError::TooFew {
            statistic: "tie_width",
            needed,
            got: pairs.len(),
        });
    }
    for pair in pairs {
        let shares = pair.human.iter().all(|share| (0.0..=1.0).contains(share));
        if !pair.margin.is_finite() || !shares {
            return Err(StatsError::Argument {
                argument: "pairs",
                value: format!("{pair:?}"),
                allowed: "finite margins, and shares from 0 to 1",
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Table {
        case: Vec<Case>,
    }

    /// Pairs as margin, shares of first, second and tie, and fold; and what an independent program finds.
    #[derive(Deserialize)]
    struct Case {
        name: String,
        origin: String,
        tolerance: f64,
        pairs: Vec<(f64, f64, f64, f64, usize)>,
        width: f64,
        without_fold: Vec<f64>,
        agreement: f64,
        agreement_interval: [f64; 2],
        never: f64,
        majority: f64,
        over_never: f64,
        over_never_interval: [f64; 2],
        over_majority: f64,
    }

    #[test]
    fn widths_and_what_they_gain_are_those_of_another_program() {
        let table: Table =
            toml::from_str(include_str!("../../../tests/golden/tie_width.toml")).unwrap();
        for case in table.case {
            let pairs: Vec<MarginPair> = (case.pairs.iter())
                .map(|(margin, first, second, tie, _)| MarginPair {
                    margin: *margin,
                    human: [*first, *second, *tie],
                })
                .collect();
            let folds: Vec<usize> = case.pairs.iter().map(|pair| pair.4).collect();
            let found = cross_fitted_tie_width(&pairs, &folds).unwrap();
            let near = |what: &str, ours: f64, theirs: f64| {
                let apart = (ours - theirs).abs();
                let Case { name, origin, .. } = &case;
                assert!(
                    apart <= case.tolerance,
                    "{name}: {what} is {ours}, {theirs} by {origin}"
                );
            };
            near("width", found.width, case.width);
            assert_eq!(found.without_fold.len(), case.without_fold.len());
            for (ours, theirs) in found.without_fold.iter().zip(&case.without_fold) {
                near("width without a fold", *ours, *theirs);
            }
            for (what, ours, theirs) in [
                ("agreement", &found.agreement, case.agreement),
                ("never", &found.never, case.never),
                ("majority", &found.majority, case.majority),
                ("over never", &found.over_never, case.over_never),
                ("over majority", &found.over_majority, case.over_majority),
            ] {
                near(what, ours.value, theirs);
                assert_eq!(ours.n, pairs.len());
            }
            for (what, ours, theirs) in [
                ("agreement", &found.agreement, case.agreement_interval),
                ("over never", &found.over_never, case.over_never_interval),
            ] {
                let interval = ours.interval.as_ref().unwrap();
                near(what, interval.low, theirs[0]);
                near(what, interval.high, theirs[1]);
            }
        }
    }

    fn pair(margin: f64, human: [f64; 3]) -> MarginPair {
        MarginPair { margin, human }
    }

    #[test]
    fn without_ties_among_people_the_width_is_none() {
        let decided = [pair(0.1, [1.0, 0.0, 0.0]), pair(-0.2, [0.0, 1.0, 0.0])];
        assert_eq!(best_tie_width(&decided).unwrap().to_bits(), 0);
        // Turned around, every pair has the same width.
        let pairs = [(0.1, 0.3), (0.4, 0.0), (-0.2, 0.6), (0.9, 0.1)];
        let of = |sign: f64| {
            let turned = pairs.map(|(margin, tie)| {
                let rest = [0.75 * (1.0 - tie), 0.25 * (1.0 - tie)];
                let [first, second] = if margin * sign > 0.0 {
                    rest
                } else {
                    [rest[1], rest[0]]
                };
                pair(sign * margin, [first, second, tie])
            });
            best_tie_width(&turned).unwrap()
        };
        assert_eq!(of(1.0).to_bits(), of(-1.0).to_bits());
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let sound = pair(0.1, [1.0, 0.0, 0.0]);
        for wrong in [pair(f64::NAN, sound.human), pair(0.1, [2.0, 0.0, -1.0])] {
            let found = best_tie_width(&[wrong]);
            assert!(matches!(found, Err(StatsError::Argument { .. })));
        }
        let none = best_tie_width(&[]);
        assert!(matches!(none, Err(StatsError::TooFew { .. })));
        let one_fold = cross_fitted_tie_width(&[sound; 3], &[0; 3]);
        assert!(matches!(one_fold, Err(StatsError::TooFew { .. })));
        let uneven = cross_fitted_tie_width(&[sound; 3], &[0; 2]);
        assert!(matches!(uneven, Err(StatsError::LengthMismatch { .. })));
    }
}
