use proptest::prelude::*;
use serde::Deserialize;

use super::super::golden;
use super::super::raters::Ratings;
use super::super::resample::{Difference, Plan, ResampledPearson};
use super::super::{PairedSample, StatsError, pearson};
use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "origin")]
    _origin: String,
    test: String,
    numbers: Vec<f64>,
    #[serde(default)]
    rows: Vec<Vec<f64>>,
    expected: Vec<f64>,
    tolerance: f64,
}

#[test]
fn agrees_with_the_golden_table() {
    let table = include_str!("../../../tests/golden/comparing.toml");
    for case in golden::rows::<Case>(table) {
        golden::all_near(&case.name, &check(&case), &case.expected, case.tolerance);
    }
}

fn check(case: &Case) -> Vec<f64> {
    let numbers = &case.numbers;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number of items in a table of numbers"
    )]
    let correlations = || {
        DependentCorrelations::new(numbers[0], numbers[1], numbers[2], numbers[3] as usize).unwrap()
    };
    let test = |found: DependentTest| {
        vec![
            found.estimate.value,
            found.statistic,
            found.estimate.p_value.unwrap(),
        ]
    };
    match case.test.as_str() {
        "williams" => test(correlations().williams()),
        "steiger" => test(correlations().steiger()),
        "meng" => test(correlations().meng()),
        "zou" => {
            let interval = correlations().steiger().estimate.interval.unwrap();
            vec![interval.low, interval.high]
        }
        "holm" => adjust_p_values(numbers, Correction::Holm).unwrap(),
        "fdr_bh" => adjust_p_values(numbers, Correction::BenjaminiHochberg).unwrap(),
        "fdr_by" => adjust_p_values(numbers, Correction::BenjaminiYekutieli).unwrap(),
        "t_less" => vec![
            t_test_less(&numbers[1..], numbers[0])
                .unwrap()
                .p_value
                .unwrap(),
        ],
        "wilcoxon_less" => vec![
            wilcoxon_less(&numbers[1..], numbers[0])
                .unwrap()
                .p_value
                .unwrap(),
        ],
        "permutation" => {
            let columns: Vec<&[f64]> = numbers.chunks(numbers.len() / 3).collect();
            let judges = ComparedJudges::new(columns[0], columns[1], columns[2]).unwrap();
            let found = paired_permutation(&judges, RESAMPLING, value_of_pearson).unwrap();
            vec![found.value, found.p_value.unwrap()]
        }
        "alt_accuracy" => alternative(case, AltTestScoring::Accuracy),
        "alt_rmse" => alternative(case, AltTestScoring::NegativeRmse),
        other => panic!("no test `{other}`"),
    }
}

const RESAMPLING: Resampling = Resampling {
    resamples: 2000,
    seed: 7,
};

fn value_of_pearson(sample: &PairedSample) -> Option<f64> {
    pearson(sample).ok().map(|found| found.value)
}

fn cells(row: &[f64]) -> Vec<Option<f64>> {
    row.iter()
        .map(|value| (!value.is_nan()).then_some(*value))
        .collect()
}

fn table(rows: &[Vec<f64>]) -> Ratings {
    Ratings::new(&rows.iter().map(|row| cells(row)).collect::<Vec<_>>()).unwrap()
}

fn alternative(case: &Case, scoring: AltTestScoring) -> Vec<f64> {
    let options = AltTestOptions {
        epsilon: case.numbers[0],
        ..AltTestOptions::default()
    };
    let found = alt_test(
        &cells(&case.rows[0]),
        &table(&case.rows[1..]),
        scoring,
        &options,
    )
    .unwrap();
    let mut values = vec![found.winning_rate.value, found.advantage_probability.value];
    values.extend(found.annotators.iter().map(|annotator| annotator.p_value));
    values
}

fn p_values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.0..=1.0, 1..12)
}

