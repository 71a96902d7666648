#![expect(clippy::float_cmp, reason = "exact where the definition makes it so")]

use proptest::prelude::*;
use serde::Deserialize;

use super::super::golden;
use super::super::resample::Plan;
use super::super::{Estimate, PairedSample, StatsError};
use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "origin")]
    _origin: String,
    coefficient: String,
    /// One row per rater, nan for a missing rating.
    ratings: Vec<Vec<f64>>,
    expected: Vec<f64>,
    tolerance: f64,
}

#[test]
fn agrees_with_the_golden_table() {
    let table = include_str!("../../../tests/golden/raters.toml");
    for case in golden::rows::<Case>(table) {
        golden::all_near_relative(&case.name, &check(&case), &case.expected, case.tolerance);
    }
}

fn check(case: &Case) -> Vec<f64> {
    let ratings = table(&case.ratings);
    let (coefficient, variant) = case
        .coefficient
        .split_once('_')
        .unwrap_or((&case.coefficient, ""));
    match (coefficient, variant) {
        ("cohen", _) => {
            let weights = match variant {
                "linear" => KappaWeights::Linear,
                "quadratic" => KappaWeights::Quadratic,
                _ => KappaWeights::Unweighted,
            };
            let sample = PairedSample::new(&case.ratings[0], &case.ratings[1]).unwrap();
            let found = cohen_kappa(&sample, weights).unwrap();
            let (value, [low, high], p_value) = parts(&found.estimate);
            vec![
                value,
                found.standard_error,
                found.null_standard_error,
                low,
                high,
                p_value,
            ]
        }
        ("alpha", _) => {
            let measurement = match variant {
                "nominal" => Measurement::Nominal,
                "ordinal" => Measurement::Ordinal,
                "interval" => Measurement::Interval,
                _ => Measurement::Ratio,
            };
            vec![
                krippendorff_alpha(&ratings, measurement, 0, 0)
                    .unwrap()
                    .value,
            ]
        }
        ("icc", _) => {
            let form = match variant {
                "11" => IntraclassForm::OneWaySingle,
                "21" => IntraclassForm::AgreementSingle,
                "31" => IntraclassForm::ConsistencySingle,
                "1k" => IntraclassForm::OneWayMean,
                "2k" => IntraclassForm::AgreementMean,
                _ => IntraclassForm::ConsistencyMean,
            };
            let found = intraclass_correlation(&ratings, form).unwrap();
            let (value, [low, high], p_value) = parts(&found.estimate);
            vec![value, found.f, p_value, low, high]
        }
        (name, _) => {
            let found = match name {
                "fleiss" => fleiss_kappa(&ratings),
                "scott" => scott_pi(&ratings),
                "ac1" => gwet_ac1(&ratings),
                other => panic!("no coefficient `{other}`"),
            };
            let (value, [low, high], p_value) = parts(&found.unwrap());
            vec![value, low, high, p_value]
        }
    }
}

fn parts(estimate: &Estimate) -> (f64, [f64; 2], f64) {
    let interval = estimate.interval.as_ref().unwrap();
    (
        estimate.value,
        [interval.low, interval.high],
        estimate.p_value.unwrap(),
    )
}

fn table(rows: &[Vec<f64>]) -> Ratings {
    let rows: Vec<Vec<Option<f64>>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|value| (!value.is_nan()).then_some(*value))
                .collect()
        })
        .collect();
    Ratings::new(&rows).unwrap()
}

/// Pearson's correlation, the plainest statistic to hold raters against each other with.
fn pearson(sample: &PairedSample) -> Result<Estimate, StatsError> {
    sample.require_varied("pearson", 2)?;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (x, y) = (mean(sample.predicted()), mean(sample.human()));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (predicted, human) in sample.predicted().iter().zip(sample.human()) {
        xy += (predicted - x) * (human - y);
        xx += (predicted - x).powi(2);
        yy += (human - y).powi(2);
    }
    Ok(Estimate::new(
        "pearson",
        xy / (xx * yy).sqrt(),
        sample.len(),
        "",
    ))
}

fn rows(raters: usize, missing: bool) -> impl Strategy<Value = Vec<Vec<f64>>> {
    let cell = (0..5_i32, 0..6_u8).prop_map(move |(level, gap)| {
        if missing && gap == 0 {
            f64::NAN
        } else {
            f64::from(level)
        }
    });
    prop::collection::vec(prop::collection::vec(cell, 14), raters)
}

const MEASUREMENTS: [Measurement; 4] = [
    Measurement::Nominal,
    Measurement::Ordinal,
    Measurement::Interval,
    Measurement::Ratio,
];

