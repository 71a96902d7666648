//! A percentile interval for any function of items, whole clusters drawn where items come in clusters.

use super::{BootstrapMethod, ByIndices, Clustered, Plan, Resampled, bootstrap_interval};
use crate::stats::{DEFAULT_LEVEL, Estimate, Interval, StatsError};

/// The 95 % percentile bootstrap interval of a function of the positions of the drawn items.
///
/// `clusters`, where given, holds the cluster of each item, numbered from 0 without gaps; whole clusters are then
/// drawn, and the interval's method says so. `function` returns NaN where it is undefined.
///
/// ```
/// use opine::stats::resample::{Plan, percentile_over_items};
/// let values = [3.0, 1.0, 2.0, 5.0, 4.0, 2.5];
/// let mean = |drawn: &[u32]| drawn.iter().map(|at| values[*at as usize]).sum::<f64>() / drawn.len() as f64;
/// let interval = percentile_over_items(6, None, &Plan::default(), mean)?;
/// assert!(interval.low < 2.9 && 2.9 < interval.high);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] below two items or clusters; [`StatsError::Argument`] for wrong clusters;
/// [`StatsError::Undefined`] when no resample has a value.
pub fn percentile_over_items(
    items: usize,
    clusters: Option<&[u32]>,
    plan: &Plan,
    function: impl Fn(&[u32]) -> f64 + Sync,
) -> Result<Interval, StatsError> {
    if items < 2 {
        return Err(StatsError::TooFew {
            statistic: "bootstrap",
            needed: 2,
            got: items,
        });
    }
    percentile_over(ByIndices::new(items, function), clusters, plan)
}

/// The same for a statistic that knows how to be resampled.
///
/// # Errors
/// As [`percentile_over_items`].
pub fn percentile_over<S: Resampled>(
    statistic: S,
    clusters: Option<&[u32]>,
    plan: &Plan,
) -> Result<Interval, StatsError> {
    let method = BootstrapMethod::Percentile;
    let Some(clusters) = clusters else {
        return bootstrap_interval(&statistic, DEFAULT_LEVEL, method, plan);
    };
    let clustered = Clustered::new(statistic, clusters)?;
    let interval = bootstrap_interval(&clustered, DEFAULT_LEVEL, method, plan)?;
    Ok(Interval {
        method: format!("{}, whole clusters", interval.method).into(),
        ..interval
    })
}

impl Estimate {
    /// The same with a percentile interval over items; unchanged for a plan of no resamples, or where none exists.
    #[must_use]
    pub(in crate::stats) fn resampled(
        self,
        items: usize,
        plan: &Plan,
        function: impl Fn(&[u32]) -> f64 + Sync,
    ) -> Self {
        if plan.resamples == 0 {
            return self;
        }
        match percentile_over_items(items, None, plan, function) {
            Ok(interval) => self.with_interval(interval),
            Err(_) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::resample::CounterRng;

    fn mean_of(values: &[f64]) -> impl Fn(&[u32]) -> f64 + Sync + '_ {
        |drawn: &[u32]| {
            drawn.iter().map(|at| values[*at as usize]).sum::<f64>() / drawn.len() as f64
        }
    }

    /// The interval of a mean is known: normal theory holds at this size to a few parts in a hundred.
    #[test]
    fn the_interval_of_a_mean_is_that_of_normal_theory() {
        let mut rng = CounterRng::new(11, 0);
        let values: Vec<f64> = (0..400).map(|_| rng.normal()).collect();
        let plan = Plan {
            resamples: 4_000,
            ..Plan::default()
        };
        let interval = percentile_over_items(400, None, &plan, mean_of(&values)).unwrap();
        let theory = crate::stats::mean(&values).unwrap();
        let known = theory.estimate.interval.unwrap();
        let width = known.high - known.low;
        assert!(
            (interval.low - known.low).abs() < 0.05 * width,
            "{interval:?} {known:?}"
        );
        assert!(
            (interval.high - known.high).abs() < 0.05 * width,
            "{interval:?} {known:?}"
        );
    }

    #[test]
    fn copies_in_a_cluster_add_no_evidence() {
        let mut rng = CounterRng::new(12, 0);
        let values: Vec<f64> = (0..60).map(|_| rng.normal()).collect();
        let thrice: Vec<f64> = values.iter().flat_map(|value| [*value; 3]).collect();
        let clusters: Vec<u32> = (0..180).map(|item| item / 3).collect();
        let plan = Plan::default();
        let alone = percentile_over_items(60, None, &plan, mean_of(&values)).unwrap();
        let clustered =
            percentile_over_items(180, Some(&clusters), &plan, mean_of(&thrice)).unwrap();
        assert!((alone.low - clustered.low).abs() < 1e-12);
        assert!((alone.high - clustered.high).abs() < 1e-12);
        assert!(clustered.method.contains("whole clusters"));
    }

    #[test]
    fn one_item_has_no_interval() {
        let error = percentile_over_items(1, None, &Plan::default(), |_| 1.0).unwrap_err();
        assert!(matches!(error, StatsError::TooFew { got: 1, .. }));
        let estimate = Estimate::new("x", 1.0, 1, "").resampled(1, &Plan::default(), |_| 1.0);
        assert_eq!(estimate.interval, None);
        let estimate = Estimate::new("x", 1.0, 9, "").resampled(9, &Plan::NONE, |_| 1.0);
        assert_eq!(estimate.interval, None);
    }
}
