//! Votes that no model can take, votes at the edge of what one can, and what votes say of themselves.

use super::Outcome::{First, Second, Tie};
use super::tests::ALL;
use super::*;
use crate::stats::StatsError;
use crate::stats::resample::Plan;

fn votes(items: usize, rows: &[(u32, u32, Outcome)]) -> Votes {
    let votes = rows
        .iter()
        .map(|(first, second, outcome)| Vote::new(*first, *second, *outcome));
    Votes::new(items, votes.collect()).unwrap()
}

fn separation(votes: &Votes, model: Model) -> Separation {
    match fit_strengths(votes, &StrengthSettings::new(model)) {
        Err(StrengthsError::Separated(separation)) => separation,
        other => panic!("{model:?}: {other:?}"),
    }
}

#[test]
fn groups_that_never_lost_to_others_are_named_best_first() {
    let rows = [
        (0, 1, First),
        (1, 0, First),
        (2, 3, First),
        (3, 2, First),
        (0, 2, First),
        (3, 1, Second),
    ];
    let votes = votes(4, &rows);
    for model in ALL {
        let separation = separation(&votes, model);
        assert_eq!(separation.groups, [vec![0, 1], vec![2, 3]]);
        assert_eq!(separation.islands, 1);
        let with_ridge = StrengthSettings {
            ridge: 0.1,
            ..StrengthSettings::new(model)
        };
        let strengths = fit_strengths(&votes, &with_ridge).unwrap();
        assert!(
            strengths.values.iter().all(|value| value.abs() < 20.0),
            "{strengths:?}"
        );
        assert!(strengths.values[1] > strengths.values[2]);
    }
}

#[test]
fn an_item_that_was_never_compared_is_a_group_of_its_own() {
    let votes = votes(3, &[(0, 1, First), (0, 1, Second)]);
    let separation = separation(&votes, Model::BradleyTerry);
    assert_eq!(separation.groups, [vec![0, 1], vec![2]]);
    assert_eq!(separation.islands, 2);
}

#[test]
fn a_vote_of_weight_zero_compares_nothing() {
    let nothing = Vote {
        weight: 0.0,
        ..Vote::new(1, 2, Tie)
    };
    let all = vec![Vote::new(0, 1, First), Vote::new(0, 1, Second), nothing];
    let votes = Votes::new(3, all).unwrap();
    assert_eq!(separation(&votes, Model::Davidson).islands, 2);
}

#[test]
fn ties_alone_make_all_items_equal_and_leave_no_tie_parameter() {
    let votes = votes(3, &[(0, 1, Tie), (1, 2, Tie), (2, 0, Tie)]);
    for model in ALL {
        let settings = StrengthSettings::new(model);
        let fitted = fit_strengths(&votes, &settings);
        if model.has_tie_parameter() {
            let Err(StrengthsError::Stats(StatsError::Undefined { statistic, .. })) = fitted else {
                panic!("{fitted:?}");
            };
            assert_eq!(statistic, "tie parameter");
            continue;
        }
        let strengths = fitted.unwrap();
        assert_eq!(strengths.values, [0.0; 3]);
        assert_eq!(strengths.ranks(), [1; 3]);
        let intervals = sandwich_intervals(&votes, &settings, &strengths, &Sandwich::default());
        assert!(
            matches!(intervals, Err(StatsError::Undefined { .. })),
            "{intervals:?}"
        );
    }
}

#[test]
fn without_ties_models_of_ties_are_bradley_and_terrys() {
    let votes = votes(
        3,
        &[
            (0, 1, First),
            (1, 2, First),
            (2, 0, First),
            (0, 1, First),
            (1, 2, Second),
        ],
    );
    let plain = fit_strengths(&votes, &StrengthSettings::new(Model::BradleyTerry)).unwrap();
    for (model, end) in [(Model::Davidson, 0.0), (Model::RaoKupper, 1.0)] {
        let settings = StrengthSettings::new(model);
        let strengths = fit_strengths(&votes, &settings).unwrap();
        assert_eq!(strengths.values, plain.values);
        assert_eq!(strengths.tie_parameter, Some(end));
        let intervals =
            sandwich_intervals(&votes, &settings, &strengths, &Sandwich::default()).unwrap();
        assert!(intervals.tie_parameter.is_none());
    }
}

