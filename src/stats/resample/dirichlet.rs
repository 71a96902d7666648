//! Draws from Dirichlet distributions.

use super::CounterRng;

/// One draw from the Dirichlet distribution of these concentrations, each above 0: shares that sum to 1.
///
/// Normalised gamma draws, each by Marsaglia and Tsang, "A simple method for generating gamma
/// variables" (ACM TOMS 26, 2000), with their boost for concentrations below 1.
pub fn dirichlet(rng: &mut CounterRng, concentrations: &[f64]) -> Vec<f64> {
    let draws: Vec<f64> = concentrations
        .iter()
        .map(|concentration| gamma(rng, *concentration))
        .collect();
    let total: f64 = draws.iter().sum();
    draws.into_iter().map(|draw| draw / total).collect()
}

fn gamma(rng: &mut CounterRng, shape: f64) -> f64 {
    if shape < 1.0 {
        // 1 - u lies in (0, 1], so that no draw is exactly 0.
        let boost = (1.0 - rng.uniform()).powf(1.0 / shape);
        return gamma(rng, shape + 1.0) * boost.max(f64::MIN_POSITIVE);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = rng.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - rng.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean `a / A` and variance `a (A - a) / (A^2 (A + 1))` of each share; 40,000 draws, six standard errors.
    #[test]
    fn shares_have_the_moments_of_the_distribution() {
        let concentrations = [0.5, 2.5, 7.0];
        let total: f64 = concentrations.iter().sum();
        let mut rng = CounterRng::new(3, 1);
        let draws: Vec<Vec<f64>> = (0..40_000)
            .map(|_| dirichlet(&mut rng, &concentrations))
            .collect();
        for (place, concentration) in concentrations.iter().enumerate() {
            let mean = draws.iter().map(|draw| draw[place]).sum::<f64>() / draws.len() as f64;
            let variance = draws
                .iter()
                .map(|draw| (draw[place] - mean).powi(2))
                .sum::<f64>()
                / draws.len() as f64;
            let expected = concentration / total;
            let spread = concentration * (total - concentration) / (total * total * (total + 1.0));
            let error = (spread / draws.len() as f64).sqrt();
            assert!((mean - expected).abs() < 6.0 * error, "{place}: {mean}");
            assert!(
                (variance / spread - 1.0).abs() < 0.05,
                "{place}: {variance}"
            );
        }
    }
}
