//! Lists as they were shown and items among anchors: golden rows, and what was put in recovered.

use serde::Deserialize;

use super::*;
use crate::stats::choosing::ListRounds;
use crate::stats::resample::CounterRng;
use crate::stats::{Interval, PairedSample, StatsError, kendall_tau_b};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    origin: String,
    tolerance: f64,
    tolerance_reason: String,
    placed: Vec<PlacedCase>,
    agreement: Vec<AgreementCase>,
    placing: Vec<PlacingCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlacedCase {
    name: String,
    items: usize,
    ridge: f64,
    shown: Vec<Vec<u32>>,
    tiers: Vec<Vec<Vec<usize>>>,
    strengths: Vec<f64>,
    deviations: Vec<f64>,
    place_effects: Vec<f64>,
    place_deviations: Vec<f64>,
    first_effect: [f64; 2],
    log_likelihood: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementCase {
    lists: Vec<Vec<Vec<u32>>>,
    kendall_w: f64,
    mean_tau: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlacingCase {
    name: String,
    priors: Vec<Vec<f64>>,
    among: Vec<Shares>,
    ridge: f64,
    against: Vec<(usize, f64)>,
    anchors: Vec<f64>,
    anchor_deviations: Vec<f64>,
    strength: f64,
    deviation: f64,
}

fn golden() -> Golden {
    let golden: Golden = toml::from_str(include_str!("../../../tests/golden/listed.toml")).unwrap();
    assert!(!golden.origin.is_empty() && !golden.tolerance_reason.is_empty());
    golden
}

/// Standard error of a 95 % interval.
fn deviation(interval: &Interval) -> f64 {
    (interval.high - interval.low) / (2.0 * 1.959_963_984_540_054)
}

struct Near<'a>(&'a str, f64);

impl Near<'_> {
    fn check(&self, ours: f64, expected: f64) {
        let off = (ours - expected).abs();
        assert!(
            off <= self.1 * expected.abs().max(1.0),
            "{}: {ours} and not {expected}",
            self.0
        );
    }

    fn effect(&self, (value, interval): (f64, &Interval), expected: [f64; 2]) {
        self.check(value, expected[0]);
        self.check(deviation(interval), expected[1]);
    }
}

#[test]
fn shown_lists_give_the_strengths_and_effects_of_the_golden_table() {
    let golden = golden();
    for case in &golden.placed {
        let near = Near(&case.name, golden.tolerance);
        let both = case.shown.iter().zip(&case.tiers);
        let lists: Vec<TieredList> = both
            .map(|(shown, tiers)| TieredList {
                shown: shown.clone(),
                tiers: tiers.clone(),
            })
            .collect();
        let found = listed_strengths(case.items, &lists, case.ridge).unwrap();
        for at in 0..case.items {
            let ours = (found.values[at], &found.intervals[at]);
            near.effect(ours, [case.strengths[at], case.deviations[at]]);
        }
        for (place, (value, interval)) in found.place_effects.iter().enumerate() {
            let expected = [case.place_effects[place], case.place_deviations[place]];
            near.effect((*value, interval), expected);
        }
        let (first, interval) = found.first_effect.as_ref().unwrap();
        near.effect((*first, interval), case.first_effect);
        near.check(found.log_likelihood, case.log_likelihood);
    }
}

#[test]
fn agreement_is_that_of_the_golden_table() {
    let golden = golden();
    let near = Near("agreement", golden.tolerance);
    for case in &golden.agreement {
        let found = list_agreement(&case.lists);
        near.check(found.kendall_w.unwrap(), case.kendall_w);
        near.check(found.mean_tau.unwrap(), case.mean_tau);
    }
    let apart = list_agreement(&[vec![vec![0], vec![1]], vec![vec![1], vec![2]]]);
    assert_eq!((apart.kendall_w, apart.mean_tau), (None, None));
    let tied = list_agreement(&[vec![vec![0, 1]], vec![vec![0, 1]]]);
    assert_eq!((tied.kendall_w, tied.mean_tau), (None, None));
}