fn undefined(votes: &Votes, settings: &StrengthSettings) {
    let fitted = fit_strengths(votes, settings);
    assert!(
        matches!(
            fitted,
            Err(StrengthsError::Stats(StatsError::Undefined { .. }))
        ),
        "{settings:?}: {fitted:?}"
    );
}

#[test]
fn effects_without_a_finite_estimate_are_refused() {
    for model in ALL {
        let with_order = StrengthSettings {
            order_effect: true,
            ..StrengthSettings::new(model)
        };
        // The first always wins, in both orders.
        let always_first = [(0, 1, First), (1, 0, First), (1, 2, First), (2, 1, First)];
        undefined(&votes(3, &always_first), &with_order);
        // Item 0 is only ever shown first: strong, or just first.
        undefined(
            &votes(2, &[(0, 1, First), (0, 1, Second), (0, 1, First)]),
            &with_order,
        );
    }
    // Ties join all items, and the one decided pair outgrows every tie: nu and strengths grow together.
    let outgrown = votes(3, &[(0, 1, First), (1, 2, Tie), (2, 0, Tie)]);
    undefined(&outgrown, &StrengthSettings::new(Model::Davidson));
    undefined(&outgrown, &StrengthSettings::new(Model::RaoKupper));
}

#[test]
fn covariates_that_say_nothing_of_their_own_are_refused() {
    let rows = [
        (0, 1, First),
        (1, 2, First),
        (2, 0, First),
        (1, 0, First),
        (0, 2, Second),
        (2, 1, Tie),
    ];
    let settings = StrengthSettings::new(Model::BradleyTerry);
    let lengths = [3.0, 1.0, 7.0];
    let of_items =
        rows.map(|(first, second, _)| lengths[first as usize] - lengths[second as usize]);
    undefined(
        &votes(3, &rows)
            .with_covariates(1, of_items.to_vec())
            .unwrap(),
        &settings,
    );
    undefined(
        &votes(3, &rows).with_covariates(1, vec![0.0; 6]).unwrap(),
        &settings,
    );
    let ragged = votes(3, &rows).with_covariates(2, vec![1.0; 6]);
    assert!(matches!(
        ragged,
        Err(StatsError::Argument {
            argument: "covariates",
            ..
        })
    ));
    let unknown = votes(3, &rows).with_covariates(1, vec![f64::NAN; 6]);
    assert!(matches!(
        unknown,
        Err(StatsError::Argument {
            argument: "covariates",
            ..
        })
    ));
}

#[test]
fn votes_that_are_none_are_refused() {
    let soft = |first, second| Outcome::Soft { first, second };
    for vote in [
        Vote::new(1, 1, First),
        Vote::new(0, 2, First),
        Vote {
            weight: -1.0,
            ..Vote::new(0, 1, First)
        },
        Vote {
            weight: f64::NAN,
            ..Vote::new(0, 1, First)
        },
        Vote {
            weight: f64::INFINITY,
            ..Vote::new(0, 1, First)
        },
        Vote::new(0, 1, soft(0.7, 0.4)),
        Vote::new(0, 1, soft(-0.1, 0.4)),
        Vote::new(0, 1, soft(f64::NAN, 0.4)),
    ] {
        let refused = Votes::new(2, vec![Vote::new(0, 1, Second), vote]);
        assert!(
            matches!(
                refused,
                Err(StatsError::Argument {
                    argument: "votes",
                    ..
                })
            ),
            "{vote:?}"
        );
    }
    for (items, all) in [
        (1, vec![]),
        (2, vec![]),
        (
            2,
            vec![Vote {
                weight: 0.0,
                ..Vote::new(0, 1, First)
            }],
        ),
    ] {
        assert!(matches!(
            Votes::new(items, all),
            Err(StatsError::TooFew { .. })
        ));
    }
    for ridge in [-1.0, f64::NAN, f64::INFINITY] {
        let settings = StrengthSettings {
            ridge,
            ..StrengthSettings::new(Model::Davidson)
        };
        let refused = fit_strengths(&votes(2, &[(0, 1, First)]), &settings);
        assert!(matches!(
            refused,
            Err(StrengthsError::Stats(StatsError::Argument {
                argument: "ridge",
                ..
            }))
        ));
    }
}

