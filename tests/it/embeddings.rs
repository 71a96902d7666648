//! Embeddings that the caller has, scored on the command line.

use crate::command::{json_lines, opine, stderr};

#[test]
fn embeddings_are_scored_with_their_scale_stated() {
    let work = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(work.path().join(name), text).unwrap();
    write(
        "rows.jsonl",
        "{\"id\": \"a\", \"image\": [3, 4], \"text\": [4, 3]}\n{\"id\": \"b\", \"image\": [0, 0], \"text\": [4, 3]}\n",
    );
    write("head.json", r#"{"w": [1, 2], "b": 0.5, "name": "mine"}"#);
    let run = |rest: &[&str]| {
        opine(
            work.path(),
            &[&["embeddings", "rows.jsonl", "--json"], rest].concat(),
        )
    };
    let output = run(&["--scorer", "clip-score"]);
    // An embedding without direction has no score, and that is told by the exit code.
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let lines = json_lines(&output);
    assert!(
        (lines[0]["score"].as_f64().unwrap() - 2.4).abs() < 1e-12,
        "{}",
        lines[0]
    );
    assert!(lines[0]["scale"].as_str().unwrap().starts_with("0 to 2.5"));
    assert_eq!(
        (&lines[1]["score"], &lines[1]["reason"]),
        (&serde_json::Value::Null, &"not_applicable".into())
    );
    let output = run(&["--scorer", "aesthetic", "--head", "head.json"]);
    assert_eq!(output.status.code(), Some(0));
    assert!((json_lines(&output)[0]["score"].as_f64().unwrap() - 2.7).abs() < 1e-12);
    write("rows.jsonl", "{\"id\": \"a\", \"raw\": 0.8}\n");
    let output = run(&["--scorer", "image-reward"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let reward = json_lines(&output)[0]["score"].as_f64().unwrap();
    assert!((reward - 0.612_408_965_086_842_1).abs() < 1e-12, "{reward}");
    write("rows.jsonl", "\n{}\n");
    let output = run(&["--scorer", "hps"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("line 2: "), "{}", stderr(&output));
    for (rest, part) in [
        (&["--scorer", "clip"][..], "is none of"),
        (&["--scorer", "aesthetic"][..], "needs the weights"),
        (&["--scorer", "pick-score"][..], "about 100"),
    ] {
        let output = run(rest);
        assert_eq!(output.status.code(), Some(2), "{rest:?}");
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
}
