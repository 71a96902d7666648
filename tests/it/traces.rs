//! Traces, as a collector on this machine gets them: `make test-otel`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc;

use serde_json::Value;

use crate::serve::Served;
use crate::support::app::form;
use crate::support::png;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector that hands on every document that it gets. Its thread ends with the process.
fn collector() -> (SocketAddr, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (send, documents) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let send = send.clone();
            std::thread::spawn(move || collect(stream.unwrap(), &send));
        }
    });
    (address, documents)
}

fn collect(mut stream: TcpStream, send: &mpsc::Sender<Value>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_ascii_lowercase());
        }
        assert!(head[0].starts_with("post /v1/traces http/1.1"), "{head:?}");
        assert!(
            head.contains(&"content-type: application/json".to_owned()),
            "{head:?}"
        );
        let length = head
            .iter()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        send.send(serde_json::from_slice(&body).unwrap()).unwrap();
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

fn score(address: &str, traceparent: &str) {
    let picture = png::gray(200);
    let form = form(&[("image", Some("x"), &picture)]);
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /v1/score?word=secret HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Request-Id: order-66\r\nAuthorization: Bearer secret\r\n{traceparent}Content-Type: multipart/form-data; boundary=border\r\nContent-Length: {}\r\n\r\n",
        form.len()
    )
    .unwrap();
    stream.write_all(&form).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}

fn attributes(of: &Value) -> BTreeMap<String, Value> {
    let list = of["attributes"].as_array().unwrap().iter();
    list.map(|entry| {
        (
            entry["key"].as_str().unwrap().to_owned(),
            entry["value"].clone(),
        )
    })
    .collect()
}

#[cfg(unix)]
#[test]
fn a_request_its_step_and_its_question_are_spans_of_the_trace_that_was_begun_elsewhere() {
    let (address, documents) = collector();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("opine.toml");
    let text = format!("[traces]\nendpoint = \"http://{address}\"\nservice = \"judge\"\n");
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let mut served = Served::start(&["serve", "--listen", "127.0.0.1:0", "--config", config]);
    score(
        served.address(),
        &format!("traceparent: 00-{TRACE}-{PARENT}-01\r\n"),
    );
    // One that is not wanted, one whose header is none, and the end, which sends what is left.
    score(
        served.address(),
        &format!("traceparent: 00-{TRACE}-{PARENT}-00\r\n"),
    );
    score(served.address(), "traceparent: secret\r\n");
    let pid = served.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(served.child.wait().unwrap().code(), Some(0));

    let documents: Vec<Value> = documents.try_iter().collect();
    let mut spans = Vec::new();
    for document in &documents {
        assert!(!document.to_string().contains("secret"), "{document}");
        let resource = &document["resourceSpans"][0];
        let service = &attributes(&resource["resource"])["service.name"];
        assert_eq!(service["stringValue"], "judge");
        spans.extend(
            resource["scopeSpans"][0]["spans"]
                .as_array()
                .unwrap()
                .clone(),
        );
    }
    let ours: Vec<&Value> = spans
        .iter()
        .filter(|span| span["traceId"] == TRACE)
        .collect();
    let named = |name: &str| {
        let found: Vec<&&Value> = ours.iter().filter(|span| span["name"] == name).collect();
        assert_eq!(found.len(), 1, "{name}: {ours:#?}");
        *found[0]
    };
    let (request, step, ask) = (named("request"), named("step"), named("ask"));
    assert_eq!(request["parentSpanId"], PARENT);
    assert_eq!(step["parentSpanId"], request["spanId"]);
    assert_eq!(ask["parentSpanId"], step["spanId"]);
    assert_eq!(
        (&request["kind"], &ask["kind"]),
        (&Value::from(2), &Value::from(3))
    );
    let told = attributes(request);
    assert_eq!(told["request_id"]["stringValue"], "order-66");
    assert_eq!(told["judge"]["stringValue"], "technical-quality");
    assert_eq!(told["http.route"]["stringValue"], "/v1/score");
    assert_eq!(told["http.response.status_code"]["intValue"], "200");
    assert_eq!(attributes(ask)["backend"]["stringValue"], "onnx");
    let time = |span: &Value, end: &str| span[end].as_str().unwrap().parse::<u64>().unwrap();
    for (inner, outer) in [(ask, step), (step, request)] {
        assert!(time(outer, "startTimeUnixNano") <= time(inner, "startTimeUnixNano"));
        assert!(time(inner, "endTimeUnixNano") <= time(outer, "endTimeUnixNano"));
    }
    // The one without a trace has begun its own.
    let others = spans.iter().filter(|span| span["name"] == "request");
    let others: Vec<&Value> = others.filter(|span| span["traceId"] != TRACE).collect();
    assert_eq!(others.len(), 1, "{others:#?}");
    assert!(others[0].get("parentSpanId").is_none());
}
