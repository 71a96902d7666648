//! Ranking by whole lists and by anchors, on both faces, with a server that puts in order what it is shown.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use opine::config::BackendConfig;
use serde_json::{Value, json};

use crate::command::{json as json_of, opine, stderr};
use crate::support::app::{Reply, TestApp, fixtures, shared};
use crate::support::png;
use crate::support::scripted::{Asked, Play, Scripted};

/// Text and images of a chat request, in their order.
fn shown(asked: &Asked) -> (String, Vec<String>) {
    let (mut words, mut images) = (String::new(), Vec::new());
    for message in asked.json()["messages"].as_array().unwrap() {
        for part in message["content"].as_array().into_iter().flatten() {
            words.push_str(part["text"].as_str().unwrap_or_default());
            let image = part["image_url"]["url"].as_str().into_iter();
            images.extend(image.map(|url| url.rsplit(',').next().unwrap().to_owned()));
        }
    }
    (words, images)
}

fn says(text: &str) -> Play {
    Play::json(
        &json!({"object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": text}}]}),
    )
}

/// Letters by worth, the best first.
fn order(worths: &[f64]) -> String {
    let mut places: Vec<usize> = (0..worths.len()).collect();
    places.sort_by(|one, other| worths[*other].total_cmp(&worths[*one]));
    let letter = |place: &usize| char::from(b'A' + u8::try_from(*place).unwrap());
    let letters: Vec<String> = places
        .iter()
        .map(|place| letter(place).to_string())
        .collect();
    letters.join(" > ")
}

/// A server that puts grays in order, the lightest first; the one shown first counts as `first` levels lighter.
/// It declines from question number `last` on.
fn by_lightness(first: f64, last: usize) -> Scripted {
    let grays: BTreeMap<String, f64> = (0..=255_u8)
        .map(|gray| (BASE64_STANDARD.encode(png::gray(gray)), f64::from(gray)))
        .collect();
    let asked_before = Arc::new(Mutex::new(0));
    Scripted::start(move |asked| {
        if asked.path.ends_with("/models") {
            return Play::json(&json!({"data": [{"id": "m", "owned_by": "someone"}]}));
        }
        let (words, images) = shown(asked);
        if !words.contains("in order of their technical quality") {
            return says("a");
        }
        let mut count = asked_before.lock().unwrap();
        *count += 1;
        if *count > last {
            return says("I'm sorry, but I can't put these in order.");
        }
        let mut worths: Vec<f64> = images.iter().map(|image| grays[image]).collect();
        worths[0] += first;
        says(&format!("Looking at each.\nOrder: {}", order(&worths)))
    })
}

/// A server that ranks responses by their length.
fn by_length() -> Scripted {
    Scripted::start(|asked| {
        if asked.path.ends_with("/models") {
            return Play::json(&json!({"data": [{"id": "m", "owned_by": "someone"}]}));
        }
        let (words, images) = shown(asked);
        let answers: Vec<&str> = words.split("’s Answer]\n").collect();
        if answers.len() < 3 {
            return says("a");
        }
        assert_eq!(images.len(), 1, "the picture that the responses are about");
        let length = |answer: &&str| answer.split("\n[The End").next().unwrap().len() as f64;
        let worths: Vec<f64> = answers[1..].iter().step_by(2).map(length).collect();
        let rank = order(&worths).replace(" > ", "]], [[");
        says(&json!({"Analysis": "[[A]] is long.", "Judgement": format!("[[{rank}]]")}).to_string())
    })
}

fn chat(server: &Scripted, more: &str) -> String {
    let url = server.url("/v1");
    format!("kind = 'chat'\nurl = '{url}'\nmodel = 'm'\nflavour = 'other'\nretries = 0\n{more}")
}

fn app(server: &Scripted, more: &str) -> TestApp {
    let backend: BackendConfig = toml::from_str(&chat(server, more)).unwrap();
    TestApp::with(|config| {
        config.backends.insert("server".into(), backend);
    })
}

