//! Files of maps: what was written once stays readable, what is foreign is refused, and no map is applied to
//! a judge that it was not fitted for.

use std::path::{Path, PathBuf};

use opine::calibration::{ApplyError, FittedMap, MapFault, MapKind, Maps, Mismatch};
use opine::digest::Digest;
use opine::judging::{Better, Provenance, Readout, Temperature, Verdict};
use serde::Deserialize;

use super::{fit, fitted, items, opinion, raw, scale, unit};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/maps")
        .join(name)
}

#[derive(Deserialize)]
struct Table {
    origin: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    file: String,
    tolerance: f64,
    direction: String,
    asked: Vec<f64>,
    expected: Vec<f64>,
}

/// Format 1 was first written by version 0.1. These files are never written again: later versions read them.
#[test]
fn maps_of_the_first_format_stay_readable() {
    let table: Table = toml::from_str(include_str!("../../golden/maps.toml")).unwrap();
    assert!(!table.origin.is_empty());
    let maps = Maps::load(&folder("version-1")).unwrap();
    assert_eq!(maps.iter().count(), MapKind::ALL.len());
    for (map, case) in maps.iter().zip(&table.case) {
        assert_eq!(map.file, case.file);
        assert_eq!(map.file, format!("{}.toml", map.kind));
        assert_eq!(map.direction.name(), case.direction, "{}", case.file);
        assert_eq!(
            (map.key.judge.as_str(), map.key.temperature),
            ("q-bench", Some(100.0))
        );
        assert_eq!((map.labels.n, map.conformal.n), (48, 48));
        assert!(map.figures.len() >= 3);
        for (asked, expected) in case.asked.iter().zip(&case.expected) {
            let opinion = opinion(&[*asked, 1.0 - asked]);
            let calibrated = map.apply(raw(*asked), Some(&opinion)).unwrap();
            let got = calibrated.score.value();
            assert!(
                (got - expected).abs() <= case.tolerance,
                "{}: {asked} becomes {got}",
                case.file
            );
            let interval = calibrated.interval.unwrap();
            let human = map.map.human_scale();
            assert!(human.min() <= interval.low && interval.high <= human.max());
            assert!((interval.level - 0.9).abs() < 1e-12);
        }
        // What is read is written again to the letter of its meaning.
        let again = FittedMap::parse(&map.to_toml(), Path::new(&map.file)).unwrap();
        assert_eq!(&again, map, "{}", case.file);
    }
}

#[test]
fn foreign_files_are_refused_by_kind() {
    let cases = [
        ("from-the-future.toml", MapFault::Format, "format 2"),
        ("no-format.toml", MapFault::Format, "no format number"),
        ("not-toml.toml", MapFault::NotToml, "not TOML"),
        ("unknown-field.toml", MapFault::Field, "offset"),
        ("missing-field.toml", MapFault::Field, "preprocessing"),
        ("other-kind.toml", MapFault::Field, "knots"),
        ("falling-back.toml", MapFault::Value, "monotone"),
        ("wrong-digest.toml", MapFault::Value, "digest"),
        ("wrong-direction.toml", MapFault::Value, "direction"),
    ];
    for (file, fault, told) in cases {
        let error = FittedMap::load(&folder("refused").join(file)).unwrap_err();
        assert_eq!(error.fault, fault, "{error}");
        let text = error.to_string();
        assert!(text.contains(file) && text.contains(told), "{text}");
    }
    assert!(Maps::load(&folder("refused")).is_err());
    let missing = Maps::load(&folder("nowhere")).unwrap_err();
    assert_eq!(missing.fault, MapFault::Unreadable);
}

fn provenance(key: &opine::calibration::JudgeKey) -> Provenance {
    Provenance {
        judge: key.judge.clone(),
        version: key.version.clone(),
        card: key.card,
        backend: key.backend.clone(),
        model_revision: key.model_revision.clone(),
        preprocessing: key.preprocessing.clone(),
        image: None,
        temperature: key
            .temperature
            .map(|value| Temperature::new(value).unwrap()),
    }
}

fn example() -> FittedMap {
    let scores: Vec<f64> = (0..40).map(|at| f64::from(at) / 40.0).collect();
    let human: Vec<f64> = scores
        .iter()
        .map(|score| 1.0 + 4.0 * score * score)
        .collect();
    let five = scale(1.0, 5.0, Better::Higher);
    let mut map = fitted(fit(&items(&scores, &human, unit(), five), MapKind::Isotonic).unwrap());
    map.file = "example.toml".into();
    map
}

