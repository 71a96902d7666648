//! The store alone: what is kept, what is refused, and what a bad disk costs.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use tempfile::TempDir;

use super::*;

pub(super) fn options(folder: &TempDir) -> StoreOptions {
    StoreOptions {
        folder: folder.path().to_owned(),
        most_bytes: None,
        salvage: false,
    }
}

fn item(index: usize, bytes: usize) -> GivenItem {
    GivenItem::Open {
        id: format!("item-{index}"),
        content: vec![7; bytes],
    }
}

pub(super) fn finished(item: i64) -> Finished {
    Finished {
        item,
        kind: FinishedKind::Done,
        content: format!("{{\"item\":{item}}}"),
        working: 1,
    }
}

async fn begun(store: &Store, id: &str) -> i64 {
    let job = NewJob {
        id: id.into(),
        caller: "a".into(),
        settings: "{}".into(),
    };
    store.begin(job).await.unwrap()
}

pub(super) async fn accepted(store: &Store, id: &str, items: usize) -> i64 {
    let job = begun(store, id).await;
    let given = (0..items).map(|index| item(index, 10)).collect();
    store.append(job, 0, given).await.unwrap();
    let total = i64::try_from(items).unwrap();
    store.accept(job, total, |_| None).await.unwrap();
    job
}

#[tokio::test]
async fn an_item_becomes_one_result_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&folder)).unwrap();
    let job = accepted(&store, "j", 3).await;
    assert_eq!(store.finish(job, finished(0)).await.unwrap(), Taken::Yes);
    assert_eq!(store.finish(job, finished(0)).await.unwrap(), Taken::No);
    assert_eq!(store.finish(job, finished(2)).await.unwrap(), Taken::Yes);
    // Item 1 waits: whoever reads on from what it has seen must not miss it.
    let page = store.results(job, -1, 10, 1 << 20).await.unwrap();
    assert_eq!(page.rows.len(), 1);
    assert_eq!(store.next_item(job, 0).await.unwrap().unwrap().item, 1);
    assert_eq!(store.finish(job, finished(1)).await.unwrap(), Taken::Last);
    let page = store.results(job, 0, 1, 1 << 20).await.unwrap();
    assert_eq!((page.rows[0].item, page.more), (1, true));
    let row = store.job("a", "j").await.unwrap().unwrap();
    assert_eq!(row.state, JobState::Finished);
    assert_eq!(row.counts.finished(), 3);
    assert_eq!(row.working, 3);
    assert!(store.job("b", "j").await.unwrap().is_none());
}

#[tokio::test]
async fn a_job_that_was_not_accepted_is_forgotten_and_one_that_was_is_not() {
    let folder = tempfile::tempdir().unwrap();
    {
        let store = Store::open(&options(&folder)).unwrap();
        accepted(&store, "kept", 2).await;
        let half = begun(&store, "half").await;
        store.append(half, 0, vec![item(0, 5)]).await.unwrap();
        assert!(store.job("a", "half").await.unwrap().is_none());
    }
    let store = Store::open(&options(&folder)).unwrap();
    let left = store.unfinished().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].id, "kept");
    let rows: i64 = store
        .read(|connection| {
            Ok(connection.query_row("SELECT count(*) FROM items", [], |row| row.get(0))?)
        })
        .await
        .unwrap();
    assert_eq!(rows, 2);
}

#[tokio::test]
async fn one_bad_work_spoils_no_other_of_its_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&folder)).unwrap();
    let job = begun(&store, "j").await;
    store.append(job, 0, vec![item(0, 5)]).await.unwrap();
    let (bad, good) = tokio::join!(
        store.append(job, 1, vec![item(1, 5), item(0, 5)]),
        store.append(job, 3, vec![item(3, 5)])
    );
    assert_eq!(bad, Err(StoreError::SameId { item: 2 }));
    assert_eq!(good, Ok(()));
    store.accept(job, 2, |_| None).await.unwrap();
    assert_eq!(store.next_item(job, 0).await.unwrap().unwrap().item, 3);
}

#[tokio::test]
async fn a_second_opening_of_a_folder_is_refused_with_the_holder() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&folder)).unwrap();
    let refused = Store::open(&options(&folder)).unwrap_err();
    let StoreError::InUse { holder, .. } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(*holder, std::process::id().to_string());
    drop(store);
    assert!(Store::open(&options(&folder)).is_ok());
}

#[tokio::test]
async fn a_full_database_says_so_loses_nothing_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let small = StoreOptions {
        most_bytes: Some(1 << 20),
        ..options(&folder)
    };
    let store = Store::open(&small).unwrap();
    let job = accepted(&store, "j", 100).await;
    let big = begun(&store, "big").await;
    let mut appended = 0;
    let full = loop {
        match store
            .append(
                big,
                appended,
                vec![item(usize::try_from(appended).unwrap(), 50_000)],
            )
            .await
        {
            Ok(()) => appended += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full, StoreError::Full);
    assert!(appended > 10);
    // What was stored is whole, and going on needs no restart.
    store.forget(big).await.unwrap();
    for item in 0..100 {
        store.finish(job, finished(item)).await.unwrap();
    }
    let row = store.job("a", "j").await.unwrap().unwrap();
    assert_eq!(row.state, JobState::Finished);
}

