//! Gates on the command line: thresholds from labels, decisions over images, drift, best of N, releases.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::command::opine;
use crate::support::png;

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

/// Lines as `opine score --json` prints them: of 240 items, the scores of the good ones above those of the rest.
fn judged(judge: &str, from: u32, items: u32) -> String {
    let line = |at: u32| {
        let score = if at % 3 == 0 {
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
        .map(|at| format!("i{at},{}\n", u8::from(at % 3 != 0)))
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
    let picture = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let black = picture("black.png", &png::plain(32, 32, [1; 3]));
    let white = picture("white.png", &png::plain(32, 32, [254; 3]));
    let red = picture("red.png", &png::plain(32, 32, [200, 20, 20]));
    let noise = picture("noise.png", &png::noise(64, 64));
    for (policy, image, code) in [
        (POLICY, broken.to_str().unwrap(), "undecodable"),
        (&*sized, &*clean, "wrong_size"),
        (POLICY, &*black, "black"),
        (POLICY, &*white, "white"),
        (POLICY, &*red, "constant"),
        (POLICY, &*noise, "noise"),
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
fn the_second_of_two_near_duplicates_is_named_and_a_cascade_is_summed_up() {
    let folder = tempfile::tempdir().unwrap();
    let clean = format!("{EXAMPLES}/clean.jpg");
    let policy = POLICY.replace(
        "[[dimension]]",
        "[tripwires]\nnear_duplicate = true\n\n[[dimension]]",
    ) + "price = 0.5\n\n[[dimension.stage]]\njudge = \"technical-quality\"\naccept = 0.5\nprice = 2.0\n";
    let output = check(folder.path(), &policy, &[&clean, &clean]);
    let lines = String::from_utf8_lossy(&output.stdout);
    let decisions: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(decisions[0]["verdict"], "accept");
    assert_eq!(decisions[1]["reasons"][0]["code"], "near_duplicate");
    assert_eq!(decisions[0]["saving"]["saved_cost"], 1.5);
    let summary = String::from_utf8_lossy(&output.stderr);
    assert!(
        summary.contains("cascade: 1 questions instead of 1"),
        "{summary}"
    );
    assert!(summary.contains("saved 1.5"), "{summary}");
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
        (POLICY.replace("reject = 0.2", "rejct = 0.2"), "rejct"),
        (format!("{POLICY}price = -1\n"), "0 or more"),
        (
            format!("budget = {{ attempts = 0 }}\n{POLICY}"),
            "1 or more",
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
