//! Which items are held out together.

use super::CalibrationError;
use crate::stats::resample::CounterRng;

/// Stream of the shuffle; resamples of a bootstrap draw from the streams from 0 on.
const STREAM: u64 = 1 << 40;

/// A fold for each item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folds {
    /// Fold of each item, from 0.
    pub(super) of: Vec<usize>,
    /// How many there are.
    pub(super) count: usize,
}

impl Folds {
    /// Deals shuffled items, class by class, so that every fold has its part of each.
    pub(super) fn of_items(n: usize, classes: Option<&[usize]>, count: usize, seed: u64) -> Self {
        let mut order = shuffled(n, seed);
        if let Some(classes) = classes {
            order.sort_by_key(|item| classes[*item]);
        }
        let mut of = vec![0; n];
        for (place, item) in order.into_iter().enumerate() {
            of[item] = place % count;
        }
        Folds { of, count }
    }

    /// Deals whole groups, the largest first, each to the fold with the fewest items.
    ///
    /// # Errors
    /// [`CalibrationError::TooFew`] for fewer groups than folds.
    pub(super) fn of_groups(
        groups: &[u32],
        count: usize,
        seed: u64,
    ) -> Result<Self, CalibrationError> {
        let number = groups.iter().max().map_or(0, |last| *last as usize + 1);
        if number < count {
            return Err(CalibrationError::TooFew {
                what: "a split into whole groups, as many as folds,",
                needed: count,
                got: number,
            });
        }
        let mut sizes = vec![0_usize; number];
        for group in groups {
            sizes[*group as usize] += 1;
        }
        let mut order = shuffled(number, seed);
        order.sort_by_key(|group| std::cmp::Reverse(sizes[*group]));
        let mut filled = vec![0_usize; count];
        let mut fold_of = vec![0; number];
        for group in order {
            let fold = (0..count)
                .min_by_key(|fold| filled[*fold])
                .expect("there are folds");
            fold_of[group] = fold;
            filled[fold] += sizes[group];
        }
        let of = groups.iter().map(|group| fold_of[*group as usize]);
        Ok(Folds {
            of: of.collect(),
            count,
        })
    }

    /// Items that are in none of these folds.
    pub(super) fn outside(&self, folds: &[usize]) -> Vec<usize> {
        let kept = |item: &usize| !folds.contains(&self.of[*item]);
        (0..self.of.len()).filter(kept).collect()
    }
}

/// `0..n` in an order that depends on the seed only (Fisher and Yates).
fn shuffled(n: usize, seed: u64) -> Vec<usize> {
    let mut rng = CounterRng::new(seed, STREAM);
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        let bound = u32::try_from(last + 1).expect("items are counted in 32 bits");
        order.swap(last, rng.below(bound) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_even_stratified_and_repeat() {
        let classes: Vec<usize> = (0..103).map(|item| usize::from(item % 10 == 0)).collect();
        let folds = Folds::of_items(103, Some(&classes), 5, 7);
        for fold in 0..5 {
            let members = |class| {
                let in_fold = |item: &usize| folds.of[*item] == fold && classes[*item] == class;
                (0..103).filter(in_fold).count()
            };
            assert!((18..=19).contains(&members(0)) && (2..=3).contains(&members(1)));
        }
        assert_eq!(folds, Folds::of_items(103, Some(&classes), 5, 7));
        assert_ne!(folds, Folds::of_items(103, Some(&classes), 5, 8));
    }

    #[test]
    fn a_group_is_never_on_both_sides() {
        let groups: Vec<u32> = (0..90).map(|item| item / 7).collect();
        let folds = Folds::of_groups(&groups, 5, 3).unwrap();
        for (item, other) in (0..90).zip(1..90) {
            assert!(groups[item] != groups[other] || folds.of[item] == folds.of[other]);
        }
        let sizes: Vec<usize> = (0..5)
            .map(|fold| 90 - folds.outside(&[fold]).len())
            .collect();
        assert!(
            sizes.iter().all(|size| (13..=21).contains(size)),
            "{sizes:?}"
        );
        assert!(matches!(
            Folds::of_groups(&[0, 1, 2, 1], 5, 3),
            Err(CalibrationError::TooFew {
                needed: 5,
                got: 3,
                ..
            })
        ));
    }
}
