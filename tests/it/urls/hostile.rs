//! Hosts on the list that do as they please.

use std::time::{Duration, Instant};

use opine::access::Rate;
use opine::fetch::{ByteBudget, FetchError, UrlReader, UrlRules};

use super::{Scripted, read, rules};
use crate::support::scripted::{Asked, Play, Scripted as Server};

/// What a script gives through `http://images.test`, with rules changed.
fn fetch_with(
    change: impl FnOnce(&mut UrlRules),
    script: impl Fn(&Asked) -> Play + Send + Sync + 'static,
) -> (Result<Vec<u8>, FetchError>, Server) {
    let server = Server::start(script);
    let port = server.address.port();
    let hosts = [
        "images.test",
        "ten.test",
        "127.0.0.1",
        "169.254.169.254",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
    ];
    let mut rules = rules(&hosts, port);
    change(&mut rules);
    let lookup = Scripted::new(&[
        ("images.test", &[&["127.0.0.1"]]),
        ("ten.test", &[&["10.0.0.1"]]),
    ]);
    let fetched = read(rules, lookup, &format!("http://images.test:{port}/start"));
    (fetched, server)
}

fn fetch(script: impl Fn(&Asked) -> Play + Send + Sync + 'static) -> Result<Vec<u8>, FetchError> {
    fetch_with(|_| {}, script).0
}

fn redirect(status: u16, to: &str) -> Play {
    Play::status(status, "").with_header("location", to)
}

#[test]
fn a_redirect_is_checked_like_a_first_url() {
    for (to, code) in [
        ("http://10.0.0.1:PORT/", "image_url_unreachable"),
        ("http://ten.test:PORT/", "image_url_unreachable"),
        (
            "http://169.254.169.254:PORT/latest/",
            "image_url_unreachable",
        ),
        ("//169.254.169.254:PORT/", "image_url_unreachable"),
        ("http://2852039166:PORT/", "image_url_unreachable"),
        // This machine is allowed here, and only as itself.
        ("http://[::ffff:127.0.0.1]:PORT/", "image_url_unreachable"),
        ("http://evil.test:PORT/", "image_url_not_allowed"),
        ("http://images.test:1/", "image_url_not_allowed"),
        ("file:///etc/passwd", "image_url_not_allowed"),
        ("gopher://images.test:PORT/", "image_url_not_allowed"),
        ("http://me:secret@images.test:PORT/", "image_url_invalid"),
        ("http://images.test:PORT\\@evil.test/", "image_url_invalid"),
        ("\\\\10.0.0.1:PORT\\", "image_url_invalid"),
        ("http://[::1", "image_url_redirects"),
    ] {
        let (fetched, server) = fetch_with(
            |_| {},
            move |asked| {
                let port = asked.headers["host"].rsplit(':').next().unwrap().to_owned();
                redirect(302, &to.replace("PORT", &port))
            },
        );
        assert_eq!(fetched.unwrap_err().code(), code, "{to}");
        assert_eq!(server.count(), 1, "{to}");
    }
}

#[test]
fn a_few_redirects_are_followed_and_no_more() {
    for (status, hops, follows) in [
        (301, 1, true),
        (302, 3, true),
        (307, 3, true),
        (308, 4, false),
    ] {
        let (fetched, server) = fetch_with(
            |_| {},
            move |asked| match asked.index {
                index if index < hops => redirect(status, &format!("/next/{index}")),
                _ => Play::status(200, "picture"),
            },
        );
        assert_eq!(fetched.is_ok(), follows, "{hops} of {status}: {fetched:?}");
        assert_eq!(server.count(), 4.min(hops + 1));
    }
    // A circle ends too.
    let circle = fetch(|_| redirect(302, "/start"));
    assert_eq!(circle, Err(FetchError::Redirects(3)));
    let nowhere = fetch(|_| Play::status(302, ""));
    assert_eq!(nowhere, Err(FetchError::Refused(302)));
}

#[test]
fn nothing_is_sent_but_the_request() {
    let (fetched, server) = fetch_with(
        |_| {},
        |asked| match asked.index {
            0 => redirect(302, "/next").with_header("set-cookie", "a=b"),
            _ => Play::status(200, "picture"),
        },
    );
    assert_eq!(fetched.unwrap(), b"picture");
    for asked in server.asked() {
        assert_eq!(asked.method, "GET");
        let names: Vec<&str> = asked.headers.keys().map(String::as_str).collect();
        assert_eq!(names, ["accept", "host", "user-agent"], "{asked:?}");
    }
}

#[test]
fn a_name_is_looked_up_once_and_the_checked_address_is_dialled() {
    let server = Server::always(Play::status(200, "picture"));
    let port = server.address.port();
    let url = format!("http://images.test:{port}/");
    // The first answer is the one that is checked; whoever asked again would be led inside.
    let rebinding = Scripted::new(&[("images.test", &[&["127.0.0.1"], &["10.0.0.1"]])]);
    let fetched = read(rules(&["images.test"], port), rebinding.clone(), &url);
    assert_eq!(fetched.unwrap(), b"picture");
    assert_eq!(rebinding.asked(), 1);
    // And the other way round: what comes after the check is not asked for.
    let late = Scripted::new(&[("images.test", &[&["10.0.0.1"], &["127.0.0.1"]])]);
    let fetched = read(rules(&["images.test"], port), late.clone(), &url);
    assert_eq!(fetched, Err(FetchError::Unreachable));
    assert_eq!((late.asked(), server.count()), (1, 1));
    // Of several addresses only those that may be dialled are.
    let several = Scripted::new(&[("images.test", &[&["10.0.0.1", "fe80::1", "127.0.0.1"]])]);
    let fetched = read(rules(&["images.test"], port), several, &url);
    assert_eq!(fetched.unwrap(), b"picture");
}