proptest! {
    #[test]
    fn raters_are_interchangeable(rows in rows(3, true)) {
        let mut turned = rows.clone();
        turned.reverse();
        let (one, other) = (table(&rows), table(&turned));
        for measurement in MEASUREMENTS {
            let alpha = |ratings| krippendorff_alpha(ratings, measurement, 0, 0).map(|found| found.value);
            if let (Ok(one), Ok(other)) = (alpha(&one), alpha(&other)) {
                prop_assert!((one - other).abs() < 1e-12);
                prop_assert!(one <= 1.0 + 1e-12);
            }
        }
        for coefficient in [fleiss_kappa, gwet_ac1] {
            if let (Ok(one), Ok(other)) = (coefficient(&one), coefficient(&other)) {
                prop_assert!((one.value - other.value).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn alpha_is_invariant_where_its_scale_says_so(rows in rows(3, true), scale in 0.1..9.0, shift in -5.0..5.0) {
        let mapped = |map: &dyn Fn(f64) -> f64| {
            let rows: Vec<Vec<f64>> = rows.iter().map(|row| row.iter().map(|value| map(*value)).collect()).collect();
            table(&rows)
        };
        let given = table(&rows);
        for (measurement, ratings) in [
            (Measurement::Nominal, mapped(&|value| (value * 3.0) % 5.0)),
            (Measurement::Ordinal, mapped(&f64::exp)),
            (Measurement::Interval, mapped(&|value| scale * value + shift)),
            (Measurement::Ratio, mapped(&|value| scale * value)),
        ] {
            let alpha = |ratings| krippendorff_alpha(ratings, measurement, 0, 0).map(|found| found.value);
            if let (Ok(given), Ok(mapped)) = (alpha(&given), alpha(&ratings)) {
                prop_assert!((given - mapped).abs() < 1e-9, "{measurement:?}");
            }
        }
    }

    #[test]
    fn kappa_does_not_know_who_is_first(rows in rows(2, false)) {
        let one = PairedSample::new(&rows[0], &rows[1]).unwrap();
        let other = PairedSample::new(&rows[1], &rows[0]).unwrap();
        for weights in [KappaWeights::Unweighted, KappaWeights::Linear, KappaWeights::Quadratic] {
            if let (Ok(one), Ok(other)) = (cohen_kappa(&one, weights), cohen_kappa(&other, weights)) {
                prop_assert!((one.estimate.value - other.estimate.value).abs() < 1e-12);
                prop_assert!((one.standard_error - other.standard_error).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn intraclass_correlations_know_no_unit(rows in rows(3, false), scale in 0.1..9.0, shift in -5.0..5.0) {
        let scaled: Vec<Vec<f64>> =
            rows.iter().map(|row| row.iter().map(|value| scale * value + shift).collect()).collect();
        for form in [IntraclassForm::OneWaySingle, IntraclassForm::AgreementMean, IntraclassForm::ConsistencySingle] {
            let one = intraclass_correlation(&table(&rows), form).unwrap();
            let other = intraclass_correlation(&table(&scaled), form).unwrap();
            prop_assert!((one.estimate.value - other.estimate.value).abs() < 1e-6);
        }
    }
}

#[test]
fn raters_of_one_mind_agree_fully() {
    let row = vec![1.0, 2.0, 3.0, 2.0, 5.0];
    let ratings = table(&[row.clone(), row.clone(), row]);
    assert_eq!(fleiss_kappa(&ratings).unwrap().value, 1.0);
    assert_eq!(gwet_ac1(&ratings).unwrap().value, 1.0);
    for measurement in MEASUREMENTS {
        assert_eq!(
            krippendorff_alpha(&ratings, measurement, 0, 0)
                .unwrap()
                .value,
            1.0
        );
    }
    let found = intraclass_correlation(&ratings, IntraclassForm::AgreementSingle).unwrap();
    assert_eq!(
        (found.estimate.value, found.estimate.p_value),
        (1.0, Some(0.0))
    );
    assert_eq!(found.estimate.interval, None);
}

#[test]
fn alphas_interval_repeats_and_holds_the_value() {
    let ratings = table(&[
        vec![1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 4.0, 1.0, 2.0, 5.0],
        vec![1.0, 2.0, 3.0, 4.0, 2.0, 2.0, 4.0, 1.0, 3.0, 5.0],
    ]);
    let alpha = |seed| krippendorff_alpha(&ratings, Measurement::Ordinal, 500, seed).unwrap();
    let (found, interval) = (alpha(1), alpha(1).interval.unwrap());
    assert_eq!(found, alpha(1));
    assert_ne!(found, alpha(2));
    assert!(interval.low < found.value && found.value <= interval.high && interval.high <= 1.0);
}

#[test]
fn the_ceiling_rises_from_one_rater_to_the_best_possible_judge() {
    // Three raters who see the same truth with noise of the same size (fixed numbers).
    let ratings = table(&[
        vec![1.2, 2.4, 2.7, 4.4, 4.8, 3.0],
        vec![0.7, 2.1, 3.4, 3.6, 5.3, 2.6],
        vec![1.1, 1.5, 2.9, 4.1, 4.9, 3.5],
    ]);
    let found = leave_one_out_ceiling(&ratings, "pearson", &Plan::default(), pearson).unwrap();
    let by_hand = [0, 1, 2].map(|rater| found.per_rater[rater].as_ref().unwrap().value);
    assert!((found.leave_one_out.value - by_hand.iter().sum::<f64>() / 3.0).abs() < 1e-15);
    assert!(found.leave_one_out.value < found.against_all.value);
    assert!(found.against_all.value < found.best_possible.value && found.best_possible.value < 1.0);
    for estimate in [
        &found.leave_one_out,
        &found.against_all,
        &found.best_possible,
    ] {
        let interval = estimate.interval.as_ref().unwrap();
        assert!(
            interval.low < estimate.value && estimate.value < interval.high && interval.high <= 1.0
        );
    }
}

#[test]
fn the_ceiling_follows_spearman_and_brown() {
    // One other rater: what is observed is the single reliability itself, so one against the mean of two
    // parallel raters is rho sqrt(2 / (1 + rho)) and the best possible sqrt(2 rho / (1 + rho)).
    let ratings = table(&[vec![1.0, 2.0, 3.0, 4.0], vec![2.0, 1.0, 4.0, 3.0]]);
    let found = leave_one_out_ceiling(&ratings, "pearson", &Plan::default(), pearson).unwrap();
    assert!((found.leave_one_out.value - 0.6).abs() < 1e-15);
    assert!((found.against_all.value - 0.6 * (2.0_f64 / 1.6).sqrt()).abs() < 1e-14);
    assert!((found.best_possible.value - (1.2_f64 / 1.6).sqrt()).abs() < 1e-14);
}

#[test]
fn bad_input_is_an_error_by_name() {
    let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
    assert!(matches!(
        Ratings::new(&[some(&[1.0])]),
        Err(StatsError::TooFew {
            needed: 2,
            got: 1,
            ..
        })
    ));
    assert!(matches!(
        Ratings::new(&[some(&[1.0]), some(&[1.0, 2.0])]),
        Err(StatsError::Argument {
            argument: "rows",
            ..
        })
    ));
    assert!(matches!(
        Ratings::new(&[some(&[1.0]), some(&[f64::INFINITY])]),
        Err(StatsError::Argument {
            argument: "rows",
            ..
        })
    ));
    let constant = table(&[vec![2.0, 2.0], vec![2.0, 2.0]]);
    assert!(matches!(
        fleiss_kappa(&constant),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        krippendorff_alpha(&constant, Measurement::Interval, 0, 0),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        intraclass_correlation(&constant, IntraclassForm::OneWayMean),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        leave_one_out_ceiling(&constant, "pearson", &Plan::NONE, pearson),
        Err(StatsError::Undefined { .. })
    ));
    let apart_by_rater = table(&[vec![1.0, 1.0, 1.0], vec![2.0, 2.0, 2.0]]);
    assert!(matches!(
        intraclass_correlation(&apart_by_rater, IntraclassForm::ConsistencySingle),
        Err(StatsError::Undefined { .. })
    ));
    let one_level = PairedSample::new(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]).unwrap();
    assert!(matches!(
        cohen_kappa(&one_level, KappaWeights::Quadratic),
        Err(StatsError::Undefined { .. })
    ));
    let negative = table(&[vec![-1.0, 2.0], vec![2.0, 2.0]]);
    assert!(matches!(
        krippendorff_alpha(&negative, Measurement::Ratio, 0, 0),
        Err(StatsError::Argument {
            argument: "ratings",
            ..
        })
    ));
    let apart = table(&[vec![1.0, f64::NAN], vec![f64::NAN, 2.0]]);
    assert!(matches!(
        krippendorff_alpha(&apart, Measurement::Nominal, 0, 0),
        Err(StatsError::TooFew { .. })
    ));
    assert!(matches!(scott_pi(&apart), Err(StatsError::TooFew { .. })));
    assert!(matches!(
        cohen_kappa_of_table(&[vec![1, 2]], KappaWeights::Linear),
        Err(StatsError::Argument {
            argument: "table",
            ..
        })
    ));
    let same = PairedSample::new(&[1.0, 1.0], &[1.0, 1.0]).unwrap();
    assert!(matches!(
        cohen_kappa(&same, KappaWeights::Unweighted),
        Err(StatsError::Undefined { .. })
    ));
}

#[test]
fn labels_become_codes_in_their_order() {
    let ratings = Ratings::from_labels(&[
        vec![Some("b"), None, Some("a")],
        vec![Some("c"), Some("a"), Some("a")],
    ])
    .unwrap();
    assert_eq!(ratings.levels(), [0.0, 1.0, 2.0]);
    assert_eq!(
        (ratings.cell(0, 0), ratings.cell(0, 1), ratings.cell(1, 0)),
        (Some(1.0), None, Some(2.0))
    );
}
