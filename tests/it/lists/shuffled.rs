//! Lists in shuffled repeats over HTTP.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::{app, by_length, by_lightness, grays, names, rank};
use crate::support::png;
use crate::support::scrape::{scraped, value};

#[test]
fn a_judge_of_lists_ranks_in_shuffled_repeats() {
    let server = by_lightness(0.0, usize::MAX);
    let app = app(&server, "");
    let body = json!({"judge": "best-to-worst@server", "images": grays(&[40, 250, 130, 90, 200]), "repeats": 10, "seed": 3});
    let reply = rank(&app, &body);
    assert_eq!(reply.status, 200, "{}", reply.json());
    let ranking = reply.json();
    assert_eq!(names(&ranking), ["250", "200", "130", "90", "40"]);
    assert_eq!(
        (&ranking["method"], &ranking["stop"]),
        (&"listwise".into(), &"exhausted".into())
    );
    assert_eq!(
        (&ranking["lists"], &ranking["read"]),
        (&10.into(), &10.into())
    );
    assert_eq!(
        ranking["design"],
        json!({"items_per_list": 5, "lists_per_repeat": 1, "overlap": 0})
    );
    assert!((ranking["consistency"]["kendall_w"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    assert!((ranking["consistency"]["mean_tau"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    // Two Williams squares: the best image stood at each place twice, and no place gains by it.
    for place in ranking["place_effects"].as_array().unwrap() {
        assert_eq!(place["best"], 2, "{place}");
        assert!(place["value"].as_f64().unwrap().abs() < 0.5, "{place}");
    }
    let again = rank(&app, &body).json();
    assert_eq!(again["items"], ranking["items"]);
    // Each list counts in each ranking, asked about or remembered.
    let judged = r#"opine_judged_total{judge="best-to-worst",backend="server",outcome="judged"}"#;
    assert_eq!(value(&scraped(&app), judged), 20);
}

#[test]
fn what_being_shown_first_adds_is_measured() {
    let server = by_lightness(60.0, usize::MAX);
    let app = app(&server, "");
    let levels = [100, 120, 140, 160, 180, 200];
    let body = json!({"judge": "best-to-worst@server", "images": grays(&levels), "repeats": 12});
    let ranking = rank(&app, &body).json();
    assert_eq!(names(&ranking), ["200", "180", "160", "140", "120", "100"]);
    let effect = &ranking["first_effect"];
    assert!(effect["value"].as_f64().unwrap() > 1.0, "{effect}");
    assert!(effect["ci"][0].as_f64().unwrap() > 0.0, "{effect}");
    assert!(ranking["consistency"]["kendall_w"].as_f64().unwrap() < 1.0);
}

#[test]
fn more_images_than_a_prompt_bears_are_dealt_into_lists_that_overlap() {
    let server = by_lightness(0.0, usize::MAX);
    let app = app(&server, "images_per_prompt = 4");
    let levels: Vec<u8> = (0..12).map(|step| 20 * step + 10).collect();
    let body = json!({"judge": "best-to-worst@server", "images": grays(&levels), "repeats": 6});
    let ranking = rank(&app, &body).json();
    assert_eq!(
        ranking["design"],
        json!({"items_per_list": 4, "lists_per_repeat": 4, "overlap": 1})
    );
    assert_eq!(ranking["lists"], 24);
    assert!(
        ranking["notes"].to_string().contains("4 of 12 images"),
        "{ranking}"
    );
    // Two that met in no list may stand the wrong way round; none is further off.
    let expected: Vec<String> = levels.iter().rev().map(u8::to_string).collect();
    for (place, name) in names(&ranking).into_iter().enumerate() {
        let truth = expected.iter().position(|level| level == name).unwrap();
        assert!(place.abs_diff(truth) <= 1, "{name} at {place}");
    }
    let few = json!({"judge": "best-to-worst@server", "images": grays(&levels), "budget": 3});
    let problem = rank(&app, &few).problem("invalid_value");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("does not show all"),
        "{problem}"
    );
}

#[test]
fn answers_that_are_no_order_are_told_and_never_guessed() {
    let server = by_lightness(0.0, 3);
    let app = app(&server, "concurrency = 1");
    let body =
        json!({"judge": "best-to-worst@server", "images": grays(&[10, 200, 90]), "repeats": 5});
    let ranking = rank(&app, &body).json();
    assert_eq!(
        (&ranking["lists"], &ranking["read"]),
        (&5.into(), &3.into())
    );
    let failed = ranking["failed"].as_array().unwrap();
    assert_eq!(
        (failed.len(), &failed[0]["reason"]),
        (2, &"unparsed".into())
    );
    // Other images get no order at all: nothing is left to rank other images by.
    let nothing = json!({"judge": "best-to-worst@server", "images": grays(&[1, 2])});
    let problem = rank(&app, &nothing).problem("invalid_value");
    assert!(
        problem["detail"].as_str().unwrap().contains("no order"),
        "{problem}"
    );
}

#[test]
fn responses_are_ranked_by_the_texts_of_their_images() {
    let server = by_length();
    let app = app(&server, "");
    let figure = BASE64_STANDARD.encode(png::gray(7));
    let response =
        |id: &str, text: &str| json!({"id": id, "base64": figure, "texts": {"response": text}});
    let images = [
        response("short", "A cup."),
        response("long", "A red cup and two apples."),
        response("middle", "A red cup."),
    ];
    let body = json!({"judge": "mllm-judge-batch@server", "images": images, "texts": {"instruction": "What is there?"}});
    let reply = rank(&app, &body);
    assert_eq!(reply.status, 200, "{}", reply.json());
    assert_eq!(names(&reply.json()), ["long", "middle", "short"]);
    let mut two_pictures = body.clone();
    two_pictures["images"][0]["base64"] = BASE64_STANDARD.encode(png::gray(8)).into();
    let problem = rank(&app, &two_pictures).problem("invalid_value");
    assert!(
        problem["detail"].as_str().unwrap().contains("one picture"),
        "{problem}"
    );
    let mut lacking = body;
    lacking["images"][0]["texts"] = json!({});
    let problem = rank(&app, &lacking).problem("invalid_value");
    assert!(
        problem["detail"].as_str().unwrap().contains("`response`"),
        "{problem}"
    );
}
