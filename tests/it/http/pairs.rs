//! Comparing and ranking over HTTP, with a judge that rates and with recorded answers of a judge of pairs.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::app::{Reply, TestApp, shared};
use crate::support::png;

fn image(name: &str, gray: u8) -> Value {
    json!({"id": name, "base64": BASE64_STANDARD.encode(png::gray(gray))})
}

fn post(app: &TestApp, path: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json")];
    app.send("POST", path, &headers, body.to_string().as_bytes())
}

fn compare(body: &Value) -> Reply {
    post(shared(), "/v1/compare", body)
}

fn rank(body: &Value) -> Reply {
    post(shared(), "/v1/rank", body)
}

#[test]
fn a_judge_that_rates_compares_by_its_opinions() {
    for by in ["thurstone", "levels"] {
        let ask = |first, second| {
            let images = [image("a", first), image("b", second)];
            let reply = compare(&json!({"judge": "brightness", "images": images, "by": by}));
            assert_eq!(reply.status, 200);
            reply.json()["result"].clone()
        };
        let (straight, turned) = (ask(220, 60), ask(60, 220));
        assert_eq!(straight["preference"], "first", "{straight}");
        assert_eq!(turned["preference"], "second");
        assert_eq!(straight["by"], by);
        assert_eq!(straight["order_effect"], Value::Null);
        let share = |result: &Value, name: &str| result[name].as_f64().unwrap();
        let total = share(&straight, "first_better") + share(&straight, "second_better");
        assert!((total + share(&straight, "tie") - 1.0).abs() < 1e-9);
        let other_way = share(&turned, "second_better");
        assert!((share(&straight, "first_better") - other_way).abs() < 1e-9);
    }
}

#[test]
fn the_same_image_twice_is_a_tie_by_construction_and_says_so() {
    let images = [image("a", 90), image("b", 90)];
    let result =
        compare(&json!({"judge": "brightness", "images": images})).json()["result"].clone();
    assert_eq!(result["preference"], "tie");
    assert!(
        result["detail"]
            .as_str()
            .unwrap()
            .contains("by construction")
    );
}

#[test]
fn a_wide_tie_swallows_a_small_difference() {
    let images = [image("a", 130), image("b", 126)];
    let ask = |width: f64| {
        let body = json!({"judge": "brightness", "images": images, "tie_width": width});
        compare(&body).json()["result"]["preference"].clone()
    };
    assert_eq!(ask(0.0), "first");
    assert_eq!(ask(9.0), "tie");
}

#[test]
fn a_comparison_that_cannot_be_made_says_why() {
    let two = [image("a", 10), image("b", 20)];
    let cases = [
        (
            json!({"judge": "brightness", "images": [image("a", 1)]}),
            "invalid_value",
            "/images",
        ),
        (
            json!({"judge": "brightness", "images": two, "by": "luck"}),
            "invalid_value",
            "/by",
        ),
        (
            json!({"judge": "brightness", "images": two, "tie_width": -1}),
            "invalid_value",
            "/tie_width",
        ),
        (
            json!({"judge": "brightness", "images": two, "tie_width": "wide"}),
            "wrong_type",
            "/tie_width",
        ),
        (
            json!({"judge": "brightness", "images": two, "on_disagreement": "toss"}),
            "invalid_value",
            "/on_disagreement",
        ),
        (
            json!({"judge": "two-afc", "images": two}),
            "judge_unavailable",
            "/judge",
        ),
    ];
    for (body, code, pointer) in cases {
        let problem = compare(&body).problem(code);
        assert_eq!(problem["pointer"], pointer, "{body}");
    }
    let broken = [image("a", 10), json!({"base64": "a*"})];
    let result =
        compare(&json!({"judge": "brightness", "images": broken})).json()["result"].clone();
    assert_eq!(result["status"], "unscored");
    assert_eq!(result["reason"], "image_base64");
}

