//! Best of N, releases and drift.

use std::fmt::Write as _;

use serde_json::Value;

use super::{EXAMPLES, file, json, run};
use crate::support::png;

#[test]
fn the_best_of_image_files_is_picked_by_scores_pairs_or_both() {
    let folder = tempfile::tempdir().unwrap();
    let clean = format!("{EXAMPLES}/clean.jpg");
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/images/good/base.png");
    let white = folder.path().join("white.png");
    std::fs::write(&white, png::plain(64, 64, [255; 3])).unwrap();
    let white = white.to_str().unwrap();
    for (by, what) in [
        ("scores", "score"),
        ("pairs", "strength"),
        ("both", "strength"),
    ] {
        let output = run(&[
            "best-of", &clean, white, other, &clean, "--by", by, "--json",
        ]);
        let error = String::from_utf8_lossy(&output.stderr);
        // Two candidates of one name are one too many.
        assert_eq!(output.status.code(), Some(2), "{error}");
        let output = run(&["best-of", &clean, white, other, "--by", by, "--json"]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{error}");
        let found = json(&output);
        let ranked = found["ranked"].as_array().unwrap();
        assert_eq!((&found["by"], ranked.len()), (&Value::from(by), 2));
        assert!(
            ranked[0][what].as_f64() >= ranked[1][what].as_f64(),
            "{found}"
        );
        assert_eq!(found["pick"], ranked[0]["id"]);
        assert_eq!(found["tripped"][0]["code"], "white");
    }
    let output = run(&["best-of", white, "--json"]);
    assert_eq!(
        (output.status.code(), &json(&output)["pick"]),
        (Some(1), &Value::Null)
    );
    for wrong in [
        &["best-of"][..],
        &["best-of", &clean, "--from", "scores.csv"],
        &["best-of", &clean, "--pair-judge", "technical-quality"],
    ] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn best_of_release_and_drift_read_tables() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "prompt,system,id,score,human\n".to_owned();
    for prompt in 0..60 {
        for (system, gain) in [("old", 0.0), ("new", 0.3)] {
            let base = f64::from(prompt * 37 % 11) / 10.0;
            let wobble = f64::from(prompt * 13 % 7) / 50.0;
            writeln!(
                text,
                "p{prompt},{system},p{prompt}-{system},{},{}",
                base + gain + wobble,
                base + gain
            )
            .unwrap();
        }
    }
    let path = file(folder.path(), "scores.csv", &text);
    let path = path.to_str().unwrap();

    let best = run(&["best-of", "--from", path, "--human", "human", "--json"]);
    assert_eq!(best.status.code(), Some(0));
    let best = json(&best);
    assert_eq!(best["picks"][0]["pick"], "p0-new");
    assert_eq!(best["uplift"]["share"], 1.0);

    let release = [
        "release",
        "--from",
        path,
        "--json",
        "--human",
        "human",
        "--resamples",
        "1000",
    ];
    let forward = run(&[&release[..], &["--new", "new", "--old", "old"]].concat());
    assert_eq!(forward.status.code(), Some(0));
    let report = json(&forward);
    assert_eq!(report["dimensions"][0]["difference"]["shown"], "better");
    assert_eq!(report["dimensions"][0]["validity"]["agree"], 1);
    let backward = run(&[&release[..], &["--new", "old", "--old", "new"]].concat());
    assert_eq!(backward.status.code(), Some(1));
    let unknown = run(&["release", "--from", path, "--new", "next", "--old", "old"]);
    assert_eq!(unknown.status.code(), Some(2));
    // One system alone is compared with nothing, and does not pass.
    let alone = run(&["release", "--from", path, "--new", "new"]);
    assert_eq!(alone.status.code(), Some(2));

    let drift = |current: &str| {
        run(&[
            "gate",
            "drift",
            "--reference",
            path,
            "--current",
            current,
            "--json",
        ])
    };
    assert_eq!(drift(path).status.code(), Some(0));
    let moved = file(
        folder.path(),
        "moved.csv",
        &text.replace(",old,p1-old,", ",old,p1-old,9"),
    );
    let moved = drift(moved.to_str().unwrap());
    assert_eq!(moved.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&moved.stdout).contains("p1-old"));
}
