//! Hypotheses that are tested one after the other.

/// Places whose hypothesis is refused, in order; all of them are false at once with a probability of 1 less the level.
///
/// At each place a share of the level begins. A hypothesis is tested at what has begun there and what the one before it
/// hands on, which is all that it was tested at where it was refused, and nothing where it was not: the sequentially
/// rejective graph of Bretz, Maurer, Brannath, Posch 2009. Where and how much begins must not depend on the labels.
pub(super) fn refused_in_sequence(shares: &[f64], p_value: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut carried = 0.0;
    let mut refused = Vec::new();
    for (at, share) in shares.iter().enumerate() {
        let at_hand = carried + share;
        let is_refused = at_hand > 0.0 && p_value(at) <= at_hand;
        carried = if is_refused { at_hand } else { 0.0 };
        if is_refused {
            refused.push(at);
        }
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_passes_hands_its_level_on_and_one_that_fails_loses_it() {
        let refused =
            |shares: &[f64], p_values: &[f64]| refused_in_sequence(shares, |at| p_values[at]);
        assert_eq!(refused(&[0.04, 0.0, 0.0], &[0.03, 0.04, 0.05]), [0, 1]);
        // The second is tested at both shares, and what it loses the third has not.
        assert_eq!(refused(&[0.02, 0.02, 0.02], &[0.02, 0.04, 0.06]), [0, 1, 2]);
        assert_eq!(refused(&[0.02, 0.02, 0.02], &[0.02, 0.05, 0.04]), [0]);
        assert_eq!(refused(&[0.02, 0.0, 0.02], &[0.9, 0.0, 0.02]), [2]);
        assert_eq!(refused(&[], &[]), [0; 0]);
    }
}
