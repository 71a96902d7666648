//! Audits over HTTP: what is uploaded gives the report that the command line gives of the same files.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::command::opine;
use crate::support::app::{Reply, TestApp, form, shared};

/// A judge that sees half of what people see, on items of eight prompts.
fn tables(items: u32) -> (String, String) {
    let (mut judged, mut human) = ("id,score,prompt\n".to_owned(), "id,mos\n".to_owned());
    for item in 0..items {
        // Two sequences without a common period.
        let (seen, unseen) = ((item * 37 % 101) as f64, (item * 53 % 89) as f64);
        writeln!(judged, "i{item},{seen},p{}", item % 8).unwrap();
        writeln!(human, "i{item},{}", seen + unseen).unwrap();
    }
    (judged, human)
}

fn rows(table: &str) -> Vec<Value> {
    let mut lines = table
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    lines
        .map(|cells| {
            let cell = |text: &str| {
                text.parse::<f64>()
                    .map_or_else(|_| json!(text), |number| json!(number))
            };
            let fields = header
                .iter()
                .zip(cells)
                .map(|(name, text)| ((*name).to_owned(), cell(text)));
            Value::Object(fields.collect())
        })
        .collect()
}

fn post(app: &TestApp, body: &Value) -> Reply {
    send(app, body, &[])
}

fn send(app: &TestApp, body: &Value, more: &[(&str, &str)]) -> Reply {
    let headers = [&[("content-type", "application/json")], more].concat();
    app.send(
        "POST",
        "/v1/agreement",
        &headers,
        body.to_string().as_bytes(),
    )
}

fn upload(app: &TestApp, parts: &[(&str, Option<&str>, &[u8])]) -> Reply {
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    app.send("POST", "/v1/agreement", &headers, &form(parts))
}

#[test]
fn an_upload_gives_the_report_of_the_command_line() {
    let (judged, human) = tables(60);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("judged.csv"), &judged).unwrap();
    std::fs::write(folder.path().join("human.csv"), &human).unwrap();
    let mut arguments = vec![
        "audit",
        "--judged",
        "judged.csv",
        "--human",
        "human.csv",
        "--baseline",
        "judged.csv",
    ];
    arguments.extend(["--cluster", "prompt", "--resamples", "200", "--seed", "3"]);
    for name in ["report.json", "report.html", "report.md"] {
        arguments.extend(["--report", name]);
    }
    assert_eq!(opine(folder.path(), &arguments).status.code(), Some(0));
    let written = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let ask = |format: &str| {
        let reply = upload(
            shared(),
            &[
                ("judged", Some("judged.csv"), judged.as_bytes()),
                ("human", Some("human.csv"), human.as_bytes()),
                ("baseline", Some("judged.csv"), judged.as_bytes()),
                ("cluster", None, b"prompt"),
                ("resamples", None, b"200"),
                ("seed", None, b"3"),
                ("format", None, format.as_bytes()),
            ],
        );
        assert_eq!(reply.status, 200, "{reply:?}");
        String::from_utf8(reply.body).unwrap()
    };
    assert_eq!(ask("json"), written("report.json"));
    assert_eq!(ask("html"), written("report.html"));
    assert_eq!(ask("markdown"), written("report.md"));
}

#[test]
fn rows_in_the_body_give_the_figures_of_the_files() {
    let (judged, human) = tables(40);
    let files: &[(&str, Option<&str>, &[u8])] = &[
        ("judged", None, judged.as_bytes()),
        ("human", None, human.as_bytes()),
    ];
    let of_files = upload(shared(), files).json();
    let body = json!({"judged": rows(&judged), "human": rows(&human), "baselines": {"twin": rows(&judged)}});
    let of_rows = post(shared(), &body).json();
    assert_eq!(of_rows["estimates"], of_files["estimates"]);
    assert_eq!(of_rows["n"], 40);
    assert_eq!(of_rows["comparisons"][0]["baseline"], "twin");
    let named = json!({"judged": rows(&judged), "human": rows(&human), "judge": "mine"});
    assert_eq!(post(shared(), &named).json()["judge"], "mine");
}

#[test]
fn the_form_of_the_report_is_accepted_or_named() {
    let (judged, human) = tables(20);
    let body = json!({"judged": rows(&judged), "human": rows(&human)});
    let of = |body: &Value, accept: &str| {
        send(shared(), body, &[("accept", accept)]).headers["content-type"].clone()
    };
    assert_eq!(of(&body, "*/*"), "application/json");
    assert_eq!(of(&body, "text/html,*/*;q=0.8"), "text/html; charset=utf-8");
    let mut named = body;
    named["format"] = json!("markdown");
    assert_eq!(of(&named, "text/html"), "text/markdown; charset=utf-8");
}

#[test]
fn a_page_shows_names_and_runs_nothing() {
    let (judged, human) = tables(20);
    let script = "<script>alert(1)</script>";
    let body =
        json!({"judged": rows(&judged), "human": rows(&human), "judge": script, "format": "html"});
    let reply = post(shared(), &body);
    assert!(!String::from_utf8_lossy(&reply.body).contains(script));
    assert!(reply.headers["content-security-policy"].contains("default-src 'none'"));
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
}

