//! A job from its manifest to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use opine::backend::{Abilities, Backend, BackendError, BackendId};
use opine::judging::{Answer, Choice, Coverage, Prompt, Readout};
use serde_json::json;
use tempfile::TempDir;

use super::{images, manifest, path, rested, submit};
use crate::support::app::{TestApp, config, form};
use crate::support::backends::{Gated, engine_with};

fn app(backend: Arc<dyn Backend>, folder: &TempDir) -> TestApp {
    let mut config = config();
    config.data.folder = Some(folder.path().join("data"));
    config.jobs.images = Some(folder.path().to_owned());
    config.jobs.attempts = 1;
    config.jobs.pause_after = 3;
    config.jobs.seconds_to_park = 0;
    TestApp::start(engine_with(backend), config)
}

fn open(folder: &TempDir) -> TestApp {
    app(Gated::new(1 << 20), folder)
}

#[test]
fn every_item_has_the_result_of_its_own_route_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(&folder);
    let reply = submit(
        &app,
        "operation=score&judge=q-bench",
        &manifest(&images(600)),
    );
    let path = path(&reply);
    let job = rested(&app, &path);
    assert_eq!(job["state"], "finished");
    assert_eq!(
        job["items"],
        json!({"total": 600, "done": 600, "unscored": 0, "failed": 0, "waiting": 0})
    );
    let lines = app.get(&format!("{path}/results")).lines();
    assert_eq!(lines.len(), 600);
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(
            (&line["item"], &line["status"]),
            (&json!(index), &json!("done"))
        );
    }
    let body = json!({"judge": "q-bench", "images": [{"id": "item-7", "base64": "aW1hZ2UgNw=="}]});
    assert_eq!(lines[7]["result"], app.score(&body).results()[0]);
    // Whoever has seen the last event hears nothing more, and whoever has not hears of the end.
    let events = |headers: &[(&str, &str)]| {
        let events = app.send("GET", &format!("{path}/events"), headers, b"");
        String::from_utf8(events.body).unwrap()
    };
    let all = events(&[]);
    assert!(all.contains("event: finished\n"), "{all}");
    let last = all.lines().find_map(|line| line.strip_prefix("id: "));
    assert_eq!(events(&[("last-event-id", last.unwrap())]), "");
    assert_eq!(events(&[("last-event-id", "1")]), all);
    // A cursor reads on, and ends.
    let page = app.get(&format!("{path}/results?after=9&limit=2")).lines();
    assert_eq!([&page[0]["item"], &page[1]["item"]], [10, 11]);
    assert_eq!(page.len(), 2);
    assert!(
        app.get(&format!("{path}/results?after=599"))
            .lines()
            .is_empty()
    );
    app.get(&format!("{path}/results?after=x"))
        .problem("invalid_value");
    // Nothing is left to change, and then nothing at all.
    app.send("POST", &format!("{path}/cancel"), &[], b"")
        .problem("job_finished");
    assert_eq!(
        app.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(),
        1
    );
    assert_eq!(app.send("DELETE", &path, &[], b"").status, 200);
    for path in [
        path.clone(),
        format!("{path}/results"),
        format!("{path}/events"),
    ] {
        app.get(&path).problem("unknown_job");
    }
    assert_eq!(
        app.get("/v1/jobs").json(),
        json!({"jobs": [], "next": null})
    );
}

#[test]
fn a_bad_line_refuses_the_manifest_or_is_an_item_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("there.png"), b"there").unwrap();
    let app = open(&folder);
    let bad = concat!(
        "{\"id\":\"a\",\"base64\":\"aGk=\"}\n",
        "\n",
        "{\"ids\":\"b\",\"base64\":\"aGk=\"}\n",
        "{\"id\":\"a\",\"base64\":\"aGk=\"}\n",
        "{\"path\":\"there.png\"}\n",
        "{\"path\":\"gone.png\"}\n",
        "{\"path\":\"../there.png\"}\n",
        "{\"base64\":\"*\"}",
    );
    let query = "operation=score&judge=q-bench";
    let problem = submit(&app, query, bad.as_bytes()).problem("bad_manifest");
    assert!(
        problem["detail"].as_str().unwrap().starts_with("line 3: "),
        "{problem}"
    );
    assert!(
        problem["hint"].as_str().unwrap().contains("`id`"),
        "{problem}"
    );
    assert_eq!(app.get("/v1/jobs").json()["jobs"], json!([]));
    let reply = submit(&app, &format!("{query}&on_bad_line=fail"), bad.as_bytes());
    let path = path(&reply);
    let job = rested(&app, &path);
    assert_eq!(
        job["items"],
        json!({"total": 7, "done": 2, "unscored": 2, "failed": 3, "waiting": 0})
    );
    let lines = app.get(&format!("{path}/results")).lines();
    let seen: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["line"].as_u64(),
                line["status"].as_str().unwrap(),
                line["reason"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (None, "done", None),
            (Some(3), "failed", Some("bad_line")),
            (Some(4), "failed", Some("bad_line")),
            (None, "done", None),
            (None, "unscored", Some("file_unreadable")),
            (Some(7), "failed", Some("bad_line")),
            (None, "unscored", Some("image_base64")),
        ]
    );
}

