//! Kendall's tau-b under resampling: sorted once, then counted from multiplicities.

use super::Resampled;
use super::tally::Tally;
use crate::stats::kendall::tau_b;
use crate::stats::ranks::pairs;
use crate::stats::{PairCounts, PairedSample, Ranks, StatsError};

/// Kendall's tau-b of a sample, ready to be resampled.
#[derive(Debug, Clone)]
pub struct ResampledKendall {
    predicted: Ranks,
    human: Ranks,
    /// Items in increasing order of (predicted, human).
    order: Vec<u32>,
    /// Items with the same two levels stand together in that order.
    cells: Vec<Cell>,
    /// Number of cells per level of `predicted`.
    cells_of_level: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    items: u32,
    human: u32,
}

impl ResampledKendall {
    /// Ranks and sorts both columns once.
    ///
    /// # Errors
    /// As [`kendall_tau_b`](crate::stats::kendall_tau_b()).
    pub fn new(sample: &PairedSample) -> Result<Self, StatsError> {
        sample.require_varied("kendall_tau_b", 2)?;
        let (predicted, human) = (Ranks::of(sample.predicted()), Ranks::of(sample.human()));
        let order = sorted_by_both(&predicted, &human);
        let levels = |at: u32| (predicted.dense()[at as usize], human.dense()[at as usize]);
        let mut cells = Vec::new();
        let mut cells_of_level = vec![0; predicted.levels()];
        for run in order.chunk_by(|a, b| levels(*a) == levels(*b)) {
            let (level, human) = levels(run[0]);
            let items = u32::try_from(run.len()).expect("items are counted in 32 bits");
            cells.push(Cell { items, human });
            cells_of_level[level as usize] += 1;
        }
        Ok(ResampledKendall {
            predicted,
            human,
            order,
            cells,
            cells_of_level,
        })
    }
}

/// Any function of the counts of pairs of a sample, ready to be resampled: accuracies, tau-a, tau-eq.
///
/// Ties are those of equal values. The function returns NaN where it is undefined.
#[derive(Debug, Clone)]
pub struct ResampledPairs<F> {
    pairs: ResampledKendall,
    function: F,
}

impl<F: Fn(PairCounts) -> f64 + Sync> ResampledPairs<F> {
    /// Ranks and sorts both columns once.
    ///
    /// # Errors
    /// As [`ResampledKendall::new`].
    pub fn new(sample: &PairedSample, function: F) -> Result<Self, StatsError> {
        Ok(ResampledPairs {
            pairs: ResampledKendall::new(sample)?,
            function,
        })
    }
}

impl<F: Fn(PairCounts) -> f64 + Sync> Resampled for ResampledPairs<F> {
    type Scratch = KendallScratch;

    fn items(&self) -> usize {
        self.pairs.items()
    }

    fn scratch(&self) -> KendallScratch {
        self.pairs.scratch()
    }

    fn value(&self, counts: &[u32], scratch: &mut KendallScratch) -> f64 {
        self.pairs.count_cells(counts, scratch);
        (self.function)(self.pairs.pair_counts(scratch))
    }
}

/// Working memory for one resample.
#[derive(Debug, Clone)]
pub struct KendallScratch {
    cell_counts: Vec<u32>,
    human_counts: Vec<u32>,
    seen: Tally,
}

impl Resampled for ResampledKendall {
    type Scratch = KendallScratch;

    fn items(&self) -> usize {
        self.order.len()
    }

    fn scratch(&self) -> KendallScratch {
        KendallScratch {
            cell_counts: vec![0; self.cells.len()],
            human_counts: vec![0; self.human.levels()],
            seen: Tally::new(self.human.levels()),
        }
    }

    fn value(&self, counts: &[u32], scratch: &mut KendallScratch) -> f64 {
        self.count_cells(counts, scratch);
        tau_b(&self.pair_counts(scratch))
    }

