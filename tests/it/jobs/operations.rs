//! Jobs of panels, of lists, of gates and of the best of several: each line has the result of the operation's own route.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use opine::assemble::assemble;
use opine::config::{BackendConfig, Config};
use serde_json::{Value, json};

use super::{path, rested};
use crate::lists::{by_lightness, chat};
use crate::support::app::{Reply, TestApp, form};
use crate::support::juries::{Voter, write};
use crate::support::photo::{jpeg, photo};
use crate::support::png;
use crate::support::policies::BRIGHT;

const GRAYS: [u8; 4] = [40, 90, 140, 190];

/// A service with a data folder, a policy, two judges of pairs of which one knows only dark pictures, and what
/// `change` adds.
fn app(change: impl FnOnce(&mut Config)) -> (tempfile::TempDir, TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let voters = [
        Voter::new("sharp", 0.4),
        Voter {
            below: 0,
            ..Voter::new("silent", 0.4)
        },
    ];
    write(folder.path(), &GRAYS, &voters);
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    std::fs::write(policies.join("bright.toml"), BRIGHT).unwrap();
    let mut config = Config::load(&folder.path().join("opine.toml")).unwrap();
    config.data.folder = Some(folder.path().join("data"));
    config.gates.folder = Some(policies);
    change(&mut config);
    let app = TestApp::start(assemble(&config).unwrap(), config);
    (folder, app)
}

/// An image of a line; in requests it is called the same.
fn image(gray: u8) -> Value {
    json!({"id": gray.to_string(), "base64": BASE64_STANDARD.encode(png::gray(gray))})
}

fn lines(items: &[&[u8]]) -> Vec<u8> {
    let line = |grays: &&[u8]| {
        let images: Vec<Value> = grays.iter().map(|gray| image(*gray)).collect();
        format!("{}\n", json!({"images": images}))
    };
    items.iter().map(line).collect::<String>().into_bytes()
}

/// A job of these settings.
fn submit(app: &TestApp, settings: &[(&str, &str)], items: &[&[u8]]) -> Reply {
    let manifest = lines(items);
    let mut parts: Vec<(&str, Option<&str>, &[u8])> = settings
        .iter()
        .map(|(name, value)| (*name, None, value.as_bytes()))
        .collect();
    parts.push(("manifest", Some("items.jsonl"), &manifest));
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    app.send("POST", "/v1/jobs", &headers, &form(&parts))
}

/// What came of each item.
fn results(app: &TestApp, settings: &[(&str, &str)], items: &[&[u8]]) -> Vec<Value> {
    let job = path(&submit(app, settings, items));
    assert_eq!(rested(app, &job)["state"], "finished");
    app.get(&format!("{job}/results")).lines()
}

fn post(app: &TestApp, path: &str, mut body: Value, grays: &[u8]) -> Value {
    body["images"] = grays.iter().map(|gray| image(*gray)).collect();
    let headers = [("content-type", "application/json")];
    let reply = app.send("POST", path, &headers, body.to_string().as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.json());
    reply.json()
}

/// Without what differs from run to run because answers are remembered.
fn told(mut result: Value) -> Value {
    for member in result["members"].as_array_mut().into_iter().flatten() {
        member["questions"] = Value::Null;
    }
    for member in result["panel"]["members"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        member["questions"] = Value::Null;
    }
    result
}

#[test]
fn a_panel_scores_compares_and_ranks_in_jobs_as_in_requests() {
    let (_folder, app) = app(|_| {});
    let raters = json!(["brightness", "log-brightness"]);
    let names = raters.to_string();
    let weights = r#"{"brightness": 3, "log-brightness": 1}"#;
    let settings = [
        ("operation", "score"),
        ("judges", names.as_str()),
        ("jury", "reliability"),
        ("weights", weights),
    ];
    let scored = results(&app, &settings, &[&[140], &[190]]);
    let body = json!({"judges": raters, "jury": "reliability", "weights": {"brightness": 3, "log-brightness": 1}});
    let own = post(&app, "/v1/score", body, &[140, 190]);
    for (line, own) in scored.iter().zip(own["results"].as_array().unwrap()) {
        assert_eq!(line["status"], "done");
        assert_eq!(told(line["result"].clone()), told(own.clone()));
        assert_eq!(line["result"]["members"][0]["share"], 0.75);
    }
    let judges = json!(["two-afc@sharp", "two-afc@silent"]);
    let names = judges.to_string();
    let settings = [
        ("operation", "compare"),
        ("judges", names.as_str()),
        ("quorum", "1"),
    ];
    let compared = results(&app, &settings, &[&[40, 90]]);
    let own = post(
        &app,
        "/v1/compare",
        json!({"judges": judges, "quorum": 1}),
        &[40, 90],
    );
    assert_eq!(
        told(compared[0]["result"].clone()),
        told(own["result"].clone())
    );
    assert_eq!(compared[0]["result"]["preference"], "second");
    // Without a quorum there is no number, and the job says so.
    let settings = [
        ("operation", "compare"),
        ("judges", names.as_str()),
        ("quorum", "2"),
    ];
    let none = &results(&app, &settings, &[&[40, 90]])[0];
    assert_eq!(
        (&none["status"], &none["reason"]),
        (&"unscored".into(), &"not_applicable".into())
    );
    let settings = [
        ("operation", "rank"),
        ("judges", names.as_str()),
        ("quorum", "1"),
        ("seed", "5"),
    ];
    let ranked = results(&app, &settings, &[&GRAYS]);
    let body = json!({"judges": judges, "quorum": 1, "seed": 5});
    let own = post(&app, "/v1/rank", body, &GRAYS);
    assert_eq!(told(ranked[0]["result"].clone()), told(own));
    assert_eq!(ranked[0]["result"]["items"][0]["item"], "190");
}

