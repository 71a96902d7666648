//! Closed questions in the caller's words, over HTTP, in jobs and on the command line, of a recorded judge.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use opine::assemble::assemble;
use opine::config::Config;
use opine::judging::Image;
use serde_json::{Value, json};

use crate::command::{json_lines, opine, stderr};
use crate::support::app::{Reply, TestApp, form};
use crate::support::png;

/// A judge that looks at two images together.
const PAIR: &str = r#"
schema = 1
id = "choose-of-two"
version = "1.0.0"
title = "A closed question about two images"
source = "ours"
licence = "Apache-2.0"
protocol = "choose"

[prompt]
text = "<image><image>{question}"
texts = ["question"]
"#;

/// Writes two pictures, a recording of what is known of them, and a configuration.
fn write(folder: &Path) -> Config {
    let digest = |gray: u8| Image::new(png::gray(gray)).digest().to_string();
    let (dark, light) = (digest(40), digest(200));
    let lines = [
        json!({"images": [dark], "options": ["yes", "no"], "log_mass": [-3.0, 0.0], "coverage": 0.9, "readout": "label_tokens"}),
        json!({"images": [light], "options": ["yes", "no"], "log_mass": [0.0, 0.0], "coverage": 0.9, "readout": "label_tokens"}),
        // Half of what green may have at most, as a censored answer has it.
        json!({"images": [dark], "options": ["red", "blue", "green"], "readout": "top_tokens", "coverage": 0.8,
            "log_mass": [0.6f64.ln(), 0.2f64.ln(), 0.0], "ceiling": [null, null, 0.1f64.ln()]}),
        json!({"images": [dark], "options": ["left", "right"], "log_mass": [0.0, -1.0], "coverage": 0.1, "readout": "label_tokens"}),
        json!({"images": [dark, light], "options": ["first", "second"], "log_mass": [-2.0, 0.0], "coverage": 1.0, "readout": "label_tokens"}),
    ];
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    std::fs::write(folder.join("answers.jsonl"), lines.join("\n")).unwrap();
    std::fs::create_dir(folder.join("judges")).unwrap();
    std::fs::write(folder.join("judges/pair.toml"), PAIR).unwrap();
    for gray in [40, 200] {
        std::fs::write(folder.join(format!("{gray}.png")), png::gray(gray)).unwrap();
    }
    let config = "listen = \"127.0.0.1:0\"\n[judges]\nfolders = [\"judges\"]\n[data]\nfolder = \"data\"\n\
        [backends.seen]\nkind = \"recorded\"\nfile = \"answers.jsonl\"\n";
    std::fs::write(folder.join("opine.toml"), config).unwrap();
    Config::load(&folder.join("opine.toml")).unwrap()
}

fn app() -> (tempfile::TempDir, TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let config = write(folder.path());
    let app = TestApp::start(assemble(&config).unwrap(), config);
    (folder, app)
}

fn image(gray: u8) -> Value {
    json!({"id": gray.to_string(), "base64": BASE64_STANDARD.encode(png::gray(gray))})
}

fn post(app: &TestApp, body: &Value) -> Reply {
    let headers = [("content-type", "application/json")];
    app.send("POST", "/v1/choose", &headers, body.to_string().as_bytes())
}

fn near(found: &Value, expected: f64) -> bool {
    (found.as_f64().unwrap() - expected).abs() < 1e-12
}