proptest! {
    #[test]
    fn corrections_never_lower_a_p_value_and_keep_their_order(p_values in p_values()) {
        let of = |correction| adjust_p_values(&p_values, correction).unwrap();
        let (holm, hochberg, yekutieli) = (
            of(Correction::Holm),
            of(Correction::BenjaminiHochberg),
            of(Correction::BenjaminiYekutieli),
        );
        for test in 0..p_values.len() {
            prop_assert!(p_values[test] <= hochberg[test] + 1e-15);
            prop_assert!(hochberg[test] <= holm[test] + 1e-15 && hochberg[test] <= yekutieli[test] + 1e-15);
            prop_assert!(holm[test] <= 1.0 && yekutieli[test] <= 1.0);
            for other in 0..p_values.len() {
                if p_values[test] < p_values[other] {
                    prop_assert!(holm[test] <= holm[other] && yekutieli[test] <= yekutieli[other]);
                }
            }
        }
    }

    #[test]
    fn a_difference_changes_sign_with_the_judges(first in -0.9..0.9, second in -0.9..0.9, between in 0.0..0.5) {
        let Ok(one) = DependentCorrelations::new(first, second, between, 60) else { return Ok(()) };
        let other = DependentCorrelations::new(second, first, between, 60).unwrap();
        for (one, other) in [
            (one.williams(), other.williams()),
            (one.steiger(), other.steiger()),
            (one.meng(), other.meng()),
        ] {
            prop_assert!((one.statistic + other.statistic).abs() < 1e-9);
            let (one, other) = (one.estimate, other.estimate);
            prop_assert!((one.p_value.unwrap() - other.p_value.unwrap()).abs() < 1e-9);
            let (one, other) = (one.interval.unwrap(), other.interval.unwrap());
            prop_assert!((one.low + other.high).abs() < 1e-9 && one.low <= one.high);
        }
    }

    #[test]
    fn a_judge_that_copies_an_annotator_is_as_good_as_that_annotator(
        rows in prop::collection::vec(prop::collection::vec((1..6_i32).prop_map(f64::from), 40), 3)
    ) {
        let found = alt_test(
            &cells(&rows[1]),
            &table(&rows),
            AltTestScoring::NegativeRmse,
            &AltTestOptions::default(),
        ).unwrap();
        let own = &found.annotators[1];
        prop_assert_eq!((own.judge_advantage, own.human_advantage), (1.0, 1.0));
        prop_assert!(own.rejected);
        prop_assert!(found.winning_rate.value >= 1.0 / 3.0);
    }
}

fn judges(size: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut rng = super::super::resample::CounterRng::new(3, 0);
    let human: Vec<f64> = (0..size).map(|_| rng.normal()).collect();
    let good = human
        .iter()
        .map(|value| value + 0.3 * rng.normal())
        .collect();
    let bad = human
        .iter()
        .map(|value| value + 2.0 * rng.normal())
        .collect();
    (good, bad, human)
}

#[test]
fn resampling_tells_a_good_judge_from_a_bad_one_and_repeats() {
    let (good, bad, human) = judges(80);
    let judges = ComparedJudges::new(&good, &bad, &human).unwrap();
    let clusters: Vec<usize> = (0..80).map(|item| item / 4).collect();
    for found in [
        paired_permutation(&judges, RESAMPLING, value_of_pearson).unwrap(),
        paired_bootstrap(&judges, None, RESAMPLING, value_of_pearson).unwrap(),
        paired_bootstrap(&judges, Some(&clusters), RESAMPLING, value_of_pearson).unwrap(),
    ] {
        assert!(
            found.value > 0.2 && found.p_value.unwrap() < 0.01,
            "{found:?}"
        );
    }
    let bootstrap =
        |clusters| paired_bootstrap(&judges, clusters, RESAMPLING, value_of_pearson).unwrap();
    assert_eq!(bootstrap(None), bootstrap(None));
    let interval = bootstrap(None).interval.unwrap();
    assert!(
        interval.low > 0.0
            && interval.low < bootstrap(None).value
            && bootstrap(None).value < interval.high
    );
}

/// Both draw the same items from the same streams: what differs is how the statistic is computed.
#[test]
fn the_fast_bootstrap_finds_what_the_general_one_finds() {
    let (good, bad, human) = judges(60);
    let general = ComparedJudges::new(&good, &bad, &human).unwrap();
    let of =
        |judge: &[f64]| ResampledPearson::new(&PairedSample::new(judge, &human).unwrap()).unwrap();
    let plan = Plan {
        resamples: RESAMPLING.resamples,
        seed: RESAMPLING.seed,
        threads: 2,
    };
    let by_four: Vec<u32> = (0..60).map(|item| item / 4).collect();
    let as_sizes: Vec<usize> = by_four.iter().map(|cluster| *cluster as usize).collect();
    for (clusters, sizes) in [(None, None), (Some(&by_four), Some(as_sizes.as_slice()))] {
        let difference = Difference::new(of(&good), of(&bad)).unwrap();
        let fast = paired_bootstrap_of(difference, clusters.map(Vec::as_slice), &plan).unwrap();
        let slow = paired_bootstrap(&general, sizes, RESAMPLING, value_of_pearson).unwrap();
        let (one, other) = (fast.interval.unwrap(), slow.interval.unwrap());
        assert!((fast.value - slow.value).abs() < 1e-12);
        assert!((one.low - other.low).abs() < 1e-9 && (one.high - other.high).abs() < 1e-9);
        assert_eq!(fast.p_value, slow.p_value);
    }
}

#[test]
fn clusters_of_one_are_items() {
    let (good, bad, human) = judges(30);
    let judges = ComparedJudges::new(&good, &bad, &human).unwrap();
    let apart: Vec<usize> = (0..30).collect();
    let bootstrap =
        |clusters| paired_bootstrap(&judges, clusters, RESAMPLING, value_of_pearson).unwrap();
    assert_eq!(bootstrap(None), bootstrap(Some(&apart)));
}

