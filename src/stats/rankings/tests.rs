#![expect(clippy::float_cmp, reason = "exact where the definition makes it so")]

use proptest::prelude::*;
use serde::Deserialize;

use super::super::StatsError;
use super::super::golden;
use super::super::resample::Plan;
use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "origin")]
    _origin: String,
    measure: String,
    #[serde(default)]
    predicted: String,
    #[serde(default)]
    human: String,
    #[serde(default)]
    scores: Vec<f64>,
    #[serde(default)]
    relevance: Vec<f64>,
    first: Option<usize>,
    #[serde(default)]
    length: usize,
    expected: f64,
    tolerance: f64,
}

#[test]
fn agrees_with_the_golden_table() {
    let table = include_str!("../../../tests/golden/rankings.toml");
    for case in golden::rows::<Case>(table) {
        golden::all_near(
            &case.name,
            &[check(&case)],
            &[case.expected],
            case.tolerance,
        );
    }
}

fn check(case: &Case) -> f64 {
    let letters = |ranking: &str| ranking.chars().collect::<Vec<_>>();
    let of = |measure: RankingMeasure| {
        measure
            .of(&letters(&case.predicted), &letters(&case.human))
            .unwrap()
    };
    let ndcg = |gain| ndcg(&case.scores, &case.relevance, case.first, gain, &Plan::NONE).unwrap();
    let chance = |measure| {
        ranking_chance(measure, case.length, 20_000, 1)
            .unwrap()
            .value
    };
    match case.measure.as_str() {
        "levenshtein" => of(RankingMeasure::NormalisedLevenshtein),
        "footrule" => of(RankingMeasure::NormalisedFootrule),
        "top_hit" => of(RankingMeasure::TopHit(case.first.unwrap())),
        "ndcg_linear" => ndcg(Gain::Linear).estimate.value,
        "ndcg_exponential" => ndcg(Gain::Exponential).estimate.value,
        "ndcg_chance" => ndcg(Gain::Linear).chance,
        "levenshtein_chance" => chance(RankingMeasure::NormalisedLevenshtein),
        "footrule_chance" => chance(RankingMeasure::NormalisedFootrule),
        "top_hit_chance" => chance(RankingMeasure::TopHit(case.first.unwrap())),
        other => panic!("no measure `{other}`"),
    }
}

fn order(length: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..length).collect::<Vec<_>>()).prop_shuffle()
}

proptest! {
    #[test]
    fn distances_are_distances(first in order(6), second in order(6), third in order(6)) {
        for measure in [RankingMeasure::NormalisedLevenshtein, RankingMeasure::NormalisedFootrule] {
            let distance = |left: &[usize], right: &[usize]| measure.of(left, right).unwrap();
            prop_assert_eq!(distance(&first, &first), 0.0);
            prop_assert_eq!(distance(&first, &second), distance(&second, &first));
            prop_assert!((0.0..=1.0).contains(&distance(&first, &second)));
            prop_assert!(
                distance(&first, &third) <= distance(&first, &second) + distance(&second, &third) + 1e-12
            );
        }
    }

    #[test]
    fn people_themselves_have_all_the_gain(relevance in prop::collection::vec(0.0..5.0, 1..9)) {
        prop_assume!(relevance.iter().any(|value| *value > 0.0));
        let turned: Vec<f64> = relevance.iter().map(|value: &f64| -*value).collect();
        let few = Plan { resamples: 20, ..Plan::default() };
        let best = ndcg(&relevance, &relevance, None, Gain::Linear, &few).unwrap();
        let worst = ndcg(&turned, &relevance, None, Gain::Linear, &Plan::NONE).unwrap();
        prop_assert!((best.estimate.value - 1.0).abs() < 1e-12);
        // Whatever is drawn, the best order of it has all the gain.
        if let Some(interval) = best.estimate.interval {
            prop_assert!((interval.low - 1.0).abs() < 1e-12 && (interval.high - 1.0).abs() < 1e-12);
        }
        prop_assert!(worst.estimate.value <= best.chance + 1e-12 && best.chance <= 1.0 + 1e-12);
    }
}

#[test]
fn simulated_chance_lies_within_its_error() {
    let found = ranking_chance(RankingMeasure::NormalisedFootrule, 12, 20_000, 3).unwrap();
    // Diaconis and Graham (1977): the mean footrule of n items is (n^2 - 1) / 3.
    let exact = (144.0 - 1.0) / 3.0 / 72.0;
    assert!(found.standard_error > 0.0);
    assert!(
        (found.value - exact).abs() < 4.0 * found.standard_error,
        "{found:?}"
    );
}

#[test]
fn means_have_an_interval() {
    let rankings = [("ABCD", "ABCD"), ("BACD", "ABCD"), ("DCBA", "ABCD")]
        .map(|(judge, people)| (judge.chars().collect(), people.chars().collect()));
    let found = mean_ranking_measure(RankingMeasure::TopHit(1), &rankings).unwrap();
    assert!((found.value - 1.0 / 3.0).abs() < 1e-15);
    assert!(found.interval.unwrap().low < found.value);
}

#[test]
fn bad_input_is_an_error_by_name() {
    let footrule = RankingMeasure::NormalisedFootrule;
    assert!(matches!(
        footrule.of(&['A', 'B'], &['A', 'C']),
        Err(StatsError::Argument {
            argument: "predicted",
            ..
        })
    ));
    assert!(matches!(
        footrule.of(&['A', 'A'], &['A', 'A']),
        Err(StatsError::Argument { .. })
    ));
    assert!(matches!(
        RankingMeasure::TopHit(0).of(&['A'], &['A']),
        Err(StatsError::Argument {
            argument: "first",
            ..
        })
    ));
    assert!(matches!(
        RankingMeasure::NormalisedLevenshtein.of::<char>(&[], &[]),
        Err(StatsError::TooFew { .. })
    ));
    assert!(matches!(
        ndcg(&[1.0], &[0.0], None, Gain::Linear, &Plan::NONE),
        Err(StatsError::Undefined { .. })
    ));
    assert!(matches!(
        ndcg(&[1.0], &[-1.0], None, Gain::Linear, &Plan::NONE),
        Err(StatsError::Argument {
            argument: "relevance",
            ..
        })
    ));
    assert!(matches!(
        ndcg(&[1.0], &[2000.0], None, Gain::Exponential, &Plan::NONE),
        Err(StatsError::Argument {
            argument: "relevance",
            ..
        })
    ));
    assert!(matches!(
        ranking_chance(footrule, 20, 1, 0),
        Err(StatsError::TooFew { needed: 2, .. })
    ));
}