#[tokio::test]
async fn a_torn_end_of_the_journal_loses_the_last_write_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&folder)).unwrap();
    let job = accepted(&store, "j", 50).await;
    for item in 0..20 {
        store.finish(job, finished(item)).await.unwrap();
    }
    // A copy of the files while the process runs, with the last record of the journal torn.
    for name in [FILE.to_owned(), format!("{FILE}-wal")] {
        fs::copy(folder.path().join(&name), copy.path().join(&name)).unwrap();
    }
    let journal = copy.path().join(format!("{FILE}-wal"));
    let length = fs::metadata(&journal).unwrap().len();
    let file = OpenOptions::new().write(true).open(&journal).unwrap();
    file.set_len(length - 100).unwrap();
    let torn = Store::open(&options(&copy)).unwrap();
    let row = torn.job("a", "j").await.unwrap().unwrap();
    assert_eq!(row.counts.finished(), 19);
    assert_eq!(
        torn.next_item(row.number, -1).await.unwrap().unwrap().item,
        19
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_is_made_here_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let made = StoreOptions {
        folder: folder.path().join("deep").join("data"),
        ..options(&folder)
    };
    drop(Store::open(&made).unwrap());
    let mode = fs::metadata(&made.folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

fn overwrite(path: &Path, from: u64, bytes: usize) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(&vec![0x5a; bytes]).unwrap();
}

#[tokio::test]
async fn a_damaged_database_is_refused_and_what_can_be_read_is_kept_on_request() {
    let folder = tempfile::tempdir().unwrap();
    {
        let store = Store::open(&options(&folder)).unwrap();
        let job = begun(&store, "j").await;
        for first in 0..20i64 {
            let items =
                (0..100).map(|index| item(usize::try_from(first).unwrap() * 100 + index, 300));
            store
                .append(job, first * 100, items.collect())
                .await
                .unwrap();
        }
        store.accept(job, 2_000, |_| None).await.unwrap();
        for item in 0..10 {
            store.finish(job, finished(item)).await.unwrap();
        }
    }
    let path = folder.path().join(FILE);
    let length = fs::metadata(&path).unwrap().len();
    overwrite(&path, length / 2 / 4096 * 4096, 8192);
    let refused = Store::open(&options(&folder)).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    assert!(refused.to_string().contains("--salvage"));
    let salvage = StoreOptions {
        salvage: true,
        ..options(&folder)
    };
    let store = Store::open(&salvage).unwrap();
    let row = store.job("a", "j").await.unwrap().unwrap();
    assert_eq!(row.counts.done, 10);
    assert_eq!(row.state, JobState::Paused);
    let detail = row.detail.unwrap();
    let lost: i64 = detail.split(' ').next().unwrap().parse().unwrap();
    assert!((1..200).contains(&lost), "{detail}");
    assert_eq!(row.counts.total, 2_000 - lost);
    assert!(folder.path().join(format!("{FILE}.damaged-1")).exists());
    drop(store);
    // What is no database at all is refused in the same way, and the start is a fresh one.
    overwrite(&path, 0, 4096);
    assert!(matches!(
        Store::open(&options(&folder)).unwrap_err(),
        StoreError::Damaged { .. }
    ));
    let store = Store::open(&salvage).unwrap();
    assert!(store.unfinished().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(&options(&folder)).unwrap());
    let path = folder.path().join(FILE);
    rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let refused = Store::open(&options(&folder)).unwrap_err();
    assert!(
        matches!(refused, StoreError::Newer { found: 99, .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn a_reply_is_kept_for_its_caller_and_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let reply = StoredReply {
        request: [1; 32],
        status: 200,
        media_type: "application/json".into(),
        body: b"{}".to_vec(),
    };
    let key = |caller: &str| ReplyKey {
        caller: caller.into(),
        key: "k".into(),
    };
    let store = Store::open(&options(&folder)).unwrap();
    for store in [Some(store.clone()), None] {
        let replies = Replies::new(store.clone(), Duration::from_secs(60));
        replies.put(key("a"), reply.clone()).await.unwrap();
        assert_eq!(replies.get(&key("a")).await.unwrap(), Some(reply.clone()));
        assert_eq!(replies.get(&key("b")).await.unwrap(), None);
        let short = Replies::new(store, Duration::ZERO);
        short.put(key("c"), reply.clone()).await.unwrap();
        assert_eq!(short.get(&key("c")).await.unwrap(), None);
    }
    drop(store);
    let store = Store::open(&options(&folder)).unwrap();
    let replies = Replies::new(Some(store), Duration::from_secs(60));
    assert_eq!(replies.get(&key("a")).await.unwrap(), Some(reply));
}
