//! Models of judged rankings on the command line.

use crate::command::{json, stderr};
use crate::panels::{GRAYS, folder, items, run};

#[test]
fn a_judged_ranking_takes_every_model_and_kind_of_interval() {
    let folder = folder();
    let judge = ["two-afc@biased"];
    for (model, interval) in [
        ("bradley-terry", "expectation propagation"),
        ("thurstone", "expectation propagation"),
        ("davidson", "sandwich"),
        ("rao-kupper", "sandwich"),
    ] {
        let more = ["--model", model, "--method", "all-pairs", "--json"];
        let output = run(folder.path(), &["rank", "pictures"], &judge, &more);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{model}: {}",
            stderr(&output)
        );
        let reply = json(&output);
        assert_eq!(reply["model"], model);
        assert!(
            reply["interval_method"]
                .as_str()
                .unwrap()
                .contains(interval),
            "{reply}"
        );
        assert_eq!(items(&reply)[0], "pictures/200.png");
    }
    let more = [
        "--interval",
        "bootstrap",
        "--bootstrap",
        "50",
        "--method",
        "all-pairs",
        "--json",
    ];
    let reply = json(&run(folder.path(), &["rank", "pictures"], &judge, &more));
    assert!(
        reply["interval_method"]
            .as_str()
            .unwrap()
            .contains("50 resamples")
    );
    let more = ["--ridge", "0.5", "--method", "all-pairs", "--json"];
    let stated = json(&run(folder.path(), &["rank", "pictures"], &judge, &more));
    let method = stated["interval_method"].as_str().unwrap();
    assert!(method.contains("laplace"), "{method}");
    let refused = run(
        folder.path(),
        &["rank", "pictures"],
        &judge,
        &["--model", "davidson", "--interval", "posterior"],
    );
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("half a vote"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn the_order_effect_and_covariates_are_fitted_beside_the_strengths() {
    let folder = folder();
    let rank = ["rank", "pictures"];
    let more = [
        "--order-effect",
        "--method",
        "all-pairs",
        "--ridge",
        "0.001",
        "--json",
    ];
    let reply = json(&run(folder.path(), &rank, &["two-afc@biased"], &more));
    let effect = reply["order_effect"]["value"].as_f64().unwrap();
    assert!((effect - 1.0).abs() < 0.01, "{effect}");
    assert!(reply["order_effect"]["ci"].is_array());
    let none = run(
        folder.path(),
        &rank,
        &["brightness"],
        &["--method", "all-pairs", "--order-effect"],
    );
    assert_eq!(none.status.code(), Some(2));
    assert!(
        stderr(&none).contains("no order effect to fit"),
        "{}",
        stderr(&none)
    );
    // All that the judge sees is gray, and gray is the covariate: a strong ridge leaves the strengths nothing.
    let table: String = GRAYS
        .iter()
        .map(|gray| format!("{gray:03}.png,{gray}\n"))
        .collect();
    std::fs::write(
        folder.path().join("grays.csv"),
        format!("item,gray\n{table}"),
    )
    .unwrap();
    let more = [
        "--covariates",
        "grays.csv",
        "--ridge",
        "100",
        "--method",
        "all-pairs",
        "--json",
    ];
    let output = run(folder.path(), &rank, &["two-afc@sharp"], &more);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let gray = &json(&output)["covariates"][0];
    assert!(
        (gray["value"].as_f64().unwrap() - 0.04).abs() < 1e-3,
        "{gray}"
    );
    assert!(gray["ci"][0].as_f64().unwrap() < 0.04, "{gray}");
    std::fs::write(folder.path().join("few.csv"), "item,gray\n040.png,1\n").unwrap();
    let few = run(
        folder.path(),
        &rank,
        &["two-afc@sharp"],
        &["--covariates", "few.csv", "--method", "all-pairs"],
    );
    assert_eq!(few.status.code(), Some(2));
    assert!(stderr(&few).contains("has no `gray`"), "{}", stderr(&few));
}
