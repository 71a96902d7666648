//! Votes gathered by pair.

use super::votes::{Outcome, Vote, Votes};

/// The pairs that were voted on, sorted by first and second item, with what was voted on each.
///
/// Takes 32 bytes a pair, and 4 a vote where votes keep their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) first: Vec<u32>,
    pub(super) second: Vec<u32>,
    /// Weight of votes for first, for second and for neither.
    pub(super) counts: Vec<[f64; 3]>,
    /// Which pair each vote is on, where that was kept.
    pair_of: Vec<u32>,
    /// Whether votes whose first item comes after their second are on the pair the other way round.
    turned: bool,
}

impl Table {
    /// Gathers the votes; with `ordered`, (a, b) and (b, a) are two pairs, otherwise one.
    ///
    /// Votes with covariates stay on their own, one pair each: their sum says less than they do.
    pub(super) fn new(votes: &Votes, ordered: bool) -> Self {
        if votes.covariates() > 0 {
            Table::placed(votes, ordered)
        } else {
            Table::by_pair(votes, ordered)
        }
    }

    /// The same, where each vote keeps its place, to be counted anew.
    pub(super) fn placed(votes: &Votes, ordered: bool) -> Self {
        let mut table = if votes.covariates() > 0 {
            Table::one_pair_a_vote(votes)
        } else {
            Table::grouped(votes, ordered)
        };
        table.count(votes, |_| 1.0);
        table
    }

    /// Gathers the votes by pair, whatever their covariates.
    pub(super) fn by_pair(votes: &Votes, ordered: bool) -> Self {
        if let Some(table) = Table::of_plain_votes(votes, ordered) {
            return table;
        }
        let mut table = Table::grouped(votes, ordered);
        table.count(votes, |_| 1.0);
        table
    }

    /// Votes of weight 1 with one outcome each: sorted as packed numbers, twice by counting, and counted.
    fn of_plain_votes(votes: &Votes, ordered: bool) -> Option<Self> {
        // Items are numbered in 31 bits here, and votes counted in 32.
        if votes.items() > 1 << 31 || u32::try_from(votes.all().len()).is_err() {
            return None;
        }
        let mut keys = Vec::with_capacity(votes.all().len());
        for vote in votes.all() {
            keys.push(packed(vote, ordered)?);
        }
        let mut sorted = vec![0; keys.len()];
        sort_by(&keys, &mut sorted, votes.items(), second_of);
        sort_by(&sorted, &mut keys, votes.items(), first_of);
        drop(sorted);
        let pairs = 1 + keys
            .windows(2)
            .filter(|two| two[0] >> 2 != two[1] >> 2)
            .count();
        let mut table = Table {
            first: Vec::with_capacity(pairs),
            second: Vec::with_capacity(pairs),
            counts: Vec::with_capacity(pairs),
            pair_of: Vec::new(),
            turned: !ordered,
        };
        for same in keys.chunk_by(|one, other| one >> 2 == other >> 2) {
            let mut counts = [0.0; 3];
            for key in same {
                counts[(key & 3) as usize] += 1.0;
            }
            table.first.push(first_of(same[0]));
            table.second.push(second_of(same[0]));
            table.counts.push(counts);
        }
        Some(table)
    }

    fn one_pair_a_vote(votes: &Votes) -> Self {
        Table {
            first: votes.all().iter().map(|vote| vote.first).collect(),
            second: votes.all().iter().map(|vote| vote.second).collect(),
            counts: vec![[0.0; 3]; votes.all().len()],
            pair_of: (0_u32..).take(votes.all().len()).collect(),
            turned: false,
        }
    }

    fn grouped(votes: &Votes, ordered: bool) -> Self {
        let (starts, by_first) = by_first(votes, ordered);
        let mut table = Table {
            pair_of: vec![0; votes.all().len()],
            turned: !ordered,
            ..Table::default()
        };
        let mut place = vec![u32::MAX; votes.items()];
        let mut met = Vec::new();
        for (first, bounds) in (0_u32..).zip(starts.windows(2)) {
            let group = &by_first[bounds[0]..bounds[1]];
            for (second, _) in group {
                let place = &mut place[*second as usize];
                if *place == u32::MAX {
                    *place = 0;
                    met.push(*second);
                }
            }
            met.sort_unstable();
            for second in &met {
                let pairs = u32::try_from(table.first.len());
                place[*second as usize] = pairs.expect("votes are counted in 32 bits");
                table.first.push(first);
                table.second.push(*second);
            }
            for (second, vote) in group {
                table.pair_of[*vote as usize] = place[*second as usize];
            }
            for second in met.drain(..) {
                place[second as usize] = u32::MAX;
            }
        }
        table.counts = vec![[0.0; 3]; table.first.len()];
        table
    }

