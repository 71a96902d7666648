//! Votes of simulated judges, of whom the truth is known.

use super::*;
use crate::stats::resample::CounterRng;

/// What being shown first adds.
const ORDER_EFFECT: f64 = 0.4;
/// Davidson's nu.
const NU: f64 = 0.5;

struct Judged {
    truth: Vec<f64>,
    votes: Votes,
}

/// Votes on pairs drawn by lot, by Davidson's model (Bradley and Terry's for `nu` of 0) with an order effect.
fn judged(items: u32, number: u32, nu: f64, seed: u64) -> Judged {
    let mut rng = CounterRng::new(seed, 0);
    let mut truth: Vec<f64> = (0..items).map(|_| rng.normal()).collect();
    let mean = truth.iter().sum::<f64>() / f64::from(items);
    truth.iter_mut().for_each(|strength| *strength -= mean);
    let votes = (0..number).map(|_| {
        let first = rng.below(items);
        let second = (first + 1 + rng.below(items - 1)) % items;
        let d = truth[first as usize] - truth[second as usize] + ORDER_EFFECT;
        let (win, loss) = ((0.5 * d).exp(), (-0.5 * d).exp());
        let drawn = rng.uniform() * (win + loss + nu);
        let outcome = if drawn < win {
            Outcome::First
        } else if drawn < win + loss {
            Outcome::Second
        } else {
            Outcome::Tie
        };
        Vote::new(first, second, outcome)
    });
    let votes = Votes::new(items as usize, votes.collect()).unwrap();
    Judged { truth, votes }
}

/// Shares of true strengths in their intervals, and mean squared error over mean variance.
struct Recovered {
    covered: f64,
    error: f64,
    effects: Vec<f64>,
    effects_covered: usize,
}

fn recovered(items: u32, number: u32, model: Model, nu: f64, rounds: u64) -> Recovered {
    let settings = StrengthSettings {
        order_effect: true,
        ..StrengthSettings::new(model)
    };
    let (mut covered, mut squares, mut variances) = (0_usize, 0.0, 0.0);
    let mut effects = Vec::new();
    let mut effects_covered = 0;
    for seed in 0..rounds {
        let Judged { truth, votes } = judged(items, number, nu, seed);
        let strengths = fit_strengths(&votes, &settings).unwrap();
        let intervals =
            sandwich_intervals(&votes, &settings, &strengths, &Sandwich::default()).unwrap();
        for ((value, interval), truth) in strengths.values.iter().zip(&intervals.values).zip(&truth)
        {
            covered += usize::from(interval.low <= *truth && *truth <= interval.high);
            squares += (value - truth).powi(2);
            variances += ((interval.high - interval.low) / (2.0 * 1.96)).powi(2);
        }
        let effect = intervals.order_effect.unwrap();
        effects_covered += usize::from(effect.low <= ORDER_EFFECT && ORDER_EFFECT <= effect.high);
        effects.push(strengths.order_effect.unwrap());
    }
    Recovered {
        covered: covered as f64 / (f64::from(items) * rounds as f64),
        error: squares / variances,
        effects,
        effects_covered,
    }
}

fn check(found: &Recovered) {
    assert!(
        (found.covered - 0.95).abs() < 0.02,
        "coverage {}",
        found.covered
    );
    assert!((found.error - 1.0).abs() < 0.15, "error {}", found.error);
    let rounds = found.effects.len();
    let mean = found.effects.iter().sum::<f64>() / rounds as f64;
    assert!((mean - ORDER_EFFECT).abs() < 0.03, "order effect {mean}");
    // Of so many intervals at 95 %, fewer than this are met once in ten thousand runs.
    let least = if rounds >= 20 { rounds - 6 } else { 0 };
    assert!(
        found.effects_covered >= least,
        "{} of {rounds}",
        found.effects_covered
    );
}

#[test]
fn a_hundred_items_are_recovered_with_honest_intervals() {
    check(&recovered(100, 5_000, Model::BradleyTerry, 0.0, 20));
    check(&recovered(100, 5_000, Model::Davidson, NU, 20));
}

#[test]
fn a_thousand_items_are_recovered_with_honest_intervals() {
    check(&recovered(1_000, 50_000, Model::BradleyTerry, 0.0, 1));
}
