//! The calibration maps at hand, over HTTP.

use opine::calibration::FittedMap;
use serde_json::{Value, json};

use crate::command::opine;
use crate::support::app::{Reply, TestApp, fixtures, form, shared};

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

const DIGEST: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

/// Rows of a judge that is not at hand, and of people who see what it sees and this much beside.
fn rows(count: u32, noise: f64) -> (Vec<Value>, Vec<Value>) {
    let judged = |item: u32| {
        json!({
            "id": format!("i{item}"), "score": f64::from(item * 37 % 101) / 100.0,
            "scale": {"min": 0.0, "max": 1.0, "better": "higher"},
            "provenance": {
                "judge": "elsewhere", "version": "1.0.0", "card": DIGEST, "backend": "model", "model_revision": DIGEST,
                "preprocessing": "as-given", "temperature": 1.0, "readout": "label_tokens",
            },
        })
    };
    let label = |item: u32| {
        let (seen, unseen) = (
            f64::from(item * 37 % 101) / 100.0,
            f64::from(item * 53 % 89) / 88.0,
        );
        json!({"id": format!("i{item}"), "human": 1.0 + 4.0 * (seen + noise * unseen) / (1.0 + noise)})
    };
    (
        (0..count).map(judged).collect(),
        (0..count).map(label).collect(),
    )
}

fn fit(app: &TestApp, body: &Value, more: &[(&str, &str)]) -> Reply {
    let headers = [&[("content-type", "application/json")], more].concat();
    app.send(
        "POST",
        "/v1/calibrations",
        &headers,
        body.to_string().as_bytes(),
    )
}

#[test]
fn a_map_is_fitted_as_on_the_command_line_and_nothing_is_kept() {
    let (judged, labels) = rows(90, 0.3);
    let lines = |rows: &[Value]| {
        rows.iter()
            .map(|row| format!("{row}\n"))
            .collect::<String>()
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("judged.jsonl"), lines(&judged)).unwrap();
    std::fs::write(folder.path().join("labels.jsonl"), lines(&labels)).unwrap();
    let arguments = [
        "calibrate",
        "--judge",
        "elsewhere@model",
        "--judged",
        "judged.jsonl",
        "--labels",
        "labels.jsonl",
        "--scale",
        "1..5",
        "--map",
        "logistic4",
        "--resamples",
        "200",
        "--seed",
        "3",
        "--out",
        "map.toml",
    ];
    assert_eq!(opine(folder.path(), &arguments).status.code(), Some(0));
    let written = std::fs::read_to_string(folder.path().join("map.toml")).unwrap();
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    let parts = form(&[
        ("judge", None, b"elsewhere@model"),
        ("judged", Some("judged.jsonl"), lines(&judged).as_bytes()),
        ("labels", Some("labels.jsonl"), lines(&labels).as_bytes()),
        ("scale", None, b"1..5"),
        ("map", None, b"logistic4"),
        ("resamples", None, b"200"),
        ("seed", None, b"3"),
    ]);
    let reply = shared()
        .send("POST", "/v1/calibrations", &headers, &parts)
        .json();
    assert_eq!(reply["map"], written, "{reply}");
    assert_eq!(reply["file"], "elsewhere-model-logistic4.toml");
    assert_eq!(reply["report"]["items"]["used"], 90);
    let body = json!({"judge": "elsewhere", "map": "isotonic", "scale": "1..5", "judged": judged, "labels": labels});
    let reply = fit(shared(), &body, &[]).json();
    let map = FittedMap::parse(reply["map"].as_str().unwrap(), "map.toml".as_ref()).unwrap();
    assert_eq!((map.key.backend.as_str(), map.labels.n), ("model", 90));
    assert_eq!(
        shared().get("/v1/calibrations").json(),
        json!({"calibrations": []})
    );
}

#[test]
fn what_cannot_be_fitted_is_a_problem_with_its_place() {
    let (judged, labels) = rows(60, 0.3);
    let good = json!({"judge": "elsewhere", "map": "isotonic", "scale": "1..5", "judged": judged, "labels": labels});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let without = |name: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let mut outside = labels.clone();
    outside[7]["human"] = json!(6);
    let mut wrong = judged.clone();
    wrong[5]["score"] = json!("good");
    for (body, code, pointer) in [
        (without("judged"), "missing_field", "/judged"),
        (without("labels"), "missing_field", "/labels"),
        (without("map"), "missing_field", "/map"),
        (without("scale"), "invalid_value", "/scale"),
        (with("map", json!("linear")), "invalid_value", "/map"),
        (with("map", json!("platt")), "invalid_value", "/map"),
        (with("scale", json!("5..1")), "invalid_value", "/scale"),
        (with("folds", json!(2)), "invalid_value", "/folds"),
        (with("coverage", json!(1)), "invalid_value", "/coverage"),
        (with("resamples", json!(99)), "invalid_value", "/resamples"),
        (with("levels", json!("a")), "wrong_type", "/levels"),
        (with("labels", json!(outside)), "invalid_value", "/labels/7"),
        (
            with("judged", json!(wrong)),
            "invalid_value",
            "/judged/5/score",
        ),
        (with("judge", json!("q-bench")), "invalid_value", "/judged"),
        (
            with("labels", json!([{"id": "x", "human": 2}])),
            "invalid_value",
            "/labels",
        ),
        (with("out", json!("map.toml")), "unknown_field", "/out"),
    ] {
        let problem = fit(shared(), &body, &[]).problem(code);
        assert_eq!(problem["pointer"], pointer, "{problem}");
    }
    // Labels that say nothing of the scores, and too few of them, are findings.
    let (judged, labels) = rows(60, 1e6);
    let unrelated = json!({"judge": "elsewhere", "map": "isotonic", "scale": "1..5", "judged": judged, "labels": labels});
    fit(shared(), &unrelated, &[]).problem("no_calibration");
    let few = json!({"judge": "elsewhere", "map": "isotonic", "scale": "1..5", "judged": judged[..9], "labels": labels});
    fit(shared(), &few, &[]).problem("no_calibration");
}

#[test]
fn a_fit_that_is_sent_again_gets_the_same_reply() {
    let (judged, labels) = rows(40, 0.3);
    let body = json!({"judge": "elsewhere", "map": "isotonic", "scale": "1..5", "judged": judged, "labels": labels});
    let app = TestApp::with(|_| {});
    let key = [("idempotency-key", "fit")];
    let (first, again) = (fit(&app, &body, &key), fit(&app, &body, &key));
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
}
