//! Corrections against ppi-python and scipy, and laws.

use super::*;
use crate::stats::resample::CounterRng;
use crate::stats::{Estimate, PairedSample, StatsError};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    case: Vec<Case>,
    check: Vec<Check>,
    prevalence: Vec<PrevalenceCase>,
}

/// Value and interval of a figure.
type Figure = [f64; 3];

#[derive(Deserialize)]
struct Case {
    name: String,
    tolerance: f64,
    proportion: bool,
    human: Vec<f64>,
    predicted: Vec<f64>,
    unlabelled: Vec<f64>,
    labelled_covariate: Vec<f64>,
    unlabelled_covariate: Vec<f64>,
    mean_one: Figure,
    mean_tuned: Figure,
    mean_half: Figure,
    mean_labels_only: Figure,
    slope_one: Figure,
    slope_tuned: Figure,
    slope_labels_only: Figure,
}

#[derive(Deserialize)]
struct Check {
    name: String,
    tolerance: f64,
    labelled: Vec<f64>,
    unlabelled: Vec<f64>,
    distance: f64,
    p_value: f64,
    p_value_of_means: f64,
    standardised_difference: f64,
    warns: bool,
}

#[derive(Deserialize)]
struct PrevalenceCase {
    tolerance: f64,
    bootstrap_tolerance: f64,
    judged_positive: usize,
    judged: usize,
    positives: usize,
    positives_found: usize,
    negatives: usize,
    negatives_found: usize,
    unbounded: f64,
    delta: [f64; 2],
    bootstrap: [f64; 2],
}

fn golden() -> Golden {
    toml::from_str(include_str!("../../../tests/golden/correcting.toml")).unwrap()
}

#[track_caller]
fn same(got: &Estimate, expected: Figure, tolerance: f64, what: &str) {
    let interval = got.interval.as_ref().unwrap();
    for (got, expected) in [got.value, interval.low, interval.high]
        .iter()
        .zip(expected)
    {
        assert!(
            (got - expected).abs() <= tolerance,
            "{what}: {got}, expected {expected}"
        );
    }
}

#[test]
fn means_equal_their_reference() {
    for case in golden().case {
        let labelled = PairedSample::new(&case.predicted, &case.human).unwrap();
        let items = FewLabels::new(labelled, &case.unlabelled).unwrap();
        for (lambda, expected) in [
            (Lambda::One, case.mean_one),
            (Lambda::Tuned, case.mean_tuned),
            (Lambda::Fixed(0.5), case.mean_half),
        ] {
            let corrected = corrected_mean(&items, lambda, 0.95).unwrap();
            same(&corrected.estimate, expected, case.tolerance, &case.name);
            same(
                &corrected.labels_only,
                case.mean_labels_only,
                case.tolerance,
                &case.name,
            );
            if case.proportion {
                let share = corrected_proportion(&items, lambda, 0.95).unwrap();
                same(&share.estimate, expected, case.tolerance, &case.name);
            }
        }
    }
}

#[test]
fn slopes_equal_their_reference() {
    for case in golden().case {
        let labelled = PairedSample::new(&case.predicted, &case.human).unwrap();
        let items = FewLabels::new(labelled, &case.unlabelled).unwrap();
        for (lambda, expected) in [
            (Lambda::One, case.slope_one),
            (Lambda::Tuned, case.slope_tuned),
            (Lambda::Fixed(0.0), case.slope_labels_only),
        ] {
            let (here, there) = (&case.labelled_covariate, &case.unlabelled_covariate);
            let corrected = corrected_slope(&items, here, there, lambda, 0.95).unwrap();
            same(&corrected.estimate, expected, case.tolerance, &case.name);
            same(
                &corrected.labels_only,
                case.slope_labels_only,
                case.tolerance,
                &case.name,
            );
        }
    }
}

