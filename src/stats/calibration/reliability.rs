//! Reliability tables, and the errors that are read from them.

use super::forecast::BinaryForecast;
use super::proportion::{BinomialInterval, binomial_interval};
use crate::stats::fit::moments::{mean, quantile};
use crate::stats::resample::Plan;
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
/// read it beside the table. The interval is that of the percentile bootstrap over items by `plan`, with the bins
/// held; it inherits the upward bias, so that its lower end stays above zero for a perfect judge too.
///
/// # Errors
/// [`StatsError::Argument`] for no bins.
pub fn expected_calibration_error(
    forecast: &BinaryForecast,
    binning: Binning,
    plan: &Plan,
) -> Result<Estimate, StatsError> {
    let name = "expected_calibration_error";
    over_bins(name, forecast, binning, plan, |gaps, n| {
        gaps.map(|(share, gap)| share * gap).sum::<f64>() / n
    })
}

/// Maximum calibration error: the largest `|observed - stated|` of a bin that holds a forecast.
///
/// The interval is that of the percentile bootstrap over items by `plan`, with the bins held. It is moved by the
/// bin with the fewest items, and biased upward as the error itself is.
///
/// # Errors
/// [`StatsError::Argument`] for no bins.
pub fn maximum_calibration_error(
    forecast: &BinaryForecast,
    binning: Binning,
    plan: &Plan,
) -> Result<Estimate, StatsError> {
    let name = "maximum_calibration_error";
    over_bins(name, forecast, binning, plan, |gaps, _| {
        gaps.map(|(_, gap)| gap).fold(0.0, f64::max)
    })
}

/// A summary of the gaps of the bins that hold a forecast, each with its number of forecasts.
fn over_bins(
    name: &'static str,
    forecast: &BinaryForecast,
    binning: Binning,
    plan: &Plan,
    summary: impl Fn(&mut dyn Iterator<Item = (f64, f64)>, f64) -> f64 + Sync,
) -> Result<Estimate, StatsError> {
    let members = members(forecast, &edges(forecast, binning)?);
    let mut bin_of = vec![0; forecast.len()];
    for (bin, members) in members.iter().enumerate() {
        for index in members {
            bin_of[*index] = bin;
        }
    }
    let excess: Vec<f64> = forecast
        .pairs()
        .map(|(stated, seen)| seen - stated)
        .collect();
    let of_items = |drawn: &[u32]| {
        let mut sums = vec![(0.0, 0.0); members.len()];
        for at in drawn {
            let (count, sum) = &mut sums[bin_of[*at as usize]];
            *count += 1.0;
            *sum += excess[*at as usize];
        }
        let held = sums.into_iter().filter(|(count, _)| *count > 0.0);
        let mut gaps = held.map(|(count, sum): (f64, f64)| (count, (sum / count).abs()));
        summary(&mut gaps, drawn.len() as f64)
    };
    let n = forecast.len();
    let every = u32::try_from(n).expect("items are counted in 32 bits");
    let value = of_items(&(0..every).collect::<Vec<u32>>());
    let estimate = Estimate::new(name, value, n, binning.convention());
    Ok(estimate.resampled(n, plan, of_items))
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
