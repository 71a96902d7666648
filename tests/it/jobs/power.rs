//! Power that is cut at any moment, and a disk that cannot be waited for: what was said to be there is there.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use opine::store::{Store, StoreOptions};

use super::chaos::{QUERY, configuration, decide, pictures};
use super::{manifest, path};
use crate::support::disk::{Disk, Files};
use crate::support::lots::Lots;
use crate::support::scripted::Scripted;
use crate::support::served::Served;

/// Moments at which the power is cut.
const CUTS: usize = 80;

/// The caller where no keys are.
const CALLER: &str = "local";

/// What the service said by that moment: that it has a job of so many items, and so many results of it.
struct Said {
    when: u64,
    job: String,
    items: i64,
    results: usize,
}

/// What it does, and what it says meanwhile, until it is killed.
struct Told<'a> {
    served: &'a Served,
    disk: &'a Disk,
    said: Vec<Said>,
}

impl Told<'_> {
    fn submit(&mut self, key: &str, body: &[u8]) -> crate::support::app::Reply {
        let headers = [
            ("content-type", "application/jsonl"),
            ("idempotency-key", key),
        ];
        let query = format!("/v1/jobs?{QUERY}");
        self.served.send("POST", &query, &headers, body).unwrap()
    }

    fn begin(&mut self, key: &str, body: &[u8]) -> String {
        let reply = self.submit(key, body);
        let job = path(&reply);
        self.note(&job, reply.json()["items"]["total"].as_i64().unwrap(), 0);
        job
    }

    fn note(&mut self, job: &str, items: i64, results: usize) {
        self.said.push(Said {
            when: self.disk.now(),
            job: job.rsplit('/').next().unwrap().to_owned(),
            items,
            results,
        });
    }

    /// The results that are there now.
    fn look(&mut self, job: &str, items: i64) -> usize {
        let results = self.served.get(&format!("{job}/results")).lines().len();
        self.note(job, items, results);
        results
    }

    fn finish(&mut self, job: &str, items: i64) {
        self.served.get(&format!("{job}/events"));
        assert_eq!(self.look(job, items), usize::try_from(items).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_to_be_stored_is_there_whenever_the_power_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let disk = Disk::new(folder.path(), &data);
    let said = tokio::task::block_in_place(|| work(&disk, &folder, &data));
    let notes = disk.notes();
    let mut lots = Lots(0x0b5e_55ed);
    let mut files = Files::default();
    // Most of them about a moment at which the disk is waited for: before, between and after.
    let waits: Vec<usize> = (0..notes.len()).filter(|at| notes[*at].waits()).collect();
    let mut cuts: Vec<usize> = (0..CUTS)
        .map(|_| waits[lots.place(waits.len())] + lots.place(4))
        .map(|at| at.saturating_sub(2).min(notes.len() - 1))
        .collect();
    cuts.sort_unstable();
    let mut found = Vec::new();
    for (at, note) in notes.iter().enumerate() {
        files.follow(note, &mut lots);
        for _ in cuts.iter().filter(|cut| **cut == at) {
            let left = tempfile::tempdir().unwrap();
            files.cut_power(left.path(), &mut lots);
            let promised = said.iter().filter(|said| said.when <= note.end);
            found.push(check(left.path(), promised).await);
        }
    }
    // Every byte that the process wrote is among the notes.
    for (name, bytes) in files.seen() {
        assert!(fs::read(data.join(name)).unwrap() == bytes, "{name}");
    }
    found.sort_unstable();
    found.dedup();
    assert!(found.len() > CUTS / 4, "the cuts were all alike: {found:?}");
}

/// Jobs that come and are worked on, a disk that fails in between, and a kill at the end.
fn work(disk: &Disk, folder: &tempfile::TempDir, data: &std::path::Path) -> Vec<Said> {
    // The engine rests where a test wants a job to be at work, and not over.
    let answers = Arc::new(AtomicUsize::new(50));
    let left = Arc::clone(&answers);
    let server = Scripted::forgetful(move |asked| {
        while asked.index >= left.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        decide(asked)
    });
    let config = configuration(folder, &server.url("/v1"));
    let arguments = ["--data", data.to_str().unwrap(), "--config", &config];
    let served = Served::start_with(|program| disk.stand_between(program), &arguments);
    let mut told = Told {
        served: &served,
        disk,
        said: Vec::new(),
    };
    let one = told.begin("one", &manifest(&pictures(120)));
    while told.look(&one, 120) < 40 {}
    disk.fail(true);
    answers.store(60, Ordering::SeqCst);
    let two = manifest(&pictures(30));
    let refused = told.submit("two", &two);
    refused.problem("storage_full");
    assert!(refused.headers.contains_key("retry-after"));
    let patience = Instant::now() + Duration::from_secs(30);
    while served.get(&one).json()["detail"].is_null() {
        assert!(Instant::now() < patience, "{}", served.get(&one).json());
        thread::sleep(Duration::from_millis(20));
    }
    told.look(&one, 120);
    assert_eq!(served.get("/healthz").status, 200);
    disk.fail(false);
    answers.store(usize::MAX, Ordering::SeqCst);
    let two = told.begin("two", &two);
    told.finish(&one, 120);
    told.finish(&two, 30);
    // Enough to be folded from the journal into the database, more than once.
    for round in 0..3_u8 {
        let mut large = pictures(25);
        for picture in &mut large {
            picture.resize(100_000, round);
        }
        let job = told.begin(
            &format!("large {round}").replace(' ', "-"),
            &manifest(&large),
        );
        told.finish(&job, 25);
    }
    let said = told.said;
    served.kill();
    said
}

/// Opens what is left, and holds it against what was said; how many results there are.
async fn check(folder: &std::path::Path, said: impl Iterator<Item = &Said>) -> usize {
    let store = Store::open(&StoreOptions {
        folder: folder.to_owned(),
        most_bytes: None,
        salvage: false,
    });
    let store = store.expect("a power cut damages nothing");
    let mut promised: BTreeMap<&str, (i64, usize)> = BTreeMap::new();
    for said in said {
        let most = promised.entry(&said.job).or_insert((said.items, 0));
        most.1 = most.1.max(said.results);
    }
    let mut found = 0;
    for (job, (items, results)) in promised {
        let row = store.job(CALLER, job).await.unwrap();
        let row = row.expect("a job that was accepted is there");
        assert_eq!(row.counts.total, items);
        let page = store.results(row.number, -1, 1_000, 1 << 30).await.unwrap();
        assert!(
            page.rows.len() >= results,
            "{} of {results}",
            page.rows.len()
        );
        // An item is there as a result or as an item, and not twice.
        let (mut waiting, mut after) = (0, -1);
        while let Some(item) = store.next_item(row.number, after).await.unwrap() {
            assert!(page.rows.iter().all(|result| result.item != item.item));
            (waiting, after) = (waiting + 1, item.item);
        }
        assert_eq!(row.counts.finished() + waiting, items);
        found += page.rows.len();
    }
    found
}
