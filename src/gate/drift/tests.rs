use super::*;
use crate::stats::resample::CounterRng;

/// How a judge behaves: its scores are normal, its failures drawn.
#[derive(Clone, Copy)]
struct Behaviour {
    shift: f64,
    refused: f64,
    unread: f64,
    coverage: f64,
    order: f64,
    follows: f64,
}

const USUAL: Behaviour = Behaviour {
    shift: 0.0,
    refused: 0.01,
    unread: 0.02,
    coverage: 0.9,
    order: 0.0,
    follows: 0.15,
};

fn observed(n: u32, behaviour: Behaviour, stream: u64) -> Observations {
    let mut rng = CounterRng::new(9, stream);
    let items = (0..n).map(|at| {
        let (score, lot) = (rng.normal() + behaviour.shift, rng.uniform());
        let reason = if lot < behaviour.refused {
            Some("refused")
        } else if lot < behaviour.refused + behaviour.unread {
            Some("unparsed")
        } else {
            None
        };
        Observed {
            id: format!("{stream}-{at}"),
            score: reason.is_none().then_some(score),
            reason: reason.map(str::to_owned),
            coverage: Some(behaviour.coverage + 0.1 * rng.uniform()),
            order_effect: Some(behaviour.order + 0.1 * rng.normal()),
            follows_place: Some(rng.uniform() < behaviour.follows),
        }
    });
    Observations {
        items: items.collect(),
        has_reasons: true,
    }
}

fn alerts(reference: &Observations, current: &Observations) -> Vec<&'static str> {
    drift(reference, current, &DriftSettings::default())
        .unwrap()
        .alerts
}

#[test]
fn an_alert_names_what_moved_and_nothing_else() {
    let reference = observed(1_000, USUAL, 0);
    assert!(alerts(&reference, &observed(1_000, USUAL, 1)).is_empty());
    let cases: [(Behaviour, &[&str]); 6] = [
        (
            Behaviour {
                follows: 0.25,
                ..USUAL
            },
            &["position_bias"],
        ),
        (
            Behaviour {
                shift: 0.7,
                ..USUAL
            },
            &["score_stability", "score_distribution"],
        ),
        (
            Behaviour {
                refused: 0.1,
                ..USUAL
            },
            &["scored_rate", "refusal_rate"],
        ),
        (
            Behaviour {
                unread: 0.12,
                ..USUAL
            },
            &["scored_rate", "parse_failure_rate"],
        ),
        (
            Behaviour {
                coverage: 0.8,
                ..USUAL
            },
            &["coverage"],
        ),
        (
            Behaviour {
                order: 0.1,
                ..USUAL
            },
            &["order_effect"],
        ),
    ];
    for (stream, (behaviour, expected)) in (2..).zip(cases) {
        let found = alerts(&reference, &observed(1_000, behaviour, stream));
        assert_eq!(found, expected, "{stream}");
    }
}

#[test]
fn refusals_that_take_the_place_of_unread_answers_are_found_out() {
    // As many items are scored as before, and for another reason the rest is not.
    let reference = observed(
        1_000,
        Behaviour {
            unread: 0.1,
            refused: 0.0,
            ..USUAL
        },
        0,
    );
    let current = observed(
        1_000,
        Behaviour {
            unread: 0.0,
            refused: 0.1,
            ..USUAL
        },
        1,
    );
    let found = drift(&reference, &current, &DriftSettings::default()).unwrap();
    assert_eq!(found.alerts, ["refusal_rate", "parse_failure_rate"]);
    let refusals = found
        .checks
        .iter()
        .find(|check| check.name == "refusal_rate");
    let ci = refusals.unwrap().ci.unwrap();
    assert!(ci[0] > 0.05 && ci[1] < 0.15, "{ci:?}");
}

#[test]
fn false_alarms_are_as_rare_as_the_level_says() {
    let settings = DriftSettings {
        level: 0.05,
        stability: 0.0,
        ..DriftSettings::default()
    };
    let pairs = 2_000_u32;
    for (n, m) in [(300, 200), (60, 50)] {
        let alarms = (0..pairs).filter(|pair| {
            let stream = u64::from(2 * pair);
            let reference = observed(n, USUAL, stream);
            let current = observed(m, USUAL, stream + 1);
            drift(&reference, &current, &settings).unwrap().moved
        });
        let share = alarms.count() as f64 / f64::from(pairs);
        // Three standard errors of the share are a percentage point and a half.
        assert!(share <= 0.05 + 0.015, "{n} and {m}: {share}");
        assert!(share > 0.005, "tests that never alarm say nothing: {share}");
    }
}

