//! The command line with a model behind a chat API, and the reading of a reply from a file.

use std::path::Path;
use std::process::Output;

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

/// Five levels in the words that the tiny model was taught.
const CARD: &str = r#"
schema = 1
id = "five-levels"
version = "1.0.0"
title = "Five levels"
source = "this test"
licence = "none"
protocol = "score"
[prompt]
text = "<image>Rate the quality of this image."
[scale]
min = 1.0
max = 5.0
better = "higher"
"#;

fn score(folder: &Path, judge: &str) -> (Output, Value) {
    let picture = fixtures("scenes").join("purple-square.png");
    let judge = format!("{judge}@seer");
    let arguments = [
        "score",
        "--config",
        "opine.toml",
        "--json",
        "--judge",
        &judge,
    ];
    let output = opine(
        folder,
        &[&arguments[..], &[picture.to_str().unwrap()]].concat(),
    );
    let line = json_lines(&output).into_iter().next().unwrap_or_default();
    (output, line)
}

#[test]
fn a_card_is_asked_of_llama_cpp_from_pixels_to_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let card = folder.path().join("judges/five-levels");
    std::fs::create_dir_all(&card).unwrap();
    let levels = ["bad", "poor", "fair", "good", "excellent"].iter().zip(1..);
    let levels: String = levels
        .map(|(name, worth)| format!("[[level]]\nname = \"{name}\"\nworth = {worth}.0\n"))
        .collect();
    std::fs::write(card.join("card.toml"), format!("{CARD}{levels}")).unwrap();
    let more = "revision = 'test'\n[judges]\nfolders = ['judges']";
    configured(folder.path(), &shared().url, more);
    let (output, line) = score(folder.path(), "five-levels");
    assert!(output.status.success(), "{line} {}", stderr(&output));
    assert_eq!(line["provenance"]["model_revision"], "tiny-seer@test");
    assert_eq!(line["provenance"]["readout"], "label_tokens");
    assert!(line["score"].as_f64().unwrap() > 4.0, "{line}");
    assert!(line["coverage"].as_f64().unwrap() > 0.9, "{line}");
    // Asked for two of its five levels it says a third, and is not made to choose.
    let (output, line) = score(folder.path(), "q-bench");
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert_eq!(line["reason"], "low_coverage", "{line}");
}

#[test]
fn a_server_that_is_away_is_an_answer_by_name() {
    let folder = tempfile::tempdir().unwrap();
    configured(
        folder.path(),
        &nobody(),
        "connect_seconds = 0.5\nretries = 0",
    );
    let (output, line) = score(folder.path(), "q-bench");
    let line = line.to_string();
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
        let (output, _) = score(folder.path(), "q-bench");
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
