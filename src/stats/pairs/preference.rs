//! Agreement on comparisons that people were asked for: first, second, or a tie.

use super::super::tails::{LEVEL, binomial_even_two_sided, normal_interval, wilson};
use super::super::{Estimate, PairCounts, StatsError};
use super::accuracy::TieConvention;

/// Which of two was preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preference {
    /// The first.
    First,
    /// Neither.
    Tie,
    /// The second.
    Second,
}

impl Preference {
    /// Reads `margin`, the first one's score or probability less the second one's; a tie within `threshold`.
    ///
    /// A NaN is no margin; [`best_tie_threshold`] refuses it.
    pub fn from_margin(margin: f64, threshold: f64) -> Self {
        if margin.abs() <= threshold {
            Preference::Tie
        } else if margin > 0.0 {
            Preference::First
        } else {
            Preference::Second
        }
    }
}

/// Counts comparisons by how the judge and people answered.
///
/// # Errors
/// [`StatsError::LengthMismatch`].
pub fn preference_counts(
    predicted: &[Preference],
    human: &[Preference],
) -> Result<PairCounts, StatsError> {
    if predicted.len() != human.len() {
        return Err(StatsError::LengthMismatch {
            predicted: predicted.len(),
            human: human.len(),
        });
    }
    let mut counts = PairCounts::default();
    for (predicted, human) in predicted.iter().zip(human) {
        let count = match (predicted, human) {
            (Preference::Tie, Preference::Tie) => &mut counts.tied_both,
            (Preference::Tie, Preference::First | Preference::Second) => &mut counts.tied_predicted,
            (Preference::First | Preference::Second, Preference::Tie) => &mut counts.tied_human,
            (Preference::First, Preference::First) | (Preference::Second, Preference::Second) => {
                &mut counts.concordant
            }
            (Preference::First, Preference::Second) | (Preference::Second, Preference::First) => {
                &mut counts.discordant
            }
        };
        *count += 1;
    }
    Ok(counts)
}

/// Share of comparisons that the judge answers as people do.
///
/// Comparisons are taken as independent; `n` counts those that the convention keeps. Where every credit is 0
/// or 1 the interval is Wilson's, otherwise a normal one. Only [`TieConvention::WithoutAnyTies`] has a
/// p-value: the exact sign test against an even chance.
///
/// ```
/// use opine::stats::pairs::{Preference::*, TieConvention, preference_accuracy};
/// let judge = [First, Tie, Second, First];
/// let people = [First, First, Second, Tie];
/// let accuracy = |convention| preference_accuracy(&judge, &people, convention).map(|found| found.value);
/// assert_eq!(accuracy(TieConvention::WithTies)?, 0.5);
/// assert_eq!(accuracy(TieConvention::WithoutHumanTies)?, 2.0 / 3.0);
/// assert_eq!(accuracy(TieConvention::HalfForOneSidedTies)?, 0.75);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::LengthMismatch`], [`StatsError::TooFew`] when the convention keeps no comparison.
pub fn preference_accuracy(
    predicted: &[Preference],
    human: &[Preference],
    convention: TieConvention,
) -> Result<Estimate, StatsError> {
    let counts = preference_counts(predicted, human)?;
    let value = convention.accuracy(counts).ok_or(StatsError::TooFew {
        statistic: "preference_accuracy",
        needed: 1,
        got: 0,
    })?;
    let pairs = convention.pairs(counts);
    let trials = pairs as f64;
    let interval = match halves(convention, counts) {
        0 => wilson((value * trials).round(), trials, LEVEL),
        halves => {
            let square = (value * trials - 0.5 * halves as f64) + 0.25 * halves as f64;
            let variance = (square / trials - value * value).max(0.0);
            normal_interval(value, (variance / trials).sqrt(), (0.0, 1.0), "normal")
        }
    };
    let size = usize::try_from(pairs).expect("no more pairs than elements of a slice");
    let estimate = Estimate::new("preference_accuracy", value, size, convention.describe())
        .with_interval(interval);
    Ok(if convention == TieConvention::WithoutAnyTies {
        estimate.with_p_value(
            binomial_even_two_sided(counts.concordant, pairs),
            "exact sign test",
        )
    } else {
        estimate
    })
}

/// How many comparisons earn one half.
fn halves(convention: TieConvention, counts: PairCounts) -> u64 {
    match convention {
        TieConvention::WithTies
        | TieConvention::WithoutHumanTies
        | TieConvention::WithoutAnyTies => 0,
        TieConvention::HalfForPredictedTies => counts.tied_predicted,
        TieConvention::HalfForOneSidedTies => counts.tied_human + counts.tied_predicted,
    }
}

/// The threshold for ties that was best on a validation set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TieThreshold {
    /// A margin of this size or less is a tie.
    pub threshold: f64,
    /// The accuracy it reached on the validation set; an optimistic figure.
    pub accuracy: f64,
}

/// Chooses, among `candidates`, the threshold within which the judge's margins are called ties.
///
/// The first of the best is taken. PickScore's evaluation uses 0, 0.1, ..., 1 on the difference of the two
/// probabilities and [`TieConvention::HalfForOneSidedTies`]. The choice belongs on other comparisons than
/// those it is reported on.
///
/// # Errors
/// [`StatsError::LengthMismatch`]; [`StatsError::Argument`] for a number that is not finite;
/// [`StatsError::TooFew`] without a candidate or a comparison that counts.
pub fn best_tie_threshold(
    margins: &[f64],
    human: &[Preference],
    candidates: &[f64],
    convention: TieConvention,
) -> Result<TieThreshold, StatsError> {
    for (argument, numbers) in [("margins", margins), ("candidates", candidates)] {
        if let Some(number) = numbers.iter().find(|number| !number.is_finite()) {
            return Err(StatsError::Argument {
                argument,
                value: number.to_string(),
                allowed: "finite numbers",
            });
        }
    }
    let mut best: Option<TieThreshold> = None;
    for &threshold in candidates {
        let predicted: Vec<Preference> = margins
            .iter()
            .map(|margin| Preference::from_margin(*margin, threshold))
            .collect();
        let accuracy = convention.accuracy(preference_counts(&predicted, human)?);
        if let Some(accuracy) = accuracy
            && best.is_none_or(|best| accuracy > best.accuracy)
        {
            best = Some(TieThreshold {
                threshold,
                accuracy,
            });
        }
    }
    best.ok_or(StatsError::TooFew {
        statistic: "best_tie_threshold",
        needed: 1,
        got: 0,
    })
}