#[test]
fn items_stand_among_anchors_as_in_the_golden_table() {
    let golden = golden();
    for case in &golden.placing {
        let near = Near(&case.name, golden.tolerance);
        let prior = |given: &Vec<f64>| match given[..] {
            [mean, deviation] if deviation > 0.0 => Prior::Around(mean, deviation),
            [mean, _] => Prior::Exact(mean),
            _ => Prior::Unknown,
        };
        let priors: Vec<Prior> = case.priors.iter().map(prior).collect();
        let scale = AnchorScale::new(&priors, &case.among, case.ridge).unwrap();
        for (at, anchor) in scale.anchors().iter().enumerate() {
            near.check(anchor.value, case.anchors[at]);
            near.check(anchor.deviation, case.anchor_deviations[at]);
        }
        let placed = scale.place(&case.against).unwrap();
        near.check(placed.value, case.strength);
        near.check(placed.deviation, case.deviation);
        near.check(deviation(&placed.interval), case.deviation);
    }
}

/// The published anchors of Compare2Score, whose strengths tests/golden/strengths.toml has.
#[test]
fn unknown_anchors_stand_where_the_votes_of_all_pairs_put_them() {
    let shares = [
        (0, 1, 0.259_128_09),
        (0, 2, 0.000_331_302_76),
        (0, 3, 1.608_729_7e-6),
        (0, 4, 1.180_302_7e-9),
        (1, 2, 0.249_853_45),
        (1, 3, 0.099_954_158),
        (1, 4, 1.867_530_3e-8),
        (2, 3, 0.499_688_8),
        (2, 4, 0.248_528_38),
        (3, 4, 0.254_001_83),
    ];
    let among: Vec<Shares> = shares
        .iter()
        .map(|(one, other, share)| (*one, *other, [*share, 1.0 - share]))
        .collect();
    let scale = AnchorScale::new(&[Prior::Unknown; 5], &among, 1.0).unwrap();
    let expected = [
        -0.804_845_819_959_112,
        -0.397_560_460_629_709_6,
        0.225_074_552_971_929_9,
        0.295_924_846_525_695_34,
        0.681_406_881_091_196_3,
    ];
    for (anchor, expected) in scale.anchors().iter().zip(expected) {
        // The published shares have eight digits, rounded on one side of the diagonal.
        assert!((anchor.value - expected).abs() < 1e-7, "{anchor:?}");
    }
}

#[test]
fn what_says_nothing_or_cannot_be_is_refused() {
    let list = |shown: &[u32], tiers: &[&[usize]]| TieredList {
        shown: shown.to_vec(),
        tiers: tiers.iter().map(|tier| tier.to_vec()).collect(),
    };
    let refused = |items, lists: &[TieredList], ridge| {
        matches!(
            listed_strengths(items, lists, ridge),
            Err(StrengthsError::Stats(
                StatsError::Argument { .. } | StatsError::TooFew { .. }
            ))
        )
    };
    let sound = [list(&[0, 1], &[&[0], &[1]])];
    assert!(!refused(2, &sound, 0.1));
    assert!(refused(1, &sound, 0.1) && refused(2, &sound, 0.0) && refused(2, &[], 0.1));
    assert!(refused(1_025, &sound, 0.1));
    for bad in [
        list(&[0, 2], &[&[0], &[1]]),
        list(&[1, 1], &[&[0], &[1]]),
        list(&[0, 1], &[&[0], &[0]]),
        list(&[0, 1], &[&[0], &[2]]),
        list(&[0, 1], &[&[0]]),
    ] {
        assert!(refused(2, std::slice::from_ref(&bad), 0.1), "{bad:?}");
    }
    let two = [Prior::Exact(0.0), Prior::Exact(1.0)];
    assert!(AnchorScale::new(&two[..1], &[], 1.0).is_err());
    assert!(AnchorScale::new(&[Prior::Unknown; 65], &[], 1.0).is_err());
    assert!(AnchorScale::new(&two, &[], 0.0).is_err());
    assert!(AnchorScale::new(&two, &[(0, 0, [0.5, 0.5])], 1.0).is_err());
    assert!(AnchorScale::new(&two, &[(0, 2, [0.5, 0.5])], 1.0).is_err());
    for bad in [Prior::Exact(f64::NAN), Prior::Around(0.0, 0.0)] {
        assert!(AnchorScale::new(&[two[0], bad], &[], 1.0).is_err());
    }
    let scale = AnchorScale::new(&two, &[], 1.0).unwrap();
    assert!(scale.place(&[]).is_err() && scale.place(&[(0, 1.5)]).is_err());
    assert!(scale.place(&[(2, 0.5)]).is_err());
}