#[test]
fn what_is_wrong_is_a_problem_with_its_place() {
    let (judged, human) = tables(10);
    let (judged, human) = (rows(&judged), rows(&human));
    let constant: Vec<Value> = (0..10)
        .map(|item| json!({"id": format!("i{item}"), "score": 1}))
        .collect();
    let others: Vec<Value> = (0..10)
        .map(|item| json!({"id": format!("x{item}"), "mos": item}))
        .collect();
    let mut word = judged.clone();
    word[3]["score"] = json!("1,5");
    let mut twice = human.clone();
    twice[4]["id"] = json!("i0");
    let mut unknown = judged.clone();
    unknown[2]["score"] = Value::Null;
    let many = vec![json!({}); 100_001];
    let tables = json!({"judged": judged, "human": human});
    let with = |name: &str, value: Value| {
        let mut body = tables.clone();
        body[name] = value;
        body
    };
    for (body, code, pointer) in [
        (json!({}), "missing_field", "/judged"),
        (json!({"judged": judged}), "missing_field", "/human"),
        (with("judged", json!({})), "wrong_type", "/judged"),
        (with("judged", json!([1])), "wrong_type", "/judged/0"),
        (with("judged", json!([])), "invalid_value", "/judged"),
        (
            with("judged", json!(many)),
            "invalid_value",
            "/judged/100000",
        ),
        (
            with("judged", json!(word)),
            "invalid_value",
            "/judged/3/score",
        ),
        (with("human", json!(twice)), "invalid_value", "/human/4/id"),
        (with("human", json!(others)), "invalid_value", "/human"),
        (with("judged", json!(constant)), "invalid_value", "/judged"),
        (
            with("judged_column", json!("points")),
            "invalid_value",
            "/judged",
        ),
        (with("group", json!("style")), "invalid_value", "/group"),
        (with("group", json!("")), "invalid_value", "/group"),
        (with("missing", json!("guess")), "invalid_value", "/missing"),
        (
            with("resamples", json!(10_001)),
            "invalid_value",
            "/resamples",
        ),
        (with("seed", json!(-1)), "wrong_type", "/seed"),
        (with("raters", json!("a")), "wrong_type", "/raters"),
        (with("same_scale", json!(1)), "wrong_type", "/same_scale"),
        (with("format", json!("pdf")), "invalid_value", "/format"),
        (with("full", json!(true)), "unknown_field", "/full"),
        (
            with("baselines", json!({"a": 1})),
            "wrong_type",
            "/baselines/a",
        ),
    ] {
        let problem = post(shared(), &body).problem(code);
        assert_eq!(problem["pointer"], pointer, "{problem}");
    }
    let mut refused = with("missing", json!("refuse"));
    refused["judged"] = json!(unknown);
    let problem = post(shared(), &refused).problem("invalid_value");
    assert_eq!(problem["pointer"], "/missing");
    let problem = upload(shared(), &[("judged", Some("a.csv"), b"id,score\ni0,1\n")])
        .problem("missing_field");
    assert_eq!(problem["pointer"], "/human");
    let broken = upload(
        shared(),
        &[
            ("judged", Some("a.csv"), b"id,score\ni0,one\n"),
            ("human", Some("b.csv"), b"id,mos\ni0,1\n"),
        ],
    );
    // What a request can do is named as its fields, and not as options of the command line.
    let problem = broken.problem("invalid_value");
    assert_eq!(problem["pointer"], "/judged");
    let text = problem.to_string();
    assert!(
        text.contains("line 2") && text.contains("missing_text") && !text.contains("--"),
        "{text}"
    );
    upload(shared(), &[("judge", None, b"a"), ("judge", None, b"b")]).problem("duplicate_field");
    upload(shared(), &[("files", None, b"a")]).problem("unknown_field");
}

#[test]
fn an_audit_that_takes_too_long_is_given_up() {
    let app = TestApp::with(|config| config.limits.seconds_per_request = 1);
    let (judged, human) = tables(4_000);
    let body = json!({"judged": rows(&judged), "human": rows(&human), "resamples": 3_000, "cluster": "prompt"});
    let late = post(&app, &body);
    late.problem("took_too_long");
    assert!(late.headers.contains_key("retry-after"));
    // Its place is kept until the work ends; the other place is free.
    let (judged, human) = tables(20);
    let body = json!({"judged": rows(&judged), "human": rows(&human)});
    assert_eq!(post(&app, &body).status, 200);
}

#[test]
fn an_audit_that_is_sent_again_gets_the_same_reply() {
    let (judged, human) = tables(20);
    let body = json!({"judged": rows(&judged), "human": rows(&human)});
    let app = TestApp::with(|_| {});
    let again = |body: &Value| send(&app, body, &[("idempotency-key", "audit")]);
    let (first, second) = (again(&body), again(&body));
    assert_eq!(first.body, second.body);
    assert_eq!(second.headers["idempotency-replayed"], "true");
    again(&json!({"judged": rows(&human), "human": rows(&judged)}))
        .problem("idempotency_key_reused");
}
