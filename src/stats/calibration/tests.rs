//! Calibration against scikit-learn, statsmodels, netcal and scipy.

use super::laws::shown;
use super::*;
use crate::stats::fit::Direction;
use crate::stats::resample::{CounterRng, Plan};
use crate::stats::{PairedSample, StatsError};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    metrics: Vec<Metrics>,
    proportion: Vec<Proportion>,
    platt: Vec<Platt>,
    isotonic: Vec<Isotonic>,
    temperature: Temperature,
    ordinal: Ordinal,
    conformal: Vec<Conformal>,
}

#[derive(Deserialize)]
struct Metrics {
    name: String,
    tolerance: f64,
    bins: usize,
    probabilities: Vec<f64>,
    outcomes: Vec<bool>,
    ece_equal_width: f64,
    mce_equal_width: f64,
    ece_equal_mass: f64,
    observed_equal_width: Vec<f64>,
    stated_equal_width: Vec<f64>,
    observed_equal_mass: Vec<f64>,
    stated_equal_mass: Vec<f64>,
    brier: f64,
    reliability: f64,
    resolution: f64,
    uncertainty: f64,
    within_variance: f64,
    within_covariance: f64,
    negative_log_likelihood: f64,
}

#[derive(Deserialize)]
struct Proportion {
    tolerance: f64,
    successes: usize,
    n: usize,
    level: f64,
    wilson: [f64; 2],
    clopper_pearson: [f64; 2],
}

#[derive(Deserialize)]
struct Platt {
    name: String,
    tolerance: f64,
    scores: Vec<f64>,
    outcomes: Vec<bool>,
    slope: f64,
    probabilities: Vec<f64>,
}

