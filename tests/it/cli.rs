//! The command line is a contract: what it prints where, and how it ends.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command::{json, json_lines, opine, stderr};

fn example(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("judges/technical-quality/examples")
        .join(name);
    path.display().to_string()
}

#[test]
fn judges_are_listed_with_their_state() {
    let folder = tempfile::tempdir().unwrap();
    let output = opine(folder.path(), &["judges", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let judges = json(&output);
    let judges = judges.as_array().unwrap();
    let quality = judges
        .iter()
        .find(|judge| judge["id"] == "technical-quality")
        .unwrap();
    for (field, value) in [
        ("protocol", "score"),
        ("backend", "onnx"),
        ("state", "ready"),
    ] {
        assert_eq!(quality[field], value);
    }
    assert!(quality["version"].as_str().unwrap().split('.').count() == 3);
}

#[test]
fn a_score_is_one_json_object_a_line_with_all_its_fields() {
    let folder = tempfile::tempdir().unwrap();
    let (clean, blurred) = (example("clean.jpg"), example("blurred.jpg"));
    let output = opine(folder.path(), &["score", &clean, &blurred, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let results = json_lines(&output);
    assert_eq!(results.len(), 2);
    for (result, image) in results.iter().zip([&clean, &blurred]) {
        assert_eq!(result["image"], image.as_str());
        assert_eq!(result["status"], "scored");
        assert_eq!(
            result["scale"],
            serde_json::json!({"min": 0.0, "max": 1.0, "better": "higher"})
        );
        let opinion = result["opinion"].as_object().unwrap();
        let levels = ["excellent", "good", "fair", "poor", "bad"];
        assert_eq!(opinion.len(), levels.len());
        let shares: Vec<f64> = levels
            .iter()
            .map(|level| opinion[*level].as_f64().unwrap())
            .collect();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let worth = |level: usize| 1.0 - 0.25 * f64::from(u32::try_from(level).unwrap());
        let mean: f64 = shares
            .iter()
            .enumerate()
            .map(|(level, share)| share * worth(level))
            .sum();
        assert!((result["score"].as_f64().unwrap() - mean).abs() < 1e-9);
        let variance: f64 = shares
            .iter()
            .enumerate()
            .map(|(level, share)| share * (worth(level) - mean).powi(2))
            .sum();
        assert!((result["spread"].as_f64().unwrap() - variance.sqrt()).abs() < 1e-9);
        assert_eq!(result["coverage"], 1.0);
        assert!(result.get("reason").is_none());
        let provenance = [
            "judge",
            "version",
            "card",
            "backend",
            "model_revision",
            "preprocessing",
            "image",
            "readout",
        ];
        assert!(
            provenance
                .iter()
                .all(|field| result["provenance"][*field].is_string()),
            "{result}"
        );
    }
    let score = |index: usize| results[index]["score"].as_f64().unwrap();
    assert!(
        score(0) > score(1) + 0.1,
        "clean {} and blurred {}",
        score(0),
        score(1)
    );
}

#[test]
fn a_bad_file_is_unscored_and_its_neighbour_is_not_harmed() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.png");
    std::fs::write(&text, "not a picture").unwrap();
    let missing = folder.path().join("missing.png");
    let (text, missing, clean) = (
        text.display().to_string(),
        missing.display().to_string(),
        example("clean.jpg"),
    );
    let output = opine(folder.path(), &["score", &text, &clean, &missing, "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let results = json_lines(&output);
    let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["unscored", "scored", "unscored"]);
    assert_eq!(results[0]["reason"], "image_unsupported_format");
    assert_eq!(results[2]["reason"], "file_unreadable");
    for unscored in [&results[0], &results[2]] {
        assert!(
            ["score", "opinion", "spread", "coverage"]
                .iter()
                .all(|field| unscored.get(field).is_some_and(Value::is_null)),
            "{unscored}"
        );
        assert!(unscored["detail"].is_string());
    }
}

#[test]
fn an_unknown_judge_could_not_be_done_and_the_near_ones_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = opine(
        folder.path(),
        &[
            "score",
            &example("clean.jpg"),
            "--judge",
            "technical-qualty",
        ],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(
        stderr(&output).contains("did you mean `technical-quality`?"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_judge_with_no_backend_says_what_would_help() {
    let folder = tempfile::tempdir().unwrap();
    let output = opine(
        folder.path(),
        &["score", &example("clean.jpg"), "--judge", "q-bench"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("q-bench@BACKEND"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn without_the_library_the_judge_is_unavailable_and_the_remedy_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("opine.toml"),
        "[onnxruntime]\npath = \"nowhere.so\"\n",
    )
    .unwrap();
    let listed = opine(
        folder.path(),
        &["judges", "--json", "--config", "opine.toml"],
    );
    assert_eq!(listed.status.code(), Some(0));
    let judges = json(&listed);
    let quality = judges
        .as_array()
        .unwrap()
        .iter()
        .find(|judge| judge["id"] == "technical-quality")
        .unwrap();
    assert_eq!(quality["state"], "unavailable");
    assert!(
        quality["remedy"]
            .as_str()
            .unwrap()
            .contains("make onnxruntime")
    );
    let scored = opine(
        folder.path(),
        &["score", &example("clean.jpg"), "--config", "opine.toml"],
    );
    assert_eq!(scored.status.code(), Some(2));
    assert!(stderr(&scored).contains("make onnxruntime"));
}

#[test]
fn a_file_that_is_no_library_is_told_apart_from_none() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fake.so"), "not a library").unwrap();
    std::fs::write(
        folder.path().join("opine.toml"),
        "[onnxruntime]\npath = \"fake.so\"\n",
    )
    .unwrap();
    let listed = opine(
        folder.path(),
        &["judges", "--json", "--config", "opine.toml"],
    );
    assert_eq!(listed.status.code(), Some(0), "{}", stderr(&listed));
    let judges = json(&listed);
    let quality = judges
        .as_array()
        .unwrap()
        .iter()
        .find(|judge| judge["id"] == "technical-quality")
        .unwrap();
    assert!(
        quality["remedy"]
            .as_str()
            .unwrap()
            .contains("could not be loaded"),
        "{quality}"
    );
}

#[test]
fn recorded_answers_are_replayed_by_judge_at_backend() {
    let folder = tempfile::tempdir().unwrap();
    let picture = std::fs::read(example("clean.jpg")).unwrap();
    let digest = opine::digest::Digest::of(&picture);
    let line = format!(
        r#"{{"images": ["{digest}"], "options": ["good", "poor"], "log_mass": [14.5234375, 12.953125], "readout": "label_logits"}}"#
    );
    std::fs::write(folder.path().join("answers.jsonl"), line).unwrap();
    std::fs::write(
        folder.path().join("opine.toml"),
        "[backends.clip]\nkind = \"recorded\"\nfile = \"answers.jsonl\"\n",
    )
    .unwrap();
    let arguments = [
        "score",
        &example("clean.jpg"),
        "--judge",
        "q-bench@clip",
        "--config",
        "opine.toml",
        "--json",
    ];
    let output = opine(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let result = &json_lines(&output)[0];
    // 1 / (1 + exp(-(14.5234375 - 12.953125) / 100)) by Python 3.11.
    assert!((result["score"].as_f64().unwrap() - 0.503_925_700_581_066_2).abs() < 1e-12);
    assert!(result["coverage"].is_null());
    assert_eq!(result["provenance"]["backend"], "clip");
}

#[test]
fn a_published_table_is_recomputed_from_files_with_all_their_quirks() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("made_up");
    std::fs::create_dir(&model).unwrap();
    let record = |index: i32, gap: f64| {
        format!(
            r#"{{"img_path": "{index}.jpg", "gt_score": "{} ", "logit_good": {}, "logit_poor": 1.0}}"#,
            index * index,
            1.0 + gap
        )
    };
    let first = record(1, 0.5);
    std::fs::write(
        model.join("koniq.json"),
        format!(" {first}{first}{}{}", record(2, 0.25), record(3, 2.0)),
    )
    .unwrap();
    let data = folder.path().display().to_string();
    let output = opine(
        folder.path(),
        &["reproduce", "q-bench-a3", "--data", &data, "--json"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = json(&output);
    assert_eq!(table["name"], "q-bench-a3");
    let rows = table["rows"].as_array().unwrap();
    // scipy 1.17.1: spearmanr([.5, .25, 2], [1, 4, 9]) = 0.5, kendalltau = 1/3.
    for (row, (statistic, value)) in rows.iter().zip([
        ("srcc", Some(0.5)),
        ("plcc", None),
        ("krcc", Some(1.0 / 3.0)),
    ]) {
        assert_eq!(row["statistic"], statistic);
        assert_eq!(
            (&row["model"], &row["dataset"], &row["n"]),
            (&"made_up".into(), &"koniq".into(), &3.into())
        );
        assert!(row["published"].is_null() && row["delta"].is_null());
        assert!(
            row["convention"]
                .as_str()
                .unwrap()
                .contains("1 repeated record dropped"),
            "{row}"
        );
        if let Some(value) = value {
            assert!(
                (row["value"].as_f64().unwrap() - value).abs() < 1e-12,
                "{row}"
            );
        }
    }

    let text = std::fs::read_to_string(model.join("koniq.json")).unwrap();
    std::fs::write(model.join("koniq.json"), &text[..text.len() - 5]).unwrap();
    let cut = opine(
        folder.path(),
        &["reproduce", "q-bench-a3", "--data", &data, "--json"],
    );
    assert_eq!(cut.status.code(), Some(2));
    let message = stderr(&cut);
    assert!(
        message.contains("koniq.json: byte ") && message.contains("truncated"),
        "{message}"
    );
}

#[test]
fn an_unknown_table_or_an_empty_folder_could_not_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    for (name, words) in [
        ("q-bench-a4", "known are `q-bench-a3`"),
        ("q-bench-a3", "holds no"),
    ] {
        let output = opine(folder.path(), &["reproduce", name, "--data", &data]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}