#[test]
fn manifests_come_as_csv_and_in_forms() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(&folder);
    let csv = b"id,base64_1,base64_2\na,aGk=,aG8=\nb,aGk=,aGk=\n";
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    let parts: [(&str, Option<&str>, &[u8]); 3] = [
        ("operation", None, b"compare"),
        ("judge", None, b"q-bench"),
        ("manifest", Some("pairs.csv"), csv),
    ];
    let path = path(&app.send("POST", "/v1/jobs", &headers, &form(&parts)));
    assert_eq!(rested(&app, &path)["items"]["done"], 2);
    let lines = app.get(&format!("{path}/results")).lines();
    assert_eq!(lines[1]["id"], "b");
    assert_eq!(lines[1]["result"]["preference"], "tie");
    let late: [(&str, Option<&str>, &[u8]); 2] = [parts[2], parts[0]];
    app.send("POST", "/v1/jobs", &headers, &form(&late))
        .problem("missing_field");
    let query = "operation=rank&judge=q-bench&method=scores";
    let lines =
        "{\"id\":\"set\",\"images\":[{\"base64\":\"aGk=\"},{\"id\":\"x\",\"base64\":\"aG8=\"}]}";
    let path = super::path(&submit(&app, query, lines.as_bytes()));
    rested(&app, &path);
    let lines = app.get(&format!("{path}/results")).lines();
    assert_eq!(
        lines[0]["result"]["items"].as_array().unwrap().len(),
        2,
        "{}",
        lines[0]
    );
}

#[test]
fn what_cannot_be_done_is_refused_before_the_manifest_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(&folder);
    let one = manifest(&images(1));
    for (query, code) in [
        ("judge=q-bench", "missing_field"),
        ("operation=paint&judge=q-bench", "invalid_value"),
        ("operation=score&judge=nobody", "unknown_judge"),
        ("operation=score&judge=q-bench&seed=1", "invalid_value"),
        (
            "operation=score&judge=q-bench&calibrated=maybe",
            "invalid_value",
        ),
        (
            "operation=score&judge=q-bench&on_bad_line=x",
            "invalid_value",
        ),
        ("operation=score&judge=q-bench&jugde=x", "unknown_field"),
        ("operation=score&operation=score", "duplicate_field"),
    ] {
        submit(&app, query, &one).problem(code);
    }
    let query = "operation=score&judge=q-bench";
    submit(&app, query, b"\n \n").problem("bad_manifest");
    let json = [("content-type", "application/json")];
    app.send("POST", "/v1/jobs?operation=score", &json, &one)
        .problem("unsupported_media_type");
    let small = {
        let mut config = config();
        config.data.folder = Some(folder.path().join("small"));
        config.jobs.items = 2;
        config.jobs.line_bytes = 100;
        TestApp::start(engine_with(Gated::new(9)), config)
    };
    submit(&small, query, &manifest(&images(3))).problem("too_many_items");
    submit(&small, query, &manifest(&[vec![0; 100]])).problem("bad_manifest");
    assert_eq!(small.get("/v1/jobs").json()["jobs"], json!([]));
    // Without a data folder nothing is kept, and the reply says how it would be.
    let off = TestApp::start(engine_with(Gated::new(9)), config());
    let problem = submit(&off, query, &one).problem("jobs_off");
    assert!(problem["hint"].as_str().unwrap().contains("--data"));
}

