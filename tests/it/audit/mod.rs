//! `opine audit` as its caller sees it: small files in, exit code, report and messages out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

mod bad_input;
mod intervals;
mod judges;
mod sources;
mod stages;

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Bench {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn audit(&self, judged: &Path, human: &Path, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_opine"))
            .arg("audit")
            .args([
                "--judged".as_ref(),
                judged.as_os_str(),
                "--human".as_ref(),
                human.as_os_str(),
            ])
            .args(more)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn json(&self, judged: &Path, human: &Path, more: &[&str]) -> (i32, Value) {
        let mut arguments = vec!["--report", "-"];
        arguments.extend(more);
        let output = self.audit(judged, human, &arguments);
        let found = serde_json::from_slice(&output.stdout);
        (
            output.status.code().unwrap(),
            found.unwrap_or_else(|_| panic!("{}", message(&output))),
        )
    }
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Human values 1 to 12, and a judge that confuses neighbours; two groups, four clusters.
fn human() -> String {
    let rows = (1..=12).map(|i| {
        format!(
            "item{i},{i},{},{}\n",
            if i <= 6 { "low" } else { "high" },
            i % 4
        )
    });
    format!("id,mos,set,prompt\n{}", rows.collect::<String>())
}

fn judged() -> String {
    let rows =
        (1..=12).map(|i: i32| format!("item{i},{}\n", if i % 2 == 0 { i - 1 } else { i + 1 }));
    format!("id,score\n{}", rows.collect::<String>())
}

/// The judged file with one cell exchanged.
fn with(cell: &str) -> String {
    judged().replace("item3,4", &format!("item3,{cell}"))
}

fn estimate<'a>(report: &'a Value, name: &str, key: &str, of: Option<&str>) -> &'a Value {
    let rows = report["estimates"].as_array().unwrap();
    let found = rows
        .iter()
        .find(|row| row["name"] == name && row.get(key).and_then(Value::as_str) == of);
    found.unwrap_or_else(|| panic!("no {name} with {key} {of:?}"))
}

#[test]
fn an_audit_holds_estimates_with_intervals_groups_and_a_sentence() {
    let bench = Bench::new();
    let (judged, human) = (
        bench.file("judged.csv", judged()),
        bench.file("human.csv", human()),
    );
    let (code, report) = bench.json(&judged, &human, &["--group", "set", "--cluster", "prompt"]);
    assert_eq!(code, 0);
    assert_eq!(report["schema"], "opine.audit/1");
    assert_eq!(
        (report["n"].as_u64(), report["coverage"].as_f64()),
        (Some(12), Some(1.0))
    );
    // Twelve ranks off by one: 1 - 6 * 12 / (12 * 143).
    let overall = estimate(&report, "spearman", "group", None);
    assert!((overall["value"].as_f64().unwrap() - (1.0 - 72.0 / 1716.0)).abs() < 1e-12);
    assert!(
        overall["ci_method"].as_str().unwrap().contains("clusters"),
        "{overall}"
    );
    assert_eq!(overall["n"], 12);
    // Six ranks off by one: 1 - 6 * 6 / (6 * 35).
    let low = estimate(&report, "spearman", "group", Some("low"));
    assert!((low["value"].as_f64().unwrap() - (1.0 - 36.0 / 210.0)).abs() < 1e-12);
    let legacy = estimate(&report, "spearman_tanh_of_mean", "group", None);
    assert_eq!(legacy["average"], "tanh_of_mean");
    assert!((legacy["value"].as_f64().unwrap() - (1.0_f64 - 36.0 / 210.0).tanh()).abs() < 1e-12);
    let sentence = report["sentence"].as_str().unwrap();
    for part in [
        "12 of 12 items",
        "Spearman 0.958",
        "midranks",
        "chance is 0",
    ] {
        assert!(sentence.contains(part), "{sentence}");
    }
}

