//! Counting concordant, discordant and tied pairs of two ranked columns, without looking at each pair.

use super::ranks::pairs;
use super::{PairedSample, Ranks};

/// Every pair of items, by what the two columns say about its order. The five counts sum to n (n - 1) / 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairCounts {
    /// Both columns order the pair, and in the same way.
    pub concordant: u64,
    /// Both columns order the pair, and in opposite ways.
    pub discordant: u64,
    /// Tied in `predicted` only.
    pub tied_predicted: u64,
    /// Tied in `human` only.
    pub tied_human: u64,
    /// Tied in both columns.
    pub tied_both: u64,
}

impl PairCounts {
    /// Counts the pairs of `sample` in O(n log n) time.
    ///
    /// ```
    /// use opine::stats::{PairCounts, PairedSample};
    /// let sample = PairedSample::new(&[1.0, 2.0, 2.0, 3.0], &[1.0, 3.0, 2.0, 2.0])?;
    /// let pairs = PairCounts::of(&sample);
    /// assert_eq!((pairs.concordant, pairs.discordant), (3, 1));
    /// assert_eq!((pairs.tied_predicted, pairs.tied_human, pairs.tied_both), (1, 1, 0));
    /// # Ok::<(), opine::stats::StatsError>(())
    /// ```
    pub fn of(sample: &PairedSample) -> Self {
        Self::of_ranks(&Ranks::of(sample.predicted()), &Ranks::of(sample.human()))
    }

    /// Counts the pairs of two ranked columns of one length.
    pub(super) fn of_ranks(predicted: &Ranks, human: &Ranks) -> Self {
        let cells = predicted.levels().saturating_mul(human.levels());
        let (discordant, tied_both) = if cells <= 4 * predicted.len() {
            count_by_table(predicted, human)
        } else {
            count_by_merging(predicted, human)
        };
        let total = pairs(predicted.len() as u64);
        let (tied_in_predicted, tied_in_human) = (predicted.tied_pairs(), human.tied_pairs());
        let ordered = total - tied_in_predicted - (tied_in_human - tied_both);
        PairCounts {
            concordant: ordered - discordant,
            discordant,
            tied_predicted: tied_in_predicted - tied_both,
            tied_human: tied_in_human - tied_both,
            tied_both,
        }
    }

    /// Number of all pairs.
    pub fn total(&self) -> u64 {
        self.concordant + self.discordant + self.tied_predicted + self.tied_human + self.tied_both
    }

    /// Concordant less discordant pairs: the numerator of every Kendall's tau.
    pub fn balance(&self) -> i64 {
        self.concordant as i64 - self.discordant as i64
    }
}

/// Discordant and doubly tied pairs from the table of level against level.
fn count_by_table(predicted: &Ranks, human: &Ranks) -> (u64, u64) {
    // Discordance is symmetric; short rows keep the running sums in registers.
    let (rows, columns) = if predicted.levels() >= human.levels() {
        (predicted, human)
    } else {
        (human, predicted)
    };
    let width = columns.levels();
    let mut table = vec![0_u32; rows.levels() * width];
    for (row, column) in rows.dense().iter().zip(columns.dense()) {
        table[*row as usize * width + *column as usize] += 1;
    }
    let mut seen = vec![0_u64; width];
    let (mut discordant, mut tied_both) = (0, 0);
    for row in table.chunks_exact(width.max(1)) {
        let mut seen_above = 0;
        for (seen, count) in seen.iter_mut().zip(row).rev() {
            discordant += u64::from(*count) * seen_above;
            tied_both += pairs(u64::from(*count));
            seen_above += *seen;
            *seen += u64::from(*count);
        }
    }
    (discordant, tied_both)
}

/// Discordant and doubly tied pairs from sorting by one column and counting inversions of the other.
fn count_by_merging(predicted: &Ranks, human: &Ranks) -> (u64, u64) {
    let mut sequence: Vec<u32> = (predicted.order().iter())
        .map(|at| human.dense()[*at as usize])
        .collect();
    let mut tied_both = 0;
    let mut rest = sequence.as_mut_slice();
    for count in predicted.counts() {
        let (group, after) = rest.split_at_mut(*count as usize);
        rest = after;
        if group.len() == 1 {
            continue;
        }
        group.sort_unstable();
        tied_both += (group.chunk_by(|a, b| a == b))
            .map(|run| pairs(run.len() as u64))
            .sum::<u64>();
    }
    let mut scratch = Vec::new();
    (inversions(&mut sequence, &mut scratch), tied_both)
}

/// Number of pairs in the wrong order, which sorting the sequence sets right. Equal numbers are not inverted.
pub(super) fn inversions(sequence: &mut Vec<u32>, scratch: &mut Vec<u32>) -> u64 {
    // Twelve doublings, an even number, lead from blocks to chunks: a chunk ends where it began, and stays in cache.
    const BLOCK: usize = 8;
    const CHUNK: usize = BLOCK << 12;
    scratch.clear();
    scratch.resize(sequence.len(), 0);
    let mut count: u64 = sequence.chunks_mut(BLOCK).map(sort_by_insertion).sum();
    for (chunk, scratch) in sequence.chunks_mut(CHUNK).zip(scratch.chunks_mut(CHUNK)) {
        let mut width = BLOCK;
        while width < chunk.len() {
            count += merge_neighbours(chunk, scratch, width);
            count += merge_neighbours(scratch, chunk, 2 * width);
            width *= 4;
        }
    }
    let mut width = CHUNK;
    while width < sequence.len() {
        count += merge_neighbours(sequence, scratch, width);
        std::mem::swap(sequence, scratch);
        width *= 2;
    }
    count
}