#[test]
fn copies_of_items_add_no_evidence_when_they_are_clustered() {
    // Every item three times: by cluster the interval stays as wide, item by item it shrinks.
    let (good, bad, human) = judges(40);
    let thrice = |column: &[f64]| {
        column
            .iter()
            .flat_map(|value| [*value; 3])
            .collect::<Vec<_>>()
    };
    let copied = ComparedJudges::new(&thrice(&good), &thrice(&bad), &thrice(&human)).unwrap();
    let clusters: Vec<usize> = (0..120).map(|item| item / 3).collect();
    let width = |judges: &ComparedJudges, clusters: Option<&[usize]>| {
        let interval = paired_bootstrap(judges, clusters, RESAMPLING, value_of_pearson)
            .unwrap()
            .interval
            .unwrap();
        interval.high - interval.low
    };
    let original = width(&ComparedJudges::new(&good, &bad, &human).unwrap(), None);
    assert!((width(&copied, Some(&clusters)) - original).abs() < 1e-9);
    assert!(width(&copied, None) < 0.75 * original);
}

#[test]
fn a_judge_does_not_differ_from_itself() {
    let (good, _, human) = judges(20);
    let judges = ComparedJudges::new(&good, &good, &human).unwrap();
    let permutation = paired_permutation(&judges, RESAMPLING, value_of_pearson).unwrap();
    assert_eq!((permutation.value, permutation.p_value), (0.0, Some(1.0)));
    let same = DependentCorrelations::new(0.5, 0.5, 0.999, 50).unwrap();
    assert_eq!(same.williams().estimate.p_value, Some(1.0));
}

#[test]
fn small_samples_are_skipped_or_tested_by_ranks() {
    let rows: Vec<Vec<f64>> = (0..3)
        .map(|rater| {
            (0..20)
                .map(|item| f64::from((item * 7 + rater) % 5))
                .collect()
        })
        .collect();
    let judge: Vec<Option<f64>> = (0..20).map(|item| Some(f64::from(item * 7 % 5))).collect();
    let run = |small_sample| {
        let options = AltTestOptions {
            small_sample,
            resamples: 200,
            ..AltTestOptions::default()
        };
        alt_test(
            &judge,
            &table(&rows),
            AltTestScoring::NegativeRmse,
            &options,
        )
    };
    assert!(matches!(
        run(SmallSample::Skip),
        Err(StatsError::TooFew {
            needed: 30,
            got: 20,
            ..
        })
    ));
    let found = run(SmallSample::Wilcoxon).unwrap();
    assert_eq!(found.annotators.len(), 3);
    let interval = found.advantage_probability.interval.unwrap();
    assert!(interval.low <= found.advantage_probability.value);
    assert!(found.advantage_probability.value <= interval.high);
}

#[test]
fn bad_input_is_an_error_by_name() {
    assert!(matches!(
        DependentCorrelations::new(0.5, 0.4, 0.3, 3),
        Err(StatsError::TooFew {
            needed: 4,
            got: 3,
            ..
        })
    ));
    assert!(matches!(
        DependentCorrelations::new(1.0, 0.4, 0.3, 30),
        Err(StatsError::Argument {
            argument: "first",
            ..
        })
    ));
    assert!(matches!(
        DependentCorrelations::new(0.9, -0.9, 0.9, 30),
        Err(StatsError::Argument {
            argument: "between",
            ..
        })
    ));
    assert!(matches!(
        adjust_p_values(&[0.5, f64::NAN], Correction::Holm),
        Err(StatsError::Argument {
            argument: "p_values",
            ..
        })
    ));
    assert!(matches!(
        wilcoxon_less(&[1.0, 1.0], 1.0),
        Err(StatsError::TooFew { .. })
    ));
    assert!(matches!(
        t_test_less(&[1.0, f64::NAN], 0.0),
        Err(StatsError::Argument {
            argument: "values",
            ..
        })
    ));
    let constant =
        ComparedJudges::new(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0], &[1.0, 2.0, 4.0]).unwrap();
    assert!(matches!(
        paired_permutation(&constant, RESAMPLING, |sample| Some(sample.predicted()[0])),
        Err(StatsError::Constant { .. })
    ));
    assert!(matches!(
        paired_bootstrap(&constant, None, RESAMPLING, value_of_pearson),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        paired_bootstrap(&constant, Some(&[1, 1, 1]), RESAMPLING, value_of_pearson),
        Err(StatsError::TooFew {
            needed: 2,
            got: 1,
            ..
        })
    ));
    let ratings = table(&[vec![1.0, 2.0], vec![1.0, 2.0]]);
    let run = |judge: &[Option<f64>]| {
        alt_test(
            judge,
            &ratings,
            AltTestScoring::Accuracy,
            &AltTestOptions::default(),
        )
    };
    assert!(matches!(
        run(&[Some(1.0)]),
        Err(StatsError::LengthMismatch { .. })
    ));
    assert!(matches!(
        run(&[Some(f64::NAN), None]),
        Err(StatsError::Argument {
            argument: "judge",
            ..
        })
    ));
}