#[test]
fn every_question_is_answered_for_itself() {
    let (_folder, app) = app();
    let reply = post(
        &app,
        &json!({
            "judge": "choose@seen",
            "images": [image(40)],
            "questions": [
                {"id": "dog", "question": "Is it a dog?"},
                {"question": "Which colour?", "answers": ["red", "blue", "green"]},
                {"id": "place", "question": "Where?", "answers": {"left": ["Left"], "right": []}},
                {"id": "unknown", "question": "How many?", "answers": ["one", "two"]},
            ],
        }),
    );
    let result = &reply.results()[0];
    assert_eq!(result["images"], json!(["40"]));
    let answers = result["answers"].as_array().unwrap();
    let of = |field: &str| -> Vec<&Value> { answers.iter().map(|answer| &answer[field]).collect() };
    assert_eq!(of("id"), ["dog", "1", "place", "unknown"]);
    assert_eq!(
        of("status"),
        ["answered", "answered", "unscored", "unscored"]
    );
    assert_eq!(
        of("answer"),
        [&json!("no"), &json!("red"), &Value::Null, &Value::Null]
    );
    // 1 / (1 + exp(3)) by Python 3.11.
    assert!(near(
        &answers[0]["probabilities"]["yes"],
        0.047_425_873_177_566_78
    ));
    assert!(near(&answers[0]["coverage"], 0.9));
    assert_eq!(answers[0]["readout"], "label_tokens");
    // Green was not listed, and may have 0 to 0.1.
    assert_eq!(answers[1]["censored"], true);
    assert!(near(&answers[1]["intervals"]["green"]["low"], 0.0));
    assert!(near(&answers[1]["intervals"]["green"]["high"], 0.1 / 0.9));
    assert!(near(&answers[1]["intervals"]["red"]["high"], 0.75));
    assert_eq!(answers[2]["reason"], "low_coverage");
    assert_eq!(answers[2]["probabilities"], Value::Null);
    // What nobody recorded was not answered by anybody either.
    assert_eq!(result["cost"]["questions"], 3);
    assert_eq!(result["provenance"]["backend"], "seen");
}

#[test]
fn each_image_is_asked_about_by_itself_and_a_bad_one_spoils_no_other() {
    let (_folder, app) = app();
    let broken = json!({"id": "broken", "base64": "*"});
    let body = json!({
        "judge": "choose@seen",
        "question": "Is it a dog?",
        "images": [image(40), broken, image(200)],
    });
    let results = post(&app, &body).results();
    let answer = |at: usize| &results[at]["answers"][0];
    assert_eq!(answer(0)["answer"], "no");
    assert_eq!(answer(1)["reason"], "image_base64");
    // Two equal shares: neither is the answer.
    assert_eq!(
        (&answer(2)["status"], &answer(2)["answer"]),
        (&json!("answered"), &Value::Null)
    );
    let costs: Vec<&Value> = results
        .iter()
        .map(|one| &one["cost"]["questions"])
        .collect();
    assert_eq!(costs, [1, 0, 1]);
}

#[test]
fn a_judge_of_two_images_is_shown_both() {
    let (_folder, app) = app();
    let body = |images: &[Value]| json!({"judge": "choose-of-two@seen", "question": "Which is lighter?", "answers": ["first", "second"], "images": images});
    let results = post(&app, &body(&[image(40), image(200)])).results();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["images"], json!(["40", "200"]));
    assert_eq!(results[0]["answers"][0]["answer"], "second");
    let alone = post(&app, &body(&[image(40)])).problem("invalid_value");
    assert_eq!(alone["pointer"], "/images");
}

