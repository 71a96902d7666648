//! Curves from a judge's values to the human scale, and the errors that are left after them.
//!
//! A judge's scale is its own; correlation and error are therefore often reported after a monotone curve.
//! Such a figure is worth little without the curve: whether the search ended, which way the curve leads,
//! and whether it is more than the straight line that it started from. [`fit_map`] reports all of it.

mod cubic;
mod levenberg;
pub(in crate::stats) mod linear;
mod logistic;
mod map;
pub(in crate::stats) mod moments;
mod residual;

use super::{Estimate, PairedSample, StatsError};
pub(in crate::stats) use map::sigmoid;
pub use map::{Direction, FittedMap, MapFamily};
pub use residual::{
    OutlierRule, opinion_half_width, outlier_ratio, root_mean_square_error,
    root_mean_square_error_star,
};

/// A limit of its family that a fitted curve has reached, so that some coefficients mean nothing alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Over the data the curve is a straight line, to one part in a million of its variance.
    Straight,
    /// Every value is on one flat side of the step or on the other; the width is not determined.
    Step,
    /// The centre lies outside of the data's range; only one bend of the curve is seen.
    OneBend,
}

/// A fitted curve and all that is needed to judge it.
#[derive(Debug, Clone, PartialEq)]
pub struct MapFit {
    /// The family that was asked for.
    pub family: MapFamily,
    /// The curve, human as a function of predicted.
    pub map: FittedMap,
    /// Which way the curve leads over the data's range.
    pub direction: Direction,
    /// Pearson correlation of mapped and human values. Never negative: see `direction`.
    pub plcc: Estimate,
    /// Root-mean-square error of the mapped values, divided by N less the curve's coefficients.
    pub rmse: Estimate,
    /// Sum of squared errors.
    pub squared_error: f64,
    /// The same for the best straight line, so that the curve's gain can be seen.
    pub squared_error_of_line: f64,
    /// Share of the mapped values' variance that a straight line in x does not explain, 0..=1.
    pub bend: f64,
    /// A limit of the family that the curve has reached.
    pub edge: Option<Edge>,
    /// Whether the winning search ended by its tolerance and not by its limit.
    pub converged: bool,
    /// Iterations of all searches together; 0 for the cubic, which is solved and not searched.
    pub iterations: usize,
    /// Searches that were run.
    pub starts: usize,
}

impl MapFit {
    /// The sample that was fitted, with the judge's values carried to the human scale.
    pub fn mapped(&self, sample: &PairedSample) -> PairedSample {
        let mapped = sample.predicted().iter().map(|x| self.map.evaluate(*x));
        PairedSample::from_columns(mapped.collect(), sample.human().to_vec())
            .expect("a fitted curve is finite where it was fitted")
    }
}

/// Fits human values as a curve of the judge's values, by least squares.
///
/// The correlation's interval is Fisher's with N - 3; it does not discount the curve's coefficients, as
/// P.1401 does not. The fit is not symmetric: it is always human on predicted.
///
/// Logistic curves are searched from many starts, and a five-parameter one errs no more than a four-parameter
/// one. No search proves the least error of all: on few or coarse scores the five-parameter family has a
/// minimum wherever a narrow step fits between two scores. The cubic is the best there is.
///
/// ```
/// use opine::stats::{PairedSample, fit::{Direction, MapFamily, fit_map}};
/// let judged: Vec<f64> = (0..40).map(|i| f64::from(i) / 40.0).collect();
/// let human: Vec<f64> = judged.iter().map(|x| 4.0 - 3.0 / (1.0 + (-12.0 * (x - 0.4)).exp())).collect();
/// let fit = fit_map(&PairedSample::new(&judged, &human)?, MapFamily::Logistic4)?;
/// assert!(fit.converged && fit.squared_error < 1e-12);
/// assert_eq!(fit.direction, Direction::Decreasing);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] for fewer observations than coefficients plus one; [`StatsError::Constant`];
/// [`StatsError::Undefined`] where the judge has fewer distinct values than the curve has coefficients, where
/// squares overflow, or where the best curve is a constant. A search that reached its limit is not an error: see `converged`.
pub fn fit_map(sample: &PairedSample, family: MapFamily) -> Result<MapFit, StatsError> {
    let name = family.name();
    sample.require_varied(name, family.coefficients() + 1)?;
    require_distinct(sample.predicted(), family)?;
    require_squarable(sample, name)?;
    let (x, y) = (sample.predicted(), sample.human());
    let found = match family {
        MapFamily::Logistic4 => logistic::fit_four(x, y),
        MapFamily::Logistic5 => logistic::fit_five(x, y),
        MapFamily::MonotoneCubic => Found {
            map: cubic::fit_monotone(x, y).ok_or_else(|| StatsError::Undefined {
                statistic: name,
                reason: "the judge's values are too concentrated to tell a cubic".to_owned(),
            })?,
            edge: None,
            converged: true,
            iterations: 0,
            starts: 1,
        },
    };
    report(sample, family, &found)
}

