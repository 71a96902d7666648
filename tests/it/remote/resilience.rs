//! What keeps one bad engine from harming the rest. Each mechanism has a test that fails without it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use opine::backend::remote::{Remote, RemoteError, Retry};
use serde_json::json;

use super::{ask, options, remote};
use crate::support::scripted::{Play, Scripted};

fn fine() -> Play {
    Play::json(&json!({"answer": 1}))
}

#[tokio::test]
async fn an_engine_that_fails_is_left_alone_and_taken_back_by_one_probe() {
    let broken = Arc::new(AtomicBool::new(true));
    let state = Arc::clone(&broken);
    let server = Scripted::start(move |_| {
        if state.load(Ordering::SeqCst) {
            Play::status(500, "as told")
        } else {
            fine()
        }
    });
    let remote = remote(server.url("/"));
    let mut failed = 0;
    let resting = loop {
        let error = ask(&remote, Retry::Never).await.unwrap_err();
        if error.status().is_none() {
            break error;
        }
        failed += 1;
        assert!(failed < 20, "it is asked for ever");
    };
    assert_eq!(failed, 5);
    assert!(
        matches!(&resting, RemoteError::Resting { seconds: 1, message, .. } if message.contains("500")),
        "{resting:?}"
    );
    let before = server.count();
    for _ in 0..100 {
        assert!(matches!(
            remote.enter().await,
            Err(RemoteError::Resting { .. })
        ));
    }
    assert_eq!(server.count(), before, "it was asked while it rested");

    // Once the rest of a second is over, of many who come at once only the probe goes through.
    broken.store(false, Ordering::SeqCst);
    let began = Instant::now();
    let answered = loop {
        let all = join_all((0..8).map(|_| ask(&remote, Retry::Never))).await;
        let answered = all.iter().filter(|answer| answer.is_ok()).count();
        if answered > 0 {
            break answered;
        }
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "it never comes back"
        );
        tokio::task::yield_now().await;
    };
    assert_eq!((answered, server.count()), (1, before + 1));
    let all = join_all((0..8).map(|_| ask(&remote, Retry::Never))).await;
    assert!(all.iter().all(Result::is_ok));
}

#[tokio::test]
async fn retries_stay_within_a_tenth_of_the_load() {
    const REQUESTS: usize = 300;
    // A third of all tries fails: never five in a row, and never half, so that the circuit stays closed.
    let server = Scripted::start(|asked| match asked.index % 3 {
        0 => Play::status(503, "as told"),
        _ => fine(),
    });
    let remote = remote(server.url("/"));
    let began = Instant::now();
    let mut failed = 0;
    for _ in 0..REQUESTS {
        failed += usize::from(ask(&remote, Retry::Safe).await.is_err());
    }
    let retries = server.count() - REQUESTS;
    // A tenth of the requests, three to begin with, and one for every ten seconds.
    let slow = usize::try_from(began.elapsed().as_secs() / 10).unwrap();
    assert!((30..=33 + slow).contains(&retries), "{retries} retries");
    assert!(failed > 60, "{failed} failed: the budget bound nothing");
}

#[tokio::test]
async fn no_more_are_under_way_than_there_are_places() {
    let pause = Duration::from_millis(20);
    let server = Scripted::start(move |_| Play::Later(pause, Box::new(fine())));
    let mut options = options(server.url("/"));
    options.concurrency = 4;
    let remote = Remote::new(options).unwrap();
    let answers = join_all((0..64).map(|_| ask(&remote, Retry::Never))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.most_at_once(), 4);
}

#[tokio::test]
async fn one_engine_that_hangs_does_not_slow_another() {
    let hangs = Scripted::always(Play::Silence);
    let pause = Duration::from_millis(10);
    let answers = Scripted::start(move |_| Play::Later(pause, Box::new(fine())));
    let (bad, good) = (remote(hangs.url("/")), remote(answers.url("/")));
    let time = async || {
        let began = Instant::now();
        for answer in join_all((0..256).map(|_| ask(&good, Retry::Never))).await {
            answer.unwrap();
        }
        began.elapsed()
    };
    // Opens the connections.
    time().await;
    let alone = time().await;
    let stuck: Vec<_> = (0..64)
        .map(|_| {
            let bad = bad.clone();
            tokio::spawn(async move { ask(&bad, Retry::Never).await })
        })
        .collect();
    while hangs.under_way() < bad.concurrency() {
        tokio::task::yield_now().await;
    }
    let beside = time().await;
    // Without walls between them the 256 would wait for the 20 seconds of the other's time-out.
    assert!(
        beside < 2 * alone + Duration::from_millis(500),
        "{beside:?} beside one that hangs, {alone:?} alone"
    );
    for asker in stuck {
        asker.abort();
    }
}

#[tokio::test]
async fn who_leaves_gives_place_and_connection_back() {
    let server = Scripted::start(|asked| match asked.index {
        0 => Play::Silence,
        _ => fine(),
    });
    let mut options = options(server.url("/"));
    options.concurrency = 1;
    let remote = Remote::new(options).unwrap();
    let leaves = tokio::spawn({
        let remote = remote.clone();
        async move { ask(&remote, Retry::Never).await }
    });
    while server.under_way() == 0 {
        tokio::task::yield_now().await;
    }
    leaves.abort();
    assert!(ask(&remote, Retry::Never).await.is_ok());
    while server.under_way() > 0 {
        tokio::task::yield_now().await;
    }
}