#[test]
fn what_takes_too_long_is_left() {
    let quick = |rules: &mut UrlRules| rules.whole = Duration::from_millis(400);
    let drip = Play::Drip(Duration::from_millis(20));
    for play in [drip, Play::Silence] {
        let started = Instant::now();
        let (fetched, _server) = fetch_with(quick, move |_| play.clone());
        assert_eq!(fetched, Err(FetchError::Timeout));
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn what_is_too_long_is_not_read() {
    let small = |rules: &mut UrlRules| rules.most_bytes = 1_000_000;
    let (fetched, server) = fetch_with(small, |_| Play::Flood(1 << 30));
    assert_eq!(fetched.unwrap_err().code(), "image_too_many_bytes");
    assert!(server.flooded() < 64 << 20, "{}", server.flooded());
    // Its own word is enough: nothing of the body has to come.
    let stated = b"HTTP/1.1 200 OK\r\ncontent-length: 1000001\r\n\r\n";
    let (fetched, _server) = fetch_with(small, |_| Play::Raw(stated.to_vec()));
    assert_eq!(fetched.unwrap_err().code(), "image_too_many_bytes");
    let exact = "x".repeat(1_000_000);
    let (fetched, _server) = fetch_with(small, move |_| Play::status(200, &exact));
    assert_eq!(fetched.unwrap().len(), 1_000_000);
}

#[test]
fn a_compressed_body_is_never_unpacked() {
    for coding in ["gzip", "br", "deflate", "zstd", "gzip, identity"] {
        let fetched =
            fetch(move |_| Play::status(200, "bomb").with_header("content-encoding", coding));
        assert_eq!(fetched, Err(FetchError::Encoded), "{coding}");
    }
    let plain = fetch(|_| Play::status(200, "picture").with_header("content-encoding", "identity"));
    assert_eq!(plain.unwrap(), b"picture");
}

#[test]
fn a_length_that_is_wrong_harms_nobody() {
    assert_eq!(fetch(|_| Play::BreakOff), Err(FetchError::BrokenOff));
    let long = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\npicture";
    assert_eq!(fetch(|_| Play::Raw(long.to_vec())).unwrap(), b"pic");
    for garbage in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"no HTTP at all\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"",
    ] {
        let fetched = fetch(|_| Play::Raw(garbage.to_vec()));
        assert_eq!(fetched, Err(FetchError::BrokenOff), "{garbage:?}");
    }
    let endless_head = [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 2 << 20]].concat();
    assert_eq!(
        fetch(move |_| Play::Raw(endless_head.clone())),
        Err(FetchError::BrokenOff)
    );
}

#[test]
fn what_may_pass_is_told_from_what_will_not() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let error = fetch(move |_| Play::status(status, "")).unwrap_err();
        assert_eq!(error, FetchError::Failed(status));
        assert!(error.may_pass());
    }
    for status in [304, 400, 401, 403, 404, 410, 451] {
        let error = fetch(move |_| Play::status(status, "")).unwrap_err();
        assert_eq!(error, FetchError::Refused(status));
        assert!(!error.may_pass());
    }
}

#[test]
fn https_is_the_default_and_means_encryption() {
    let (fetched, _server) = fetch_with(|rules| rules.http = false, |_| Play::status(200, "x"));
    assert_eq!(fetched.unwrap_err().code(), "image_url_not_allowed");
    let server = Server::always(Play::status(200, "not encrypted"));
    let port = server.address.port();
    let lookup = Scripted::new(&[("images.test", &[&["127.0.0.1"]])]);
    let url = format!("https://images.test:{port}/");
    let fetched = read(rules(&["images.test"], port), lookup, &url);
    assert_eq!(fetched, Err(FetchError::Unreachable));
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn places_rate_and_bytes_are_bounded() {
    let server = Server::start(|_| {
        Play::Later(
            Duration::from_millis(20),
            Box::new(Play::status(200, "0123456789")),
        )
    });
    let port = server.address.port();
    let mut rules = rules(&["images.test"], port);
    rules.at_once = 2;
    rules.rate = Rate::new(100.0, 4).unwrap();
    let lookup = Scripted::new(&[("images.test", &[&["127.0.0.1"]])]);
    let reader = UrlReader::new(rules, lookup).unwrap();
    let url = format!("http://images.test:{port}/");
    let started = Instant::now();
    let budget = ByteBudget::new(155);
    let fetched = futures::future::join_all((0..24).map(|_| reader.read(&url, &budget))).await;
    // 24 images, 4 at once and then one in 10 ms; the last one or more may not have all bytes.
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert!(server.most_at_once() <= 2, "{}", server.most_at_once());
    let (came, refused): (Vec<_>, Vec<_>) = fetched.into_iter().partition(Result::is_ok);
    assert_eq!((came.len(), refused.len()), (15, 9));
    for error in refused {
        assert_eq!(error.unwrap_err().code(), "image_too_many_bytes");
    }
}
