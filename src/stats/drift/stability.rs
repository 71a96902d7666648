//! The population stability index.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::checked;
use crate::stats::{Estimate, StatsError};

/// Bins of the index.
const BINS: usize = 10;

/// The population stability index of `current` against `reference`: `sum (c - r) ln(c / r)` over bins that hold a tenth
/// of the reference each, and one beyond either end of it.
///
/// Bins are cut at the deciles of the reference; where scores repeat, bins with one cut between them are joined. Half an
/// observation is added to each bin, so that an empty one counts and does not make the index infinite. By custom below
/// 0.1 is stable and above 0.25 has moved (Siddiqi 2006); under no drift its expectation is about
/// `(bins - 1) (1 / n + 1 / m)`, which the convention states: of two samples of fifty it lies above 0.25. The p-value is
/// therefore what tells chance from drift: `index / (1 / n + 1 / m)` tends to chi-squared with `bins - 1` degrees of
/// freedom (Yurdakul 2018), here with those of both outer bins as well.
///
/// # Errors
/// [`StatsError::TooFew`] below ten reference values or one current one, [`StatsError::NonFinite`].
pub fn population_stability(reference: &[f64], current: &[f64]) -> Result<Estimate, StatsError> {
    const NAME: &str = "population_stability_index";
    checked(NAME, reference, BINS)?;
    checked(NAME, current, 1)?;
    let mut sorted = reference.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut cuts: Vec<f64> = (1..BINS)
        .map(|tenth| sorted[tenth * sorted.len() / BINS])
        .collect();
    cuts.dedup_by(|one, other| one.total_cmp(other).is_eq());
    let (least, most) = (sorted[0], sorted[sorted.len() - 1]);
    cuts.retain(|cut| *cut > least);
    // One bin below all of the reference and one above it: what never occurred before has moved.
    cuts.insert(0, least);
    let bins = cuts.len() + 2;
    let shares = |values: &[f64]| -> Vec<f64> {
        let mut counts = vec![0.5; bins];
        for value in values {
            let bin = if *value > most {
                bins - 1
            } else {
                cuts.partition_point(|cut| cut <= value)
            };
            counts[bin] += 1.0;
        }
        let total = values.len() as f64 + 0.5 * bins as f64;
        counts.iter().map(|count| count / total).collect()
    };
    let (before, now) = (shares(reference), shares(current));
    let index = before
        .iter()
        .zip(&now)
        .map(|(before, now)| (now - before) * (now / before).ln())
        .sum();
    let expected =
        (bins as f64 - 3.0) * (1.0 / reference.len() as f64 + 1.0 / current.len() as f64);
    let scale = 1.0 / reference.len() as f64 + 1.0 / current.len() as f64;
    let chi_squared = ChiSquared::new(bins as f64 - 1.0).expect("there are three bins or more");
    let p_value = 1.0 - chi_squared.cdf(index / scale);
    let estimate = Estimate::new(
        NAME,
        index,
        reference.len() + current.len(),
        format!(
            "{} bins by deciles of the reference and one beyond either end, half an observation added to each; about {expected:.4} where nothing moved",
            bins - 2
        ),
    );
    Ok(estimate.with_p_value(p_value, "chi-squared limit"))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact where nothing differs")]
mod tests {
    use super::*;
    use crate::stats::resample::CounterRng;

    fn normal(n: usize, shift: f64, stream: u64) -> Vec<f64> {
        let mut rng = CounterRng::new(5, stream);
        (0..n).map(|_| rng.normal() + shift).collect()
    }

    #[test]
    fn what_moved_is_told_from_what_did_not() {
        let reference = normal(5_000, 0.0, 0);
        let index = |shift| {
            population_stability(&reference, &normal(5_000, shift, 1))
                .unwrap()
                .value
        };
        assert!(index(0.0) < 0.02, "{}", index(0.0));
        // For equal normals the index tends to the symmetric divergence, shift squared; ten bins lose a little.
        assert!((0.2..0.26).contains(&index(0.5)), "{}", index(0.5));
        assert!(index(2.0) > 2.0);
    }

    #[test]
    fn repeated_scores_share_a_bin_and_a_constant_judge_has_one() {
        let reference: Vec<f64> = (0..100).map(|at| f64::from(at % 3)).collect();
        let same = population_stability(&reference, &reference).unwrap();
        assert_eq!(same.value, 0.0);
        assert!(same.convention.starts_with("3 bins"), "{}", same.convention);
        let constant = population_stability(&[1.0; 20], &[2.0; 20]).unwrap();
        assert!(constant.value > 1.0, "{constant:?}");
        let unmoved = population_stability(&[1.0; 20], &[1.0; 20]).unwrap();
        assert_eq!(unmoved.value, 0.0);
    }

    #[test]
    fn too_few_are_refused() {
        assert!(population_stability(&[1.0; 9], &[1.0]).is_err());
        assert!(population_stability(&[1.0; 10], &[]).is_err());
    }
}
