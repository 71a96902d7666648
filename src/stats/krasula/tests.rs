#![expect(clippy::float_cmp, reason = "exact where the definition makes it so")]

use proptest::prelude::*;
use serde::Deserialize;

use super::super::StatsError;
use super::super::golden;
use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "origin")]
    _origin: String,
    mean: Vec<f64>,
    sd: Vec<f64>,
    ratings: Vec<u32>,
    first: Vec<f64>,
    second: Vec<f64>,
    /// Similar, first better, second better.
    outcomes: [usize; 3],
    auc_ds: [f64; 3],
    auc_bw: [f64; 3],
    cc0: f64,
    cc0_half_ties: f64,
    threshold: f64,
    /// AUC_DS, AUC_BW, AUC_BW as published, CC0 as published, CC0 paired.
    p_values: [f64; 5],
    tolerance: f64,
}

#[test]
fn agrees_with_the_golden_table() {
    let table = include_str!("../../../tests/golden/krasula.toml");
    for case in golden::rows::<Case>(table) {
        check(&case);
    }
}

fn check(case: &Case) {
    let people: Vec<ItemOpinion> = (0..case.mean.len())
        .map(|item| ItemOpinion {
            mean: case.mean[item],
            sd: case.sd[item],
            n: case.ratings[item],
        })
        .collect();
    let found = outcomes(&people).unwrap();
    let count = |wanted| found.iter().filter(|outcome| **outcome == wanted).count();
    assert_eq!(
        [
            Outcome::Similar,
            Outcome::FirstBetter,
            Outcome::SecondBetter
        ]
        .map(count),
        case.outcomes,
        "{}",
        case.name
    );
    let close = |what: &str, found: f64, expected: f64| {
        let name = format!("{} {what}", case.name);
        golden::all_near(&name, &[found], &[expected], case.tolerance);
    };
    let analysis = krasula_of_items(&case.first, &people).unwrap();
    for (what, found, expected) in [
        ("auc_ds", &analysis.auc_ds, &case.auc_ds),
        ("auc_bw", &analysis.auc_bw, &case.auc_bw),
    ] {
        let interval = found.interval.as_ref().unwrap();
        close(what, found.value, expected[0]);
        close(what, interval.low, expected[1]);
        close(what, interval.high, expected[2]);
    }
    close("cc0", analysis.cc0.value, case.cc0);
    close(
        "cc0_half_ties",
        analysis.cc0_half_ties.value,
        case.cc0_half_ties,
    );
    close("threshold", analysis.threshold.value, case.threshold);
    let interval = analysis.threshold.interval.as_ref().unwrap();
    assert!(interval.low <= case.threshold && case.threshold <= interval.high);
    let comparison = compare_krasula(
        &differences(&case.first),
        &differences(&case.second),
        &found,
    )
    .unwrap();
    for (found, expected) in [
        comparison.auc_ds,
        comparison.auc_bw,
        comparison.auc_bw_published,
        comparison.cc0,
        comparison.cc0_paired,
    ]
    .iter()
    .zip(case.p_values)
    {
        close(found.name, found.p_value.unwrap(), expected);
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::FirstBetter),
        Just(Outcome::Similar),
        Just(Outcome::SecondBetter)
    ]
}

fn pairs() -> impl Strategy<Value = (Vec<f64>, Vec<Outcome>)> {
    prop::collection::vec(((-6..7_i32).prop_map(f64::from), outcome()), 12..60)
        .prop_map(|rows| rows.into_iter().unzip())
}

proptest! {
    #[test]
    fn area_is_the_mean_over_pairs(
        positive in prop::collection::vec((0..9_i32).prop_map(f64::from), 2..30),
        negative in prop::collection::vec((0..9_i32).prop_map(f64::from), 2..30),
    ) {
        let mut sum = 0.0;
        for x in &positive {
            for y in &negative {
                sum += if x > y { 1.0 } else if x == y { 0.5 } else { 0.0 };
            }
        }
        let expected = sum / (positive.len() * negative.len()) as f64;
        prop_assert!((roc_auc(&positive, &negative).unwrap().value - expected).abs() < 1e-12);
    }

    #[test]
    fn a_judge_turned_round_is_as_far_below_one_half((differences, outcomes) in pairs()) {
        let Ok(analysis) = krasula(&differences, &outcomes) else { return Ok(()) };
        let turned: Vec<f64> = differences.iter().map(|value| -value).collect();
        let turned = krasula(&turned, &outcomes).unwrap();
        prop_assert!((analysis.auc_bw.value + turned.auc_bw.value - 1.0).abs() < 1e-12);
        prop_assert!((analysis.auc_ds.value - turned.auc_ds.value).abs() < 1e-12);
        prop_assert!((analysis.cc0_half_ties.value + turned.cc0_half_ties.value - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_order_within_a_pair_does_not_matter((differences, outcomes) in pairs()) {
        let Ok(analysis) = krasula(&differences, &outcomes) else { return Ok(()) };
        let swapped: Vec<f64> = differences.iter().map(|value| -value).collect();
        let swapped_outcomes: Vec<Outcome> = outcomes.iter().map(|outcome| match outcome {
            Outcome::FirstBetter => Outcome::SecondBetter,
            Outcome::Similar => Outcome::Similar,
            Outcome::SecondBetter => Outcome::FirstBetter,
        }).collect();
        prop_assert_eq!(krasula(&swapped, &swapped_outcomes).unwrap(), analysis);
    }

    #[test]
    fn a_judge_does_not_differ_from_itself((differences, outcomes) in pairs()) {
        let Ok(comparison) = compare_krasula(&differences, &differences, &outcomes) else { return Ok(()) };
        prop_assert_eq!(comparison.auc_ds.p_value, Some(1.0));
        prop_assert_eq!(comparison.cc0_paired.p_value, Some(1.0));
    }
}

#[test]
fn bad_input_is_an_error_by_name() {
    let item = |mean, sd, n| ItemOpinion { mean, sd, n };
    assert!(matches!(
        outcomes(&[item(1.0, 1.0, 5), item(f64::NAN, 1.0, 5)]),
        Err(StatsError::NonFinite { index: 1, .. })
    ));
    assert!(matches!(
        outcomes(&[item(1.0, 1.0, 0)]),
        Err(StatsError::Argument { argument: "n", .. })
    ));
    assert!(matches!(
        outcomes(&[item(1.0, -1.0, 3)]),
        Err(StatsError::Argument { argument: "sd", .. })
    ));
    assert!(matches!(
        krasula(&[1.0], &[Outcome::Similar]),
        Err(StatsError::TooFew { .. })
    ));
    assert!(matches!(
        krasula(&[1.0], &[]),
        Err(StatsError::LengthMismatch { .. })
    ));
    assert!(matches!(
        roc_auc(&[1.0, f64::INFINITY], &[1.0, 2.0]),
        Err(StatsError::Argument {
            argument: "scores",
            ..
        })
    ));
}