#[test]
fn images_are_ranked_by_scores_or_by_pairs() {
    let grays = [("dark", 20), ("white", 250), ("gray", 120), ("light", 190)];
    let images: Vec<Value> = grays
        .iter()
        .map(|(name, gray)| image(name, *gray))
        .collect();
    for method in ["scores", "all-pairs", "random", "swiss", "active"] {
        let body = json!({"judge": "brightness", "images": images, "method": method, "seed": 3});
        let reply = rank(&body);
        assert_eq!(reply.status, 200, "{method}");
        let json = reply.json();
        let names: Vec<&str> = json["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["item"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["white", "light", "gray", "dark"], "{method}");
        assert_eq!(json["method"], method);
        if method != "scores" {
            assert_eq!(json["comparisons"], 6);
            assert_eq!(json["stop"], "exhausted");
        }
    }
}

#[test]
fn a_ranking_that_cannot_be_made_says_why() {
    let two = [image("a", 10), image("b", 20)];
    let cases = [
        (
            json!({"judge": "brightness", "images": [image("a", 1)]}),
            "invalid_value",
        ),
        (
            json!({"judge": "brightness", "images": [image("a", 1), image("a", 2)]}),
            "invalid_value",
        ),
        (
            json!({"judge": "brightness", "images": two, "method": "active", "budget": 0}),
            "invalid_value",
        ),
        (
            json!({"judge": "brightness", "images": two, "budget": 1.5}),
            "wrong_type",
        ),
        (
            json!({"judge": "brightness", "images": two, "method": "guess"}),
            "invalid_value",
        ),
        (
            json!({"judge": "brightness", "images": two, "on_disagreement": "toss"}),
            "invalid_value",
        ),
        (
            json!({"judge": "brightness", "images": [image("a", 1), json!({"base64": "*"})]}),
            "invalid_value",
        ),
    ];
    for (body, code) in cases {
        rank(&body).problem(code);
    }
}

#[test]
fn an_image_that_cannot_be_scored_has_no_place() {
    let images = [
        image("a", 10),
        json!({"id": "b", "base64": BASE64_STANDARD.encode(b"no picture")}),
        image("c", 200),
    ];
    let json = rank(&json!({"judge": "brightness", "images": images})).json();
    assert_eq!(json["items"].as_array().unwrap().len(), 2);
    assert_eq!(json["unscored"][0]["item"], "b");
}

#[test]
fn a_calibrated_tie_width_is_taken_for_exactly_its_judge() {
    let folder = tempfile::tempdir().unwrap();
    let judges = crate::support::app::fixtures("judges")
        .display()
        .to_string();
    let config = format!("[judges]\nfolders = [{judges:?}]\n");
    std::fs::write(folder.path().join("opine.toml"), config).unwrap();
    let fitted = crate::pairs::fit_ties(folder.path(), &[]);
    assert_eq!(fitted.status.code(), Some(0));
    let maps = folder.path().join("maps");
    std::fs::create_dir(&maps).unwrap();
    std::fs::rename(folder.path().join("ties.toml"), maps.join("ties.toml")).unwrap();
    let app = TestApp::with(|config| config.calibration.folder = Some(maps));
    let near = [image("a", 100), image("b", 107), image("c", 240)];
    let compare = |more: Value| {
        let mut body = json!({"judge": "brightness", "images": near[..2], "calibrated": true});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        post(&app, "/v1/compare", &body)
    };
    let result = compare(json!({})).json()["result"].clone();
    assert_eq!(result["preference"], "tie", "{result}");
    assert_eq!(result["tie_width"]["map"], "ties.toml");
    let by_levels = compare(json!({"by": "levels"})).problem("no_calibration");
    let detail = by_levels["detail"].as_str().unwrap();
    assert!(detail.contains("comparison by `thurstone`"), "{detail}");
    let both = compare(json!({"tie_width": 1})).problem("invalid_value");
    assert_eq!(both["pointer"], "/tie_width");

    let rank = |more: Value| {
        let mut body = json!({"judge": "brightness", "images": near, "calibrated": true});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        post(&app, "/v1/rank", &body)
    };
    let ranked = rank(json!({"method": "all-pairs"})).json();
    assert_eq!(ranked["tie_width"]["map"], "ties.toml");
    assert_eq!(ranked["ties_within_width"], 1);
    rank(json!({"method": "all-pairs", "by": "levels"})).problem("no_calibration");
    rank(json!({"method": "scores"})).problem("no_calibration");
    // A service without such a file has no width to take.
    let body = json!({"judge": "brightness", "images": near[..2], "calibrated": true});
    post(shared(), "/v1/compare", &body).problem("no_calibration");
}

#[test]
fn the_same_image_twice_in_a_ranking_is_told() {
    let images = [image("a", 90), image("b", 200), image("again", 90)];
    for method in ["scores", "all-pairs"] {
        let body = json!({"judge": "brightness", "images": images, "method": method});
        let json = rank(&body).json();
        let expected = json!([{"first": "a", "second": "again"}]);
        assert_eq!(json["same_images"], expected, "{method}");
    }
    let copies = [image("a", 90), image("b", 90)];
    let json = rank(&json!({"judge": "brightness", "images": copies, "method": "active"})).json();
    assert_eq!(json["comparisons"], 0, "{json}");
    assert_eq!(json["items"][1]["rank"], 1, "{json}");
}
