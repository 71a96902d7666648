#![expect(clippy::float_cmp, reason = "exact where the definition makes it so")]

use proptest::prelude::*;
use serde::Deserialize;

use super::super::golden;
use super::super::{PairCounts, PairedSample, StatsError};
use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "origin")]
    _origin: String,
    statistic: String,
    /// One list of scores per group, or per system.
    predicted: Vec<Vec<f64>>,
    human: Vec<Vec<f64>>,
    #[serde(default)]
    epsilon: f64,
    expected: Vec<f64>,
    tolerance: f64,
}

#[test]
fn agrees_with_the_golden_table() {
    let table = include_str!("../../../tests/golden/pairs.toml");
    for case in golden::rows::<Case>(table) {
        golden::all_near(&case.name, &check(&case), &case.expected, case.tolerance);
    }
}

fn check(case: &Case) -> Vec<f64> {
    let groups: Vec<PairedSample> = case
        .predicted
        .iter()
        .zip(&case.human)
        .map(|(predicted, human)| PairedSample::new(predicted, human).unwrap())
        .collect();
    let accuracy = |convention| {
        let found = pairwise_accuracy(&groups[0], convention, case.epsilon).unwrap();
        let interval = found.interval.unwrap();
        vec![found.value, interval.low, interval.high]
    };
    match case.statistic.as_str() {
        "pair_counts" => {
            let counts = pair_counts(&groups[0], case.epsilon).unwrap();
            let PairCounts {
                concordant,
                discordant,
                tied_human,
                tied_predicted,
                tied_both,
            } = counts;
            [
                concordant,
                discordant,
                tied_human,
                tied_predicted,
                tied_both,
            ]
            .map(|count| count as f64)
            .to_vec()
        }
        "acc_eq" => accuracy(TieConvention::WithTies),
        "without_human_ties" => accuracy(TieConvention::WithoutHumanTies),
        "half_for_one_sided_ties" => accuracy(TieConvention::HalfForOneSidedTies),
        "tau_eq" => vec![tau_eq(&groups[0], case.epsilon).unwrap().value],
        "tie_calibration" => {
            let found = calibrate_ties(&groups).unwrap();
            vec![found.epsilon, found.accuracy.value, found.uncalibrated]
        }
        "pairwise_p_values" => pairwise_p_values(&case.predicted, 1 << 16, 0)
            .unwrap()
            .values()
            .to_vec(),
        "soft_pairwise_accuracy" => {
            let p_values = |scores: &[Vec<f64>]| pairwise_p_values(scores, 1 << 16, 0).unwrap();
            let (predicted, human) = (p_values(&case.predicted), p_values(&case.human));
            vec![soft_pairwise_accuracy(&predicted, &human).unwrap().value]
        }
        other => panic!("no statistic `{other}`"),
    }
}

/// Counts by the definition, pair by pair.
fn counted(sample: &PairedSample, epsilon: f64) -> PairCounts {
    let mut counts = PairCounts::default();
    for first in 0..sample.len() {
        for second in first + 1..sample.len() {
            let predicted = sample.predicted()[first] - sample.predicted()[second];
            let human = sample.human()[first] - sample.human()[second];
            *match (predicted.abs() <= epsilon, human == 0.0) {
                (true, true) => &mut counts.tied_both,
                (true, false) => &mut counts.tied_predicted,
                (false, true) => &mut counts.tied_human,
                (false, false) if predicted * human > 0.0 => &mut counts.concordant,
                (false, false) => &mut counts.discordant,
            } += 1;
        }
    }
    counts
}

/// Every threshold tried, the smallest of the best kept.
fn calibrated(groups: &[PairedSample]) -> (f64, f64) {
    let kept: Vec<_> = groups.iter().filter(|group| group.len() > 1).collect();
    let mut thresholds = vec![0.0];
    for group in &kept {
        for (first, score) in group.predicted().iter().enumerate() {
            thresholds.extend(
                group.predicted()[first + 1..]
                    .iter()
                    .map(|other| (score - other).abs()),
            );
        }
    }
    thresholds.sort_by(f64::total_cmp);
    let mut best = (0.0, f64::MIN);
    for epsilon in thresholds {
        let sum: f64 = kept
            .iter()
            .map(|group| {
                TieConvention::WithTies
                    .accuracy(counted(group, epsilon))
                    .unwrap()
            })
            .sum();
        if sum / kept.len() as f64 > best.1 + 1e-12 {
            best = (epsilon, sum / kept.len() as f64);
        }
    }
    best
}

