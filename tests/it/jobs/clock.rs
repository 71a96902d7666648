//! A clock on the wall that is set back and forward while the service runs, and while it does not.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::chaos::{QUERY, configuration, decide, pictures};
use super::manifest;
use crate::support::app::Reply;
use crate::support::preload::library;
use crate::support::scripted::Scripted;
use crate::support::served::Served;

const DAY: i64 = 86_400;

fn set(folder: &Path, seconds: i64) {
    fs::write(folder.join("shift"), seconds.to_string()).unwrap();
}

fn submit(served: &Served, key: &str) -> Reply {
    let headers = [
        ("content-type", "application/jsonl"),
        ("idempotency-key", key),
    ];
    let query = format!("/v1/jobs?{QUERY}");
    let reply = served.send("POST", &query, &headers, &manifest(&pictures(10)));
    reply.unwrap()
}

/// Names of all jobs, the latest first, each of which comes to its end.
fn jobs(served: &Served) -> Vec<Value> {
    let jobs = served.get("/v1/jobs").json()["jobs"].clone();
    let jobs = jobs.as_array().unwrap().iter().map(|job| {
        let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
        served.get(&format!("{path}/events"));
        assert_eq!(served.get(&path).json()["state"], "finished");
        assert_eq!(served.get(&format!("{path}/results")).lines().len(), 10);
        job["id"].clone()
    });
    jobs.collect()
}

#[test]
fn a_clock_that_is_set_loses_no_job_and_doubles_none() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Scripted::forgetful(decide);
    let config = configuration(&folder, &engine.url("/v1"));
    let data = folder.path().join("data");
    let clock = library("clock", folder.path());
    let start = || {
        let arguments = ["--data", data.to_str().unwrap(), "--config", &config];
        let between = |program: &mut std::process::Command| {
            program
                .env("LD_PRELOAD", &clock)
                .env("CLOCK_SHIFT", folder.path().join("shift"));
        };
        Served::start_with(between, &arguments)
    };
    let id = |reply: Reply| {
        assert_eq!(reply.status, 202, "{}", reply.json());
        reply.json()["id"].clone()
    };
    set(folder.path(), 0);
    let served = start();
    let one = id(submit(&served, "one"));
    for shift in [-3 * DAY, -20_000 * DAY] {
        set(folder.path(), shift);
        // What was answered stays answered, and what is new is newer than what was there.
        assert_eq!(id(submit(&served, "one")), one, "{shift}");
        let two = id(submit(&served, "two"));
        assert_eq!(jobs(&served), [two, one.clone()], "{shift}");
    }
    served.kill();
    let served = start();
    assert_eq!(id(submit(&served, "one")), one);
    let three = id(submit(&served, "three"));
    assert_eq!(jobs(&served)[0], three);
    // The time of a reply is over at last.
    set(folder.path(), 30 * DAY);
    assert_ne!(id(submit(&served, "one")), one);
    assert_eq!(jobs(&served).len(), 4);
    assert_eq!(served.get("/healthz").status, 200);
    assert_eq!(served.terminate().code(), Some(0));
}
