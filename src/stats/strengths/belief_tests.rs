//! Beliefs about three items against sums over a grid, which know no approximation.

use super::belief::Belief;
use super::fit::{prepare_placed, solve};
use super::*;
use crate::stats::StatsError;
use crate::stats::distributions::normal_below;

/// Votes of three items: lopsided, few, and one stated.
fn votes() -> Votes {
    let soft = Outcome::Soft {
        first: 0.8,
        second: 0.2,
    };
    let votes = vec![
        Vote::new(0, 1, Outcome::First),
        Vote::new(1, 0, Outcome::Second),
        Vote::new(0, 2, Outcome::First),
        Vote::new(2, 1, Outcome::Tie),
        Vote::new(1, 2, soft),
    ];
    Votes::new(3, votes).unwrap()
}

fn settings(model: Model) -> StrengthSettings {
    StrengthSettings {
        ridge: 0.25,
        ..StrengthSettings::new(model)
    }
}

fn belief(model: Model, spread: f64) -> Belief {
    let (votes, settings) = (votes(), settings(model));
    let mut problem = prepare_placed(&votes, &settings);
    let start = solve(&mut problem, &settings, None).unwrap();
    let mut belief = Belief::new(&mut problem, &start.point).unwrap();
    belief.settle(spread).unwrap();
    belief
}

/// Mass, means and variances of s0 - s2 and s1 - s2 over a grid, the mass less the constant of the votes.
fn on_a_grid(model: Model, spread: f64, dispersion: f64) -> ([f64; 5], f64) {
    let votes = votes();
    let mut sums = [0.0; 5];
    let reach: i32 = 160;
    let step = 8.0 * (2.0 * spread).sqrt() / f64::from(reach);
    for a in -reach..=reach {
        for b in -reach..=reach {
            let at = [step * f64::from(a), step * f64::from(b), 0.0];
            let loss: f64 = (votes.all().iter())
                .map(|vote| {
                    let d = at[vote.first as usize] - at[vote.second as usize];
                    model.local(d, 0.0, vote.outcome.shares()).value
                })
                .sum();
            // The inverse of [[2, 1], [1, 2]] is [[2, -1], [-1, 2]] / 3.
            let prior = (at[0] * at[0] - at[0] * at[1] + at[1] * at[1]) / (3.0 * spread);
            let weight = (-prior - loss / dispersion).exp();
            for (sum, power) in
                sums.iter_mut()
                    .zip([1.0, at[0], at[1], at[0] * at[0], at[1] * at[1]])
            {
                *sum += weight * power;
            }
        }
    }
    let [mass, one, other, one_squared, other_squared] = sums;
    let (one, other) = (one / mass, other / mass);
    let moments = [
        one,
        other,
        one_squared / mass - one * one,
        other_squared / mass - other * other,
        0.0,
    ];
    (moments, (mass * step * step / spread).ln())
}

#[test]
fn moments_are_those_of_a_grid() {
    for model in [Model::BradleyTerry, Model::Thurstone] {
        for spread in [0.5, 4.0, 12.0] {
            let belief = belief(model, spread);
            let ([one, other, of_one, of_other, _], _) =
                on_a_grid(model, spread, belief.dispersion);
            let covariance = |a: usize, b: usize| belief.covariance[3 * a + b];
            for (item, mean, variance) in [(0, one, of_one), (1, other, of_other)] {
                let found = belief.mean[item] - belief.mean[2];
                let spread_of =
                    covariance(item, item) + covariance(2, 2) - 2.0 * covariance(item, 2);
                // Of so few votes the differences are skew, which normal messages leave out. Under a prior this wide,
                // which such votes hardly narrow, variances fall short by a fifth, and only means are held.
                let near = (found - mean).abs() / variance.sqrt();
                assert!(near < 0.05, "{model:?} {spread}: {found} {mean}");
                let ratio = spread_of / variance;
                let covered = 2.0 * normal_below(1.96 * ratio.sqrt()) - 1.0;
                // Two points are what whole runs are held to (tests/it/recovery.rs).
                assert!(
                    spread > 10.0 || (covered - 0.95).abs() < 0.02,
                    "{model:?} {spread}: {ratio}, {covered}"
                );
            }
        }
    }
}