#[test]
fn the_check_equals_its_reference_and_warns_of_a_shift() {
    for case in golden().check {
        let labelled = PairedSample::new(&case.labelled, &vec![1.0; case.labelled.len()]).unwrap();
        let check = FewLabels::new(labelled, &case.unlabelled).unwrap().check();
        let close = |got: f64, expected: f64| {
            assert!(
                (got - expected).abs() <= case.tolerance,
                "{}: {got} {expected}",
                case.name
            );
        };
        close(check.kolmogorov_smirnov.value, case.distance);
        close(check.kolmogorov_smirnov.p_value.unwrap(), case.p_value);
        close(check.p_value_of_means, case.p_value_of_means);
        close(check.standardised_difference, case.standardised_difference);
        assert_eq!(
            check.warning.is_some(),
            case.warns,
            "{}: {check:?}",
            case.name
        );
    }
}

#[test]
fn prevalence_equals_its_formula_and_its_resamples() {
    for case in golden().prevalence {
        let known = KnownVerdicts {
            positives: case.positives,
            positives_found: case.positives_found,
            negatives: case.negatives,
            negatives_found: case.negatives_found,
        };
        let found = |interval| {
            corrected_prevalence(case.judged_positive, case.judged, known, interval, 0.95).unwrap()
        };
        let by_formula = found(PrevalenceInterval::Delta);
        assert!((by_formula.unbounded - case.unbounded).abs() < case.tolerance);
        let held = case.unbounded.clamp(0.0, 1.0);
        same(
            &by_formula.estimate,
            [held, case.delta[0], case.delta[1]],
            case.tolerance,
            "delta",
        );
        let bootstrap = PrevalenceInterval::Bootstrap {
            resamples: 4000,
            seed: 5,
        };
        let resampled = found(bootstrap);
        let expected = [held, case.bootstrap[0], case.bootstrap[1]];
        same(
            &resampled.estimate,
            expected,
            case.bootstrap_tolerance,
            "bootstrap",
        );
        assert_eq!(resampled, found(bootstrap));
    }
}

/// A judge that is 0.8 too high and follows the truth with some noise.
fn simulated(seed: u64, labelled: usize, unlabelled: usize) -> FewLabels {
    let mut random = CounterRng::new(seed, 0);
    let mut draw = |n: usize| -> (Vec<f64>, Vec<f64>) {
        let one = |_| {
            let truth = 3.0 + random.normal();
            (truth + 0.8 + 0.5 * random.normal(), truth)
        };
        (0..n).map(one).unzip()
    };
    let (predicted, human) = draw(labelled);
    let (unlabelled, _) = draw(unlabelled);
    FewLabels::new(PairedSample::new(&predicted, &human).unwrap(), &unlabelled).unwrap()
}

#[test]
fn the_interval_covers_the_truth_as_often_as_it_says() {
    let rounds = 1000_u32;
    for lambda in [Lambda::One, Lambda::Tuned] {
        let mut gained = 0.0;
        let covered = (0..rounds)
            .filter(|round| {
                let items = simulated(u64::from(*round), 100, 400);
                let corrected = corrected_mean(&items, lambda, 0.9).unwrap();
                gained += corrected.effective_labels / 100.0;
                let interval = corrected.estimate.interval.unwrap();
                (interval.low..=interval.high).contains(&3.0)
            })
            .count();
        // Four standard deviations of a binomial share, and one point for the normal limit at n = 100.
        let slack = 4.0 * (0.9 * 0.1 / f64::from(rounds)).sqrt() + 0.01;
        let share = covered as f64 / f64::from(rounds);
        assert!((share - 0.9).abs() < slack, "{lambda:?} {share}");
        // Variance of one label against 1.25 / 4 + 0.25, which is what a full lambda leaves of it.
        assert!(gained / f64::from(rounds) > 1.6, "{lambda:?} {gained}");
    }
}

