//! What the votes on one pair make of a normal belief about its difference.

use super::model::{Local, Model};

/// Step between two looks, in deviations of the peak, and how far below the peak's height looking ends.
const STEP: f64 = 0.5;
const LOWEST: f64 = 30.0;
/// Newton steps to the peak. The function is concave; a step to where it does not rise is halved.
const MOST_STEPS: usize = 60;

/// Weights of the votes on one pair, and sums of their squares by outcome.
///
/// With y the share of a vote for the first item (a tie is half), the derivative of a vote by the difference is
/// linear in y under every model without a tie parameter, so that these sums give the squares of all votes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Ballot {
    /// Sums of weights for the first and for the second item.
    pub(super) counts: [f64; 2],
    /// Sums of w^2, w^2 y and w^2 y^2.
    pub(super) squares: [f64; 3],
}

impl Ballot {
    pub(super) fn add(&mut self, first: f64, weight: f64) {
        self.counts[0] += weight * first;
        self.counts[1] += weight * (1.0 - first);
        for (sum, power) in self.squares.iter_mut().zip([1.0, first, first * first]) {
            *sum += weight * weight * power;
        }
    }

    pub(super) fn local(&self, model: Model, d: f64) -> Local {
        model.local(d, 0.0, [self.counts[0], self.counts[1], 0.0])
    }

    /// Sum over votes of the squares of derivatives that are `lost - y (lost - won)`.
    fn squared(&self, lost: f64, span: f64) -> f64 {
        let [all, first, both] = self.squares;
        all * lost * lost - 2.0 * first * lost * span + both * span * span
    }
}

/// The belief after the votes: its first two moments, and what the votes are beside it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tilted {
    pub(super) mean: f64,
    pub(super) variance: f64,
    /// Sum over votes of squared derivatives: expected, and of the expected derivatives.
    pub(super) squares: f64,
    pub(super) settled: f64,
    /// Expected second derivative of all votes.
    pub(super) bend: f64,
}

/// Moments of `N(mean, variance) * exp(-L(d) / dispersion)`, L the negative log-likelihood of the votes.
///
/// Sums over equal steps, which are exact to many digits for a smooth function that dies off on both sides.
pub(super) fn tilted(
    model: Model,
    ballot: &Ballot,
    dispersion: f64,
    mean: f64,
    variance: f64,
) -> Tilted {
    let height = |d: f64| {
        let local = ballot.local(model, d);
        let away = d - mean;
        (
            -0.5 * away * away / variance - local.value / dispersion,
            local,
        )
    };
    let (peak, top, bend) = peak(&height, mean, variance, dispersion);
    let step = STEP / (1.0 / variance + bend / dispersion).sqrt();
    let mut sums = [0.0; 7];
    let mut look = |d: f64| -> bool {
        let (here, local) = height(d);
        let below = top - here;
        let weight = (-below).exp();
        let away = d - peak;
        let lost = model.local(d, 0.0, [0.0, 1.0, 0.0]).slope;
        let span = lost - model.local(d, 0.0, [1.0, 0.0, 0.0]).slope;
        let parts = [
            1.0,
            away,
            away * away,
            local.bend,
            ballot.squared(lost, span),
            lost,
            span,
        ];
        for (sum, part) in sums.iter_mut().zip(parts) {
            *sum += weight * part;
        }
        below < LOWEST
    };
    look(peak);
    for side in [-step, step] {
        let mut at = peak + side;
        while look(at) {
            at += side;
        }
    }
    let [all, first, second, bend, squares, lost, span] = sums;
    let shift = first / all;
    Tilted {
        mean: peak + shift,
        variance: second / all - shift * shift,
        squares: squares / all,
        settled: ballot.squared(lost / all, span / all),
        bend: bend / all,
    }
}

/// Where the belief is highest, how high, and the votes' second derivative there.
fn peak(
    height: &impl Fn(f64) -> (f64, Local),
    mean: f64,
    variance: f64,
    dispersion: f64,
) -> (f64, f64, f64) {
    let mut at = mean;
    let (mut top, mut local) = height(at);
    for _ in 0..MOST_STEPS {
        let slope = (at - mean) / variance + local.slope / dispersion;
        let bend = 1.0 / variance + local.bend / dispersion;
        let step = slope / bend;
        if step.abs() < 1e-6 / bend.sqrt() {
            break;
        }
        let mut length = 1.0;
        let (mut there, mut of_there) = height(at - step);
        while there < top && length > 1e-6 {
            length *= 0.5;
            (there, of_there) = height(at - length * step);
        }
        at -= length * step;
        (top, local) = (there, of_there);
    }
    (at, top, local.bend)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Golden {
        origin: String,
        tolerance: f64,
        tolerance_reason: String,
        case: Vec<Case>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        model: String,
        mean: f64,
        variance: f64,
        votes: Vec<(f64, f64)>,
        dispersion: f64,
        expected: [f64; 5],
    }

    #[test]
    fn beliefs_after_votes_are_those_of_quadrature() {
        let golden: Golden =
            toml::from_str(include_str!("../../../tests/golden/beliefs.toml")).unwrap();
        assert!(!golden.origin.is_empty() && !golden.tolerance_reason.is_empty());
        for case in golden.case {
            let model = [Model::BradleyTerry, Model::Thurstone]
                .into_iter()
                .find(|model| model.name() == case.model)
                .unwrap();
            let mut ballot = Ballot::default();
            for (share, weight) in &case.votes {
                ballot.add(*share, *weight);
            }
            let found = tilted(model, &ballot, case.dispersion, case.mean, case.variance);
            let found = [
                found.mean,
                found.variance,
                found.squares,
                found.settled,
                found.bend,
            ];
            for (found, expected) in found.iter().zip(&case.expected) {
                let far = (found - expected).abs();
                assert!(far <= golden.tolerance, "{case:?}: {found} {expected}");
            }
        }
    }
}
