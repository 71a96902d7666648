//! Resampling whole groups of items, for items that are not independent: images of one reference or prompt.

use super::Resampled;
use crate::stats::StatsError;

/// A statistic whose items are drawn by group: all items of a group come along, as often as the group is drawn.
///
/// The jackknife leaves out one group at a time.
#[derive(Debug, Clone)]
pub struct Clustered<S> {
    statistic: S,
    group_of: Vec<u32>,
    groups: usize,
}

impl<S: Resampled> Clustered<S> {
    /// Groups the items of `statistic`: item i belongs to group `group_of[i]`; numbers start at 0.
    ///
    /// # Errors
    /// [`StatsError::Argument`] when there is not one group per item, and [`StatsError::TooFew`] for a single group.
    pub fn new(statistic: S, group_of: &[u32]) -> Result<Self, StatsError> {
        if group_of.len() != statistic.items() {
            return Err(StatsError::Argument {
                argument: "group_of",
                value: format!("{} groups for {} items", group_of.len(), statistic.items()),
                allowed: "one group number per item",
            });
        }
        let groups = group_of.iter().max().map_or(0, |last| *last as usize + 1);
        let mut present = vec![false; groups];
        for group in group_of {
            present[*group as usize] = true;
        }
        if present.contains(&false) {
            return Err(StatsError::Argument {
                argument: "group_of",
                value: format!("{groups} groups, some without an item"),
                allowed: "group numbers from 0 without gaps",
            });
        }
        if groups < 2 {
            return Err(StatsError::TooFew {
                statistic: "cluster bootstrap",
                needed: 2,
                got: groups,
            });
        }
        Ok(Clustered {
            statistic,
            group_of: group_of.to_vec(),
            groups,
        })
    }
}

impl<S: Resampled> Resampled for Clustered<S> {
    type Scratch = (Vec<u32>, S::Scratch);

    fn items(&self) -> usize {
        self.groups
    }

    fn scratch(&self) -> Self::Scratch {
        (vec![0; self.group_of.len()], self.statistic.scratch())
    }

    fn value(&self, counts: &[u32], (item_counts, scratch): &mut Self::Scratch) -> f64 {
        for (count, group) in item_counts.iter_mut().zip(&self.group_of) {
            *count = counts[*group as usize];
        }
        self.statistic.value(item_counts, scratch)
    }
}
