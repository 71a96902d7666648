//! What is counted, by the text that a scraper reads.

use std::sync::Arc;

use serde_json::json;

use crate::support::app::{TestApp, config};
use crate::support::backends::{Gated, engine_with};
use crate::support::png;
use crate::support::scrape::{scraped, value};

fn body(images: &[&str]) -> serde_json::Value {
    let images: Vec<_> = images
        .iter()
        .map(|image| json!({"base64": image}))
        .collect();
    json!({"judge": "q-bench", "images": images})
}

#[test]
fn known_requests_give_known_counts() {
    let backend = Gated::new(3);
    let app = TestApp::start(engine_with(Arc::clone(&backend) as _), config());
    assert_eq!(app.score(&body(&["aGk="])).status, 200);
    assert_eq!(app.score(&body(&["aGk=", "aG8=", "no base64"])).status, 200);
    app.score_text("{").problem("malformed_json");
    app.get("/healthz");
    // Nothing that a stranger sends becomes a label.
    app.get("/secret/path");
    app.send(
        "GET",
        "/v1/judges?key=secret",
        &[("x-request-id", "secret")],
        b"",
    );
    let values = scraped(&app);
    for (name, expected) in [
        (
            "http_requests_total{route=\"/v1/score\",method=\"POST\",status=\"200\"}",
            2,
        ),
        (
            "http_requests_total{route=\"/v1/score\",method=\"POST\",status=\"400\"}",
            1,
        ),
        (
            "http_requests_total{route=\"/healthz\",method=\"GET\",status=\"200\"}",
            1,
        ),
        (
            "http_requests_total{route=\"-\",method=\"GET\",status=\"404\"}",
            1,
        ),
        (
            "http_request_duration_seconds_count{route=\"/v1/score\"}",
            3,
        ),
        ("http_problems_total{code=\"malformed_json\"}", 1),
        ("http_requests_in_flight", 1),
        ("http_requests_in_flight_bytes", 0),
        ("questions_total{backend=\"gated\"}", 3),
        ("answers_total{backend=\"gated\",outcome=\"answered\"}", 3),
        ("question_queue_seconds_count{backend=\"gated\"}", 3),
        ("question_compute_seconds_count{backend=\"gated\"}", 3),
        (
            "judged_total{judge=\"q-bench\",backend=\"gated\",outcome=\"judged\"}",
            3,
        ),
        (
            "judged_total{judge=\"q-bench\",backend=\"gated\",outcome=\"image_base64\"}",
            1,
        ),
        ("coverage_count{judge=\"q-bench\",backend=\"gated\"}", 3),
        (
            "coverage_bucket{le=\"0.99\",judge=\"q-bench\",backend=\"gated\"}",
            0,
        ),
        (
            "coverage_bucket{le=\"1.0\",judge=\"q-bench\",backend=\"gated\"}",
            3,
        ),
        (
            "readouts_total{judge=\"q-bench\",backend=\"gated\",readout=\"closed_set\"}",
            3,
        ),
        ("judges{state=\"ready\"}", 1),
        ("cache_misses_total", 3),
    ] {
        assert_eq!(value(&values, &format!("opine_{name}")), expected, "{name}");
    }
    let version = format!(
        "opine_build_info{{version=\"{}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(value(&values, &version), 1);
    let names: Vec<&String> = values.keys().collect();
    assert!(
        !names.iter().any(|name| name.contains("secret")),
        "{names:?}"
    );
}

#[test]
fn work_in_flight_and_refused_admission_are_seen() {
    let backend = Gated::new(0);
    let mut config = config();
    config.limits.requests_in_flight = 1;
    let app = TestApp::start(engine_with(Arc::clone(&backend) as _), config);
    std::thread::scope(|scope| {
        let held = scope.spawn(|| app.score(&body(&["aGk="])));
        backend.wait_for_one();
        app.score(&body(&["aG8="])).problem("overloaded");
        let values = scraped(&app);
        // The one that is held, and the scrape itself.
        assert_eq!(value(&values, "opine_http_requests_in_flight"), 2);
        assert!(value(&values, "opine_http_requests_in_flight_bytes") > 20);
        let refused = "opine_http_problems_total{code=\"overloaded\"}";
        assert_eq!(value(&values, refused), 1);
        backend.open(1);
        assert_eq!(held.join().unwrap().status, 200);
    });
    let values = scraped(&app);
    assert_eq!(value(&values, "opine_http_requests_in_flight"), 1);
    assert_eq!(value(&values, "opine_http_requests_in_flight_bytes"), 0);
}

#[test]
fn a_remembered_answer_is_a_hit_and_takes_bytes() {
    let app = TestApp::with(|_| {});
    let picture = png::gray(90);
    for _ in 0..3 {
        let parts: [(&str, Option<&str>, &[u8]); 2] = [
            ("judge", None, b"brightness"),
            ("image", Some("x"), &picture),
        ];
        assert_eq!(app.score_form(&parts).results()[0]["status"], "scored");
    }
    let values = scraped(&app);
    assert_eq!(value(&values, "opine_cache_hits_total"), 2);
    assert_eq!(value(&values, "opine_cache_misses_total"), 1);
    let queued = "opine_question_queue_seconds_count{backend=\"onnx\"}";
    assert_eq!(value(&values, queued), 1);
}

#[test]
fn a_backend_that_is_down_rests_and_readiness_and_metrics_say_so() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let table =
        format!("kind = \"systemone\"\nurl = \"http://{address}/v1\"\nmodel = \"m\"\nretries = 1");
    let app = TestApp::with(|config| {
        config
            .backends
            .insert("down".into(), toml::from_str(&table).unwrap());
    });
    let backend = |app: &TestApp| app.get("/readyz").json()["backends"][0].clone();
    assert_eq!(backend(&app)["state"], "ready");
    let mut reasons = Vec::new();
    while backend(&app)["state"] != "resting" {
        let picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNoWHAAAAOEAeE2qCkcAAAAAElFTkSuQmCC";
        let body = json!({"judge": "q-bench@down", "images": [{"base64": picture}]});
        reasons.push(app.score(&body).results()[0]["reason"].clone());
        assert!(reasons.len() < 20, "{reasons:?}");
    }
    let resting = backend(&app);
    assert!(
        resting["remedy"].as_str().unwrap().contains("it failed"),
        "{resting}"
    );
    // The judges of this process are ready, and so is the service.
    assert_eq!(app.get("/readyz").status, 200);
    let values = scraped(&app);
    let circuit = |state: &str| {
        let name = format!("opine_backend_circuit{{backend=\"down\",state=\"{state}\"}}");
        value(&values, &name)
    };
    assert_eq!(circuit("closed"), 0);
    assert_eq!(circuit("open") + circuit("half_open"), 1);
    assert!(value(&values, "opine_backend_retries_total{backend=\"down\"}") >= 1);
    let failed = "opine_answers_total{backend=\"down\",outcome=\"backend\"}";
    assert_eq!(
        value(&values, failed),
        i64::try_from(reasons.len()).unwrap()
    );
}
