//! The data folder: full, taken, damaged.

use std::process::Command;
use std::time::{Duration, Instant};

use super::chaos::{QUERY, decide, pictures};
use super::{images, manifest};
use crate::support::app::{TestApp, config};
use crate::support::backends::{Gated, engine_with};
use crate::support::scripted::{Play, Scripted};
use crate::support::served::Served;

#[test]
fn a_full_store_answers_507_and_goes_on_when_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config();
    config.data.folder = Some(folder.path().to_owned());
    config.data.most_bytes = Some(1 << 20);
    let app = TestApp::start(engine_with(Gated::new(1 << 20)), config);
    let query = "operation=score&judge=q-bench";
    let kept = super::path(&super::submit(&app, query, &manifest(&images(50))));
    assert_eq!(super::rested(&app, &kept)["items"]["done"], 50);
    let large: Vec<Vec<u8>> = (0..40).map(|index| vec![index; 50_000]).collect();
    let full = super::submit(&app, query, &manifest(&large));
    full.problem("storage_full");
    assert_eq!(full.headers["retry-after"], "60");
    // What was there is whole, and what was begun is gone.
    assert_eq!(app.get(&format!("{kept}/results")).lines().len(), 50);
    assert_eq!(
        app.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(),
        1
    );
    // What was refused goes when its reply is sent already: there is space in a moment.
    let mut again = (0..2_000).map(|_| super::submit(&app, query, &manifest(&images(50))));
    let again = again.find(|reply| reply.status == 202).unwrap();
    let again = super::path(&again);
    assert_eq!(super::rested(&app, &again)["items"]["done"], 50);
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_file_sizes_is_a_full_disk_and_not_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let served = Served::start(&[
        "--data",
        data.to_str().unwrap(),
        "--config",
        &super::chaos::configuration(&folder, "http://127.0.0.1:9/v1"),
    ]);
    let pid = served.child.id().to_string();
    let limit = |bytes: &str| {
        let limited = Command::new("prlimit")
            .args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")])
            .status();
        assert!(limited.unwrap().success());
    };
    limit("200000");
    let query = "/v1/jobs?operation=score&judge=q-bench@decider";
    let large: Vec<Vec<u8>> = (0..40).map(|index| vec![index; 50_000]).collect();
    let body = manifest(&large);
    let headers = [
        ("content-type", "application/jsonl"),
        ("idempotency-key", "large"),
    ];
    let send = || served.send("POST", query, &headers, &body).unwrap();
    send().problem("storage_full");
    assert_eq!(served.get("/healthz").status, 200);
    assert_eq!(
        served.get("/v1/jobs").json()["jobs"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    limit("unlimited");
    assert_eq!(send().status, 202);
}

#[cfg(target_os = "linux")]
#[test]
fn results_of_a_running_job_wait_for_space_and_none_is_lost() {
    const ITEMS: usize = 60;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Scripted::forgetful(|asked| {
        Play::Later(Duration::from_millis(40), Box::new(decide(asked)))
    });
    let served = Served::start(&[
        "--data",
        data.to_str().unwrap(),
        "--config",
        &super::chaos::configuration(&folder, &server.url("/v1")),
    ]);
    let limit = |bytes: &str| {
        let pid = served.child.id().to_string();
        let limited = Command::new("prlimit")
            .args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")])
            .status();
        assert!(limited.unwrap().success());
    };
    let headers = [("content-type", "application/jsonl")];
    let body = manifest(&pictures(ITEMS));
    let query = format!("/v1/jobs?{QUERY}");
    let job = super::path(&served.send("POST", &query, &headers, &body).unwrap());
    // The journal may not grow by another result.
    let journal = std::fs::metadata(data.join("opine.sqlite-wal")).unwrap();
    limit(&journal.len().to_string());
    let told = |job: &serde_json::Value| {
        let detail = job["detail"].as_str().unwrap_or_default();
        detail.contains("space")
    };
    let patience = Instant::now() + Duration::from_secs(30);
    while !told(&served.get(&job).json()) {
        assert!(Instant::now() < patience, "{}", served.get(&job).json());
    }
    let stalled = served.get(&job).json();
    assert!(stalled["items"]["waiting"].as_u64() > Some(0), "{stalled}");
    assert_eq!(served.get("/healthz").status, 200);
    limit("unlimited");
    served.get(&format!("{job}/events"));
    let lines = served.get(&format!("{job}/results")).lines();
    let places: Vec<u64> = lines
        .iter()
        .map(|line| line["item"].as_u64().unwrap())
        .collect();
    assert_eq!(places, (0..ITEMS as u64).collect::<Vec<_>>());
    assert!(lines.iter().all(|line| line["status"] == "done"));
}

#[test]
fn a_second_process_on_the_same_folder_is_refused_with_the_first_one_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let first = Served::start(&["--data", data]);
    let mut second = Served::spawn(&["--data", data]);
    assert!(!second.listens());
    assert_eq!(second.child.wait().unwrap().code(), Some(2));
    let mut third = Served::spawn(&["--data", data]);
    let said = third.said();
    assert_eq!(third.child.wait().unwrap().code(), Some(2));
    assert!(
        said.contains(&format!("process {}", first.child.id())),
        "{said}"
    );
    assert_eq!(first.get("/healthz").status, 200);
    first.kill();
    // A process that was killed holds nothing.
    assert_eq!(Served::start(&["--data", data]).terminate().code(), Some(0));
}

#[test]
fn a_damaged_database_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("opine.sqlite"), vec![0x5a; 8192]).unwrap();
    let data = folder.path().to_str().unwrap();
    let mut refused = Served::spawn(&["--data", data]);
    let said = refused.said();
    assert_eq!(refused.child.wait().unwrap().code(), Some(2));
    assert!(
        said.contains("damaged") && said.contains("--salvage"),
        "{said}"
    );
    let salvaged = Served::start(&["--data", data, "--salvage"]);
    assert_eq!(salvaged.get("/v1/jobs").status, 200);
    assert!(folder.path().join("opine.sqlite.damaged-1").exists());
}
