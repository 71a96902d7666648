//! The command line with a model behind a chat API, and the reading of a reply from a file.

use std::path::Path;

use serde_json::{Value, json};

use super::token;
use crate::command::{json, json_lines, opine, stderr};
use crate::support::app::fixtures;
use crate::support::llama::shared;
use crate::support::scripted::nobody;

fn configured(folder: &Path, url: &str, more: &str) {
    let table = format!(
        "[backends.seer]\nkind = 'chat'\nurl = '{url}'\nmodel = 'tiny-seer'\nconcurrency = 1\n{more}\n"
    );
    std::fs::write(folder.join("opine.toml"), table).unwrap();
}

fn score(folder: &Path) -> std::process::Output {
    let picture = fixtures("scenes").join("purple-square.png");
    let arguments = [
        "score",
        "--config",
        "opine.toml",
        "--json",
        "--judge",
        "q-bench@seer",
    ];
    opine(
        folder,
        &[&arguments[..], &[picture.to_str().unwrap()]].concat(),
    )
}

#[test]
fn a_card_is_asked_of_llama_cpp_from_pixels_to_verdict() {
    let folder = tempfile::tempdir().unwrap();
    configured(folder.path(), &shared().url, "revision = 'test'");
    let output = score(folder.path());
    let line = json_lines(&output).remove(0);
    let text = line.to_string();
    assert!(output.status.success(), "{text} {}", stderr(&output));
    assert!(text.contains("tiny-seer@test"), "{text}");
    assert!(text.contains("label_tokens"), "{text}");
}

#[test]
fn a_server_that_is_away_is_an_answer_by_name() {
    let folder = tempfile::tempdir().unwrap();
    configured(
        folder.path(),
        &nobody(),
        "connect_seconds = 0.5\nretries = 0",
    );
    let output = score(folder.path());
    let line = json_lines(&output).remove(0).to_string();
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(line.contains("cannot be reached"), "{line}");
}

#[test]
fn a_wrong_key_or_price_is_refused() {
    let cases = [
        ("promt = 'x'", "promt"),
        ("flavour = 'lamma.cpp'", "lamma.cpp"),
        ("price = { input = -1.0, output = 0.0 }", "price"),
    ];
    for (more, named) in cases {
        let folder = tempfile::tempdir().unwrap();
        configured(folder.path(), &nobody(), more);
        let output = score(folder.path());
        assert_eq!(output.status.code(), Some(2), "{more}");
        assert!(
            stderr(&output).contains(named),
            "{more}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_reply_is_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let listed = [("4", -0.5f64), ("5", -1.5), ("Good", -3.0), ("3", -4.0)];
    let mut place = token("4", -0.5);
    place["top_logprobs"] = listed
        .iter()
        .map(|(text, mass)| token(text, *mass))
        .collect();
    let document = json!({"note": "a record", "choice": {"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "4"}, "logprobs": {"content": [place]}}});
    std::fs::write(folder.path().join("reply.json"), document.to_string()).unwrap();
    let read = |labels: &str| {
        opine(
            folder.path(),
            &["judges", "read", "--labels", labels, "reply.json"],
        )
    };
    let found: Value = json(&read("3,4,5"));
    assert_eq!(found["readout"], "top_tokens");
    assert_eq!(found["censored"], false);
    let total: f64 = [-0.5f64, -1.5, -4.0].iter().map(|mass| mass.exp()).sum();
    for (index, mass) in [-4.0f64, -0.5, -1.5].iter().enumerate() {
        let probability = found["probabilities"][index].as_f64().unwrap();
        assert!((probability - mass.exp() / total).abs() < 1e-15);
    }
    assert!((found["coverage"].as_f64().unwrap() - total).abs() < 1e-15);
    assert_eq!(json(&read("1,4,5"))["censored"], true);
    let output = read("yes,no");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("none of the allowed answers"),
        "{}",
        stderr(&output)
    );
}