    /// In O(n log n) for all items together: leaving out an item takes its own pairs away and no others.
    fn jackknife(&self) -> Vec<f64> {
        let n = self.order.len() as u64;
        let whole = PairCounts::of_ranks(&self.predicted, &self.human);
        let total = (n - 1) * (n - 2) / 2;
        let (tied_x, tied_y) = (self.predicted.tied_pairs(), self.human.tied_pairs());
        let without = |ranks: &Ranks, level: u32, tied: u64| {
            (total - (tied - u64::from(ranks.counts()[level as usize] - 1))) as f64
        };
        (balances(&self.predicted, &self.human).into_iter())
            .zip(self.predicted.dense().iter().zip(self.human.dense()))
            .map(|(balance, (x, y))| {
                let scale = without(&self.predicted, *x, tied_x) * without(&self.human, *y, tied_y);
                ((whole.balance() - balance) as f64 / scale.sqrt()).clamp(-1.0, 1.0)
            })
            .collect()
    }
}

impl ResampledKendall {
    fn count_cells(&self, counts: &[u32], scratch: &mut KendallScratch) {
        let mut items = self.order.iter();
        for (count, cell) in scratch.cell_counts.iter_mut().zip(&self.cells) {
            let items = items.by_ref().take(cell.items as usize);
            *count = items.map(|at| counts[*at as usize]).sum();
        }
    }

    fn pair_counts(&self, scratch: &mut KendallScratch) -> PairCounts {
        let KendallScratch {
            cell_counts,
            human_counts,
            seen,
        } = scratch;
        human_counts.fill(0);
        seen.clear();
        let (mut drawn, mut discordant, mut tied_predicted, mut tied_both) = (0, 0, 0, 0);
        let mut cells = self.cells.as_slice();
        let mut counts = cell_counts.as_slice();
        for length in &self.cells_of_level {
            let (group, next_cells) = cells.split_at(*length as usize);
            let (group_counts, next_counts) = counts.split_at(*length as usize);
            (cells, counts) = (next_cells, next_counts);
            let drawn_cells = || {
                group
                    .iter()
                    .zip(group_counts)
                    .filter(|(_, count)| **count > 0)
            };
            let mut in_group = 0;
            for (cell, count) in drawn_cells() {
                let many = u64::from(*count);
                discordant += many * seen.above(cell.human);
                tied_both += pairs(many);
                in_group += many;
                human_counts[cell.human as usize] += count;
            }
            // Only now: pairs within the group are tied in `predicted`.
            for (cell, count) in drawn_cells() {
                seen.add(cell.human, *count);
            }
            tied_predicted += pairs(in_group);
            drawn += in_group;
        }
        let tied_human: u64 = human_counts
            .iter()
            .map(|count| pairs(u64::from(*count)))
            .sum();
        let ordered = pairs(drawn) - tied_predicted - (tied_human - tied_both);
        PairCounts {
            concordant: ordered - discordant,
            discordant,
            tied_predicted: tied_predicted - tied_both,
            tied_human: tied_human - tied_both,
            tied_both,
        }
    }
}

fn sorted_by_both(predicted: &Ranks, human: &Ranks) -> Vec<u32> {
    let mut order = predicted.order();
    let mut rest = order.as_mut_slice();
    for count in predicted.counts() {
        let (group, after) = rest.split_at_mut(*count as usize);
        group.sort_unstable_by_key(|at| (human.dense()[*at as usize], *at));
        rest = after;
    }
    order
}

