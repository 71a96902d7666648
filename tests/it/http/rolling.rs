//! Agreement as labels arrive: kept for whoever sent them, over restarts, and watched for a fall.

use std::collections::BTreeMap;
use std::path::Path;

use opine::access::{NewKey, Scope};
use opine::config::KeyConfig;
use serde_json::{Value, json};

use crate::support::app::{Reply, TestApp, form, shared};

const JUDGE: &str = "/v1/agreement/technical-quality";

fn app(data: &Path) -> TestApp {
    TestApp::with(|config| config.data.folder = Some(data.to_owned()))
}

/// Labels in order of time, of a judge that sees what people see, and noise beside it of this weight.
fn labels(from: u32, count: u32, noise: f64) -> Vec<Value> {
    let label = |item: u32| {
        let (seen, unseen) = (f64::from(item * 37 % 101), f64::from(item * 53 % 89));
        json!({"id": format!("i{item}"), "judged": seen, "human": seen + noise * unseen, "time": 1000 * item})
    };
    (from..from + count).map(label).collect()
}

fn send(app: &TestApp, body: &Value, more: &[(&str, &str)]) -> Reply {
    let headers = [&[("content-type", "application/json")], more].concat();
    app.send(
        "POST",
        &format!("{JUDGE}/labels"),
        &headers,
        body.to_string().as_bytes(),
    )
}

fn give(app: &TestApp, labels: &[Value]) -> Value {
    let reply = send(app, &json!({"labels": labels}), &[]);
    assert_eq!(reply.status, 200, "{}", reply.json());
    reply.json()
}

#[test]
fn labels_add_up_to_windows_and_a_fall_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let nothing = app.get(JUDGE).json();
    assert_eq!(
        (&nothing["n"], &nothing["newest"]),
        (&json!(0), &Value::Null)
    );
    let taken = give(&app, &labels(0, 400, 0.5));
    assert_eq!(
        taken,
        json!({"judge": "technical-quality", "added": 400, "replaced": 0, "forgotten": 0, "total": 400})
    );
    let steady = app.get(&format!("{JUDGE}?window=100")).json();
    assert_eq!(steady["trend"].as_array().unwrap().len(), 4);
    assert_eq!(steady["alert"]["fell"], false, "{steady}");
    assert_eq!(steady["alert"]["comparisons"][0]["reference_n"], 300);
    // The same judge, and people who see something else as well.
    give(&app, &labels(400, 100, 4.0));
    let fallen = app.get(&format!("{JUDGE}?window=100")).json();
    assert_eq!(fallen["alert"]["fell"], true, "{fallen}");
    let spearman = |window: &Value| {
        let estimates = window["estimates"].as_array().unwrap();
        let row = estimates
            .iter()
            .find(|row| row["name"] == "spearman")
            .unwrap();
        assert!(row["ci"].is_array(), "{row}");
        row["value"].as_f64().unwrap()
    };
    let trend = fallen["trend"].as_array().unwrap();
    assert!(spearman(&trend[4]) < spearman(&trend[3]) - 0.3, "{fallen}");
    assert_eq!(fallen["newest"], trend[4]);
    // By time, a hundred seconds hold the same hundred labels.
    let by_time = app.get(&format!("{JUDGE}?window_seconds=100")).json();
    assert_eq!(
        (&by_time["newest"], &by_time["window"]),
        (&fallen["newest"], &json!({"seconds": 100}))
    );
    // Where lower labels are better, the judge leads the wrong way.
    let lower = app.get(&format!("{JUDGE}?human_better=lower")).json();
    assert!(spearman(&lower["newest"]) < 0.0);
}

#[test]
fn a_label_of_the_same_item_stands_in_the_place_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    give(&app, &labels(0, 30, 0.5));
    let again = give(
        &app,
        &[
            json!({"id": "i3", "human": 1.0, "judged": null}),
            json!({"id": "new", "human": 2, "judged": 3}),
        ],
    );
    assert_eq!(
        (&again["added"], &again["replaced"], &again["total"]),
        (&json!(1), &json!(1), &json!(31))
    );
    let shown = app.get(JUDGE).json();
    assert_eq!((&shown["n"], &shown["unscored"]), (&json!(31), &json!(1)));
    // Without a time they came now, and stand behind all others.
    assert!(shown["newest"]["last_time"].as_i64().unwrap() > 1_700_000_000_000);
}

#[test]
fn labels_come_in_a_file_as_well_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let before = {
        let mut app = app(folder.path());
        let mut table = "id\tjudged\thuman\ttime\textra\n".to_owned();
        for label in labels(0, 50, 0.5) {
            table += &format!(
                "{}\t{}\t{}\t{}\tx\n",
                label["id"].as_str().unwrap(),
                label["judged"],
                label["human"],
                label["time"]
            );
        }
        let headers = [("content-type", "multipart/form-data; boundary=border")];
        let parts = form(&[("labels", Some("labels.tsv"), table.as_bytes())]);
        let reply = app.send("POST", &format!("{JUDGE}/labels"), &headers, &parts);
        assert_eq!(reply.json()["added"], 50, "{}", reply.json());
        let shown = app.get(JUDGE);
        app.stop().unwrap();
        shown
    };
    std::fs::File::open(folder.path().join("opine.lock"))
        .unwrap()
        .lock()
        .unwrap();
    let app = app(folder.path());
    assert_eq!(app.get(JUDGE).body, before.body);
    assert_eq!(before.json()["n"], 50);
    let gone = app.send("DELETE", JUDGE, &[], b"").json();
    assert_eq!(gone, json!({"judge": "technical-quality", "forgotten": 50}));
    assert_eq!(app.get(JUDGE).json()["n"], 0);
}

