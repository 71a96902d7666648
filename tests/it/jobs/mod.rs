//! Jobs: from a manifest to one result for each item, whatever happens in between.

mod chaos;
#[cfg(target_os = "linux")]
mod clock;
mod disk;
mod life;
mod operations;
#[cfg(target_os = "linux")]
mod power;
mod repeated;

use std::fs::File;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::app::{Reply, TestApp};

/// Lines of JSON, an item each, whose images have these bytes.
pub(crate) fn manifest(images: &[Vec<u8>]) -> Vec<u8> {
    let lines = images.iter().enumerate().map(|(index, image)| {
        let line = json!({"id": format!("item-{index}"), "base64": STANDARD.encode(image)});
        format!("{line}\n")
    });
    lines.collect::<String>().into_bytes()
}

/// So many images that differ; no backend of these tests looks at their pixels.
fn images(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|index| format!("image {index}").into_bytes())
        .collect()
}

const JSON_LINES: &[(&str, &str)] = &[("content-type", "application/jsonl")];

pub(crate) fn submit(app: &TestApp, query: &str, body: &[u8]) -> Reply {
    app.send("POST", &format!("/v1/jobs?{query}"), JSON_LINES, body)
}

/// The path of a job that was accepted.
pub(crate) fn path(reply: &Reply) -> String {
    let job = reply.json();
    assert_eq!(reply.status, 202, "{job}");
    format!("/v1/jobs/{}", job["id"].as_str().unwrap())
}

/// Waits until a job rests, by its events; the job then.
pub(crate) fn rested(app: &TestApp, path: &str) -> Value {
    let events = app.get(&format!("{path}/events"));
    let text = String::from_utf8(events.body).unwrap();
    let mut all = text.lines().filter_map(|line| line.strip_prefix("data: "));
    serde_json::from_str(all.next_back().unwrap()).unwrap()
}

/// Waits until nobody has the folder: the threads of a service that was stopped may outlive its end by a moment.
pub(crate) fn released(data: &Path) {
    let lock = File::open(data.join("opine.lock")).unwrap();
    lock.lock().unwrap();
}
