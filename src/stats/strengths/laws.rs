//! What must hold for any votes.

use proptest::prelude::*;

use super::tests::ALL;
use super::*;
use crate::stats::strengths::curved::{Curved, Symmetric};

const ITEMS: u32 = 6;

fn outcome() -> impl Strategy<Value = Outcome> {
    let soft = (0.0..1.0, 0.0..1.0).prop_map(|(first, rest): (f64, f64)| Outcome::Soft {
        first,
        second: (1.0 - first) * rest,
    });
    prop_oneof![
        3 => Just(Outcome::First),
        3 => Just(Outcome::Second),
        2 => Just(Outcome::Tie),
        1 => soft,
    ]
}

fn vote() -> impl Strategy<Value = Vote> {
    (0..ITEMS, 1..ITEMS, outcome(), 0.1..3.0).prop_map(|(first, step, outcome, weight)| Vote {
        weight,
        ..Vote::new(first, (first + step) % ITEMS, outcome)
    })
}

/// Votes that hold all items together whatever else was voted.
fn some_votes() -> impl Strategy<Value = Vec<Vote>> {
    let ring = (0..ITEMS).flat_map(|item| {
        let next = (item + 1) % ITEMS;
        [
            Vote::new(item, next, Outcome::First),
            Vote::new(next, item, Outcome::First),
            Vote::new(item, next, Outcome::Second),
        ]
    });
    let ring: Vec<Vote> = ring.collect();
    prop::collection::vec(vote(), 0..40).prop_map(move |votes| [ring.clone(), votes].concat())
}

struct Fit {
    strengths: Strengths,
    intervals: StrengthIntervals,
}

fn fit(votes: &[Vote], model: Model, order_effect: bool) -> Fit {
    let votes = Votes::new(ITEMS as usize, votes.to_vec()).unwrap();
    let settings = StrengthSettings {
        order_effect,
        ..StrengthSettings::new(model)
    };
    let strengths = fit_strengths(&votes, &settings).unwrap();
    let intervals =
        sandwich_intervals(&votes, &settings, &strengths, &Sandwich::default()).unwrap();
    Fit {
        strengths,
        intervals,
    }
}

