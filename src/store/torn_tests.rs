//! What a power cut leaves behind: journals that end anywhere, or whose last records are not what was written.

use std::fs;

use tempfile::TempDir;

use super::tests::{accepted, finished, options};
use super::*;

const ITEMS: i64 = 40;
const DONE: i64 = 25;

/// A journal of many transactions beside its database, as both stand while the process runs.
async fn running() -> (TempDir, Store, Vec<u8>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&folder)).unwrap();
    let job = accepted(&store, "j", usize::try_from(ITEMS).unwrap()).await;
    for item in 0..DONE {
        store.finish(job, finished(item)).await.unwrap();
    }
    let path = folder.path().join(FILE);
    let database = fs::read(&path).unwrap();
    let journal = fs::read(folder.path().join(format!("{FILE}-wal"))).unwrap();
    (folder, store, database, journal)
}

/// What a start finds in these files: the number of results, each of an item that is gone, in order and without a gap.
/// Nothing where the journal had all there was, and is no journal any more.
async fn found(database: &[u8], journal: &[u8]) -> Option<i64> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), database).unwrap();
    fs::write(folder.path().join(format!("{FILE}-wal")), journal).unwrap();
    let store = Store::open(&options(&folder)).unwrap();
    let row = store.job("a", "j").await.unwrap()?;
    let results = store.results(row.number, -1, 1_000, 1 << 20).await.unwrap();
    let places: Vec<i64> = results.rows.iter().map(|row| row.item).collect();
    let count = i64::try_from(places.len()).unwrap();
    assert_eq!(places, (0..count).collect::<Vec<_>>());
    assert_eq!(row.counts.finished(), count);
    let next = store.next_item(row.number, -1).await.unwrap().unwrap();
    assert_eq!(next.item, count);
    // It goes on where it stands, and takes each item once.
    for item in count..ITEMS {
        let taken = store.finish(row.number, finished(item)).await.unwrap();
        assert_ne!(taken, Taken::No, "{item}");
        assert_eq!(
            store.finish(row.number, finished(item)).await.unwrap(),
            Taken::No
        );
    }
    let row = store.job("a", "j").await.unwrap().unwrap();
    assert_eq!(row.state, JobState::Finished);
    assert_eq!(row.counts.finished(), ITEMS);
    Some(count)
}

/// Places in a journal, by lot and the same in every run.
fn places(length: usize, count: usize) -> impl Iterator<Item = usize> {
    let mut lot = 0x9e37_79b9_7f4a_7c15_u64;
    (0..count).map(move |_| {
        lot ^= lot << 13;
        lot ^= lot >> 7;
        lot ^= lot << 17;
        usize::try_from(lot % length as u64).unwrap()
    })
}

#[tokio::test]
async fn a_journal_that_ends_anywhere_is_the_state_of_some_moment_before() {
    let (_folder, _store, database, journal) = running().await;
    assert_eq!(found(&database, &journal).await, Some(DONE));
    let mut counts = Vec::new();
    for end in places(journal.len(), 40) {
        counts.push((end, found(&database, &journal[..end]).await));
    }
    counts.sort_unstable();
    // More of the journal is never less of the job, and the cuts were not all at one end.
    assert!(counts.is_sorted_by_key(|(_, count)| *count), "{counts:?}");
    assert!(
        counts
            .iter()
            .any(|(_, count)| count.is_some_and(|n| 0 < n && n < DONE))
    );
}

#[tokio::test]
async fn a_record_that_is_not_what_was_written_ends_the_journal_there() {
    let (_folder, _store, database, journal) = running().await;
    let mut seen = Vec::new();
    for place in places(journal.len(), 40) {
        let mut torn = journal.clone();
        // A sector of 512 bytes that never reached the disk, as some disks show it.
        let end = (place + 512).min(torn.len());
        torn[place..end].fill(0);
        seen.extend(found(&database, &torn).await);
    }
    assert!(seen.iter().all(|count| *count <= DONE));
    assert!(
        seen.iter().any(|count| 0 < *count && *count < DONE),
        "{seen:?}"
    );
}

#[tokio::test]
async fn every_commit_waits_for_the_disk_on_the_one_connection_that_writes() {
    let folder = tempfile::tempdir().unwrap();
    // Once for a fresh database and once for one that was there.
    for _ in 0..2 {
        let store = Store::open(&options(&folder)).unwrap();
        let pragma = |name: &'static str| {
            move |connection: &rusqlite::Connection| {
                let value = connection.pragma_query_value(None, name, |row| {
                    row.get::<_, rusqlite::types::Value>(0)
                })?;
                Ok(value)
            }
        };
        // FULL: the journal is synced after each commit, and before the database is written from it.
        let full = rusqlite::types::Value::Integer(2);
        assert_eq!(store.write(pragma("synchronous")).await.unwrap(), full);
        let journal = rusqlite::types::Value::Text("wal".into());
        assert_eq!(store.write(pragma("journal_mode")).await.unwrap(), journal);
        assert_eq!(store.read(pragma("journal_mode")).await.unwrap(), journal);
        // Whoever reads cannot write, so that no other connection has commits of its own.
        let written = store
            .read(|connection| Ok(connection.execute("DELETE FROM jobs", [])?))
            .await;
        assert!(written.is_err(), "{written:?}");
    }
}