    /// Counts the votes anew, vote number i `times(i)` times.
    pub(super) fn count(&mut self, votes: &Votes, times: impl Fn(usize) -> f64) {
        self.counts.fill([0.0; 3]);
        for (index, (vote, pair)) in votes.all().iter().zip(&self.pair_of).enumerate() {
            let weight = vote.weight * times(index);
            let [mut one, mut other, tie] = vote.outcome.shares();
            if self.turned && vote.first > vote.second {
                (one, other) = (other, one);
            }
            let counts = &mut self.counts[*pair as usize];
            counts[0] += weight * one;
            counts[1] += weight * other;
            counts[2] += weight * tie;
        }
    }

    /// The pair that vote number `index` is on, and whether the vote shows it the other way round.
    pub(super) fn place(&self, vote: &Vote, index: usize) -> (usize, bool) {
        let turned = self.turned && vote.first > vote.second;
        (self.pair_of[index] as usize, turned)
    }

    /// Number of pairs.
    pub(super) fn len(&self) -> usize {
        self.first.len()
    }

    /// Each pair as first item, second item and counts.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize, [f64; 3])> {
        let ends = self.first.iter().zip(&self.second);
        ends.zip(&self.counts)
            .map(|((first, second), counts)| (*first as usize, *second as usize, *counts))
    }

    /// Whether any vote is a tie, and whether any is not.
    pub(super) fn kinds(&self) -> (bool, bool) {
        let has = |of: &dyn Fn(&[f64; 3]) -> f64| self.counts.iter().any(|counts| of(counts) > 0.0);
        (
            has(&|counts| counts[2]),
            has(&|counts| counts[0] + counts[1]),
        )
    }
}

/// Votes sorted by the first item of their pair, as (second item, vote), and where each item's votes start.
fn by_first(votes: &Votes, ordered: bool) -> (Vec<usize>, Vec<(u32, u32)>) {
    let ends = |vote: &Vote| {
        if ordered || vote.first < vote.second {
            (vote.first as usize, vote.second)
        } else {
            (vote.second as usize, vote.first)
        }
    };
    let mut starts = vec![0_usize; votes.items() + 1];
    for vote in votes.all() {
        starts[ends(vote).0 + 1] += 1;
    }
    for item in 0..votes.items() {
        starts[item + 1] += starts[item];
    }
    let mut next = starts.clone();
    let mut sorted = vec![(0, 0); votes.all().len()];
    for (number, vote) in (0_u32..).zip(votes.all()) {
        let (first, second) = ends(vote);
        sorted[next[first]] = (second, number);
        next[first] += 1;
    }
    (starts, sorted)
}

/// First item, second item and outcome in one number, 31 bits, 31 bits and 2; nothing for other votes.
fn packed(vote: &Vote, ordered: bool) -> Option<u64> {
    let turned = !ordered && vote.first > vote.second;
    let outcome = match (vote.outcome, turned) {
        (Outcome::First, false) | (Outcome::Second, true) => 0,
        (Outcome::Second, false) | (Outcome::First, true) => 1,
        (Outcome::Tie, _) => 2,
        (Outcome::Soft { .. }, _) => return None,
    };
    let (first, second) = if turned {
        (vote.second, vote.first)
    } else {
        (vote.first, vote.second)
    };
    let ends = u64::from(first) << 31 | u64::from(second);
    (vote.weight.to_bits() == 1.0_f64.to_bits()).then_some(ends << 2 | outcome)
}

fn first_of(key: u64) -> u32 {
    (key >> 33) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "31 bits are left")]
fn second_of(key: u64) -> u32 {
    (key >> 2) as u32 & (u32::MAX >> 1)
}

/// Writes numbers by the item that `of` finds in them, equal ones in the order in which they came.
fn sort_by(numbers: &[u64], sorted: &mut [u64], items: usize, of: impl Fn(u64) -> u32) {
    let mut next = vec![0_u32; items + 1];
    for number in numbers {
        next[of(*number) as usize + 1] += 1;
    }
    for item in 0..items {
        next[item + 1] += next[item];
    }
    for number in numbers {
        let place = &mut next[of(*number) as usize];
        sorted[*place as usize] = *number;
        *place += 1;
    }
}
