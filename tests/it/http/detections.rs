//! GenEval by supplied detections, over HTTP and on the command line: one form of results on both.

use serde_json::{Value, json};

use crate::command::{json_lines, opine, stderr};
use crate::support::app::{Reply, TestApp, form};

/// Three pictures: as asked, with a fault in one element, and of which nothing was seen.
fn items() -> Vec<Value> {
    let cup = json!({"class": "cup", "count": 1, "color": "red"});
    vec![
        json!({
            "id": "right", "tag": "position", "prompt": "a photo of a dog right of a cup",
            "include": [{"class": "cup", "count": 1}, {"class": "dog", "count": 1, "position": ["right of", 0]}],
            "detections": [
                {"class": "cup", "score": 0.9, "box": [0, 0, 20, 20]},
                {"class": "dog", "score": 0.8, "box": [60, 0, 90, 20]},
            ],
            "size": [100, 100],
        }),
        json!({
            "id": "wrong", "tag": "colors", "prompt": "a photo of a red cup", "include": [cup],
            "detections": [{"class": "cup", "score": 0.9, "box": [0, 0, 20, 20], "color": {"red": 0.4, "blue": 0.6}}],
        }),
        json!({
            "id": "nothing", "tag": "counting", "prompt": "a photo of two cats",
            "include": [{"class": "cat", "count": 2}], "exclude": [{"class": "cat", "count": 3}], "detections": [],
        }),
    ]
}

fn post(app: &TestApp, accept: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json"), ("accept", accept)];
    app.send(
        "POST",
        "/v1/evaluate",
        &headers,
        body.to_string().as_bytes(),
    )
}

/// Takes a field away.
fn without(value: &mut Value, field: &str) {
    value.as_object_mut().unwrap().remove(field);
}