#[test]
fn the_most_probable_spread_is_where_the_evidence_is_greatest() {
    // With the dispersion of the votes held, the derivative of the evidence is half of what the squared strengths
    // exceed their prior by.
    let (model, spread) = (Model::BradleyTerry, 3.0_f64);
    let belief = belief(model, spread);
    let height = |factor: f64| on_a_grid(model, spread * factor, belief.dispersion).1;
    let step = 0.1_f64;
    let slope = (height(step.exp()) - height((-step).exp())) / (2.0 * step);
    let (length, _) = belief.length();
    let found = 0.5 * (length / spread - 3.0);
    assert!((found - slope).abs() < 0.03, "{found} {slope}");
}

#[test]
fn a_judge_that_states_probabilities_is_told_from_one_that_draws() {
    let round = |drawn: bool| {
        let mut votes = Vec::new();
        for first in 0..12_u32 {
            for second in 0..first {
                let d = 0.3 * f64::from(first) - 0.3 * f64::from(second);
                let share = 1.0 / (1.0 + (-d).exp());
                // A draw by a fixed pattern, right as often as the share says.
                let pattern = f64::from((7 * first + 5 * second) % 11) / 11.0 + 0.045;
                let share = if drawn {
                    f64::from(u8::from(pattern < share))
                } else {
                    share
                };
                let outcome = Outcome::Soft {
                    first: share,
                    second: 1.0 - share,
                };
                votes.push(Vote::new(first, second, outcome));
            }
        }
        calibrated_posterior(
            &Votes::new(12, votes).unwrap(),
            &settings(Model::BradleyTerry),
        )
        .unwrap()
    };
    let (drawn, stated) = (round(true), round(false));
    assert!(
        (0.6..1.4).contains(&drawn.dispersion),
        "{}",
        drawn.dispersion
    );
    assert!(stated.dispersion < 0.02, "{}", stated.dispersion);
    let width = |known: &Calibrated| {
        let interval = &known.intervals(0.95).unwrap()[0];
        interval.high - interval.low
    };
    assert!(width(&stated) < 0.2 * width(&drawn));
    assert_eq!(stated.ranks(), [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
}

#[test]
fn two_items_and_one_vote_are_hardly_known() {
    let votes = Votes::new(2, vec![Vote::new(0, 1, Outcome::First)]).unwrap();
    let known = calibrated_posterior(&votes, &settings(Model::BradleyTerry)).unwrap();
    let interval = &known.intervals(0.95).unwrap()[0];
    assert!(known.strengths[0] > 0.0 && interval.low < 0.0 && interval.high > 1.0);
    assert_eq!(known.order_effect(0.95).unwrap(), None);
}

#[test]
fn settings_that_give_no_posterior_are_refused() {
    let refused = |settings: StrengthSettings| {
        let found = calibrated_posterior(&votes(), &settings);
        assert!(
            matches!(
                found,
                Err(StrengthsError::Stats(StatsError::Argument { .. }))
            ),
            "{found:?}"
        );
    };
    refused(StrengthSettings::new(Model::BradleyTerry));
    refused(settings(Model::Davidson));
    let beside = votes().with_covariates(1, vec![0.0; votes().all().len()]);
    let found = calibrated_posterior(&beside.unwrap(), &settings(Model::BradleyTerry));
    assert!(matches!(
        found,
        Err(StrengthsError::Stats(StatsError::Argument { .. }))
    ));
    let known = calibrated_posterior(&votes(), &settings(Model::BradleyTerry)).unwrap();
    assert!(known.intervals(1.0).is_err() && known.places(0.0).is_err());
}