/// Both fits to 1e-9, where the item that is `item` in one is `as_other(item)` in the other.
fn same(one: &Fit, other: &Fit, as_other: impl Fn(usize) -> usize) {
    for item in 0..one.strengths.values.len() {
        let twin = as_other(item);
        let (strength, expected) = (one.strengths.values[item], other.strengths.values[twin]);
        assert!((strength - expected).abs() < 1e-9, "{strength} {expected}");
        let (interval, expected) = (&one.intervals.values[item], &other.intervals.values[twin]);
        assert!(
            (interval.low - expected.low).abs() < 1e-8,
            "{interval:?} {expected:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_votes_does_not_matter(votes in some_votes(), order_effect in any::<bool>()) {
        let mut reversed = votes.clone();
        reversed.reverse();
        for model in ALL {
            same(&fit(&votes, model, order_effect), &fit(&reversed, model, order_effect), |item| item);
        }
    }

    #[test]
    fn names_of_items_do_not_matter(votes in some_votes(), order_effect in any::<bool>(), shift in 1..ITEMS) {
        let renamed: Vec<Vote> = votes
            .iter()
            .map(|vote| Vote {
                first: (5 * vote.first + shift) % ITEMS,
                second: (5 * vote.second + shift) % ITEMS,
                ..*vote
            })
            .collect();
        for model in ALL {
            let (one, other) = (fit(&votes, model, order_effect), fit(&renamed, model, order_effect));
            same(&one, &other, |item| (5 * item + shift as usize) % ITEMS as usize);
        }
    }

    #[test]
    fn turning_every_pair_round_turns_the_order_effect_only(votes in some_votes()) {
        let turned = turned(&votes);
        for model in ALL {
            let (one, other) = (fit(&votes, model, true), fit(&turned, model, true));
            same(&one, &other, |item| item);
            let effects = [&one, &other].map(|fit| fit.strengths.order_effect.unwrap());
            prop_assert!((effects[0] + effects[1]).abs() < 1e-9, "{effects:?}");
            same(&fit(&votes, model, false), &fit(&turned, model, false), |item| item);
        }
    }

    #[test]
    fn doubling_all_weights_changes_neither_strengths_nor_intervals(votes in some_votes(), order_effect in any::<bool>()) {
        let doubled: Vec<Vote> = votes.iter().map(|vote| Vote { weight: 2.0 * vote.weight, ..*vote }).collect();
        for model in ALL {
            same(&fit(&votes, model, order_effect), &fit(&doubled, model, order_effect), |item| item);
        }
    }

    #[test]
    fn strengths_have_mean_zero_and_no_slope_is_left(votes in some_votes(), order_effect in any::<bool>()) {
        let votes = Votes::new(ITEMS as usize, votes).unwrap();
        for model in ALL {
            let settings = StrengthSettings { order_effect, ..StrengthSettings::new(model) };
            let strengths = fit_strengths(&votes, &settings).unwrap();
            prop_assert!(strengths.values.iter().sum::<f64>().abs() < 1e-12);
            let mut problem = fit::prepare(&votes, &settings);
            let mut gradient = vec![0.0; problem.unknowns()];
            let value = problem.curve(&strengths.point, &mut gradient);
            prop_assert!(gradient.iter().all(|slope| slope.abs() < 1e-9), "{gradient:?}");
            prop_assert!((value + strengths.log_likelihood).abs() < 1e-10 * value, "{value}");
        }
    }

    #[test]
    fn lists_of_two_are_votes_without_ties(rows in prop::collection::vec((0..ITEMS, 1..ITEMS), 0..30)) {
        let ring = (0..ITEMS).map(|item| (item, 1));
        let pairs: Vec<(u32, u32)> = ring.chain(rows).map(|(item, step)| (item, (item + step) % ITEMS)).collect();
        let lists = pairs.iter().map(|(better, worse)| vec![*better, *worse]).collect();
        let lists = plackett_luce(&Lists::new(ITEMS as usize, lists).unwrap(), 0.0).unwrap();
        let votes: Vec<Vote> = pairs.iter().map(|pair| Vote::new(pair.0, pair.1, Outcome::First)).collect();
        let votes = fit(&votes, Model::BradleyTerry, false).strengths;
        for (list, vote) in lists.values.iter().zip(&votes.values) {
            prop_assert!((list - vote).abs() < 1e-9, "{list} {vote}");
        }
    }

    #[test]
    fn circles_are_those_of_looking_at_every_three_items(votes in prop::collection::vec(vote(), 1..40)) {
        let votes = Votes::new(ITEMS as usize, votes).unwrap();
        let found = triads(&votes, 100).unwrap();
        let lead = |a: usize, b: usize| -> f64 {
            let on_pair = votes.all().iter().filter_map(|vote| {
                let [first, second, _] = vote.outcome.shares();
                let lead = vote.weight * (first - second);
                match (vote.first as usize, vote.second as usize) {
                    pair if pair == (a, b) => Some(lead),
                    pair if pair == (b, a) => Some(-lead),
                    _ => None,
                }
            });
            on_pair.sum()
        };
        let (mut decided, mut cyclic) = (0, 0);
        for a in 0..6 {
            for b in 0..a {
                for c in 0..b {
                    let leads = [lead(a, b), lead(b, c), lead(c, a)];
                    decided += u64::from(leads.iter().all(|lead| lead.abs() > 0.0));
                    let round = leads.iter().all(|lead| *lead > 0.0) || leads.iter().all(|lead| *lead < 0.0);
                    cyclic += u64::from(round);
                }
            }
        }
        prop_assert_eq!((found.decided, found.cyclic), (decided, cyclic));
        prop_assert_eq!(found.cycles.len() as u64, cyclic);
        for cycle in &found.cycles {
            let [a, b, c] = cycle.items;
            prop_assert!(lead(a, b) > 0.0 && lead(b, c) > 0.0 && lead(c, a) > 0.0 && cycle.least_share > 0.5);
        }
    }
}

fn turned(votes: &[Vote]) -> Vec<Vote> {
    let turned = votes.iter().map(|vote| Vote {
        first: vote.second,
        second: vote.first,
        outcome: vote.outcome.swapped(),
        weight: vote.weight,
    });
    turned.collect()
}
