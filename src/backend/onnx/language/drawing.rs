//! Drawing tokens, the same ones each time for the same question.

use crate::digest::Digest;
use crate::judging::Sampling;

/// A stream of numbers in 0..1 that depends on its seed alone (SplitMix64, Steele et al. 2014).
#[derive(Debug, Clone)]
pub(super) struct Draws(u64);

impl Draws {
    /// The stream of one draw of one question.
    pub(super) fn new(question: Digest, draw: u32) -> Self {
        let seed = Digest::of_fields([&question.as_bytes()[..], &draw.to_le_bytes()]);
        let (first, _) = seed.as_bytes().as_chunks::<8>();
        Draws(u64::from_le_bytes(first[0]))
    }

    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        // The 53 bits that a double holds.
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One token by its log-probability; temperature 0 takes the most probable, the first of equals.
    pub(super) fn token(&mut self, log_probabilities: &[f64], sampling: &Sampling) -> usize {
        let most = |a: &(usize, f64), b: &(usize, f64)| b.1.total_cmp(&a.1);
        let mut tokens: Vec<(usize, f64)> = log_probabilities.iter().copied().enumerate().collect();
        if sampling.temperature <= 0.0 {
            let first = tokens.into_iter().min_by(most);
            return first.map_or(0, |(token, _)| token);
        }
        tokens.sort_by(most);
        let highest = tokens.first().map_or(0.0, |(_, mass)| *mass);
        for (_, mass) in &mut tokens {
            *mass = ((*mass - highest) / sampling.temperature).exp();
        }
        let total: f64 = tokens.iter().map(|(_, mass)| mass).sum();
        let kept = kept(&tokens, sampling.top_p * total);
        let kept_total: f64 = tokens[..kept].iter().map(|(_, mass)| mass).sum();
        let mut left = self.share() * kept_total;
        for (token, mass) in &tokens[..kept] {
            left -= mass;
            if left < 0.0 {
                return *token;
            }
        }
        tokens[kept - 1].0
    }
}

/// How many of the most probable tokens it takes to reach this mass.
fn kept(tokens: &[(usize, f64)], mass: f64) -> usize {
    let mut sum = 0.0;
    let reached = tokens.iter().position(|(_, own)| {
        sum += own;
        sum >= mass
    });
    reached.map_or(tokens.len(), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling(temperature: f64, top_p: f64) -> Sampling {
        Sampling {
            temperature,
            top_p,
            ..Sampling::default()
        }
    }

    fn shares(sampling: &Sampling) -> [f64; 3] {
        let masses = [0.2f64.ln(), 0.5f64.ln(), 0.3f64.ln()];
        let mut counts = [0.0; 3];
        for draw in 0..4000 {
            counts[Draws::new(Digest::of(b"question"), draw).token(&masses, sampling)] += 1.0;
        }
        counts.map(|count| count / 4000.0)
    }

    #[test]
    fn tokens_are_drawn_by_their_probability() {
        // Standard error sqrt(0.5 * 0.5 / 4000) = 0.008; the tolerance is four of them.
        for (found, expected) in shares(&sampling(1.0, 1.0)).iter().zip([0.2, 0.5, 0.3]) {
            assert!((found - expected).abs() < 0.032, "{found} for {expected}");
        }
        // At temperature 1/2 the probabilities are squared: 4, 25 and 9 of 38.
        let squared = [4.0 / 38.0, 25.0 / 38.0, 9.0 / 38.0];
        for (found, expected) in shares(&sampling(0.5, 1.0)).iter().zip(squared) {
            assert!((found - expected).abs() < 0.032, "{found} for {expected}");
        }
        // It takes the two most probable to reach 0.75.
        for (found, expected) in shares(&sampling(1.0, 0.75)).iter().zip([0.0, 0.625, 0.375]) {
            assert!((found - expected).abs() < 0.032, "{found} for {expected}");
        }
        let certain = shares(&sampling(0.0, 1.0)).map(f64::to_bits);
        assert_eq!(certain, [0.0, 1.0, 0.0].map(f64::to_bits));
    }

    #[test]
    fn a_question_is_drawn_alike_each_time_and_each_draw_anew() {
        let stream =
            |question: &[u8], draw| Draws::new(Digest::of(question), draw).share().to_bits();
        assert_eq!(stream(b"a", 0), stream(b"a", 0));
        assert_ne!(stream(b"a", 0), stream(b"a", 1));
        assert_ne!(stream(b"a", 0), stream(b"b", 0));
    }
}
