//! Random numbers that depend on (seed, stream, position) only.
//!
//! Resample number k draws from stream k. Which thread computes it, and when, then has no influence on
//! what it draws, and a result repeats to the bit for any number of threads.

/// Philox4x32-10, a counter-based generator: each block of numbers is a keyed mixing of its position.
///
/// Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). It passes
/// BigCrush, and streams of one seed are independent for every statistical purpose. Not for secrets.
///
/// ```
/// use opine::stats::resample::CounterRng;
/// let mut first = CounterRng::new(7, 0);
/// let mut again = CounterRng::new(7, 0);
/// let mut other = CounterRng::new(7, 1);
/// let word = first.next_u64();
/// assert_eq!(word, again.next_u64());
/// assert_ne!(word, other.next_u64());
/// ```
#[derive(Debug, Clone)]
pub struct CounterRng {
    key: [u32; 2],
    stream: [u32; 2],
    block: u64,
    words: [u32; 4],
    used: usize,
}

impl CounterRng {
    /// The generator at the start of `stream` under `seed`.
    pub fn new(seed: u64, stream: u64) -> Self {
        CounterRng {
            key: halves(seed),
            stream: halves(stream),
            block: 0,
            words: [0; 4],
            used: 4,
        }
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let low = u64::from(self.next_u32());
        let high = u64::from(self.next_u32());
        high << 32 | low
    }

    /// A whole number in `0..bound`, every one equally likely; 0 for a `bound` of 0 or 1.
    ///
    /// Multiply-shift with rejection (Lemire, "Fast random integer generation in an interval", 2019).
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        let mut product = u64::from(self.next_u32()) * u64::from(bound);
        let mut low = halves(product)[0];
        if low < bound {
            let uneven = bound.wrapping_neg() % bound;
            while low < uneven {
                product = u64::from(self.next_u32()) * u64::from(bound);
                low = halves(product)[0];
            }
        }
        halves(product)[1]
    }

    /// A number in `[0, 1)`, a multiple of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A standard normal number, by Box and Muller's transform of two uniform ones.
    pub fn normal(&mut self) -> f64 {
        // 1 - u lies in (0, 1], where the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Puts `values` in an order drawn by lot, every order equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for at in (1..values.len()).rev() {
            let bound = u32::try_from(at + 1).expect("no more than 2^32 values are shuffled");
            values.swap(at, self.below(bound) as usize);
        }
    }

    #[inline]
    fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            let [low, high] = halves(self.block);
            self.words = philox([low, high, self.stream[0], self.stream[1]], self.key);
            self.block += 1;
            self.used = 0;
        }
        let word = self.words[self.used];
        self.used += 1;
        word
    }
}

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let [low_0, high_0] = halves(u64::from(counter[0]) * 0xD251_1F53);
        let [low_1, high_1] = halves(u64::from(counter[2]) * 0xCD9E_8D57);
        counter = [
            high_1 ^ counter[1] ^ key[0],
            low_1,
            high_0 ^ counter[3] ^ key[1],
            low_0,
        ];
        key[0] = key[0].wrapping_add(0x9E37_79B9);
        key[1] = key[1].wrapping_add(0xBB67_AE85);
    }
    counter
}

/// The low and the high half of a word.
fn halves(word: u64) -> [u32; 2] {
    [(word & 0xFFFF_FFFF) as u32, (word >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixes_as_the_published_known_answers() {
        // Random123, tests/kat_vectors, rows `philox4x32 10`.
        let known = [
            (
                [0; 4],
                [0; 2],
                [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8],
            ),
            (
                [u32::MAX; 4],
                [u32::MAX; 2],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, expected) in known {
            assert_eq!(philox(counter, key), expected);
        }
    }

    #[test]
    fn a_stream_does_not_depend_on_its_neighbours() {
        let draw = |stream| {
            let mut rng = CounterRng::new(11, stream);
            (0..9).map(|_| rng.next_u64()).collect::<Vec<_>>()
        };
        let forward: Vec<_> = (0..4).map(draw).collect();
        let mut backward: Vec<_> = (0..4).rev().map(draw).collect();
        backward.reverse();
        assert_eq!(forward, backward);
        assert_ne!(forward[0], forward[1]);
    }

    #[test]
    fn below_is_even_over_a_bound_that_does_not_divide_the_word() {
        let mut rng = CounterRng::new(1, 0);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[rng.below(7) as usize] += 1;
        }
        // Chi-squared with 6 degrees of freedom exceeds 22.46 once in a thousand seeds.
        let chi_squared: f64 = counts
            .iter()
            .map(|count| (f64::from(*count) - 10_000.0).powi(2) / 10_000.0)
            .sum();
        assert!(chi_squared < 22.46, "{chi_squared}");
        assert_eq!(rng.below(1), 0);
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn uniform_and_normal_have_their_moments() {
        let mut rng = CounterRng::new(3, 5);
        let draws = 100_000;
        let uniform: Vec<f64> = (0..draws).map(|_| rng.uniform()).collect();
        let normal: Vec<f64> = (0..draws).map(|_| rng.normal()).collect();
        let moments = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let square = values
                .iter()
                .map(|value| (value - mean).powi(2))
                .sum::<f64>();
            (mean, square / values.len() as f64)
        };
        assert!(uniform.iter().all(|value| (0.0..1.0).contains(value)));
        // Four standard errors: sd / sqrt(n) for a mean, sd of the squared deviation / sqrt(n) for a variance.
        let (mean, variance) = moments(&uniform);
        assert!((mean - 0.5).abs() < 0.0037, "{mean}");
        assert!((variance - 1.0 / 12.0).abs() < 0.001, "{variance}");
        let (mean, variance) = moments(&normal);
        assert!(mean.abs() < 0.0127, "{mean}");
        assert!((variance - 1.0).abs() < 0.018, "{variance}");
    }
}
