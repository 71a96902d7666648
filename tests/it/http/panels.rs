//! Panels of judges over HTTP, with recorded judges of pairs and with the judges of the fixtures.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use opine::assemble::assemble;
use opine::config::Config;
use serde_json::{Value, json};

use crate::support::app::{TestApp, form};
use crate::support::juries::{Voter, write};
use crate::support::png;
use crate::support::scrape::{scraped, value};

const GRAYS: [u8; 4] = [40, 90, 140, 190];

fn app() -> (tempfile::TempDir, TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let voters = [
        Voter::new("sharp", 0.4),
        Voter {
            first: 0.8,
            ..Voter::new("biased", 0.3)
        },
        Voter {
            below: 0,
            ..Voter::new("silent", 0.4)
        },
    ];
    write(folder.path(), &GRAYS, &voters);
    let config = Config::load(&folder.path().join("opine.toml")).unwrap();
    let app = TestApp::start(assemble(&config).unwrap(), config);
    (folder, app)
}

fn images() -> Vec<Value> {
    let image = |gray: &u8| {
        let base64 = BASE64_STANDARD.encode(png::gray(*gray));
        json!({"id": gray.to_string(), "base64": base64})
    };
    GRAYS.iter().map(image).collect()
}

fn post(
    app: &TestApp,
    path: &str,
    mut body: Value,
    images: &[Value],
) -> crate::support::app::Reply {
    body["images"] = images.into();
    let headers = [("content-type", "application/json")];
    app.send("POST", path, &headers, body.to_string().as_bytes())
}

#[test]
fn a_panel_scores_compares_and_ranks() {
    let (_folder, app) = app();
    let images = images();
    let raters = json!({"judges": ["brightness", "log-brightness"]});
    let reply = post(&app, "/v1/score", raters.clone(), &images);
    assert_eq!(reply.status, 200, "{:?}", reply.json());
    let scored = reply.json();
    assert_eq!(scored["panel"]["jury"], "mean");
    assert_eq!(scored["results"].as_array().unwrap().len(), 4);
    assert_eq!(scored["results"][3]["members"][1]["share"], 0.5);

    let three = json!({"judges": ["two-afc@sharp", "two-afc@biased", "two-afc@silent"]});
    let reply = post(&app, "/v1/compare", three.clone(), &images[..2]);
    assert_eq!(reply.status, 200);
    let result = reply.json()["result"].clone();
    assert_eq!(result["preference"], "second");
    assert_eq!(result["members"][2]["reason"], "not_applicable");

    let reply = post(&app, "/v1/rank", three, &images);
    assert_eq!(reply.status, 200, "{:?}", reply.json());
    let ranked = reply.json();
    assert_eq!(ranked["items"][0]["item"], "190");
    assert_eq!(ranked["panel"]["members"][2]["missing"], 6);
    assert_eq!(ranked["panel"]["members"][0]["comparisons"], 6);
    let by_scores = post(&app, "/v1/rank", raters, &images).json();
    assert_eq!(by_scores["method"], "scores");
    assert_eq!(by_scores["panel"]["members"][0]["tau"], 1.0);

    let joint =
        json!({"judges": ["two-afc@sharp", "two-afc@biased", "brightness"], "jury": "joint"});
    let ranked = post(&app, "/v1/rank", joint, &images).json();
    assert_eq!(ranked["model"], "crowd-bradley-terry");
    assert!(ranked["panel"]["members"][0]["reliability"]["value"].as_f64() > Some(0.8));
}

