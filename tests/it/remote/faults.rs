//! Each fault of an engine ends in its typed error, and only some are tried again.

use std::time::{Duration, Instant};

use opine::backend::BackendError;
use opine::backend::remote::{Content, Remote, RemoteError, Retry, Secret, Stage};
use serde_json::json;

use super::{ask, options, remote};
use crate::support::scripted::{Play, Scripted, nobody};

/// What a fault is told to be, the error that it must end in, and how often the engine may be asked.
type Fault = (&'static str, Play, fn(&RemoteError) -> bool, usize);

fn told(status: u16) -> Play {
    Play::status(status, "<h1>as told</h1>")
}

fn is(error: &RemoteError, expected: u16) -> bool {
    error.status() == Some(expected)
}

fn reply(body: &[u8]) -> Play {
    Play::Reply {
        status: 200,
        headers: vec![],
        body: body.to_vec(),
    }
}

fn faults() -> Vec<Fault> {
    vec![
        ("500 is tried once more", told(500), |e| is(e, 500), 2),
        ("502 is tried again", told(502), |e| is(e, 502), 4),
        ("503 is tried again", told(503), |e| is(e, 503), 4),
        ("504 is tried again", told(504), |e| is(e, 504), 4),
        ("429 is tried again", told(429), |e| is(e, 429), 4),
        (
            "429 that asks for an hour is not",
            told(429).with_header("retry-after", "3600"),
            |e| {
                matches!(
                    e,
                    RemoteError::Status {
                        retry_after: Some(3600),
                        ..
                    }
                )
            },
            1,
        ),
        ("400", told(400), |e| is(e, 400), 1),
        ("401", told(401), |e| is(e, 401), 1),
        ("501", told(501), |e| is(e, 501), 1),
        (
            "a redirect is not followed",
            told(307).with_header("location", "http://127.0.0.1:9/"),
            |e| is(e, 307) && e.to_string().contains("`http://127.0.0.1:9/`"),
            1,
        ),
        (
            "half JSON",
            reply(br#"{"answer": "#),
            |e| matches!(e, RemoteError::NotJson { .. }),
            1,
        ),
        (
            "a web page with 200",
            told(200),
            |e| matches!(e, RemoteError::NotJson { excerpt, .. } if excerpt.contains("<h1>")),
            1,
        ),
        (
            "nothing with 200",
            reply(b""),
            |e| matches!(e, RemoteError::NotJson { .. }),
            1,
        ),
        (
            "bytes that are no text",
            reply(b"{\"answer\": \"\xff\xfe\"}"),
            |e| matches!(e, RemoteError::NotUtf8 { position: 12, .. }),
            1,
        ),
        (
            "the connection ends midway",
            Play::BreakOff,
            |e| matches!(e, RemoteError::BrokenOff { begun: true, .. }),
            1,
        ),
        (
            "the connection ends before the answer",
            Play::Raw(vec![]),
            |e| matches!(e, RemoteError::BrokenOff { begun: false, .. }),
            2,
        ),
        (
            "no HTTP at all",
            Play::Raw(b"220 mail.example.org ESMTP\r\n".to_vec()),
            |e| matches!(e, RemoteError::BrokenOff { begun: false, .. }),
            2,
        ),
    ]
}

#[tokio::test]
async fn each_fault_has_its_error_and_its_tries() {
    for (name, play, expected, tries) in faults() {
        let server = Scripted::always(play);
        let error = ask(&remote(server.url("/")), Retry::Safe)
            .await
            .unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
        assert_eq!(server.count(), tries, "{name}");
        assert!(error.to_string().contains("`engine`"), "{name}: {error}");
        // A fault of an engine is no verdict on the picture.
        assert!(matches!(
            BackendError::from(error),
            BackendError::Failed { .. }
        ));
    }
}

#[tokio::test]
async fn what_may_not_be_tried_again_is_not() {
    let server = Scripted::always(told(503));
    let error = ask(&remote(server.url("/")), Retry::Never)
        .await
        .unwrap_err();
    assert!(is(&error, 503));
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn an_engine_that_recovers_is_heard() {
    for (status, wait) in [(500, "0"), (503, "0"), (429, "1")] {
        let server = Scripted::start(move |asked| match asked.index {
            0 => told(status).with_header("retry-after", wait),
            _ => Play::json(&json!({"answer": 1})),
        });
        let began = Instant::now();
        let answer = ask(&remote(server.url("/")), Retry::Safe).await.unwrap();
        assert_eq!(answer["answer"], 1);
        assert_eq!(server.count(), 2, "{status}");
        let asked_for = Duration::from_secs(wait.parse().unwrap());
        assert!(
            began.elapsed() >= asked_for,
            "{status}: came back too early"
        );
    }
}

#[tokio::test]
async fn nobody_there_is_said() {
    let error = ask(&remote(nobody()), Retry::Never).await.unwrap_err();
    assert!(
        matches!(error, RemoteError::Unreachable { .. }),
        "{error:?}"
    );
    // Who listens there speaks no TLS.
    let server = Scripted::always(told(200));
    let https = format!("https://{}", server.address);
    let error = ask(&remote(https), Retry::Never).await.unwrap_err();
    assert!(
        matches!(error, RemoteError::Unreachable { .. }),
        "{error:?}"
    );
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn waiting_has_an_end() {
    let cases = [
        (Play::Silence, Stage::FirstByte),
        (Play::Drip(Duration::from_millis(5)), Stage::Whole),
    ];
    for (play, expected) in cases {
        let server = Scripted::always(play);
        let mut options = options(server.url("/"));
        options.timeouts.first_byte = Duration::from_millis(200);
        options.timeouts.whole = Duration::from_millis(600);
        let limit = match expected {
            Stage::Whole => options.timeouts.whole,
            Stage::Connect | Stage::FirstByte => options.timeouts.first_byte,
        };
        let began = Instant::now();
        let remote = Remote::new(options).unwrap();
        let error = ask(&remote, Retry::Safe).await.unwrap_err();
        let waited = began.elapsed();
        assert!(
            matches!(&error, RemoteError::Timeout { stage, .. } if *stage == expected),
            "{error:?}"
        );
        // A second more than the limit is for a loaded machine.
        assert!(
            waited >= limit && waited < limit + Duration::from_secs(1),
            "{waited:?}"
        );
        assert_eq!(server.count(), 1, "what timed out may still be at work");
    }
}

#[tokio::test]
async fn a_flood_is_left_where_it_is() {
    const FLOOD: u64 = 200 << 20;
    let server = Scripted::always(Play::Flood(FLOOD));
    let mut small = options(server.url("/"));
    small.most_reply_bytes = 1 << 20;
    let error = ask(&Remote::new(small.clone()).unwrap(), Retry::Safe).await;
    assert!(
        matches!(error, Err(RemoteError::TooLarge { limit, .. }) if limit == 1 << 20),
        "{error:?}"
    );
    // What the system's buffers took beyond the limit is none of ours.
    assert!(
        server.flooded() < 32 << 20,
        "{} bytes were sent",
        server.flooded()
    );

    // A stated length is believed before anything is read.
    let liar = Scripted::always(Play::Raw(
        b"HTTP/1.1 200 OK\r\ncontent-length: 209715200\r\n\r\n{".to_vec(),
    ));
    small.url = liar.url("/");
    let error = ask(&Remote::new(small).unwrap(), Retry::Safe).await;
    assert!(
        matches!(error, Err(RemoteError::TooLarge { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_key_goes_to_its_engine_and_into_no_message() {
    let server = Scripted::start(|asked| {
        assert_eq!(asked.headers["authorization"], "Bearer hunter2hunter2");
        assert_eq!(asked.headers["x-team"], "hunter3hunter3");
        Play::status(401, "wrong key hunter2hunter2 of hunter3hunter3")
    });
    let mut options = options(server.url("/v1"));
    options.key = Some(Secret::new("hunter2hunter2\n"));
    options
        .headers
        .insert("x-team".into(), "hunter3hunter3".into());
    let remote = Remote::new(options).unwrap();
    let error = ask(&remote, Retry::Safe).await.unwrap_err();
    assert!(is(&error, 401), "{error:?}");
    let shown = format!("{error} {error:?} {remote:?}");
    assert!(!shown.contains("hunter"), "{shown}");

    // Nor to another host, whatever the path says.
    let place = remote.enter().await.unwrap();
    for path in ["//127.0.0.1:9/x", "http://127.0.0.1:9/x"] {
        let error = place.get(path).await.unwrap_err();
        assert!(matches!(error, RemoteError::NotSent { .. }), "{error:?}");
    }
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn paths_begin_at_the_address_or_at_its_host() {
    let server =
        Scripted::start(|asked| Play::json(&json!(asked.path)).with_header("x-told", "yes"));
    let remote = remote(server.url("/engine/v1"));
    let place = remote.enter().await.unwrap();
    for (path, expected) in [
        ("models", "/engine/v1/models"),
        ("models?a=b", "/engine/v1/models?a=b"),
        ("/props", "/props"),
    ] {
        assert_eq!(place.get_json(path).await.unwrap(), expected);
    }
    let content = Content {
        headers: vec![("x-length", "3".into())],
        bytes: b"abc".to_vec(),
    };
    let reply = place
        .post_bytes("bytes", Retry::Safe, content)
        .await
        .unwrap();
    assert_eq!(reply.header("x-told"), Some("yes"));
    let asked = server.asked().pop().unwrap();
    assert_eq!(
        (asked.method.as_str(), &asked.body[..]),
        ("POST", &b"abc"[..])
    );
    assert_eq!(asked.headers["x-length"], "3");
}
