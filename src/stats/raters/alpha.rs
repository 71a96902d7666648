//! Krippendorff's alpha.

use super::super::resample::CounterRng;
use super::super::tails::{LEVEL, percentile_interval};
use super::super::{Estimate, Interval, StatsError};
use super::Ratings;
use super::ratings::levels;

/// How far apart two ratings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measurement {
    /// Different labels are equally far apart.
    Nominal,
    /// By how many ratings lie between them.
    Ordinal,
    /// By the square of their difference.
    Interval,
    /// By the square of their difference over their sum; for values from 0 up.
    Ratio,
}

impl Measurement {
    fn describe(self) -> &'static str {
        match self {
            Measurement::Nominal => "nominal",
            Measurement::Ordinal => "ordinal",
            Measurement::Interval => "interval",
            Measurement::Ratio => "ratio",
        }
    }
}

/// Krippendorff's alpha, with a percentile interval from resampling items.
///
/// ```text
/// alpha = 1 - D_o / D_e
/// ```
/// D_o: mean distance of ratings of one item; D_e: of any two ratings. Items with fewer than two ratings are
/// left out. Same value as `krippendorff.alpha`; the interval draws whole items `resamples` times (0 for no
/// interval) and recomputes both parts, leaving out draws in which all ratings are the same. `n` is the number
/// of items with two ratings. Krippendorff, "Content Analysis" (2004). Time grows with the number of items,
/// for [`Measurement::Ratio`] also with the square of the number of distinct values.
///
/// ```
/// use opine::stats::raters::{Measurement, Ratings, krippendorff_alpha};
/// let ratings = Ratings::new(&[
///     vec![Some(1.0), Some(2.0), Some(3.0), Some(3.0), None],
///     vec![Some(1.0), Some(2.0), Some(3.0), Some(4.0), Some(2.0)],
/// ])?;
/// let alpha = krippendorff_alpha(&ratings, Measurement::Interval, 0, 0)?.value;
/// assert!((alpha - 0.890_909_090_909_090_9).abs() < 1e-14);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] below two items with two ratings; [`StatsError::Undefined`] when all ratings are
/// the same; [`StatsError::Argument`] for negative values on a ratio scale.
pub fn krippendorff_alpha(
    ratings: &Ratings,
    measurement: Measurement,
    resamples: u32,
    seed: u64,
) -> Result<Estimate, StatsError> {
    let units: Vec<Vec<f64>> = ratings
        .by_item()
        .map(|cells| cells.iter().flatten().copied().collect::<Vec<f64>>())
        .filter(|unit| unit.len() >= 2)
        .collect();
    if units.len() < 2 {
        return Err(StatsError::TooFew {
            statistic: "krippendorff_alpha",
            needed: 2,
            got: units.len(),
        });
    }
    if measurement == Measurement::Ratio
        && let Some(value) = units.iter().flatten().find(|value| **value < 0.0)
    {
        return Err(StatsError::Argument {
            argument: "ratings",
            value: value.to_string(),
            allowed: "0 or more on a ratio scale",
        });
    }
    let table = Coded::new(&units);
    let every: Vec<usize> = (0..units.len()).collect();
    let value = table
        .alpha(&every, measurement)
        .ok_or_else(|| StatsError::Undefined {
            statistic: "krippendorff_alpha",
            reason: "all ratings are the same".to_owned(),
        })?;
    let estimate = Estimate::new(
        "krippendorff_alpha",
        value,
        units.len(),
        format!(
            "{} distances; items with one rating left out",
            measurement.describe()
        ),
    );
    Ok(match table.interval(measurement, resamples, seed) {
        Some(interval) => estimate.with_interval(interval),
        None => estimate,
    })
}

/// The ratings of each item as positions among the levels.
struct Coded {
    levels: Vec<f64>,
    units: Vec<Vec<usize>>,
}

