//! Panels of judges on the command line.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::command::{json, json_lines, opine, stderr};
use crate::support::juries::{Voter, write};

pub(crate) const GRAYS: [u8; 5] = [40, 80, 120, 160, 200];

fn voters() -> Vec<Voter> {
    vec![
        Voter::new("sharp", 0.4),
        Voter {
            first: 1.0,
            ..Voter::new("biased", 0.3)
        },
        Voter::new("reversed", -0.4),
        Voter {
            below: 0,
            ..Voter::new("silent", 0.4)
        },
    ]
}

pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &GRAYS, &voters());
    folder
}

pub(crate) fn run(folder: &Path, command: &[&str], judges: &[&str], more: &[&str]) -> Output {
    let mut arguments = command.to_vec();
    for judge in judges {
        arguments.extend(["--judge", judge]);
    }
    arguments.extend(["--config", "opine.toml"]);
    arguments.extend(more);
    opine(folder, &arguments)
}

fn numbers(value: &Value, of: &str) -> Vec<f64> {
    let members = value["panel"]["members"].as_array().unwrap();
    members
        .iter()
        .map(|one| one[of].as_f64().unwrap())
        .collect()
}

pub(crate) fn items(report: &Value) -> Vec<&str> {
    let items = report["items"].as_array().unwrap();
    items
        .iter()
        .map(|one| one["item"].as_str().unwrap())
        .collect()
}