#[test]
fn every_form_of_the_same_rows_gives_the_same_estimates() {
    let bench = Bench::new();
    let human = bench.file("human.csv", human());
    let csv = judged();
    let rows = || {
        csv.lines()
            .skip(1)
            .map(|line| line.split_once(',').unwrap())
    };
    let object = |(id, score): (&str, &str)| {
        format!("{{\"image\":\"{id}\",\"status\":\"scored\",\"score\":{score}}}")
    };
    let objects: Vec<String> = rows().map(object).collect();
    let forms = [
        ("a.csv", csv.clone().into_bytes()),
        (
            "b.csv",
            [
                b"\xef\xbb\xbf".as_slice(),
                csv.replace('\n', "\r\n").as_bytes(),
            ]
            .concat(),
        ),
        ("c.tsv", csv.replace(',', "\t").into_bytes()),
        ("d.jsonl", objects.join("\n").into_bytes()),
        ("e.json", format!("[{}]", objects.join(",\n")).into_bytes()),
    ];
    let estimates: Vec<Value> = forms
        .into_iter()
        .map(|(name, bytes)| {
            bench.json(&bench.file(name, bytes), &human, &[]).1["estimates"].clone()
        })
        .collect();
    assert!(estimates.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn what_a_judge_left_out_is_counted_and_its_policy_named() {
    let bench = Bench::new();
    let human = bench.file("human.csv", human());
    let mut lines: Vec<String> = (1..=9)
        .map(|i| format!("{{\"image\":\"item{i}\",\"status\":\"scored\",\"score\":{i}}}"))
        .collect();
    lines.push("{\"image\":\"item10\",\"status\":\"unscored\",\"reason\":\"refused\"}".to_owned());
    lines.push("{\"image\":\"item11\",\"status\":\"unscored\",\"reason\":\"unparsed\"}".to_owned());
    lines.push("{\"image\":\"stranger\",\"status\":\"scored\",\"score\":3}".to_owned());
    let judged = bench.file("judged.jsonl", lines.join("\n"));
    let (code, report) = bench.json(&judged, &human, &[]);
    assert_eq!(code, 1);
    assert_eq!(
        (report["n"].as_u64(), report["coverage"].as_f64()),
        (Some(9), Some(0.75))
    );
    let counts = &report["counts"];
    let kinds: Vec<&str> = counts["unscored"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["unmatched", "refusal", "parse_failure"]);
    assert_eq!(counts["only_judged"]["first"][0], "stranger");
    assert_eq!(counts["only_human"]["first"][0], "item12");
    assert_eq!(report["missing_policies"].as_array().unwrap().len(), 4);

    let (_, worst) = bench.json(&judged, &human, &["--missing", "worst"]);
    assert_eq!(
        (worst["n"].as_u64(), worst["counts"]["stood_in"].as_u64()),
        (Some(12), Some(3))
    );
    let value = |report: &Value| {
        estimate(report, "spearman", "group", None)["value"]
            .as_f64()
            .unwrap()
    };
    assert!(value(&worst) < value(&report));
    let refused = bench.audit(&judged, &human, &["--missing", "refuse"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        message(&refused).contains("3 of 12 items"),
        "{}",
        message(&refused)
    );
}

#[test]
fn pairs_asked_in_both_orders_show_position_bias() {
    let bench = Bench::new();
    let human = bench.file(
        "human.csv",
        format!(
            "pair_id,preference\n{}",
            (0..12)
                .map(|i| format!("p{i},{}\n", ["A", "B", "tie"][i % 3]))
                .collect::<String>()
        ),
    );
    // The judge names the first place whatever stands there, except for pairs 0 to 2, where it agrees with people.
    let judged: String = (0..12)
        .map(|i| {
            let (given, turned) = match i {
                0 => ("A", "B"),
                1 => ("B", "A"),
                2 => ("tie", "tie"),
                _ => ("[[A]]", "A"),
            };
            format!("p{i},false,{given}\np{i},true,{turned}\n")
        })
        .collect();
    let judged = bench.file("judged.csv", format!("pair_id,swapped,verdict\n{judged}"));
    let (code, report) = bench.json(&judged, &human, &["--on", "pair_id"]);
    assert_eq!(code, 0);
    let finding = |topic: &str| {
        let all = report["bias"].as_array().unwrap();
        all.iter().find(|row| row["topic"] == topic).unwrap()["value"]
            .as_f64()
            .unwrap()
    };
    assert!((finding("swap") - 9.0 / 12.0).abs() < 1e-12);
    assert!((finding("position") - (9.0 + 1.5) / 12.0).abs() < 1e-12);
    assert!(
        estimate(&report, "cohen_kappa", "group", None)["value"]
            .as_f64()
            .is_some()
    );
}

/// numpy 2.4: corrcoef of 1..5 with the means of the three raters; a column beside them changes nothing.
#[test]
fn raters_without_a_value_column_are_averaged() {
    let bench = Bench::new();
    let judged = bench.file("judged.csv", "id,score\na,1\nb,2\nc,3\nd,4\ne,5\n");
    for (name, header, extra) in [("plain.csv", "", ""), ("length.csv", ",length", ",70")] {
        let ratings = [[1, 2, 1], [2, 1, 3], [2, 3, 3], [4, 3, 5], [5, 5, 4]];
        let mut text = format!("id,rater_1,rater_2,rater_3{header}\n");
        for (id, [first, second, third]) in "abcde".chars().zip(ratings) {
            text.push_str(&format!("{id},{first},{second},{third}{extra}\n"));
        }
        let human = bench.file(name, text);
        let (_, report) = bench.json(&judged, &human, &[]);
        let estimates = report["estimates"].as_array().unwrap();
        let pearson = estimates
            .iter()
            .find(|row| row["name"] == "pearson")
            .unwrap();
        let value = pearson["value"].as_f64().unwrap();
        assert!(
            (value - 0.991_240_707_161_930_4).abs() < 1e-12,
            "{name}: {value}"
        );
    }
}

#[test]
fn rater_columns_give_a_ceiling() {
    let bench = Bench::new();
    let rows: String = (0..30)
        .map(|i| format!("i{i},{},{},{}\n", i, i + (i * 7) % 5, i + (i * 3) % 4))
        .collect();
    let human = bench.file("human.csv", format!("id,rater_1,rater_2,rater_3\n{rows}"));
    let judged = bench.file(
        "judged.csv",
        format!(
            "id,score\n{}",
            (0..30)
                .map(|i| format!("i{i},{}\n", (i * 11) % 31))
                .collect::<String>()
        ),
    );
    let (_, report) = bench.json(&judged, &human, &[]);
    let ceilings: Vec<f64> = report["baselines"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["kind"] == "ceiling")
        .map(|row| row["value"].as_f64().unwrap())
        .collect();
    assert_eq!(ceilings.len(), 6);
    assert!(ceilings.iter().all(|value| *value > 0.9 && *value < 1.0));
    assert!(
        report["sentence"]
            .as_str()
            .unwrap()
            .contains("one person would reach Spearman")
    );
}

#[test]
fn probabilities_of_events_are_checked_for_calibration() {
    let bench = Bench::new();
    let rows = |f: &dyn Fn(usize) -> String| {
        (0..100)
            .map(|i| format!("i{i},{}\n", f(i)))
            .collect::<String>()
    };
    let human = bench.file(
        "human.csv",
        format!(
            "id,label\n{}",
            rows(&|i| u8::from(i % 10 < i / 10).to_string())
        ),
    );
    let judged = bench.file(
        "judged.csv",
        format!(
            "id,score\n{}",
            rows(&|i| format!("{:.2}", (i / 10) as f64 / 10.0))
        ),
    );
    let (_, report) = bench.json(&judged, &human, &[]);
    let estimates = report["calibration"]["estimates"].as_array().unwrap();
    let ece = estimates
        .iter()
        .find(|row| row["name"] == "ece_equal_width")
        .unwrap();
    assert!(ece["value"].as_f64().unwrap() < 1e-12, "{ece}");
}

#[test]
fn reports_are_one_file_and_the_same_bytes_each_time() {
    let bench = Bench::new();
    let (judged, human) = (
        bench.file("judged.csv", judged().replace("item1,", "item<b>1,")),
        bench.file("human.csv", human().replace("item1,", "item<b>1,")),
    );
    let write = |names: [&str; 3]| -> Vec<String> {
        let arguments: Vec<&str> = names
            .iter()
            .flat_map(|name| ["--report", name])
            .chain(["--cluster", "prompt", "--group", "set"])
            .collect();
        let output = bench.audit(&judged, &human, &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", message(&output));
        names
            .iter()
            .map(|name| std::fs::read_to_string(bench.folder.path().join(name)).unwrap())
            .collect()
    };
    let (first, second) = (
        write(["a.html", "a.md", "a.json"]),
        write(["b.html", "b.md", "b.json"]),
    );
    assert_eq!(first, second);
    let html = &first[0];
    for part in [
        "<!doctype html>",
        "role=\"img\"",
        "<desc id=",
        "prefers-color-scheme:dark",
        "@media print",
        "item&lt;b&gt;1",
    ] {
        assert!(html.contains(part), "{part}");
    }
    for part in [
        "<script",
        "src=",
        "href=\"http",
        "url(",
        "@import",
        "<b>",
        "NaN",
    ] {
        assert!(!html.contains(part), "{part}");
    }
    // Every figure has its numbers in a table beside it.
    assert_eq!(
        html.matches("<svg").count(),
        html.matches("Numbers as a table").count()
    );
    assert!(
        first[1].contains("## Agreement over all items") && first[1].contains("item&lt;b&gt;1")
    );
}

#[test]
fn empty_cells_are_counted_and_a_spelling_can_be_declared_missing() {
    let bench = Bench::new();
    let human = bench.file("human.csv", human().replace("item5,5,", "item5,N/A,"));
    let judged = bench.file("judged.csv", with("").replace("item7,8", "item7,NaN"));
    let (code, report) = bench.json(&judged, &human, &["--missing-text", "NaN"]);
    assert_eq!((code, report["n"].as_u64()), (1, Some(9)));
    let counts = &report["counts"];
    assert_eq!(counts["human_missing"][0]["first_line"], 6);
    let reasons: Vec<&str> = counts["unscored"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["missing (NaN)", "missing (an empty cell)"]);
}

#[test]
fn duplicates_can_be_settled_by_a_named_rule() {
    let bench = Bench::new();
    let human = bench.file("human.csv", human());
    let judged = bench.file("judged.csv", judged() + "item3,99\n");
    for (rule, value) in [("first", 4.0), ("last", 99.0)] {
        let (code, report) = bench.json(&judged, &human, &["--duplicates", rule]);
        assert_eq!(
            (code, report["counts"]["duplicates_left_out"].as_u64()),
            (1, Some(1))
        );
        let points = report["figures"]["points"].as_array().unwrap();
        assert_eq!(points[2][0].as_f64(), Some(value), "{rule}");
    }
}

#[test]
fn lower_can_be_better_in_either_file() {
    let bench = Bench::new();
    let human = bench.file("human.csv", human());
    let judged = bench.file("judged.csv", judged());
    let value = |more: &[&str]| {
        let (_, report) = bench.json(&judged, &human, more);
        estimate(&report, "spearman", "group", None)["value"]
            .as_f64()
            .unwrap()
    };
    let as_is = value(&[]);
    assert!((value(&["--human-better", "lower"]) + as_is).abs() < 1e-12);
    assert!(
        (value(&["--human-better", "lower", "--judged-better", "lower"]) - as_is).abs() < 1e-12
    );

    let rows = (1..=4).map(|i| {
        let scale = r#"{"min":0,"max":9,"better":"lower"}"#;
        format!("{{\"image\":\"item{i}\",\"score\":{i},\"scale\":{scale}}}\n")
    });
    let says_lower = bench.file("judged.jsonl", rows.collect::<String>());
    let warned = message(&bench.audit(&says_lower, &human, &[]));
    assert!(warned.contains("pass `--judged-better lower`"), "{warned}");
}

#[test]
fn a_long_file_is_read_as_a_stream() {
    let bench = Bench::new();
    let rows = |f: &dyn Fn(u32) -> u32| {
        (0..60_000)
            .map(|i| format!("item-{i:08},{}\n", f(i)))
            .collect::<String>()
    };
    let human = bench.file("human.csv", format!("id,mos\n{}", rows(&|i| i % 97)));
    let judged = bench.file("judged.csv", format!("id,score\n{}", rows(&|i| i % 89)));
    let (code, report) = bench.json(&judged, &human, &["--resamples", "100"]);
    assert_eq!((code, report["n"].as_u64()), (0, Some(60_000)));
    assert_eq!(report["figures"]["points"].as_array().unwrap().len(), 1_500);
}