#[test]
fn a_form_asks_the_same() {
    let (_folder, app) = app();
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    let picture = png::gray(40);
    let ask = |parts: &[(&str, Option<&str>, &[u8])]| {
        let fixed: &[(&str, Option<&str>, &[u8])] = &[
            ("judge", None, b"choose@seen"),
            ("image", Some("dark.png"), &picture),
        ];
        app.send(
            "POST",
            "/v1/choose",
            &headers,
            &form(&[fixed, parts].concat()),
        )
    };
    let one = ask(&[
        ("question", None, b"Which colour?"),
        ("answers", None, br#"["red", "blue", "green"]"#),
    ]);
    assert_eq!(one.results()[0]["answers"][0]["answer"], "red");
    assert_eq!(one.results()[0]["images"], json!(["dark.png"]));
    let several = ask(&[("questions", None, br#"[{"question": "Is it a dog?"}]"#)]);
    assert_eq!(several.results()[0]["answers"][0]["answer"], "no");
    let wrong = ask(&[("questions", None, br#"[{"question": 5}]"#)]);
    assert_eq!(
        wrong.problem("wrong_type")["pointer"],
        "/questions/0/question"
    );
    ask(&[("answers", None, b"yes, no")]).problem("malformed_json");
    ask(&[("qestion", None, b"?")]).problem("unknown_field");
}

#[test]
fn what_cannot_be_asked_is_a_problem_with_its_place() {
    let (_folder, app) = app();
    let many = vec![json!({"question": "?"}); 65];
    let answers: Vec<String> = (0..65).map(|number| number.to_string()).collect();
    for (asked, code, pointer) in [
        (json!({}), "missing_field", "/questions"),
        (json!({"questions": []}), "missing_field", "/questions"),
        (
            json!({"questions": [{"id": "a"}]}),
            "missing_field",
            "/questions/0",
        ),
        (json!({"questions": many}), "invalid_value", "/questions/64"),
        (json!({"questions": {}}), "wrong_type", "/questions"),
        (
            json!({"questions": [{"question": "?", "answer": "a"}]}),
            "unknown_field",
            "/questions/0/answer",
        ),
        (
            json!({"questions": [{"question": " "}]}),
            "invalid_value",
            "/questions/0/question",
        ),
        (
            json!({"questions": [{"id": "a", "question": "?"}, {"id": "a", "question": "?"}]}),
            "invalid_value",
            "/questions/1/id",
        ),
        (
            json!({"questions": [{"question": "?", "answers": ["one"]}]}),
            "invalid_value",
            "/questions/0/answers",
        ),
        (
            json!({"questions": [{"question": "?", "answers": ["a", "a"]}]}),
            "invalid_value",
            "/questions/0/answers",
        ),
        (
            json!({"questions": [{"question": "?", "answers": answers}]}),
            "invalid_value",
            "/questions/0/answers",
        ),
        (
            json!({"questions": [{"question": "?", "answers": "a"}]}),
            "wrong_type",
            "/questions/0/answers",
        ),
        (
            json!({"questions": [{"question": "?", "answers": {"a": 1, "b": 2}}]}),
            "wrong_type",
            "/questions/0/answers",
        ),
        (
            json!({"question": "?", "questions": []}),
            "invalid_value",
            "/question",
        ),
        (
            json!({"questions": [{"question": "?"}], "answers": ["a", "b"]}),
            "invalid_value",
            "/answers",
        ),
        (
            json!({"question": "?", "answers": ["a"]}),
            "invalid_value",
            "/answers",
        ),
        (
            json!({"question": "x".repeat(4_001)}),
            "invalid_value",
            "/question",
        ),
    ] {
        let mut body = asked;
        body["judge"] = json!("choose@seen");
        body["images"] = json!([image(40)]);
        let problem = post(&app, &body).problem(code);
        assert_eq!(problem["pointer"], pointer, "{body}: {problem}");
    }
    for (judge, code) in [
        (json!("brightness"), "unknown_judge"),
        (json!("q-bench@seen"), "wrong_protocol"),
        (json!("choose"), "judge_unavailable"),
    ] {
        let body = json!({"judge": judge, "question": "?", "images": [image(40)]});
        assert_eq!(post(&app, &body).problem(code)["pointer"], "/judge");
    }
    let nobody = json!({"question": "?", "images": [image(40)]});
    assert_eq!(
        post(&app, &nobody).problem("missing_field")["pointer"],
        "/judge"
    );
    let images: Vec<Value> = (0..32).map(|_| json!({"base64": "aGk="})).collect();
    let questions = vec![json!({"question": "?"}); 33];
    let body = json!({"judge": "choose@seen", "questions": questions, "images": images});
    let problem = post(&app, &body).problem("invalid_value");
    assert_eq!(problem["pointer"], "/questions");
    assert!(
        problem["detail"].as_str().unwrap().contains("1056"),
        "{problem}"
    );
}

#[test]
fn a_question_that_is_sent_again_gets_the_same_reply() {
    let (_folder, app) = app();
    let body = json!({"judge": "choose@seen", "question": "Is it a dog?", "images": [image(40)]});
    let send = |body: &Value| {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", "one"),
        ];
        app.send("POST", "/v1/choose", &headers, body.to_string().as_bytes())
    };
    let (first, again) = (send(&body), send(&body));
    assert_eq!(first.body, again.body);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = json!({"judge": "choose@seen", "question": "Is it a cat?", "images": [image(40)]});
    send(&other).problem("idempotency_key_reused");
}

/// A job's results once it rests.
fn job(app: &TestApp, query: &str, manifest: &str) -> Vec<Value> {
    let headers = [("content-type", "application/jsonl")];
    let accepted = app.send(
        "POST",
        &format!("/v1/jobs?{query}"),
        &headers,
        manifest.as_bytes(),
    );
    assert_eq!(accepted.status, 202, "{}", accepted.json());
    let path = format!("/v1/jobs/{}", accepted.json()["id"].as_str().unwrap());
    // The events end when the job rests.
    app.get(&format!("{path}/events"));
    app.get(&format!("{path}/results")).lines()
}

#[test]
fn a_job_asks_every_item_the_same_or_its_own() {
    let (_folder, app) = app();
    let line = |gray: u8, texts: Value| {
        let mut line = image(gray);
        line["texts"] = texts;
        // Ids are given once in a manifest.
        line.as_object_mut().unwrap().remove("id");
        line.to_string()
    };
    let manifest = [line(40, json!({})), line(200, json!({}))].join("\n");
    let lines = job(
        &app,
        "operation=choose&judge=choose@seen&question=Is%20it%20a%20dog%3F",
        &manifest,
    );
    assert_eq!(lines[0]["status"], "done");
    assert_eq!(lines[0]["result"]["answers"][0]["answer"], "no");
    assert_eq!(
        lines[1]["result"]["answers"][0]["probabilities"]["yes"],
        0.5
    );
    let own = [
        line(
            40,
            json!({"question": "Which colour?", "answers": "[\"red\", \"blue\", \"green\"]"}),
        ),
        line(
            40,
            json!({"question": "Where?", "answers": "[\"left\", \"right\"]"}),
        ),
        line(40, json!({"question": "Where?", "answers": "left"})),
    ];
    let lines = job(&app, "operation=choose&judge=choose@seen", &own.join("\n"));
    assert_eq!(lines[0]["result"]["answers"][0]["answer"], "red");
    assert_eq!(
        (&lines[1]["status"], &lines[1]["reason"]),
        (&json!("unscored"), &json!("low_coverage"))
    );
    assert_eq!(
        (&lines[2]["status"], &lines[2]["reason"]),
        (&json!("failed"), &json!("invalid_value"))
    );
    let headers = [("content-type", "application/jsonl")];
    for (query, pointer) in [
        ("operation=choose&judge=q-bench@seen", "wrong_protocol"),
        ("operation=choose&judge=choose@seen", "bad_manifest"),
        (
            "operation=choose&judge=choose@seen&question=a&answers=b",
            "invalid_value",
        ),
        (
            "operation=score&judge=q-bench@seen&question=a",
            "invalid_value",
        ),
    ] {
        let reply = app.send(
            "POST",
            &format!("/v1/jobs?{query}"),
            &headers,
            manifest.as_bytes(),
        );
        reply.problem(pointer);
    }
}

#[test]
fn files_are_asked_about_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let run = |files: &[&str], rest: &[&str]| {
        opine(
            folder.path(),
            &[&["choose"], files, rest, &["--config", "opine.toml"]].concat(),
        )
    };
    let judge = ["--judge", "choose@seen", "--json"];
    let asked = [
        "--question",
        "Which colour?",
        "--answer",
        "red=Red,crimson",
        "--answer",
        "blue",
        "--answer",
        "green",
    ];
    let output = run(&["40.png"], &[&judge[..], &asked].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(json_lines(&output)[0]["answers"][0]["answer"], "red");
    // Nobody has recorded the colour of the other, and the exit code says that something is missing.
    let output = run(&["200.png", "40.png"], &[&judge[..], &asked].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let statuses: Vec<Value> = json_lines(&output)
        .iter()
        .map(|line| line["answers"][0]["status"].clone())
        .collect();
    assert_eq!(statuses, ["unscored", "answered"]);
    let questions =
        r#"[{"id": "lighter", "question": "Which is lighter?", "answers": ["first", "second"]}]"#;
    std::fs::write(folder.path().join("questions.json"), questions).unwrap();
    let pair = [
        "--judge",
        "choose-of-two@seen",
        "--questions",
        "questions.json",
    ];
    let output = run(&["40.png", "200.png"], &pair);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("40.png  200.png") && text.contains("second 0.8808"),
        "{text}"
    );
    for wrong in [
        &["--question", "?", "--answer", "only"][..],
        &["--question", "?", "--questions", "questions.json"],
        &["--answer", "yes"],
    ] {
        let output = run(&["40.png"], &[&judge[..], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}