#[test]
fn pictures_are_judged_by_what_was_detected_in_them() {
    let app = TestApp::with(|_| {});
    let reply = post(
        &app,
        "application/json",
        &json!({"method": "geneval", "items": items()}),
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    let reply = reply.json();
    let results = &reply["results"];
    let scores: Vec<&Value> = (0..3).map(|at| &results[at]["score"]).collect();
    assert_eq!(scores, [&json!(1.0), &json!(0.0), &json!(0.0)]);
    assert_eq!(
        results[0]["elements"][1]["position"],
        json!(["right of", 0])
    );
    assert_eq!(results[1]["wrong"], json!(["include-0"]));
    assert_eq!(
        results[1]["elements"][0]["reason"],
        "expected red cup>=1, found 0 red; and 1 blue"
    );
    // Nothing that was seen is wrong and no failure; what must not be there is not there.
    assert_eq!(results[2]["status"], "scored");
    assert_eq!(
        results[2]["elements"][0]["reason"],
        "expected cat>=2, found 0"
    );
    assert_eq!(results[2]["elements"][1]["correct"], true);
    assert_eq!(results[2]["used"]["questions"], 0);
    let summary = &reply["summary"];
    assert!((summary["score"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(summary["tasks"][2]["task"], "position");
    assert_eq!(
        summary["absent"],
        json!(["single_object", "two_object", "color_attr"])
    );

    let lines = post(&app, "application/jsonl", &json!({"items": items()})).lines();
    let events: Vec<&str> = lines
        .iter()
        .map(|line| line["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["result", "result", "result", "summary"]);
    assert_eq!(lines[1]["wrong"], results[1]["wrong"]);
    assert_eq!(lines[3]["score"], summary["score"]);

    // A form has them as JSON.
    let text = Value::Array(items()).to_string();
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    let body = form(&[("items", None, text.as_bytes())]);
    let formed = app.send("POST", "/v1/evaluate", &headers, &body);
    assert_eq!(formed.json(), reply);
}

#[test]
fn what_is_no_item_is_refused_with_its_place() {
    let app = TestApp::with(|_| {});
    let with = |change: fn(&mut Value)| {
        let mut items = items();
        change(&mut items[1]);
        json!({"items": items})
    };
    let photo = json!([{"base64": "aGk="}]);
    for (body, code, pointer) in [
        (json!({"items": []}), "missing_field", "/items"),
        (json!({"items": {}}), "wrong_type", "/items"),
        (json!({"items": [1]}), "wrong_type", "/items/0"),
        (
            with(|item| item["tag"] = json!("size")),
            "invalid_value",
            "/items/1/tag",
        ),
        (
            with(|item| item["tags"] = json!("size")),
            "unknown_field",
            "/items/1/tags",
        ),
        (
            with(|item| item["id"] = json!("right")),
            "invalid_value",
            "/items/1/id",
        ),
        (
            with(|item| item["detections"][0]["box"] = json!([20, 0, 0, 20])),
            "invalid_value",
            "/items/1/detections/0/box",
        ),
        (
            with(|item| item["detections"][0]["box"] = json!([-9, 0, 10, 20])),
            "invalid_value",
            "/items/1/detections/0/box",
        ),
        (
            with(|item| without(&mut item["detections"][0], "class")),
            "invalid_value",
            "/items/1/detections/0",
        ),
        (
            with(|item| without(&mut item["detections"][0], "color")),
            "invalid_value",
            "/items/1/detections/0/color",
        ),
        (
            with(|item| item["include"] = json!([])),
            "invalid_value",
            "/items/1/include/0/class",
        ),
        (
            json!({"items": items(), "method": "dsg"}),
            "invalid_value",
            "/method",
        ),
        (
            json!({"items": items(), "images": photo}),
            "invalid_value",
            "/images",
        ),
        (
            json!({"items": items(), "judge": "q-bench"}),
            "invalid_value",
            "/judge",
        ),
        (
            json!({"items": items(), "budget_questions": 3}),
            "invalid_value",
            "/budget_questions",
        ),
        (json!({"method": "geneval"}), "missing_images", "/images"),
    ] {
        let reply = post(&app, "application/json", &body);
        let problem = reply.json();
        assert_eq!(
            (problem["code"].as_str(), problem["pointer"].as_str()),
            (Some(code), Some(pointer)),
            "{body}: {problem}"
        );
    }
    // Numbers beyond all bounds are no JSON of ours.
    let beyond = json!({"items": items()})
        .to_string()
        .replace("0.9", "9e999");
    let headers = [("content-type", "application/json")];
    let reply = app.send("POST", "/v1/evaluate", &headers, beyond.as_bytes());
    assert_eq!(reply.status, 400, "{reply:?}");
}

#[test]
fn a_file_of_items_is_summed_up_by_task() {
    let work = tempfile::tempdir().unwrap();
    let write = |items: &[Value]| {
        let lines: String = items.iter().map(|item| format!("{item}\n")).collect();
        std::fs::write(work.path().join("items.jsonl"), lines).unwrap();
    };
    write(&items());
    let run = |rest: &[&str]| {
        opine(
            work.path(),
            &[&["evaluate", "--items", "items.jsonl"], rest].concat(),
        )
    };
    let output = run(&["--json", "--summary", "summary.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let app = TestApp::with(|_| {});
    let reply = post(&app, "application/json", &json!({"items": items()})).json();
    assert_eq!(Value::Array(json_lines(&output)), reply["results"]);
    let summary = std::fs::read_to_string(work.path().join("summary.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&summary).unwrap(),
        reply["summary"]
    );

    let output = run(&["--summary", "summary.md"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with("as asked  right\nwrong     wrong: expected red cup"),
        "{said}"
    );
    let markdown = std::fs::read_to_string(work.path().join("summary.md")).unwrap();
    assert!(said.ends_with(&markdown), "{said}");
    assert!(markdown.contains("| position | 1.0000 |"), "{markdown}");

    for (rest, part) in [
        (&["--judge", "choose"][..], "cannot be used with"),
        (&["picture.png"][..], "cannot be used with"),
        (&["--method", "dsg"][..], "the method geneval"),
        (&["--summary", "summary.pdf"][..], "no known form"),
    ] {
        let output = run(rest);
        assert_eq!(output.status.code(), Some(2), "{rest:?}");
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
    let mut twice = items();
    twice[2]["id"] = json!("right");
    let mut boxed = items();
    boxed[1]["detections"][0]["box"] = json!([0, 0]);
    for (items, part) in [
        (twice, "line 3: /id: `right` was given before"),
        (boxed, "line 2: /detections/0: "),
        (vec![], "has no item"),
    ] {
        write(&items);
        let output = run(&[]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
    let output = opine(work.path(), &["evaluate"]);
    assert_eq!(output.status.code(), Some(2));
}
