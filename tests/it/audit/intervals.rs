//! What each figure of a report has beside it: an interval with its method, and what to know of it.

use serde_json::Value;

use super::{Bench, estimate};

/// Forty-eight items in twelve scenes and three sets, with people's spread and three raters.
fn human() -> String {
    let rows = (0..48).map(|i| {
        let (first, second, third) = (i % 7 + i / 8, i % 7 + i / 8 + i % 2, i % 7 + i / 8 + i % 3);
        let mean = f64::from(first + second + third) / 3.0;
        format!(
            "i{i},{mean},0.8,15,s{},set{},{first},{second},{third}\n",
            i % 12,
            i % 3
        )
    });
    format!(
        "id,mos,sd,ratings,scene,set,ann,ben,cid\n{}",
        rows.collect::<String>()
    )
}

fn judged() -> String {
    let rows = (0..48).map(|i| format!("i{i},{}\n", (i % 7 + i / 8) * 3 + i % 5));
    format!("id,score\n{}", rows.collect::<String>())
}

fn report(more: &[&str]) -> Value {
    let bench = Bench::new();
    let (judged, human) = (
        bench.file("judged.csv", judged()),
        bench.file("human.csv", human()),
    );
    let arguments = [more, &["--resamples", "200"]].concat();
    let (code, report) = bench.json(&judged, &human, &arguments);
    assert_eq!(code, 0);
    report
}

fn overall(report: &Value) -> Vec<&Value> {
    let rows = report["estimates"].as_array().unwrap().iter();
    rows.filter(|row| row.get("group").is_none() && row.get("average").is_none())
        .collect()
}

#[test]
fn every_figure_has_an_interval_with_a_named_method() {
    let report = report(&["--same-scale"]);
    let rows = overall(&report);
    for row in &rows {
        let [low, high] = [0, 1].map(|end| row["ci"][end].as_f64().unwrap());
        let value = row["value"].as_f64().unwrap();
        assert!(low <= value && value <= high, "{row}");
        assert!(
            row["ci_method"]
                .as_str()
                .is_some_and(|method| method.len() > 5),
            "{row}"
        );
    }
    let names: Vec<&str> = rows
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    for name in [
        "pearson",
        "spearman",
        "kendall_tau_a",
        "kendall_tau_b",
        "kendall_tau_c",
        "weighted_tau",
        "plcc_logistic_4",
        "plcc_logistic_5",
        "plcc_monotone_cubic",
        "rmse",
        "rmse_star",
        "outlier_ratio",
        "pairwise_accuracy_calibrated",
        "tau_eq",
    ] {
        assert_eq!(
            names.iter().filter(|known| **known == name).count(),
            1,
            "{name}"
        );
    }
}

#[test]
fn clusters_reach_every_figure_that_is_drawn() {
    let report = report(&["--same-scale", "--cluster", "scene"]);
    for row in overall(&report) {
        let method = row["ci_method"].as_str().unwrap_or_default();
        let note = row["note"].as_str().unwrap_or_default();
        assert!(
            method.contains("whole clusters") || note.contains("items as independent"),
            "{row}"
        );
        if row.get("p_value").is_some() {
            assert!(note.contains("items as independent"), "{row}");
        }
    }
    let gap = &report["calibration"]["estimates"][0];
    assert!(
        gap["ci_method"]
            .as_str()
            .unwrap()
            .contains("whole clusters"),
        "{gap}"
    );
}

#[test]
fn averages_over_groups_cannot_be_taken_for_the_coefficient_over_all_items() {
    let report = report(&["--group", "set"]);
    for coefficient in ["pearson", "spearman", "kendall_tau_b"] {
        let rows = report["estimates"].as_array().unwrap().iter();
        let plain: Vec<&Value> = rows.filter(|row| row["name"] == coefficient).collect();
        assert_eq!(plain.len(), 4, "all items and three groups");
        assert!(plain.iter().all(|row| row.get("average").is_none()));
        for (ending, average) in [
            ("mean", "arithmetic"),
            ("weighted_mean", "weighted"),
            ("fisher_z_mean", "fisher_z"),
            ("tanh_of_mean", "tanh_of_mean"),
        ] {
            let row = estimate(&report, &format!("{coefficient}_{ending}"), "group", None);
            assert_eq!(
                (row["average"].as_str(), row["n"].as_u64()),
                (Some(average), Some(3))
            );
            assert!(row["ci"].is_array() && row["ci_method"].as_str().unwrap().contains("groups"));
        }
    }
}

#[test]
fn named_raters_agree_with_each_other_and_set_a_ceiling_with_an_interval() {
    let report = report(&["--raters", "ann,ben,cid"]);
    let raters = report["raters"].as_array().unwrap();
    for name in [
        "krippendorff_alpha_interval",
        "krippendorff_alpha_ordinal",
        "icc_2_1",
        "icc_3_k",
    ] {
        let row = raters.iter().find(|row| row["name"] == name).unwrap();
        assert!(
            row["value"].as_f64().unwrap() > 0.8 && row["ci"].is_array(),
            "{row}"
        );
    }
    let baselines = report["baselines"].as_array().unwrap().iter();
    let ceilings: Vec<&Value> = baselines.filter(|row| row["kind"] == "ceiling").collect();
    assert_eq!(ceilings.len(), 6);
    assert!(ceilings.iter().all(|row| row["ci"].is_array()));
}

#[test]
fn agreement_without_a_flaw_is_no_certainty() {
    let bench = Bench::new();
    let rows = |name: &str| {
        let rows = (0..20).map(|i| format!("i{i},{}\n", i * i));
        format!("id,{name}\n{}", rows.collect::<String>())
    };
    let (judged, human) = (
        bench.file("j.csv", rows("score")),
        bench.file("h.csv", rows("mos")),
    );
    let (_, report) = bench.json(&judged, &human, &[]);
    let spearman = estimate(&report, "spearman", "group", None);
    assert_eq!(spearman["ci"], serde_json::json!([1.0, 1.0]));
    assert!(
        spearman["note"].as_str().unwrap().contains("no width"),
        "{spearman}"
    );
    let sentence = report["sentence"].as_str().unwrap();
    assert!(sentence.contains("without a flaw"), "{sentence}");
}

/// scipy 1.17.1: `permutation_test` over pairings gives 1 / 30 here, where the t distribution gives 0.0188.
#[test]
fn few_items_have_an_exact_p_value() {
    let bench = Bench::new();
    let judged = bench.file("j.csv", "id,score\na,1\nb,2\nc,3\nd,4\ne,6\nf,5\n");
    let human = bench.file("h.csv", "id,mos\na,2\nb,1\nc,3\nd,4\ne,5\nf,6\n");
    let (_, report) = bench.json(&judged, &human, &[]);
    let spearman = estimate(&report, "spearman", "group", None);
    assert!(
        spearman["method"]
            .as_str()
            .unwrap()
            .contains("all pairings"),
        "{spearman}"
    );
    assert!(
        (spearman["p_value"].as_f64().unwrap() - 1.0 / 30.0).abs() < 1e-12,
        "{spearman}"
    );
}
