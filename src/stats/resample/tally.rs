//! Counts by level that answer "how many above?" at once.

/// Lanes of a node: a few vector instructions long.
const WIDTH: usize = 32;
const DIGIT_BITS: u32 = WIDTH.trailing_zeros();

/// For each lane, all bits set in the lanes before it.
const BEFORE: [[u32; WIDTH]; WIDTH] = {
    let mut masks = [[0; WIDTH]; WIDTH];
    let mut lane = 0;
    while lane < WIDTH {
        let mut before = 0;
        while before < lane {
            masks[lane][before] = u32::MAX;
            before += 1;
        }
        lane += 1;
    }
    masks
};

/// Counts by level, held so that counting and asking are both a handful of steps without branches.
///
/// A level is a number to base 32, one tree depth a digit. A node holds for each digit how many were
/// counted under its higher digits; the sum along a level's path is the number counted above it.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    depths: Vec<Vec<[u32; WIDTH]>>,
}

impl Tally {
    pub(super) fn new(levels: usize) -> Self {
        let mut depths = Vec::new();
        let mut nodes = levels;
        loop {
            nodes = nodes.div_ceil(WIDTH).max(1);
            depths.push(vec![[0; WIDTH]; nodes]);
            if nodes == 1 {
                return Tally { depths };
            }
        }
    }

    pub(super) fn clear(&mut self) {
        for depth in &mut self.depths {
            depth.fill([0; WIDTH]);
        }
    }

    /// Counts `count` more at `level`.
    pub(super) fn add(&mut self, level: u32, count: u32) {
        let mut rest = level;
        for depth in &mut self.depths {
            let digit = rest as usize % WIDTH;
            rest >>= DIGIT_BITS;
            for (lane, before) in depth[rest as usize].iter_mut().zip(&BEFORE[digit]) {
                *lane += count & before;
            }
        }
    }

    /// How many were counted above `level`.
    pub(super) fn above(&self, level: u32) -> u64 {
        let mut rest = level;
        let mut sum = 0;
        for depth in &self.depths {
            let digit = rest as usize % WIDTH;
            rest >>= DIGIT_BITS;
            sum += u64::from(depth[rest as usize][digit]);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn above_is_the_sum_over_higher_levels(
            (levels, added) in (1_u32..40_000).prop_flat_map(|levels| {
                (Just(levels), prop::collection::vec((0..levels, 0..9_u32), 0..200))
            }),
            asked in 0..40_000_u32,
        ) {
            let mut tally = Tally::new(levels as usize);
            tally.add(levels - 1, 3);
            tally.clear();
            for (level, count) in &added {
                tally.add(*level, *count);
            }
            let asked = asked % levels;
            let above = added.iter().filter(|(level, _)| *level > asked);
            prop_assert_eq!(tally.above(asked), above.map(|(_, count)| u64::from(*count)).sum::<u64>());
        }
    }
}
