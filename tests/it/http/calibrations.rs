//! The calibration maps at hand, over HTTP.

use opine::calibration::FittedMap;
use serde_json::{Value, json};

use crate::support::app::{TestApp, fixtures, shared};

/// A service with a map, a tie width, and a map for a judge that is at hand, fitted on another model.
fn app() -> (tempfile::TempDir, TestApp) {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("version-1/platt.toml", "b-platt.toml"),
        ("ties-1/ties.toml", "c-ties.toml"),
    ] {
        std::fs::copy(fixtures("maps").join(from), folder.path().join(to)).unwrap();
    }
    let mut map = FittedMap::load(&fixtures("maps/version-1/isotonic.toml")).unwrap();
    "technical-quality".clone_into(&mut map.key.judge);
    "onnx".clone_into(&mut map.key.backend);
    map.save(&folder.path().join("a-other.toml")).unwrap();
    let maps = folder.path().to_owned();
    let app = TestApp::with(|config| config.calibration.folder = Some(maps));
    (folder, app)
}

#[test]
fn maps_are_listed_with_judge_labels_and_held_out_figures() {
    let (folder, app) = app();
    let reply = app.get("/v1/calibrations").json();
    let all = reply["calibrations"].as_array().unwrap();
    let of = |field: &str| -> Vec<&Value> { all.iter().map(|one| &one[field]).collect() };
    assert_eq!(of("id"), ["a-other", "b-platt", "c-ties"]);
    assert_eq!(of("kind"), ["isotonic", "platt", "tie-width"]);
    // A map for a judge that is at hand says in what that judge differs; of the others nobody is at hand.
    assert_eq!(of("applies"), [&json!(false), &Value::Null, &Value::Null]);
    let fields: Vec<&Value> = all[0]["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["field"])
        .collect();
    assert!(
        fields.contains(&&json!("model revision")) && !fields.contains(&&json!("judge")),
        "{fields:?}"
    );
    let text = std::fs::read(folder.path().join("b-platt.toml")).unwrap();
    let platt = FittedMap::load(&folder.path().join("b-platt.toml")).unwrap();
    assert_eq!(
        all[1]["digest"],
        opine::digest::Digest::of(&text).to_string()
    );
    assert_eq!(all[1]["labels"]["n"], platt.labels.n);
    assert_eq!(all[1]["judge"]["id"], platt.key.judge.as_str());
    assert_eq!(all[1]["scale"]["max"], platt.map.human_scale().max());
    assert_eq!(all[1]["figures"][0]["name"], platt.figures[0].name.as_str());
    assert_eq!(all[2]["width"], 0.35);
    assert_eq!(
        all[2]["held_out"]["agreement"],
        json!({"value": 0.8, "ci": [0.7, 0.9]})
    );
    assert_eq!(app.get("/v1/calibrations/c-ties").json(), all[2]);
}

#[test]
fn a_map_that_is_not_there_is_a_problem() {
    let (_folder, app) = app();
    let problem = app.get("/v1/calibrations/d").problem("unknown_calibration");
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("/v1/calibrations")
    );
    let long = format!("/v1/calibrations/{}", "x".repeat(201));
    app.get(&long).problem("invalid_value");
    assert_eq!(
        shared().get("/v1/calibrations").json(),
        json!({"calibrations": []})
    );
}
