//! The log of a service, as a program reads it: who, what and why, and nothing that is secret.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::serve::Served;
use crate::support::app::fixtures;
use crate::support::png;

/// What must never stand in a log.
const SECRETS: [&str; 6] = [
    "key-in-a-file-7f3a",
    "key-in-a-header-91bc",
    "word-in-a-query-c2d4",
    "words of a text e5f6",
    "bmFtZS1vZi1hbi1pbWFnZQ",
    "name-of-an-image",
];

fn post(address: &str, path: &str, headers: &str, body: &Value) -> String {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[cfg(unix)]
#[test]
fn lines_are_json_that_names_request_caller_judge_and_reason_and_tell_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let down = free.local_addr().unwrap();
    drop(free);
    std::fs::write(folder.path().join("key"), SECRETS[0]).unwrap();
    let text = format!(
        "[log]\nformat = \"json\"\nfilter = \"trace\"\n[judges]\nfolders = [{}]\n[backends.down]\nkind = \"systemone\"\nurl = \"http://{down}/v1\"\nmodel = \"m\"\napi_key_file = \"key\"\nretries = 1\n",
        json!(fixtures("judges"))
    );
    let config = folder.path().join("opine.toml");
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let mut served = Served::start(&["serve", "--listen", "127.0.0.1:0", "--config", config]);
    let headers = format!(
        "X-Request-Id: order-66\r\nAuthorization: Bearer {}\r\n",
        SECRETS[1]
    );
    let texts = json!({"prompt": SECRETS[3]});
    let picture = BASE64_STANDARD.encode(png::gray(90));
    for (judge, base64) in [("brightness", SECRETS[4]), ("vqascore@down", &picture)] {
        let image = json!({"base64": base64, "id": SECRETS[5]});
        let body = json!({"judge": judge, "images": [image], "texts": texts});
        let path = format!("/v1/score?word={}", SECRETS[2]);
        let reply = post(served.address(), &path, &headers, &body);
        assert!(
            reply.starts_with("HTTP/1.1 200") && reply.contains("unscored"),
            "{reply}"
        );
    }
    let pid = served.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    served.child.wait().unwrap();
    let mut log = String::new();
    served
        .child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    for secret in SECRETS {
        assert!(!log.contains(secret), "the log tells `{secret}`: {log}");
    }
    let lines: Vec<Value> = log
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ours = |message: &str| -> Vec<&Value> {
        let said =
            |line: &&Value| line["message"] == message && line["span"]["request_id"] == "order-66";
        lines.iter().filter(said).collect()
    };
    let requests = ours("request");
    assert_eq!(requests.len(), 2, "{log}");
    for (line, judge) in requests.iter().zip(["brightness", "vqascore"]) {
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["route"], "/v1/score");
        assert_eq!(line["status"], 200);
        assert_eq!(line["span"]["caller"], "local");
        assert_eq!(line["span"]["judge"], judge);
        assert!(line["timestamp"].is_string() && line["milliseconds"].is_string());
    }
    let unscored = ours("unscored");
    let reasons: Vec<&Value> = unscored.iter().map(|line| &line["reason"]).collect();
    assert_eq!(reasons.len(), 2, "{log}");
    assert!(
        reasons[0].as_str().unwrap().starts_with("image_"),
        "{reasons:?}"
    );
    assert_eq!(*reasons[1], "backend");
    assert!(!log.contains(&picture));
}

#[test]
fn a_filter_that_is_none_is_refused() {
    let output = crate::command::opine(
        Path::new(env!("CARGO_MANIFEST_DIR")),
        &["config", "example"],
    );
    let example = String::from_utf8(output.stdout).unwrap();
    let wrong = example.replace("filter = \"warn,opine=info", "filter = \"warn,opine=loud");
    let error = opine::config::Config::read("example", &wrong, vec![]).unwrap_err();
    assert_eq!(error.faults[0].key, "log.filter", "{error}");
}
