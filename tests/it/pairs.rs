//! Comparing and ranking from the command line.

use std::path::Path;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::command::{json, opine, stderr};
use crate::support::app::fixtures;
use crate::support::png;
use crate::support::scripted::{Asked, Play, Scripted};

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

/// Twelve grays, and people who tie those that are two steps apart or less.
pub(crate) fn people(folder: &Path) -> &'static str {
    let levels: Vec<u8> = (0..12).map(|step| 30 + 17 * step).collect();
    let mut votes = "first,second,outcome\n".to_owned();
    for (at, first) in levels.iter().enumerate() {
        for second in &levels[..at] {
            let outcome = if first - second <= 34 { "tie" } else { "first" };
            votes.push_str(&format!("{first:03}.png,{second:03}.png,{outcome}\n"));
        }
    }
    std::fs::create_dir_all(folder.join("people")).unwrap();
    for level in levels {
        let path = folder.join(format!("people/{level:03}.png"));
        std::fs::write(path, png::gray(level)).unwrap();
    }
    std::fs::write(folder.join("votes.csv"), votes).unwrap();
    "votes.csv"
}

/// Fits the tie width of the judge of brightness into `ties.toml`.
pub(crate) fn fit_ties(folder: &Path, more: &[&str]) -> std::process::Output {
    let arguments = ["calibrate-ties", "--images", "people", "--json"];
    let files = ["--labels", people(folder), "--out", "ties.toml"];
    run(folder, &[&arguments[..], &files, more].concat())
}

#[test]
fn a_tie_width_is_fitted_and_taken_by_compare_and_rank() {
    let folder = grays(&[40, 47, 200, 210]);
    for margin in ["log-odds", "probability"] {
        let output = fit_ties(folder.path(), &["--margin", margin]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let report = json(&output);
        assert_eq!(
            (&report["pairs"], &report["margin"]),
            (&66.into(), &margin.into())
        );
        let value = |name: &str| report[name]["value"].as_f64().unwrap();
        assert!(report["width"].as_f64().unwrap() > 0.0, "{report}");
        let gained = value("agreement") - value("never");
        assert!(gained > 0.1, "{report}");
        assert!((gained - value("over_never")).abs() < 1e-12);
        assert_eq!(report["shown_to_help"], true);

        let compare = |first: &str, second: &str, more: &[&str]| {
            let arguments = ["compare", first, second, "--json"];
            run(folder.path(), &[&arguments[..], more].concat())
        };
        let with = ["--calibration", "ties.toml"];
        let near = json(&compare("pictures/200.png", "pictures/210.png", &with));
        assert_eq!(near["preference"], "tie");
        assert_eq!(near["tie_width"]["map"], "ties.toml");
        assert_eq!(near["tie_width"]["margin"], margin);
        let far = json(&compare("pictures/210.png", "pictures/040.png", &with));
        assert_eq!(far["preference"], "first");
        // Without a fitted width nothing is a tie that the judge does not say is one.
        let alone = json(&compare("pictures/200.png", "pictures/210.png", &[]));
        assert_eq!(alone["preference"], "second");
        assert!(alone.get("tie_width").is_none());

        let rank = |more: &[&str]| {
            let arguments = ["rank", "pictures", "--json", "--method", "all-pairs"];
            run(folder.path(), &[&arguments[..], &with, more].concat())
        };
        let ranked = rank(&[]);
        assert_eq!(ranked.status.code(), Some(0), "{}", stderr(&ranked));
        let ranked = json(&ranked);
        assert_eq!(ranked["tie_width"]["map"], "ties.toml");
        assert!(
            ranked["ties_within_width"].as_u64().unwrap() >= 2,
            "{ranked}"
        );
        // Another way to compare is another judge.
        let by_levels = ["--by", "levels"];
        for other in [
            compare(
                "pictures/040.png",
                "pictures/210.png",
                &[&with[..], &by_levels].concat(),
            ),
            rank(&by_levels),
        ] {
            assert_eq!(other.status.code(), Some(2));
            let message = stderr(&other);
            assert!(message.contains("comparison by `thurstone`"), "{message}");
            assert!(message.contains("`levels`"), "{message}");
        }
    }
    let by_scores = ["rank", "pictures", "--calibration", "ties.toml"];
    let by_scores = run(folder.path(), &by_scores);
    assert_eq!(by_scores.status.code(), Some(2));
    assert!(
        stderr(&by_scores).contains("method of pairs"),
        "{}",
        stderr(&by_scores)
    );
    let both = [
        "compare",
        "a.png",
        "b.png",
        "--tie-width",
        "1",
        "--calibration",
        "x",
    ];
    assert_eq!(run(folder.path(), &both).status.code(), Some(2));
    let as_map = ["score", "pictures/040.png", "--calibration", "ties.toml"];
    let as_map = run(folder.path(), &as_map);
    assert_eq!(as_map.status.code(), Some(2));
    assert!(stderr(&as_map).contains("tie width"), "{}", stderr(&as_map));
}

#[test]
fn pairs_that_show_no_width_are_refused_by_name() {
    let folder = grays(&[]);
    let code = |votes: &dyn Fn(&str) -> String| {
        people(folder.path());
        let path = folder.path().join("votes.csv");
        let text = votes(&std::fs::read_to_string(&path).unwrap());
        std::fs::write(&path, text).unwrap();
        let arguments = [
            "calibrate-ties",
            "--images",
            "people",
            "--labels",
            "votes.csv",
        ];
        let output = run(
            folder.path(),
            &[&arguments[..], &["--json", "--out", "no.toml"]].concat(),
        );
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(!folder.path().join("no.toml").exists());
        json(&output)["reason"].as_str().unwrap().to_owned()
    };
    let decided = |text: &str| text.replace(",tie", ",first");
    assert_eq!(code(&decided), "no_human_ties");
    let against = |text: &str| text.replace(",first\n", ",second\n");
    assert_eq!(code(&against), "no_preference");
    let few = |text: &str| {
        text.lines()
            .take(20)
            .map(|line| format!("{line}\n"))
            .collect()
    };
    assert_eq!(code(&few), "too_few_labels");
}

/// Images of a question in the order in which they are shown, as gray levels.
fn shown(asked: &Asked, levels: &[u8]) -> Vec<u8> {
    let body = String::from_utf8_lossy(&asked.body);
    let place = |level: &u8| body.find(&BASE64_STANDARD.encode(png::gray(*level)));
    let mut found: Vec<(usize, u8)> = (levels.iter())
        .filter_map(|level| Some((place(level)?, *level)))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, level)| level).collect()
}

