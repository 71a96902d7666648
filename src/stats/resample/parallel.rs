//! Independent jobs over threads, with results in the order of the jobs.

use std::sync::{Mutex, PoisonError};

use super::Plan;

/// Jobs that a thread takes at a time: enough that taking is free, few enough that threads finish together.
const BLOCK: usize = 8;

/// The results of job 0, 1, ... of `plan.resamples`. Every thread makes its own `scratch` once.
pub(in crate::stats) fn run<Scratch, T: Send + Clone + Default>(
    plan: &Plan,
    scratch: impl Fn() -> Scratch + Sync,
    job: impl Fn(u64, &mut Scratch) -> T + Sync,
) -> Vec<T> {
    let mut results = vec![T::default(); plan.resamples as usize];
    let blocks = Mutex::new((0_u64..).step_by(BLOCK).zip(results.chunks_mut(BLOCK)));
    let work = || {
        let mut scratch = scratch();
        loop {
            let block = blocks.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((first, results)) = block else {
                return;
            };
            for (index, result) in (first..).zip(results) {
                *result = job(index, &mut scratch);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..plan.threads {
            scope.spawn(work);
        }
        work();
    });
    results
}
