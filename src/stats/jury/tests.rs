//! Golden rows, laws and refusals.

use serde::Deserialize;

use super::*;
use crate::stats::StatsError;
use crate::stats::resample::CounterRng;
use crate::stats::strengths::{
    Model, Outcome, StrengthSettings, StrengthsError, Vote, Votes, fit_strengths,
};
use crate::stats::{PairedSample, kendall_tau_b};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    origin: String,
    tolerance: f64,
    tolerance_reason: String,
    crowd: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    votes: Vec<(u32, u32, u32, usize, usize, usize)>,
    ridge: f64,
    earnest: f64,
    reversed: f64,
    strengths: Vec<f64>,
    reliabilities: Vec<f64>,
    log_posterior: f64,
}

#[test]
fn crowds_are_those_of_the_joint_optimum() {
    let golden: Golden = toml::from_str(include_str!("../../../tests/golden/jury.toml")).unwrap();
    assert!(!golden.origin.is_empty() && !golden.tolerance_reason.is_empty());
    for case in &golden.crowd {
        let (mut votes, mut judge_of) = (Vec::new(), Vec::new());
        for (first, second, judge, wins, losses, ties) in &case.votes {
            for (outcome, times) in [
                (Outcome::First, *wins),
                (Outcome::Second, *losses),
                (Outcome::Tie, *ties),
            ] {
                votes.extend(vec![Vote::new(*first, *second, outcome); times]);
                judge_of.extend(vec![*judge; times]);
            }
        }
        let settings = CrowdSettings {
            ridge: case.ridge,
            earnest: case.earnest,
            reversed: case.reversed,
        };
        let votes = Votes::new(case.strengths.len(), votes).unwrap();
        let judges = case.reliabilities.len();
        let got = crowd_strengths(&votes, &judge_of, judges, &settings).unwrap();
        let reliabilities = got.members.iter().map(|member| member.reliability);
        let found = got.strengths.values.iter().copied().chain(reliabilities);
        let expected = case.strengths.iter().chain(&case.reliabilities);
        for (got, expected) in found
            .chain([got.log_posterior])
            .zip(expected.chain([&case.log_posterior]))
        {
            assert!(
                (got - expected).abs() <= golden.tolerance,
                "{case:?}: {got} {expected}"
            );
        }
    }
}

/// Reliabilities of simulated judges: three good ones, two that draw lots, one that votes the other way round.
const TRUE_RELIABILITIES: [f64; 6] = [0.98, 0.95, 0.9, 0.5, 0.5, 0.15];

#[test]
fn lots_and_reversed_votes_are_seen_through() {
    let items = 30_u32;
    let mut rng = CounterRng::new(11, 0);
    let truth: Vec<f64> = (0..items).map(|_| 1.5 * rng.normal()).collect();
    let (mut votes, mut judge_of) = (Vec::new(), Vec::new());
    for (judge, reliability) in (0_u32..).zip(TRUE_RELIABILITIES) {
        for _ in 0..400 {
            let first = rng.below(items);
            let second = (first + 1 + rng.below(items - 1)) % items;
            let d = truth[first as usize] - truth[second as usize];
            let wins = rng.uniform() < 1.0 / (1.0 + (-d).exp());
            let meant = rng.uniform() < reliability;
            let outcome = if wins == meant {
                Outcome::First
            } else {
                Outcome::Second
            };
            votes.push(Vote::new(first, second, outcome));
            judge_of.push(judge);
        }
    }
    let votes = Votes::new(items as usize, votes).unwrap();
    let crowd = crowd_strengths(&votes, &judge_of, 6, &CrowdSettings::default()).unwrap();
    for (member, truth) in crowd.members.iter().zip(TRUE_RELIABILITIES) {
        // Four hundred votes at some 0.7 of certainty each leave a standard error of 0.04; three are allowed.
        assert!(
            (member.reliability - truth).abs() < 0.12,
            "{member:?} {truth}"
        );
        assert_eq!(member.votes, 400);
        assert!((member.weight - (2.0 * member.reliability - 1.0).powi(2)).abs() < 1e-15);
    }
    let tau = |strengths: &[f64]| {
        kendall_tau_b(&PairedSample::new(strengths, &truth).unwrap())
            .unwrap()
            .value
    };
    let alike = StrengthSettings {
        ridge: 0.1,
        ..StrengthSettings::new(Model::BradleyTerry)
    };
    let alike = fit_strengths(&votes, &alike).unwrap();
    let (together, alike) = (tau(&crowd.strengths.values), tau(&alike.values));
    assert!(together > alike && together > 0.8, "{together} {alike}");
}

