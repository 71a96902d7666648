//! Tables of members: agreeing, disagreeing, failing, of no weight, alone.

use super::*;
use crate::judging::protocol::Compared;
use crate::judging::{
    AnswerOption, Better, Choice, Comparison, Level, LevelSet, Opinion, Readout, Reason, Scale,
    Temperature, Verdict,
};

fn rule(weights: &[f64], quorum: Option<usize>) -> Result<PanelRule, WordError> {
    let names = (0..weights.len()).map(|at| format!("judge-{at}"));
    PanelRule::new(names.collect(), weights, quorum)
}

fn levels(worths: &[f64], scale: Scale) -> LevelSet {
    let level = |(at, worth): (usize, &f64)| Level {
        option: AnswerOption::new(format!("level {at}"), vec![]).unwrap(),
        worth: *worth,
    };
    LevelSet::new(worths.iter().enumerate().map(level).collect(), scale).unwrap()
}

fn verdict(shares: &[f64], levels: &LevelSet) -> Result<Verdict, Unscored> {
    let masses = shares.iter().map(|share| share.ln()).collect();
    let choice = Choice::new(masses, None, Readout::ClosedSet).unwrap();
    let opinion = Opinion::from_choice(&choice, Temperature::ONE);
    Ok(Verdict {
        score: opinion.score(levels),
        spread: Some(opinion.spread(levels)),
        opinion: Some(opinion),
        interval: None,
        coverage: None,
        readout: Readout::ClosedSet,
        censored: false,
    })
}

fn missing<T>() -> Result<T, Unscored> {
    Err(Unscored::new(Reason::Refused, "declined"))
}

fn near(got: f64, expected: f64) -> bool {
    (got - expected).abs() < 1e-12
}

#[test]
fn weights_are_scaled_and_a_majority_of_those_that_count_is_the_quorum() {
    for (weights, expected, quorum) in [
        (vec![1.0], vec![1.0], 1),
        (vec![1.0, 1.0], vec![0.5, 0.5], 2),
        (vec![3.0, 1.0, 0.0], vec![0.75, 0.25, 0.0], 2),
        (vec![0.0, 2.0, 0.0], vec![0.0, 1.0, 0.0], 1),
        (vec![1.0; 5], vec![0.2; 5], 3),
        (vec![1e308, 1e308], vec![0.5, 0.5], 2),
    ] {
        let rule = rule(&weights, None).unwrap();
        assert_eq!((rule.weights(), rule.quorum()), (&expected[..], quorum));
    }
}

