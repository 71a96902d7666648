//! Anchors over HTTP, and what is refused of a ranking.

use serde_json::{Value, json};

use super::{app, by_lightness, grays, image, names, rank};
use crate::support::app::shared;
use crate::support::png;

#[test]
fn images_are_placed_among_anchors() {
    let images = grays(&[20, 60, 120, 190, 250]);
    let body =
        |anchors: Value| json!({"judge": "brightness", "images": images, "anchors": anchors});
    let unknown = rank(shared(), &body(json!({"60": null, "190": null}))).json();
    assert_eq!(names(&unknown), ["250", "190", "120", "60", "20"]);
    assert_eq!(
        (&unknown["method"], &unknown["stop"]),
        (&"anchors".into(), &"exhausted".into())
    );
    assert_eq!(unknown["comparisons"], 1 + 6);
    let anchors = &unknown["anchors"];
    assert_eq!(anchors[0]["given"], "estimated");
    let strength = |at: usize| anchors[at]["strength"].as_f64().unwrap();
    let (light, dark) = (strength(0), strength(1));
    assert!(light > dark, "{anchors}");
    let known = rank(shared(), &body(json!({"60": dark, "190": [light, 0.2]}))).json();
    assert_eq!(names(&known), ["250", "190", "120", "60", "20"]);
    assert_eq!(known["comparisons"], 6);
    let anchors = &known["anchors"];
    assert_eq!(
        (&anchors[0]["item"], &anchors[0]["given"]),
        (&"190".into(), &"around".into())
    );
    assert_eq!(
        (&anchors[1]["given"], &anchors[1]["deviation"]),
        (&"exact".into(), &0.0.into())
    );
    for item in known["items"].as_array().unwrap() {
        let strength = item["strength"].as_f64().unwrap();
        assert!(item["ci"][0].as_f64().unwrap() <= strength, "{item}");
        assert!(strength <= item["ci"][1].as_f64().unwrap(), "{item}");
    }
    // A budget that ends early leaves some without a place, by name.
    let mut broke = body(json!({"60": -1.0, "190": 1.0}));
    broke["budget"] = 2.into();
    let partial = rank(shared(), &broke).json();
    assert_eq!(
        (&partial["stop"], &partial["unscored"][0]["reason"]),
        (&"budget".into(), &"budget".into())
    );
    assert_eq!(partial["items"].as_array().unwrap().len(), 4);
}

#[test]
fn a_form_has_anchors_as_json() {
    let [dark, light, gray] = [png::gray(10), png::gray(200), png::gray(90)];
    let form = crate::support::app::form(&[
        ("judge", None, b"brightness"),
        ("anchors", None, br#"{"dark": -1, "light": null}"#),
        ("image", Some("dark"), &dark),
        ("image", Some("light"), &light),
        ("image", Some("gray"), &gray),
    ]);
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    let reply = shared().send("POST", "/v1/rank", &headers, &form);
    assert_eq!(reply.status, 200, "{}", reply.json());
    assert_eq!(names(&reply.json()), ["light", "gray", "dark"]);
}

#[test]
fn a_method_that_does_not_fit_is_refused_by_name() {
    let server = by_lightness(0.0, usize::MAX);
    let app = app(&server, "");
    let three = grays(&[10, 90, 200]);
    let ask = |judge: &str, more: Value| {
        let mut body = json!({"judge": judge, "images": three});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let lists = "best-to-worst@server";
    let cases = [
        (
            ask("brightness", json!({"method": "listwise"})),
            "wrong_protocol",
            "rank by lists",
        ),
        (
            ask(lists, json!({"method": "active"})),
            "wrong_protocol",
            "rank by pairs",
        ),
        (
            ask(lists, json!({"method": "scores"})),
            "wrong_protocol",
            "rank by scores",
        ),
        (
            ask(
                lists,
                json!({"method": "anchors", "anchors": {"10": 0, "90": 1}}),
            ),
            "wrong_protocol",
            "anchors",
        ),
        (
            ask("brightness", json!({"method": "anchors"})),
            "invalid_value",
            "2 to 64 anchors",
        ),
        (
            ask("brightness", json!({"anchors": {"10": 1}})),
            "invalid_value",
            "2 to 64 anchors",
        ),
        (
            ask("brightness", json!({"anchors": {"10": 1, "white": 2}})),
            "invalid_value",
            "`white` is not among the images",
        ),
        (
            ask("brightness", json!({"anchors": {"10": [1, 2, 3], "90": 2}})),
            "invalid_value",
            "standard deviation",
        ),
        (
            ask("brightness", json!({"anchors": {"10": [1, 0], "90": 2}})),
            "invalid_value",
            "above 0",
        ),
        (
            ask("brightness", json!({"anchors": "10"})),
            "wrong_type",
            "`anchors` must be",
        ),
        (
            ask(
                "brightness",
                json!({"anchors": {"10": 0, "90": 1}, "method": "swiss"}),
            ),
            "invalid_value",
            "no use for `anchors`",
        ),
        (
            ask(
                "brightness",
                json!({"anchors": {"10": 0, "90": 1}, "places": 1}),
            ),
            "invalid_value",
            "no use for `places`",
        ),
        (
            ask("brightness", json!({"repeats": 3})),
            "invalid_value",
            "no use for `repeats`",
        ),
        (
            ask(lists, json!({"repeats": 0})),
            "invalid_value",
            "1 to 1000",
        ),
        (
            ask(lists, json!({"repeats": 1_001})),
            "invalid_value",
            "1 to 1000",
        ),
        (
            ask(
                "brightness",
                json!({"places": 4_294_967_296_u64, "method": "active"}),
            ),
            "invalid_value",
            "0 to 4294967295",
        ),
        (
            ask("brightness", json!({"budget": 0})),
            "invalid_value",
            "budget of 0",
        ),
        (
            ask(lists, json!({"budget": 0})),
            "invalid_value",
            "budget of 0",
        ),
        (
            ask("brightness", json!({"method": {"a": 1}})),
            "wrong_type",
            "`method` must be a string",
        ),
    ];
    for (body, code, part) in cases {
        let problem = rank(&app, &body).problem(code);
        assert!(
            problem["detail"].as_str().unwrap().contains(part),
            "{part}: {problem}"
        );
    }
    let one = json!({"judge": lists, "images": [three[0]]});
    let headers = [("content-type", "application/json")];
    let scored = app.send("POST", "/v1/score", &headers, one.to_string().as_bytes());
    scored.problem("wrong_protocol");
    let two = json!({"judge": lists, "images": [three[0], three[1]]});
    let compared = app.send("POST", "/v1/compare", &headers, two.to_string().as_bytes());
    compared.problem("wrong_protocol");
}

#[test]
fn a_ranking_has_1024_images_and_not_one_more() {
    let images: Vec<Value> = (0..1_025_u32)
        .map(|at| image(&at.to_string(), u8::try_from(at % 256).unwrap()))
        .collect();
    let most = rank(
        shared(),
        &json!({"judge": "brightness", "images": images[..1_024]}),
    );
    assert_eq!(most.status, 200, "{}", most.json());
    assert_eq!(most.json()["items"].as_array().unwrap().len(), 1_024);
    for method in ["scores", "active"] {
        let body = json!({"judge": "brightness", "images": images, "method": method});
        let problem = rank(shared(), &body).problem("too_many_images");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("2 to 1024 images"),
            "{problem}"
        );
        assert_eq!(problem["pointer"], "/images");
    }
}
