//! Which pairs of items people find different.

use super::super::{Side, StatsError};

/// What people say of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The first is significantly better.
    FirstBetter,
    /// No significant difference.
    Similar,
    /// The second is significantly better.
    SecondBetter,
}

/// People's opinion of one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemOpinion {
    /// Mean rating, higher is better.
    pub mean: f64,
    /// Standard deviation of the ratings, with n - 1 in the denominator.
    pub sd: f64,
    /// Number of ratings.
    pub n: u32,
}

/// The outcome of every pair of items: (0, 1), (0, 2), ..., (1, 2), ...
///
/// ```text
/// z = (m_a - m_b) / sqrt(s_a^2 / n_a + s_b^2 / n_b)
/// ```
/// A pair is different where |z| > 2. Two items without any spread are compared with a variance of 1e-8, as in
/// the published program.
///
/// # Errors
/// [`StatsError::NonFinite`] for a mean that is not finite, [`StatsError::Argument`] for a negative or
/// unknown spread or an item without ratings.
pub fn outcomes(items: &[ItemOpinion]) -> Result<Vec<Outcome>, StatsError> {
    let errors = squared_errors(items)?;
    Ok(pair_indices(items.len())
        .map(|(first, second)| {
            let variance = errors[first] + errors[second];
            let variance = if variance == 0.0 { 1e-8 } else { variance };
            let z = (items[first].mean - items[second].mean) / variance.sqrt();
            if z > 2.0 {
                Outcome::FirstBetter
            } else if z < -2.0 {
                Outcome::SecondBetter
            } else {
                Outcome::Similar
            }
        })
        .collect())
}

fn squared_errors(items: &[ItemOpinion]) -> Result<Vec<f64>, StatsError> {
    let wrong = |argument, value: String, allowed| StatsError::Argument {
        argument,
        value,
        allowed,
    };
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            if !item.mean.is_finite() {
                return Err(StatsError::NonFinite {
                    side: Side::Human,
                    index,
                    value: item.mean,
                });
            }
            if item.n == 0 {
                return Err(wrong("n", "0".to_owned(), "1 or more ratings an item"));
            }
            if !item.sd.is_finite() || item.sd < 0.0 {
                return Err(wrong("sd", item.sd.to_string(), "0 or more"));
            }
            Ok(item.sd * item.sd / f64::from(item.n))
        })
        .collect()
}

/// The difference of scores of every pair, first less second: (0, 1), (0, 2), ..., (1, 2), ...
pub fn differences(predicted: &[f64]) -> Vec<f64> {
    pair_indices(predicted.len())
        .map(|(first, second)| predicted[first] - predicted[second])
        .collect()
}

fn pair_indices(items: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..items).flat_map(move |first| (first + 1..items).map(move |second| (first, second)))
}
