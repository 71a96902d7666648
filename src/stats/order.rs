//! Sorting numbers by value, fast enough that a statistic of ranks costs little more than its ranks.

/// Sorted positions of a column, cut into runs of equal values.
pub(super) struct Order {
    /// The order-preserving key of every value, by position in the column.
    keys: Vec<u64>,
    /// Leading part of the key (upper half) and position (lower half), sorted by both.
    packed: Vec<u64>,
    /// Whether equal leading parts mean equal keys.
    exact: bool,
}

impl Order {
    pub(super) fn of(values: &[f64]) -> Self {
        let keys: Vec<u64> = values.iter().copied().map(order_key).collect();
        let least = keys.iter().copied().min().unwrap_or(0);
        let (span, used_bits) = keys.iter().fold((0, 0), |(span, used), key| {
            (span.max(key - least), used | (key - least))
        });
        // Values that came from `f32` or from whole numbers end in zero bits, and then half a key is all of it.
        let ending = if used_bits == 0 {
            0
        } else {
            used_bits.trailing_zeros()
        };
        let needed = (64 - span.leading_zeros()).saturating_sub(32);
        let shift = needed.max(ending);
        let mut packed: Vec<u64> = (0_u64..)
            .zip(&keys)
            .map(|(position, key)| ((key - least) >> shift) << 32 | position)
            .collect();
        sort_by_upper_half(&mut packed);
        Order {
            keys,
            packed,
            exact: needed <= ending,
        }
    }

    /// Calls `level` once per distinct value, in increasing order, with the positions where it stands.
    pub(super) fn for_each_level(mut self, mut level: impl FnMut(&mut dyn Iterator<Item = usize>)) {
        let Order {
            keys,
            packed,
            exact,
        } = &mut self;
        for run in packed.chunk_by_mut(|a, b| a >> 32 == b >> 32) {
            if *exact || run.len() == 1 {
                level(&mut run.iter().map(|word| position(*word)));
                continue;
            }
            run.sort_unstable_by_key(|word| keys[position(*word)]);
            for tied in run.chunk_by(|a, b| keys[position(*a)] == keys[position(*b)]) {
                level(&mut tied.iter().map(|word| position(*word)));
            }
        }
    }
}

/// A whole number that orders as the value does; -0.0 and 0.0 share one.
pub(super) fn order_key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    let sign = 1 << 63;
    if bits & sign == 0 { bits | sign } else { !bits }
}

fn position(word: u64) -> usize {
    (word & 0xFFFF_FFFF) as usize
}

/// Least significant digit first, one byte at a time: 256 write streams stay in the nearest cache.
fn sort_by_upper_half(words: &mut Vec<u64>) {
    // Below this length a comparison sort is faster than four histograms.
    if words.len() < 1024 {
        words.sort_unstable();
        return;
    }
    let mut counts = [[0_usize; 256]; 4];
    for word in words.iter() {
        for (digit, count) in counts.iter_mut().enumerate() {
            count[byte(*word, digit)] += 1;
        }
    }
    let mut other = vec![0; words.len()];
    for (digit, count) in counts.iter().enumerate() {
        if count.contains(&words.len()) {
            continue;
        }
        let mut next = [0; 256];
        let mut total = 0;
        for (start, count) in next.iter_mut().zip(count) {
            *start = total;
            total += count;
        }
        for word in words.iter() {
            let slot = &mut next[byte(*word, digit)];
            other[*slot] = *word;
            *slot += 1;
        }
        std::mem::swap(words, &mut other);
    }
}

fn byte(word: u64, digit: usize) -> usize {
    (word >> (32 + 8 * digit) & 0xFF) as usize
}
