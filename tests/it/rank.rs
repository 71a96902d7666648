//! `opine rank --from`: votes in, a ranking out.

use std::process::Output;

use crate::command::{json, opine, stderr};

fn rank(votes: &str, arguments: &[&str]) -> Output {
    rank_among(votes, "", arguments)
}

fn rank_among(votes: &str, items: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("items.txt"), items).unwrap();
    std::fs::write(folder.path().join("votes.csv"), votes).unwrap();
    let all = [&["rank", "--from", "votes.csv"], arguments].concat();
    opine(folder.path(), &all)
}

/// Item a is better than b, b better than c, with enough upsets to bound all distances.
const VOTES: &str = "\
voter,first,second,outcome
ann,a,b,first
ann,b,a,second
ann,b,c,first
ann,c,b,second
ann,a,c,first
bob,a,b,second
bob,b,c,tie
bob,c,a,first
bob,c,a,second
";

#[test]
fn a_ranking_has_strengths_places_and_intervals() {
    for (model, unit) in [
        ("bradley-terry", "log-odds"),
        ("davidson", "log-odds"),
        ("rao-kupper", "log-odds"),
        ("thurstone", "normal deviates"),
    ] {
        let output = rank(VOTES, &["--model", model, "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let report = json(&output);
        assert_eq!(
            (&report["status"], &report["model"]),
            (&"ranked".into(), &model.into())
        );
        assert_eq!(report["votes"], 9);
        assert!(report["convention"].as_str().unwrap().contains(unit));
        let items = report["items"].as_array().unwrap();
        let names: Vec<&str> = items
            .iter()
            .map(|item| item["item"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["a", "b", "c"]);
        for (place, item) in (1..).zip(items) {
            assert_eq!(item["rank"], place);
            let strength = item["strength"].as_f64().unwrap();
            let ends: Vec<f64> = item["ci"]
                .as_array()
                .unwrap()
                .iter()
                .map(|end| end.as_f64().unwrap())
                .collect();
            assert!(ends[0] < strength && strength < ends[1], "{item}");
            let places = item["rank_ci"].as_array().unwrap();
            assert!(
                places[0].as_u64() <= Some(place) && Some(place) <= places[1].as_u64(),
                "{item}"
            );
        }
        assert_eq!(
            report["tie_parameter"].is_object(),
            ["davidson", "rao-kupper"].contains(&model)
        );
        assert_eq!(report["coherence"]["pairs"], 3);
        assert_eq!(report["coherence"]["triads"], 1);
        assert_eq!(report["voters"].as_array().unwrap().len(), 2);
        assert!(report.get("order_effect").is_none() && report.get("groups").is_none());
    }
}

#[test]
fn the_table_goes_to_standard_output_and_the_rest_elsewhere() {
    let output = rank(VOTES, &["--order-effect", "--ridge", "0.5"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout.clone()).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(
        lines[1].ends_with("  a") && lines[3].ends_with("  c"),
        "{table}"
    );
    assert!(
        stderr(&output).contains("order effect: "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn bootstrap_intervals_repeat_with_their_seed() {
    // Each vote twenty times, so that hardly a resample is without finite strengths.
    let (header, rows) = VOTES.split_once('\n').unwrap();
    let votes = format!("{header}\n{}", rows.repeat(20));
    let run = |seed| {
        json(&rank(
            &votes,
            &["--bootstrap", "50", "--seed", seed, "--json"],
        ))
    };
    assert_eq!(run("1"), run("1"));
    assert_ne!(run("1"), run("2"));
    assert!(
        run("1")["interval_method"]
            .as_str()
            .unwrap()
            .contains("50 resamples, seed 1")
    );
}

#[test]
fn votes_that_bound_no_distance_give_groups_and_an_incomplete_end() {
    // Item d is in a vote of no weight only.
    let votes = "first,second,outcome,weight\na,b,first,1\nb,a,first,1\na,c,first,1\nc,d,tie,0\n";
    let output = rank(votes, &["--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report = json(&output);
    assert_eq!(report["status"], "separated");
    assert_eq!(
        report["groups"],
        serde_json::json!([["a", "b"], ["c"], ["d"]])
    );
    assert_eq!(report["items"], serde_json::json!([]));
    assert!(report["notes"][0].as_str().unwrap().contains("never met"));
    let text = rank(votes, &[]);
    assert_eq!(text.status.code(), Some(1));
    assert_eq!(String::from_utf8(text.stdout).unwrap().lines().count(), 5);
    let with_ridge = rank(votes, &["--ridge", "1", "--json"]);
    assert_eq!(with_ridge.status.code(), Some(0), "{}", stderr(&with_ridge));
    assert_eq!(json(&with_ridge)["items"].as_array().unwrap().len(), 4);
}

#[test]
fn one_voter_and_ties_alone_are_said() {
    let alone = VOTES.replace("bob,", "ann,");
    let notes = json(&rank(&alone, &["--json"]))["notes"].to_string();
    assert!(
        notes.contains("`ann`") && notes.contains("cannot be estimated"),
        "{notes}"
    );
    let ties = "first,second,outcome\na,b,tie\nb,c,tie\n";
    let output = rank(ties, &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = json(&output);
    for item in report["items"].as_array().unwrap() {
        assert_eq!((&item["strength"], &item["rank"]), (&0.0.into(), &1.into()));
        assert!(item["ci"].is_null() && item["rank_ci"].is_null());
    }
    assert!(
        report["notes"][0]
            .as_str()
            .unwrap()
            .starts_with("no intervals")
    );
    let refused = rank(ties, &["--model", "davidson"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("every vote is a tie"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn a_file_that_is_none_could_not_be_done_and_says_where() {
    for (votes, told) in [
        ("", "is empty"),
        (
            "first,second,outcome\na,a,first\n",
            "line 2, column `second`",
        ),
        (
            "first,second,outcome\na,b,first\na,b,won\n",
            "line 3, column `outcome`",
        ),
        (
            "first,second,outcome,weight\na,b,tie,-2\n",
            "line 2, column `weight`",
        ),
        ("first,second\na,b\n", "no column `outcome`"),
    ] {
        let output = rank(votes, &["--json"]);
        assert_eq!(output.status.code(), Some(2), "{votes}");
        assert!(output.stdout.is_empty());
        assert!(
            stderr(&output).contains(told),
            "{votes}: {}",
            stderr(&output)
        );
    }
    let output = rank(VOTES, &["--ridge=-1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`ridge`"), "{}", stderr(&output));
}

#[test]
fn items_that_are_given_hold_the_votes_to_them() {
    let among = |items: &str| rank_among(VOTES, items, &["--items", "items.txt", "--json"]);
    let same = among("c\na\n\nb\n");
    assert_eq!(same.status.code(), Some(0), "{}", stderr(&same));
    assert_eq!(json(&same), json(&rank(VOTES, &["--json"])));
    let unknown = among("a\nb\n");
    assert_eq!(unknown.status.code(), Some(2));
    let message = stderr(&unknown);
    assert!(
        message.contains("`c`") && message.contains("2 items"),
        "{message}"
    );
    let twice = among("a\nb\nc\nb\n");
    assert_eq!(twice.status.code(), Some(2));
    assert!(
        stderr(&twice).contains("`b` is given twice"),
        "{}",
        stderr(&twice)
    );
    // An item that was never compared has no strength, and is told.
    let alone = among("a\nb\nc\nd\n");
    assert_eq!(alone.status.code(), Some(1), "{}", stderr(&alone));
    let report = json(&alone);
    assert_eq!(report["groups"][1], serde_json::json!(["d"]), "{report}");
    assert!(
        report["notes"][0].as_str().unwrap().contains("never met"),
        "{report}"
    );
}
