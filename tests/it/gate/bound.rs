//! `opine gate fit` on the results of one judge: policies, scores without labels, calibration maps.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::{EXAMPLES, check, file, fit, json, run};

/// Lines as `opine score --json` prints them: of 240 items, the scores of the good ones above those of the rest.
fn judged(judge: &str, from: u32, items: u32) -> String {
    let line = |at: u32| {
        let score = if at.is_multiple_of(3) {
            0.2 + f64::from(at) / 1e4
        } else {
            0.8 + f64::from(at) / 1e4
        };
        format!(
            "{{\"image\":\"i{at}\",\"status\":\"scored\",\"score\":{score},\"scale\":{{\"min\":0,\"max\":1,\"better\":\"higher\"}},\
             \"coverage\":1,\"provenance\":{{\"judge\":\"{judge}\",\"version\":\"1.0.0\",\"card\":\"blake3:{}\",\"backend\":\"onnx\",\
             \"model_revision\":\"r1\",\"preprocessing\":\"224\",\"temperature\":1.0,\"readout\":\"closed_set\"}}}}\n",
            "a".repeat(64)
        )
    };
    (from..from + items).map(line).collect()
}

/// `id,good` of the same items.
fn goods(items: u32) -> String {
    let rows: String = (0..items)
        .map(|at| format!("i{at},{}\n", u8::from(!at.is_multiple_of(3))))
        .collect();
    format!("id,good\n{rows}")
}

