//! What calibration metrics and maps keep for any numbers.

use super::*;
use crate::stats::resample::Plan;
use crate::stats::{Interval, PairedSample, StatsError};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Evidence of a relation with this interval of Spearman's rho.
pub(super) fn shown(low: f64, high: f64) -> Result<MonotoneEvidence, StatsError> {
    let interval = Interval {
        low,
        high,
        level: 0.95,
        method: "fisher-z".into(),
    };
    MonotoneEvidence::from_interval(&interval)
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
        let ece = |rows: &[(f64, bool)]| expected_calibration_error(&forecast(rows), binning, &Plan::NONE).unwrap().value;
        prop_assert!((ece(&rows) - ece(&turned)).abs() < 1e-12);
        prop_assert!((ece(&rows) - ece(&twice)).abs() < 1e-12);
        let largest = maximum_calibration_error(&forecast(&rows), binning, &Plan::NONE).unwrap().value;
        prop_assert!(ece(&rows) <= largest + 1e-12 && largest <= 1.0);
        if rows.len() > 1 {
            let plan = Plan { resamples: 20, ..Plan::default() };
            let resampled = expected_calibration_error(&forecast(&rows), binning, &plan).unwrap();
            let interval = resampled.interval.unwrap();
            prop_assert!(0.0 <= interval.low && interval.low <= interval.high && interval.high <= 1.0);
        }
        // One bin sees the means only.
        let one = expected_calibration_error(&forecast(&rows), Binning::EqualMass(1), &Plan::NONE).unwrap().value;
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