#[test]
fn a_job_is_stopped_resumed_and_survives_a_stop_of_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Gated::new(0);
    let mut first = app(Arc::clone(&gate) as _, &folder);
    let path = path(&submit(
        &first,
        "operation=score&judge=q-bench",
        &manifest(&images(20)),
    ));
    for _ in 0..4 {
        gate.wait_for_one();
    }
    let job = first
        .send("POST", &format!("{path}/cancel"), &[], b"")
        .json();
    assert_eq!(job["state"], "cancelled");
    assert_eq!(rested(&first, &path)["state"], "cancelled");
    // Twice is as good as once, and another judge's item is asked meanwhile as before.
    assert_eq!(
        first
            .send("POST", &format!("{path}/cancel"), &[], b"")
            .status,
        200
    );
    let job = first
        .send("POST", &format!("{path}/resume"), &[], b"")
        .json();
    assert!(
        job["state"] == "queued" || job["state"] == "running",
        "{job}"
    );
    gate.wait_for_one();
    first.stop().unwrap();
    drop(first);
    super::released(&folder.path().join("data"));
    let second = open(&folder);
    let job = rested(&second, &path);
    assert_eq!(
        (&job["state"], &job["items"]["done"]),
        (&json!("finished"), &json!(20))
    );
    assert_eq!(second.get(&format!("{path}/results")).lines().len(), 20);
}

/// Fails so many questions, and answers the others.
struct Failing {
    id: BackendId,
    left: AtomicUsize,
}

#[async_trait]
impl Backend for Failing {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn abilities(&self) -> Abilities {
        Abilities::of_classifier(Readout::ClosedSet, 1)
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        let answer = || match left {
            Ok(_) => Err(BackendError::Failed {
                message: "as told".into(),
            }),
            Err(_) => Ok(Answer::Choice(
                Choice::new(vec![0.0; 2], Some(Coverage::FULL), Readout::ClosedSet).unwrap(),
            )),
        };
        prompts.iter().map(|_| answer()).collect()
    }
}

#[test]
fn a_backend_that_fails_again_and_again_pauses_the_job_and_its_items_wait() {
    let folder = tempfile::tempdir().unwrap();
    let id = BackendId {
        name: "failing".into(),
        model_revision: "1".into(),
    };
    let backend = Failing {
        id,
        left: AtomicUsize::new(4),
    };
    let app = app(Arc::new(backend), &folder);
    let path = path(&submit(
        &app,
        "operation=score&judge=q-bench",
        &manifest(&images(40)),
    ));
    let job = rested(&app, &path);
    assert_eq!(job["state"], "paused", "{job}");
    assert!(job["detail"].as_str().unwrap().contains("as told"), "{job}");
    assert_eq!(job["items"]["failed"], 3);
    let lines = app.get(&format!("{path}/results")).lines();
    assert_eq!(lines[0]["reason"], "backend");
    assert!(lines[0]["result"]["score"].is_null());
    app.send("POST", &format!("{path}/resume"), &[], b"");
    let job = rested(&app, &path);
    assert_eq!(
        job["items"],
        json!({"total": 40, "done": 37, "unscored": 0, "failed": 3, "waiting": 0})
    );
}

#[test]
fn a_panic_is_one_failed_item() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(&folder);
    let mut images = images(5);
    images[2] = b"panic".to_vec();
    let path = path(&submit(
        &app,
        "operation=score&judge=q-bench",
        &manifest(&images),
    ));
    let job = rested(&app, &path);
    assert_eq!(
        (&job["items"]["done"], &job["items"]["failed"]),
        (&json!(4), &json!(1))
    );
}

#[test]
fn jobs_share_a_backend_item_by_item() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Gated::new(0);
    let app = app(Arc::clone(&gate) as _, &folder);
    let query = "operation=score&judge=q-bench";
    let long = path(&submit(&app, query, &manifest(&images(400))));
    for _ in 0..4 {
        gate.wait_for_one();
    }
    let short = path(&submit(
        &app,
        query,
        b"{\"base64\":\"aGk=\"}\n{\"base64\":\"aG8=\"}\n",
    ));
    // Four of the long one are in work; after them both take turns.
    gate.open(12);
    assert_eq!(rested(&app, &short)["state"], "finished");
    assert!(app.get(&long).json()["items"]["done"].as_u64().unwrap() <= 12);
    gate.open(1_000);
    assert_eq!(rested(&app, &long)["items"]["done"], 400);
}
