//! What carries no map, each by its own name.

use opine::calibration::{CalibrationError, Item, Items, MapKind, calibrate};
use opine::judging::Better;
use opine::stats::StatsError;
use opine::stats::resample::CounterRng;

use super::{fit, items, levels, scale, settings, unit};

/// `n` scores over their scale, with labels from 1 to 5 that follow them by `weight` and noise by the rest.
fn columns(n: usize, weight: f64) -> (Vec<f64>, Vec<f64>) {
    let mut rng = CounterRng::new(11, 0);
    (0..n)
        .map(|_| {
            let (score, noise) = (rng.uniform(), rng.uniform());
            (score, 1.0 + 4.0 * (weight * score + (1.0 - weight) * noise))
        })
        .unzip()
}

fn five() -> opine::judging::Scale {
    scale(1.0, 5.0, Better::Higher)
}

#[test]
fn scores_that_do_not_move_with_labels_say_how_many_labels_would_tell() {
    let (scores, human) = columns(80, 0.0);
    for kind in [MapKind::Isotonic, MapKind::Logistic4, MapKind::Logistic5] {
        let error = fit(&items(&scores, &human, unit(), five()), kind).unwrap_err();
        let CalibrationError::NoRelation {
            n,
            value,
            low,
            high,
            labels_needed,
        } = error.clone()
        else {
            panic!("{kind}: {error}")
        };
        assert!(n == 80 && low < 0.0 && 0.0 < high && low < value && value < high);
        assert!(
            labels_needed.is_none_or(|needed| needed > 80),
            "{labels_needed:?}"
        );
        assert!(error.is_finding());
        let text = error.to_string();
        assert!(
            text.contains("80 items") && text.contains("holds 0"),
            "{text}"
        );
    }
}

#[test]
fn each_refusal_has_its_kind() {
    use CalibrationError as E;
    let (scores, human) = columns(60, 0.8);
    let good = items(&scores, &human, unit(), five());
    assert!(fit(&good, MapKind::Isotonic).is_ok());

    let few = items(&scores[..29], &human[..29], unit(), five());
    assert!(matches!(
        fit(&few, MapKind::Isotonic),
        Err(E::TooFew {
            needed: 30,
            got: 29,
            ..
        })
    ));
    let constant = items(&[0.5; 60], &human, unit(), five());
    assert!(matches!(
        fit(&constant, MapKind::Isotonic),
        Err(E::ConstantScores { .. })
    ));
    let one = items(&scores, &[1.0; 60], unit(), unit());
    assert!(matches!(
        fit(&one, MapKind::Platt),
        Err(E::OneClass { n: 60, .. })
    ));
    let turned: Vec<f64> = human.iter().map(|label| 6.0 - label).collect();
    let against = items(&scores, &turned, unit(), five());
    let error = fit(&against, MapKind::Isotonic).unwrap_err();
    assert!(
        matches!(
            error,
            E::Against {
                found: "fall",
                n: 60,
                ..
            }
        ) && error.is_finding()
    );
    // The same labels on a scale where lower is better are in order.
    let distortion = items(&scores, &turned, unit(), scale(1.0, 5.0, Better::Lower));
    assert!(fit(&distortion, MapKind::Isotonic).is_ok());

    for kind in [MapKind::Platt, MapKind::Ordinal] {
        let error = fit(&good, kind).unwrap_err();
        assert!(
            matches!(error, E::WrongLabels { .. }) && !error.is_finding(),
            "{kind}: {error}"
        );
    }
    assert!(matches!(fit(&good, MapKind::Temperature), Err(E::NoLevels)));
    let settings_of = settings(MapKind::Temperature);
    let events: Vec<f64> = human
        .iter()
        .map(|label| f64::from(u8::from(*label > 3.0)))
        .collect();
    let blind = items(&scores, &events, unit(), unit());
    assert!(matches!(
        calibrate(&blind, Some(&levels(2)), &settings_of),
        Err(E::NoOpinion { item }) if item == "item-00000"
    ));
    assert!(matches!(
        calibrate(&good, Some(&levels(3)), &settings_of),
        Err(E::WrongLabels { .. })
    ));
    let mut narrow = settings(MapKind::Isotonic);
    narrow.coverage = 0.999;
    assert!(matches!(
        calibrate(&good, None, &narrow),
        Err(E::Stats(StatsError::TooFew { .. }))
    ));
    narrow.coverage = 1.0;
    assert!(matches!(
        calibrate(&good, None, &narrow),
        Err(E::Stats(StatsError::Argument {
            argument: "coverage",
            ..
        }))
    ));
}

#[test]
fn a_five_parameter_curve_that_turns_is_refused() {
    // A dip and a rise at both ends of a step: steep in the middle, falling outside.
    let scores: Vec<f64> = (0..120).map(|at| f64::from(at) / 119.0).collect();
    let label = |score: &f64| {
        let step = 1.0 / (1.0 + (-30.0 * (score - 0.5)).exp());
        (2.5 + 2.6 * step - 1.5 * score + 0.75).clamp(1.0, 5.0)
    };
    let human: Vec<f64> = scores.iter().map(label).collect();
    let bent = items(&scores, &human, unit(), five());
    let error = fit(&bent, MapKind::Logistic5).unwrap_err();
    assert!(
        matches!(
            error,
            CalibrationError::NotMonotone {
                kind: MapKind::Logistic5,
                found: "not monotone",
                ..
            }
        ),
        "{error}"
    );
    assert!(fit(&bent, MapKind::Logistic4).is_ok());
}

#[test]
fn items_are_checked_once() {
    let good = |at: usize| Item {
        id: format!("{at}"),
        raw: 0.5,
        shares: None,
        human: 3.0,
        group: None,
    };
    let made = |rows: Vec<Item>| Items::new(rows, unit(), five(), None);
    assert!(made(vec![good(1), good(2)]).is_ok());
    let wrong = [
        vec![good(1), good(1)],
        vec![Item {
            raw: 1.5,
            ..good(1)
        }],
        vec![Item {
            raw: f64::NAN,
            ..good(1)
        }],
        vec![Item {
            human: 0.5,
            ..good(1)
        }],
        vec![
            good(1),
            Item {
                group: Some("a".into()),
                ..good(2)
            },
        ],
    ];
    for rows in wrong {
        assert!(
            matches!(made(rows.clone()), Err(CalibrationError::Item { .. })),
            "{rows:?}"
        );
    }
}

#[test]
fn fewer_photographs_than_folds_cannot_be_split() {
    let (scores, human) = columns(60, 0.8);
    let row = |at: usize| Item {
        id: format!("{at:02}"),
        raw: scores[at],
        shares: None,
        human: human[at],
        group: Some(format!("{}", at % 4)),
    };
    let items = Items::new((0..60).map(row).collect(), unit(), five(), None).unwrap();
    assert!(matches!(
        fit(&items, MapKind::Isotonic),
        Err(CalibrationError::TooFew {
            needed: 5,
            got: 4,
            ..
        })
    ));
}
