//! Circles among preferences: a over b, b over c, and c over a.

use super::table::Table;
use super::votes::Votes;

/// Most items whose triads are counted: it takes a bit for each ordered pair of items, twice.
const MOST_ITEMS: usize = 16_384;

/// Three items of which each is preferred to the next, and the last to the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// The items, each preferred to the one after it; the least position first.
    pub items: [usize; 3],
    /// The smallest share of votes by which one of the three pairs was won: how sure the circle is.
    pub least_share: f64,
}

/// How many triads are circular.
///
/// An item is preferred to another when it has more than half of the weight of their votes, ties being half
/// votes. Only triads in which all three pairs are so decided count.
#[derive(Debug, Clone, PartialEq)]
pub struct Triads {
    /// Triads with three decided pairs.
    pub decided: u64,
    /// Those of them that are circular. Of random preferences it is a quarter.
    pub cyclic: u64,
    /// Kendall and Babington Smith's coefficient of consistence, 1 - circular / most possible: 1 without
    /// circles, 0 with as many as there can be. Exists when every pair is decided.
    pub zeta: Option<f64>,
    /// The surest circles, the surest first, as many as were asked for.
    pub cycles: Vec<Cycle>,
}

/// Counts circular triads and lists the `most` surest of them; `None` for more than 16,384 items.
///
/// ```
/// use opine::stats::strengths::{Outcome, Vote, Votes, triads};
/// let votes = [(0, 1), (1, 2), (2, 0)].map(|(first, second)| Vote::new(first, second, Outcome::First));
/// let triads = triads(&Votes::new(3, votes.to_vec())?, 10).unwrap();
/// assert_eq!((triads.decided, triads.cyclic, triads.zeta), (1, 1, Some(0.0)));
/// assert_eq!(triads.cycles[0].items, [0, 1, 2]);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
pub fn triads(votes: &Votes, most: usize) -> Option<Triads> {
    of_table(&Table::by_pair(votes, false), votes.items(), most)
}

/// The same from gathered votes; pairs must not be ordered.
pub(super) fn of_table(table: &Table, items: usize, most: usize) -> Option<Triads> {
    if items > MOST_ITEMS {
        return None;
    }
    let preferences = Preferences::new(table, items);
    let mut triads = Triads {
        decided: 0,
        cyclic: 0,
        zeta: None,
        cycles: Vec::new(),
    };
    for &(better, worse, _) in &preferences.sorted {
        let (beaten, beating) = (preferences.beats.row(worse), preferences.beaten.row(better));
        let meets = |item: usize| {
            let rows = preferences
                .beats
                .row(item)
                .iter()
                .zip(preferences.beaten.row(item));
            rows.map(|(beats, beaten)| beats | beaten)
        };
        for (one, other) in meets(better).zip(meets(worse)) {
            triads.decided += u64::from((one & other).count_ones());
        }
        for (word, (beaten, beating)) in beaten.iter().zip(beating).enumerate() {
            // Those that lose to the worse and beat the better close a circle.
            let mut closing = beaten & beating;
            triads.cyclic += u64::from(closing.count_ones());
            while most > 0 && closing != 0 {
                let third = 64 * word + closing.trailing_zeros() as usize;
                closing &= closing - 1;
                // A circle is met at each of its pairs and listed at the one that its least item begins.
                if better < worse.min(third) {
                    triads
                        .cycles
                        .push(preferences.cycle([better, worse, third]));
                }
            }
        }
        if triads.cycles.len() > 4 * most + 1_000 {
            surest(&mut triads.cycles, most);
        }
    }
    // Every triad was met at each of its three pairs.
    triads.decided /= 3;
    triads.cyclic /= 3;
    triads.zeta = zeta(items, preferences.sorted.len(), triads.cyclic);
    surest(&mut triads.cycles, most);
    Some(triads)
}

fn surest(cycles: &mut Vec<Cycle>, most: usize) {
    cycles.sort_by(|a, b| {
        b.least_share
            .total_cmp(&a.least_share)
            .then(a.items.cmp(&b.items))
    });
    cycles.truncate(most);
}

fn zeta(items: usize, decided: usize, cyclic: u64) -> Option<f64> {
    if items < 3 || decided != items * (items - 1) / 2 {
        return None;
    }
    let n = items as f64;
    let most = if items % 2 == 1 {
        n * n * n - n
    } else {
        n * n * n - 4.0 * n
    } / 24.0;
    Some(1.0 - cyclic as f64 / most)
}

/// Decided pairs, as a list and as two tables of bits.
struct Preferences {
    /// Better item, worse item, and the share of the better one, in increasing order of both.
    sorted: Vec<(usize, usize, f64)>,
    beats: Bits,
    beaten: Bits,
}

impl Preferences {
    fn new(table: &Table, items: usize) -> Self {
        let decided = |(first, second, [wins, losses, ties]): (usize, usize, [f64; 3])| {
            let all = wins + losses + ties;
            if wins > losses {
                Some((first, second, (wins + 0.5 * ties) / all))
            } else if losses > wins {
                Some((second, first, (losses + 0.5 * ties) / all))
            } else {
                None
            }
        };
        let mut sorted: Vec<(usize, usize, f64)> = table.pairs().filter_map(decided).collect();
        sorted.sort_unstable_by_key(|(better, worse, _)| (*better, *worse));
        let mut preferences = Preferences {
            sorted,
            beats: Bits::new(items),
            beaten: Bits::new(items),
        };
        for &(better, worse, _) in &preferences.sorted {
            preferences.beats.set(better, worse);
            preferences.beaten.set(worse, better);
        }
        preferences
    }

    fn cycle(&self, items: [usize; 3]) -> Cycle {
        let [a, b, c] = items;
        let share = |better: usize, worse: usize| {
            let found =
                (self.sorted).binary_search_by_key(&(better, worse), |known| (known.0, known.1));
            self.sorted[found.expect("a circle is made of decided pairs")].2
        };
        Cycle {
            items,
            least_share: share(a, b).min(share(b, c)).min(share(c, a)),
        }
    }
}

/// A square table of bits.
struct Bits {
    words: usize,
    bits: Vec<u64>,
}

impl Bits {
    fn new(items: usize) -> Self {
        let words = items.div_ceil(64);
        Bits {
            words,
            bits: vec![0; words * items],
        }
    }

    fn set(&mut self, row: usize, column: usize) {
        self.bits[row * self.words + column / 64] |= 1 << (column % 64);
    }

    fn row(&self, row: usize) -> &[u64] {
        &self.bits[row * self.words..(row + 1) * self.words]
    }
}