/// A server that rates both images of a pair by their brightness, so often as `answers` still says.
fn mortal(levels: &'static [u8], answers: Arc<AtomicUsize>) -> Scripted {
    Scripted::start(move |asked| {
        if asked.path.ends_with("/models") {
            return Play::json(&serde_json::json!({"data": [{"id": "m"}]}));
        }
        let text = match shown(asked, levels)[..] {
            [first, second] => {
                let left = answers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                });
                if left.is_err() {
                    return Play::BreakOff;
                }
                format!("{{\"A\": {first}, \"B\": {second}}}")
            }
            _ => "word".to_owned(),
        };
        Play::json(
            &serde_json::json!({"object": "chat.completion", "choices": [{
                "index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": text},
            }]}),
        )
    })
}

#[test]
fn a_backend_that_dies_midway_leaves_a_ranking_that_goes_on_when_it_is_back() {
    const LEVELS: &[u8] = &[20, 70, 120, 170, 220];
    let folder = grays(LEVELS);
    let answers = Arc::new(AtomicUsize::new(11));
    let server = mortal(LEVELS, Arc::clone(&answers));
    let config = format!(
        "[backends.engine]\nkind = 'chat'\nurl = '{}'\nmodel = 'm'\nflavour = 'other'\nconcurrency = 1\nretries = 0\n",
        server.url("/v1")
    );
    std::fs::write(folder.path().join("opine.toml"), config).unwrap();
    let arguments = [
        "rank",
        "pictures",
        "--judge",
        "pair-scores@engine",
        "--config",
        "opine.toml",
        "--method",
        "all-pairs",
        "--record",
        "run.jsonl",
        "--json",
    ];
    let partial = opine(folder.path(), &arguments);
    assert_eq!(partial.status.code(), Some(1), "{}", stderr(&partial));
    let report = json(&partial);
    let failed = report["failed"].as_array().unwrap();
    assert!(!failed.is_empty() && failed.len() < 10, "{report}");
    assert_eq!(failed[0]["reason"], "backend");
    assert!(report["votes"].as_u64().unwrap() > 0, "{report}");
    let lines = || {
        let text = std::fs::read_to_string(folder.path().join("run.jsonl")).unwrap();
        text.lines().count()
    };
    assert_eq!(lines(), 11);

    // Back again: the nine questions that are left are asked, and no other.
    answers.store(9, Ordering::SeqCst);
    let whole = opine(folder.path(), &arguments);
    assert_eq!(whole.status.code(), Some(0), "{}", stderr(&whole));
    let report = json(&whole);
    let names: Vec<&str> = (report["items"].as_array().unwrap().iter())
        .map(|item| item["item"].as_str().unwrap())
        .collect();
    let expected = [220, 170, 120, 70, 20].map(|level| format!("pictures/{level:03}.png"));
    assert_eq!(names, expected);
    assert_eq!((report["comparisons"].as_u64(), lines()), (Some(10), 20));
    assert_eq!(answers.load(Ordering::SeqCst), 0);
}

