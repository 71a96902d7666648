//! Clients that take their time, and heads that are too much, byte by byte.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::support::app::{Reply, TestApp, read_reply, shared};

const HEAD: &str =
    "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/// A connection on which these bytes were sent, and whose reads fail after a while.
fn sent(address: SocketAddr, bytes: impl AsRef<[u8]>) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes.as_ref()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

fn reply(stream: TcpStream) -> Reply {
    read_reply(&mut BufReader::new(stream))
}

/// Waits for what will be, at most twenty seconds.
fn wait_until(holds: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < patience, "it never holds");
        std::thread::yield_now();
    }
}

/// All that comes until the service closes the connection.
fn until_closed(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        Ok(_) => {}
        // The service does not read what it has refused.
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn a_body_that_pauses_or_trickles_is_given_up() {
    let app = TestApp::with(|config| config.admission.body_grace_seconds = 1);
    let started = Instant::now();
    let stalled = sent(app.address, format!("{HEAD}Content-Length: 100\r\n\r\n{{"));
    let mut trickling = sent(
        app.address,
        format!("{HEAD}Content-Length: 100000\r\n\r\n{{"),
    );
    // A byte whenever nothing has come back for a moment.
    trickling
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let mut first = [0];
    while trickling.peek(&mut first).is_err() {
        trickling.write_all(b" ").unwrap();
    }
    for stream in [stalled, trickling] {
        let problem = reply(stream).problem("body_timeout");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains("paused") && detail.contains("8192"),
            "{detail}"
        );
    }
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_slow_body_takes_nobodys_place_and_has_one_in_the_end() {
    let app = TestApp::with(|config| {
        config.limits.requests_in_flight = 1;
        config.limits.seconds_per_body = 3_600;
        config.admission.body_bytes_per_second = 0;
    });
    let mut slow = sent(app.address, format!("{HEAD}Content-Length: 2\r\n\r\n{{"));
    // It is there first, and has the place.
    wait_until(|| app.gauges.admission().bytes > 0);
    let let_in = (0..200_000).any(|_| app.score_text("{}").status == 422);
    assert!(let_in, "the place was not given up");
    // A place is free a moment after the answer is there.
    wait_until(|| app.gauges.admission().requests == 0);
    assert!(app.gauges.admission().bytes > 0);
    slow.write_all(b"}").unwrap();
    reply(slow).problem("missing_images");
    wait_until(|| app.gauges.admission().bytes == 0);
}

#[test]
fn bytes_are_let_in_as_they_are_stated_and_as_they_come() {
    let app = TestApp::with(|config| config.admission.bytes_in_flight = 1 << 20);
    // Half is for bodies, each of which counts twice.
    let held = sent(app.address, format!("{HEAD}Content-Length: 200000\r\n\r\n"));
    wait_until(|| app.gauges.admission().bytes > 0);
    let surplus = app.send_raw(format!("{HEAD}Content-Length: 200000\r\n\r\n").as_bytes());
    let problem = surplus.problem("overloaded");
    assert!(problem["detail"].as_str().unwrap().contains("bytes"));
    assert_eq!(surplus.headers["retry-after"], "1");
    app.score_text("{}").problem("missing_images");
    drop(held);
    wait_until(|| app.gauges.admission().bytes == 0);
    // A body that does not say how long it is gets as far as there is room.
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    let head = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n");
    let endless = app.send_raw(format!("{head}{}", chunk.repeat(5)).as_bytes());
    endless.problem("overloaded");
    let short = app.send_raw(format!("{head}{}0\r\n\r\n", chunk.repeat(3)).as_bytes());
    short.problem("malformed_json");
    wait_until(|| app.gauges.admission().bytes == 0);
    assert_eq!(app.gauges.admission().refused, 2);
}

#[test]
fn heads_that_do_not_end_are_given_up_and_disturb_nobody() {
    let app = TestApp::with(|config| config.admission.head_seconds = 1);
    let started = Instant::now();
    let partial = ["", "G", "GET /healthz HTTP/1.1\r\n", HEAD];
    let heads: Vec<TcpStream> = (0..200)
        .map(|index| sent(app.address, partial[index % partial.len()]))
        .collect();
    let asked = Instant::now();
    assert_eq!(app.get("/healthz").status, 200);
    assert!(asked.elapsed() < Duration::from_millis(500));
    for head in heads {
        let text = until_closed(head);
        assert!(
            text.is_empty() || text.starts_with("HTTP/1.1 408"),
            "{text}"
        );
    }
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn heads_that_are_too_much_are_refused_without_a_body() {
    let many = "x: y\r\n".repeat(100);
    let long = format!("x: {}\r\n", "y".repeat(200_000));
    let get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
    let coded = format!("{HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n");
    let twice = format!("{HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}");
    let both = format!("{HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{{}}");
    // What is not HTTP never reaches the service's own answers: its HTTP library refuses it, with no body.
    for (bytes, statuses) in [
        (format!("{get}{many}\r\n"), &["431"][..]),
        (format!("{get}{long}\r\n"), &["431"]),
        ("nonsense\r\n\r\n".to_owned(), &["400"]),
        ("GET /healthz HTTP/9.9\r\n\r\n".to_owned(), &["400"]),
        ("\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), &["400"]),
        ("GET /healthz HTTP/1.1\r\n\r\n".to_owned(), &["400"]),
        (twice, &["400"]),
        (both, &["400"]),
        (coded, &["400"]),
    ] {
        let text = until_closed(sent(shared().address, &bytes));
        let status = text.split(' ').nth(1).unwrap_or_default();
        let start = bytes.chars().take(40).collect::<String>();
        assert!(statuses.contains(&status), "{start:?}: {text}");
        assert!(text.contains("content-length: 0"), "{start:?}: {text}");
    }
    assert_eq!(shared().get("/healthz").status, 200);
}

#[test]
fn compressed_bodies_are_refused_before_they_are_read() {
    for coding in ["gzip", "br", "deflate", "zstd", "gzip, identity"] {
        // None of the stated million bytes is sent.
        let head = format!("{HEAD}Content-Encoding: {coding}\r\nContent-Length: 1000000\r\n\r\n");
        let problem = shared().send_raw(head.as_bytes());
        assert_eq!(problem.status, 415);
        problem.problem("unsupported_media_type");
    }
}