#[test]
fn a_fit_on_a_judges_results_writes_a_policy_that_is_bound_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let labels = file(folder.path(), "goods.csv", &goods(240));
    let results = file(folder.path(), "judged.jsonl", &judged("sharp", 0, 300));
    let policy = folder.path().join("sharpness.toml");
    let rest = |judge: &'static str| {
        vec![
            "--judged",
            results.to_str().unwrap(),
            "--judge",
            judge,
            "--target",
            "precision=0.9",
            "--policy",
            policy.to_str().unwrap(),
            "--dimension",
            "sharp",
        ]
    };
    let output = fit(&labels, &rest("sharp"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    let report = json(&output);
    assert_eq!(
        (&report["judge"]["id"], &report["judge"]["backend"]),
        (&Value::from("sharp"), &Value::from("onnx"))
    );
    assert_eq!(
        (&report["items"], &report["unlabelled"]),
        (&Value::from(240), &Value::from(60))
    );
    let text = std::fs::read_to_string(&policy).unwrap();
    for part in [
        "id = \"sharpness\"",
        "judge = \"sharp\"",
        "labels = \"goods.csv\"",
        "model_revision = \"r1\"",
        "yields = ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // What is there is not written over, and another judge's results are refused.
    let again = fit(&labels, &rest("sharp"));
    assert_eq!(again.status.code(), Some(2));
    std::fs::remove_file(&policy).unwrap();
    let other = fit(&labels, &rest("smooth"));
    let error = String::from_utf8_lossy(&other.stderr);
    assert_eq!(other.status.code(), Some(2), "{error}");
    assert!(error.contains("sharp") && !policy.exists(), "{error}");
    // An infeasible target writes nothing.
    let mut strict = rest("sharp");
    strict[5] = "precision=0.999";
    assert_eq!(fit(&labels, &strict).status.code(), Some(1));
    assert!(!policy.exists());
    // Labels of other items are none.
    let strangers = file(folder.path(), "strangers.csv", "id,good\nx,1\ny,0\n");
    let output = fit(&strangers, &rest("sharp"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("none of the 2 labelled items"), "{error}");
}

#[test]
fn the_policy_of_a_fit_is_refused_for_the_judge_at_hand() {
    let folder = tempfile::tempdir().unwrap();
    let labels = file(folder.path(), "goods.csv", &goods(240));
    let results = file(
        folder.path(),
        "judged.jsonl",
        &judged("technical-quality", 0, 240),
    );
    let policy = folder.path().join("quality.toml");
    let rest = [
        "--judged",
        results.to_str().unwrap(),
        "--judge",
        "technical-quality",
        "--target",
        "precision=0.9",
        "--policy",
        policy.to_str().unwrap(),
    ];
    assert_eq!(fit(&labels, &rest).status.code(), Some(0));
    let text = std::fs::read_to_string(&policy).unwrap();
    // The results were made up: the judge of this name has another card, model and preprocessing.
    let output = check(folder.path(), &text, &[&format!("{EXAMPLES}/clean.jpg")]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    for part in [
        "fitted for card",
        "fitted for model revision `r1`",
        "fitted for preprocessing `224`",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn scores_without_labels_sharpen_a_recall_and_say_what_they_were_worth() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "id,score,good\n".to_owned();
    let mut others = "id,score\n".to_owned();
    for at in 0..2_000_u32 {
        let score = f64::from(at * 7_919 % 2_000) / 2_000.0;
        // Good ones are likelier the higher the score is.
        let good = f64::from(at * 104_729 % 997) / 997.0 < score;
        if at < 100 {
            writeln!(text, "i{at},{score},{}", u8::from(good)).unwrap();
        }
        writeln!(others, "i{at},{score}").unwrap();
    }
    let labels = file(folder.path(), "labels.csv", &text);
    let others = file(folder.path(), "others.csv", &others);
    let target = ["--target", "recall=0.8"];
    let powered = fit(
        &labels,
        &[&target[..], &["--unlabelled", others.to_str().unwrap()]].concat(),
    );
    let error = String::from_utf8_lossy(&powered.stderr);
    assert_eq!(powered.status.code(), Some(0), "{error}");
    let report = json(&powered);
    assert_eq!(
        report["unlabelled"], 1_900,
        "an item that is labelled is not unlabelled"
    );
    assert!(
        report["powered"]["gain"].as_f64().unwrap() > 1.0,
        "{report}"
    );
    assert!(report["method"].as_str().unwrap().contains("asymptotic"));
    let alone = json(&fit(&labels, &target));
    assert_eq!(report["powered"]["labels_alone"], alone["threshold"]);
    assert_eq!(alone.get("powered"), None);
}

#[test]
fn a_calibration_map_names_its_labels() {
    let folder = tempfile::tempdir().unwrap();
    let labels = file(folder.path(), "goods.csv", &goods(240));
    let results = file(folder.path(), "judged.jsonl", &judged("sharp", 0, 240));
    let map = folder.path().join("map.toml");
    let (labels, results, map) = (
        labels.to_str().unwrap(),
        results.to_str().unwrap(),
        map.to_str().unwrap(),
    );
    let fitted = run(&[
        "calibrate",
        "--judge",
        "sharp",
        "--labels",
        labels,
        "--human-column",
        "good",
        "--judged",
        results,
        "--map",
        "platt",
        "--out",
        map,
        "--resamples",
        "100",
    ]);
    let error = String::from_utf8_lossy(&fitted.stderr);
    assert_eq!(fitted.status.code(), Some(0), "{error}");
    let rest = [
        "--judged",
        results,
        "--judge",
        "sharp",
        "--target",
        "precision=0.9",
    ];
    let by_map = fit(Path::new(map), &rest);
    let error = String::from_utf8_lossy(&by_map.stderr);
    assert_eq!(by_map.status.code(), Some(0), "{error}");
    assert_eq!(json(&by_map), json(&fit(Path::new(labels), &rest)));
    // Labels that changed since are not those of the map.
    std::fs::write(labels, goods(239)).unwrap();
    let changed = fit(Path::new(map), &rest);
    let error = String::from_utf8_lossy(&changed.stderr);
    assert!(
        changed.status.code() == Some(2) && error.contains("has changed since"),
        "{error}"
    );
    std::fs::remove_file(labels).unwrap();
    let gone = fit(Path::new(map), &rest);
    assert!(String::from_utf8_lossy(&gone.stderr).contains("neither here nor beside it"));
}
