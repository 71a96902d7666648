//! Prediction-powered inference: a judge's mean over all items, corrected by few human labels.
//!
//! Angelopoulos et al. 2023 (PPI) and 2023b (PPI++). The interval holds whatever the judge is worth, if the
//! labelled items are a random part of all; the check of that goes with every result.

use super::few_labels::{FewLabels, LabelledCheck};
use crate::stats::fit::moments::{co_deviation, mean, normal_width};
use crate::stats::{Estimate, Interval, Side, StatsError};
use std::borrow::Cow;

/// How much of the judge's values enters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lambda {
    /// All of it: plain PPI.
    One,
    /// The amount with the least variance, held to 0..=1: PPI++.
    Tuned,
    /// A given amount; 0 leaves the labels alone.
    Fixed(f64),
}

/// A corrected figure beside those that it improves on.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrected {
    /// The corrected figure with its interval.
    pub estimate: Estimate,
    /// How much of the judge's values entered.
    pub lambda: f64,
    /// The same from the human labels alone.
    pub labels_only: Estimate,
    /// The same from the judge's values of unlabelled items alone: it has no correction and no interval.
    pub judge_only: Estimate,
    /// How many labels would give the same variance without a judge.
    pub effective_labels: f64,
    /// Whether the labelled items look like a random part of all.
    pub check: LabelledCheck,
}

/// The mean human value over all items.
///
/// ```text
/// mean = lambda mean(f unlabelled) + mean(human - lambda f labelled)
/// variance = lambda^2 var(f unlabelled) / N + var(human - lambda f labelled) / n
/// ```
/// Same as `ppi_py.ppi_mean_ci`: variances divide by n and N; the tuned lambda is
/// `cov(human, f) / ((1 + n / N) var(f))`, its variance over both parts and with n + N - 1.
///
/// ```
/// use opine::stats::{PairedSample, correcting::{FewLabels, Lambda, corrected_mean}};
/// let labelled = PairedSample::new(&[1.0, 2.0, 3.0, 4.0], &[2.0, 3.0, 4.0, 5.0])?;
/// let few = FewLabels::new(labelled, &[1.0, 2.0, 2.0, 3.0, 4.0, 3.0])?;
/// let corrected = corrected_mean(&few, Lambda::One, 0.95)?;
/// assert!((corrected.estimate.value - 3.5).abs() < 1e-12);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] for a level that is not strictly between 0 and 1, or a lambda that is not finite;
/// [`StatsError::Undefined`] where nothing varies, so that the interval would have no width.
pub fn corrected_mean(
    items: &FewLabels,
    lambda: Lambda,
    level: f64,
) -> Result<Corrected, StatsError> {
    corrected("mean", items, lambda, level)
}

/// The share of items that people would call positive.
///
/// Human labels are 0 or 1; the judge's values are verdicts or probabilities, 0..=1. The interval is that of
/// the mean, cut to 0..=1.
///
/// # Errors
/// As for [`corrected_mean`], and [`StatsError::Argument`] for a label that is not 0 or 1 or a judge's value
/// outside of 0..=1.
pub fn corrected_proportion(
    items: &FewLabels,
    lambda: Lambda,
    level: f64,
) -> Result<Corrected, StatsError> {
    let judged = items
        .labelled()
        .predicted()
        .iter()
        .chain(items.unlabelled());
    require_unit(Side::Predicted, judged, |value| {
        (0.0..=1.0).contains(&value)
    })?;
    let is_verdict = |value: f64| [0.0, 1.0].contains(&value);
    require_unit(Side::Human, items.labelled().human().iter(), is_verdict)?;
    let mut corrected = corrected("proportion", items, lambda, level)?;
    for estimate in [&mut corrected.estimate, &mut corrected.labels_only] {
        if let Some(interval) = &mut estimate.interval {
            interval.low = interval.low.clamp(0.0, 1.0);
            interval.high = interval.high.clamp(0.0, 1.0);
        }
    }
    Ok(corrected)
}

