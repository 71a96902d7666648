//! Ranks as shares, and what is left of the judge's once people's are taken out.

use crate::stats::Ranks;

/// The midrank of every value as a share: 0 for the lowest, 1 for the highest place.
pub(super) fn rank_shares(values: &[f64]) -> Vec<f64> {
    let last = (values.len().max(2) - 1) as f64;
    Ranks::of(values)
        .midranks()
        .iter()
        .map(|rank| (rank - 1.0) / last)
        .collect()
}

/// Residuals of a least-squares line of `y` on `x`; `y` less its mean where `x` is constant.
pub(super) fn residuals(y: &[f64], x: &[f64]) -> Vec<f64> {
    let n = y.len() as f64;
    let (mean_y, mean_x) = (y.iter().sum::<f64>() / n, x.iter().sum::<f64>() / n);
    let products: f64 = y
        .iter()
        .zip(x)
        .map(|(y, x)| (y - mean_y) * (x - mean_x))
        .sum();
    let squares: f64 = x.iter().map(|x| (x - mean_x).powi(2)).sum();
    let slope = if squares > 0.0 {
        products / squares
    } else {
        0.0
    };
    y.iter()
        .zip(x)
        .map(|(y, x)| y - mean_y - slope * (x - mean_x))
        .collect()
}

/// Mean and standard deviation (n - 1).
pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}

/// A normal 95 % interval of a mean; nothing below two values.
pub(super) fn mean_interval(values: &[f64]) -> Option<[f64; 2]> {
    if values.len() < 2 {
        return None;
    }
    let (mean, sd) = moments(values);
    let half = 1.959_963_984_540_054 * sd / (values.len() as f64).sqrt();
    Some([mean - half, mean + half])
}