#[derive(Deserialize)]
struct Isotonic {
    tolerance: f64,
    increasing: bool,
    scores: Vec<f64>,
    human: Vec<f64>,
    weights: Vec<f64>,
    asked: Vec<f64>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct Temperature {
    tolerance: f64,
    logits: Vec<Vec<f64>>,
    labels: Vec<usize>,
    temperature: f64,
    loss: f64,
    loss_at_one: f64,
}

#[derive(Deserialize)]
struct Ordinal {
    tolerance: f64,
    scores: Vec<f64>,
    levels: Vec<usize>,
    level_count: usize,
    slope: f64,
    cutpoints: Vec<f64>,
    asked: Vec<f64>,
    probabilities: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Conformal {
    alpha: f64,
    scores: Vec<f64>,
    quantile: f64,
}

fn golden() -> Golden {
    toml::from_str(include_str!("../../../tests/golden/calibration.toml")).unwrap()
}

#[track_caller]
fn close(got: f64, expected: f64, tolerance: f64, what: &str) {
    let scale = expected.abs().max(1.0);
    assert!(
        (got - expected).abs() <= tolerance * scale,
        "{what}: {got}, expected {expected}"
    );
}

#[track_caller]
fn all_close(got: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        close(*got, *expected, tolerance, what);
    }
}

#[test]
fn metrics_equal_their_references() {
    for case in golden().metrics {
        let forecast = BinaryForecast::new(&case.probabilities, &case.outcomes).unwrap();
        let (width, mass) = (
            Binning::EqualWidth(case.bins),
            Binning::EqualMass(case.bins),
        );
        let check = |got, expected, what: &str| {
            close(
                got,
                expected,
                case.tolerance,
                &format!("{}: {what}", case.name),
            );
        };
        let ece = |binning| {
            expected_calibration_error(&forecast, binning, &Plan::NONE)
                .unwrap()
                .value
        };
        check(ece(width), case.ece_equal_width, "ece, width");
        check(ece(mass), case.ece_equal_mass, "ece, mass");
        let mce = maximum_calibration_error(&forecast, width, &Plan::NONE)
            .unwrap()
            .value;
        check(mce, case.mce_equal_width, "mce");
        for (binning, observed, stated) in [
            (width, &case.observed_equal_width, &case.stated_equal_width),
            (mass, &case.observed_equal_mass, &case.stated_equal_mass),
        ] {
            let table = reliability_table(&forecast, binning, BinomialInterval::Wilson, 0.95);
            let (got_observed, got_stated): (Vec<f64>, Vec<f64>) = (table.unwrap().iter())
                .map(|bin| (bin.observed, bin.stated))
                .unzip();
            all_close(&got_observed, observed, case.tolerance, &case.name);
            all_close(&got_stated, stated, case.tolerance, &case.name);
        }
        let parts = brier_score(&forecast, width).unwrap();
        check(parts.brier.value, case.brier, "brier");
        check(parts.reliability, case.reliability, "reliability");
        check(parts.resolution, case.resolution, "resolution");
        check(parts.uncertainty, case.uncertainty, "uncertainty");
        check(
            parts.within_variance,
            case.within_variance,
            "within variance",
        );
        check(
            parts.within_covariance,
            case.within_covariance,
            "within covariance",
        );
        let loss = negative_log_likelihood(&forecast).unwrap().value;
        check(
            loss,
            case.negative_log_likelihood,
            "negative log-likelihood",
        );
    }
}

#[test]
fn intervals_of_shares_equal_their_references() {
    for case in golden().proportion {
        for (kind, expected) in [
            (BinomialInterval::Wilson, case.wilson),
            (BinomialInterval::ClopperPearson, case.clopper_pearson),
        ] {
            let got = binomial_interval(case.successes, case.n, case.level, kind).unwrap();
            all_close(&[got.low, got.high], &expected, case.tolerance, &got.method);
        }
    }
}

#[test]
fn platt_map_equals_its_reference() {
    for case in golden().platt {
        let evidence = MonotoneEvidence::from_outcomes(&case.scores, &case.outcomes).unwrap();
        let map = fit_platt(&case.scores, &case.outcomes, &evidence).unwrap();
        assert!(
            (map.slope / case.slope - 1.0).abs() < case.tolerance,
            "{}: {map:?}",
            case.name
        );
        let got: Vec<f64> = case
            .scores
            .iter()
            .map(|score| map.probability(*score))
            .collect();
        all_close(&got, &case.probabilities, case.tolerance, &case.name);
    }
}

#[test]
fn isotonic_map_equals_its_reference() {
    for case in golden().isotonic {
        let sample = PairedSample::new(&case.scores, &case.human).unwrap();
        let evidence = MonotoneEvidence::from_sample(&sample).unwrap();
        assert_eq!(
            evidence.direction() == Direction::Increasing,
            case.increasing
        );
        let map = fit_isotonic(&sample, Some(&case.weights), &evidence).unwrap();
        let got: Vec<f64> = case
            .asked
            .iter()
            .map(|score| map.evaluate(*score))
            .collect();
        all_close(&got, &case.values, case.tolerance, "isotonic");
    }
}

#[test]
fn temperature_equals_its_reference() {
    let case = golden().temperature;
    let forecast = ClassForecast::new(&case.logits, &case.labels).unwrap();
    let map = fit_temperature(&forecast).unwrap();
    close(
        map.temperature,
        case.temperature,
        case.tolerance,
        "temperature",
    );
    let loss = |t| class_negative_log_likelihood(&forecast, t).unwrap().value;
    close(loss(map.temperature), case.loss, 1e-13, "loss");
    close(loss(1.0), case.loss_at_one, 1e-13, "loss at one");
}

#[test]
fn the_chosen_answer_is_the_first_of_the_largest() {
    let questions = ClassForecast::new(&[vec![0.0, 2.0, 2.0], vec![1.0, 0.0]], &[1, 1]).unwrap();
    let chosen = questions.chosen(2.0).unwrap();
    let e = std::f64::consts::E;
    all_close(
        chosen.probabilities(),
        &[e / (1.0 + 2.0 * e), 1.0 / (1.0 + (-0.5_f64).exp())],
        1e-15,
        "chosen",
    );
    assert_eq!(chosen.outcomes(), [true, false]);
    assert!(matches!(
        questions.chosen(0.0),
        Err(StatsError::Argument { .. })
    ));
}

#[test]
fn ordinal_map_equals_its_reference() {
    let case = golden().ordinal;
    let levels: Vec<f64> = case.levels.iter().map(|level| *level as f64).collect();
    let sample = PairedSample::new(&case.scores, &levels).unwrap();
    let evidence = MonotoneEvidence::from_sample(&sample).unwrap();
    let map = fit_ordinal(&case.scores, &case.levels, case.level_count, &evidence).unwrap();
    close(map.slope, case.slope, case.tolerance, "slope");
    all_close(&map.cutpoints, &case.cutpoints, case.tolerance, "cutpoints");
    for (score, expected) in case.asked.iter().zip(&case.probabilities) {
        all_close(
            &map.probabilities(*score),
            expected,
            case.tolerance,
            "probabilities",
        );
    }
}

#[test]
fn conformal_quantile_equals_its_reference() {
    for case in golden().conformal {
        let quantile = conformal_quantile(&case.scores, case.alpha).unwrap();
        assert!((quantile - case.quantile).abs() <= 0.0, "{}", case.alpha);
    }
}

#[test]
fn conformal_coverage_lies_where_theory_puts_it() {
    // Over calibration sets of 39 items the expected coverage at alpha = 0.1 is 36 / 40 exactly.
    let (mut covered, rounds) = (0_u32, 4000);
    for round in 0..rounds {
        let mut random = CounterRng::new(11, round);
        let mut draw = || -> (Vec<f64>, Vec<f64>) {
            (0..39)
                .map(|_| (random.normal(), 2.0 * random.normal()))
                .unzip()
        };
        let (predicted, human) = draw();
        let sample = PairedSample::new(&predicted, &human).unwrap();
        let conformal = SplitConformal::calibrate(&sample, None, 0.1).unwrap();
        let (predicted, human) = draw();
        let interval = conformal.interval(predicted[0], 1.0).unwrap();
        covered += u32::from(measured_coverage(&[interval], &human[..1]).unwrap().value > 0.5);
    }
    // Four standard deviations of a binomial share: a false alarm once in 16 000 seeds.
    let slack = 4.0 * (0.9 * 0.1 / rounds as f64).sqrt();
    assert!(
        (f64::from(covered) / rounds as f64 - 0.9).abs() < slack,
        "{covered}"
    );
}

#[test]
fn a_wider_spread_widens_the_interval() {
    let sample =
        PairedSample::new(&[0.0; 20], &(1..=20).map(f64::from).collect::<Vec<_>>()).unwrap();
    let spreads: Vec<f64> = (1..=20).map(f64::from).collect();
    let conformal = SplitConformal::calibrate(&sample, Some(&spreads), 0.2).unwrap();
    let interval = conformal.interval(5.0, 3.0).unwrap();
    assert!((conformal.half_width() - 1.0).abs() < 1e-15);
    assert!((interval.low - 2.0).abs() < 1e-12 && (interval.high - 8.0).abs() < 1e-12);
    assert_eq!(prediction_set(&[0.7, 0.2, 0.1], 0.85), [0, 1]);
}

#[test]
fn refuses_what_cannot_be_calibrated_by_name() {
    let evidence = shown(0.1, 0.9).unwrap();
    let scores = [0.1, 0.4, 0.5, 0.9];
    assert!(matches!(
        shown(-0.1, 0.9),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        shown(f64::NAN, f64::NAN),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        BinaryForecast::new(&[0.2, 1.2], &[true, false]),
        Err(StatsError::Argument { .. })
    ));
    assert!(matches!(
        BinaryForecast::new(&[0.2, f64::NAN], &[true, false]),
        Err(StatsError::NonFinite { index: 1, .. })
    ));
    assert!(matches!(
        BinaryForecast::new(&[], &[]),
        Err(StatsError::TooFew { .. })
    ));
    let certain = BinaryForecast::new(&[0.5, 0.0], &[true, true]).unwrap();
    assert!(matches!(
        negative_log_likelihood(&certain),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        expected_calibration_error(&certain, Binning::EqualMass(0), &Plan::NONE),
        Err(StatsError::Argument { .. })
    ));
    assert!(matches!(
        fit_platt(&scores, &[true; 4], &evidence),
        Err(StatsError::OneClass { .. })
    ));
    assert!(matches!(
        fit_platt(&[0.3; 4], &[true, false, true, false], &evidence),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        fit_ordinal(&scores, &[0, 0, 2, 2], 3, &evidence),
        Err(StatsError::Undefined { .. })
    ));
    // Separated levels have no best slope.
    assert!(matches!(
        fit_ordinal(&scores, &[0, 0, 1, 1], 2, &evidence),
        Err(StatsError::Undefined { .. } | StatsError::NotConverged { .. })
    ));
    let right = ClassForecast::new(&[vec![2.0, 1.0], vec![0.0, 3.0]], &[0, 1]).unwrap();
    assert!(matches!(
        fit_temperature(&right),
        Err(StatsError::Undefined { .. })
    ));
    let wrong = ClassForecast::new(&[vec![2.0, 1.0], vec![0.0, 3.0]], &[1, 0]).unwrap();
    assert!(matches!(
        fit_temperature(&wrong),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        conformal_quantile(&[1.0; 18], 0.05),
        Err(StatsError::TooFew {
            needed: 19,
            got: 18,
            ..
        })
    ));
    assert!(matches!(
        pool_adjacent_violators(&[1.0], &[0.0]),
        Err(StatsError::Argument { .. })
    ));
}
