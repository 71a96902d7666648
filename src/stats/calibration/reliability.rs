//! Reliability tables, and the errors that are read from them.

use super::forecast::BinaryForecast;
use super::proportion::{BinomialInterval, binomial_interval};
use crate::stats::fit::moments::{mean, quantile};
use crate::stats::{Estimate, Interval, StatsError};

/// How probabilities are grouped. Equal probabilities always share a bin, and a bin owns its upper edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binning {
    /// This many bins of equal width over 0..=1 (Guo et al. 2017).
    EqualWidth(usize),
    /// Edges at the quantiles of the probabilities, this many bins at most; quantiles as in numpy.
    ///
    /// Same edges as `sklearn.calibration.calibration_curve(strategy="quantile")`.
    EqualMass(usize),
}

impl Binning {
    fn count(self) -> usize {
        match self {
            Binning::EqualWidth(count) | Binning::EqualMass(count) => count,
        }
    }

    fn convention(self) -> String {
        match self {
            Binning::EqualWidth(count) => format!("{count} bins of equal width, closed above"),
            Binning::EqualMass(count) => format!("{count} bins of equal mass, closed above"),
        }
    }
}

/// One row of a reliability table.
#[derive(Debug, Clone, PartialEq)]
pub struct ReliabilityBin {
    /// Lower edge, outside of the bin except in the first.
    pub low: f64,
    /// Upper edge, inside the bin.
    pub high: f64,
    /// Number of forecasts, at least one.
    pub n: usize,
    /// Mean of the stated probabilities.
    pub stated: f64,
    /// Share of events that happened.
    pub observed: f64,
    /// Interval of `observed`.
    pub interval: Interval,
}

/// The bins that hold at least one forecast, in ascending order.
///
/// # Errors
/// [`StatsError::Argument`] for no bins, or a level that is not strictly between 0 and 1.
pub fn reliability_table(
    forecast: &BinaryForecast,
    binning: Binning,
    kind: BinomialInterval,
    level: f64,
) -> Result<Vec<ReliabilityBin>, StatsError> {
    let edges = edges(forecast, binning)?;
    members(forecast, &edges)
        .into_iter()
        .enumerate()
        .filter(|(_, members)| !members.is_empty())
        .map(|(bin, members)| {
            let happened = members.iter().filter(|index| forecast.outcomes()[**index]);
            let happened = happened.count();
            let stated: Vec<f64> = (members.iter())
                .map(|index| forecast.probabilities()[*index])
                .collect();
            Ok(ReliabilityBin {
                low: edges[bin],
                high: edges[bin + 1],
                n: members.len(),
                stated: mean(&stated),
                observed: happened as f64 / members.len() as f64,
                interval: binomial_interval(happened, members.len(), level, kind)?,
            })
        })
        .collect()
}

/// Expected calibration error: mean over forecasts of `|observed - stated|` of their bin.
///
/// ```text
/// ECE = sum_b (n_b / n) |observed_b - stated_b|
/// ```
/// It depends on the bins and is above zero for a perfect judge, the more so the fewer items a bin has;
/// read it beside the table.
///
/// # Errors
/// [`StatsError::Argument`] for no bins.
pub fn expected_calibration_error(
    forecast: &BinaryForecast,
    binning: Binning,
) -> Result<Estimate, StatsError> {
    let table = reliability_table(forecast, binning, BinomialInterval::Wilson, 0.95)?;
    let sum: f64 = (table.iter())
        .map(|bin| bin.n as f64 * (bin.observed - bin.stated).abs())
        .sum();
    let n = forecast.len();
    Ok(Estimate::new(
        "expected_calibration_error",
        sum / n as f64,
        n,
        binning.convention(),
    ))
}

/// Maximum calibration error: the largest `|observed - stated|` of a bin that holds a forecast.
///
/// # Errors
/// [`StatsError::Argument`] for no bins.
pub fn maximum_calibration_error(
    forecast: &BinaryForecast,
    binning: Binning,
) -> Result<Estimate, StatsError> {
    let table = reliability_table(forecast, binning, BinomialInterval::Wilson, 0.95)?;
    let gaps = table.iter().map(|bin| (bin.observed - bin.stated).abs());
    Ok(Estimate::new(
        "maximum_calibration_error",
        gaps.fold(0.0, f64::max),
        forecast.len(),
        binning.convention(),
    ))
}

/// Indices of the forecasts in each bin, empty bins included.
pub(super) fn members(forecast: &BinaryForecast, edges: &[f64]) -> Vec<Vec<usize>> {
    let inner = &edges[1..edges.len() - 1];
    let mut members = vec![Vec::new(); edges.len() - 1];
    for (index, probability) in forecast.probabilities().iter().enumerate() {
        members[inner.partition_point(|edge| edge < probability)].push(index);
    }
    members
}

pub(super) fn edges(forecast: &BinaryForecast, binning: Binning) -> Result<Vec<f64>, StatsError> {
    let count = binning.count();
    if count == 0 {
        return Err(StatsError::Argument {
            argument: "bins",
            value: "0".to_owned(),
            allowed: "at least 1",
        });
    }
    let shares = (0..=count).map(|k| k as f64 / count as f64);
    Ok(match binning {
        Binning::EqualWidth(_) => shares.collect(),
        Binning::EqualMass(_) => {
            let mut sorted = forecast.probabilities().to_vec();
            sorted.sort_by(f64::total_cmp);
            shares.map(|share| quantile(&sorted, share)).collect()
        }
    })
}