#[test]
fn every_member_is_counted_as_if_it_sat_alone() {
    let (_folder, app) = app();
    let images = images();
    let two = json!({"judges": ["two-afc@sharp", "two-afc@silent"]});
    assert_eq!(post(&app, "/v1/compare", two, &images[..2]).status, 200);
    let raters = json!({"judges": ["brightness", "log-brightness"]});
    assert_eq!(post(&app, "/v1/score", raters, &images).status, 200);
    // One judge that compares, by pairs: what a ranking asks about is counted too.
    let alone = json!({"judge": "two-afc@biased"});
    assert_eq!(post(&app, "/v1/rank", alone, &images).status, 200);
    let values = scraped(&app);
    for (name, expected) in [
        (r#"questions_total{backend="sharp"}"#, 2),
        (
            r#"judged_total{judge="two-afc",backend="sharp",outcome="judged"}"#,
            1,
        ),
        (
            r#"judged_total{judge="two-afc",backend="silent",outcome="not_applicable"}"#,
            1,
        ),
        (
            r#"judged_total{judge="brightness",backend="onnx",outcome="judged"}"#,
            4,
        ),
        (
            r#"judged_total{judge="log-brightness",backend="onnx",outcome="judged"}"#,
            2,
        ),
        // The logarithm of a dark picture is none.
        (
            r#"judged_total{judge="log-brightness",backend="onnx",outcome="not_finite"}"#,
            2,
        ),
        (
            r#"judged_total{judge="two-afc",backend="biased",outcome="judged"}"#,
            6,
        ),
        (
            r#"readouts_total{judge="two-afc",backend="biased",readout="label_tokens"}"#,
            6,
        ),
        (r#"question_queue_seconds_count{backend="onnx"}"#, 8),
    ] {
        assert_eq!(value(&values, &format!("opine_{name}")), expected, "{name}");
    }
}

#[test]
fn a_form_names_a_panel_in_json() {
    let (_folder, app) = app();
    let pictures: Vec<Vec<u8>> = GRAYS.iter().map(|gray| png::gray(*gray)).collect();
    let mut parts: Vec<(&str, Option<&str>, &[u8])> = vec![
        ("judges", None, br#"["two-afc@sharp", "two-afc@biased"]"#),
        ("jury", None, b"reliability"),
        (
            "weights",
            None,
            br#"{"two-afc@sharp": 3, "two-afc@biased": 1}"#,
        ),
        ("quorum", None, b"1"),
        ("model", None, b"thurstone"),
        ("covariates", None, br#"{"length": [1, 3, 2, 5]}"#),
        ("order_effect", None, b"true"),
    ];
    parts.extend(
        pictures
            .iter()
            .map(|one| ("image", Some("x.png"), one.as_slice())),
    );
    for (at, name) in (7..).zip(["a", "b", "c", "d"]) {
        parts[at].1 = Some(name);
    }
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    let reply = app.send("POST", "/v1/rank", &headers, &form(&parts));
    assert_eq!(reply.status, 200, "{:?}", reply.json());
    let ranked = reply.json();
    assert_eq!(ranked["panel"]["members"][0]["weight"], 0.75);
    assert_eq!(ranked["model"], "thurstone");
    assert_eq!(ranked["covariates"][0]["name"], "length");
    assert!(ranked["order_effect"]["value"].as_f64() > Some(0.0));
}

#[test]
fn a_panel_or_model_that_is_none_says_where() {
    let (_folder, app) = app();
    let images = images();
    let two = ["two-afc@sharp", "two-afc@biased"];
    for (path, body, code, pointer) in [
        (
            "/v1/score",
            json!({"judges": []}),
            "invalid_value",
            "/judges",
        ),
        (
            "/v1/score",
            json!({"judges": "brightness"}),
            "wrong_type",
            "/judges",
        ),
        (
            "/v1/score",
            json!({"judges": ["brightness", 3]}),
            "wrong_type",
            "/judges",
        ),
        (
            "/v1/score",
            json!({"judges": ["brightness", "brightness"]}),
            "invalid_value",
            "/judges",
        ),
        (
            "/v1/score",
            json!({"judges": ["brightness", "brihgtness"]}),
            "unknown_judge",
            "/judges",
        ),
        (
            "/v1/score",
            json!({"judges": ["brightness"], "judge": "brightness"}),
            "invalid_value",
            "/judge",
        ),
        (
            "/v1/score",
            json!({"judges": ["brightness", two[0]]}),
            "wrong_protocol",
            "/judges",
        ),
        (
            "/v1/score",
            json!({"judges": ["brightness"], "calibrated": true}),
            "invalid_value",
            "/calibrated",
        ),
        (
            "/v1/score",
            json!({"judges": ["brightness"], "jury": "joint"}),
            "invalid_value",
            "/jury",
        ),
        (
            "/v1/score",
            json!({"judges": ["brightness"], "jury": "twelve"}),
            "invalid_value",
            "/jury",
        ),
        (
            "/v1/score",
            json!({"judges": ["brightness"], "jury": "reliability"}),
            "no_calibration",
            "/jury",
        ),
        (
            "/v1/score",
            json!({"judges": ["brightness"], "weights": {"brightness": 1}}),
            "invalid_value",
            "/weights",
        ),
        (
            "/v1/rank",
            json!({"judges": two, "jury": "reliability", "weights": {"two-afc@sharp": 1}}),
            "invalid_value",
            "/weights",
        ),
        (
            "/v1/rank",
            json!({"judges": two, "jury": "reliability", "weights": {"two-afc@sharp": 1, "two-afc@biased": -1}}),
            "invalid_value",
            "/weights",
        ),
        (
            "/v1/rank",
            json!({"judges": two, "jury": "reliability", "weights": {"two-afc@sharp": "1"}}),
            "wrong_type",
            "/weights",
        ),
        (
            "/v1/rank",
            json!({"judges": two, "quorum": 3}),
            "invalid_value",
            "/quorum",
        ),
        (
            "/v1/rank",
            json!({"judge": two[0], "model": "elo"}),
            "invalid_value",
            "/model",
        ),
        (
            "/v1/rank",
            json!({"judge": two[0], "ridge": -1}),
            "invalid_value",
            "/ridge",
        ),
        (
            "/v1/rank",
            json!({"judge": two[0], "interval": "wide"}),
            "invalid_value",
            "/interval",
        ),
        (
            "/v1/rank",
            json!({"judge": two[0], "resamples": 50}),
            "invalid_value",
            "/resamples",
        ),
        (
            "/v1/rank",
            json!({"judge": two[0], "covariates": {"length": [1]}}),
            "invalid_value",
            "/covariates",
        ),
        (
            "/v1/rank",
            json!({"judge": two[0], "covariates": {"length": 1}}),
            "wrong_type",
            "/covariates",
        ),
    ] {
        let problem = post(&app, path, body.clone(), &images).problem(code);
        assert_eq!(problem["pointer"], pointer, "{body}");
    }
    let alone = post(&app, "/v1/rank", json!({"quorum": 1}), &images).problem("invalid_value");
    assert!(alone["detail"].as_str().unwrap().contains("for a panel"));
    let scores = post(
        &app,
        "/v1/rank",
        json!({"judge": "brightness", "model": "davidson"}),
        &images,
    );
    assert!(
        scores.problem("invalid_value")["detail"]
            .as_str()
            .unwrap()
            .contains("by pairs")
    );
}
