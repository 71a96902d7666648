//! Pearson's r under resampling: one pass over counts and centred values.

use super::Resampled;
use crate::stats::pearson::Centred;
use crate::stats::{PairedSample, StatsError};

/// Pearson's r of a sample, ready to be resampled.
#[derive(Debug, Clone)]
pub struct ResampledPearson {
    predicted: Vec<f64>,
    human: Vec<f64>,
}

impl ResampledPearson {
    /// Centres and scales both columns once.
    ///
    /// # Errors
    /// As [`pearson`](crate::stats::pearson()).
    pub fn new(sample: &PairedSample) -> Result<Self, StatsError> {
        sample.require_varied("pearson", 2)?;
        Ok(ResampledPearson {
            predicted: Centred::of(sample.predicted()).0,
            human: Centred::of(sample.human()).0,
        })
    }
}

/// Weighted sums of two columns, their squares and their product.
#[derive(Default)]
struct Moments {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Moments {
    fn add(&mut self, weight: f64, x: f64, y: f64) {
        self.n += weight;
        self.x += weight * x;
        self.y += weight * y;
        self.xx += weight * x * x;
        self.yy += weight * y * y;
        self.xy += weight * x * y;
    }

    fn correlation(&self) -> f64 {
        let covariance = self.xy - self.x * self.y / self.n;
        let (spread_x, spread_y) = (
            self.xx - self.x * self.x / self.n,
            self.yy - self.y * self.y / self.n,
        );
        // What rounding leaves of a constant column is no spread.
        let least = 1e-12;
        if spread_x <= least * self.xx || spread_y <= least * self.yy {
            return f64::NAN;
        }
        (covariance / (spread_x * spread_y).sqrt()).clamp(-1.0, 1.0)
    }
}

impl Resampled for ResampledPearson {
    type Scratch = ();

    fn items(&self) -> usize {
        self.predicted.len()
    }

    fn scratch(&self) {}

    fn value(&self, counts: &[u32], _scratch: &mut ()) -> f64 {
        let mut moments = Moments::default();
        for ((count, x), y) in counts.iter().zip(&self.predicted).zip(&self.human) {
            moments.add(f64::from(*count), *x, *y);
        }
        moments.correlation()
    }

    fn jackknife(&self) -> Vec<f64> {
        let mut all = Moments::default();
        let pairs = || self.predicted.iter().zip(&self.human);
        for (x, y) in pairs() {
            all.add(1.0, *x, *y);
        }
        pairs()
            .map(|(x, y)| {
                let mut rest = Moments { ..all };
                rest.add(-1.0, *x, *y);
                rest.correlation()
            })
            .collect()
    }
}
