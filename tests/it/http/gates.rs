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
