//! `opine gate check`.

use serde_json::Value;

use super::{EXAMPLES, POLICY, check, file, json};
use crate::support::png;

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
