//! Whether stated probabilities come true, and maps that make them.

mod proportion;

pub use proportion::{BinomialInterval, binomial_interval};
