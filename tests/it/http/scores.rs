//! What a good request gets, and that a bad image harms nobody else.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::app::{Reply, TestApp, shared};
use crate::support::png;

fn image(bytes: &[u8]) -> Value {
    json!({"base64": BASE64_STANDARD.encode(bytes)})
}

fn score(judge: &str, images: &[Value]) -> Reply {
    shared().score(&json!({"judge": judge, "images": images}))
}

/// Status of each result, with its reason where there is one.
fn outcomes(reply: &Reply) -> Vec<String> {
    let outcome = |result: Value| match result["reason"].as_str() {
        Some(reason) => reason.to_owned(),
        None => result["status"].as_str().unwrap().to_owned(),
    };
    reply.results().into_iter().map(outcome).collect()
}

#[test]
fn results_come_in_the_order_of_the_images_with_their_names() {
    let levels = [255u8, 40, 180, 90, 220, 10];
    let images: Vec<Value> = levels
        .iter()
        .map(|level| image(&png::gray(*level)))
        .collect();
    let mut images = images;
    images[1]["id"] = json!("second");
    let results = score("brightness", &images).results();
    let names: Vec<&str> = results
        .iter()
        .map(|r| r["image"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["0", "second", "2", "3", "4", "5"]);
    for (a, level_a) in results.iter().zip(levels) {
        for (b, level_b) in results.iter().zip(levels) {
            let lighter = a["score"].as_f64() > b["score"].as_f64();
            assert_eq!(lighter, level_a > level_b);
        }
    }
}

#[test]
fn the_embedded_judge_is_the_default_and_names_where_its_score_comes_from() {
    let reply = shared().score(&json!({"images": [image(&png::gray(128))]}));
    let result = &reply.results()[0];
    assert_eq!(reply.json()["judge"]["id"], "technical-quality");
    let shares = result["opinion"].as_object().unwrap();
    let names: Vec<&String> = shares.keys().collect();
    assert_eq!(names.len(), 5);
    let total: f64 = shares.values().map(|share| share.as_f64().unwrap()).sum();
    assert!((total - 1.0).abs() < 1e-9);
    assert_eq!(result["provenance"]["card"], reply.json()["judge"]["card"]);
    assert_eq!(result["provenance"]["readout"], "closed_set");
}

#[test]
fn a_form_and_json_give_the_same_scores() {
    let (light, dark) = (png::gray(200), png::gray(60));
    let by_json = score("brightness", &[image(&light), image(&dark)]).results();
    let by_form = shared()
        .score_form(&[
            ("image", Some("light.png"), &light),
            ("judge", None, b"brightness"),
            ("image", None, &dark),
        ])
        .results();
    assert_eq!(by_form[0]["image"], "light.png");
    assert_eq!(by_form[1]["image"], "1");
    for (a, b) in by_json.iter().zip(&by_form) {
        assert_eq!(a["score"], b["score"]);
        assert_eq!(a["provenance"], b["provenance"]);
    }
}

#[test]
fn a_data_url_is_the_image_that_it_holds() {
    let png = png::gray(99);
    let url = format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(&png));
    let results = score("brightness", &[json!({"base64": url}), image(&png)]).results();
    assert_eq!(results[0]["score"], results[1]["score"]);
}

#[test]
fn a_bad_image_is_unscored_and_its_neighbours_are_scored() {
    let good = png::gray(200);
    let reply = score(
        "brightness",
        &[
            image(&good),
            json!({"base64": "aGVs*G8="}),
            json!({"base64": ""}),
            image(b"hello world"),
            image(&good[..good.len() - 20]),
            image(&good),
        ],
    );
    let expected = [
        "scored",
        "image_base64",
        "image_empty",
        "image_unsupported_format",
        "image_truncated",
        "scored",
    ];
    assert_eq!(outcomes(&reply), expected);
    let results = reply.results();
    assert!(results[1]["detail"].as_str().unwrap().contains("offset 4"));
    assert_eq!(results[1]["provenance"]["image"], Value::Null);
    assert_eq!(results[0]["score"], results[5]["score"]);
}

