//! Ranks of one column: dense integers for exact counting, midranks for coefficients.
//!
//! Nothing here rounds. Scores that should tie although arithmetic set them apart by a rounding error go
//! through [`quantised`] first; whether they do is the caller's choice and part of what is reported.

use super::order::{levels_by_sorting, order_key};

/// A column replaced by its ranks. Equal values share a rank; -0.0 equals 0.0.
///
/// Values must not be NaN (a [`PairedSample`](super::PairedSample) holds none) and at most 2^32 - 1 in number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranks {
    dense: Vec<u32>,
    counts: Vec<u32>,
}

impl Ranks {
    /// Ranks `values`.
    ///
    /// ```
    /// use opine::stats::Ranks;
    /// let ranks = Ranks::of(&[0.5, 0.1, 0.5, 0.9]);
    /// assert_eq!(ranks.dense(), [1, 0, 1, 2]);
    /// assert_eq!(ranks.counts(), [1, 2, 1]);
    /// assert_eq!(ranks.midranks(), [2.5, 1.0, 2.5, 4.0]);
    /// ```
    pub fn of(values: &[f64]) -> Self {
        rank_few_levels(values).unwrap_or_else(|| rank_by_sorting(values))
    }

    /// Number of the value's level, from 0 for the lowest, in the column's own order.
    pub fn dense(&self) -> &[u32] {
        &self.dense
    }

    /// How often each level occurs.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// Number of distinct values.
    pub fn levels(&self) -> usize {
        self.counts.len()
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.dense.len()
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.dense.is_empty()
    }

    /// Ranks from 1, where tied values share the mean of the ranks they cover: `scipy.stats.rankdata`.
    pub fn midranks(&self) -> Vec<f64> {
        let shift = self.len() as f64 + 1.0;
        let levels: Vec<f64> = (self.centred_level_ranks().iter())
            .map(|rank| (*rank as f64 + shift) / 2.0)
            .collect();
        (self.dense.iter())
            .map(|level| levels[*level as usize])
            .collect()
    }

    /// Share of values that are not the first of their level: 0 without ties, near 1 when few values are distinct.
    ///
    /// ```text
    /// 1 - distinct / n
    /// ```
    pub fn tie_share(&self) -> f64 {
        if self.is_empty() {
            return 0.0;
        }
        1.0 - self.levels() as f64 / self.len() as f64
    }

    /// Number of pairs of values that are equal.
    pub fn tied_pairs(&self) -> u64 {
        self.counts
            .iter()
            .map(|count| pairs(u64::from(*count)))
            .sum()
    }

    /// Twice the midrank of each level less (n + 1): whole numbers with mean zero over the column.
    pub(super) fn centred_level_ranks(&self) -> Vec<i64> {
        let length = self.len() as i64;
        let mut below = 0;
        (self.counts.iter())
            .map(|count| {
                let count = i64::from(*count);
                let centred = 2 * below + count - length;
                below += count;
                centred
            })
            .collect()
    }

    /// Positions in increasing order of value; ties in the column's own order.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut next: Vec<u32> = Vec::with_capacity(self.levels());
        let mut total = 0;
        for count in &self.counts {
            next.push(total);
            total += count;
        }
        let mut order = vec![0; self.len()];
        for (position, level) in (0_u32..).zip(&self.dense) {
            let slot = &mut next[*level as usize];
            order[*slot as usize] = position;
            *slot += 1;
        }
        order
    }
}

/// Number of pairs among `count` things.
pub(super) fn pairs(count: u64) -> u64 {
    count * count.saturating_sub(1) / 2
}

/// Values rounded to the nearest multiple of `step`, halves away from zero.
///
/// Scores that are equal in exact arithmetic may differ in the last bit, and a rank statistic then
/// counts noise as order. A `step` of 1e-9 is far above that noise and far below any real difference of
/// scores between 0 and 1. A `step` that is not positive, or so small that the quotient is not finite,
/// leaves the value as it is.
///
/// ```
/// use opine::stats::quantised;
/// let noisy = [0.1 + 0.2, 0.3];
/// assert_ne!(noisy[0], noisy[1]);
/// let clean = quantised(&noisy, 1e-9);
/// assert_eq!(clean[0], clean[1]);
/// ```
pub fn quantised(values: &[f64], step: f64) -> Vec<f64> {
    (values.iter())
        .map(|value| {
            let steps = (value / step).round();
            if step > 0.0 && steps.is_finite() {
                steps * step
            } else {
                *value
            }
        })
        .collect()
}

