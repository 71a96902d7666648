//! Where rows come from: pipes, delimiters of their own, ids of many digits.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{Bench, human, judged, message};

#[test]
fn a_pipe_is_read_as_a_file_is() {
    let bench = Bench::new();
    let human = bench.file("human.csv", human());
    let mut child = Command::new(env!("CARGO_BIN_EXE_opine"))
        .args([
            "audit",
            "--judged",
            "/dev/stdin",
            "--report",
            "-",
            "--human",
        ])
        .arg(&human)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(judged().as_bytes()).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", message(&output));
    let piped: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let (_, from_file) = bench.json(&bench.file("judged.csv", judged()), &human, &[]);
    assert_eq!(piped["estimates"], from_file["estimates"]);
    assert_eq!(
        piped["inputs"][0]["digest"],
        from_file["inputs"][0]["digest"]
    );
}

#[test]
fn each_file_may_have_a_delimiter_of_its_own() {
    let bench = Bench::new();
    let comma = bench.file("judged.csv", judged());
    let semicolon = bench.file("human.csv", human().replace(',', ";"));
    let (code, report) = bench.json(&comma, &semicolon, &["--human-delimiter", ";"]);
    assert_eq!((code, report["n"].as_u64()), (0, Some(12)));
    // One for both leaves JSON as it is.
    let lines: String = (1..=12)
        .map(|i| format!("{{\"id\":\"item{i}\",\"score\":{i}}}\n"))
        .collect();
    let json = bench.file("judged.jsonl", lines);
    let (code, report) = bench.json(&json, &semicolon, &["--delimiter", ";"]);
    assert_eq!((code, report["n"].as_u64()), (0, Some(12)));
}

#[test]
fn json_ids_keep_every_digit_or_are_refused() {
    let bench = Bench::new();
    let ids = [
        "18446744073709551613",
        "18446744073709551614",
        "18446744073709551615",
        "-1",
    ];
    let lines = |name: &str| -> String {
        let rows = ids.iter().enumerate();
        rows.map(|(at, id)| format!("{{\"id\":{id},\"{name}\":{at}}}\n"))
            .collect()
    };
    let (judged, human) = (
        bench.file("j.jsonl", lines("score")),
        bench.file("h.jsonl", lines("mos")),
    );
    let (code, report) = bench.json(&judged, &human, &[]);
    assert_eq!((code, report["n"].as_u64()), (0, Some(4)));
    let longer = lines("score").replace("18446744073709551615", "184467440737095516150");
    let refused = bench.audit(&bench.file("k.jsonl", longer), &human, &[]);
    assert_eq!(refused.status.code(), Some(2));
    let text = message(&refused);
    assert!(
        text.contains("k.jsonl, line 3, column `id`") && text.contains("in quotes"),
        "{text}"
    );
}

#[test]
fn help_says_what_exit_codes_mean_and_what_memory_is_taken() {
    let output = Command::new(env!("CARGO_BIN_EXE_opine"))
        .args(["audit", "--help"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    for part in ["Exit codes", "bytes", "pipe"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
