//! From the numbers of a classifier, whose outputs are exactly its labels, to a choice among options.

use crate::judging::{Choice, Coverage, Listed, Options, Readout, WordError, log_sum_exp};

/// The place of each option among the labels.
///
/// # Errors
/// An option that is no label, with the labels that there are.
pub(super) fn places(labels: &[String], options: &Options) -> Result<Vec<usize>, String> {
    options
        .names()
        .map(|name| {
            labels
                .iter()
                .position(|label| label == name)
                .ok_or_else(|| format!("`{name}` is not one of its labels: {}", labels.join(", ")))
        })
        .collect()
}

/// The choice among the options at `places`, from the log-probabilities of all labels, one row for each tile of
/// the picture; `None` stands for a probability that was too small to be told from 0.
///
/// Tiles are averaged as probabilities, so that every pixel counts once. Coverage is the mass on the options: less
/// than 1 where the question leaves out labels.
///
/// # Errors
/// No row, or no option that has any mass.
pub(super) fn choice(tiles: &[Vec<Option<f64>>], places: &[usize]) -> Result<Choice, WordError> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a picture has far fewer than 2^52 tiles"
    )]
    let log_count = (tiles.len() as f64).ln();
    let masses: Vec<Listed> = places
        .iter()
        .map(|place| {
            let listed = tiles.iter().filter_map(|tile| tile[*place]);
            let mass = log_sum_exp(listed) - log_count;
            if mass.is_finite() {
                Listed::At(mass)
            } else {
                Listed::Below(SMALLEST)
            }
        })
        .collect();
    let covered = masses.iter().map(|mass| match mass {
        Listed::At(mass) => mass.exp(),
        Listed::Below(_) => 0.0,
    });
    let coverage = Coverage::new(covered.sum())?;
    Choice::censored(&masses, Some(coverage), Readout::ClosedSet)
}

/// Log of the smallest probability that a half-precision number can hold (2^-24): what shows as 0 is below it.
pub(super) const SMALLEST: f64 = -24.0 * std::f64::consts::LN_2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::log_softmax;

    fn row(logits: &[f64]) -> Vec<Option<f64>> {
        log_softmax(logits).into_iter().map(Some).collect()
    }

    #[test]
    fn tiles_are_averaged_as_probabilities() {
        let tiles = [row(&[0.0, 0.0]), row(&[3.0f64.ln(), 0.0])];
        let choice = choice(&tiles, &[1, 0]).unwrap();
        assert!((choice.log_mass()[0].exp() - (0.5 + 0.25) / 2.0).abs() < 1e-15);
        assert!((choice.log_mass()[1].exp() - (0.5 + 0.75) / 2.0).abs() < 1e-15);
        assert!((choice.coverage().unwrap().value() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn labels_that_were_not_asked_for_lower_the_coverage() {
        let choice = choice(&[row(&[0.0, 0.0, 0.0, 0.0])], &[2, 3]).unwrap();
        assert!((choice.coverage().unwrap().value() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn a_probability_of_zero_is_a_bound() {
        let choice = choice(&[vec![Some(0.0), None]], &[0, 1]).unwrap();
        assert!(choice.is_censored() && choice.log_mass()[1] < -16.0);
        assert!(super::choice(&[vec![None, None]], &[0, 1]).is_err());
        assert!(super::choice(&[], &[0, 1]).is_err());
    }
}
