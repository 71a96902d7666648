//! Lists and anchors from the command line.

use std::path::Path;

use super::{by_length, by_lightness, chat, names, shown};
use crate::command::{json as json_of, opine, stderr};
use crate::support::app::fixtures;
use crate::support::png;
use crate::support::scripted::Scripted;

/// A folder with grays of these levels and a configuration with the server.
fn folder(server: &Scripted, levels: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pictures")).unwrap();
    for level in levels {
        let path = folder.path().join(format!("pictures/{level:03}.png"));
        std::fs::write(path, png::gray(*level)).unwrap();
    }
    let judges = fixtures("judges").display().to_string();
    let config = format!(
        "[judges]\nfolders = [{judges:?}]\n[backends.server]\n{}\n",
        chat(server, "")
    );
    std::fs::write(folder.path().join("opine.toml"), config).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> std::process::Output {
    opine(
        folder,
        &[&["rank", "--config", "opine.toml"], arguments].concat(),
    )
}

#[test]
fn a_recorded_ranking_by_lists_goes_on_where_it_ended() {
    let server = by_lightness(0.0, usize::MAX);
    let folder = folder(&server, &[40, 90, 140, 230]);
    let arguments = [
        "pictures",
        "--judge",
        "best-to-worst@server",
        "--method",
        "listwise",
        "--record",
        "run.jsonl",
        "--json",
        "--repeats",
    ];
    let ranks = || {
        let asked = server.asked();
        asked
            .iter()
            .filter(|one| one.path.ends_with("completions") && shown(one).0.contains("in order of"))
            .count()
    };
    let first = run(
        folder.path(),
        &[&arguments[..], &["3", "--sheet", "sheet.html"]].concat(),
    );
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert_eq!(names(&json_of(&first))[0], "pictures/230.png");
    assert_eq!(ranks(), 3);
    let sheet = std::fs::read_to_string(folder.path().join("sheet.html")).unwrap();
    assert_eq!(sheet.matches("data:image/jpeg;base64,").count(), 4);
    let on = run(folder.path(), &[&arguments[..], &["5"]].concat());
    assert_eq!(on.status.code(), Some(0), "{}", stderr(&on));
    assert_eq!((&json_of(&on)["lists"], ranks()), (&5.into(), 5));
    let table = run(
        folder.path(),
        &["pictures", "--judge", "best-to-worst@server"],
    );
    let told = stderr(&table);
    assert!(
        told.contains("5 of 5 lists read") && told.contains("Kendall's W"),
        "{told}"
    );
    assert!(told.contains("being shown first adds"), "{told}");
}

#[test]
fn a_judge_that_fails_midway_leaves_a_partial_ranking() {
    let server = by_lightness(0.0, 2);
    let folder = folder(&server, &[40, 90, 140]);
    let output = run(
        folder.path(),
        &["pictures", "--judge", "best-to-worst@server", "--json"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let ranking = json_of(&output);
    assert_eq!(
        (&ranking["lists"], &ranking["read"]),
        (&5.into(), &2.into())
    );
    assert_eq!(
        names(&ranking),
        ["pictures/140.png", "pictures/090.png", "pictures/040.png"]
    );
}

#[test]
fn anchors_and_texts_are_given_as_files() {
    let server = by_length();
    let folder = folder(&server, &[40, 90, 140, 230]);
    let anchors = [
        "--anchor",
        "pictures/040.png=-1",
        "--anchor",
        "pictures/230.png=1~0.1",
    ];
    let output = run(
        folder.path(),
        &[
            &["pictures", "--judge", "brightness", "--json"],
            &anchors[..],
        ]
        .concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let ranking = json_of(&output);
    assert_eq!(
        (&ranking["method"], &ranking["comparisons"]),
        (&"anchors".into(), &4.into())
    );
    assert_eq!(names(&ranking)[0], "pictures/230.png");
    let table = run(
        folder.path(),
        &[&["pictures", "--judge", "brightness"], &anchors[..]].concat(),
    );
    assert!(
        stderr(&table).contains("2 anchors, 1 of them exact"),
        "{}",
        stderr(&table)
    );
    for (arguments, part) in [
        (
            &[
                "--anchor",
                "pictures/041.png",
                "--anchor",
                "pictures/040.png",
            ][..],
            "`pictures/041.png` is not among",
        ),
        (&["--anchor", "pictures/040.png=high"], "FILE=STRENGTH"),
        (&["--anchor", "pictures/040.png"], "2 to 64 anchors"),
        (&["--method", "listwise"], "cannot rank by lists"),
        (&["--item", "a.txt"], "cannot rank texts"),
    ] {
        let refused = run(
            folder.path(),
            &[&["pictures", "--judge", "brightness"], arguments].concat(),
        );
        assert_eq!(refused.status.code(), Some(2), "{part}");
        assert!(
            stderr(&refused).contains(part),
            "{part}: {}",
            stderr(&refused)
        );
    }
    for (name, text) in [
        ("a.txt", "A cup."),
        ("b.txt", "A red cup and two apples."),
        ("c.txt", "A red cup."),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let responses = [
        "pictures/040.png",
        "--judge",
        "mllm-judge-batch@server",
        "--text",
        "instruction=What is there?",
        "--item",
        "a.txt",
        "--item",
        "b.txt",
        "--item",
        "c.txt",
        "--json",
    ];
    let output = run(folder.path(), &responses);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(names(&json_of(&output)), ["b.txt", "c.txt", "a.txt"]);
}