#[test]
fn numbers_that_are_not_finite_are_no_scores() {
    // The model takes the logarithm of the brightness: NaN below medium gray, an infinity at it.
    let pictures = [200u8, 60, 128, 250].map(|level| image(&png::gray(level)));
    let reply = score("log-brightness", &pictures);
    assert_eq!(
        outcomes(&reply),
        ["scored", "not_finite", "not_finite", "scored"]
    );
    for result in reply.results() {
        assert_eq!(
            result["score"].is_null(),
            result["status"] == "unscored",
            "{result}"
        );
    }
}

#[test]
fn a_model_with_too_few_numbers_gives_no_score() {
    let reply = score("three-numbers", &[image(&png::gray(200))]);
    assert_eq!(outcomes(&reply), ["backend"]);
    let detail = reply.results()[0]["detail"].to_string();
    assert!(detail.contains("3 numbers for 5 labels"), "{detail}");
}

#[test]
fn a_recorded_backend_answers_by_its_name() {
    let picture = png::gray(77);
    let digest = opine::digest::Digest::of(&picture);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    let line = json!({"images": [digest.to_string()], "options": ["good", "poor"], "log_mass": [0.0, -1.0], "coverage": 0.9});
    std::fs::write(&file, line.to_string()).unwrap();
    let app = TestApp::with(|config| {
        let recorded =
            opine::config::BackendConfig::Recorded(opine::config::RecordedConfig { file });
        config.backends.insert("old".into(), recorded);
    });
    let unknown = png::gray(78);
    let body = json!({"judge": "q-bench@old", "images": [image(&picture), image(&unknown)]});
    let reply = app.score(&body);
    assert_eq!(outcomes(&reply), ["scored", "not_applicable"]);
    assert_eq!(reply.results()[0]["coverage"], 0.9);
    let judge = app.get("/v1/judges/q-bench@old").json();
    assert_eq!(
        (&judge["state"], &judge["backend"]),
        (&json!("ready"), &json!("old"))
    );
    app.score(&json!({"judge": "q-bench@new", "images": [image(&picture)]}))
        .problem("unknown_backend");
}

#[test]
fn what_a_picture_is_said_to_be_changes_nothing() {
    let picture = png::gray(60);
    let plain = score("brightness", &[image(&picture)]).results()[0]["score"].clone();
    let part = |name: &str, media_type: &str, content: &[u8]| {
        let head = format!(
            "--border\r\nContent-Disposition: form-data; name=\"image\"; filename=\"{name}\"\r\nContent-Type: {media_type}\r\n\r\n"
        );
        [head.as_bytes(), content, b"\r\n"].concat()
    };
    let judge = b"--border\r\nContent-Disposition: form-data; name=\"judge\"\r\n\r\nbrightness\r\n";
    let body = [
        &judge[..],
        &part("a.jpg", "image/jpeg", &picture),
        &part("a.html", "text/html; charset=utf-8", &picture),
        &part("a.json", "application/json", &picture),
        &part("../../a.png\\0", "nonsense", &picture),
        // What follows the end of a picture, such as an archive, is not read.
        &part(
            "a.zip",
            "application/zip",
            &[&picture[..], b"PK\x03\x04"].concat(),
        ),
        &part("a.png", "image/png", b"<script>alert(1)</script>"),
        &part(
            "a.png",
            "image/png",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        ),
        &part("a.png", "image/png", b"\x7fELF"),
        b"--border--\r\n",
    ]
    .concat();
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    let form = shared().send("POST", "/v1/score", &headers, &body);
    let results = form.results();
    let (said, lies) = results.split_at(5);
    for result in said {
        assert_eq!(result["score"], plain, "{result}");
    }
    for result in lies {
        assert_eq!(result["reason"], "image_unsupported_format", "{result}");
    }
    let base64 = BASE64_STANDARD.encode(&picture);
    for media_type in ["image/jpeg", "text/html", "image/svg+xml"] {
        let lie = json!({"base64": format!("data:{media_type};base64,{base64}")});
        assert_eq!(score("brightness", &[lie]).results()[0]["score"], plain);
    }
}
