//! Gates and the best of several, over HTTP.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::app::{Reply, TestApp, shared};
use crate::support::png;
use crate::support::policies::BRIGHT;

/// A service with the policy, and the folder that holds it.
fn gated() -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bright.toml"), BRIGHT).unwrap();
    let app = TestApp::with(|config| config.gates.folder = Some(folder.path().to_owned()));
    (app, folder)
}

fn image(name: &str, gray: u8) -> Value {
    json!({"id": name, "base64": BASE64_STANDARD.encode(png::gray(gray))})
}

fn post(app: &TestApp, path: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json")];
    app.send("POST", path, &headers, body.to_string().as_bytes())
}

#[test]
fn each_image_is_decided_over_and_a_bad_one_spoils_no_other() {
    let (app, _folder) = gated();
    let broken = json!({"id": "broken", "base64": BASE64_STANDARD.encode("no picture")});
    let images = [
        image("light", 230),
        image("middle", 120),
        image("dark", 20),
        broken,
    ];
    let reply = post(
        &app,
        "/v1/gate",
        &json!({"policy": "bright", "images": images}),
    );
    assert_eq!(reply.status, 200);
    let reply = reply.json();
    assert_eq!(reply["policy"]["id"], "bright");
    assert_eq!(reply["results"][1]["policy"], reply["policy"]);
    let results = reply["results"].as_array().unwrap();
    let verdicts: Vec<&str> = results
        .iter()
        .map(|result| result["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["accept", "review", "reject", "reject"]);
    assert_eq!(results[2]["reasons"][0]["code"], "too_dark");
    assert_eq!(results[3]["reasons"][0]["code"], "undecodable");
    assert_eq!(
        (&results[0]["questions"], &results[3]["questions"]),
        (&json!(1), &json!(0))
    );
}

#[test]
fn a_policy_that_is_not_there_is_a_problem_that_names_those_that_are() {
    let (app, _folder) = gated();
    let images = [image("a", 200)];
    for body in [
        json!({"policy": "brigt", "images": images}),
        json!({"images": images}),
    ] {
        let reply = post(&app, "/v1/gate", &body);
        let problem = reply.problem("invalid_value");
        assert_eq!(problem["pointer"], "/policy");
        assert!(
            problem["hint"].as_str().unwrap().contains("`bright`"),
            "{problem}"
        );
    }
    let none = post(
        shared(),
        "/v1/gate",
        &json!({"policy": "bright", "images": images}),
    );
    assert!(
        none.problem("invalid_value")["hint"]
            .as_str()
            .unwrap()
            .contains("[gates]")
    );
    let unknown = json!({"policy": "bright", "judge": "brightness", "images": images});
    post(&app, "/v1/gate", &unknown).problem("unknown_field");
}

/// A service with this policy, by the name of its file.
fn with_policy(text: &str) -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.toml"), text).unwrap();
    let app = TestApp::with(|config| config.gates.folder = Some(folder.path().to_owned()));
    (app, folder)
}

#[test]
fn a_threshold_is_refused_for_another_judge_with_what_differs() {
    let fitted = format!(
        "{BRIGHT}[dimension.stage.fitted]\ntarget = \"precision\"\nvalue = 0.9\nconfidence = 0.95\nbound = 0.91\nn = 200\n\
         labels = \"labels.csv\"\njudge = \"brightness\"\nversion = \"9.9.9\"\ncard = \"blake3:{}\"\nbackend = \"other\"\n\
         model_revision = \"none\"\nreadout = \"value\"\npreprocessing = \"none\"\n",
        "0".repeat(64)
    );
    let (app, _folder) = with_policy(&fitted);
    let body = json!({"policy": "bright", "images": [image("a", 200)]});
    let problem = post(&app, "/v1/gate", &body).problem("no_calibration");
    let detail = problem["detail"].as_str().unwrap();
    for part in ["version `9.9.9`", "backend `other`", "opine gate fit"] {
        assert!(detail.contains(part), "{detail}");
    }
}

#[test]
fn a_safety_judge_that_is_down_accepts_nothing() {
    let policy = format!(
        "{BRIGHT}\n[[dimension]]\nname = \"safe\"\nsafety = true\n[[dimension.stage]]\njudge = \"q-bench\"\naccept = 0.1\n"
    );
    let (app, _folder) = with_policy(&policy);
    let body = json!({"policy": "bright", "images": [image("a", 230)]});
    let result = &post(&app, "/v1/gate", &body).json()["results"][0];
    assert_eq!(result["dimensions"][0]["verdict"], "accept");
    assert_eq!(
        (&result["verdict"], &result["reasons"][0]["code"]),
        (&json!("review"), &json!("safe"))
    );
}

#[test]
fn a_near_duplicate_of_an_earlier_image_is_named_where_the_policy_asks() {
    let policy = BRIGHT.replace(
        "constant = false",
        "constant = false\nnear_duplicate = true",
    );
    let (app, _folder) = with_policy(&policy);
    let images = [image("first", 230), image("other", 20), image("again", 231)];
    let body = json!({"policy": "bright", "images": images});
    let results = &post(&app, "/v1/gate", &body).json()["results"];
    assert_eq!(results[0]["verdict"], "accept");
    let reason = &results[2]["reasons"][0];
    assert_eq!(reason["code"], "near_duplicate");
    assert!(
        reason["detail"].as_str().unwrap().contains("`first`"),
        "{reason}"
    );
    assert_eq!(results[2]["questions"], 0);
    // Images of a request need not be candidates for one place: without the wire all are decided over.
    let (app, _folder) = gated();
    let results = &post(&app, "/v1/gate", &body).json()["results"];
    assert_eq!(results[2]["verdict"], "accept");
}

#[test]
fn a_cascade_says_what_it_saved() {
    let dear =
        "price = 0.25\n[[dimension.stage]]\njudge = \"brightness\"\naccept = 0.4\nprice = 4.0\n";
    let (app, _folder) = with_policy(&format!("{BRIGHT}{dear}"));
    let body = json!({"policy": "bright", "images": [image("sure", 230), image("unsure", 120)]});
    let results = &post(&app, "/v1/gate", &body).json()["results"];
    let saving = |at: usize| {
        let saving = &results[at]["saving"];
        (
            saving["saved_questions"].clone(),
            saving["saved_cost"].clone(),
        )
    };
    assert_eq!(saving(0), (json!(0), json!(3.75)));
    assert_eq!(saving(1), (json!(-1), json!(-0.25)));
    assert_eq!(results[1]["verdict"], "accept");
}

#[test]
fn an_attempt_is_told_what_is_left_and_why_to_stop() {
    let policy = BRIGHT.replace(
        "[tripwires]",
        "[budget]\nattempts = 3\nno_gain = 2\n\n[tripwires]",
    );
    let (app, _folder) = with_policy(&policy);
    let attempt = |gray: u8, rest: Value| {
        let mut body = json!({"policy": "bright", "images": [image("a", gray)]});
        for (name, value) in rest.as_object().unwrap() {
            body[name] = value.clone();
        }
        post(&app, "/v1/gate", &body)
    };
    let first = attempt(120, json!({})).json()["attempt"].clone();
    assert_eq!(
        (&first["number"], &first["attempts_left"], &first["stop"]),
        (&json!(1), &json!(2), &Value::Null)
    );
    let best = first["best"].as_f64().unwrap();
    let worse =
        json!({"attempt": 2, "questions_before": 1, "best_before": best, "without_gain": 1});
    let idle = attempt(100, worse).json()["attempt"].clone();
    assert_eq!(
        (&idle["stop"], &idle["best"], &idle["questions"]),
        (&json!("no_gain"), &json!(best), &json!(2))
    );
    let last = attempt(125, json!({"attempt": 3, "best_before": best})).json();
    assert_eq!(last["attempt"]["stop"], "max_attempts");
    let met = attempt(240, json!({"attempt": 3})).json();
    assert_eq!(met["attempt"]["stop"], "quality_threshold_met");
    attempt(120, json!({"attempt": 0})).problem("invalid_value");
    attempt(120, json!({"best_before": 2})).problem("invalid_value");
}

/// A picture of this mean gray that gets brighter to the right, or to the left.
fn shaded(name: &str, gray: u8, turned: bool) -> Value {
    let picture = png::painted(16, 16, |x, _| {
        let x = if turned { 15 - x } else { x };
        [gray - 15 + 2 * u8::try_from(x).unwrap(); 3]
    });
    json!({"id": name, "base64": BASE64_STANDARD.encode(picture)})
}

fn best_of(images: &[Value], rest: &Value) -> Reply {
    let mut body = json!({"judge": "brightness", "images": images});
    for (name, value) in rest.as_object().unwrap() {
        body[name] = value.clone();
    }
    post(shared(), "/v1/best-of", &body)
}

#[test]
fn the_best_of_several_is_picked() {
    let images = [
        shaded("a", 60, false),
        shaded("b", 220, false),
        shaded("c", 220, true),
    ];
    let reply = best_of(&images, &json!({}));
    assert_eq!(reply.status, 200);
    let reply = reply.json();
    assert_eq!(
        (&reply["pick"], &reply["tied"], &reply["by"]),
        (&json!("b"), &json!(true), &json!("scores"))
    );
    assert!(reply["margin"].as_f64().unwrap() > 0.0);
    assert_eq!(reply["results"].as_array().unwrap().len(), 3);
    let broken = json!({"id": "broken", "base64": BASE64_STANDARD.encode("no picture")});
    let reply = best_of(&[broken], &json!({})).json();
    assert_eq!(
        (&reply["pick"], &reply["unscored"]),
        (&Value::Null, &json!(["broken"]))
    );
}

#[test]
fn the_best_is_picked_by_pairs_or_by_both() {
    let images = [
        shaded("dark", 40, false),
        shaded("light", 200, false),
        shaded("gray", 120, true),
        shaded("lightest", 230, true),
    ];
    let order = |reply: &Value, field: &str| -> Vec<String> {
        let ranked = reply["ranked"].as_array().unwrap().iter();
        ranked
            .filter(|one| one.get(field).is_some())
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = ["lightest", "light", "gray", "dark"];
    let pairs = best_of(&images, &json!({"by": "pairs"})).json();
    assert_eq!(
        (&pairs["pick"], &pairs["by"]),
        (&json!("lightest"), &json!("pairs"))
    );
    assert_eq!(
        (order(&pairs, "strength"), order(&pairs, "score").len()),
        (all.map(str::to_owned).to_vec(), 0)
    );
    assert_eq!(pairs["compared"]["judge"], "brightness");
    let both = best_of(&images, &json!({"by": "both", "shortlist": 2})).json();
    assert_eq!(
        order(&both, "score"),
        all,
        "those that were not compared follow by score"
    );
    assert_eq!(order(&both, "strength"), all[..2]);
    assert!(both["margin"].as_f64().unwrap() > 0.0);
    assert_eq!(both["pair_judge"]["id"], "brightness");
    for (rest, code, pointer) in [
        (json!({"by": "lot"}), "invalid_value", "/by"),
        (
            json!({"pair_judge": "brightness"}),
            "invalid_value",
            "/pair_judge",
        ),
        (
            json!({"by": "pairs", "pair_judge": "nobody"}),
            "unknown_judge",
            "/pair_judge",
        ),
        (
            json!({"by": "pairs", "calibrated": true}),
            "invalid_value",
            "/calibrated",
        ),
        (json!({"calibrated": true}), "no_calibration", "/calibrated"),
        (
            json!({"by": "both", "shortlist": 1}),
            "invalid_value",
            "/shortlist",
        ),
    ] {
        let problem = best_of(&images, &rest).problem(code);
        assert_eq!(problem["pointer"], pointer, "{rest}");
    }
    let twice = [shaded("a", 40, false), shaded("a", 200, false)];
    best_of(&twice, &json!({})).problem("invalid_value");
}

#[test]
fn broken_and_doubled_candidates_are_named_and_nobody_is_asked_about_them() {
    let named =
        |name: &str, bytes: &[u8]| json!({"id": name, "base64": BASE64_STANDARD.encode(bytes)});
    let images = [
        shaded("first", 120, false),
        named("white", &png::plain(16, 16, [255; 3])),
        named("noise", &png::noise(32, 32)),
        shaded("again", 122, false),
        named("black", &png::plain(16, 16, [0; 3])),
        named("red", &png::plain(16, 16, [200, 20, 20])),
    ];
    for by in ["scores", "pairs", "both"] {
        let reply = best_of(&images, &json!({"by": by})).json();
        let tripped: Vec<(&str, &str)> = reply["tripped"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["id"].as_str().unwrap(), one["code"].as_str().unwrap()))
            .collect();
        let expected = [
            ("white", "white"),
            ("noise", "noise"),
            ("again", "near_duplicate"),
            ("black", "black"),
            ("red", "constant"),
        ];
        assert_eq!(tripped, expected, "{by}");
        if by != "pairs" {
            assert_eq!(reply["pick"], "first", "{by}: the white one would have won");
            assert_eq!(reply["results"].as_array().unwrap().len(), 1);
        }
    }
    let asked = best_of(&images, &json!({"tripwires": false})).json();
    assert_eq!(
        (&asked["pick"], &asked["tripped"]),
        (&json!("white"), &json!([]))
    );
}

/// Items of two systems on so many prompts; the new one is better by `gain`, with a wobble of its own.
fn released(prompts: u32, gain: f64) -> Vec<Value> {
    let items = (0..prompts).flat_map(|prompt| {
        [("v1", 0.0), ("v2", gain)].map(|(system, extra)| {
            let base = f64::from(prompt * 37 % 11) / 20.0;
            let wobble = f64::from(prompt * 13 % 7) / 100.0;
            let score = base + extra * (1.0 + wobble);
            json!({"prompt": format!("p{prompt}"), "system": system, "human": score, "scores": {"quality": score, "flat": 0.5}})
        })
    });
    items.collect()
}

#[test]
fn a_release_is_judged_on_the_same_prompts() {
    let mut items = released(40, 0.2);
    items[0]["scores"]["quality"] = Value::Null;
    let body = json!({"new": "v2", "old": "v1", "items": items, "resamples": 500});
    let reply = post(shared(), "/v1/release", &body);
    assert_eq!(reply.status, 200);
    let reply = reply.json();
    let quality = &reply["dimensions"][1];
    assert_eq!(quality["score"], "quality");
    let difference = &quality["difference"];
    assert_eq!(
        (
            &difference["shown"],
            &difference["prompts"],
            &difference["left_out"]
        ),
        (&json!("better"), &json!(39), &json!(1))
    );
    assert!(difference["p_holm"].as_f64() >= difference["p_value"].as_f64());
    assert_eq!(quality["validity"]["agree"], 1);
    // What never differs is never shown to differ, and is not below a margin either.
    let flat = &reply["dimensions"][0]["difference"];
    assert_eq!(flat["shown"], "no_difference");
    assert_eq!(
        reply["passed"], false,
        "an interval of 0 does not lie above 0"
    );
    let body = json!({"new": "v2", "old": "v1", "margin": 0.01, "items": released(40, 0.2), "resamples": 500});
    assert_eq!(post(shared(), "/v1/release", &body).json()["passed"], true);
    let body = json!({"new": "v1", "old": "v2", "margin": 0.01, "items": released(40, 0.2), "resamples": 500});
    assert_eq!(post(shared(), "/v1/release", &body).json()["passed"], false);
}

#[test]
fn what_is_no_release_is_refused_with_its_place() {
    let items = released(5, 0.1);
    let cases = [
        (json!({"new": "v2", "old": "v1"}), "missing_field", "/items"),
        (
            json!({"new": "v2", "items": items}),
            "missing_field",
            "/old",
        ),
        (
            json!({"new": "v3", "old": "v1", "items": items}),
            "invalid_value",
            "/new",
        ),
        (
            json!({"new": "v2", "old": "v1", "margin": -1, "items": items}),
            "invalid_value",
            "/margin",
        ),
        (
            json!({"new": "v2", "old": "v1", "resamples": 5, "items": items}),
            "invalid_value",
            "/resamples",
        ),
        (
            json!({"new": "v2", "old": "v1", "better": "more", "items": items}),
            "invalid_value",
            "/better",
        ),
        (
            json!({"new": "v2", "old": "v1", "items": items[..2]}),
            "invalid_value",
            "/items",
        ),
        (
            json!({"new": "v2", "old": "v1", "items": [{"prompt": "p", "system": "v1", "scores": {"q": "high"}}]}),
            "wrong_type",
            "/items/0/scores",
        ),
        (
            json!({"new": "v2", "old": "v1", "items": [{"prompt": "p", "scores": {"q": 1}}]}),
            "missing_field",
            "/items/0/system",
        ),
        (
            json!({"new": "v2", "old": "v1", "items": items, "judge": "x"}),
            "unknown_field",
            "/judge",
        ),
        (
            json!({"items": [{"prompt": "p", "system": "v1", "scores": {"q": 1}}]}),
            "missing_field",
            "/new",
        ),
    ];
    for (body, code, pointer) in cases {
        let problem = post(shared(), "/v1/release", &body).problem(code);
        assert_eq!(problem["pointer"], pointer, "{problem}");
    }
    let many = json!({"new": "v2", "old": "v1", "items": vec![&items[0]; 20_001]});
    post(shared(), "/v1/release", &many).problem("invalid_value");
    let form = [("content-type", "multipart/form-data; boundary=x")];
    shared()
        .send("POST", "/v1/release", &form, b"--x--")
        .problem("unsupported_media_type");
}