fn rank(app: &TestApp, body: &Value) -> Reply {
    let headers = [("content-type", "application/json")];
    app.send("POST", "/v1/rank", &headers, body.to_string().as_bytes())
}

fn image(name: &str, gray: u8) -> Value {
    json!({"id": name, "base64": BASE64_STANDARD.encode(png::gray(gray))})
}

fn grays(levels: &[u8]) -> Vec<Value> {
    levels
        .iter()
        .map(|gray| image(&gray.to_string(), *gray))
        .collect()
}

fn names(ranking: &Value) -> Vec<&str> {
    let items = ranking["items"].as_array().unwrap().iter();
    items.map(|item| item["item"].as_str().unwrap()).collect()
}

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
    let expected: Vec<String> = levels.iter().rev().map(u8::to_string).collect();
    assert_eq!(names(&ranking), expected);
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
    // What was read is remembered, the rest is declined: nothing is left to rank other images by.
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

#[test]
fn images_are_placed_among_anchors() {
    let images = grays(&[20, 60, 120, 190, 250]);
    let body =
        |anchors: Value| json!({"judge": "brightness", "images": images, "anchors": anchors});
    let known = rank(shared(), &body(json!({"60": -1.0, "190": [1.0, 0.2]}))).json();
    assert_eq!(names(&known), ["250", "190", "120", "60", "20"]);
    assert_eq!(
        (&known["method"], &known["comparisons"]),
        (&"anchors".into(), &6.into())
    );
    assert_eq!(known["stop"], "exhausted");
    let anchors = known["anchors"].as_array().unwrap();
    assert_eq!(
        anchors[0],
        json!({"item": "190", "given": "around", "strength": 1.0, "deviation": 0.2})
    );
    assert_eq!(
        anchors[1],
        json!({"item": "60", "given": "exact", "strength": -1.0, "deviation": 0.0})
    );
    for item in known["items"].as_array().unwrap() {
        let strength = item["strength"].as_f64().unwrap();
        assert!(item["ci"][0].as_f64().unwrap() <= strength, "{item}");
        assert!(strength <= item["ci"][1].as_f64().unwrap(), "{item}");
    }
    let unknown = rank(
        shared(),
        &body(json!({"20": null, "120": null, "250": null})),
    )
    .json();
    assert_eq!(names(&unknown), ["250", "190", "120", "60", "20"]);
    assert_eq!(unknown["comparisons"], 3 + 6);
    assert_eq!(unknown["anchors"][0]["given"], "estimated");
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

/// A folder with grays of these levels and a configuration with the server.
fn folder(server: &Scripted, levels: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pictures")).unwrap();
    for level in levels {
        let path = folder.path().join(format!("pictures/{level:03}.png"));
        std::fs::write(path, png::gray(*level)).unwrap();
    }
    let judges = fixtures("judges").display().to_string();
    let config = format!(
        "[judges]\nfolders = [{judges:?}]\n[backends.server]\n{}\n",
        chat(server, "")
    );
    std::fs::write(folder.path().join("opine.toml"), config).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> std::process::Output {
    opine(
        folder,
        &[&["rank", "--config", "opine.toml"], arguments].concat(),
    )
}

#[test]
fn a_recorded_ranking_by_lists_goes_on_where_it_ended() {
    let server = by_lightness(0.0, usize::MAX);
    let folder = folder(&server, &[40, 90, 140, 230]);
    let arguments = [
        "pictures",
        "--judge",
        "best-to-worst@server",
        "--method",
        "listwise",
        "--record",
        "run.jsonl",
        "--json",
        "--repeats",
    ];
    let ranks = || {
        let asked = server.asked();
        asked
            .iter()
            .filter(|one| one.path.ends_with("completions") && shown(one).0.contains("in order of"))
            .count()
    };
    let first = run(
        folder.path(),
        &[&arguments[..], &["3", "--sheet", "sheet.html"]].concat(),
    );
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert_eq!(names(&json_of(&first))[0], "pictures/230.png");
    assert_eq!(ranks(), 3);
    let sheet = std::fs::read_to_string(folder.path().join("sheet.html")).unwrap();
    assert_eq!(sheet.matches("data:image/jpeg;base64,").count(), 4);
    let on = run(folder.path(), &[&arguments[..], &["5"]].concat());
    assert_eq!(on.status.code(), Some(0), "{}", stderr(&on));
    assert_eq!((&json_of(&on)["lists"], ranks()), (&5.into(), 5));
    let table = run(
        folder.path(),
        &["pictures", "--judge", "best-to-worst@server"],
    );
    let told = stderr(&table);
    assert!(
        told.contains("5 of 5 lists read") && told.contains("Kendall's W"),
        "{told}"
    );
    assert!(told.contains("being shown first adds"), "{told}");
}

#[test]
fn a_judge_that_fails_midway_leaves_a_partial_ranking() {
    let server = by_lightness(0.0, 2);
    let folder = folder(&server, &[40, 90, 140]);
    let output = run(
        folder.path(),
        &["pictures", "--judge", "best-to-worst@server", "--json"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let ranking = json_of(&output);
    assert_eq!(
        (&ranking["lists"], &ranking["read"]),
        (&5.into(), &2.into())
    );
    assert_eq!(
        names(&ranking),
        ["pictures/140.png", "pictures/090.png", "pictures/040.png"]
    );
}

#[test]
fn anchors_and_texts_are_given_as_files() {
    let server = by_length();
    let folder = folder(&server, &[40, 90, 140, 230]);
    let anchors = [
        "--anchor",
        "pictures/040.png=-1",
        "--anchor",
        "pictures/230.png=1~0.1",
    ];
    let output = run(
        folder.path(),
        &[
            &["pictures", "--judge", "brightness", "--json"],
            &anchors[..],
        ]
        .concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let ranking = json_of(&output);
    assert_eq!(
        (&ranking["method"], &ranking["comparisons"]),
        (&"anchors".into(), &4.into())
    );
    assert_eq!(names(&ranking)[0], "pictures/230.png");
    let table = run(
        folder.path(),
        &[&["pictures", "--judge", "brightness"], &anchors[..]].concat(),
    );
    assert!(
        stderr(&table).contains("2 anchors, 1 of them exact"),
        "{}",
        stderr(&table)
    );
    for (arguments, part) in [
        (
            &[
                "--anchor",
                "pictures/041.png",
                "--anchor",
                "pictures/040.png",
            ][..],
            "`pictures/041.png` is not among",
        ),
        (&["--anchor", "pictures/040.png=high"], "FILE=STRENGTH"),
        (&["--anchor", "pictures/040.png"], "2 to 64 anchors"),
        (&["--method", "listwise"], "cannot rank by lists"),
        (&["--item", "a.txt"], "cannot rank texts"),
    ] {
        let refused = run(
            folder.path(),
            &[&["pictures", "--judge", "brightness"], arguments].concat(),
        );
        assert_eq!(refused.status.code(), Some(2), "{part}");
        assert!(
            stderr(&refused).contains(part),
            "{part}: {}",
            stderr(&refused)
        );
    }
    for (name, text) in [
        ("a.txt", "A cup."),
        ("b.txt", "A red cup and two apples."),
        ("c.txt", "A red cup."),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let responses = [
        "pictures/040.png",
        "--judge",
        "mllm-judge-batch@server",
        "--text",
        "instruction=What is there?",
        "--item",
        "a.txt",
        "--item",
        "b.txt",
        "--item",
        "c.txt",
        "--json",
    ];
    let output = run(folder.path(), &responses);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(names(&json_of(&output)), ["b.txt", "c.txt", "a.txt"]);
}
