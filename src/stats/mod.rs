//! Statistics of agreement: pure numbers in, estimates with intervals out.
//!
//! Knows nothing of judges, images, files or people, and imports nothing else of this crate.
//! Names, argument order and conventions follow scipy and statsmodels; every result is an
//! [`Estimate`] that says how many observations it rests on and which convention it follows.

pub mod comparing;
mod error;
mod estimate;
pub mod krasula;
pub mod pairs;
pub mod rankings;
pub mod raters;
pub mod resample;
mod sample;
mod tails;

pub use error::{Side, StatsError};
pub use estimate::{Estimate, Interval};
pub use sample::PairedSample;