fn require_unit<'a>(
    side: Side,
    mut values: impl Iterator<Item = &'a f64>,
    allowed: impl Fn(f64) -> bool,
) -> Result<(), StatsError> {
    match values.find(|value| !allowed(**value)) {
        None => Ok(()),
        Some(value) => Err(StatsError::Argument {
            argument: match side {
                Side::Predicted => "predicted",
                Side::Human => "human",
            },
            value: value.to_string(),
            allowed: match side {
                Side::Predicted => "0 to 1",
                Side::Human => "0 or 1",
            },
        }),
    }
}

fn corrected(
    name: &'static str,
    items: &FewLabels,
    lambda: Lambda,
    level: f64,
) -> Result<Corrected, StatsError> {
    let z = normal_width(level)?;
    let (human, judged) = (items.labelled().human(), items.labelled().predicted());
    let unlabelled = items.unlabelled();
    let (n, others) = (human.len() as f64, unlabelled.len() as f64);
    let all_judged: Vec<f64> = judged.iter().chain(unlabelled).copied().collect();
    let lambda = match lambda {
        Lambda::One => 1.0,
        Lambda::Fixed(lambda) => checked(lambda)?,
        Lambda::Tuned => least_variance(human, judged, &all_judged, unlabelled.len()),
    };
    let rest: Vec<f64> = (human.iter().zip(judged))
        .map(|(human, judged)| human - lambda * judged)
        .collect();
    let value = lambda * mean(unlabelled) + mean(&rest);
    let variance = lambda * lambda * co_deviation(unlabelled, unlabelled) / (others * others)
        + co_deviation(&rest, &rest) / (n * n);
    require_variance(name, variance)?;
    let of_labels = co_deviation(human, human) / (n * n);
    let interval =
        |value: f64, variance: f64, method| normal_interval(value, variance, z, level, method);
    Ok(Corrected {
        estimate: Estimate::new(
            name,
            value,
            all_judged.len(),
            format!("prediction-powered, lambda {lambda:.6}, {n} labelled and {others} unlabelled"),
        )
        .with_interval(interval(value, variance, "prediction-powered, normal")),
        lambda,
        labels_only: Estimate::new(name, mean(human), human.len(), "human labels only")
            .with_interval(interval(mean(human), of_labels, "normal")),
        judge_only: Estimate::new(
            name,
            mean(unlabelled),
            unlabelled.len(),
            "judge only, unlabelled items, not corrected",
        ),
        effective_labels: n * of_labels / variance,
        check: items.check(),
    })
}

/// Refuses an interval without width: the few labels then say nothing of how far they may be off.
pub(super) fn require_variance(statistic: &'static str, variance: f64) -> Result<(), StatsError> {
    if variance > 0.0 {
        return Ok(());
    }
    Err(StatsError::Undefined {
        statistic,
        reason: "the labelled items do not vary, so that no interval can be drawn".to_owned(),
    })
}

/// Lambda with the least variance, held to 0..=1; 0 for a judge that does not vary.
///
/// The four columns are the influence of each item: for a mean the values themselves.
pub(super) fn least_variance(
    human: &[f64],
    judged: &[f64],
    all_judged: &[f64],
    unlabelled: usize,
) -> f64 {
    let n = human.len() as f64;
    let shared = co_deviation(human, judged) / n;
    let spread = co_deviation(all_judged, all_judged) / (all_judged.len() as f64 - 1.0);
    if spread <= 0.0 {
        return 0.0;
    }
    (shared / ((1.0 + n / unlabelled as f64) * spread)).clamp(0.0, 1.0)
}

pub(super) fn checked(lambda: f64) -> Result<f64, StatsError> {
    if lambda.is_finite() {
        return Ok(lambda);
    }
    Err(StatsError::Argument {
        argument: "lambda",
        value: lambda.to_string(),
        allowed: "a finite number",
    })
}

pub(super) fn normal_interval(
    value: f64,
    variance: f64,
    z: f64,
    level: f64,
    method: impl Into<Cow<'static, str>>,
) -> Interval {
    let half = z * variance.sqrt();
    Interval {
        low: value - half,
        high: value + half,
        level,
        method: method.into(),
    }
}
