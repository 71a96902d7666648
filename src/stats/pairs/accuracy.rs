//! Accuracy over all pairs of items, in each published convention.

use super::super::tails::normal_interval;
use super::super::{Estimate, PairCounts, PairedSample, StatsError};
use super::counts::{ItemCounts, item_counts, total, without};

/// Which pairs count, and what a tie is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TieConvention {
    /// `(C + T_both) / all`: a tie is a third answer, and right when both tie.
    ///
    /// `acc_eq` of Deutsch, Foster and Freitag, "Ties Matter" (EMNLP 2023); "with tie" of MLLM-as-a-Judge.
    WithTies,
    /// `C / (C + D + T_predicted)`: pairs that people tie are left out, and a judge's tie is wrong.
    ///
    /// "without tie" of MLLM-as-a-Judge; the accuracy of HPSv2 and ImageReward.
    WithoutHumanTies,
    /// `(C + T_predicted / 2) / (C + D + T_predicted)`: the same, but a judge's tie earns one half.
    HalfForPredictedTies,
    /// `(C + T_both + (T_human + T_predicted) / 2) / all`: one half wherever exactly one of the two ties.
    ///
    /// The credit of PickScore's evaluation.
    HalfForOneSidedTies,
    /// `C / (C + D)`: every pair that either of the two ties is left out.
    WithoutAnyTies,
}

impl TieConvention {
    /// What a report prints.
    pub fn describe(self) -> &'static str {
        match self {
            TieConvention::WithTies => "acc_eq: ties are right when both tie, all pairs count",
            TieConvention::WithoutHumanTies => {
                "pairs people tie are left out, a judge's tie is wrong"
            }
            TieConvention::HalfForPredictedTies => {
                "pairs people tie are left out, a judge's tie earns one half"
            }
            TieConvention::HalfForOneSidedTies => {
                "one half where exactly one of the two ties, all pairs count"
            }
            TieConvention::WithoutAnyTies => "pairs that either of the two ties are left out",
        }
    }

    /// Twice the credit earned, and the pairs that count.
    fn twice_credit(self, counts: PairCounts) -> (u64, u64) {
        let PairCounts {
            concordant,
            discordant,
            tied_human,
            tied_predicted,
            tied_both,
        } = counts;
        let ordered_by_people = concordant + discordant + tied_predicted;
        match self {
            TieConvention::WithTies => (2 * (concordant + tied_both), counts.total()),
            TieConvention::WithoutHumanTies => (2 * concordant, ordered_by_people),
            TieConvention::HalfForPredictedTies => {
                (2 * concordant + tied_predicted, ordered_by_people)
            }
            TieConvention::HalfForOneSidedTies => (
                2 * (concordant + tied_both) + tied_human + tied_predicted,
                counts.total(),
            ),
            TieConvention::WithoutAnyTies => (2 * concordant, concordant + discordant),
        }
    }

    /// The accuracy, or nothing where no pair counts.
    pub fn accuracy(self, counts: PairCounts) -> Option<f64> {
        let (credit, pairs) = self.twice_credit(counts);
        (pairs > 0).then(|| credit as f64 / (2 * pairs) as f64)
    }

    /// How many pairs count.
    pub fn pairs(self, counts: PairCounts) -> u64 {
        self.twice_credit(counts).1
    }
}

/// Share of pairs of items that the judge orders as people do.
///
/// The judge ties a pair whose values differ by `epsilon` or less. The interval is a normal one whose standard
/// error comes from leaving out one item at a time, because pairs that share an item are not independent.
/// `n` is the number of items. Same value as `mt_metrics_eval.stats.KendallVariants(variant="acc23")` for
/// [`TieConvention::WithTies`].
///
/// ```
/// use opine::stats::{PairedSample, pairs::{TieConvention, pairwise_accuracy}};
/// let sample = PairedSample::new(&[2.0, 1.0, 1.5, 5.0, 3.0], &[1.0, 2.0, 2.0, 3.0, 4.0])?;
/// assert_eq!(pairwise_accuracy(&sample, TieConvention::WithTies, 0.0)?.value, 0.6);
/// assert_eq!(pairwise_accuracy(&sample, TieConvention::WithTies, 2.0)?.value, 0.4);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] below two items, [`StatsError::Undefined`] when no pair counts,
/// [`StatsError::Argument`] for a negative `epsilon`.
pub fn pairwise_accuracy(
    sample: &PairedSample,
    convention: TieConvention,
    epsilon: f64,
) -> Result<Estimate, StatsError> {
    ItemPairs::of(sample, epsilon)?.accuracy(convention)
}