#[test]
fn labels_of_another_key_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [NewKey::generate().unwrap(), NewKey::generate().unwrap()];
    let app = TestApp::with(|config| {
        config.data.folder = Some(folder.path().to_owned());
        let rules = |key: &NewKey| KeyConfig {
            digest: key.digest(),
            scopes: vec![Scope::Agreement],
            requests_per_second: None,
            burst: None,
            requests_per_day: None,
        };
        let names = ["one", "other"].map(str::to_owned);
        config.access.keys = names
            .into_iter()
            .zip(keys.iter().map(rules))
            .collect::<BTreeMap<_, _>>();
    });
    let [one, other] = keys.map(|key| format!("Bearer {}", key.reveal()));
    let body = json!({"labels": labels(0, 30, 0.5)});
    assert_eq!(
        send(&app, &body, &[("authorization", &one)]).json()["total"],
        30
    );
    let count = |key: &str| {
        app.send("GET", JUDGE, &[("authorization", key)], b"")
            .json()["n"]
            .clone()
    };
    assert_eq!((count(&one), count(&other)), (json!(30), json!(0)));
    let forget = app
        .send("DELETE", JUDGE, &[("authorization", &other)], b"")
        .json();
    assert_eq!(forget["forgotten"], 0);
    assert_eq!(
        send(&app, &body, &[("authorization", &other)]).json()["added"],
        30
    );
    assert_eq!(count(&one), 30);
}

#[test]
fn what_is_wrong_is_a_problem_with_its_place_and_nothing_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let good = json!({"id": "a", "judged": 1, "human": 2});
    let with = |wrong: Value| json!({"labels": [good, wrong]});
    let many: Vec<Value> = (0..10_001)
        .map(|id| json!({"id": id, "judged": 1, "human": 1}))
        .collect();
    for (body, code, pointer) in [
        (json!({}), "missing_field", "/labels"),
        (json!({"labels": []}), "invalid_value", "/labels"),
        (json!({"labels": {}}), "wrong_type", "/labels"),
        (
            json!({"labels": [{"id": "a", "human": 1}]}),
            "invalid_value",
            "/labels",
        ),
        (json!({"labels": many}), "invalid_value", "/labels/10000"),
        (
            json!({"judge": "x", "labels": []}),
            "unknown_field",
            "/judge",
        ),
        (
            with(json!({"judged": 1, "human": 2})),
            "invalid_value",
            "/labels/1/id",
        ),
        (
            with(json!({"id": "a", "judged": 1, "human": 2})),
            "invalid_value",
            "/labels/1/id",
        ),
        (
            with(json!({"id": "b", "judged": "good", "human": 2})),
            "invalid_value",
            "/labels/1/judged",
        ),
        (
            with(json!({"id": "b", "judged": 1})),
            "invalid_value",
            "/labels/1/human",
        ),
        (
            with(json!({"id": "b", "judged": 1, "human": "NaN"})),
            "invalid_value",
            "/labels/1/human",
        ),
        (
            with(json!({"id": "b", "judged": 1, "human": 2, "time": -1})),
            "invalid_value",
            "/labels/1/time",
        ),
    ] {
        let problem = send(&app, &body, &[]).problem(code);
        assert_eq!(problem["pointer"], pointer, "{problem}");
    }
    assert_eq!(app.get(JUDGE).json()["n"], 0);
    for query in [
        "window=19",
        "window=10001",
        "window=a",
        "window_seconds=0",
        "window=20&window_seconds=5",
        "human_better=more",
    ] {
        app.get(&format!("{JUDGE}?{query}"))
            .problem("invalid_value");
    }
    app.get(&format!("{JUDGE}?windows=20"))
        .problem("unknown_field");
    app.get("/v1/agreement/technical-qualty")
        .problem("unknown_judge");
    let body = json!({"labels": [good]}).to_string();
    let headers = [("content-type", "application/json")];
    app.send(
        "POST",
        "/v1/agreement/nobody/labels",
        &headers,
        body.as_bytes(),
    )
    .problem("unknown_judge");
    for method in ["GET", "DELETE"] {
        shared().send(method, JUDGE, &[], b"").problem("labels_off");
    }
}

#[test]
fn labels_that_are_sent_again_are_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let body = json!({"labels": labels(0, 30, 0.5)});
    let key = [("idempotency-key", "labels")];
    let (first, again) = (send(&app, &body, &key), send(&app, &body, &key));
    assert_eq!(
        (first.json()["added"].clone(), &first.body),
        (json!(30), &again.body)
    );
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = json!({"labels": labels(0, 29, 0.5)});
    send(&app, &other, &key).problem("idempotency_key_reused");
}
