//! Two statistics of the same items, drawn together: how much better one judge is than another.

use super::Resampled;
use crate::stats::StatsError;

/// `first - second`, where both see the same draws of the same items.
///
/// Judges of the same images err on the same images, and resampling them together keeps that: the
/// interval of the difference is narrower than two intervals side by side suggest. In a
/// [`Clustered`](super::Clustered) it is the paired bootstrap by group.
///
/// ```
/// use opine::stats::PairedSample;
/// use opine::stats::resample::{Difference, Resampled, ResampledSpearman};
/// let human = [1.0, 2.0, 3.0, 4.0];
/// let first = ResampledSpearman::new(&PairedSample::new(&[1.0, 2.0, 3.0, 4.0], &human)?)?;
/// let second = ResampledSpearman::new(&PairedSample::new(&[2.0, 1.0, 4.0, 3.0], &human)?)?;
/// assert!((Difference::new(first, second)?.observed() - 0.4).abs() < 1e-15);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Difference<First, Second> {
    first: First,
    second: Second,
}

impl<First: Resampled, Second: Resampled> Difference<First, Second> {
    /// The difference of two statistics whose items are aligned.
    ///
    /// # Errors
    /// [`StatsError::Argument`] when they have different numbers of items.
    pub fn new(first: First, second: Second) -> Result<Self, StatsError> {
        if first.items() != second.items() {
            return Err(StatsError::Argument {
                argument: "second",
                value: format!("{} items beside {}", second.items(), first.items()),
                allowed: "the same items for both statistics",
            });
        }
        Ok(Difference { first, second })
    }
}

impl<First: Resampled, Second: Resampled> Resampled for Difference<First, Second> {
    type Scratch = (First::Scratch, Second::Scratch);

    fn items(&self) -> usize {
        self.first.items()
    }

    fn scratch(&self) -> Self::Scratch {
        (self.first.scratch(), self.second.scratch())
    }

    fn value(&self, counts: &[u32], (first, second): &mut Self::Scratch) -> f64 {
        self.first.value(counts, first) - self.second.value(counts, second)
    }

    fn jackknife(&self) -> Vec<f64> {
        (self.first.jackknife().into_iter())
            .zip(self.second.jackknife())
            .map(|(first, second)| first - second)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::PairedSample;
    use crate::stats::resample::{
        BootstrapMethod, Plan, ResampledKendall, ResampledPearson, bootstrap_distribution,
        bootstrap_interval,
    };

    #[test]
    fn both_statistics_see_the_same_draws() {
        let human = [3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0];
        let judge = [2.0, 1.0, 5.0, 3.0, 4.0, 8.0, 1.5, 9.0];
        let sample = PairedSample::new(&judge, &human).unwrap();
        let pearson = ResampledPearson::new(&sample).unwrap();
        let tau = ResampledKendall::new(&sample).unwrap();
        let plan = Plan {
            resamples: 100,
            ..Plan::default()
        };
        let difference = Difference::new(pearson.clone(), tau.clone()).unwrap();
        let apart = bootstrap_distribution(&pearson, &plan)
            .into_iter()
            .zip(bootstrap_distribution(&tau, &plan))
            .map(|(first, second)| first - second);
        for (together, apart) in bootstrap_distribution(&difference, &plan).iter().zip(apart) {
            assert_eq!(together.to_bits(), apart.to_bits());
        }
        let itself = Difference::new(tau.clone(), tau).unwrap();
        let interval =
            bootstrap_interval(&itself, 0.95, BootstrapMethod::Percentile, &plan).unwrap();
        assert!(interval.low.abs() + interval.high.abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn different_items_are_an_error_by_name() {
        let of = |human: &[f64]| {
            ResampledPearson::new(&PairedSample::new(human, human).unwrap()).unwrap()
        };
        let got = Difference::new(of(&[1.0, 2.0]), of(&[1.0, 2.0, 3.0]));
        assert!(matches!(got, Err(StatsError::Argument { .. })));
    }
}