#[test]
fn lists_that_are_none_are_refused() {
    for list in [vec![0], vec![0, 0], vec![0, 3], vec![0, 1, 0]] {
        let refused = Lists::new(3, vec![vec![0, 1], list.clone()]);
        assert!(
            matches!(
                refused,
                Err(StatsError::Argument {
                    argument: "lists",
                    ..
                })
            ),
            "{list:?}"
        );
    }
    let refused = Lists::weighted(2, vec![vec![0, 1]], vec![-1.0]);
    assert!(matches!(
        refused,
        Err(StatsError::Argument {
            argument: "weights",
            ..
        })
    ));
    assert!(matches!(
        Lists::new(2, vec![]),
        Err(StatsError::TooFew { .. })
    ));
    let one_way = Lists::new(3, vec![vec![0, 1, 2], vec![1, 0, 2]]).unwrap();
    let Err(StrengthsError::Separated(separation)) = plackett_luce(&one_way, 0.0) else {
        panic!("item 2 is always last");
    };
    assert_eq!(separation.groups, [vec![0, 1], vec![2]]);
}

#[test]
fn a_chain_of_rare_links_and_many_votes_stays_finite() {
    // Two well-known halves and one lost vote between them: far apart, and still at a finite distance.
    let mut all = Vec::new();
    for half in [0, 500] {
        for item in 0..500 {
            for step in [1, 7, 31] {
                let other = half + (item + step) % 500;
                for (outcome, weight) in [(First, 3e4), (Second, 1e4 + f64::from(item))] {
                    all.push(Vote {
                        weight,
                        ..Vote::new(half + item, other, outcome)
                    });
                }
            }
        }
    }
    all.push(Vote {
        weight: 1e6,
        ..Vote::new(0, 500, First)
    });
    all.push(Vote {
        weight: 1e-3,
        ..Vote::new(1, 501, Second)
    });
    let votes = Votes::new(1_000, all).unwrap();
    for model in [Model::BradleyTerry, Model::Thurstone] {
        let strengths = fit_strengths(&votes, &StrengthSettings::new(model)).unwrap();
        assert!(strengths.values.iter().all(|value| value.abs() < 100.0));
        let distance = strengths.values[0] - strengths.values[500];
        assert!(distance > 3.0, "{model:?} {distance}");
    }
}

#[test]
fn a_bootstrap_that_mostly_has_no_strengths_says_so() {
    let votes = votes(2, &[(0, 1, First), (0, 1, First), (0, 1, Second)]);
    let settings = StrengthSettings::new(Model::BradleyTerry);
    let strengths = fit_strengths(&votes, &settings).unwrap();
    // Of three votes drawn from these, 2 in 3 have both outcomes.
    let plan = Plan {
        resamples: 300,
        ..Plan::default()
    };
    let intervals = bootstrap_intervals(&votes, &settings, &strengths, 0.95, &plan).unwrap();
    assert!(
        intervals.values[0]
            .method
            .contains("without finite strengths left out")
    );
    let few = Plan {
        resamples: 1,
        ..plan
    };
    let none = bootstrap_intervals(&votes, &settings, &strengths, 0.95, &few);
    assert!(matches!(none, Err(StatsError::Undefined { .. })));
    for level in [0.0, 1.0, f64::NAN] {
        let refused = bootstrap_intervals(&votes, &settings, &strengths, level, &plan);
        assert!(matches!(refused, Err(StatsError::Argument { .. })));
    }
}

