//! Sorting numbers by value, fast enough that a statistic of ranks costs little more than its ranks.
//!
//! The values are spread over equal slices of their range, and each slice is sorted by itself while it lies in the
//! nearest cache. Memory is eight bytes a value, because fresh memory costs as much time as sorting does.

/// Values in a slice, on average, until slices are as many as can be written to side by side.
const SLICE: usize = 256;
const MOST_SLICES: usize = 1024;

/// The level of every value, from 0, and how often each level occurs.
///
/// Values must not be NaN; -0.0 and 0.0 are one level.
pub(super) fn levels_by_sorting(values: &[f64]) -> (Vec<u32>, Vec<u32>) {
    let Some(steps) = Steps::over(values) else {
        return (Vec::new(), Vec::new());
    };
    let mut words = sorted_by_step(values, &steps);
    let occupied = 1
        + (words.windows(2))
            .filter(|pair| step(pair[0]) != step(pair[1]))
            .count();
    if occupied <= values.len() / 4 {
        let (levels, counts) = levels_of_runs(&words, |a, b| step(a) == step(b));
        if steps_are_levels(values, &words, &levels) {
            return (levels, counts);
        }
    }
    let key = |word: u64| order_key(values[position(word)]);
    for run in words.chunk_by_mut(|a, b| step(*a) == step(*b)) {
        if run.len() > 1 {
            run.sort_unstable_by_key(|word| key(*word));
        }
    }
    levels_of_runs(&words, |a, b| step(a) == step(b) && key(a) == key(b))
}

/// The level of every position and the size of each level, where neighbours for which `same` holds are one level.
fn levels_of_runs(words: &[u64], same: impl Fn(u64, u64) -> bool) -> (Vec<u32>, Vec<u32>) {
    let mut levels = vec![0; words.len()];
    let mut level = 0_u32;
    let mut previous = words[0];
    for word in words {
        level += u32::from(!same(previous, *word));
        levels[position(*word)] = level;
        previous = *word;
    }
    let mut counts = vec![0; level as usize + 1];
    for level in &levels {
        counts[*level as usize] += 1;
    }
    (levels, counts)
}

/// Whether values of one step are equal throughout, where `words` are sorted by step and steps are taken for levels.
///
/// Going through the values as they lie, and looking up what stands for their level, is much faster than to fetch
/// them in their order.
fn steps_are_levels(values: &[f64], words: &[u64], levels: &[u32]) -> bool {
    let first_of_level: Vec<u64> = (words.chunk_by(|a, b| step(*a) == step(*b)))
        .map(|run| order_key(values[position(run[0])]))
        .collect();
    (values.iter().zip(levels)).fold(true, |same, (value, level)| {
        same & (first_of_level[*level as usize] == order_key(*value))
    })
}

/// A whole number that orders as the value does; -0.0 and 0.0 share one.
pub(super) fn order_key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    let sign = 1 << 63;
    if bits & sign == 0 { bits | sign } else { !bits }
}

/// The range of a column, cut into 2^32 equal steps.
struct Steps {
    least: f64,
    per_unit: f64,
}

impl Steps {
    fn over(values: &[f64]) -> Option<Self> {
        let first = *values.first()?;
        let (least, largest) = (values.iter()).fold((first, first), |(least, largest), value| {
            (least.min(*value), largest.max(*value))
        });
        // Halves, because the range of finite numbers need not be finite.
        let half_range = largest / 2.0 - least / 2.0;
        let per_unit = f64::from(u32::MAX) / half_range;
        Some(Steps {
            least: least / 2.0,
            // A range of nothing, or of subnormal numbers, is one step: sorting by value then does it all.
            per_unit: if per_unit.is_finite() { per_unit } else { 0.0 },
        })
    }

    /// The value's step. Subtraction and multiplication round monotonically, so that steps order as values do.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates at both ends of the range, which is what is wanted"
    )]
    fn step(&self, value: f64) -> u32 {
        ((value / 2.0 - self.least) * self.per_unit) as u32
    }
}

/// Step (upper half) and position (lower half) of every value, sorted by both.
fn sorted_by_step(values: &[f64], steps: &Steps) -> Vec<u64> {
    let slices = (values.len() / SLICE).next_power_of_two().min(MOST_SLICES);
    let slice = |step: u32| ((u64::from(step) * slices as u64) >> 32) as usize;
    let mut ends = vec![0_usize; slices];
    for value in values {
        ends[slice(steps.step(*value))] += 1;
    }
    let mut total = 0;
    for end in &mut ends {
        let count = *end;
        *end = total;
        total += count;
    }
    let mut words = vec![0; values.len()];
    for (position, value) in (0_u64..).zip(values) {
        let step = steps.step(*value);
        let slot = &mut ends[slice(step)];
        words[*slot] = u64::from(step) << 32 | position;
        *slot += 1;
    }
    let mut start = 0;
    for end in ends {
        words[start..end].sort_unstable();
        start = end;
    }
    words
}

fn position(word: u64) -> usize {
    (word & 0xFFFF_FFFF) as usize
}

fn step(word: u64) -> u64 {
    word >> 32
}
