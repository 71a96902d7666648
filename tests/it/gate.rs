//! Gates on the command line: thresholds from labels, decisions over images, drift, best of N, releases.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::command::opine;

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

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn run(arguments: &[&str]) -> Output {
    opine(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
}

fn fit(path: &Path, rest: &[&str]) -> Output {
    let mut arguments = vec!["gate", "fit", "--labels", path.to_str().unwrap(), "--json"];
    arguments.extend(rest);
    run(&arguments)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
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
    for (name, rest, message) in cases {
        let output = fit(&folder.path().join(name), rest);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name} {rest:?}");
        assert!(error.contains(message), "{name} {rest:?}: {error}");
    }
}

const POLICY: &str = r#"
format = 1
id = "technical"
version = "1.0.0"

[[dimension]]
name = "quality"
reason = "poor_quality"

[[dimension.stage]]
judge = "technical-quality"
accept = 0.6
reject = 0.2
"#;

const EXAMPLES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/judges/technical-quality/examples"
);

fn check(folder: &Path, policy: &str, images: &[&str]) -> Output {
    let policy = file(folder, "policy.toml", policy);
    let mut arguments = vec![
        "gate",
        "check",
        "--json",
        "--policy",
        policy.to_str().unwrap(),
    ];
    arguments.extend(images);
    run(&arguments)
}

#[test]
fn images_are_decided_over_by_the_embedded_judge() {
    let folder = tempfile::tempdir().unwrap();
    let clean = format!("{EXAMPLES}/clean.jpg");
    let output = check(folder.path(), POLICY, &[&clean]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    let decision = json(&output);
    assert_eq!(decision["verdict"], "accept");
    assert_eq!(decision["policy"]["id"], "technical");
    assert_eq!(decision["provenance"][0]["judge"], "technical-quality");
    assert_eq!(decision["reasons"], Value::Array(Vec::new()));

    let strict = POLICY
        .replace("0.6", "0.9999")
        .replace("reject = 0.2", "reject = 0.9998");
    let output = check(folder.path(), &strict, &[&clean]);
    assert_eq!(output.status.code(), Some(1));
    let decision = json(&output);
    assert_eq!(decision["verdict"], "reject");
    let reason = &decision["reasons"][0];
    assert_eq!(
        (&reason["code"], &reason["threshold"]),
        (&Value::from("poor_quality"), &Value::from(0.9998))
    );
}

#[test]
fn what_trips_a_wire_is_rejected_and_no_judge_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let broken = file(folder.path(), "broken.jpg", "not an image");
    let clean = format!("{EXAMPLES}/clean.jpg");
    let sized = POLICY.replace(
        "[[dimension]]",
        "[tripwires]\nleast_side = 100000\n\n[[dimension]]",
    );
    for (policy, image, code) in [
        (POLICY, broken.to_str().unwrap(), "undecodable"),
        (&*sized, &*clean, "wrong_size"),
    ] {
        let output = check(folder.path(), policy, &[image]);
        assert_eq!(output.status.code(), Some(1));
        let decision = json(&output);
        assert_eq!(
            (&decision["verdict"], &decision["questions"]),
            (&Value::from("reject"), &Value::from(0))
        );
        assert_eq!(decision["reasons"][0]["code"], code);
    }
}

#[test]
fn a_safety_judge_that_is_down_never_lets_an_image_pass() {
    let folder = tempfile::tempdir().unwrap();
    let clean = format!("{EXAMPLES}/clean.jpg");
    let policy = format!(
        "{POLICY}\n[[dimension]]\nname = \"safe\"\nsafety = true\n[[dimension.stage]]\njudge = \"q-bench\"\naccept = 0.5\n"
    );
    // The card names no backend, so that nobody answers.
    let output = check(folder.path(), &policy, &[&clean]);
    let decision = json(&output);
    assert_eq!(decision["verdict"], "review", "{decision}");
    assert_eq!(decision["reasons"][0]["code"], "safe");
}

#[test]
fn a_threshold_is_refused_for_another_judge_than_it_was_fitted_on() {
    let folder = tempfile::tempdir().unwrap();
    let clean = format!("{EXAMPLES}/clean.jpg");
    let other = format!(
        "{POLICY}[dimension.stage.fitted]\ntarget = \"precision\"\nvalue = 0.9\nconfidence = 0.95\nbound = 0.91\nn = 200\n\
         labels = \"labels.csv\"\njudge = \"technical-quality\"\nversion = \"0.0.1\"\ncard = \"blake3:{}\"\nbackend = \"onnx\"\n\
         model_revision = \"none\"\nreadout = \"closed_set\"\npreprocessing = \"none\"\ntemperature = 1.0\n",
        "0".repeat(64)
    );
    let output = check(folder.path(), &other, &[&clean]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("version `0.0.1`"), "{error}");
}

#[test]
fn contradictory_bounds_and_unknown_judges_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let clean = format!("{EXAMPLES}/clean.jpg");
    for (policy, message) in [
        (
            POLICY.replace("reject = 0.2", "reject = 0.7"),
            "contradictory bounds",
        ),
        (
            POLICY.replace("technical-quality", "technical-qualty"),
            "technical-quality",
        ),
    ] {
        let output = check(folder.path(), &policy, &[&clean]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(message), "{error}");
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