#[test]
fn scores_are_pooled_with_every_member_beside_them() {
    let folder = folder();
    let judges = ["brightness", "log-brightness"];
    let files = [
        "score",
        "pictures/160.png",
        "pictures/200.png",
        "pictures/040.png",
        "nothing.png",
    ];
    let output = run(folder.path(), &files, &judges, &["--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let lines = json_lines(&output);
    for line in &lines[..2] {
        assert_eq!(line["pooled"], "opinions");
        let members = line["members"].as_array().unwrap();
        let alone: Vec<f64> = (members.iter())
            .map(|member| member["result"]["score"].as_f64().unwrap())
            .collect();
        let score = line["score"].as_f64().unwrap();
        assert!(
            (score - f64::midpoint(alone[0], alone[1])).abs() < 1e-9,
            "{line}"
        );
        assert!(
            members
                .iter()
                .all(|member| member["share"] == 0.5 && member["questions"] == 1)
        );
        let apart = (alone[0] - alone[1]).abs() / 2.0;
        assert!((line["disagreement"].as_f64().unwrap() - apart).abs() < 1e-9);
    }
    // Of a dark picture the logarithm is not finite: one of two is no quorum, and what the other said still stands there.
    assert_eq!(
        (&lines[2]["score"], &lines[2]["reason"]),
        (&Value::Null, &"not_finite".into())
    );
    assert_eq!(lines[2]["members"][0]["result"]["status"], "scored");
    assert_eq!(lines[3]["reason"], "file_unreadable");
    assert_eq!(lines[3]["score"], Value::Null);
}

#[test]
fn a_missing_member_is_named_and_the_rest_go_on() {
    let folder = folder();
    let pair = ["compare", "pictures/200.png", "pictures/040.png", "--json"];
    let judges = ["two-afc@sharp", "two-afc@biased", "two-afc@silent"];
    let output = run(folder.path(), &pair, &judges, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let reply = json(&output);
    assert_eq!(
        (&reply["preference"], &reply["panel"]["quorum"]),
        (&"first".into(), &2.into())
    );
    let shares: Vec<f64> = (reply["members"].as_array().unwrap().iter())
        .map(|one| one["share"].as_f64().unwrap())
        .collect();
    assert_eq!(shares, [0.5, 0.5, 0.0]);
    assert_eq!(reply["members"][2]["reason"], "not_applicable");
    assert_eq!(reply["members"][0]["agrees"], true);
    assert_eq!(reply["members"][2]["agrees"], Value::Null);
    // Log-odds 6.4 and 4.8 for sixteen steps of ten grays; the biased one's liking cancels and is told.
    let share = |odds: f64| 1.0 / (1.0 + (-odds).exp());
    let expected = f64::midpoint(share(6.4), share(4.8));
    assert!((reply["first_better"].as_f64().unwrap() - expected).abs() < 1e-9);
    assert!((reply["order_effect"].as_f64().unwrap() - 0.5).abs() < 1e-9);
    let all = run(folder.path(), &pair, &judges, &["--quorum", "3"]);
    assert_eq!(all.status.code(), Some(1));
    let detail = json(&all)["detail"].to_string();
    assert!(
        detail.contains("two-afc@silent") && detail.contains("3 are needed"),
        "{detail}"
    );
}

#[test]
fn weights_decide_where_members_disagree() {
    let folder = folder();
    let pair = ["compare", "pictures/120.png", "pictures/080.png", "--json"];
    let judges = ["two-afc@sharp", "two-afc@reversed"];
    for (weights, preference) in [
        (["3", "1"], "first"),
        (["1", "3"], "second"),
        (["0", "1"], "second"),
    ] {
        let given = [
            "--jury".to_owned(),
            "reliability".to_owned(),
            format!("--weight=two-afc@sharp={}", weights[0]),
            format!("--weight=two-afc@reversed={}", weights[1]),
        ];
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let output = run(folder.path(), &pair, &judges, &given);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let reply = json(&output);
        assert_eq!(reply["preference"], preference, "{weights:?}");
        assert_eq!(reply["panel"]["members"][0]["rests_on"]["source"], "given");
        assert!((numbers(&reply, "weight").iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn weights_are_read_from_reports_of_audits() {
    let folder = folder();
    let rows = |noise: f64| -> String {
        (0..12)
            .map(|at| {
                let wobble = if at % 2 == 0 { noise } else { -noise };
                format!("i{at},{}\n", f64::from(at) + wobble)
            })
            .collect()
    };
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("human.csv", format!("id,mos\n{}", rows(0.0)));
    for (judge, noise) in [("brightness", 1.0), ("log-brightness", 4.0), ("other", 2.0)] {
        write("judged.csv", format!("id,score\n{}", rows(noise)));
        let report = format!("{judge}.json");
        let arguments = [
            "audit",
            "--judged",
            "judged.csv",
            "--human",
            "human.csv",
            "--judge",
            judge,
            "--report",
            &report,
        ];
        let output = opine(folder.path(), &arguments);
        assert!(output.status.code() != Some(2), "{}", stderr(&output));
    }
    let judges = ["brightness", "log-brightness"];
    let score = |reports: &[&str]| {
        let mut more = vec!["--jury", "reliability", "--json"];
        for report in reports {
            more.extend(["--reliability", report]);
        }
        run(folder.path(), &["rank", "pictures"], &judges, &more)
    };
    let reply = json(&score(&["log-brightness.json", "brightness.json"]));
    let weights = numbers(&reply, "weight");
    let report = |judge: &str| -> f64 {
        let text = std::fs::read_to_string(folder.path().join(format!("{judge}.json"))).unwrap();
        let report: Value = serde_json::from_str(&text).unwrap();
        let rows = report["estimates"].as_array().unwrap();
        let pearson = rows.iter().find(|row| row["name"] == "pearson").unwrap();
        let r = pearson["value"].as_f64().unwrap();
        r * r / (1.0 - r * r)
    };
    let [one, other] = judges.map(report);
    assert!(
        (weights[0] - one / (one + other)).abs() < 1e-9,
        "{weights:?}"
    );
    assert_eq!(
        reply["panel"]["members"][1]["rests_on"]["file"],
        "log-brightness.json"
    );
    for (reports, told) in [
        (vec!["brightness.json"], "`log-brightness` has no report"),
        (vec!["brightness.json", "other.json"], "a report of `other`"),
        (
            vec!["brightness.json", "brightness.json"],
            "reports of one member",
        ),
        (vec!["human.csv"], "human.csv"),
        (vec![], "give `--weight` or `--reliability`"),
    ] {
        let output = score(&reports);
        assert_eq!(output.status.code(), Some(2), "{reports:?}");
        assert!(
            stderr(&output).contains(told),
            "{reports:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_panel_ranks_and_shows_how_consistent_each_member_is() {
    let folder = folder();
    let judges = ["two-afc@sharp", "two-afc@biased", "brightness"];
    let output = run(folder.path(), &["rank", "pictures"], &judges, &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let reply = json(&output);
    assert_eq!(items(&reply)[0], "pictures/200.png");
    assert_eq!(items(&reply)[4], "pictures/040.png");
    assert_eq!(
        (&reply["method"], &reply["comparisons"]),
        (&"active".into(), &10.into())
    );
    // Two questions a pair, and one of each image for the one that rates.
    assert_eq!(numbers(&reply, "questions"), [20.0, 20.0, 5.0]);
    assert_eq!(numbers(&reply, "agreement"), [1.0; 3]);
    assert_eq!(numbers(&reply, "cyclic_triads"), [0.0; 3]);
    assert_eq!(numbers(&reply, "zeta"), [1.0; 3]);
    let biased = &reply["panel"]["members"][1];
    assert!((biased["order_effect"]["value"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    assert!(reply["panel"]["members"][2].get("order_effect").is_none());
    assert_eq!(reply["coherence"]["zeta"], 1.0);
    let spoken = stderr(&run(folder.path(), &["rank", "pictures"], &judges, &[]));
    assert!(spoken.contains("two-afc@biased: weight 0.3333"), "{spoken}");
}

#[test]
fn reliabilities_are_estimated_together_with_the_strengths() {
    let folder = tempfile::tempdir().unwrap();
    let voters = [
        Voter::new("one", 0.2),
        Voter::new("two", 0.25),
        Voter::new("three", 0.3),
        Voter::new("reversed", -0.25),
        Voter::new("lots", 0.0),
    ];
    let grays: Vec<u8> = (0..12).map(|step| 20 + 18 * step).collect();
    write(folder.path(), &grays, &voters);
    let judges: Vec<String> = voters
        .iter()
        .map(|one| format!("two-afc@{}", one.name))
        .collect();
    let judges: Vec<&str> = judges.iter().map(String::as_str).collect();
    let more = ["--jury", "joint", "--method", "all-pairs", "--json"];
    let output = run(folder.path(), &["rank", "pictures"], &judges, &more);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let reply = json(&output);
    assert_eq!(reply["model"], "crowd-bradley-terry");
    let names = items(&reply);
    assert!(names.is_sorted_by(|a, b| a > b), "{names:?}");
    let found: Vec<[f64; 3]> = (reply["panel"]["members"].as_array().unwrap().iter())
        .map(|one| {
            let reliability = &one["reliability"];
            [
                &reliability["ci"][0],
                &reliability["value"],
                &reliability["ci"][1],
            ]
            .map(|number| number.as_f64().unwrap())
        })
        .collect();
    assert!(
        found
            .iter()
            .all(|[low, value, high]| low < value && value < high),
        "{found:?}"
    );
    // One half is a judge that draws lots: those of the truth lie above it, and the reversed one below, beyond doubt.
    let (truthful, [reversed, lots]) = (&found[..3], [found[3], found[4]]);
    assert!(truthful.iter().all(|[low, ..]| *low > 0.5), "{found:?}");
    assert!(reversed[2] < 0.5, "{found:?}");
    assert!(lots[0] < 0.5 && lots[2] > 0.5, "{found:?}");
    let between = |one: &[f64; 3]| lots[1] < one[1];
    assert!(
        reversed[1] < lots[1] && truthful.iter().all(between),
        "{found:?}"
    );
    assert!(reply["items"][0]["ci"].is_array());
}

#[test]
fn a_panel_that_is_none_says_why() {
    let folder = folder();
    let pair = ["compare", "pictures/200.png", "pictures/040.png"];
    let rank = ["rank", "pictures"];
    for (command, judges, more, told) in [
        (
            &pair[..],
            vec!["two-afc@sharp", "two-afk@sharp"],
            vec![],
            "there is no judge `two-afk`",
        ),
        (
            &pair[..],
            vec!["two-afc@sharp", "two-afc@sharp"],
            vec![],
            "sits on the panel twice",
        ),
        (
            &pair[..],
            vec!["brightness", "brightness@onnx"],
            vec![],
            "onnx",
        ),
        (
            &pair[..],
            vec!["two-afc@sharp", "brightness"],
            vec!["--jury", "joint"],
            "whole ranking",
        ),
        (
            &pair[..],
            vec!["two-afc@sharp"],
            vec!["--quorum", "1"],
            "for a panel",
        ),
        (
            &pair[..],
            vec!["two-afc@sharp", "brightness"],
            vec!["--jury", "reliability", "--weight", "brightness=1"],
            "`two-afc@sharp` has no weight",
        ),
        (
            &pair[..],
            vec!["two-afc@sharp", "brightness"],
            vec![
                "--jury",
                "reliability",
                "--weight",
                "brightness=1",
                "--weight=two-afc@sharp=-1",
            ],
            "is -1",
        ),
        (
            &pair[..],
            vec!["two-afc@sharp", "brightness"],
            vec![
                "--jury",
                "reliability",
                "--weight",
                "brightness=1",
                "--weight",
                "q-align=1",
            ],
            "`q-align`, which does not sit",
        ),
        (
            &rank[..],
            vec!["two-afc@sharp", "brightness"],
            vec!["--method", "scores"],
            "cannot score",
        ),
        (
            &rank[..],
            vec!["two-afc@sharp", "brightness"],
            vec!["--method", "listwise"],
            "`listwise` is for one judge",
        ),
        (
            &rank[..],
            vec!["two-afc@sharp", "brightness"],
            vec![
                "--method",
                "anchors",
                "--anchor=pictures/200.png",
                "--anchor=pictures/040.png",
            ],
            "`anchors` is for one judge",
        ),
        (
            &rank[..],
            vec!["two-afc@sharp", "brightness"],
            vec!["--jury", "joint", "--model", "davidson"],
            "another model",
        ),
        (
            &rank[..],
            vec!["brightness", "log-brightness"],
            vec!["--model", "davidson"],
            "by pairs",
        ),
    ] {
        let output = run(folder.path(), command, &judges, &more);
        assert_eq!(output.status.code(), Some(2), "{judges:?} {more:?}");
        assert!(
            stderr(&output).contains(told),
            "{judges:?} {more:?}: {}",
            stderr(&output)
        );
    }
}