#[test]
fn one_showing_of_each_item_tells_nothing_of_places() {
    let list = TieredList {
        shown: vec![2, 0, 1],
        tiers: vec![vec![1], vec![0], vec![2]],
    };
    let found = listed_strengths(3, &[list.clone(), list], 0.1).unwrap();
    assert!(found.first_effect.is_none() && found.place_effects.is_empty());
    assert_eq!(found.ranks, [1, 3, 2]);
}

/// A judge that ranks by strength, place and noise (Gumbel's, which makes lists Plackett and Luce's).
fn simulated(
    strengths: &[f64],
    first: f64,
    most: usize,
    rounds: u32,
    seed: u64,
) -> Vec<TieredList> {
    let items = u32::try_from(strengths.len()).unwrap();
    let mut dealt = ListRounds::new(items, most, seed);
    let mut rng = CounterRng::new(seed, 99);
    let mut lists = Vec::new();
    for _ in 0..rounds {
        for shown in dealt.next_round() {
            let mut seen: Vec<(f64, usize)> = (shown.iter().enumerate())
                .map(|(place, item)| {
                    let bias = if place == 0 { first } else { 0.0 };
                    let gumbel = -(-(1.0 - rng.uniform()).ln()).ln();
                    (strengths[*item as usize] + bias + gumbel, place)
                })
                .collect();
            seen.sort_by(|one, other| other.0.total_cmp(&one.0));
            let tiers = seen.iter().map(|(_, place)| vec![*place]).collect();
            lists.push(TieredList { shown, tiers });
        }
    }
    lists
}

#[test]
fn strengths_and_the_effect_of_places_are_recovered_and_covered() {
    let (items, first) = (15, 1.0);
    let mut rng = CounterRng::new(4, 0);
    let mut truth: Vec<f64> = (0..items).map(|_| rng.normal()).collect();
    let mean = truth.iter().sum::<f64>() / f64::from(items);
    truth.iter_mut().for_each(|value| *value -= mean);
    let (mut inside, mut all, mut effects_inside) = (0, 0, 0);
    let (mut effect, mut tau) = (0.0, 0.0);
    let runs = 20;
    for seed in 0..runs {
        let lists = simulated(&truth, first, 5, 8, seed);
        let found = listed_strengths(truth.len(), &lists, 0.1).unwrap();
        for (interval, truth) in found.intervals.iter().zip(&truth) {
            inside += u32::from((interval.low..=interval.high).contains(truth));
            all += 1;
        }
        let (value, interval) = found.first_effect.unwrap();
        effects_inside += u32::from((interval.low..=interval.high).contains(&first));
        effect += value / runs as f64;
        let sample = PairedSample::new(&found.values, &truth).unwrap();
        tau += kendall_tau_b(&sample).unwrap().value / runs as f64;
    }
    let coverage = f64::from(inside) / f64::from(all);
    // 300 intervals: a standard error of 1.3 %.
    assert!((0.91..=0.99).contains(&coverage), "{coverage}");
    assert!(effects_inside >= 16, "{effects_inside} of {runs}");
    assert!((effect - first).abs() < 0.15, "{effect}");
    assert!(tau > 0.7, "{tau}");
}