impl Coded {
    fn new(units: &[Vec<f64>]) -> Self {
        let levels = levels(units.iter().flatten().copied().collect());
        let code = |value: &f64| levels.partition_point(|level| level < value);
        let units = units
            .iter()
            .map(|unit| unit.iter().map(code).collect())
            .collect();
        Coded { levels, units }
    }

    /// Alpha of the chosen items, or nothing where all their ratings are the same.
    fn alpha(&self, chosen: &[usize], measurement: Measurement) -> Option<f64> {
        let mut frequencies = vec![0.0; self.levels.len()];
        for &unit in chosen {
            for &code in &self.units[unit] {
                frequencies[code] += 1.0;
            }
        }
        let total: f64 = frequencies.iter().sum();
        let values = self.positions(&frequencies, measurement);
        let observed: f64 = chosen
            .iter()
            .map(|&unit| within(&self.units[unit], &values, measurement))
            .sum();
        let expected = among(&frequencies, &values, measurement);
        (expected > 0.0).then(|| 1.0 - (total - 1.0) * observed / expected)
    }

    /// Where each level stands. The ordinal distance of Krippendorff is the difference of mean ranks.
    fn positions(&self, frequencies: &[f64], measurement: Measurement) -> Vec<f64> {
        match measurement {
            Measurement::Ordinal => frequencies
                .iter()
                .scan(0.0, |below, count| {
                    let rank = *below + 0.5 * count;
                    *below += count;
                    Some(rank)
                })
                .collect(),
            Measurement::Nominal | Measurement::Interval | Measurement::Ratio => {
                self.levels.clone()
            }
        }
    }

    fn interval(&self, measurement: Measurement, resamples: u32, seed: u64) -> Option<Interval> {
        let size = u32::try_from(self.units.len()).ok()?;
        let mut found: Vec<f64> = (0..u64::from(resamples))
            .filter_map(|stream| {
                let mut rng = CounterRng::new(seed, stream);
                let chosen: Vec<usize> = (0..size).map(|_| rng.below(size) as usize).collect();
                self.alpha(&chosen, measurement)
            })
            .collect();
        let method = format!(
            "percentile bootstrap over items, {} of {resamples} resamples, seed {seed}",
            found.len()
        );
        percentile_interval(&mut found, LEVEL, method)
    }
}

fn distance(first: f64, second: f64, measurement: Measurement) -> f64 {
    let difference = first - second;
    match measurement {
        Measurement::Nominal => f64::from(u8::from(difference != 0.0)),
        Measurement::Ordinal | Measurement::Interval => difference * difference,
        Measurement::Ratio if difference == 0.0 => 0.0,
        Measurement::Ratio => (difference / (first + second)).powi(2),
    }
}

/// Sum of distances of ordered pairs of one item's ratings, over their number less one.
fn within(unit: &[usize], values: &[f64], measurement: Measurement) -> f64 {
    let mut sum = 0.0;
    for (index, &first) in unit.iter().enumerate() {
        for &second in &unit[index + 1..] {
            sum += distance(values[first], values[second], measurement);
        }
    }
    2.0 * sum / (unit.len() as f64 - 1.0)
}

/// Sum of distances of ordered pairs of all ratings.
fn among(frequencies: &[f64], values: &[f64], measurement: Measurement) -> f64 {
    let total: f64 = frequencies.iter().sum();
    let pairs = || frequencies.iter().zip(values);
    match measurement {
        Measurement::Nominal => {
            total * total - frequencies.iter().map(|count| count * count).sum::<f64>()
        }
        // 2 n sum of f (v - mean)^2: no pair needs to be visited.
        Measurement::Ordinal | Measurement::Interval => {
            let mean = pairs().map(|(count, value)| count * value).sum::<f64>() / total;
            let squares: f64 = pairs()
                .map(|(count, value)| count * (value - mean).powi(2))
                .sum();
            2.0 * total * squares
        }
        Measurement::Ratio => pairs()
            .map(|(count, value)| {
                let others =
                    pairs().map(|(other, apart)| other * distance(*value, *apart, measurement));
                count * others.sum::<f64>()
            })
            .sum(),
    }
}
