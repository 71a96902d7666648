//! Kill -9 at random points: nothing is lost, nothing is there twice.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::manifest;
use crate::support::lots::Lots;
use crate::support::png;
use crate::support::scripted::{Asked, Play, Scripted};
use crate::support::served::Served;

/// Kills while items are asked; `make chaos` makes the two hundred.
const KILLS: usize = if cfg!(feature = "chaos-tests") {
    200
} else {
    50
};

/// Items, so that there is work left at the last kill.
const ITEMS: usize = KILLS * 6;

const CONCURRENCY: usize = 4;

/// Results that may wait for the disk when the process is killed: a constant of the dispatcher.
const SAVING: usize = 32;

/// A configuration with the backend `decider` at this address.
pub(super) fn configuration(folder: &TempDir, url: &str) -> String {
    let path = folder.path().join("opine.toml");
    let text = format!(
        "[backends.decider]\nkind = \"systemone\"\nurl = \"{url}\"\nmodel = \"decider\"\nconcurrency = {CONCURRENCY}\n"
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A server of decisions that depend on what is asked; it tells when a set number of questions has come.
struct Decider {
    server: Scripted,
    left: Arc<AtomicI64>,
    questions: Arc<AtomicI64>,
    tell: Arc<Mutex<Option<Sender<()>>>>,
}

impl Decider {
    fn start() -> Self {
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let questions = Arc::new(AtomicI64::new(0));
        let tell: Arc<Mutex<Option<Sender<()>>>> = Arc::default();
        let (counted, asked_so_far, told) =
            (Arc::clone(&left), Arc::clone(&questions), Arc::clone(&tell));
        let server = Scripted::forgetful(move |asked| {
            if asked.method != "POST" {
                return Play::status(404, "nothing else is here");
            }
            asked_so_far.fetch_add(1, Ordering::SeqCst);
            if counted.fetch_sub(1, Ordering::SeqCst) == 1
                && let Some(tell) = told.lock().unwrap().take()
            {
                tell.send(()).unwrap();
            }
            decide(asked)
        });
        Decider {
            server,
            left,
            questions,
            tell,
        }
    }
}

pub(super) fn decide(asked: &Asked) -> Play {
    let sum: u32 = asked.body.iter().map(|byte| u32::from(*byte)).sum();
    let good = f64::from(sum % 97) / 100.0 + 0.01;
    Play::json(&json!({
        "answers": {"opinion": {"type": "choice", "probabilities": {"good": good, "poor": 1.0 - good}}},
        "usage": {"input_tokens": 70, "output_tokens": 0},
    }))
}

pub(super) fn pictures(count: usize) -> Vec<Vec<u8>> {
    let byte = |index: usize| u8::try_from(index % 251).unwrap();
    (0..count)
        .map(|index| png::plain(2, 2, [byte(index), byte(index / 251), 7]))
        .collect()
}

pub(super) const QUERY: &str = "operation=score&judge=q-bench@decider";

fn submit(served: &Served, key: &str, body: &[u8]) -> Option<Value> {
    let headers = [
        ("content-type", "application/jsonl"),
        ("idempotency-key", key),
    ];
    let reply = served.send("POST", &format!("/v1/jobs?{QUERY}"), &headers, body)?;
    assert_eq!(reply.status, 202, "{}", reply.json());
    Some(reply.json())
}

fn path(job: &Value) -> String {
    format!("/v1/jobs/{}", job["id"].as_str().unwrap())
}

/// All results of a job, once it rests.
fn results(served: &Served, path: &str) -> Vec<Value> {
    served.get(&format!("{path}/events"));
    assert_eq!(served.get(path).json()["state"], "finished");
    served.get(&format!("{path}/results")).lines()
}

#[test]
fn whatever_ends_the_process_every_item_has_one_result() {
    let folder = tempfile::tempdir().unwrap();
    let decider = Decider::start();
    let configuration = configuration(&folder, &decider.server.url("/v1"));
    let arguments = |data: &'static str| {
        let data = folder.path().join(data).to_str().unwrap().to_owned();
        [
            "--config".to_owned(),
            configuration.clone(),
            "--data".to_owned(),
            data,
        ]
    };
    let start = |data: &'static str| {
        let arguments = arguments(data);
        Served::start(&arguments.each_ref().map(String::as_str))
    };
    let bodies = pictures(ITEMS);
    let (one, other) = bodies.split_at(ITEMS / 3);
    let (one, other) = (manifest(one), manifest(other));

    let calm = start("calm");
    let calm_jobs = [
        submit(&calm, "one", &one).unwrap(),
        submit(&calm, "other", &other).unwrap(),
    ];
    let expected = calm_jobs.map(|job| results(&calm, &path(&job)));
    calm.kill();
    let calm_questions = decider.questions.swap(0, Ordering::SeqCst);
    assert_eq!(
        usize::try_from(calm_questions).unwrap(),
        ITEMS,
        "each is asked once"
    );

    let mut lots = Lots(0x5eed_0b1e);
    let served = start("data");
    let jobs = [
        submit(&served, "one", &one).unwrap(),
        submit(&served, "other", &other).unwrap(),
    ];
    let mut running = Some(served);
    for kill in 0..KILLS {
        // The next kill comes with the so-manieth question from now, or a little after it: in the middle of
        // questions, of commits and, every tenth time, of the start itself.
        let (send, told) = channel();
        *decider.tell.lock().unwrap() = Some(send);
        decider
            .left
            .store(i64::try_from(1 + lots.below(6)).unwrap(), Ordering::SeqCst);
        let served = running.take().unwrap_or_else(|| {
            let arguments = arguments("data");
            Served::spawn(&arguments.each_ref().map(String::as_str))
        });
        let pause = Duration::from_micros(lots.below(4_000));
        if kill % 10 == 9 {
            thread::sleep(pause * 20);
        } else {
            assert!(told.recv_timeout(Duration::from_secs(60)).is_ok());
            thread::sleep(pause);
        }
        served.kill();
    }
    decider.left.store(i64::MAX, Ordering::SeqCst);

    let served = start("data");
    let before = served.get(&path(&jobs[1])).json();
    assert!(
        before["items"]["waiting"].as_u64().unwrap() > 0,
        "all was done before the last kill: {before}"
    );
    for (job, expected) in jobs.iter().zip(&expected) {
        let found = results(&served, &path(job));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found, expected);
        }
    }
    // The manifests were accepted once, however often they are sent.
    assert_eq!(submit(&served, "one", &one).unwrap()["id"], jobs[0]["id"]);
    assert_eq!(
        served.get("/v1/jobs").json()["jobs"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let questions = usize::try_from(decider.questions.load(Ordering::SeqCst)).unwrap();
    let most = ITEMS + KILLS * (CONCURRENCY + SAVING);
    assert!((ITEMS..=most).contains(&questions), "{questions} questions");
    // Far fewer in truth: what was in flight, and not what may have been.
    assert!(
        questions <= ITEMS + KILLS * 3 * CONCURRENCY,
        "{questions} questions for {ITEMS} items and {KILLS} kills"
    );
    assert_eq!(served.terminate().code(), Some(0));
}

#[test]
fn a_manifest_that_is_sent_until_it_is_accepted_is_one_job() {
    let folder = tempfile::tempdir().unwrap();
    let decider = Decider::start();
    let configuration = configuration(&folder, &decider.server.url("/v1"));
    let data = folder.path().join("data");
    let arguments = ["--config", &configuration, "--data", data.to_str().unwrap()];
    let body = manifest(&pictures(2_500));
    let mut lots = Lots(77);
    let mut accepted = None;
    for _ in 0..8 {
        let served = Served::start(&arguments);
        let pid = served.child.id().to_string();
        let pause = Duration::from_millis(lots.below(120));
        let killer = thread::spawn(move || {
            thread::sleep(pause);
            let killed = std::process::Command::new("kill")
                .args(["-9", &pid])
                .status();
            assert!(killed.unwrap().success());
        });
        if let Some(job) = submit(&served, "manifest", &body) {
            let id = accepted.get_or_insert_with(|| job["id"].clone());
            assert_eq!(*id, job["id"]);
        }
        killer.join().unwrap();
        served.kill();
    }
    let served = Served::start(&arguments);
    let job = submit(&served, "manifest", &body).unwrap();
    assert_eq!(job["items"]["total"], 2_500);
    assert!(accepted.is_none_or(|id| id == job["id"]));
    assert_eq!(
        served.get("/v1/jobs").json()["jobs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_graceful_stop_parks_the_jobs_and_the_next_start_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let decider = Decider::start();
    let configuration = configuration(&folder, &decider.server.url("/v1"));
    let data = folder.path().join("data");
    let arguments = ["--config", &configuration, "--data", data.to_str().unwrap()];
    let (send, told) = channel();
    *decider.tell.lock().unwrap() = Some(send);
    decider.left.store(30, Ordering::SeqCst);
    let served = Served::start(&arguments);
    let job = submit(&served, "k", &manifest(&pictures(400))).unwrap();
    told.recv().unwrap();
    assert_eq!(served.terminate().code(), Some(0));
    let asked = decider.questions.load(Ordering::SeqCst);
    assert!(asked < 400, "the stop came too late to be seen: {asked}");
    let served = Served::start(&arguments);
    assert_eq!(results(&served, &path(&job)).len(), 400);
    // What was in work at the stop was finished: nothing is asked twice.
    assert_eq!(decider.questions.load(Ordering::SeqCst), 400);
}