#[test]
fn a_panel_that_is_none_is_refused() {
    for (weights, quorum, told) in [
        (vec![], None, "one judge or more"),
        (vec![1.0, -1.0], None, "the weight of `judge-1` is -1"),
        (vec![f64::NAN, 1.0], None, "the weight of `judge-0` is NaN"),
        (vec![0.0, 0.0], None, "weight 0"),
        (vec![1.0, 1.0], Some(0), "a quorum of 0"),
        (vec![1.0, 0.0], Some(2), "a quorum of 2"),
    ] {
        let error = rule(&weights, quorum).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    let twice = PanelRule::new(vec!["a".into(), "a".into()], &[1.0, 1.0], None);
    assert!(twice.unwrap_err().to_string().contains("twice"));
    let short = PanelRule::new(vec!["a".into(), "b".into()], &[1.0], None);
    assert!(short.unwrap_err().to_string().contains("1 weights for 2"));
}

#[test]
fn opinions_on_the_same_levels_are_pooled_whichever_end_a_card_begins_with() {
    let scale = Scale::new(1.0, 3.0, Better::Higher).unwrap();
    let falling = levels(&[3.0, 2.0, 1.0], scale);
    let rising = levels(&[1.0, 2.0, 3.0], scale);
    let panel = PanelScale::of(&[(scale, Some(&falling)), (scale, Some(&rising))]).unwrap();
    assert_eq!(
        (panel.pooled_by(), panel.scale()),
        (PooledBy::Opinions, scale)
    );
    let members = [
        verdict(&[0.8, 0.1, 0.1], &falling),
        verdict(&[0.3, 0.3, 0.4], &rising),
    ];
    let pooled = pool_scores(&rule(&[3.0, 1.0], None).unwrap(), &panel, &members).unwrap();
    let shares = pooled.opinion.as_ref().unwrap().probabilities();
    for (got, expected) in shares.iter().zip([0.7, 0.15, 0.15]) {
        assert!(near(*got, expected), "{shares:?}");
    }
    assert!(near(pooled.score.value(), 3.0 * 0.7 + 2.0 * 0.15 + 0.15));
    // Members at 2.7 and 2.1 around the panel's 2.55.
    let expected = (0.75 * 0.15_f64.powi(2) + 0.25 * 0.45_f64.powi(2)).sqrt();
    assert!(near(pooled.disagreement, expected), "{pooled:?}");
    // The spread of the pooled opinion and of the members' mixture are one number.
    let opinion = pooled.opinion.as_ref().unwrap();
    assert!(near(pooled.spread.unwrap(), opinion.spread(&falling)));
}

#[test]
fn other_scales_meet_at_the_place_between_worst_and_best() {
    let stars = Scale::new(1.0, 5.0, Better::Higher).unwrap();
    let damage = Scale::new(0.0, 100.0, Better::Lower).unwrap();
    let (one, other) = (
        levels(&[5.0, 3.0, 1.0], stars),
        levels(&[0.0, 90.0], damage),
    );
    let panel = PanelScale::of(&[(stars, Some(&one)), (damage, Some(&other))]).unwrap();
    assert_eq!(panel.pooled_by(), PooledBy::Scores);
    assert_eq!((panel.scale().min(), panel.scale().max()), (0.0, 1.0));
    let members = [
        verdict(&[1.0 - 2e-16, 1e-16, 1e-16], &one),
        verdict(&[0.5, 0.5], &other),
    ];
    let pooled = pool_scores(&rule(&[1.0, 1.0], None).unwrap(), &panel, &members).unwrap();
    assert!(near(pooled.score.value(), (1.0 + 0.55) / 2.0), "{pooled:?}");
    assert!(pooled.opinion.is_none());
    assert!(near(pooled.placed[1].unwrap(), 0.55));
    // As many levels at the same places of two scales are pooled as opinions, even where one is worst first.
    let percent = levels(&[0.0, 50.0, 100.0], damage);
    let alike = PanelScale::of(&[(stars, Some(&one)), (damage, Some(&percent))]).unwrap();
    assert_eq!(alike.pooled_by(), PooledBy::Opinions);
    assert_eq!(alike.levels().unwrap().worths(), [1.0, 0.5, 0.0]);
    let alone = PanelScale::of(&[(stars, None), (stars, Some(&one))]).unwrap();
    assert_eq!(
        (alone.pooled_by(), alone.scale()),
        (PooledBy::Scores, stars)
    );
}

#[test]
fn who_is_missing_is_left_out_until_too_few_are_left() {
    let scale = Scale::new(0.0, 1.0, Better::Higher).unwrap();
    let two = levels(&[1.0, 0.0], scale);
    let panel = PanelScale::of(&[(scale, Some(&two)); 3]).unwrap();
    let high = || verdict(&[0.9, 0.1], &two);
    let low = || verdict(&[0.2, 0.8], &two);
    for (weights, quorum, members, expected) in [
        (vec![1.0; 3], None, [high(), low(), missing()], Some(0.55)),
        (vec![1.0; 3], None, [high(), missing(), missing()], None),
        (
            vec![1.0; 3],
            Some(1),
            [high(), missing(), missing()],
            Some(0.9),
        ),
        (vec![1.0; 3], Some(3), [high(), low(), missing()], None),
        // A member of no weight neither counts nor makes a quorum.
        (
            vec![1.0, 0.0, 1.0],
            None,
            [high(), low(), low()],
            Some(0.55),
        ),
        (vec![1.0, 0.0, 1.0], None, [high(), low(), missing()], None),
        (
            vec![0.0, 1.0, 0.0],
            None,
            [missing(), low(), missing()],
            Some(0.2),
        ),
    ] {
        let rule = rule(&weights, quorum).unwrap();
        let pooled = pool_scores(&rule, &panel, &members);
        match (&pooled, expected) {
            (Ok(pooled), Some(expected)) => {
                assert!(
                    near(pooled.score.value(), expected),
                    "{weights:?} {pooled:?}"
                );
                assert!(near(pooled.shares.iter().sum(), 1.0));
            }
            (Err(unscored), None) => {
                assert_eq!(unscored.reason, Reason::Refused);
                assert!(unscored.detail.contains("`judge-2`: refused"), "{unscored}");
            }
            (Ok(_), None) | (Err(_), Some(_)) => panic!("{weights:?} {quorum:?}: {pooled:?}"),
        }
    }
}

fn both_orders(odds: f64, effect: f64, tie: f64) -> Result<Compared, Unscored> {
    Ok(Compared {
        comparison: Comparison::from_both_orders(odds + effect, odds - effect, tie).unwrap(),
        coverage: None,
        readout: Readout::LabelTokens,
        orders_disagree: effect.abs() > odds.abs(),
        censored: false,
    })
}

#[test]
fn comparisons_are_pooled_as_probabilities() {
    let certain = Compared {
        comparison: Comparison::from_probabilities(0.0, 1.0, 0.0).unwrap(),
        ..both_orders(0.0, 0.0, 0.0).unwrap()
    };
    let members = [both_orders(2.0, 0.5, 0.2), Ok(certain), missing()];
    let pooled = pool_comparisons(&rule(&[2.0, 1.0, 1.0], None).unwrap(), &members).unwrap();
    let comparison = &pooled.compared.comparison;
    let own = 0.8 / (1.0 + (-2.0_f64).exp());
    assert!(near(comparison.first(), own * 2.0 / 3.0), "{pooled:?}");
    assert!(near(comparison.tie(), 0.2 * 2.0 / 3.0));
    // Only the first was shown the pair side by side.
    assert!(near(comparison.order_effect().unwrap(), 0.5));
    assert_eq!(pooled.agrees, [Some(true), Some(false), None]);
    assert!(!pooled.compared.orders_disagree);
    let none = pool_comparisons(&rule(&[1.0; 3], Some(3)).unwrap(), &members);
    assert_eq!(none.unwrap_err().reason, Reason::Refused);
}

#[test]
fn opposite_position_biases_cancel_and_shared_ones_are_told() {
    let even = rule(&[1.0, 1.0], None).unwrap();
    let opposite = [both_orders(0.3, 2.0, 0.0), both_orders(0.3, -2.0, 0.0)];
    let pooled = pool_comparisons(&even, &opposite).unwrap();
    assert!(near(
        pooled.compared.comparison.order_effect().unwrap(),
        0.0
    ));
    assert!(!pooled.compared.orders_disagree);
    let shared = [both_orders(0.3, 2.0, 0.0), both_orders(0.3, 2.0, 0.0)];
    assert!(
        pool_comparisons(&even, &shared)
            .unwrap()
            .compared
            .orders_disagree
    );
    let same = [Ok(Compared::same()), Ok(Compared::same())];
    let tie = pool_comparisons(&even, &same).unwrap();
    assert!(near(tie.compared.comparison.tie(), 1.0));
    assert_eq!(tie.agrees, [None, None]);
}
