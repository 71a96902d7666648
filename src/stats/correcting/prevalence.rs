//! Rogan and Gladen's correction: a judge's share of positives, corrected by its known errors.

use crate::stats::calibration::{BinomialInterval, binomial_interval};
use crate::stats::fit::moments::{check_level, normal_width, quantile};
use crate::stats::resample::CounterRng;
use crate::stats::{Estimate, Interval, StatsError};

/// What the judge said of items that people had called positive or negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownVerdicts {
    /// Positive to people.
    pub positives: usize,
    /// Of these, positive to the judge.
    pub positives_found: usize,
    /// Negative to people.
    pub negatives: usize,
    /// Of these, negative to the judge.
    pub negatives_found: usize,
}

/// How the interval of a prevalence is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrevalenceInterval {
    /// Delta method: normal, too short for few labels or shares near 0 and 1.
    Delta,
    /// Percentiles of a parametric bootstrap of all three shares. Time grows with resamples times items.
    Bootstrap {
        /// Number of resamples, at least 100.
        resamples: usize,
        /// Seed; the same one gives the same interval.
        seed: u64,
    },
}

/// A corrected prevalence and what it was corrected by.
#[derive(Debug, Clone, PartialEq)]
pub struct Prevalence {
    /// Share of positives as people would see it, held to 0..=1.
    pub estimate: Estimate,
    /// The formula's value before it was held to 0..=1; outside, the known errors do not fit these items.
    pub unbounded: f64,
    /// The judge's own share of positives.
    pub apparent: Estimate,
    /// Share of people's positives that the judge finds.
    pub sensitivity: Estimate,
    /// Share of people's negatives that the judge finds.
    pub specificity: Estimate,
}

/// Corrects the share `judged_positive / judged` by the judge's known errors (Rogan, Gladen 1978).
///
/// ```text
/// prevalence = (apparent + specificity - 1) / (sensitivity + specificity - 1)
/// ```
/// It holds where the errors are the same on these items as on the labelled ones, which may have another
/// prevalence. The three shares are taken as independent: labelled items are not among `judged`.
///
/// ```
/// use opine::stats::correcting::{KnownVerdicts, PrevalenceInterval, corrected_prevalence};
/// let known = KnownVerdicts { positives: 50, positives_found: 45, negatives: 50, negatives_found: 40 };
/// let found = corrected_prevalence(300, 1000, known, PrevalenceInterval::Delta, 0.95)?;
/// assert!((found.estimate.value - 1.0 / 7.0).abs() < 1e-12);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] without a judged item, a labelled positive or a labelled negative;
/// [`StatsError::Argument`] for a part larger than its whole, a level, or fewer than 100 resamples;
/// [`StatsError::Undefined`] where the judge does no better than chance, or so close to it that one
/// resample in twenty does not.
pub fn corrected_prevalence(
    judged_positive: usize,
    judged: usize,
    known: KnownVerdicts,
    interval: PrevalenceInterval,
    level: f64,
) -> Result<Prevalence, StatsError> {
    check_level(level)?;
    let shares = Shares {
        apparent: judged_positive as f64 / judged as f64,
        sensitivity: known.positives_found as f64 / known.positives as f64,
        specificity: known.negatives_found as f64 / known.negatives as f64,
    };
    let share = |name, part, whole| -> Result<Estimate, StatsError> {
        let interval = binomial_interval(part, whole, level, BinomialInterval::Wilson)?;
        Ok(Estimate::new(name, part as f64 / whole as f64, whole, "share").with_interval(interval))
    };
    let apparent = share("apparent_prevalence", judged_positive, judged)?;
    let sensitivity = share("sensitivity", known.positives_found, known.positives)?;
    let specificity = share("specificity", known.negatives_found, known.negatives)?;
    let unbounded = shares.prevalence().ok_or_else(|| {
        undefined(format!(
            "sensitivity {:.3} and specificity {:.3} are no better than chance",
            shares.sensitivity, shares.specificity
        ))
    })?;
    let sizes = [judged, known.positives, known.negatives];
    let interval = match interval {
        PrevalenceInterval::Delta => delta(&shares, unbounded, sizes, level)?,
        PrevalenceInterval::Bootstrap { resamples, seed } => {
            bootstrap(&shares, sizes, level, resamples, seed)?
        }
    };
    Ok(Prevalence {
        estimate: Estimate::new(
            "prevalence",
            unbounded.clamp(0.0, 1.0),
            judged,
            "Rogan-Gladen, held to 0..=1",
        )
        .with_interval(interval),
        unbounded,
        apparent,
        sensitivity,
        specificity,
    })
}

#[derive(Clone, Copy)]
struct Shares {
    apparent: f64,
    sensitivity: f64,
    specificity: f64,
}

impl Shares {
    fn better_than_chance(&self) -> f64 {
        self.sensitivity + self.specificity - 1.0
    }

    fn prevalence(&self) -> Option<f64> {
        // Two shares that sum to one differ from it by rounding.
        let above_chance = self.better_than_chance();
        (above_chance > 1e-12).then(|| (self.apparent + self.specificity - 1.0) / above_chance)
    }
}

fn delta(
    shares: &Shares,
    prevalence: f64,
    sizes: [usize; 3],
    level: f64,
) -> Result<Interval, StatsError> {
    let variance = |share: f64, n: usize| share * (1.0 - share) / n as f64;
    let sum = variance(shares.apparent, sizes[0])
        + prevalence.powi(2) * variance(shares.sensitivity, sizes[1])
        + (1.0 - prevalence).powi(2) * variance(shares.specificity, sizes[2]);
    let half = normal_width(level)? * sum.sqrt() / shares.better_than_chance();
    Ok(Interval {
        low: (prevalence - half).clamp(0.0, 1.0),
        high: (prevalence + half).clamp(0.0, 1.0),
        level,
        method: "delta method, held to 0..=1".into(),
    })
}

fn bootstrap(
    shares: &Shares,
    sizes: [usize; 3],
    level: f64,
    resamples: usize,
    seed: u64,
) -> Result<Interval, StatsError> {
    if resamples < 100 {
        return Err(StatsError::Argument {
            argument: "resamples",
            value: resamples.to_string(),
            allowed: "at least 100",
        });
    }
    let mut values: Vec<f64> = (0_u64..)
        .take(resamples)
        .filter_map(|stream| {
            let mut random = CounterRng::new(seed, stream);
            let mut draw = |share: f64, n: usize| {
                let hits = (0..n).filter(|_| random.uniform() < share).count();
                hits as f64 / n as f64
            };
            let again = Shares {
                apparent: draw(shares.apparent, sizes[0]),
                sensitivity: draw(shares.sensitivity, sizes[1]),
                specificity: draw(shares.specificity, sizes[2]),
            };
            again.prevalence()
        })
        .map(|prevalence| prevalence.clamp(0.0, 1.0))
        .collect();
    let lost = resamples - values.len();
    if lost * 20 > resamples {
        return Err(undefined(format!(
            "{lost} of {resamples} resamples are no better than chance"
        )));
    }
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Ok(Interval {
        low: quantile(&values, tail),
        high: quantile(&values, 1.0 - tail),
        level,
        method: format!("parametric bootstrap, percentile, {resamples} resamples, seed {seed}")
            .into(),
    })
}

fn undefined(reason: String) -> StatsError {
    StatsError::Undefined {
        statistic: "prevalence",
        reason,
    }
}
