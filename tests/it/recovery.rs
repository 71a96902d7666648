//! Strengths of simulated judges are recovered, with intervals that hold, though pairs were chosen by the answers before.

#[path = "../../benches/recovery/judge.rs"]
mod judge;

use judge::{Answers, ORDER_EFFECT, Run, Simulation, Way};

const RUNS: u64 = 40;

/// Runs of thirty items, each in fourteen comparisons.
fn runs(answers: Answers, way: Way) -> Vec<Run> {
    let simulation = Simulation {
        items: 30,
        each: 14,
        answers,
        way,
        at_once: 15,
    };
    (0..RUNS)
        .map(|seed| simulation.run(seed).unwrap())
        .collect()
}

fn mean(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    runs.iter().map(of).sum::<f64>() / runs.len() as f64
}

fn check(answers: Answers, way: Way, least_tau: f64) {
    let runs = runs(answers, way);
    let covered = mean(&runs, |run| run.covered);
    assert!((covered - 0.95).abs() <= 0.02, "coverage {covered}");
    let tau = mean(&runs, |run| run.tau);
    assert!(tau >= least_tau, "tau {tau}");
    let slope = mean(&runs, |run| run.slope);
    assert!((slope - 1.0).abs() <= 0.2, "slope {slope}");
    let ratio = mean(&runs, |run| run.error) / mean(&runs, |run| run.claimed);
    assert!(
        (ratio - 1.0).abs() <= 0.3,
        "error over what intervals say {ratio}"
    );
    let effects: Vec<(f64, bool)> = runs.iter().filter_map(|run| run.effect).collect();
    if answers == Answers::DrawnTwice {
        assert!(effects.is_empty());
        return;
    }
    // Of forty intervals at 95 %, fewer than this hold once in two thousand times.
    let held = effects.iter().filter(|effect| effect.1).count();
    assert!(held >= 33, "{held} of {RUNS}");
    let effect = effects.iter().map(|effect| effect.0).sum::<f64>() / RUNS as f64;
    // Three standard errors of the mean, which is 0.04 for people.
    assert!(
        (effect - ORDER_EFFECT).abs() <= 0.12,
        "order effect {effect}"
    );
}

#[test]
fn of_people_whose_pairs_were_chosen() {
    check(Answers::Drawn, Way::Active, 0.7);
    check(Answers::Drawn, Way::Swiss, 0.7);
}

#[test]
fn of_people_in_random_order() {
    check(Answers::Drawn, Way::Random, 0.65);
}

#[test]
fn of_a_judge_that_writes_letters() {
    check(Answers::DrawnTwice, Way::Active, 0.7);
}

#[test]
fn of_a_judge_that_states_probabilities() {
    check(Answers::Stated(0.7), Way::Active, 0.85);
    check(Answers::Stated(2.0), Way::Random, 0.7);
}

#[test]
fn intervals_that_know_nothing_of_the_choice_do_not_hold() {
    // If these held as well, the test above would show nothing.
    let runs = runs(Answers::Drawn, Way::Swiss);
    let covered = mean(&runs, |run| run.by_sandwich);
    assert!(covered < 0.9, "{covered}");
}
