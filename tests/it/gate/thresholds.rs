//! `opine gate fit` on a table of labelled scores.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{file, fit, json};

/// `score,good` rows from (score, items, good ones among them).
fn labels(folder: &Path, rows: &[(f64, usize, usize)]) -> PathBuf {
    let mut text = "id,score,good\n".to_owned();
    let mut id = 0;
    for (score, items, good) in rows {
        for at in 0..*items {
            id += 1;
            writeln!(text, "i{id},{score},{}", u8::from(at < *good)).unwrap();
        }
    }
    file(folder, "labels.csv", &text)
}

#[test]
fn a_target_that_is_shown_has_a_threshold_and_exit_code_0() {
    let folder = tempfile::tempdir().unwrap();
    let path = labels(
        folder.path(),
        &[(3.0, 120, 119), (2.0, 100, 50), (1.0, 90, 0)],
    );
    let output = fit(
        &path,
        &["--target", "precision=0.95", "--confidence", "0.95"],
    );
    assert_eq!(output.status.code(), Some(0));
    let report = json(&output);
    assert_eq!(report["feasible"], true);
    assert_eq!(report["threshold"], 3.0);
    assert_eq!(report["n"], 120);
    assert!(report["bound"].as_f64().unwrap() >= 0.95);
    assert_eq!(report["band"]["reject_at"], 1.0);
    assert_eq!(report["labels_needed"], Value::Null);
}

#[test]
fn a_target_that_is_not_shown_is_infeasible_with_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = labels(
        folder.path(),
        &[(10.0, 102, 72), (9.0, 122, 53), (0.0, 759, 132)],
    );
    let output = fit(&path, &["--target", "precision=0.95"]);
    assert_eq!(output.status.code(), Some(1));
    let report = json(&output);
    assert_eq!(
        (&report["feasible"], &report["threshold"]),
        (&Value::Bool(false), &Value::Null)
    );
    let best = &report["best"];
    assert_eq!(
        (&best["threshold"], &best["n"]),
        (&Value::from(10.0), &Value::from(102))
    );
    assert!((best["value"].as_f64().unwrap() - 72.0 / 102.0).abs() < 1e-12);
    assert!((best["bound"].as_f64().unwrap() - 0.622_855_308).abs() < 1e-8);
    // Three labels show nothing, and that is a finding too.
    let three = labels(folder.path(), &[(2.0, 2, 2), (1.0, 1, 0)]);
    let output = fit(&three, &["--target", "precision=0.9"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn labels_that_are_none_and_targets_that_cannot_be_are_refused_with_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let good = labels(folder.path(), &[(2.0, 20, 20)]);
    let cases: &[(&str, &[&str], &str)] = &[
        ("labels.csv", &["--target", "precision=0.9"], "all are good"),
        (
            "bad.csv",
            &["--target", "precision=0.9"],
            "all are not good",
        ),
        // Ratings from 0 to 10, two of which could be labels.
        (
            "tens.csv",
            &["--target", "precision=0.9"],
            "neither 0 nor 1",
        ),
        (
            "words.csv",
            &["--target", "precision=0.9"],
            "`yes` is not a number",
        ),
        (
            "tens.csv",
            &["--target", "precision=0.9", "--good-at", "11"],
            "all are not good",
        ),
        (
            "rated.csv",
            &["--target", "precision=0.9"],
            "neither 0 nor 1",
        ),
        (
            "rated.csv",
            &["--target", "precision=1", "--good-at", "3"],
            "strictly between 0 and 1",
        ),
        (
            "rated.csv",
            &["--target", "sharpness=1"],
            "no figure of a gate",
        ),
        (
            "rated.csv",
            &[
                "--target",
                "precision=0.9",
                "--good-at",
                "3",
                "--confidence",
                "1",
            ],
            "below 1",
        ),
        ("none.csv", &["--target", "precision=0.9"], "none.csv"),
    ];
    assert!(good.exists());
    file(
        folder.path(),
        "rated.csv",
        "id,score,good\na,1,4.5\nb,0,1\nc,2,5\n",
    );
    file(folder.path(), "bad.csv", "id,score,good\na,1,0\nb,0,0\n");
    file(
        folder.path(),
        "tens.csv",
        "id,score,good\na,1,0\nb,0,1\nc,2,10\n",
    );
    file(
        folder.path(),
        "words.csv",
        "id,score,good\na,1,yes\nb,0,no\n",
    );
    for (name, rest, message) in cases {
        let output = fit(&folder.path().join(name), rest);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name} {rest:?}");
        assert!(error.contains(message), "{name} {rest:?}: {error}");
    }
}