/// Agreement on pairs from -1 to 1 where ties are answers: `(C + T_both - D - T_human - T_predicted) / all`.
///
/// `tau_eq` of Deutsch, Foster and Freitag (2023); it is `2 acc_eq - 1`. Same as
/// `mt_metrics_eval.stats.KendallVariants(variant="23")`.
///
/// # Errors
/// As [`pairwise_accuracy`].
pub fn tau_eq(sample: &PairedSample, epsilon: f64) -> Result<Estimate, StatsError> {
    ItemPairs::of(sample, epsilon)?.tau_eq()
}

/// The pairs of a sample, counted once for any number of conventions.
///
/// ```
/// use opine::stats::{PairedSample, pairs::{ItemPairs, TieConvention}};
/// let pairs = ItemPairs::of(&PairedSample::new(&[2.0, 1.0, 1.5], &[1.0, 2.0, 2.0])?, 0.0)?;
/// assert_eq!(pairs.accuracy(TieConvention::WithTies)?.value, 0.0);
/// assert_eq!(pairs.tau_eq()?.value, -1.0);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ItemPairs {
    items: Vec<ItemCounts>,
    all: PairCounts,
    epsilon: f64,
}

impl ItemPairs {
    /// Counts in O(n log n) time and some 50 bytes an item.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below two items, [`StatsError::Argument`] for a negative `epsilon`.
    pub fn of(sample: &PairedSample, epsilon: f64) -> Result<Self, StatsError> {
        if sample.len() < 2 {
            return Err(StatsError::TooFew {
                statistic: "pairwise_accuracy",
                needed: 2,
                got: sample.len(),
            });
        }
        let items = item_counts(sample, epsilon)?;
        let all = total(&items);
        Ok(ItemPairs {
            items,
            all,
            epsilon,
        })
    }

    /// See [`pairwise_accuracy`].
    ///
    /// # Errors
    /// [`StatsError::Undefined`] when no pair counts.
    pub fn accuracy(&self, convention: TieConvention) -> Result<Estimate, StatsError> {
        let description = convention.describe();
        self.estimate("pairwise_accuracy", description, (0.0, 1.0), |counts| {
            convention.accuracy(counts)
        })
    }

    /// See [`tau_eq`].
    ///
    /// # Errors
    /// [`StatsError::Undefined`] when no pair counts.
    pub fn tau_eq(&self) -> Result<Estimate, StatsError> {
        let description = "ties are right when both tie, all pairs count";
        self.estimate("tau_eq", description, (-1.0, 1.0), |counts| {
            Some(2.0 * TieConvention::WithTies.accuracy(counts)? - 1.0)
        })
    }

    fn estimate(
        &self,
        name: &'static str,
        description: &str,
        range: (f64, f64),
        statistic: impl Fn(PairCounts) -> Option<f64>,
    ) -> Result<Estimate, StatsError> {
        let value = statistic(self.all).ok_or_else(|| StatsError::Undefined {
            statistic: name,
            reason: "every pair is left out by the convention for ties".to_owned(),
        })?;
        let convention = if self.epsilon <= 0.0 {
            format!("{description}; equal values tie")
        } else {
            format!("{description}; the judge ties within {}", self.epsilon)
        };
        let estimate = Estimate::new(name, value, self.items.len(), convention);
        Ok(match jackknife_error(&self.items, self.all, statistic) {
            Some(error) => estimate.with_interval(normal_interval(
                value,
                error,
                range,
                "normal, standard error by leaving out one item at a time",
            )),
            None => estimate,
        })
    }
}

/// Standard error by the jackknife; nothing where the statistic does not exist without some item.
fn jackknife_error(
    items: &[ItemCounts],
    all: PairCounts,
    statistic: impl Fn(PairCounts) -> Option<f64>,
) -> Option<f64> {
    // Two passes instead of a column of values: n may be ten million.
    let left_out = || items.iter().map(|item| statistic(without(all, *item)));
    let size = items.len() as f64;
    let mean = left_out().sum::<Option<f64>>()? / size;
    let squares: f64 = left_out()
        .flatten()
        .map(|value| (value - mean).powi(2))
        .sum();
    Some(((size - 1.0) / size * squares).sqrt())
}
