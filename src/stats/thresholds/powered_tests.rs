use super::tests::Simulated;
use super::{Labelled, Target, fit_powered_threshold, fit_threshold, powered_precise_thresholds};
use crate::stats::StatsError;

const SHARP: Simulated = Simulated {
    steepness: 12.0,
    centre: 0.5,
    steps: 0.0,
};

fn scores(judge: &Simulated, n: usize, seed: u64) -> Vec<f64> {
    let drawn = judge.draw(n, seed);
    drawn.into_iter().map(|(score, _)| score).collect()
}

#[test]
fn a_powered_threshold_misses_its_target_no_more_often_than_stated() {
    let judges = [
        SHARP,
        Simulated {
            steepness: 6.0,
            centre: 0.3,
            steps: 10.0,
        },
    ];
    for judge in &judges {
        for target in [Target::Precision(0.9), Target::Recall(0.9)] {
            let sets = 2_000_u32;
            let (mut missed, mut found) = (0, 0);
            for set in 0..sets {
                let items = judge.draw(120, u64::from(set));
                let others = scores(judge, 1_000, u64::from(set) + 1_000_000);
                let fit = fit_powered_threshold(&items, &others, true, target, 0.95).unwrap();
                let Some(chosen) = fit.fit.chosen else {
                    continue;
                };
                found += 1;
                missed += u32::from(!judge.holds(target, chosen.threshold));
            }
            let share = f64::from(missed) / f64::from(sets);
            assert!(share <= 0.05 + 0.015, "{target:?} missed in {share}");
            assert!(found > 100, "{target:?} found in {found} of {sets}");
        }
    }
}

/// Costs of both mistakes with a bound.
fn cost(false_accept: f64, false_reject: f64, at_most: f64) -> Target {
    Target::Cost {
        false_accept,
        false_reject,
        at_most,
    }
}

/// A cost that no threshold reaches, but nearly.
fn just_missed(judge: &Simulated, of: impl Fn(f64) -> Target) -> Target {
    let holds = |at_most: &f64| {
        let thresholds = (0..200).map(|at| f64::from(at) / 200.0);
        thresholds
            .into_iter()
            .any(|threshold| judge.holds(of(*at_most), threshold))
    };
    let least = (1..1_000).map(|at| f64::from(at) / 1_000.0).find(holds);
    of(least.unwrap() - 0.001)
}

#[test]
fn a_cost_that_is_just_missed_is_shown_no_more_often_than_stated() {
    let steps = Simulated {
        steepness: 6.0,
        centre: 0.3,
        steps: 10.0,
    };
    for (judge, labels, dear, cheap) in [
        (&SHARP, 60, 1.0, 0.2),
        (&SHARP, 120, 0.2, 1.0),
        (&steps, 60, 1.0, 1.0),
    ] {
        let target = just_missed(judge, |at_most| cost(dear, cheap, at_most));
        let sets = 2_000_u32;
        let missed = (0..sets).filter(|set| {
            let items = judge.draw(labels, u64::from(*set));
            let others = scores(judge, 200, u64::from(*set) + 1_000_000);
            let fit = fit_powered_threshold(&items, &others, true, target, 0.95).unwrap();
            fit.fit.chosen.is_some()
        });
        let share = missed.count() as f64 / f64::from(sets);
        assert!(share <= 0.05 + 0.015, "{target:?} missed in {share}");
    }
}

#[test]
fn a_cost_is_shown_more_often_and_the_scores_are_owed_little_of_that() {
    let target = cost(1.0, 0.2, 0.1);
    let sets = 200_u32;
    let (mut powered, mut alone, mut gain) = (0, 0, 0.0);
    for set in 0..sets {
        let items = SHARP.draw(120, u64::from(set));
        let others = scores(&SHARP, 2_000, u64::from(set) + 1_000_000);
        let fit = fit_powered_threshold(&items, &others, true, target, 0.95).unwrap();
        gain += fit.effective_labels / 120.0 / f64::from(sets);
        if let Some(chosen) = fit.fit.chosen {
            powered += 1;
            assert_eq!(chosen.n, 120);
            assert!(
                chosen.value < chosen.bound && chosen.bound < 0.1 + 1e-9,
                "{chosen:?}"
            );
        }
        let labelled = Labelled::new(&items, true).unwrap();
        let exact = fit_threshold(&labelled, target, 0.95).unwrap();
        alone += i32::from(exact.chosen.is_some());
    }
    assert!(
        powered > 100 && powered > 2 * alone,
        "{powered} and {alone}"
    );
    // At the cheapest threshold the score says least of the label, and the exact test is what costs labels.
    assert!((1.0..1.3).contains(&gain), "{gain}");
}

