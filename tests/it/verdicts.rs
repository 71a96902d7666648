//! Written verdicts and comparisons from files: what is read, and what is refused by name.

use std::path::Path;

use serde_json::{Value, json};

use crate::command::{json as document, json_lines, opine, stderr};

fn lines(path: &Path, lines: &[Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_file_of_texts_is_read_as_the_card_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let texts = [
        ("Reasons. [[A>B]]", Ok("A>B")),
        ("I first thought [[A>B]]. Final verdict: [[B>A]]", Ok("B>A")),
        ("[[A>B]] or [[B>A]]", Err("ambiguous")),
        ("I'm sorry, I can't assist with that.", Err("refused")),
        ("Both are fine.", Err("unparsed")),
        ("<think>[[B>A]]</think>[[A=B=Good]]", Ok("A=B=Good")),
    ];
    let rows: Vec<Value> = texts
        .iter()
        .map(|(text, _)| json!({"response": text}))
        .collect();
    lines(&folder.path().join("texts.jsonl"), &rows);
    let read = |judge: &str, more: &[&str]| {
        let arguments = ["judges", "read", "--judge", judge, "texts.jsonl"];
        opine(folder.path(), &[&arguments[..], more].concat())
    };
    let output = read("genai-bench-pair", &["--field", "response"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let found = json_lines(&output);
    assert_eq!(found.len(), texts.len());
    for (one, (text, expected)) in found.iter().zip(texts) {
        let (field, value) = match expected {
            Ok(verdict) => ("verdict", verdict),
            Err(reason) => ("reason", reason),
        };
        assert_eq!(one[field], value, "{text}: {one}");
    }
    let told = stderr(&output);
    assert!(told.contains("3 of 6 texts read"), "{told}");
    assert!(told.contains("ambiguous 1"), "{told}");

    lines(
        &folder.path().join("texts.jsonl"),
        &[json!({"score": [7, 4]}), json!({"score": 11})],
    );
    let rated = json_lines(&read("viescore-pq", &[]));
    assert_eq!(
        (&rated[0]["rating"], &rated[1]["reason"]),
        (&json!(4.0), &json!("unparsed"))
    );
    for (judge, more, told) in [
        ("two-afc", &[][..], "`--labels`"),
        ("no-such-judge", &[], "there is no judge"),
        (
            "genai-bench-pair",
            &["--field", "answer"],
            "no field `answer`",
        ),
    ] {
        let output = read(judge, more);
        assert_eq!(output.status.code(), Some(2), "{judge}");
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
}

/// A line as `opine compare --json` prints it, for items `a00` and so on, `apart` in log-odds.
fn compared(first: usize, second: usize, apart: f64, readout: &str) -> Value {
    let better = 1.0 / (1.0 + (-apart).exp());
    let digest = format!("blake3:{}", "ab".repeat(32));
    json!({
        "first": format!("a{first:02}"), "second": format!("a{second:02}"), "judge": "elsewhere",
        "status": "compared", "first_better": better, "second_better": 1.0 - better, "tie": 0.0,
        "order_effect": 0.1,
        "provenance": {"judge": "elsewhere", "version": "1.0.0", "card": digest, "backend": "far",
            "model_revision": "m@1", "readout": readout, "preprocessing": "as-given", "temperature": 1.0},
    })
}

/// Items in order; people tie neighbours, and the judge's log-odds are the distance.
fn people_and_judge() -> (String, Vec<Value>) {
    let mut votes = "first,second,outcome,voter\n".to_owned();
    let mut judged = Vec::new();
    for first in 0..12usize {
        for second in 0..first {
            let apart = (first - second) as f64;
            let outcome = if apart < 2.5 { "tie" } else { "first" };
            votes.push_str(&format!("a{first:02},a{second:02},{outcome},ann\n"));
            let turned = ["second", "tie"][usize::from(outcome == "tie")];
            votes.push_str(&format!("a{second:02},a{first:02},{turned},bob\n"));
            // Half of them the other way round than people have them.
            judged.push(if first % 2 == 0 {
                compared(first, second, apart, "label_tokens")
            } else {
                compared(second, first, -apart, "label_tokens")
            });
        }
    }
    (votes, judged)
}

#[test]
fn a_tie_width_is_fitted_on_a_file_of_comparisons() {
    let folder = tempfile::tempdir().unwrap();
    let (votes, judged) = people_and_judge();
    std::fs::write(folder.path().join("votes.csv"), votes).unwrap();
    let fit = |judged: &[Value], judge: &str| {
        lines(&folder.path().join("judged.jsonl"), judged);
        let arguments = [
            "calibrate-ties",
            "--labels",
            "votes.csv",
            "--judged",
            "judged.jsonl",
        ];
        let more = ["--judge", judge, "--out", "ties.toml", "--json"];
        opine(folder.path(), &[&arguments[..], &more].concat())
    };
    let output = fit(&judged, "elsewhere@far");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = document(&output);
    assert!(
        (report["width"].as_f64().unwrap() - 2.0).abs() < 1e-9,
        "{report}"
    );
    assert_eq!(
        (&report["pairs"], &report["votes"]),
        (&json!(66), &json!(132))
    );
    assert_eq!(report["agreement"]["value"], 1.0);
    assert_eq!(report["by"], Value::Null);
    let text = std::fs::read_to_string(folder.path().join("ties.toml")).unwrap();
    assert!(text.contains("kind = \"tie-width\""), "{text}");

    let mut mixed = judged.clone();
    mixed[7]["provenance"]["readout"] = json!("samples");
    let mut twice = judged.clone();
    twice.push(compared(0, 1, -1.0, "label_tokens"));
    let strangers: Vec<Value> = (judged.iter().cloned())
        .map(|mut line| {
            line["first"] = json!(format!("x{}", line["first"]));
            line
        })
        .collect();
    for (judged, judge, told) in [
        (&mixed[..], "elsewhere", "readout `samples`"),
        (&twice, "elsewhere", "compared twice"),
        (&strangers, "elsewhere", "no pair that people judged"),
        (&judged, "another", "not by `another`"),
        (&judged, "elsewhere@near", "not by `near`"),
    ] {
        let output = fit(judged, judge);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(
            stderr(&output).contains(told),
            "{told}: {}",
            stderr(&output)
        );
    }
}
