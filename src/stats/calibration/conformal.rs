//! Split-conformal intervals: a coverage that holds for any judge, if new items come as the old did.

use super::forecast::{require_finite, same_length};
use super::proportion::{BinomialInterval, binomial_interval};
use crate::stats::{Estimate, Interval, PairedSample, StatsError};

/// The finite-sample quantile of nonconformity scores: the `ceil((n + 1) (1 - alpha))`-th smallest.
///
/// A new exchangeable score is at most this with probability 1 - alpha or more, and, without ties, less than
/// `1 - alpha + 1 / (n + 1)` (Vovk; Lei et al. 2018). The rank is taken of `(n + 1) (1 - alpha) - 1e-9`, so
/// that rounding of a whole number does not raise it.
///
/// ```
/// use opine::stats::calibration::conformal_quantile;
/// let scores: Vec<f64> = (1..=19).map(f64::from).collect();
/// assert_eq!(conformal_quantile(&scores, 0.1)?, 18.0);
/// assert!(conformal_quantile(&scores[..8], 0.1).is_err());
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] unless `alpha` is strictly between 0 and 1; [`StatsError::NonFinite`];
/// [`StatsError::TooFew`] where so few scores give no finite quantile.
pub fn conformal_quantile(scores: &[f64], alpha: f64) -> Result<f64, StatsError> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(StatsError::Argument {
            argument: "alpha",
            value: alpha.to_string(),
            allowed: "above 0 and below 1",
        });
    }
    require_finite(scores)?;
    let n = scores.len();
    let rank = ((n as f64 + 1.0) * (1.0 - alpha) - 1e-9).ceil().max(1.0);
    if rank > n as f64 {
        return Err(StatsError::TooFew {
            statistic: "conformal quantile",
            needed: whole(((1.0 - alpha) / alpha - 1e-9).ceil().max(1.0)),
            got: n,
        });
    }
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(sorted[whole(rank) - 1])
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank is a whole number of at least one"
)]
fn whole(rank: f64) -> usize {
    rank as usize
}

/// An interval for the human value around each predicted one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitConformal {
    quantile: f64,
    alpha: f64,
    n: usize,
}

impl SplitConformal {
    /// From the errors of a sample that the prediction was not fitted on.
    ///
    /// `spreads` divides each error by what the judge says of its own spread; the interval is then wider where
    /// the judge is less sure. Without it all intervals are equally wide.
    ///
    /// # Errors
    /// As for [`conformal_quantile`]; [`StatsError::LengthMismatch`]; [`StatsError::Argument`] for a spread that
    /// is not positive.
    pub fn calibrate(
        sample: &PairedSample,
        spreads: Option<&[f64]>,
        alpha: f64,
    ) -> Result<Self, StatsError> {
        let ones = vec![1.0; sample.len()];
        let spreads = spreads.unwrap_or(&ones);
        same_length(sample.len(), spreads.len())?;
        spreads
            .iter()
            .try_for_each(|spread| check_spread(*spread))?;
        let pairs = sample.predicted().iter().zip(sample.human());
        let scores: Vec<f64> = pairs
            .zip(spreads)
            .map(|((predicted, human), spread)| (human - predicted).abs() / spread)
            .collect();
        Ok(SplitConformal {
            quantile: conformal_quantile(&scores, alpha)?,
            alpha,
            n: sample.len(),
        })
    }

    /// Half-width for a spread of 1.
    pub fn half_width(&self) -> f64 {
        self.quantile
    }

    /// Interval of the human value for `predicted`, with spread 1 where the fit had none.
    ///
    /// # Errors
    /// [`StatsError::Argument`] for a spread that is not positive and finite.
    pub fn interval(&self, predicted: f64, spread: f64) -> Result<Interval, StatsError> {
        check_spread(spread)?;
        Ok(Interval {
            low: predicted - self.quantile * spread,
            high: predicted + self.quantile * spread,
            level: 1.0 - self.alpha,
            method: format!("split conformal, {} items", self.n).into(),
        })
    }
}

fn check_spread(spread: f64) -> Result<(), StatsError> {
    if spread > 0.0 && spread.is_finite() {
        return Ok(());
    }
    Err(StatsError::Argument {
        argument: "spread",
        value: spread.to_string(),
        allowed: "positive and finite",
    })
}

/// Answers that are kept at a quantile of `1 - probability of the right answer`; may be none.
pub fn prediction_set(probabilities: &[f64], quantile: f64) -> Vec<usize> {
    let kept = |answer: &usize| 1.0 - probabilities[*answer] <= quantile;
    (0..probabilities.len()).filter(kept).collect()
}

/// Share of human values inside their interval, ends included, with Clopper and Pearson's interval.
///
/// # Errors
/// [`StatsError::LengthMismatch`], [`StatsError::TooFew`] for none.
pub fn measured_coverage(intervals: &[Interval], human: &[f64]) -> Result<Estimate, StatsError> {
    same_length(intervals.len(), human.len())?;
    let inside =
        |(interval, value): &(&Interval, &f64)| (interval.low..=interval.high).contains(*value);
    let covered = intervals.iter().zip(human).filter(inside).count();
    let n = human.len();
    let interval = binomial_interval(covered, n, 0.95, BinomialInterval::ClopperPearson)?;
    Ok(
        Estimate::new("coverage", covered as f64 / n as f64, n, "both ends inside")
            .with_interval(interval),
    )
}
