//! Resampling with results that are the same to the bit for any number of threads.
//!
//! A resample is a count per item: how often the item was drawn. Statistics of ranks are computed from
//! counts in one pass, without sorting again, which makes a thousand resamples cost little more than a
//! thousand passes over the data.

mod bootstrap;
mod clustered;
mod difference;
mod dirichlet;
mod kendall;
mod parallel;
mod pearson;
mod permutation;
mod rng;
mod spearman;
mod statistic;
mod tally;

pub(super) use kendall::balances;
pub(super) use parallel::run;

pub use bootstrap::{BootstrapMethod, bootstrap_distribution, bootstrap_interval};
pub use clustered::Clustered;
pub use difference::Difference;
pub use dirichlet::dirichlet;
pub use kendall::ResampledKendall;
pub use pearson::ResampledPearson;
pub use permutation::{shuffle_test, swap_test};
pub use rng::CounterRng;
pub use spearman::ResampledSpearman;
pub use statistic::{ByIndices, Resampled, jackknife_error};

/// How many resamples, from which seed, on how many threads.
///
/// `threads` changes how long it takes and never what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Number of resamples.
    pub resamples: u32,
    /// Seed of the generator; resample k draws from stream k under this seed.
    pub seed: u64,
    /// Number of threads; 0 is taken as 1.
    pub threads: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            resamples: 1_000,
            seed: 7,
            threads: 1,
        }
    }
}
