//! Whether two samples of scores come from one distribution.

mod kolmogorov;
mod shares;
mod stability;

pub use kolmogorov::ks_two_sample;
pub use shares::share_difference;
pub use stability::population_stability;

use crate::stats::{Side, StatsError};

/// Refuses a sample with fewer than `needed` values, or with one that is not finite.
fn checked(statistic: &'static str, values: &[f64], needed: usize) -> Result<(), StatsError> {
    if values.len() < needed {
        return Err(StatsError::TooFew {
            statistic,
            needed,
            got: values.len(),
        });
    }
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(StatsError::NonFinite {
            side: Side::Predicted,
            index,
            value: values[index],
        }),
    }
}