#[test]
fn scores_help_a_recall_much_and_a_precision_hardly() {
    let gain = |target: Target| {
        let sets = 200_u32;
        let gains = (0..sets).map(|set| {
            let items = SHARP.draw(200, u64::from(set));
            let others = scores(&SHARP, 4_000, u64::from(set) + 1_000_000);
            let fit = fit_powered_threshold(&items, &others, true, target, 0.95).unwrap();
            fit.effective_labels / 200.0
        });
        gains.sum::<f64>() / f64::from(sets)
    };
    let (recall, precision) = (gain(Target::Recall(0.9)), gain(Target::Precision(0.9)));
    assert!(recall > 1.15, "recall: {recall}");
    assert!((0.99..1.15).contains(&precision), "precision: {precision}");
}

#[test]
fn a_judge_that_knows_nothing_costs_nothing() {
    let noise = Simulated {
        steepness: 0.0,
        centre: 0.5,
        steps: 0.0,
    };
    let mut lost = 0.0_f64;
    for set in 0..50 {
        let items = noise.draw(200, set);
        let others = scores(&noise, 2_000, set + 1_000_000);
        let target = Target::Recall(0.9);
        let fit = fit_powered_threshold(&items, &others, true, target, 0.95).unwrap();
        lost = lost.max(1.0 - fit.effective_labels / 200.0);
    }
    // The tuned weight is never below 0, so that what the judge says at worst does not enter.
    assert!(lost < 1e-9, "{lost}");
}

#[test]
fn the_direction_of_scores_only_turns_the_threshold() {
    let items = SHARP.draw(300, 1);
    let others = scores(&SHARP, 2_000, 2);
    let turned: Vec<(f64, bool)> = items.iter().map(|(score, good)| (-score, *good)).collect();
    let turned_others: Vec<f64> = others.iter().map(|score| -score).collect();
    let targets = [
        Target::Precision(0.8),
        Target::Recall(0.8),
        cost(1.0, 0.5, 0.2),
    ];
    for target in targets {
        let up = fit_powered_threshold(&items, &others, true, target, 0.95).unwrap();
        let down = fit_powered_threshold(&turned, &turned_others, false, target, 0.95).unwrap();
        let (up, down) = (up.fit.chosen.unwrap(), down.fit.chosen.unwrap());
        assert!((up.threshold + down.threshold).abs() < 1e-12);
        assert!((up.bound - down.bound).abs() < 1e-9, "{up:?} {down:?}");
    }
}

#[test]
fn the_bound_is_near_the_exact_one_where_nothing_is_added() {
    // A judge that knows nothing: what remains is a score test, close to the exact binomial one.
    let items: Vec<(f64, bool)> = (0..400)
        .map(|at| (f64::from(at % 7), at % 10 != 0))
        .collect();
    let others: Vec<f64> = (0..4_000).map(|at| f64::from(at % 7)).collect();
    let target = Target::Precision(0.8);
    let powered = fit_powered_threshold(&items, &others, true, target, 0.95).unwrap();
    let labelled = Labelled::new(&items, true).unwrap();
    let exact = fit_threshold(&labelled, target, 0.95).unwrap();
    let (powered, exact) = (powered.fit.chosen.unwrap(), exact.chosen.unwrap());
    assert!((powered.threshold - exact.threshold).abs() < 1e-12);
    assert!((powered.value - 0.9).abs() < 0.01, "{powered:?}");
    assert!(
        (powered.bound - exact.bound).abs() < 0.01,
        "{powered:?} {exact:?}"
    );
}

#[test]
fn what_has_no_such_test_is_refused() {
    let items = SHARP.draw(100, 1);
    let others = scores(&SHARP, 100, 2);
    let fit = |items: &[(f64, bool)], others: &[f64], target| {
        fit_powered_threshold(items, others, true, target, 0.95).unwrap_err()
    };
    let precision = Target::Precision(0.9);
    assert!(matches!(
        fit(&items, &others, cost(1.0, 1.0, 2.0)),
        StatsError::Argument { .. }
    ));
    assert!(matches!(
        fit(&items[..19], &others, precision),
        StatsError::TooFew { .. }
    ));
    assert!(matches!(
        fit(&items, &[], precision),
        StatsError::TooFew { .. }
    ));
    assert!(matches!(
        fit(&items, &[f64::NAN, 1.0], precision),
        StatsError::NonFinite { .. }
    ));
    let all: Vec<(f64, bool)> = items.iter().map(|(score, _)| (*score, true)).collect();
    assert!(matches!(
        fit(&all, &others, precision),
        StatsError::OneClass { .. }
    ));
    let shown = powered_precise_thresholds(&items, &others, true, 0.5, 0.95).unwrap();
    assert!(!shown.is_empty() && shown.iter().all(|at| at.bound > 0.5 - 1e-9));
}
