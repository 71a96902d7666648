//! Audits of what `opine evaluate --json` prints: stages that failed, and what stands for them where it is named.

use serde_json::{Value, json};

use super::{Bench, estimate, message};

/// Overall scores of ten pictures by people, and by T2I-Eval; two pictures have a stage that failed.
const HUMAN: [f64; 10] = [8.0, 5.5, 9.0, 2.0, 7.0, 4.0, 6.0, 10.0, 3.0, 1.0];
const OVERALL: [Option<f64>; 10] = [
    Some(7.0),
    Some(5.0),
    Some(8.0),
    Some(2.0),
    Some(6.0),
    Some(3.0),
    None,
    Some(9.0),
    Some(4.0),
    None,
];

fn evaluated() -> String {
    let line = |(at, overall): (usize, &Option<f64>)| {
        let mut line = json!({
            "method": "t2i-eval",
            "image": format!("p{at}"),
            "status": if overall.is_some() { "scored" } else { "unscored" },
            "score": overall,
            "aggregation": "mean",
            "missing": "unscored",
            "imputed": 0,
            // Of a picture without a score no aspect counts, though one may have been finished.
            "aspects": {"appearance": {"score": overall.unwrap_or(10.0), "explanation": null, "readout": null}},
        });
        if overall.is_none() {
            line["reason"] = Value::from("unparsed");
        }
        format!("{line}\n")
    };
    OVERALL.iter().enumerate().map(line).collect()
}

#[test]
fn a_failed_stage_stays_out_of_an_audit_unless_a_mean_is_named_for_it() {
    let bench = Bench::new();
    let rows = HUMAN.iter().enumerate();
    let human: String = rows.map(|(at, human)| format!("p{at},{human}\n")).collect();
    let human = bench.file("human.csv", format!("id,human\n{human}"));
    let judged = bench.file("evaluated.jsonl", evaluated());
    let value = |report: &Value, name: &str| {
        estimate(report, name, "group", None)["value"]
            .as_f64()
            .unwrap()
    };
    // scipy 1.12.0, spearmanr, pearsonr and kendalltau: of the eight, and of ten with the mean of the eight for two,
    // as T2I-Eval's authors fill their tables.
    let (code, dropped) = bench.json(&judged, &human, &[]);
    assert_eq!((code, &dropped["counts"]["stood_in"]), (1, &json!(0)));
    assert!((value(&dropped, "spearman") - 0.976_190_476_190_476_3).abs() < 1e-12);
    for column in ["score", "aspects.appearance.score"] {
        let named = ["--missing", "mean", "--judged-column", column];
        let (_, report) = bench.json(&judged, &human, &named);
        assert_eq!(report["counts"]["stood_in"], 2, "{column}");
        for (name, expected) in [
            ("spearman", 0.838_909_650_278_489_2),
            ("pearson", 0.829_560_440_912_563_4),
            ("kendall_tau_b", 0.764_093_177_458_340_9),
        ] {
            let found = value(&report, name);
            assert!((found - expected).abs() < 1e-12, "{column} {name}: {found}");
        }
        let sentence = report["sentence"].as_str().unwrap();
        assert!(
            sentence.contains("On 8 of 10 items")
                && sentence.contains("2 items stood in for (mean"),
            "{sentence}"
        );
    }
    let printed = bench.audit(&judged, &human, &["--missing", "mean"]);
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(printed.contains("2 items stood in for (mean"), "{printed}");
    let guessed = bench.audit(&judged, &human, &["--missing", "median"]);
    assert!(message(&guessed).contains("median"));
}
