//! Every pair of items, counted by how the judge and people order it.

use super::super::{PairCounts, PairedSample, Ranks, StatsError};

/// Joins two counts field by field.
fn combine(left: PairCounts, right: PairCounts, join: impl Fn(u64, u64) -> u64) -> PairCounts {
    PairCounts {
        concordant: join(left.concordant, right.concordant),
        discordant: join(left.discordant, right.discordant),
        tied_predicted: join(left.tied_predicted, right.tied_predicted),
        tied_human: join(left.tied_human, right.tied_human),
        tied_both: join(left.tied_both, right.tied_both),
    }
}

/// All pairs but those of one item.
pub(super) fn without(all: PairCounts, item: ItemCounts) -> PairCounts {
    combine(all, item.wide(), |all, item| all - item)
}

/// The pairs of one item, of which there are fewer than items: half the memory of [`PairCounts`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ItemCounts {
    concordant: u32,
    discordant: u32,
    tied_human: u32,
    tied_predicted: u32,
    tied_both: u32,
}

impl ItemCounts {
    fn wide(self) -> PairCounts {
        PairCounts {
            concordant: u64::from(self.concordant),
            discordant: u64::from(self.discordant),
            tied_human: u64::from(self.tied_human),
            tied_predicted: u64::from(self.tied_predicted),
            tied_both: u64::from(self.tied_both),
        }
    }
}

/// Counts the pairs of items of a sample, where the judge ties a pair whose values differ by `epsilon` or less.
///
/// Takes O(n log n) time for any `epsilon`; [`PairCounts::of`] is faster where only equal values tie. Same counts as `mt_metrics_eval.stats.KendallVariants`.
///
/// ```
/// use opine::stats::{PairedSample, pairs::pair_counts};
/// let sample = PairedSample::new(&[2.0, 1.0, 1.5, 5.0, 3.0], &[1.0, 2.0, 2.0, 3.0, 4.0])?;
/// let counts = pair_counts(&sample, 0.0)?;
/// assert_eq!((counts.concordant, counts.discordant, counts.tied_human), (6, 3, 1));
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] when `epsilon` is negative or NaN.
pub fn pair_counts(sample: &PairedSample, epsilon: f64) -> Result<PairCounts, StatsError> {
    Ok(total(&item_counts(sample, epsilon)?))
}

/// Every pair once, from counts that hold it twice: once for each of its items.
pub(super) fn total(items: &[ItemCounts]) -> PairCounts {
    let twice = items.iter().fold(PairCounts::default(), |sum, item| {
        combine(sum, item.wide(), |sum, item| sum + item)
    });
    combine(twice, twice, |count, _| count / 2)
}

/// For each item, in order of the judge's value, the pairs that it is part of.
pub(super) fn item_counts(
    sample: &PairedSample,
    epsilon: f64,
) -> Result<Vec<ItemCounts>, StatsError> {
    if epsilon.is_nan() || epsilon < 0.0 {
        return Err(StatsError::Argument {
            argument: "epsilon",
            value: epsilon.to_string(),
            allowed: "0 or more",
        });
    }
    let (predicted, human) = sorted(sample);
    let size = predicted.len();
    let mut counts = vec![ItemCounts::default(); size];
    let mut share_of_level = vec![0_u32; size + 1];
    for level in &human {
        share_of_level[*level as usize] += 1;
    }

    // While the second pass has not come by, `tied_human` holds the ties below, `tied_predicted` the first item within.
    let mut lower = LevelTally::new(size);
    let mut filled = 0;
    for item in 0..size {
        while predicted[item] - predicted[filled as usize] > epsilon {
            lower.insert(human[filled as usize]);
            filled += 1;
        }
        let (below, equal, above) = lower.split(human[item]);
        counts[item] = ItemCounts {
            concordant: below,
            discordant: above,
            tied_human: equal,
            tied_predicted: filled,
            tied_both: 0,
        };
    }
    drop(lower);

    let mut higher = LevelTally::new(size);
    let mut free = size;
    for item in (0..size).rev() {
        while predicted[free - 1] - predicted[item] > epsilon {
            free -= 1;
            higher.insert(human[free]);
        }
        let (below, equal, above) = higher.split(human[item]);
        let end = u32::try_from(free).expect("items are counted in 32 bits");
        let count = &mut counts[item];
        count.concordant += above;
        count.discordant += below;
        count.tied_human += equal;
        count.tied_both = share_of_level[human[item] as usize] - 1 - count.tied_human;
        let within = end - count.tied_predicted - 1;
        count.tied_predicted = within - count.tied_both;
    }
    Ok(counts)
}

/// The judge's values in rising order, and beside each the rank of its human value, from 1, ties sharing one.
pub(super) fn sorted(sample: &PairedSample) -> (Vec<f64>, Vec<u32>) {
    let human = Ranks::of(sample.human());
    let items = u32::try_from(sample.len()).expect("items are counted in 32 bits");
    let mut order: Vec<u32> = (0..items).collect();
    let value = |item: u32| sample.predicted()[item as usize];
    order.sort_by(|&left, &right| value(left).total_cmp(&value(right)));
    (
        order.iter().map(|&item| value(item)).collect(),
        order
            .iter()
            .map(|&item| human.dense()[item as usize] + 1)
            .collect(),
    )
}

/// How many of the inserted levels are below, at and above a level: a Fenwick tree.
struct LevelTally {
    tree: Vec<u32>,
    inserted: u32,
}

impl LevelTally {
    fn new(levels: usize) -> Self {
        LevelTally {
            tree: vec![0; levels + 1],
            inserted: 0,
        }
    }

    fn insert(&mut self, level: u32) {
        self.inserted += 1;
        let mut node = level as usize;
        while node < self.tree.len() {
            self.tree[node] += 1;
            node += node & node.wrapping_neg();
        }
    }

    fn up_to(&self, level: u32) -> u32 {
        let mut sum = 0;
        let mut node = level as usize;
        while node > 0 {
            sum += self.tree[node];
            node &= node - 1;
        }
        sum
    }

    fn split(&self, level: u32) -> (u32, u32, u32) {
        let below = self.up_to(level - 1);
        let up_to = self.up_to(level);
        (below, up_to - below, self.inserted - up_to)
    }
}
