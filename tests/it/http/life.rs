//! Beginning and end of the service, and what an unforeseen panic costs.

use std::sync::Arc;

use opine::assemble::{AssembleError, assemble};
use opine::card::builtin_cards;
use opine::http::{Application, StartError};
use serde_json::json;

use crate::support::app::{TestApp, config, fixtures, shared};
use crate::support::backends::{Gated, engine_with};

#[test]
fn probes_tell_life_and_readiness_and_of_each_judge_why_not() {
    assert_eq!(shared().get("/healthz").json()["status"], "ok");
    let ready = shared().get("/readyz").json();
    assert_eq!(ready["status"], "ready");
    // Most built-in cards name nobody who answers; the ones of the fixtures all do.
    let cards = builtin_cards().unwrap();
    let unbound = |id: &str| {
        cards
            .iter()
            .any(|card| card.id == id && card.backend.is_none())
    };
    assert!(unbound("q-bench") && !unbound("technical-quality"));
    for judge in ready["judges"].as_array().unwrap() {
        let is_ready = judge["state"] == "ready";
        assert_eq!(is_ready, judge.get("remedy").is_none(), "{judge}");
        assert_eq!(is_ready, !unbound(judge["id"].as_str().unwrap()));
    }
}

#[test]
fn judges_are_listed_in_order_and_shown_one_by_one() {
    let list = shared().get("/v1/judges").json();
    let judges = list["judges"].as_array().unwrap();
    let ids: Vec<&str> = judges
        .iter()
        .map(|judge| judge["id"].as_str().unwrap())
        .collect();
    assert!(ids.is_sorted(), "{ids:?}");
    assert!(ids.contains(&"technical-quality") && ids.contains(&"brightness"));
    for judge in judges {
        let shown = shared().get(&format!("/v1/judges/{}", judge["id"].as_str().unwrap()));
        assert_eq!(shown.json(), *judge);
    }
}

#[test]
fn a_head_is_answered_like_its_get_without_a_body() {
    let get = shared().get("/healthz");
    let head = shared().send("HEAD", "/healthz", &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.headers["content-type"], get.headers["content-type"]);
}

#[test]
fn a_panic_is_a_problem_and_the_worker_lives_on() {
    let app = TestApp::start(engine_with(Gated::new(1)), config());
    let image = |text| json!({"judge": "q-bench", "images": [{"base64": text}]});
    // `cGFuaWM=` is `panic`, at which the backend of this test panics. More often than there are workers.
    for _ in 0..8 {
        let reply = app.score(&image("cGFuaWM="));
        let problem = reply.problem("internal_error");
        assert_eq!(
            reply.headers["x-request-id"],
            problem["request_id"].as_str().unwrap()
        );
        assert!(!problem.to_string().contains("as told"));
    }
    assert_eq!(app.score(&image("aGk=")).status, 200);
}

#[test]
fn a_stop_finishes_the_request_in_work() {
    let backend = Gated::new(0);
    let mut app = TestApp::start(engine_with(Arc::clone(&backend) as _), config());
    let body = json!({"judge": "q-bench", "images": [{"base64": "aGk="}]});
    std::thread::scope(|scope| {
        let in_work = scope.spawn(|| app.score(&body));
        backend.wait_for_one();
        app.stopper.drain();
        let ready = app.get("/readyz");
        assert_eq!(
            (ready.status, &ready.json()["status"]),
            (503, &json!("draining"))
        );
        let stopper = app.stopper.clone();
        let stopped = scope.spawn(move || futures::executor::block_on(stopper.stop()));
        backend.open(1);
        assert_eq!(in_work.join().unwrap().status, 200);
        stopped.join().unwrap();
    });
    app.stop().unwrap();
    assert!(std::net::TcpStream::connect(app.address).is_err());
}

#[tokio::test]
async fn a_wrong_model_is_an_unavailable_judge_and_keeps_no_other_from_its_work() {
    let mut config = config();
    config
        .judges
        .folders
        .extend(["garbage", "foreign-output"].map(|judge| fixtures("wrong").join(judge)));
    let application = Application::build(&config).unwrap();
    let models = application.models();
    let state = |id: &str| {
        let judges = models.judges();
        let judge = judges.into_iter().find(|judge| judge.id == id).unwrap();
        (judge.state, judge.remedy.unwrap_or_default())
    };
    assert!(state("brightness").1.contains("being opened"));
    models.open().await.unwrap();
    assert_eq!(state("brightness"), ("ready", String::new()));
    for judge in ["garbage", "foreign-output"] {
        let (state, remedy) = state(judge);
        assert_eq!(state, "unavailable");
        assert!(remedy.contains(&format!("judge `{judge}`")), "{remedy}");
        // Whoever assembles without a service is told at once.
        let mut config = crate::support::app::config();
        config.judges.folders = vec![fixtures("wrong").join(judge)];
        match assemble(&config) {
            Err(AssembleError::Model { judge: named, .. }) => assert_eq!(named, judge),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_taken_address_is_a_reason_not_to_start() {
    let mut config = config();
    config.listen = shared().address;
    let started = Application::build(&config);
    assert!(
        matches!(started, Err(StartError::Listen { .. })),
        "{started:?}"
    );
}