#[test]
fn lists_are_ranked_by_a_judge_that_puts_them_in_order() {
    let server = by_lightness(0.0, usize::MAX);
    let backend: BackendConfig = toml::from_str(&chat(&server, "")).unwrap();
    let (_folder, app) = app(|config| {
        config.backends.insert("server".into(), backend);
    });
    let settings = [
        ("operation", "rank"),
        ("judge", "best-to-worst@server"),
        ("repeats", "2"),
        ("seed", "3"),
    ];
    let ranked = results(&app, &settings, &[&[40, 250, 130], &[90, 200]]);
    let body = json!({"judge": "best-to-worst@server", "repeats": 2, "seed": 3});
    let mut own = post(&app, "/v1/rank", body, &[40, 250, 130]);
    own.as_object_mut().unwrap().remove("judge");
    assert_eq!(ranked[0]["result"], own);
    assert_eq!(ranked[0]["result"]["method"], "listwise");
    assert_eq!(ranked[1]["result"]["items"][0]["item"], "200");
}

#[test]
fn a_gate_decides_over_each_item_and_the_best_of_each_is_picked() {
    let (_folder, app) = app(|_| {});
    let settings = [("operation", "gate"), ("policy", "bright")];
    let decided = results(&app, &settings, &[&[230], &[120], &[20]]);
    let own = post(
        &app,
        "/v1/gate",
        json!({"policy": "bright"}),
        &[230, 120, 20],
    );
    let verdicts: Vec<&Value> = decided
        .iter()
        .map(|line| &line["result"]["verdict"])
        .collect();
    assert_eq!(verdicts, ["accept", "review", "reject"]);
    for (line, own) in decided.iter().zip(own["results"].as_array().unwrap()) {
        assert_eq!(line["result"], *own);
    }
    // Pictures of one colour would be passed over.
    let images: Vec<Value> = (0..3)
        .map(|seed| {
            let picture = jpeg(&photo(64, 64, seed), 90);
            json!({"id": seed.to_string(), "base64": BASE64_STANDARD.encode(picture)})
        })
        .collect();
    let manifest = format!("{}\n", json!({"images": images}));
    let query = "/v1/jobs?operation=best_of&judge=brightness";
    let lines = [("content-type", "application/jsonl")];
    let job = path(&app.send("POST", query, &lines, manifest.as_bytes()));
    assert_eq!(rested(&app, &job)["state"], "finished");
    let picked = app.get(&format!("{job}/results")).lines();
    let body = json!({"judge": "brightness", "images": images}).to_string();
    let headers = [("content-type", "application/json")];
    let own = app
        .send("POST", "/v1/best-of", &headers, body.as_bytes())
        .json();
    assert!(own["pick"].is_string(), "{own}");
    assert_eq!(picked[0]["result"], own);
}

#[test]
fn a_panel_or_policy_that_is_not_there_refuses_the_job_before_anything_is_stored() {
    let (_folder, app) = app(|_| {});
    for (settings, word) in [
        (
            &[("operation", "score"), ("judges", r#"["brihgtness"]"#)][..],
            "brightness",
        ),
        (
            &[("operation", "score"), ("judges", r#"["two-afc@sharp"]"#)],
            "two-afc",
        ),
        (
            &[
                ("operation", "score"),
                ("judges", r#"["brightness"]"#),
                ("judge", "brightness"),
            ],
            "`judge`",
        ),
        (
            &[
                ("operation", "score"),
                ("judges", r#"["brightness"]"#),
                ("jury", "reliability"),
            ],
            "calibration map",
        ),
        (&[("operation", "gate"), ("policy", "brigt")], "`bright`"),
        (&[("operation", "gate")], "policy"),
    ] {
        let problem = submit(&app, settings, &[&[40]]).problem("invalid_value");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{settings:?}: {detail}");
    }
    assert_eq!(app.get("/v1/jobs").json()["jobs"], json!([]));
}
