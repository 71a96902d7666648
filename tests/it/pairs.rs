//! Comparing and ranking from the command line.

use std::path::Path;

use crate::command::{json, opine, stderr};
use crate::support::app::fixtures;
use crate::support::png;

/// A folder with grays of these levels, and a configuration with the judges of the fixtures.
fn grays(levels: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pictures")).unwrap();
    for level in levels {
        let path = folder.path().join(format!("pictures/{level:03}.png"));
        std::fs::write(path, png::gray(*level)).unwrap();
    }
    let judges = fixtures("judges").display().to_string();
    let config = format!("[judges]\nfolders = [{judges:?}]\n");
    std::fs::write(folder.path().join("opine.toml"), config).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let common = ["--judge", "brightness", "--config", "opine.toml"];
    opine(folder, &[arguments, &common].concat())
}

#[test]
fn two_files_are_compared() {
    let folder = grays(&[40, 200]);
    let arguments = ["compare", "pictures/200.png", "pictures/040.png", "--json"];
    let output = run(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let result = json(&output);
    assert_eq!(result["preference"], "first");
    assert_eq!(result["first"], "pictures/200.png");
    let missing = run(
        folder.path(),
        &["compare", "pictures/200.png", "nothing.png"],
    );
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("nothing.png"));
}

#[test]
fn a_folder_is_ranked_and_shown() {
    let folder = grays(&[40, 90, 140, 230]);
    let arguments = ["rank", "pictures", "--json", "--sheet", "sheet.html"];
    let output = run(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let items = json(&output)["items"].clone();
    assert_eq!(items[0]["item"], "pictures/230.png");
    assert_eq!(items[3]["item"], "pictures/040.png");
    let sheet = std::fs::read_to_string(folder.path().join("sheet.html")).unwrap();
    assert_eq!(sheet.matches("data:image/jpeg;base64,").count(), 4);
    let one = run(folder.path(), &["rank", "pictures/040.png"]);
    assert_eq!(one.status.code(), Some(2));
    assert!(stderr(&one).contains("2 to 1024 images"));
}

#[test]
fn a_recorded_ranking_goes_on_where_it_ended() {
    let folder = grays(&[40, 90, 140, 230]);
    let arguments = [
        "rank",
        "pictures",
        "--method",
        "active",
        "--record",
        "run.jsonl",
        "--json",
        "--budget",
    ];
    let lines = || std::fs::read_to_string(folder.path().join("run.jsonl")).unwrap();
    let first = run(folder.path(), &[&arguments[..], &["2"]].concat());
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let before = lines();
    let on = run(folder.path(), &[&arguments[..], &["6"]].concat());
    assert_eq!(on.status.code(), Some(0), "{}", stderr(&on));
    assert_eq!(json(&on)["comparisons"], 6);
    assert!(
        lines().starts_with(&before),
        "what was known was not asked again"
    );
}

#[test]
fn a_judge_that_compares_nothing_ranks_nothing_and_says_why() {
    let folder = grays(&[40, 90]);
    let config = folder.path().join("opine.toml");
    let backend = "[backends.silent]\nkind = \"recorded\"\nfile = \"silent.jsonl\"\n";
    std::fs::write(config, backend).unwrap();
    std::fs::write(folder.path().join("silent.jsonl"), "").unwrap();
    let arguments = [
        "rank",
        "pictures",
        "--judge",
        "two-afc@silent",
        "--config",
        "opine.toml",
    ];
    let output = opine(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(message.contains("no line of the recording"), "{message}");
}
