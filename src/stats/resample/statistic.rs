//! What can be resampled.

/// A statistic of items that can be computed again when each item occurs any number of times.
pub trait Resampled: Sync {
    /// Working memory of one thread.
    type Scratch;

    /// Number of items that are drawn.
    fn items(&self) -> usize;

    /// Working memory, made once per thread.
    fn scratch(&self) -> Self::Scratch;

    /// The value when item i occurs `counts[i]` times; NaN where it is undefined.
    fn value(&self, counts: &[u32], scratch: &mut Self::Scratch) -> f64;

    /// The values with each item left out once.
    ///
    /// The provided method computes every one anew; a statistic that can do better should.
    fn jackknife(&self) -> Vec<f64> {
        let mut scratch = self.scratch();
        let mut counts = vec![1; self.items()];
        (0..self.items())
            .map(|left_out| {
                counts[left_out] = 0;
                let value = self.value(&counts, &mut scratch);
                counts[left_out] = 1;
                value
            })
            .collect()
    }

    /// The value of the items as they are.
    fn observed(&self) -> f64 {
        self.value(&vec![1; self.items()], &mut self.scratch())
    }
}

/// Any function of the positions of the drawn items, each as often as it was drawn, in increasing order.
///
/// ```
/// use opine::stats::resample::{ByIndices, Resampled};
/// let values = [3.0, 1.0, 2.0];
/// let mean = ByIndices::new(3, |drawn: &[u32]| {
///     drawn.iter().map(|at| values[*at as usize]).sum::<f64>() / drawn.len() as f64
/// });
/// assert_eq!(mean.observed(), 2.0);
/// assert_eq!(mean.jackknife(), [1.5, 2.5, 2.0]);
/// ```
pub struct ByIndices<F> {
    items: usize,
    function: F,
}

impl<F: Fn(&[u32]) -> f64 + Sync> ByIndices<F> {
    /// A function of `items` items; it returns NaN where it is undefined.
    pub fn new(items: usize, function: F) -> Self {
        ByIndices { items, function }
    }
}

impl<F: Fn(&[u32]) -> f64 + Sync> Resampled for ByIndices<F> {
    type Scratch = Vec<u32>;

    fn items(&self) -> usize {
        self.items
    }

    fn scratch(&self) -> Vec<u32> {
        Vec::with_capacity(self.items)
    }

    fn value(&self, counts: &[u32], drawn: &mut Vec<u32>) -> f64 {
        drawn.clear();
        for (item, count) in (0_u32..).zip(counts) {
            drawn.extend((0..*count).map(|_| item));
        }
        (self.function)(drawn)
    }
}

/// Standard error by the jackknife: `sqrt((n - 1) / n sum (value_i - mean)^2)` over the values with item i left out.
pub fn jackknife_error(statistic: &impl Resampled) -> f64 {
    let values = statistic.jackknife();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    ((n - 1.0) / n * squares).sqrt()
}