#[test]
fn position_bias_is_compared_with_the_calibrations() {
    // Of 200 pairs 20 followed the place, of 100 now 30: scipy 1.12.0, fisher_exact([[20, 180], [30, 70]]).
    let pairs = |all: u32, follow: u32, effect: f64, stream: u64| {
        let mut found = observed(all, USUAL, stream);
        for (item, at) in found.items.iter_mut().zip(0..) {
            item.follows_place = Some(at < follow);
            item.order_effect = Some(effect);
        }
        found
    };
    let (reference, current) = (pairs(200, 20, 0.2, 0), pairs(100, 30, 0.2, 1));
    let found = drift(&reference, &current, &DriftSettings::default()).unwrap();
    assert_eq!(found.alerts, ["position_bias"]);
    let check = |report: &DriftReport| {
        let mut checks = report.checks.iter();
        checks.find(|check| check.name == "position_bias").cloned()
    };
    let bias = check(&found).unwrap();
    assert_eq!(
        (bias.reference, bias.current, bias.n),
        (Some(0.1), Some(0.3), 300)
    );
    // Of all p-values the least, and so times their number by Holm.
    let raw = bias.p_value.unwrap() / found.tests as f64;
    assert!((raw - 2.680_633_908_104_207e-5).abs() < 1e-10, "{raw}");
    assert_eq!(bias.test.as_deref(), Some("Fisher's exact test"));
    assert!(
        bias.detail.contains("20 of 20 went to the first place"),
        "{}",
        bias.detail
    );
    assert!(bias.detail.contains("30 of 30 do now"), "{}", bias.detail);
    // The same rate towards the other place is an order effect, not more bias.
    let turned = pairs(200, 20, -0.2, 2);
    let found = drift(&reference, &turned, &DriftSettings::default()).unwrap();
    assert_eq!(found.alerts, ["order_effect"]);
    assert!(check(&found).unwrap().detail.contains("0 of 20 do now"));
    // Nine pairs say nothing.
    let mut few = current;
    few.items[9..]
        .iter_mut()
        .for_each(|item| item.follows_place = None);
    let found = drift(&reference, &few, &DriftSettings::default()).unwrap();
    assert_eq!(check(&found), None);
}

#[test]
fn what_a_file_does_not_say_is_not_compared() {
    let mut bare = observed(200, USUAL, 0);
    bare.has_reasons = false;
    for item in &mut bare.items {
        (item.coverage, item.order_effect, item.follows_place) = (None, None, None);
    }
    let found = drift(&bare, &observed(200, USUAL, 1), &DriftSettings::default()).unwrap();
    let names: Vec<&str> = found.checks.iter().map(|check| check.name).collect();
    assert_eq!(
        names,
        ["score_stability", "score_distribution", "scored_rate"]
    );
    assert_eq!(found.tests, 3);
}

#[test]
fn a_canary_that_differs_is_named() {
    let reference = observed(100, USUAL, 0);
    let mut current = reference.clone();
    assert!(alerts(&reference, &current).is_empty());
    let scored = current.items.iter().position(|item| item.score.is_some());
    let scored = scored.unwrap();
    current.items[scored].score = Some(9.0);
    let report = drift(&reference, &current, &DriftSettings::default()).unwrap();
    let canaries = report.checks.last().unwrap();
    let name = &current.items[scored].id;
    assert!(
        canaries.moved && canaries.detail.contains(name),
        "{canaries:?}"
    );
    current.items[scored].score = None;
    assert_eq!(alerts(&reference, &current), ["canaries"]);
}

#[test]
fn too_little_is_refused() {
    let few = observed(5, USUAL, 0);
    assert!(drift(&few, &few, &DriftSettings::default()).is_err());
}

#[test]
fn results_are_read_with_their_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.jsonl");
    let text = "{\"image\":\"a\",\"score\":0.5,\"coverage\":0.9}\n{\"image\":\"b\",\"score\":null,\"reason\":\"refused\",\"coverage\":null}\n";
    std::fs::write(&path, text).unwrap();
    let columns = ObservedColumns {
        id: "image",
        score: "score",
    };
    let found = read_observations(&path, columns).unwrap();
    assert!(found.has_reasons);
    assert_eq!(found.items[0].coverage, Some(0.9));
    assert!(is_refused(&found.items[1]) == Some(true) && found.items[1].score.is_none());
    let pairs = "first,second,first_better,order_effect,orders_disagree\na,b,0.7,0.1,false\na,c,0.6,0.2,true\na,d,0.5,,false\n";
    std::fs::write(&path, pairs).unwrap();
    let columns = ObservedColumns {
        id: "first+second",
        score: "first_better",
    };
    let found = read_observations(&path, columns).unwrap();
    assert_eq!(found.items[1].id, "a + c");
    assert_eq!(found.items[1].order_effect, Some(0.2));
    let follows: Vec<Option<bool>> = found.items.iter().map(|item| item.follows_place).collect();
    assert_eq!(
        follows,
        [Some(false), Some(true), None],
        "nobody was asked about the last"
    );
    assert!(!found.has_reasons);
}