fn rank_by_sorting(values: &[f64]) -> Ranks {
    let (dense, counts) = levels_by_sorting(values);
    Ranks { dense, counts }
}

const FEW: usize = 256;

/// Ranks without sorting the column, or nothing when it has more than [`FEW`] levels.
fn rank_few_levels(values: &[f64]) -> Option<Ranks> {
    const EMPTY: u16 = u16::MAX;
    let mut slots = [(0_u64, EMPTY); 2 * FEW];
    let mut keys: Vec<u64> = Vec::new();
    let mut dense = Vec::with_capacity(values.len());
    for value in values {
        let key = order_key(*value);
        let mut slot = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 55) as usize;
        while slots[slot].1 != EMPTY && slots[slot].0 != key {
            slot = (slot + 1) % slots.len();
        }
        if slots[slot].1 == EMPTY {
            slots[slot] = (key, u16::try_from(keys.len()).ok()?);
            keys.push(key);
            if keys.len() > FEW {
                return None;
            }
        }
        dense.push(u32::from(slots[slot].1));
    }
    let mut by_value: Vec<(u64, u32)> = keys.into_iter().zip(0..).collect();
    by_value.sort_unstable();
    let mut level = vec![0; by_value.len()];
    for (rank, (_, first_seen)) in (0_u32..).zip(&by_value) {
        level[*first_seen as usize] = rank;
    }
    let mut counts = vec![0; level.len()];
    for number in &mut dense {
        *number = level[*number as usize];
        counts[*number as usize] += 1;
    }
    Some(Ranks { dense, counts })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive_midranks(values: &[f64]) -> Vec<f64> {
        let rank = |value: &f64| {
            let below = values.iter().filter(|other| *other < value).count();
            let equal = values.iter().filter(|other| *other <= value).count() - below;
            below as f64 + (equal as f64 + 1.0) / 2.0
        };
        values.iter().map(rank).collect()
    }

    proptest! {
        #[test]
        fn both_ways_of_ranking_agree_with_the_definition(
            values in prop::collection::vec(prop_oneof![
                (-4_i8..4).prop_map(f64::from),
                -1.0..1.0_f64,
                any::<f64>().prop_filter("finite", |value| value.is_finite()),
            ], 0..300)
        ) {
            let sorted = rank_by_sorting(&values);
            prop_assert_eq!(sorted.midranks(), naive_midranks(&values));
            if let Some(few) = rank_few_levels(&values) {
                prop_assert_eq!(&few, &sorted);
            }
            let order = sorted.order();
            prop_assert!(order.is_sorted_by_key(|at| (sorted.dense()[*at as usize], *at)));
        }
    }

    #[test]
    fn long_columns_are_ranked_as_short_ones() {
        // Subnormal, tied, spread over many exponents, and set apart in the lowest mantissa bits only.
        let columns: [fn(u32) -> f64; 4] = [
            |i| f64::from(i * 7919 % 977) * 1e-320,
            |i| f64::from(i * 7919 % 977) / 977.0 - 0.5,
            |i| (f64::from(i * 7919 % 5003) / 100.0 - 25.0).exp(),
            |i| f64::from_bits(1.0_f64.to_bits() + u64::from(i * 7919 % 5003)),
        ];
        for column in columns {
            let values: Vec<f64> = (0..5003).map(column).collect();
            assert_eq!(Ranks::of(&values).midranks(), naive_midranks(&values));
        }
    }

    #[test]
    fn tie_share_is_the_share_of_repeats() {
        assert!((Ranks::of(&[1.0, 1.0, 2.0, 1.0]).tie_share() - 0.5).abs() < 1e-15);
        assert_eq!(Ranks::of(&[]).tie_share().to_bits(), 0.0_f64.to_bits());
        assert_eq!(Ranks::of(&[1.0, 1.0, 2.0, 1.0]).tied_pairs(), 3);
    }

    #[test]
    fn quantised_leaves_what_it_cannot_round() {
        let values = [1.0e300, -0.25, 0.0];
        assert_eq!(quantised(&values, 0.0), values);
        assert_eq!(quantised(&values, 1e-9)[0].to_bits(), values[0].to_bits());
    }
}
