//! Resampling with results that are the same to the bit for any number of threads.

mod rng;

pub use rng::CounterRng;
