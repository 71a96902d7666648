//! Clients that ask and do not read what comes back, or hardly.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use opine::http::CONTRACT;
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::jobs::{manifest, path, submit};
use crate::support::app::{TestApp, config, read_reply};
use crate::support::backends::{Gated, engine_with};

/// The longest response that costs nobody any work, and as many of them on one connection as are begun at once.
const LONG: &str = "GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n";
const RESPONSES: usize = 16;

/// What a client says, with hardly any room for what comes back.
fn narrow(address: SocketAddr, says: &str) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let stream = socket.connect(address).await.unwrap();
        stream.into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    (&stream).write_all(says.as_bytes()).unwrap();
    stream
}

/// Waits until the service gives the connection up, at most half a minute; the system knows without any reading.
fn given_up(stream: &TcpStream, meanwhile: impl Fn()) -> Duration {
    let began = Instant::now();
    while stream.take_error().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(30), "it stays");
        meanwhile();
        std::thread::park_timeout(Duration::from_millis(20));
    }
    began.elapsed()
}

/// A service that waits for two seconds, in which a client must take 8 KB.
fn impatient(change: impl FnOnce(&mut opine::config::Config)) -> opine::config::Config {
    let mut config = config();
    config.admission.response_bytes_per_second = 4 << 10;
    config.admission.response_grace_seconds = 2;
    change(&mut config);
    config
}

#[test]
fn who_does_not_read_or_hardly_is_given_up() {
    let app = TestApp::start(engine_with(Gated::new(0)), impatient(|_| {}));
    let deaf = narrow(app.address, &LONG.repeat(RESPONSES));
    let hardly = narrow(app.address, &LONG.repeat(RESPONSES));
    let a_byte_now_and_then = || {
        // It may have been given up since.
        drop((&hardly).read(&mut [0]));
    };
    let waited = given_up(&deaf, a_byte_now_and_then);
    assert!(waited > Duration::from_secs(1), "{waited:?}");
    given_up(&hardly, a_byte_now_and_then);
    assert_eq!(app.get("/healthz").status, 200);
}

#[test]
fn who_reads_slowly_but_enough_gets_all_of_it() {
    let app = TestApp::start(engine_with(Gated::new(0)), impatient(|_| {}));
    let stream = narrow(app.address, &LONG.repeat(RESPONSES));
    let began = Instant::now();
    let mut reader = BufReader::with_capacity(4 << 10, Paused(stream));
    for _ in 0..RESPONSES {
        let reply = read_reply(&mut reader);
        assert!(reply.status == 200 && reply.body == CONTRACT.as_bytes());
    }
    // Longer than one may go without reading.
    assert!(began.elapsed() > Duration::from_secs(3));
}

/// A reader that waits before each piece.
struct Paused(TcpStream);

impl Read for Paused {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        std::thread::park_timeout(Duration::from_millis(4));
        self.0.read(bytes)
    }
}

/// A job of items with long names, so that its results are longer than what fits between two that do not talk.
fn many_results(app: &TestApp, items: usize) -> String {
    let query = "operation=score&judge=q-bench";
    let text = String::from_utf8(manifest(&vec![b"image".to_vec(); items])).unwrap();
    let long = format!("\"id\":\"{}-", "x".repeat(180));
    let text = text.replace("\"id\":\"item-", &long);
    path(&submit(app, query, text.as_bytes()))
}

#[test]
fn results_are_streamed_as_they_are_read_and_events_last_while_nothing_happens() {
    const ITEMS: usize = 1_000;
    let folder = tempfile::tempdir().unwrap();
    let gate = Gated::new(ITEMS - 1);
    let config = impatient(|config| config.data.folder = Some(folder.path().to_owned()));
    let app = TestApp::start(engine_with(Arc::clone(&gate) as _), config);
    let job = many_results(&app, ITEMS);
    let get = |rest: &str| format!("GET {job}{rest} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let events = narrow(app.address, &get("/events"));
    while app.get(&job).json()["items"]["done"] != json!(ITEMS - 1) {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let deaf = narrow(app.address, &get("/results"));
    // Others read all that is there meanwhile.
    let lines = || app.get(&format!("{job}/results")).lines();
    assert_eq!(lines().len(), ITEMS - 1);
    given_up(&deaf, || {});
    // Events were read by nobody either; but of them there is nothing that waits.
    assert!(events.take_error().unwrap().is_none());
    gate.open(1);
    let mut told = BufReader::new(events);
    let mut text = String::new();
    while !text.contains("event: finished") {
        let mut piece = [0; 512];
        let length = told.read(&mut piece).unwrap();
        assert!(length > 0, "{text}");
        text.push_str(str::from_utf8(&piece[..length]).unwrap());
    }
    let all: Vec<Value> = lines();
    assert_eq!(all.len(), ITEMS);
}