fn samples(size: std::ops::Range<usize>) -> impl Strategy<Value = PairedSample> {
    let score = prop_oneof![
        (0..5_i32).prop_map(f64::from),
        -1.0..1.0,
        (-3..3_i32).prop_map(|exponent| 10_f64.powi(exponent))
    ];
    prop::collection::vec((score, 0..4_i32), size).prop_map(|rows| {
        let (predicted, human): (Vec<f64>, Vec<f64>) = rows
            .into_iter()
            .map(|(score, level)| (score, f64::from(level)))
            .unzip();
        PairedSample::new(&predicted, &human).unwrap()
    })
}

proptest! {
    #[test]
    fn counts_without_epsilon_are_those_of_kendall(sample in samples(0..40)) {
        prop_assert_eq!(pair_counts(&sample, 0.0).unwrap(), PairCounts::of(&sample));
    }

    #[test]
    fn counts_are_those_of_the_definition(sample in samples(0..40), epsilon in prop_oneof![Just(0.0), 0.0..2.0]) {
        prop_assert_eq!(pair_counts(&sample, epsilon).unwrap(), counted(&sample, epsilon));
    }

    #[test]
    fn calibration_finds_what_trying_every_threshold_finds(groups in prop::collection::vec(samples(0..16), 1..4)) {
        prop_assume!(groups.iter().any(|group| group.len() > 1));
        let found = calibrate_ties(&groups).unwrap();
        let (epsilon, accuracy) = calibrated(&groups);
        prop_assert_eq!(found.epsilon, epsilon);
        prop_assert!((found.accuracy.value - accuracy).abs() < 1e-12);
        prop_assert!(found.accuracy.value >= found.uncalibrated - 1e-12);
    }

    #[test]
    fn calibration_does_not_depend_on_how_many_differences_it_holds(
        groups in prop::collection::vec(samples(2..24), 1..3),
        held in 1..40_u64,
    ) {
        let groups: Vec<&PairedSample> = groups.iter().collect();
        prop_assert_eq!(
            calibration::best_threshold(&groups, held),
            calibration::best_threshold(&groups, 1 << 22)
        );
    }

    #[test]
    fn turning_the_judge_round_swaps_concordant_and_discordant(sample in samples(2..30)) {
        let turned: Vec<f64> = sample.predicted().iter().map(|score| -score).collect();
        let turned = pair_counts(&PairedSample::new(&turned, sample.human()).unwrap(), 0.0).unwrap();
        let counts = pair_counts(&sample, 0.0).unwrap();
        prop_assert_eq!(
            PairCounts { concordant: counts.discordant, discordant: counts.concordant, ..counts },
            turned
        );
    }

    #[test]
    fn conventions_keep_their_order(sample in samples(2..30)) {
        let counts = pair_counts(&sample, 0.0).unwrap();
        let of = |convention: TieConvention| convention.accuracy(counts);
        if let (Some(strict), Some(half), Some(without)) = (
            of(TieConvention::WithoutHumanTies),
            of(TieConvention::HalfForPredictedTies),
            of(TieConvention::WithoutAnyTies),
        ) {
            prop_assert!(strict <= half && strict <= without);
        }
        prop_assert!(of(TieConvention::WithTies) <= of(TieConvention::HalfForOneSidedTies));
        let tau = tau_eq(&sample, 0.0).unwrap().value;
        prop_assert!((tau - (2.0 * of(TieConvention::WithTies).unwrap() - 1.0)).abs() < 1e-12);
    }

    #[test]
    fn soft_accuracy_is_whole_for_equal_judges(rows in prop::collection::vec(prop::collection::vec(-1.0..1.0, 6), 2..5)) {
        let p_values = pairwise_p_values(&rows, 64, 1).unwrap();
        prop_assert_eq!(soft_pairwise_accuracy(&p_values, &p_values).unwrap().value, 1.0);
    }
}

#[test]
fn a_soft_accuracy_over_equal_gaps_has_an_interval_without_width_and_others_have_one() {
    let given = |values: &[f64]| PairwisePValues::new(4, values.to_vec()).unwrap();
    let people = given(&[0.1; 6]);
    let even = soft_pairwise_accuracy(&given(&[0.3; 6]), &people).unwrap();
    let interval = even.interval.unwrap();
    assert!((interval.high - interval.low).abs() < 1e-12);
    // One pair of four systems is off by 0.6: without either of its two systems nothing is, without either of the
    // other two a third of 0.6 is, so that the jackknife's error is sqrt(3 / 4 * 4 * 0.1^2).
    let odd = soft_pairwise_accuracy(&given(&[0.7, 0.1, 0.1, 0.1, 0.1, 0.1]), &people).unwrap();
    let interval = odd.interval.unwrap();
    assert!((odd.value - 0.9).abs() < 1e-12);
    assert!((interval.low - (0.9 - 1.959_963_984_540_054 * 0.03_f64.sqrt())).abs() < 1e-9);
    assert_eq!(interval.high, 1.0);
    let two = PairwisePValues::new(2, vec![0.2]).unwrap();
    assert_eq!(soft_pairwise_accuracy(&two, &two).unwrap().interval, None);
}

