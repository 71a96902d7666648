//! Bodies that are too large, too slow or too many, sent byte by byte.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::json;

use crate::support::app::{TestApp, config, read_reply, shared};
use crate::support::backends::{Gated, engine_with};

const HEAD: &str =
    "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

#[test]
fn four_gigabytes_are_refused_before_they_are_sent() {
    for length in ["4294967296", "18446744073709551615", "67108865"] {
        let reply = shared().send_raw(format!("{HEAD}Content-Length: {length}\r\n\r\n").as_bytes());
        assert_eq!(reply.status, 413);
        reply.problem("body_too_large");
    }
}

#[test]
fn a_chunked_body_is_refused_where_it_passes_the_limit() {
    let app = TestApp::with(|config| config.limits.request_bytes = 1_000);
    let chunk = format!("100\r\n{}\r\n", " ".repeat(256));
    let head = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n");
    // The last chunk never comes.
    let reply = app.send_raw(format!("{head}{}", chunk.repeat(4)).as_bytes());
    reply.problem("body_too_large");
    let small = app.send_raw(format!("{head}2\r\n{{}}\r\n0\r\n\r\n").as_bytes());
    small.problem("missing_images");
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    // With no time at all, what is there is read and what is not is missed.
    let app = TestApp::with(|config| config.limits.seconds_per_body = 0);
    let reply = app.send_raw(format!("{HEAD}Content-Length: 100\r\n\r\n{{").as_bytes());
    reply.problem("body_timeout");
    let form = HEAD.replace("application/json", "multipart/form-data; boundary=border");
    let reply = app.send_raw(format!("{form}Content-Length: 100\r\n\r\n--border").as_bytes());
    reply.problem("body_timeout");
}

#[test]
fn a_body_that_is_not_sent_as_its_headers_say_is_refused() {
    let reply = shared()
        .send_raw(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nnot a size\r\n").as_bytes());
    reply.problem("unreadable_body");
}

#[test]
fn a_foreign_protocol_harms_nobody() {
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01"[..],
        b"\0\0\0\0\r\n\r\n",
        b"GET",
    ] {
        let mut stream = TcpStream::connect(shared().address).unwrap();
        stream.write_all(bytes).unwrap();
    }
    assert_eq!(shared().get("/healthz").status, 200);
}

#[test]
fn surplus_is_told_so_at_once_and_what_was_let_in_is_finished() {
    let backend = Gated::new(0);
    let mut config = config();
    config.limits.requests_in_flight = 1;
    let app = TestApp::start(engine_with(Arc::clone(&backend) as _), config);
    let body = json!({"judge": "q-bench", "images": [{"base64": "aGk="}]});
    std::thread::scope(|scope| {
        let first = scope.spawn(|| app.score(&body));
        backend.wait_for_one();
        // Its body is never sent: the answer does not wait for it.
        let surplus = app.send_raw(format!("{HEAD}Content-Length: 1000\r\n\r\n").as_bytes());
        surplus.problem("overloaded");
        assert_eq!(surplus.headers["retry-after"], "1");
        assert_eq!(app.get("/readyz").status, 200);
        backend.open(1);
        assert_eq!(first.join().unwrap().status, 200);
    });
    backend.open(1);
    assert_eq!(app.score(&body).status, 200);
}

#[test]
fn a_place_is_given_back_when_its_client_leaves() {
    let backend = Gated::new(0);
    let mut config = config();
    config.limits.requests_in_flight = 1;
    config.limits.seconds_per_request = 3_600;
    let app = TestApp::start(engine_with(Arc::clone(&backend) as _), config);
    let body = json!({"judge": "q-bench", "images": [{"base64": "aGk="}]}).to_string();
    let mut stream = TcpStream::connect(app.address).unwrap();
    write!(stream, "{HEAD}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    backend.wait_for_one();
    drop(stream);
    // Nobody opens the gate: the place is free once the service has seen the client go, and not before.
    let let_in = (0..20_000).any(|_| app.score_text("{}").status != 429);
    backend.open(1);
    assert!(let_in, "the place was not given back");
}

#[test]
fn a_deadline_that_passes_leaves_images_unscored() {
    let mut config = config();
    config.limits.seconds_per_request = 0;
    let app = TestApp::start(engine_with(Gated::new(0)), config);
    let body = json!({"judge": "q-bench", "images": [{"base64": "aGk="}, {"base64": "aG8="}]});
    for result in app.score(&body).results() {
        assert_eq!(result["reason"], "deadline");
    }
}

#[test]
fn requests_in_one_packet_are_answered_in_order() {
    let mut stream = TcpStream::connect(shared().address).unwrap();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let post = format!("{HEAD}Content-Length: 2\r\n\r\n{{}}");
    // Far more than are begun at once, some of them with bodies.
    let paths = ["/healthz", "/nowhere", "/v1/judges"];
    let round = paths.map(get).concat() + &post;
    let sender = std::thread::spawn({
        let (mut stream, all) = (stream.try_clone().unwrap(), round.repeat(250));
        move || stream.write_all(all.as_bytes()).unwrap()
    });
    let mut reader = BufReader::new(&mut stream);
    for _ in 0..250 {
        let statuses = [0; 4].map(|_| read_reply(&mut reader).status);
        assert_eq!(statuses, [200, 404, 200, 422]);
    }
    sender.join().unwrap();
}

#[test]
fn nothing_of_a_body_is_taken_for_the_next_request() {
    let get = "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";
    // A body that looks like a request is a body, whether it is read or refused.
    for media_type in ["application/json", "text/plain"] {
        let head = HEAD.replace("application/json", media_type);
        let stream = TcpStream::connect(shared().address).unwrap();
        let whole = format!("{head}Content-Length: {}\r\n\r\n{get}", get.len());
        (&stream)
            .write_all(format!("{whole}{}", get.replace("nowhere", "healthz")).as_bytes())
            .unwrap();
        let mut reader = BufReader::new(stream);
        let first = read_reply(&mut reader);
        assert!([400, 415].contains(&first.status), "{first:?}");
        // The connection ends, or the next answer is that of the next request.
        if reader.fill_buf().is_ok_and(|rest| !rest.is_empty()) {
            assert_eq!(read_reply(&mut reader).status, 200);
        }
    }
    // Two readers could see two ends of such a body: it is none.
    for lengths in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length: 0x3\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
    ] {
        let mut stream = TcpStream::connect(shared().address).unwrap();
        let sent = format!("{HEAD}{lengths}\r\n0\r\n\r\n{get}");
        stream.write_all(sent.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        assert_eq!(read_reply(&mut reader).status, 400, "{lengths}");
        // Whatever follows is not answered.
        assert!(
            reader.fill_buf().map_or(true, <[u8]>::is_empty),
            "{lengths}"
        );
    }
}
