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
}

const USUAL: Behaviour = Behaviour {
    shift: 0.0,
    refused: 0.01,
    unread: 0.02,
    coverage: 0.9,
    order: 0.0,
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
    let cases: [(Behaviour, &[&str]); 5] = [
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
fn what_a_file_does_not_say_is_not_compared() {
    let mut bare = observed(200, USUAL, 0);
    bare.has_reasons = false;
    for item in &mut bare.items {
        (item.coverage, item.order_effect) = (None, None);
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
    assert!(is_refused(&found.items[1]) && found.items[1].score.is_none());
    let pairs = "first,second,first_better,order_effect\na,b,0.7,0.1\na,c,0.6,0.2\n";
    std::fs::write(&path, pairs).unwrap();
    let columns = ObservedColumns {
        id: "first+second",
        score: "first_better",
    };
    let found = read_observations(&path, columns).unwrap();
    assert_eq!(found.items[1].id, "a + c");
    assert_eq!(found.items[1].order_effect, Some(0.2));
    assert!(!found.has_reasons);
}