#[test]
fn calibration_over_groups_has_students_interval_over_them() {
    let group = |human: &[f64]| PairedSample::new(&[0.0, 1.0, 2.0, 3.0], human).unwrap();
    // At no threshold but 0 is anything gained: 6, 5 and 4 of 6 pairs are right.
    let groups = [
        group(&[1.0, 2.0, 3.0, 4.0]),
        group(&[2.0, 1.0, 3.0, 4.0]),
        group(&[2.0, 1.0, 4.0, 3.0]),
    ];
    let found = calibrate_ties(&groups).unwrap();
    assert_eq!(found.epsilon, 0.0);
    let interval = found.accuracy.interval.unwrap();
    // scipy 1.17.1: t.ppf(0.975, 2) = 4.302652729749462; the standard error is (1 / 6) / sqrt(3).
    let half = 4.302_652_729_749_462 / 6.0 / 3.0_f64.sqrt();
    assert!(
        (interval.low - (5.0 / 6.0 - half)).abs() < 1e-9,
        "{interval:?}"
    );
    assert_eq!(interval.high, 1.0);
    assert!(interval.method.contains("over groups"));
    let same = calibrate_ties(&[groups[0].clone(), groups[0].clone()]).unwrap();
    assert_eq!(same.accuracy.interval, None);
}

#[test]
fn calibration_looks_into_crowded_buckets() {
    // Three levels with a little noise: nearly all differences crowd at 0, 1 and 2, one reaches 1e9.
    let mut rng = super::super::resample::CounterRng::new(5, 0);
    let (mut predicted, mut human) = (vec![1e9], vec![2.0]);
    for _ in 0..700 {
        let level = f64::from(rng.below(3));
        predicted.push(level + 1e-7 * rng.uniform());
        human.push(if rng.below(4) == 0 {
            f64::from(rng.below(3))
        } else {
            level
        });
    }
    let sample = PairedSample::new(&predicted, &human).unwrap();
    let found = calibrate_ties(std::slice::from_ref(&sample)).unwrap();
    // Near the levels' noise, and no threshold nearby is better.
    assert!(
        found.epsilon > 9e-8 && found.epsilon < 1e-7,
        "{}",
        found.epsilon
    );
    for factor in [0.5, 0.9, 0.99, 0.999, 1.0, 1.001, 1.1, 1e6, 1e7] {
        let other = counted(&sample, found.epsilon * factor);
        assert!(TieConvention::WithTies.accuracy(other).unwrap() <= found.accuracy.value);
    }
}

#[test]
fn preferences_read_from_margins_choose_the_best_threshold() {
    use Preference::{First, Second, Tie};
    let margins = [0.9, 0.05, -0.1, -0.7, 0.2];
    let human = [First, Tie, Tie, Second, First];
    let found = best_tie_threshold(
        &margins,
        &human,
        &[0.0, 0.1, 0.2, 0.5],
        TieConvention::HalfForOneSidedTies,
    )
    .unwrap();
    assert_eq!((found.threshold, found.accuracy), (0.1, 1.0));
}

#[test]
fn bad_input_is_an_error_by_name() {
    use Preference::{First, Tie};
    let one = PairedSample::new(&[1.0], &[1.0]).unwrap();
    let tied = PairedSample::new(&[1.0, 2.0], &[1.0, 1.0]).unwrap();
    assert!(matches!(
        pairwise_accuracy(&one, TieConvention::WithTies, 0.0),
        Err(StatsError::TooFew {
            needed: 2,
            got: 1,
            ..
        })
    ));
    assert!(matches!(
        pairwise_accuracy(&tied, TieConvention::WithoutHumanTies, 0.0),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        pair_counts(&tied, -0.5),
        Err(StatsError::Argument {
            argument: "epsilon",
            ..
        })
    ));
    assert!(matches!(
        calibrate_ties(&[one]),
        Err(StatsError::TooFew { .. })
    ));
    assert!(matches!(
        preference_accuracy(&[First], &[Tie], TieConvention::WithoutHumanTies),
        Err(StatsError::TooFew { .. })
    ));
    assert!(matches!(
        best_tie_threshold(&[f64::NAN], &[First], &[0.0], TieConvention::WithTies),
        Err(StatsError::Argument {
            argument: "margins",
            ..
        })
    ));
    assert!(matches!(
        preference_counts(&[First], &[]),
        Err(StatsError::LengthMismatch { .. })
    ));
    assert!(matches!(
        pairwise_p_values(&[vec![1.0], vec![f64::NAN]], 10, 0),
        Err(StatsError::Argument {
            argument: "scores",
            ..
        })
    ));
    assert!(matches!(
        PairwisePValues::new(3, vec![0.5]),
        Err(StatsError::Argument {
            argument: "values",
            ..
        })
    ));
}
