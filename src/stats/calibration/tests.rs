//! Calibration against scikit-learn, statsmodels, netcal and scipy, and laws.

use super::*;
use crate::stats::fit::Direction;
use crate::stats::resample::CounterRng;
use crate::stats::{Interval, PairedSample, StatsError};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
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
            expected_calibration_error(&forecast, binning)
                .unwrap()
                .value
        };
        check(ece(width), case.ece_equal_width, "ece, width");
        check(ece(mass), case.ece_equal_mass, "ece, mass");
        let mce = maximum_calibration_error(&forecast, width).unwrap().value;
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

fn shown(low: f64, high: f64) -> Result<MonotoneEvidence, StatsError> {
    let interval = Interval {
        low,
        high,
        level: 0.95,
        method: "fisher-z".into(),
    };
    MonotoneEvidence::from_interval(&interval)
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
        expected_calibration_error(&certain, Binning::EqualMass(0)),
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

fn forecasts() -> impl Strategy<Value = Vec<(f64, bool)>> {
    prop::collection::vec(
        (
            (0..=1000_u32).prop_map(|p| f64::from(p) / 1000.0),
            any::<bool>(),
        ),
        1..60,
    )
}

fn forecast(rows: &[(f64, bool)]) -> BinaryForecast {
    let (probabilities, outcomes): (Vec<f64>, Vec<bool>) = rows.iter().copied().unzip();
    BinaryForecast::new(&probabilities, &outcomes).unwrap()
}

/// A fixed seed, so that a run repeats; no file of failures beside the sources.
fn same_every_time() -> ProptestConfig {
    ProptestConfig {
        cases: 128,
        rng_seed: RngSeed::Fixed(20_240_611),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(same_every_time())]

    #[test]
    fn calibration_error_ignores_order_and_repetition(rows in forecasts(), bins in 1..20_usize) {
        let mut turned = rows.clone();
        turned.reverse();
        let twice: Vec<(f64, bool)> = rows.iter().chain(&rows).copied().collect();
        let binning = Binning::EqualWidth(bins);
        let ece = |rows: &[(f64, bool)]| expected_calibration_error(&forecast(rows), binning).unwrap().value;
        prop_assert!((ece(&rows) - ece(&turned)).abs() < 1e-12);
        prop_assert!((ece(&rows) - ece(&twice)).abs() < 1e-12);
        let largest = maximum_calibration_error(&forecast(&rows), binning).unwrap().value;
        prop_assert!(ece(&rows) <= largest + 1e-12 && largest <= 1.0);
        // One bin sees the means only.
        let one = expected_calibration_error(&forecast(&rows), Binning::EqualMass(1)).unwrap().value;
        let n = rows.len() as f64;
        let gap: f64 = rows.iter().map(|(p, y)| p - f64::from(u8::from(*y))).sum();
        prop_assert!((one - (gap / n).abs()).abs() < 1e-12);
    }

    #[test]
    fn parts_of_brier_add_up(rows in forecasts(), bins in 1..20_usize) {
        for binning in [Binning::EqualWidth(bins), Binning::EqualMass(bins)] {
            let parts = brier_score(&forecast(&rows), binning).unwrap();
            let sum = parts.reliability - parts.resolution + parts.uncertainty
                + parts.within_variance - parts.within_covariance;
            prop_assert!((sum - parts.brier.value).abs() < 1e-12);
        }
    }

    #[test]
    fn pooling_is_monotone_idempotent_and_keeps_the_mean(
        rows in prop::collection::vec((-5.0..5.0_f64, 0.1..3.0_f64), 1..80)
    ) {
        let (values, weights): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
        let pooled = pool_adjacent_violators(&values, &weights).unwrap();
        prop_assert!(pooled.windows(2).all(|pair| pair[0] <= pair[1]));
        prop_assert_eq!(&pool_adjacent_violators(&pooled, &weights).unwrap(), &pooled);
        let total = |values: &[f64]| values.iter().zip(&weights).map(|(v, w)| v * w).sum::<f64>();
        prop_assert!((total(&values) - total(&pooled)).abs() < 1e-9);
    }

    #[test]
    fn every_map_is_monotone(
        rows in prop::collection::vec((-2.0..2.0_f64, -1.0..1.0_f64), 30..60), asked in prop::collection::vec(-4.0..4.0_f64, 20)
    ) {
        // Noise within one of the score's own size leaves the relation and both outcomes in place.
        let mut rows = rows;
        rows.extend([(-1.9, 0.0), (1.9, 0.0), (-0.1, 1.0), (0.1, -1.0)]);
        let scores: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let human: Vec<f64> = rows.iter().map(|row| row.0 + row.1).collect();
        let outcomes: Vec<bool> = human.iter().map(|value| *value > 0.0).collect();
        let levels: Vec<usize> = outcomes.iter().map(|up| usize::from(*up)).collect();
        let evidence = shown(0.1, 0.9).unwrap();
        let mut asked = asked;
        asked.sort_by(f64::total_cmp);
        let platt = fit_platt(&scores, &outcomes, &evidence).unwrap();
        let isotonic = fit_isotonic(&PairedSample::new(&scores, &human).unwrap(), None, &evidence).unwrap();
        let ordinal = fit_ordinal(&scores, &levels, 2, &evidence).unwrap();
        for pair in asked.windows(2) {
            prop_assert!(isotonic.evaluate(pair[0]) <= isotonic.evaluate(pair[1]));
            let sign = platt.slope.signum();
            prop_assert!(sign * platt.probability(pair[0]) <= sign * platt.probability(pair[1]));
            let sign = ordinal.slope.signum();
            prop_assert!(sign * ordinal.expected_level(pair[0]) <= sign * ordinal.expected_level(pair[1]) + 1e-15);
            prop_assert!((ordinal.probabilities(pair[0]).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn temperature_ignores_shifts_and_follows_scale(
        logits in prop::collection::vec(prop::collection::vec(-3.0..3.0_f64, 3), 12), shift in -50.0..50.0_f64, scale in 0.2..5.0_f64
    ) {
        // Labels that are the largest logit two times of three: the best temperature is finite.
        let order = |row: &[f64], last: bool| {
            let mut order = [0, 1, 2];
            order.sort_by(|a, b| row[*b].total_cmp(&row[*a]));
            if last { order[2] } else { order[0] }
        };
        let labels: Vec<usize> = logits.iter().enumerate().map(|(i, row)| order(row, i % 3 == 0)).collect();
        let moved: Vec<Vec<f64>> = logits.iter().map(|row| row.iter().map(|z| scale * z + shift).collect()).collect();
        let here = ClassForecast::new(&logits, &labels).unwrap();
        let there = ClassForecast::new(&moved, &labels).unwrap();
        let loss = |forecast, t| class_negative_log_likelihood(forecast, t).unwrap().value;
        prop_assert!((loss(&here, 1.0) - loss(&there, scale)).abs() < 1e-9);
        if let (Ok(a), Ok(b)) = (fit_temperature(&here), fit_temperature(&there)) {
            prop_assert!((b.temperature / a.temperature / scale - 1.0).abs() < 1e-6, "{a:?} {b:?}");
            prop_assert!(loss(&here, a.temperature) <= loss(&here, 1.0) + 1e-12);
            let sum: f64 = a.probabilities(&logits[0]).iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-12);
        }
    }
}
