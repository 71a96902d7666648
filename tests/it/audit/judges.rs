//! Several judges on the same items.

use serde_json::Value;

use super::Bench;

fn rows(name: &str, f: &dyn Fn(i32) -> i32) -> String {
    let rows = (1..=60).map(|i| format!("i{i},{},{}\n", f(i), i % 12));
    format!("id,{name},scene\n{}", rows.collect::<String>())
}

struct Files {
    bench: Bench,
    judged: std::path::PathBuf,
    human: std::path::PathBuf,
}

fn files() -> Files {
    let bench = Bench::new();
    let human = bench.file("human.csv", rows("mos", &|i| i));
    let judged = bench.file("good.csv", rows("score", &|i| i + i % 3));
    Files {
        bench,
        judged,
        human,
    }
}

fn audit(files: &Files, more: &[&str]) -> Value {
    let arguments = [more, &["--resamples", "200"]].concat();
    let (code, report) = files.bench.json(&files.judged, &files.human, &arguments);
    assert_eq!(code, 0);
    report
}

#[test]
fn another_judge_on_the_same_items_is_tested_against() {
    let files = files();
    let poor = files
        .bench
        .file("poor.csv", rows("score", &|i| (i * 37) % 61));
    let report = audit(&files, &["--baseline", poor.to_str().unwrap()]);
    let comparison = &report["comparisons"][0];
    assert_eq!(
        (comparison["baseline"].as_str(), comparison["n"].as_u64()),
        (Some("poor"), Some(60))
    );
    assert!(
        comparison["verdict"]
            .as_str()
            .unwrap()
            .contains("better than `poor` by 3 of 3")
    );
}

#[test]
fn several_baselines_are_corrected_together_and_shown_on_the_same_items() {
    let files = files();
    let poor = files
        .bench
        .file("poor.csv", rows("score", &|i| (i * 37) % 61));
    // The same judge under another name, which has no value for the last item.
    let twin = rows("score", &|i| i + i % 3).replace("i60,60,0\n", "");
    let twin = files.bench.file("twin.csv", twin);
    let baselines: Vec<&str> = [&poor, &twin]
        .iter()
        .flat_map(|path| ["--baseline", path.to_str().unwrap()])
        .collect();
    let report = audit(
        &files,
        &[&baselines[..], &["--baseline-judge", "first"]].concat(),
    );
    let comparisons = report["comparisons"].as_array().unwrap();
    let names: Vec<&str> = comparisons
        .iter()
        .map(|comparison| comparison["baseline"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["first", "twin"]);
    let corrected = |comparison: &Value| -> Vec<(f64, f64)> {
        let rows = comparison["differences"].as_array().unwrap();
        rows.iter()
            .filter_map(|row| Some((row["p_value"].as_f64()?, row["p_value_holm"].as_f64()?)))
            .collect()
    };
    let (poor, twin) = (corrected(&comparisons[0]), corrected(&comparisons[1]));
    assert_eq!((poor.len(), twin.len()), (3, 3));
    // Six tests: the smallest p counts six times.
    assert!(poor.iter().all(|(p, holm)| (holm - 6.0 * p).abs() < 1e-12));
    assert!(twin.iter().all(|(p, holm)| (p, holm) == (&1.0, &1.0)));
    let judges = &report["judges"];
    assert_eq!(judges["n"], 59);
    let rows = judges["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 9);
    assert!(
        rows.iter()
            .all(|row| row["n"] == 59 && row["ci"].is_array())
    );
    let output = files.bench.audit(
        &files.judged,
        &files.human,
        &[&baselines[..], &["--report", "all.html"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0));
    let html = std::fs::read_to_string(files.bench.folder.path().join("all.html")).unwrap();
    let forest = html.split("id=\"comparison\"").nth(1).unwrap();
    let drawing = forest.split("</svg>").next().unwrap();
    for judge in ["good", "poor", "twin"] {
        assert!(drawing.contains(judge), "{judge}");
    }
}

#[test]
fn whole_clusters_are_drawn_for_every_judge_and_closed_forms_say_that_they_are_not() {
    let files = files();
    let poor = files
        .bench
        .file("poor.csv", rows("score", &|i| (i * 37) % 61));
    let baseline = ["--baseline", poor.to_str().unwrap(), "--cluster", "scene"];
    let report = audit(&files, &baseline);
    for row in report["judges"]["rows"].as_array().unwrap() {
        assert!(
            row["ci_method"]
                .as_str()
                .unwrap()
                .contains("whole clusters"),
            "{row}"
        );
    }
    for row in report["comparisons"][0]["differences"].as_array().unwrap() {
        let (name, note) = (row["name"].as_str().unwrap(), row["note"].as_str().unwrap());
        if name.ends_with("_difference") {
            assert!(
                row["method"].as_str().unwrap().contains("12 clusters"),
                "{row}"
            );
        } else {
            assert!(note.contains("treats items as independent"), "{row}");
        }
    }
}

#[test]
fn files_of_one_name_are_told_apart() {
    let files = files();
    std::fs::create_dir(files.bench.folder.path().join("other")).unwrap();
    let same = files.bench.file("other/good.csv", rows("score", &|i| i));
    let report = audit(&files, &["--baseline", same.to_str().unwrap()]);
    assert_eq!(report["comparisons"][0]["baseline"], "good (2)");
}