#[test]
fn the_sandwich_has_a_limit_of_items() {
    let ring = u32::try_from(MOST_SANDWICH_ITEMS + 1).unwrap();
    let all = (0..ring).flat_map(|item| {
        [First, Second].map(|outcome| Vote::new(item, (item + 1) % ring, outcome))
    });
    let votes = Votes::new(ring as usize, all.collect()).unwrap();
    let settings = StrengthSettings::new(Model::BradleyTerry);
    let strengths = fit_strengths(&votes, &settings).unwrap();
    let refused = sandwich_intervals(&votes, &settings, &strengths, &Sandwich::default());
    assert!(matches!(
        refused,
        Err(StatsError::Argument {
            argument: "items",
            ..
        })
    ));
}

#[test]
fn coherence_counts_circles_orders_and_reversals() {
    let rows = [
        (0, 1, First),
        (1, 2, First),
        (2, 0, First),
        (1, 0, First),
        (0, 1, First),
        (3, 0, First),
        (0, 3, Second),
        (1, 3, Second),
        (3, 2, First),
        (2, 3, First),
        (3, 2, First),
        (4, 3, Tie),
        (4, 0, First),
        (0, 4, First),
    ];
    let votes = votes(5, &rows);
    let strengths = fit_strengths(&votes, &StrengthSettings::new(Model::BradleyTerry)).unwrap();
    let found = coherence(&votes, &strengths, 5).unwrap();
    assert_eq!(found.pairs, 8);
    // Decided: 0 over 1, 1 over 2, 2 over 0, 3 over 0, 1 and 2. Item 4 has ties only.
    let triads = found.triads.unwrap();
    assert_eq!((triads.decided, triads.cyclic, triads.zeta), (4, 1, None));
    assert_eq!(
        triads.cycles,
        [Cycle {
            items: [0, 1, 2],
            least_share: 2.0 / 3.0
        }]
    );
    // The first wins 0-1, 2-3 and 0-4 in either order; 0-3 goes one way in both.
    assert_eq!((found.in_both_orders, found.order_reversals), (4, 3));
    let first = found.first_share.unwrap();
    assert_eq!(first.n, 13);
    assert!((first.value - 11.0 / 13.0).abs() < 1e-15);
}

#[test]
fn voters_are_measured_one_by_one() {
    let rows = [
        (0, 1, First),
        (1, 2, First),
        (0, 2, First),
        (2, 0, Second),
        (1, 0, First),
        (2, 1, First),
        (0, 2, First),
        (1, 0, Tie),
    ];
    let votes = votes(3, &rows);
    let strengths = fit_strengths(&votes, &StrengthSettings::new(Model::BradleyTerry)).unwrap();
    assert_eq!(strengths.ranks(), [1, 2, 3]);
    let voters = voter_consistency(&votes, &[0, 0, 0, 0, 1, 1, 1, 1], 3, &strengths).unwrap();
    let [steady, fickle, silent] = voters.as_slice() else {
        panic!("{voters:?}")
    };
    assert_eq!((steady.votes, steady.agreement), (4, Some(1.0)));
    assert_eq!((steady.repeats, steady.repeated_alike), (1, 1));
    assert_eq!((steady.triads, steady.cyclic), (1, 0));
    assert_eq!((fickle.ties, fickle.agreement), (0.25, Some(1.0 / 3.0)));
    assert_eq!((fickle.repeats, fickle.repeated_alike), (1, 0));
    assert_eq!((fickle.triads, fickle.cyclic), (1, 1));
    assert_eq!(
        (silent.votes, silent.agreement, silent.first_share),
        (0, None, None)
    );
    assert!(voter_consistency(&votes, &[0; 7], 1, &strengths).is_err());
    assert!(voter_consistency(&votes, &[1; 8], 1, &strengths).is_err());
}