/// For every item: concordant less discordant pairs that it is part of.
pub(in crate::stats) fn balances(predicted: &Ranks, human: &Ranks) -> Vec<i64> {
    let order = sorted_by_both(predicted, human);
    let n = predicted.len() as i64;
    // Per level of `human`: items at this level and below.
    let mut at_most = Vec::with_capacity(human.levels());
    let mut total = 0;
    for count in human.counts() {
        total += i64::from(*count);
        at_most.push(total);
    }
    let mut seen_in_level = vec![0_i64; human.levels()];
    let mut seen = Tally::new(human.levels());
    let mut balances = vec![0; predicted.len()];
    let mut rest = order.as_slice();
    for count in predicted.counts() {
        let (group, after) = rest.split_at(*count as usize);
        let before = n - rest.len() as i64;
        let level = |at: u32| human.dense()[at as usize];
        let mut lower_here = 0;
        for tied in group.chunk_by(|a, b| level(*a) == level(*b)) {
            let own = level(tied[0]) as usize;
            let higher_here = group.len() as i64 - lower_here - tied.len() as i64;
            let higher_before = seen.above(level(tied[0])) as i64;
            let lower_before = before - higher_before - seen_in_level[own];
            let lower_after =
                at_most[own] - i64::from(human.counts()[own]) - lower_before - lower_here;
            let higher_after = n - at_most[own] - higher_before - higher_here;
            for at in tied {
                balances[*at as usize] = lower_before - higher_before + higher_after - lower_after;
            }
            lower_here += tied.len() as i64;
        }
        for at in group {
            seen.add(level(*at), 1);
            seen_in_level[level(*at) as usize] += 1;
        }
        rest = after;
    }
    balances
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::resample::{ResampledSpearman, jackknife_error};
    use crate::stats::{kendall_tau_b, spearman};

    /// Tied or untied columns with how often each item is drawn.
    fn draws() -> impl Strategy<Value = Vec<(u32, u32, u32)>> {
        (1_u32..90, 1_u32..90, 2_usize..120)
            .prop_flat_map(|(a, b, n)| prop::collection::vec((0..=a, 0..=b, 0_u32..4), n))
    }

    fn columns(draws: impl Iterator<Item = (u32, u32)>) -> Option<PairedSample> {
        let (x, y): (Vec<f64>, Vec<f64>) = draws.map(|(x, y)| (f64::from(x), f64::from(y))).unzip();
        let sample = PairedSample::new(&x, &y).ok()?;
        sample.require_varied("test", 2).is_ok().then_some(sample)
    }

    proptest! {
        #[test]
        fn counts_stand_for_repeated_items(draws in draws()) {
            let sample = columns(draws.iter().map(|(x, y, _)| (*x, *y)));
            prop_assume!(sample.is_some());
            let sample = sample.unwrap();
            let counts: Vec<u32> = draws.iter().map(|(_, _, count)| *count).collect();
            let repeated = columns(draws.iter().flat_map(|(x, y, count)| {
                std::iter::repeat_n((*x, *y), *count as usize)
            }));
            let tau = ResampledKendall::new(&sample).unwrap();
            let rho = ResampledSpearman::new(&sample).unwrap();
            let got_tau = tau.value(&counts, &mut tau.scratch());
            let got_rho = rho.value(&counts, &mut rho.scratch());
            match repeated {
                Some(repeated) => {
                    let tau = kendall_tau_b(&repeated).unwrap().value;
                    prop_assert_eq!(got_tau.to_bits(), tau.to_bits());
                    prop_assert!((got_rho - spearman(&repeated).unwrap().value).abs() < 1e-15);
                }
                None => prop_assert!(got_tau.is_nan() && got_rho.is_nan()),
            }
        }

        #[test]
        fn balances_follow_their_definition(draws in draws()) {
            let sign = |a: u32, b: u32| i64::from(a > b) - i64::from(a < b);
            let by_definition: Vec<i64> = draws.iter()
                .map(|(x, y, _)| draws.iter().map(|(u, v, _)| sign(*x, *u) * sign(*y, *v)).sum())
                .collect();
            let column = |pick: fn(&(u32, u32, u32)) -> u32| {
                Ranks::of(&draws.iter().map(|draw| f64::from(pick(draw))).collect::<Vec<_>>())
            };
            let got = balances(&column(|draw| draw.0), &column(|draw| draw.1));
            prop_assert_eq!(got, by_definition);
        }
    }

    #[test]
    fn jackknife_error_is_that_of_the_values_left() {
        let sample = columns([(1, 1), (2, 3), (3, 2), (4, 4)].into_iter()).unwrap();
        let tau = ResampledKendall::new(&sample).unwrap();
        // Leaving out an end leaves two of three pairs concordant less one; leaving out a middle item, all.
        assert_eq!(tau.jackknife(), [1.0 / 3.0, 1.0, 1.0, 1.0 / 3.0]);
        assert!((jackknife_error(&tau) - (1.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    }
}