#[test]
fn false_alarms_of_the_check_are_as_rare_as_it_says() {
    let rounds = 1000_u32;
    let alarms = (0..rounds)
        .filter(|round| {
            simulated(u64::from(*round), 60, 240)
                .check()
                .warning
                .is_some()
        })
        .count();
    // At most 5 %, and four standard deviations.
    let limit = 0.05 + 4.0 * (0.05 * 0.95 / f64::from(rounds)).sqrt();
    assert!(
        alarms > 0 && (alarms as f64) < limit * f64::from(rounds),
        "{alarms}"
    );
}

#[test]
fn a_judge_that_knows_nothing_gets_no_weight() {
    let labelled = PairedSample::new(&[2.0; 4], &[1.0, 2.0, 3.0, 5.0]).unwrap();
    let items = FewLabels::new(labelled, &[2.0; 9]).unwrap();
    let corrected = corrected_mean(&items, Lambda::Tuned, 0.95).unwrap();
    assert!(corrected.lambda <= 0.0);
    assert_eq!(
        corrected.estimate.interval.unwrap().low,
        corrected.labels_only.interval.unwrap().low
    );
    assert!((corrected.effective_labels - 4.0).abs() < 1e-12);
}

#[test]
fn refuses_what_cannot_be_corrected_by_name() {
    let few = PairedSample::new(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.5]).unwrap();
    assert!(matches!(
        FewLabels::new(few.clone(), &[1.0]),
        Err(StatsError::TooFew { got: 1, .. })
    ));
    assert!(matches!(
        FewLabels::new(few.clone(), &[1.0, f64::INFINITY]),
        Err(StatsError::NonFinite { index: 1, .. })
    ));
    let items = FewLabels::new(few, &[1.0, 2.0, 4.0]).unwrap();
    assert!(matches!(
        corrected_mean(&items, Lambda::Fixed(f64::NAN), 0.95),
        Err(StatsError::Argument {
            argument: "lambda",
            ..
        })
    ));
    assert!(matches!(
        corrected_mean(&items, Lambda::One, 1.0),
        Err(StatsError::Argument {
            argument: "level",
            ..
        })
    ));
    assert!(matches!(
        corrected_proportion(&items, Lambda::One, 0.95),
        Err(StatsError::Argument {
            argument: "predicted",
            ..
        })
    ));
    assert!(matches!(
        corrected_slope(
            &items,
            &[1.0, 1.0, 1.0],
            &[1.0, 2.0, 3.0],
            Lambda::One,
            0.95
        ),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        corrected_slope(&items, &[1.0, 2.0], &[1.0, 2.0, 3.0], Lambda::One, 0.95),
        Err(StatsError::LengthMismatch { .. })
    ));
    let still = PairedSample::new(&[1.0, 1.0], &[2.0, 2.0]).unwrap();
    assert!(matches!(
        corrected_mean(
            &FewLabels::new(still, &[1.0, 1.0]).unwrap(),
            Lambda::One,
            0.95
        ),
        Err(StatsError::Undefined { .. })
    ));
    let guessing = KnownVerdicts {
        positives: 10,
        positives_found: 4,
        negatives: 10,
        negatives_found: 6,
    };
    let prevalence = |known, interval| corrected_prevalence(3, 10, known, interval, 0.95);
    assert!(matches!(
        prevalence(guessing, PrevalenceInterval::Delta),
        Err(StatsError::Undefined { .. })
    ));
    let nearly = KnownVerdicts {
        positives_found: 5,
        ..guessing
    };
    let bootstrap = |resamples| PrevalenceInterval::Bootstrap { resamples, seed: 1 };
    assert!(matches!(
        prevalence(nearly, bootstrap(500)),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        prevalence(nearly, bootstrap(9)),
        Err(StatsError::Argument {
            argument: "resamples",
            ..
        })
    ));
    let unlabelled = KnownVerdicts {
        positives: 0,
        positives_found: 0,
        ..guessing
    };
    assert!(matches!(
        prevalence(unlabelled, PrevalenceInterval::Delta),
        Err(StatsError::TooFew { .. })
    ));
}