#[test]
fn weights_are_those_of_the_formulas() {
    let near = |got: Vec<f64>, expected: &[f64]| {
        assert_eq!(got.len(), expected.len());
        assert!(
            got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15),
            "{got:?}"
        );
    };
    near(equal_weights(4).unwrap(), &[0.25; 4]);
    near(
        weights_by_error(&[1.0, 2.0, 4.0]).unwrap(),
        &[4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0],
    );
    near(weights_by_error(&[1e-308, 1.0]).unwrap(), &[1.0, 1e-308]);
    // r^2 / (1 - r^2) of 0.8 and 0.6 is 16 / 9 and 9 / 16.
    near(
        weights_by_correlation(&[0.8, 0.6, -0.9, 0.0]).unwrap(),
        &[256.0 / 337.0, 81.0 / 337.0, 0.0, 0.0],
    );
    near(
        pooled_opinion(&[&[0.2, 0.8], &[1.0, 0.0]], &[3.0, 1.0]).unwrap(),
        &[0.4, 0.6],
    );
    assert!((pooled_mean(&[1.0, 5.0], &[1.0, 3.0]).unwrap() - 4.0).abs() < 1e-15);
}

#[test]
fn weights_by_correlation_are_best_for_judges_that_err_on_their_own() {
    let (correlations, n) = ([0.9, 0.6, 0.3], 20_000);
    let mut rng = CounterRng::new(2, 0);
    let mut error = |weights: &[f64]| {
        let mut squares = 0.0;
        for _ in 0..n {
            let truth = rng.normal();
            let said =
                correlations.map(|r: f64| truth + (1.0 / (r * r) - 1.0).sqrt() * rng.normal());
            squares += (pooled_mean(&said, weights).unwrap() - truth).powi(2);
        }
        squares / f64::from(n)
    };
    let signal: f64 = correlations.iter().map(|r| r * r / (1.0 - r * r)).sum();
    let best = error(&weights_by_correlation(&correlations).unwrap());
    // A mean of 20,000 squares of a normal error is exact to one part in a hundred; four are allowed.
    assert!((best * signal - 1.0).abs() < 0.04, "{best} {signal}");
    assert!(best < error(&[1.0, 0.0, 0.0]) && best < error(&equal_weights(3).unwrap()));
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let few = [
        equal_weights(0).map(drop),
        weights_by_error(&[]).map(drop),
        weights_by_correlation(&[]).map(drop),
        pooled_mean(&[], &[]).map(drop),
        pooled_opinion(&[], &[]).map(drop),
    ];
    assert!(
        few.iter()
            .all(|refused| matches!(refused, Err(StatsError::TooFew { .. }))),
        "{few:?}"
    );
    let wrong = [
        weights_by_error(&[1.0, 0.0]).map(drop),
        weights_by_error(&[f64::NAN]).map(drop),
        weights_by_correlation(&[0.5, 1.0]).map(drop),
        weights_by_correlation(&[f64::NAN]).map(drop),
        pooled_mean(&[1.0], &[1.0, 2.0]).map(drop),
        pooled_mean(&[1.0, f64::NAN], &[1.0, 2.0]).map(drop),
        pooled_mean(&[1.0, 2.0], &[0.0, 0.0]).map(drop),
        pooled_mean(&[1.0, 2.0], &[-1.0, 2.0]).map(drop),
        pooled_opinion(&[&[0.5, 0.5], &[1.0]], &[1.0, 1.0]).map(drop),
        pooled_opinion(&[&[0.5, 0.6]], &[1.0]).map(drop),
    ];
    for (at, refused) in wrong.iter().enumerate() {
        assert!(
            matches!(refused, Err(StatsError::Argument { .. })),
            "{at}: {refused:?}"
        );
    }
    assert!(matches!(
        weights_by_correlation(&[-0.5, 0.0]),
        Err(StatsError::Undefined { .. })
    ));
    let votes = Votes::new(2, vec![Vote::new(0, 1, Outcome::First)]).unwrap();
    let usual = CrowdSettings::default();
    for (judges, settings) in [
        (&[0, 0][..], usual),
        (&[1], usual),
        (
            &[0],
            CrowdSettings {
                ridge: 0.0,
                ..usual
            },
        ),
        (
            &[0],
            CrowdSettings {
                earnest: 1.0,
                reversed: 1.0,
                ..usual
            },
        ),
        (
            &[0],
            CrowdSettings {
                reversed: 0.0,
                ..usual
            },
        ),
    ] {
        let refused = crowd_strengths(&votes, judges, 1, &settings);
        assert!(matches!(
            refused,
            Err(StrengthsError::Stats(StatsError::Argument { .. }))
        ));
    }
}
