//! Ranking by whole lists and by anchors, on both faces, with a server that puts in order what it is shown.

mod anchors;
mod command;
mod shuffled;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use opine::config::BackendConfig;
use serde_json::{Value, json};

use crate::support::app::{Reply, TestApp};
use crate::support::png;
use crate::support::scripted::{Asked, Play, Scripted};

/// Text and images of a chat request, in their order.
fn shown(asked: &Asked) -> (String, Vec<String>) {
    let (mut words, mut images) = (String::new(), Vec::new());
    for message in asked.json()["messages"].as_array().unwrap() {
        for part in message["content"].as_array().into_iter().flatten() {
            words.push_str(part["text"].as_str().unwrap_or_default());
            let image = part["image_url"]["url"].as_str().into_iter();
            images.extend(image.map(|url| url.rsplit(',').next().unwrap().to_owned()));
        }
    }
    (words, images)
}

fn says(text: &str) -> Play {
    Play::json(
        &json!({"object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": text}}]}),
    )
}

/// Letters by worth, the best first.
fn order(worths: &[f64]) -> String {
    let mut places: Vec<usize> = (0..worths.len()).collect();
    places.sort_by(|one, other| worths[*other].total_cmp(&worths[*one]));
    let letter = |place: &usize| char::from(b'A' + u8::try_from(*place).unwrap());
    let letters: Vec<String> = places
        .iter()
        .map(|place| letter(place).to_string())
        .collect();
    letters.join(" > ")
}

/// A server that puts grays in order, the lightest first; the one shown first counts as `first` levels lighter.
/// After `last` questions it names one image only.
pub(crate) fn by_lightness(first: f64, last: usize) -> Scripted {
    let grays: BTreeMap<String, f64> = (0..=255_u8)
        .map(|gray| (BASE64_STANDARD.encode(png::gray(gray)), f64::from(gray)))
        .collect();
    let asked_before = Arc::new(Mutex::new(0));
    Scripted::start(move |asked| {
        if asked.path.ends_with("/models") {
            return Play::json(&json!({"data": [{"id": "m", "owned_by": "someone"}]}));
        }
        let (words, images) = shown(asked);
        if !words.contains("in order of their technical quality") {
            return says("a");
        }
        let mut count = asked_before.lock().unwrap();
        *count += 1;
        if *count > last {
            return says("Order: A, and nothing else is worth a place.");
        }
        let mut worths: Vec<f64> = images.iter().map(|image| grays[image]).collect();
        worths[0] += first;
        says(&format!("Looking at each.\nOrder: {}", order(&worths)))
    })
}

/// A server that ranks responses by their length.
fn by_length() -> Scripted {
    Scripted::start(|asked| {
        if asked.path.ends_with("/models") {
            return Play::json(&json!({"data": [{"id": "m", "owned_by": "someone"}]}));
        }
        let (words, images) = shown(asked);
        let answers: Vec<&str> = words.split("’s Answer]\n").collect();
        if answers.len() < 3 {
            return says("a");
        }
        assert_eq!(images.len(), 1, "the picture that the responses are about");
        let length = |answer: &&str| answer.split("\n[The End").next().unwrap().len() as f64;
        let worths: Vec<f64> = answers[1..].iter().step_by(2).map(length).collect();
        let rank = order(&worths).replace(" > ", "]], [[");
        says(&json!({"Analysis": "[[A]] is long.", "Judgement": format!("[[{rank}]]")}).to_string())
    })
}

pub(crate) fn chat(server: &Scripted, more: &str) -> String {
    let url = server.url("/v1");
    format!("kind = 'chat'\nurl = '{url}'\nmodel = 'm'\nflavour = 'other'\nretries = 0\n{more}")
}

fn app(server: &Scripted, more: &str) -> TestApp {
    let backend: BackendConfig = toml::from_str(&chat(server, more)).unwrap();
    TestApp::with(|config| {
        config.backends.insert("server".into(), backend);
    })
}

fn rank(app: &TestApp, body: &Value) -> Reply {
    let headers = [("content-type", "application/json")];
    app.send("POST", "/v1/rank", &headers, body.to_string().as_bytes())
}

fn image(name: &str, gray: u8) -> Value {
    json!({"id": name, "base64": BASE64_STANDARD.encode(png::gray(gray))})
}

fn grays(levels: &[u8]) -> Vec<Value> {
    levels
        .iter()
        .map(|gray| image(&gray.to_string(), *gray))
        .collect()
}

fn names(ranking: &Value) -> Vec<&str> {
    let items = ranking["items"].as_array().unwrap().iter();
    items.map(|item| item["item"].as_str().unwrap()).collect()
}