/// A curve as its family's own search leaves it.
struct Found {
    map: FittedMap,
    edge: Option<Edge>,
    converged: bool,
    iterations: usize,
    starts: usize,
}

fn report(sample: &PairedSample, family: MapFamily, found: &Found) -> Result<MapFit, StatsError> {
    let (x, y) = (sample.predicted(), sample.human());
    let (low, high) = range(x);
    let mapped: Vec<f64> = x.iter().map(|x| found.map.evaluate(*x)).collect();
    let undefined = || StatsError::Undefined {
        statistic: family.name(),
        reason: "the best curve is a constant, which has no correlation".to_owned(),
    };
    let plcc = moments::correlation(&mapped, y).ok_or_else(undefined)?;
    let straight = moments::correlation(&mapped, x).ok_or_else(undefined)?;
    let bend = 1.0 - straight * straight;
    let direction = found.map.direction(low, high);
    let mapped_sample = PairedSample::new(&mapped, y)?;
    let plcc = Estimate {
        interval: moments::fisher_interval(plcc, x.len(), 1.0, "fisher-z, N - 3"),
        ..Estimate::new(
            "plcc",
            plcc,
            x.len(),
            format!(
                "after {} of human on predicted, {} map",
                family.name(),
                direction.name()
            ),
        )
    };
    Ok(MapFit {
        family,
        map: found.map,
        direction,
        plcc,
        rmse: root_mean_square_error(&mapped_sample, family.coefficients())?,
        squared_error: y.iter().zip(&mapped).map(|(y, m)| (y - m).powi(2)).sum(),
        squared_error_of_line: error_of_line(x, y),
        bend,
        edge: if bend < 1e-6 {
            Some(Edge::Straight)
        } else {
            found.edge
        },
        converged: found.converged,
        iterations: found.iterations,
        starts: found.starts,
    })
}

fn require_distinct(x: &[f64], family: MapFamily) -> Result<(), StatsError> {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    if sorted.len() >= family.coefficients() {
        return Ok(());
    }
    Err(StatsError::Undefined {
        statistic: family.name(),
        reason: format!(
            "{} coefficients need as many distinct values of the judge, there are {}",
            family.coefficients(),
            sorted.len()
        ),
    })
}

/// Refuses values whose squared deviations leave the range of double precision.
fn require_squarable(sample: &PairedSample, name: &'static str) -> Result<(), StatsError> {
    for values in [sample.predicted(), sample.human()] {
        if !moments::co_deviation(values, values).is_normal() {
            return Err(StatsError::Undefined {
                statistic: name,
                reason: "deviations are too large or too small to be squared; rescale the values"
                    .to_owned(),
            });
        }
    }
    Ok(())
}

fn range(x: &[f64]) -> (f64, f64) {
    x.iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(*x), high.max(*x))
        })
}

fn error_of_line(x: &[f64], y: &[f64]) -> f64 {
    let slope = moments::co_deviation(x, y) / moments::co_deviation(x, x);
    let (x_mean, y_mean) = (moments::mean(x), moments::mean(y));
    let pairs = x.iter().zip(y);
    pairs
        .map(|(x, y)| (y - y_mean - slope * (x - x_mean)).powi(2))
        .sum()
}

#[cfg(test)]
mod tests;
