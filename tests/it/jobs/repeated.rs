//! `Idempotency-Key`: nothing is done twice.

use std::sync::Arc;

use serde_json::json;

use super::{images, manifest};
use crate::support::app::{Reply, TestApp, config, form};
use crate::support::backends::{Gated, engine_with};

const SCORE: &str = r#"{"judge": "q-bench", "images": [{"base64": "aGk="}]}"#;

fn post(app: &TestApp, path: &str, media_type: &str, key: &str, body: &[u8]) -> Reply {
    let headers = [("content-type", media_type), ("idempotency-key", key)];
    app.send("POST", path, &headers, body)
}

fn score(app: &TestApp, key: &str, body: &str) -> Reply {
    post(app, "/v1/score", "application/json", key, body.as_bytes())
}

fn is_replayed(reply: &Reply) -> bool {
    reply.headers.contains_key("idempotency-replayed")
}

#[test]
fn the_same_request_gets_the_same_reply_and_another_one_is_refused() {
    let gate = Gated::new(1);
    let app = TestApp::start(engine_with(Arc::clone(&gate) as _), config());
    let first = score(&app, "a", SCORE);
    assert_eq!((first.status, is_replayed(&first)), (200, false));
    // The gate is closed now: nobody is asked again.
    let again = score(&app, "a", SCORE);
    assert!(is_replayed(&again));
    assert_eq!((again.status, again.body), (first.status, first.body));
    score(&app, "a", &SCORE.replace("aGk=", "aG8=")).problem("idempotency_key_reused");
    post(&app, "/v1/rank", "application/json", "a", SCORE.as_bytes())
        .problem("idempotency_key_reused");
    // A refusal is a reply like any other, and tells the id of the request that it answers.
    let wrong = SCORE.replace("judge", "jugde");
    let first = score(&app, "b", &wrong);
    let again = score(&app, "b", &wrong);
    assert!(is_replayed(&again) && !is_replayed(&first));
    let (first, again_json) = (
        first.problem("unknown_field"),
        again.problem("unknown_field"),
    );
    assert_eq!(first["detail"], again_json["detail"]);
    assert_eq!(
        again_json["request_id"],
        again.headers["x-request-id"].as_str()
    );
    for key in ["", "a b", &"x".repeat(256)] {
        score(&app, key, SCORE).problem("invalid_value");
    }
    assert_eq!(score(&app, &"x".repeat(255), &wrong).status, 422);
}

#[test]
fn a_form_is_the_same_whatever_its_boundary() {
    let app = TestApp::start(engine_with(Gated::new(1)), config());
    let body = String::from_utf8(form(&[
        ("judge", None, b"q-bench"),
        ("image", Some("x"), b"hi"),
    ]))
    .unwrap();
    let send = |boundary: &str| {
        let media_type = format!("multipart/form-data; boundary={boundary}");
        post(
            &app,
            "/v1/score",
            &media_type,
            "k",
            body.replace("border", boundary).as_bytes(),
        )
    };
    assert_eq!(send("one").status, 200);
    let again = send("another");
    assert_eq!((again.status, is_replayed(&again)), (200, true));
}

#[test]
fn while_the_first_is_answered_the_second_is_told_to_wait() {
    let gate = Gated::new(0);
    let app = TestApp::start(engine_with(Arc::clone(&gate) as _), config());
    std::thread::scope(|scope| {
        let first = scope.spawn(|| score(&app, "k", SCORE));
        gate.wait_for_one();
        let second = score(&app, "k", SCORE);
        second.problem("idempotency_in_flight");
        assert_eq!(second.headers["retry-after"], "1");
        gate.open(1);
        let first = first.join().unwrap();
        let third = score(&app, "k", SCORE);
        assert_eq!((first.status, first.body), (third.status, third.body));
    });
}

#[test]
fn a_reply_that_was_a_fault_of_the_moment_is_not_stored() {
    let gate = Gated::new(0);
    let mut config = config();
    config.limits.requests_in_flight = 1;
    let app = TestApp::start(engine_with(Arc::clone(&gate) as _), config);
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| app.score_text(SCORE));
        gate.wait_for_one();
        score(&app, "k", SCORE).problem("overloaded");
        gate.open(2);
        assert_eq!(busy.join().unwrap().status, 200);
        let reply = score(&app, "k", SCORE);
        assert_eq!((reply.status, is_replayed(&reply)), (200, false));
    });
    let panics = SCORE.replace("aGk=", "cGFuaWM=");
    for _ in 0..2 {
        assert!(!is_replayed(&score(&app, "p", &panics)));
    }
}

#[test]
fn replies_survive_a_restart_and_a_job_is_begun_once() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let mut config = config();
        config.data.folder = Some(folder.path().to_owned());
        TestApp::start(engine_with(Gated::new(100)), config)
    };
    let query = "/v1/jobs?operation=score&judge=q-bench";
    let body = manifest(&images(3));
    let app = start();
    let scored = score(&app, "s", SCORE);
    let job = post(&app, query, "application/jsonl", "j", &body);
    assert_eq!(job.status, 202, "{}", job.json());
    drop(app);
    super::released(folder.path());
    let app = start();
    let again = score(&app, "s", SCORE);
    assert!(is_replayed(&again));
    assert_eq!(again.body, scored.body);
    let again = post(&app, query, "application/jsonl", "j", &body);
    assert!(is_replayed(&again));
    assert_eq!(
        (again.status, again.json()["id"].clone()),
        (202, job.json()["id"].clone())
    );
    assert_eq!(
        app.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(),
        1
    );
    post(&app, query, "application/jsonl", "j", &manifest(&images(4)))
        .problem("idempotency_key_reused");
    // A manifest that was refused can be corrected under a new key only.
    let bad = post(&app, query, "application/jsonl", "b", b"{}\n");
    assert_eq!(bad.problem("bad_manifest")["status"], json!(422));
}
