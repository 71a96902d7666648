//! What maps keep for any items.

use opine::calibration::{Item, Items, MapKind, calibrate};
use opine::judging::Better;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::{fit, items, levels, scale, settings, unit};

/// A fixed seed, so that a run repeats; no file of failures beside the sources.
fn same_every_time(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(20_240_919),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Scores over the whole of their scale, and labels from 1 to 5 that follow them with some noise.
fn related() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    prop::collection::vec((0.0..1.0_f64, -0.8..0.8_f64), 45..60).prop_map(|rows| {
        let scores = rows.iter().map(|row| row.0).collect();
        let label = |(score, noise): &(f64, f64)| (1.0 + 4.0 * score + noise).clamp(1.0, 5.0);
        (scores, rows.iter().map(label).collect())
    })
}

/// Labels of yes and no, every sixth the wrong way: scores do not part them, whichever folds are held out.
fn events(human: &[f64]) -> Vec<f64> {
    let rows = human.iter().enumerate();
    rows.map(|(at, label)| f64::from(u8::from((*label > 3.0) != (at % 6 == 0))))
        .collect()
}

proptest! {
    // Sixteen fits of each of five maps in every case.
    #![proptest_config(same_every_time(5))]

    #[test]
    fn every_map_is_monotone_and_inside_the_scale(
        (scores, human) in related(), asked in prop::collection::vec(-0.5..1.5_f64, 30)
    ) {
        let mut asked = asked;
        asked.sort_by(f64::total_cmp);
        let five = scale(1.0, 5.0, Better::Higher);
        let numbers = items(&scores, &human, unit(), five);
        let yes_and_no = items(&scores, &events(&human), unit(), unit());
        let mixed: Vec<f64> = events(&human).iter().map(|event| 1.0 + 4.0 * event).collect();
        let two_levels = items(&scores, &mixed, unit(), five);
        let fits = [
            (MapKind::Isotonic, &numbers),
            (MapKind::Logistic4, &numbers),
            (MapKind::Isotonic, &yes_and_no),
            (MapKind::Platt, &yes_and_no),
            (MapKind::Ordinal, &two_levels),
        ];
        for (kind, items) in fits {
            let map = fit(items, kind).unwrap().map;
            let ends = map.human_scale();
            let mapped: Vec<f64> = asked.iter().map(|raw| map.evaluate(*raw, None).unwrap().score.value()).collect();
            prop_assert!(mapped.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12), "{kind} {mapped:?}");
            prop_assert!(mapped.iter().all(|value| (ends.min()..=ends.max()).contains(value)), "{kind}");
        }
    }
}

proptest! {
    #![proptest_config(same_every_time(24))]

    #[test]
    fn a_fold_does_not_see_its_own_labels((scores, human) in related(), held in 0..3_usize) {
        // Three groups and three folds: each group is held out by itself.
        let grouped = |human: &[f64]| {
            let item = |at: usize| Item {
                id: format!("{at:03}"),
                raw: scores[at],
                shares: None,
                human: human[at],
                group: Some(format!("photo {}", at % 3)),
            };
            let rows = (0..scores.len()).map(item).collect();
            let items = Items::new(rows, unit(), scale(1.0, 5.0, Better::Higher), None).unwrap();
            let mut three = settings(MapKind::Isotonic);
            three.folds = 3;
            calibrate(&items, None, &three).unwrap().held_out
        };
        let mut other = human.clone();
        for at in (0..other.len()).filter(|at| at % 3 == held) {
            other[at] = (other[at] + 0.3).min(5.0);
        }
        let (before, after) = (grouped(&human), grouped(&other));
        for at in 0..human.len() {
            if at % 3 == held {
                prop_assert_eq!(before[at].to_bits(), after[at].to_bits());
            }
        }
        prop_assert!(before != after, "the others did see them");
    }

    #[test]
    fn a_judge_where_lower_is_better_gives_the_same_scores((scores, human) in related()) {
        let five = scale(1.0, 5.0, Better::Higher);
        // On a grid of 1024ths a score turned around is exact.
        let scores: Vec<f64> = scores.iter().map(|score| (score * 1024.0).floor() / 1024.0).collect();
        let turned: Vec<f64> = scores.iter().map(|score| 1.0 - score).collect();
        let up = fit(&items(&scores, &human, unit(), five), MapKind::Isotonic).unwrap();
        let down = fit(&items(&turned, &human, scale(0.0, 1.0, Better::Lower), five), MapKind::Isotonic).unwrap();
        prop_assert_ne!(up.relation.direction, down.relation.direction);
        for (up, down) in up.held_out.iter().zip(&down.held_out) {
            prop_assert!((up - down).abs() < 1e-12);
        }
        // And raw scores stand at the same place of the human scale before any fit.
        let rmse = |calibration: &opine::calibration::Calibration| calibration.figures[0].before.unwrap().value;
        prop_assert!((rmse(&up) - rmse(&down)).abs() < 1e-12);
    }
}

#[test]
fn a_temperature_keeps_the_likeliest_level_and_the_order_of_two() {
    let mut rng = opine::stats::resample::CounterRng::new(3, 0);
    let rows = (0..200).map(|at| {
        let logit = 4.0 * rng.normal();
        let share = 1.0 / (1.0 + (-logit).exp());
        // The truth is less sure than the judge.
        let yes = rng.uniform() < 1.0 / (1.0 + (-logit / 3.0).exp());
        Item {
            id: format!("{at:03}"),
            raw: share,
            shares: Some(vec![share, 1.0 - share]),
            human: f64::from(u8::from(yes)),
            group: None,
        }
    });
    let items = Items::new(rows.collect(), unit(), unit(), None).unwrap();
    let calibration = calibrate(&items, Some(&levels(2)), &settings(MapKind::Temperature)).unwrap();
    let figure = |name: &str| {
        calibration
            .figures
            .iter()
            .find(|row| row.name == name)
            .unwrap()
    };
    for name in ["ece", "nll", "rmse"] {
        let (before, after) = (figure(name).before.unwrap(), figure(name).after.unwrap());
        assert!(after.value < before.value, "{name}: {before:?} {after:?}");
    }
    let map = calibration.map;
    for share in [0.001, 0.2, 0.5, 0.7, 0.9999] {
        let softer = map
            .evaluate(share, Some(&[share, 1.0 - share]))
            .unwrap()
            .score
            .value();
        assert!((softer - 0.5).abs() <= (share - 0.5).abs());
        assert!((softer - 0.5) * (share - 0.5) >= 0.0);
    }
}
