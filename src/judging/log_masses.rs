//! Logarithms of probabilities, added and normalised without leaving the range of numbers.

/// The logits less the logarithm of their total mass.
pub fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let total = log_sum_exp(logits.iter().copied());
    logits.iter().map(|logit| logit - total).collect()
}

/// Logarithm of the sum of the masses; of none it is that of 0.
pub fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let highest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if highest == f64::NEG_INFINITY {
        return highest;
    }
    highest
        + values
            .map(|value| (value - highest).exp())
            .sum::<f64>()
            .ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_add_up_wherever_they_lie() {
        for shift in [-2000.0, 0.0, 2000.0] {
            let total: f64 = log_softmax(&[shift, shift + 1.0, shift - 700.0])
                .into_iter()
                .map(f64::exp)
                .sum();
            // Numbers near 2000 are 2e-13 apart.
            assert!((total - 1.0).abs() < 1e-12, "{total}");
        }
        let nothing = log_sum_exp([f64::NEG_INFINITY; 2].into_iter());
        assert!(nothing.is_infinite() && nothing < 0.0);
        assert!((log_sum_exp([0.0, f64::NEG_INFINITY].into_iter())).abs() < 1e-15);
    }
}
