//! Gates and the best of several, over HTTP.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::app::{Reply, TestApp, shared};
use crate::support::png;

const POLICY: &str = r#"
format = 1
id = "bright"
version = "1.0.0"

[tripwires]
constant = false

[[dimension]]
name = "light"
reason = "too_dark"

[[dimension.stage]]
judge = "brightness"
accept = 0.6
reject = 0.3
"#;

/// A service with the policy, and the folder that holds it.
fn gated() -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bright.toml"), POLICY).unwrap();
    let app = TestApp::with(|config| config.gates.folder = Some(folder.path().to_owned()));
    (app, folder)
}

fn image(name: &str, gray: u8) -> Value {
    json!({"id": name, "base64": BASE64_STANDARD.encode(png::gray(gray))})
}

fn post(app: &TestApp, path: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json")];
    app.send("POST", path, &headers, body.to_string().as_bytes())
}

#[test]
fn each_image_is_decided_over_and_a_bad_one_spoils_no_other() {
    let (app, _folder) = gated();
    let broken = json!({"id": "broken", "base64": BASE64_STANDARD.encode("no picture")});
    let images = [
        image("light", 230),
        image("middle", 120),
        image("dark", 20),
        broken,
    ];
    let reply = post(
        &app,
        "/v1/gate",
        &json!({"policy": "bright", "images": images}),
    );
    assert_eq!(reply.status, 200);
    let reply = reply.json();
    assert_eq!(reply["policy"]["id"], "bright");
    assert_eq!(reply["results"][1]["policy"], reply["policy"]);
    let results = reply["results"].as_array().unwrap();
    let verdicts: Vec<&str> = results
        .iter()
        .map(|result| result["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["accept", "review", "reject", "reject"]);
    assert_eq!(results[2]["reasons"][0]["code"], "too_dark");
    assert_eq!(results[3]["reasons"][0]["code"], "undecodable");
    assert_eq!(
        (&results[0]["questions"], &results[3]["questions"]),
        (&json!(1), &json!(0))
    );
}

#[test]
fn a_policy_that_is_not_there_is_a_problem_that_names_those_that_are() {
    let (app, _folder) = gated();
    let images = [image("a", 200)];
    for body in [
        json!({"policy": "brigt", "images": images}),
        json!({"images": images}),
    ] {
        let reply = post(&app, "/v1/gate", &body);
        let problem = reply.problem("invalid_value");
        assert_eq!(problem["pointer"], "/policy");
        assert!(
            problem["hint"].as_str().unwrap().contains("`bright`"),
            "{problem}"
        );
    }
    let none = post(
        shared(),
        "/v1/gate",
        &json!({"policy": "bright", "images": images}),
    );
    assert!(
        none.problem("invalid_value")["hint"]
            .as_str()
            .unwrap()
            .contains("[gates]")
    );
    let unknown = json!({"policy": "bright", "judge": "brightness", "images": images});
    post(&app, "/v1/gate", &unknown).problem("unknown_field");
}

/// A service with this policy, by the name of its file.
fn with_policy(text: &str) -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.toml"), text).unwrap();
    let app = TestApp::with(|config| config.gates.folder = Some(folder.path().to_owned()));
    (app, folder)
}

#[test]
fn a_threshold_is_refused_for_another_judge_with_what_differs() {
    let fitted = format!(
        "{POLICY}[dimension.stage.fitted]\ntarget = \"precision\"\nvalue = 0.9\nconfidence = 0.95\nbound = 0.91\nn = 200\n\
         labels = \"labels.csv\"\njudge = \"brightness\"\nversion = \"9.9.9\"\ncard = \"blake3:{}\"\nbackend = \"other\"\n\
         model_revision = \"none\"\nreadout = \"value\"\npreprocessing = \"none\"\n",
        "0".repeat(64)
    );
    let (app, _folder) = with_policy(&fitted);
    let body = json!({"policy": "bright", "images": [image("a", 200)]});
    let problem = post(&app, "/v1/gate", &body).problem("no_calibration");
    let detail = problem["detail"].as_str().unwrap();
    for part in ["version `9.9.9`", "backend `other`", "opine gate fit"] {
        assert!(detail.contains(part), "{detail}");
    }
}

#[test]
fn a_safety_judge_that_is_down_accepts_nothing() {
    let policy = format!(
        "{POLICY}\n[[dimension]]\nname = \"safe\"\nsafety = true\n[[dimension.stage]]\njudge = \"q-bench\"\naccept = 0.1\n"
    );
    let (app, _folder) = with_policy(&policy);
    let body = json!({"policy": "bright", "images": [image("a", 230)]});
    let result = &post(&app, "/v1/gate", &body).json()["results"][0];
    assert_eq!(result["dimensions"][0]["verdict"], "accept");
    assert_eq!(
        (&result["verdict"], &result["reasons"][0]["code"]),
        (&json!("review"), &json!("safe"))
    );
}

#[test]
fn a_near_duplicate_of_an_earlier_image_is_named_where_the_policy_asks() {
    let policy = POLICY.replace(
        "constant = false",
        "constant = false\nnear_duplicate = true",
    );
    let (app, _folder) = with_policy(&policy);
    let images = [image("first", 230), image("other", 20), image("again", 231)];
    let body = json!({"policy": "bright", "images": images});
    let results = &post(&app, "/v1/gate", &body).json()["results"];
    assert_eq!(results[0]["verdict"], "accept");
    let reason = &results[2]["reasons"][0];
    assert_eq!(reason["code"], "near_duplicate");
    assert!(
        reason["detail"].as_str().unwrap().contains("`first`"),
        "{reason}"
    );
    assert_eq!(results[2]["questions"], 0);
    // Images of a request need not be candidates for one place: without the wire all are decided over.
    let (app, _folder) = gated();
    let results = &post(&app, "/v1/gate", &body).json()["results"];
    assert_eq!(results[2]["verdict"], "accept");
}

#[test]
fn a_cascade_says_what_it_saved() {
    let dear =
        "price = 0.25\n[[dimension.stage]]\njudge = \"brightness\"\naccept = 0.4\nprice = 4.0\n";
    let (app, _folder) = with_policy(&format!("{POLICY}{dear}"));
    let body = json!({"policy": "bright", "images": [image("sure", 230), image("unsure", 120)]});
    let results = &post(&app, "/v1/gate", &body).json()["results"];
    let saving = |at: usize| {
        let saving = &results[at]["saving"];
        (
            saving["saved_questions"].clone(),
            saving["saved_cost"].clone(),
        )
    };
    assert_eq!(saving(0), (json!(0), json!(3.75)));
    assert_eq!(saving(1), (json!(-1), json!(-0.25)));
    assert_eq!(results[1]["verdict"], "accept");
}

#[test]
fn an_attempt_is_told_what_is_left_and_why_to_stop() {
    let policy = POLICY.replace(
        "[tripwires]",
        "[budget]\nattempts = 3\nno_gain = 2\n\n[tripwires]",
    );
    let (app, _folder) = with_policy(&policy);
    let attempt = |gray: u8, rest: Value| {
        let mut body = json!({"policy": "bright", "images": [image("a", gray)]});
        for (name, value) in rest.as_object().unwrap() {
            body[name] = value.clone();
        }
        post(&app, "/v1/gate", &body)
    };
    let first = attempt(120, json!({})).json()["attempt"].clone();
    assert_eq!(
        (&first["number"], &first["attempts_left"], &first["stop"]),
        (&json!(1), &json!(2), &Value::Null)
    );
    let best = first["best"].as_f64().unwrap();
    let worse =
        json!({"attempt": 2, "questions_before": 1, "best_before": best, "without_gain": 1});
    let idle = attempt(100, worse).json()["attempt"].clone();
    assert_eq!(
        (&idle["stop"], &idle["best"], &idle["questions"]),
        (&json!("no_gain"), &json!(best), &json!(2))
    );
    let last = attempt(125, json!({"attempt": 3, "best_before": best})).json();
    assert_eq!(last["attempt"]["stop"], "max_attempts");
    let met = attempt(240, json!({"attempt": 3})).json();
    assert_eq!(met["attempt"]["stop"], "quality_threshold_met");
    attempt(120, json!({"attempt": 0})).problem("invalid_value");
    attempt(120, json!({"best_before": 2})).problem("invalid_value");
}

#[test]
fn the_best_of_several_is_picked() {
    let images = [image("a", 60), image("b", 220), image("c", 220)];
    let body = json!({"judge": "brightness", "images": images});
    let reply = post(shared(), "/v1/best-of", &body);
    assert_eq!(reply.status, 200);
    let reply = reply.json();
    assert_eq!(
        (&reply["pick"], &reply["tied"]),
        (&json!("b"), &json!(true))
    );
    assert!(reply["margin"].as_f64().unwrap() > 0.0);
    assert_eq!(reply["results"].as_array().unwrap().len(), 3);
    let broken = json!({"id": "broken", "base64": BASE64_STANDARD.encode("no picture")});
    let body = json!({"judge": "brightness", "images": [broken]});
    let reply = post(shared(), "/v1/best-of", &body).json();
    assert_eq!(
        (&reply["pick"], &reply["unscored"]),
        (&Value::Null, &json!(["broken"]))
    );
}
