//! Golden rows and laws.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::*;
use crate::stats::Interval;
use crate::stats::resample::CounterRng;
use crate::stats::strengths::{
    Anchors, Model, Outcome, Posterior, RankRange, StrengthSettings, Vote, Votes, posterior,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    origin: String,
    tolerance: f64,
    tolerance_reason: String,
    gain_tolerance: f64,
    gain_tolerance_reason: String,
    gain: Vec<GainCase>,
    anchored: Vec<AnchoredCase>,
    posterior: Vec<PosteriorCase>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GainCase {
    model: String,
    mean: f64,
    variance: f64,
    expected: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnchoredCase {
    model: String,
    better: Vec<Vec<f64>>,
    better_than: Vec<f64>,
    expected: Vec<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PosteriorCase {
    model: String,
    items: usize,
    votes: Vec<(u32, u32, usize, usize, usize)>,
    ridge: f64,
    means: Vec<f64>,
    covariance: Vec<f64>,
}

fn golden() -> Golden {
    let golden: Golden =
        toml::from_str(include_str!("../../../tests/golden/choosing.toml")).unwrap();
    let said = [
        &golden.origin,
        &golden.tolerance_reason,
        &golden.gain_tolerance_reason,
    ];
    assert!(said.iter().all(|text| !text.is_empty()));
    golden
}

const MODELS: [Model; 2] = [Model::BradleyTerry, Model::Thurstone];

fn model(name: &str) -> Model {
    MODELS
        .into_iter()
        .find(|model| model.name() == name)
        .unwrap()
}

#[test]
fn gains_are_those_of_adaptive_quadrature() {
    let golden = golden();
    for case in &golden.gain {
        let got = information_gain(model(&case.model), case.mean, case.variance).unwrap();
        let allowed = golden.gain_tolerance * case.expected.max(1e-3);
        assert!((got - case.expected).abs() <= allowed, "{case:?}: {got:e}");
    }
}

#[test]
fn posteriors_are_those_of_the_inverse_curvature() {
    let golden = golden();
    for case in &golden.posterior {
        let mut votes = Vec::new();
        for (first, second, wins, losses, ties) in &case.votes {
            for (outcome, times) in [
                (Outcome::First, *wins),
                (Outcome::Second, *losses),
                (Outcome::Tie, *ties),
            ] {
                votes.extend(vec![Vote::new(*first, *second, outcome); times]);
            }
        }
        let settings = StrengthSettings {
            ridge: case.ridge,
            ..StrengthSettings::new(model(&case.model))
        };
        let got = posterior(&Votes::new(case.items, votes).unwrap(), &settings).unwrap();
        for (one, expected) in case.covariance.chunks(case.items).enumerate() {
            assert!((got.means()[one] - case.means[one]).abs() <= golden.tolerance);
            for (other, expected) in expected.iter().enumerate() {
                let got = got.covariance(one, other);
                assert!(
                    (got - expected).abs() <= golden.tolerance,
                    "{case:?}: {got}"
                );
            }
        }
    }
}

#[test]
fn anchored_strengths_are_those_of_the_strictly_concave_optimum() {
    let golden = golden();
    for case in &golden.anchored {
        let worths: Vec<f64> = (0_u32..).map(f64::from).take(case.better.len()).collect();
        let anchors = Anchors::new(model(&case.model), &case.better, &worths).unwrap();
        let got = if case.better_than.is_empty() {
            anchors.strengths().unwrap()
        } else {
            let placed = anchors.place(&case.better_than).unwrap();
            placed
                .anchors
                .into_iter()
                .chain([placed.strength])
                .collect()
        };
        assert_eq!(got.len(), case.expected.len());
        for (got, expected) in got.iter().zip(&case.expected) {
            assert!(
                (got - expected).abs() <= golden.tolerance,
                "{case:?}: {got}"
            );
        }
    }
}

#[test]
fn an_anchored_score_goes_beyond_its_anchors_and_rises_with_each_probability() {
    let better = [
        vec![0.5, 0.2, 0.05],
        vec![0.8, 0.5, 0.3],
        vec![0.95, 0.7, 0.5],
    ];
    for model in MODELS {
        let anchors = Anchors::new(model, &better, &[10.0, 50.0, 80.0]).unwrap();
        let score = |p: [f64; 3]| anchors.place(&p).unwrap().score;
        assert!(score([1.0, 1.0, 1.0]) > score([1.0, 1.0, 0.9]));
        assert!(score([1.0, 1.0, 0.9]) > 80.0 && score([0.0, 0.0, 0.0]) < 10.0);
        for raised in 0..3 {
            for rest in [0.1, 0.5, 0.9] {
                let at = |p: f64| {
                    let mut all = [rest; 3];
                    all[raised] = p;
                    score(all)
                };
                assert!(
                    at(0.2) < at(0.4) && at(0.4) < at(0.8),
                    "{model:?} {raised} {rest}"
                );
            }
        }
    }
}

#[test]
fn gains_follow_what_is_unknown() {
    for model in MODELS {
        let gain = |mean, variance| information_gain(model, mean, variance).unwrap();
        assert!(gain(1.0, 0.0).abs() < 1e-15);
        for variance in [0.01, 0.3, 1.0, 7.0, 60.0] {
            for mean in [0.0, 0.4, 1.5, 3.0] {
                let here = gain(mean, variance);
                assert!(here > 0.0 && here < std::f64::consts::LN_2);
                assert!((here - gain(-mean, variance)).abs() < 1e-12);
                assert!(here > gain(mean + 0.5, variance));
                // Of a pair whose order is all but known, more doubt may tell less; of an open one, always more.
                assert!(mean > 0.5 || here < gain(mean, 1.2 * variance));
            }
        }
        assert!(gain(1e6, 1e9).is_finite() && gain(1e300, 1.0) < 1e-12);
    }
}

/// A posterior of items some of which have met.
fn some_posterior(items: u32, votes: u32, seed: u64) -> (Posterior, Met) {
    let mut rng = CounterRng::new(seed, 5);
    let votes: Vec<Vote> = (0..votes)
        .map(|_| {
            let first = rng.below(items);
            let second = (first + 1 + rng.below(items - 1)) % items;
            let outcome = [Outcome::First, Outcome::Second, Outcome::Tie][rng.below(3) as usize];
            Vote::new(first, second, outcome)
        })
        .collect();
    let votes = Votes::new(items as usize, votes).unwrap();
    let settings = StrengthSettings {
        ridge: 0.5,
        ..StrengthSettings::new(Model::BradleyTerry)
    };
    (posterior(&votes, &settings).unwrap(), Met::of_votes(&votes))
}

fn gain_of(posterior: &Posterior, one: u32, other: u32) -> f64 {
    let (mean, variance) = posterior.difference(one as usize, other as usize);
    information_gain(posterior.model(), mean, variance).unwrap()
}

#[test]
fn the_most_informative_pair_is_the_best_of_all_that_may_be_asked() {
    for seed in 0..6 {
        let (posterior, met) = some_posterior(9, 20, seed);
        for repeats in [Repeats::Never, Repeats::Allowed] {
            let choice = Choice { repeats, seed };
            let best = most_informative(&posterior, &met, &choice)
                .unwrap()
                .unwrap();
            let open =
                |pair: &(u32, u32)| repeats == Repeats::Allowed || met.times(pair.0, pair.1) == 0;
            assert!(open(&(best.first, best.second)));
            let most = all_pairs(9)
                .filter(open)
                .map(|(one, other)| gain_of(&posterior, one, other));
            assert!((best.gain - most.fold(0.0, f64::max)).abs() < 1e-11);
            let batch = informative_batch(&posterior, &met, &choice, 3).unwrap();
            assert_eq!(batch[0], best);
            assert!(batch.windows(2).all(|two| two[0].gain >= two[1].gain));
        }
    }
}

/// The greatest sum of gains over a spanning tree, by trying every set of edges.
fn best_tree_by_force(items: u32, gain: impl Fn(u32, u32) -> f64) -> f64 {
    let pairs: Vec<(u32, u32)> = all_pairs(items).collect();
    let mut best = 0.0_f64;
    for set in 0_u32..1 << pairs.len() {
        let edges = pairs
            .iter()
            .enumerate()
            .filter(|(at, _)| set >> at & 1 == 1);
        let edges: Vec<(u32, u32)> = edges.map(|(_, pair)| *pair).collect();
        if edges.len() + 1 == items as usize && islands(items, &edges) == 1 {
            best = best.max(edges.iter().map(|(one, other)| gain(*one, *other)).sum());
        }
    }
    best
}

fn islands(items: u32, edges: &[(u32, u32)]) -> usize {
    let mut island: Vec<u32> = (0..items).collect();
    for (one, other) in edges {
        let (from, to) = (island[*one as usize], island[*other as usize]);
        island
            .iter_mut()
            .filter(|at| **at == from)
            .for_each(|at| *at = to);
    }
    island.into_iter().collect::<BTreeSet<u32>>().len()
}

#[test]
fn a_batch_is_the_spanning_tree_of_greatest_gains() {
    for seed in 0..4 {
        let (posterior, met) = some_posterior(6, 10, seed);
        let choice = Choice {
            repeats: Repeats::Allowed,
            seed,
        };
        let batch = informative_batch(&posterior, &met, &choice, 100).unwrap();
        let edges: Vec<(u32, u32)> = batch.iter().map(|q| (q.first, q.second)).collect();
        assert_eq!((edges.len(), islands(6, &edges)), (5, 1));
        let sum: f64 = batch.iter().map(|question| question.gain).sum();
        let best = best_tree_by_force(6, |one, other| gain_of(&posterior, one, other));
        assert!((sum - best).abs() < 1e-10);
    }
}

#[test]
fn without_repeats_each_pair_is_asked_once_until_none_is_left() {
    let posterior = Posterior::prior(7, Model::Thurstone, 1.0).unwrap();
    let choice = Choice {
        repeats: Repeats::Never,
        seed: 3,
    };
    let mut met = Met::new(7);
    let mut asked = 0;
    loop {
        let batch = informative_batch(&posterior, &met, &choice, 4).unwrap();
        assert_eq!(batch.is_empty(), met.pairs_left() == 0);
        if batch.is_empty() {
            break;
        }
        for question in batch {
            assert_eq!(met.times(question.first, question.second), 0);
            met.add(question.first, question.second);
            asked += 1;
        }
    }
    assert_eq!((asked, met.questions()), (21, 21));
    assert_eq!(most_informative(&posterior, &met, &choice).unwrap(), None);
}

#[test]
fn lots_are_drawn_by_the_seed_and_only_by_it() {
    let posterior = Posterior::prior(20, Model::BradleyTerry, 1.0).unwrap();
    let batch = |seed| {
        let choice = Choice {
            repeats: Repeats::Never,
            seed,
        };
        informative_batch(&posterior, &Met::new(20), &choice, 19).unwrap()
    };
    assert_eq!(batch(1), batch(1));
    assert_ne!(batch(1), batch(2));
    // All pairs are alike, and so are the places in them.
    let turned = (0..20)
        .flat_map(batch)
        .filter(|q| q.first > q.second)
        .count();
    assert!((140..240).contains(&turned), "{turned} of 380");
    assert_eq!(random_order(12, 5), random_order(12, 5));
    assert_ne!(random_order(12, 5), random_order(12, 6));
    let mut order = random_order(12, 5);
    order
        .iter_mut()
        .for_each(|pair| *pair = (pair.0.min(pair.1), pair.0.max(pair.1)));
    order.sort_unstable();
    assert!(order.into_iter().eq(all_pairs(12)));
}

#[test]
fn swiss_rounds_pair_neighbours_and_give_each_item_one_partner() {
    let standing = [1.0, 6.0, 3.0, 2.0, 5.0, 4.0];
    let round = swiss_round(&standing, &Met::new(6), &[0; 6], 1).unwrap();
    let sorted = |pair: &(u32, u32)| (pair.0.min(pair.1), pair.0.max(pair.1));
    assert_eq!(
        round.pairs.iter().map(sorted).collect::<Vec<_>>(),
        [(1, 4), (2, 5), (0, 3)]
    );
    let first = |seed| swiss_round(&[0.0; 8], &Met::new(8), &[0; 8], seed).unwrap();
    assert_eq!(first(4), first(4));
    assert_ne!(first(4), first(5));
}

#[test]
fn byes_go_round_from_the_bottom() {
    let standing = [5.0, 4.0, 3.0, 2.0, 1.0];
    let (mut met, mut byes, mut order) = (Met::new(5), [0; 5], Vec::new());
    for _ in 0..6 {
        let round = swiss_round(&standing, &met, &byes, 9).unwrap();
        let bye = round.bye.unwrap();
        assert!(
            round
                .pairs
                .iter()
                .all(|(one, other)| *one != bye && *other != bye)
        );
        byes[bye as usize] += 1;
        order.push(bye);
        round
            .pairs
            .iter()
            .for_each(|(one, other)| met.add(*one, *other));
    }
    assert_eq!(order, [4, 3, 2, 1, 0, 4]);
}

/// Fewest rematches over all ways to pair the items that are left.
fn fewest_rematches(left: &[u32], met: &Met) -> u32 {
    let Some((one, rest)) = left.split_first() else {
        return 0;
    };
    let with = |at: usize| {
        let others: Vec<u32> = rest
            .iter()
            .copied()
            .filter(|item| *item != rest[at])
            .collect();
        u32::from(met.times(*one, rest[at]) > 0) + fewest_rematches(&others, met)
    };
    (0..rest.len()).map(with).min().unwrap_or(0)
}

#[test]
fn rematches_are_as_few_as_can_be() {
    let items = 8;
    let mut needed = BTreeSet::new();
    for seed in 0..300 {
        let mut rng = CounterRng::new(seed, 1);
        let met_share = 0.3 + 0.7 * rng.uniform();
        let mut met = Met::new(items);
        for (one, other) in all_pairs(items) {
            if rng.uniform() < met_share {
                met.add(one, other);
            }
        }
        let standing: Vec<f64> = (0..items).map(|_| rng.uniform()).collect();
        let round = swiss_round(&standing, &met, &[0; 8], seed).unwrap();
        let rematches = round
            .pairs
            .iter()
            .filter(|pair| met.times(pair.0, pair.1) > 0)
            .count();
        let fewest = fewest_rematches(&(0..items).collect::<Vec<_>>(), &met);
        assert_eq!(
            (rematches, round.rematches),
            (fewest as usize, rematches),
            "seed {seed}"
        );
        let met_now: BTreeSet<u32> = round
            .pairs
            .iter()
            .flat_map(|pair| [pair.0, pair.1])
            .collect();
        assert_eq!(met_now.len(), items as usize);
        needed.insert(fewest);
    }
    assert_eq!(needed, BTreeSet::from([0, 1, 2, 3, 4]));
}

#[test]
fn asking_stops_for_the_reason_that_holds() {
    let strength = |width: f64| Interval {
        low: 0.0,
        high: width,
        level: 0.95,
        method: "table".into(),
    };
    let place = |best, worst| RankRange { best, worst };
    let widths = Widths::new(&[strength(1.0), strength(3.0)], &[place(1, 2), place(1, 1)]).unwrap();
    assert_eq!((widths.widest, widths.mean), (3.0, 2.0));
    assert_eq!((widths.widest_places, widths.mean_places), (1, 0.5));
    for (narrow, asked, left, expected) in [
        (Some(Narrow::EachStrength(3.0)), 5, 5, Some(Stop::Narrow)),
        (Some(Narrow::EachStrength(2.9)), 5, 5, None),
        (Some(Narrow::MeanStrength(2.0)), 5, 5, Some(Stop::Narrow)),
        (Some(Narrow::MeanStrength(1.9)), 10, 5, Some(Stop::Budget)),
        (Some(Narrow::EachPlace(1)), 10, 0, Some(Stop::Narrow)),
        (Some(Narrow::EachPlace(0)), 9, 0, Some(Stop::Exhausted)),
        (Some(Narrow::MeanPlace(0.5)), 0, 5, Some(Stop::Narrow)),
        (Some(Narrow::MeanPlace(0.4)), 0, 5, None),
        (None, 9, 1, None),
        (None, 10, 0, Some(Stop::Budget)),
    ] {
        let stopping = Stopping { narrow, budget: 10 };
        assert_eq!(
            stopping.now(asked, left, Some(&widths)),
            expected,
            "{narrow:?} {asked} {left}"
        );
    }
    let empty = Stopping {
        narrow: Some(Narrow::EachPlace(9)),
        budget: 0,
    };
    assert_eq!(empty.now(0, 3, None), Some(Stop::Budget));
}
