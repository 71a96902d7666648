//! Equal questions over HTTP: asked once, remembered, and nobody's departure harms the others.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::json;

use crate::support::app::{TestApp, config, read_reply};
use crate::support::backends::{Gated, engine_remembering};

/// A service that remembers, and the backend that its one judge has.
fn remembering() -> (TestApp, Arc<Gated>) {
    let backend = Gated::new(0);
    let mut config = config();
    config.limits.requests_in_flight = 200;
    let engine = engine_remembering(Arc::clone(&backend) as _, 1 << 20);
    (TestApp::start(engine, config), backend)
}

/// A connection on which the one question of these tests was asked.
fn asked(app: &TestApp) -> TcpStream {
    let body = json!({"judge": "q-bench", "images": [{"base64": "aGk="}]}).to_string();
    let mut stream = TcpStream::connect(app.address).unwrap();
    write!(
        stream,
        "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream
}

/// Waits until so many have asked.
fn wait_for_lookups(app: &TestApp, count: u64) {
    while app.gauges.cache().lookups < count {
        std::thread::yield_now();
    }
}

fn status(stream: TcpStream) -> u16 {
    read_reply(&mut BufReader::new(stream)).status
}

#[test]
fn a_hundred_equal_requests_ask_once_and_the_next_asks_nobody() {
    let (app, backend) = remembering();
    let askers: Vec<TcpStream> = (0..100).map(|_| asked(&app)).collect();
    wait_for_lookups(&app, 100);
    backend.open(1);
    for asker in askers {
        assert_eq!(status(asker), 200);
    }
    // The gate let one through: whoever came again would stand before it still.
    assert_eq!(status(asked(&app)), 200);
    let counts = app.gauges.cache();
    assert_eq!((counts.lookups, counts.asked), (101, 1));
    assert_eq!(backend.came(), 1);
    assert!(counts.hits >= 1, "{counts:?}");
}

#[test]
fn one_who_leaves_does_not_take_the_answer_with_him() {
    let (app, backend) = remembering();
    let first = asked(&app);
    backend.wait_for_one();
    let second = asked(&app);
    wait_for_lookups(&app, 2);
    drop(first);
    // The service has seen him go once his place is free.
    while app.gauges.admission().requests > 1 {
        std::thread::yield_now();
    }
    backend.open(1);
    assert_eq!(status(second), 200);
    assert_eq!(app.gauges.cache().asked, 1);
}