#[test]
fn a_server_without_answers_ranks_nothing_and_says_so() {
    let folder = grays(&[20, 220]);
    let server = mortal(&[20, 220], Arc::new(AtomicUsize::new(0)));
    let config = format!(
        "[backends.engine]\nkind = 'chat'\nurl = '{}'\nmodel = 'm'\nflavour = 'other'\nretries = 0\n",
        server.url("/v1")
    );
    std::fs::write(folder.path().join("opine.toml"), config).unwrap();
    let arguments = [
        "rank",
        "pictures",
        "--judge",
        "pair-scores@engine",
        "--config",
        "opine.toml",
    ];
    let output = opine(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("nothing could be ranked"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn one_two_and_too_many_images_and_a_budget_of_nothing() {
    let folder = grays(&[10, 20]);
    let many = folder.path().join("many");
    std::fs::create_dir(&many).unwrap();
    let png = png::gray(9);
    for at in 0..1_025 {
        std::fs::write(many.join(format!("{at:04}.png")), &png).unwrap();
    }
    for (arguments, told) in [
        (&["rank", "pictures/010.png"][..], "these are 1"),
        (&["rank", "many"], "these are 1025"),
        (&["rank", "pictures", "--budget", "0"], "0 is not in"),
        (&["compare", "pictures/010.png"], "required"),
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let message = stderr(&output);
        assert!(message.contains(told), "{arguments:?}: {message}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_same_bytes_twice_are_a_tie_and_told() {
    let folder = grays(&[60, 160]);
    let copy = folder.path().join("pictures/copy.png");
    std::fs::copy(folder.path().join("pictures/160.png"), copy).unwrap();
    for method in ["scores", "all-pairs"] {
        let output = run(
            folder.path(),
            &["rank", "pictures", "--json", "--method", method],
        );
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let report = json(&output);
        let same = &report["same_images"];
        assert_eq!(same.as_array().unwrap().len(), 1, "{report}");
        assert_eq!(same[0]["first"], "pictures/160.png");
        assert_eq!(same[0]["second"], "pictures/copy.png");
        let text = run(folder.path(), &["rank", "pictures", "--method", method]);
        assert!(
            stderr(&text).contains("a tie by construction"),
            "{}",
            stderr(&text)
        );
    }
    let arguments = ["compare", "pictures/160.png", "pictures/copy.png"];
    let pair = run(folder.path(), &arguments);
    assert!(
        stderr(&pair).contains("a tie by construction"),
        "{}",
        stderr(&pair)
    );
}

#[test]
fn orders_that_disagree_are_counted_left_out_or_listed() {
    let folder = grays(&[20, 120, 220]);
    std::fs::write(
        folder.path().join("opine.toml"),
        "[backends.engine]\nkind = \"recorded\"\nfile = \"run.jsonl\"\n",
    )
    .unwrap();
    let digest = |level: u8| format!("blake3:{}", blake3::hash(&png::gray(level)).to_hex());
    let mut lines = String::new();
    // The brightest wins in both orders; of the others the one that is shown first.
    for (first, second, text) in [
        (20, 120, "[[A]]"),
        (120, 20, "[[A]]"),
        (20, 220, "[[B]]"),
        (220, 20, "[[A]]"),
        (120, 220, "[[B]]"),
        (220, 120, "[[A]]"),
    ] {
        for repeat in 0..4 {
            let line = serde_json::json!({
                "images": [digest(first), digest(second)], "text": text, "repeat": repeat,
            });
            lines.push_str(&format!("{line}\n"));
        }
    }
    std::fs::write(folder.path().join("run.jsonl"), lines).unwrap();
    let rank = |choice: &str| {
        let common = ["--judge", "pair-verdict@engine", "--config", "opine.toml"];
        let arguments = ["rank", "pictures", "--json", "--method", "all-pairs"];
        let choice = ["--on-disagreement", choice];
        let output = opine(folder.path(), &[&arguments[..], &common, &choice].concat());
        assert_eq!(
            output.status.code(),
            Some(0),
            "{choice:?}: {}",
            stderr(&output)
        );
        json(&output)
    };
    for (choice, votes) in [("average", 3), ("tie", 3), ("drop", 2), ("review", 2)] {
        let report = rank(choice);
        assert_eq!(
            (&report["votes"], &report["disagreements"]),
            (&votes.into(), &1.into())
        );
        assert_eq!(report["items"][0]["item"], "pictures/220.png");
        let dropped = report.get("dropped").and_then(Value::as_u64);
        assert_eq!(dropped, (choice == "drop").then_some(1));
        let listed = report
            .get("review")
            .map(|review| review[0]["second"].clone());
        assert_eq!(
            listed,
            (choice == "review").then(|| "pictures/120.png".into())
        );
    }
}
