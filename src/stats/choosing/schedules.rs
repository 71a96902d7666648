//! Schedules that look at no answer.

use crate::stats::resample::CounterRng;

/// Every pair once, (first, second) with the lower position first, in the order of positions.
///
/// ```
/// use opine::stats::choosing::all_pairs;
/// assert_eq!(all_pairs(3).collect::<Vec<_>>(), [(0, 1), (0, 2), (1, 2)]);
/// ```
pub fn all_pairs(items: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..items).flat_map(move |first| (first + 1..items).map(move |second| (first, second)))
}

/// Every pair once, in an order drawn by lot, as is which of the two is shown first.
pub fn random_order(items: u32, seed: u64) -> Vec<(u32, u32)> {
    let mut rng = CounterRng::new(seed, 0);
    let mut pairs: Vec<(u32, u32)> = all_pairs(items).collect();
    rng.shuffle(&mut pairs);
    for (first, second) in &mut pairs {
        if rng.below(2) == 1 {
            std::mem::swap(first, second);
        }
    }
    pairs
}