/// Merges runs of `width` two by two, and counts the pairs that this puts in order.
fn merge_neighbours(from: &[u32], to: &mut [u32], width: usize) -> u64 {
    (from.chunks(2 * width).zip(to.chunks_mut(2 * width)))
        .map(|(from, to)| merge(from.split_at(width.min(from.len())), to))
        .sum()
}

fn sort_by_insertion(block: &mut [u32]) -> u64 {
    let mut count = 0;
    for end in 1..block.len() {
        let value = block[end];
        let mut hole = end;
        while hole > 0 && block[hole - 1] > value {
            block[hole] = block[hole - 1];
            hole -= 1;
        }
        block[hole] = value;
        count += (end - hole) as u64;
    }
    count
}

fn merge((left, right): (&[u32], &[u32]), merged: &mut [u32]) -> u64 {
    let (mut l, mut r) = (0, 0);
    let mut count = 0;
    while l < left.len() && r < right.len() {
        let (low, high) = (left[l], right[r]);
        // No branch: which side is next is a coin toss that a processor cannot predict.
        let take_right = usize::from(high < low);
        merged[l + r] = low.min(high);
        count += (left.len() - l) * take_right;
        l += 1 - take_right;
        r += take_right;
    }
    let tail = &mut merged[l + r..];
    if l < left.len() {
        tail.copy_from_slice(&left[l..]);
    } else {
        tail.copy_from_slice(&right[r..]);
    }
    count as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::kendall::tau_b;

    fn by_definition(x: &[u32], y: &[u32]) -> PairCounts {
        let mut pairs = PairCounts {
            concordant: 0,
            discordant: 0,
            tied_predicted: 0,
            tied_human: 0,
            tied_both: 0,
        };
        for i in 0..x.len() {
            for j in 0..i {
                *match (x[i] == x[j], y[i] == y[j]) {
                    (true, true) => &mut pairs.tied_both,
                    (true, false) => &mut pairs.tied_predicted,
                    (false, true) => &mut pairs.tied_human,
                    (false, false) if (x[i] < x[j]) == (y[i] < y[j]) => &mut pairs.concordant,
                    (false, false) => &mut pairs.discordant,
                } += 1;
            }
        }
        pairs
    }

    fn ranked(column: &[u32]) -> Ranks {
        let values: Vec<f64> = column.iter().map(|value| f64::from(*value)).collect();
        Ranks::of(&values)
    }

    /// Columns with few or many levels each, so that both ways of counting meet light and heavy ties.
    fn columns() -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
        (1_u32..400, 1_u32..400, 2_usize..300)
            .prop_flat_map(|(a, b, n)| prop::collection::vec((0..a, 0..b), n))
            .prop_map(|pairs| pairs.into_iter().unzip())
    }

    proptest! {
        #[test]
        fn both_ways_of_counting_agree_with_the_definition((x, y) in columns()) {
            let (predicted, human) = (ranked(&x), ranked(&y));
            let table = count_by_table(&predicted, &human);
            prop_assert_eq!(table, count_by_merging(&predicted, &human));
            prop_assert_eq!(PairCounts::of_ranks(&predicted, &human), by_definition(&x, &y));
        }

        #[test]
        fn tau_b_is_what_kendalls_computes((x, y) in columns()) {
            let (predicted, human) = (ranked(&x), ranked(&y));
            prop_assume!(predicted.levels() > 1 && human.levels() > 1);
            let ours = tau_b(&PairCounts::of_ranks(&predicted, &human));
            // Its first value only: the second is a z whose tie products overflow on longer columns.
            let (theirs, _) = kendalls::tau_b(predicted.dense(), human.dense()).unwrap();
            prop_assert!((ours - theirs).abs() < 1e-14, "{} {}", ours, theirs);
        }

        #[test]
        fn reversing_a_column_swaps_concordant_and_discordant((x, y) in columns()) {
            let top = x.iter().max().copied().unwrap_or(0);
            let reversed: Vec<u32> = x.iter().map(|value| top - value).collect();
            let pairs = PairCounts::of_ranks(&ranked(&x), &ranked(&y));
            let swapped = PairCounts::of_ranks(&ranked(&reversed), &ranked(&y));
            let expected = PairCounts {
                concordant: pairs.discordant,
                discordant: pairs.concordant,
                ..pairs
            };
            prop_assert_eq!(swapped, expected);
            let across = PairCounts::of_ranks(&ranked(&y), &ranked(&x));
            prop_assert_eq!(across.balance(), pairs.balance());
            prop_assert_eq!(across.tied_human, pairs.tied_predicted);
        }
    }

    #[test]
    fn a_long_sequence_is_merged_over_many_passes() {
        let sequence: Vec<u32> = (0..5003).map(|i| i * 2579 % 5003).collect();
        let naive = (0..sequence.len())
            .map(|i| {
                sequence[..i]
                    .iter()
                    .filter(|before| **before > sequence[i])
                    .count() as u64
            })
            .sum::<u64>();
        assert_eq!(inversions(&mut sequence.clone(), &mut Vec::new()), naive);
    }
}