#[test]
fn a_map_holds_for_exactly_its_judge() {
    let map = example();
    let same = provenance(&map.key);
    let readout = map.key.readout;
    let maps = Maps::new([map.clone()]);
    assert_eq!(maps.for_provenance(&same, readout), Ok(&map));
    type Change = fn(&mut Provenance);
    let changes: [(&str, Change); 6] = [
        ("version", |p| p.version = "1.0.1".into()),
        ("card", |p| p.card = Digest::of(b"another card")),
        ("backend", |p| p.backend = "another".into()),
        ("model revision", |p| p.model_revision = "r2".into()),
        ("preprocessing", |p| p.preprocessing = "resized".into()),
        ("temperature", |p| {
            p.temperature = Some(Temperature::new(1.0 + 1e-15).unwrap());
        }),
    ];
    for (field, change) in changes {
        let mut other = same.clone();
        change(&mut other);
        let error = maps.for_provenance(&other, readout).unwrap_err();
        let Mismatch::Differs { file, differences } = &error else {
            panic!("{error}")
        };
        assert_eq!((file.as_str(), differences.len()), ("example.toml", 1));
        assert_eq!(differences[0].field, field);
        assert!(
            error.to_string().contains(&format!("fitted for {field} `")),
            "{error}"
        );
    }
    let error = maps.for_provenance(&same, Readout::TopTokens).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`label_logits`, this judge has `top_tokens`"),
        "{error}"
    );

    // Two differences are both named, and the nearest map is the one that speaks.
    let mut far = map.clone();
    far.file = "far.toml".into();
    far.key.backend = "far".into();
    far.key.model_revision = "far".into();
    let mut other = same.clone();
    other.backend = "far".into();
    let error = Maps::new([map.clone(), far.clone()])
        .for_provenance(&other, readout)
        .unwrap_err();
    assert!(matches!(&error, Mismatch::Differs { differences, .. } if differences.len() == 1));
    other.preprocessing = "resized".into();
    let error = far.check(&other, readout).unwrap_err();
    assert!(matches!(&error, Mismatch::Differs { differences, .. } if differences.len() == 2));

    let mut stranger = same.clone();
    stranger.judge = "stranger".into();
    let known = vec!["example".to_owned()];
    assert_eq!(
        maps.for_provenance(&stranger, readout),
        Err(Mismatch::NoMap {
            judge: "stranger".into(),
            known
        })
    );
    let mut twin = map.clone();
    twin.file = "twin.toml".into();
    assert!(matches!(
        Maps::new([map, twin]).for_provenance(&same, readout),
        Err(Mismatch::Several { files, .. }) if files == ["example.toml", "twin.toml"]
    ));
}

#[test]
fn a_verdict_of_another_judge_is_not_calibrated() {
    let map = example();
    let opinion = opinion(&[0.5, 0.5]);
    let verdict = Verdict {
        score: raw(0.5),
        opinion: Some(opinion),
        spread: Some(0.5),
        interval: None,
        coverage: None,
        readout: map.key.readout,
        censored: false,
    };
    let same = provenance(&map.key);
    let calibrated = map.apply_to(&same, &verdict).unwrap();
    assert!((calibrated.score.value() - 2.0).abs() < 1e-9);
    assert_eq!(calibrated.score.scale(), scale(1.0, 5.0, Better::Higher));
    let mut other = same;
    other.model_revision = "r2".into();
    assert!(matches!(
        map.apply_to(&other, &verdict),
        Err(ApplyError::Mismatch(Mismatch::Differs { .. }))
    ));
}

/// Written by the first version that fitted tie widths, and never written again: later versions read it.
#[test]
fn tie_widths_of_the_first_format_stay_readable() {
    use opine::calibration::Fitted;
    use opine::judging::Margin;
    use opine::judging::protocol::OpinionRule;

    let path = folder("ties-1").join("ties.toml");
    let Fitted::Ties(ties) = Fitted::load(&path).unwrap() else {
        panic!("it holds a tie width")
    };
    assert_eq!(
        (ties.margin(), ties.by),
        (Margin::LogOdds, Some(OpinionRule::Levels))
    );
    assert!((ties.ties.width() - 0.35).abs() < 1e-15);
    assert_eq!((ties.labels.n, ties.votes, ties.folds), (66, 132, 5));
    assert!(ties.is_shown_to_help());
    let again = Fitted::parse(&ties.to_toml(), &path).unwrap();
    assert_eq!(again, Fitted::Ties(ties.clone()));
    let text = ties.to_toml();
    for (from, to, fault) in [
        ("width = 0.35", "width = -0.35", MapFault::Value),
        (
            "margin = \"log-odds\"",
            "margin = \"miles\"",
            MapFault::Value,
        ),
        ("by = \"levels\"", "by = \"luck\"", MapFault::Value),
        ("votes = 132", "voices = 132", MapFault::Field),
        ("format = 1", "format = 2", MapFault::Format),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Fitted::parse(&text.replace(from, to), &path).unwrap_err();
        assert_eq!(error.fault, fault, "{to}: {error}");
    }
    // No map of scores.
    let error = FittedMap::load(&path).unwrap_err();
    assert_eq!(error.fault, MapFault::Value);
}
