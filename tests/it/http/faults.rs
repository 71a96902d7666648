//! Requests that are wrong as a whole: each gets a problem by name, and none harms the service.

use proptest::prelude::*;
use serde_json::json;

use crate::support::app::{TestApp, form, shared};

/// Body, code, pointer, and a part of the text that must help.
const CASES: &[(&str, &str, Option<&str>, &str)] = &[
    ("", "malformed_json", None, "empty"),
    ("{", "malformed_json", None, "line 1 column 1"),
    (
        "{\n \"images\": [}",
        "malformed_json",
        None,
        "line 2 column 13",
    ),
    ("{} {}", "malformed_json", None, "trailing"),
    ("nonsense", "malformed_json", None, "line 1"),
    ("\"\\ud800\"", "malformed_json", None, "line 1"),
    ("[]", "wrong_type", Some(""), "an object"),
    ("null", "wrong_type", Some(""), "an object"),
    (
        "{\"judge\": 5, \"images\": []}",
        "wrong_type",
        Some("/judge"),
        "a string",
    ),
    (
        "{\"judge\": null, \"images\": []}",
        "wrong_type",
        Some("/judge"),
        "a string",
    ),
    ("{\"images\": {}}", "wrong_type", Some("/images"), "a list"),
    (
        "{\"images\": [[\"aGk=\"]]}",
        "wrong_type",
        Some("/images/0"),
        "an object",
    ),
    (
        "{\"images\": [{\"base64\": 1e999}]}",
        "malformed_json",
        None,
        "number out of range",
    ),
    (
        "{\"images\": [{\"base64\": true}]}",
        "wrong_type",
        Some("/images/0/base64"),
        "a string",
    ),
    (
        "{\"imges\": []}",
        "unknown_field",
        Some("/imges"),
        "did you mean `images`",
    ),
    (
        "{\"images\": [{\"link\": \"x\"}]}",
        "unknown_field",
        Some("/images/0/link"),
        "`base64`, `url`, `id`, `texts`",
    ),
    (
        "{\"judge\": \"a\", \"judge\": \"b\"}",
        "duplicate_field",
        Some("/judge"),
        "`judge`",
    ),
    ("{}", "missing_images", Some("/images"), "at least one"),
    (
        "{\"images\": []}",
        "missing_images",
        Some("/images"),
        "at least one",
    ),
    (
        "{\"images\": [{\"id\": \"x\"}]}",
        "missing_field",
        Some("/images/0"),
        "`base64`",
    ),
    (
        "{\"images\": [{\"base64\": \"\", \"url\": \"https://a.example/\"}]}",
        "invalid_value",
        Some("/images/0"),
        "both",
    ),
    (
        "{\"images\": [{\"base64\": \"\", \"id\": \"\"}]}",
        "invalid_value",
        Some("/images/0/id"),
        "1 to 200",
    ),
    (
        "{\"judge\": \"\", \"images\": []}",
        "invalid_value",
        Some("/judge"),
        "1 to 200",
    ),
    (
        "{\"judge\": \"technical-qualty\", \"images\": [{\"base64\": \"\"}]}",
        "unknown_judge",
        Some("/judge"),
        "did you mean `technical-quality`",
    ),
    (
        "{\"judge\": \"zzz\", \"images\": [{\"base64\": \"\"}]}",
        "unknown_judge",
        Some("/judge"),
        "known are",
    ),
    (
        "{\"judge\": \"q-bench@old\", \"images\": [{\"base64\": \"\"}]}",
        "unknown_backend",
        Some("/judge"),
        "none is configured",
    ),
    (
        "{\"judge\": \"q-bench\", \"images\": [{\"base64\": \"\"}]}",
        "judge_unavailable",
        Some("/judge"),
        "q-bench@BACKEND",
    ),
];

#[test]
fn every_fault_of_a_body_is_named_with_its_place_and_a_way_out() {
    for (body, code, pointer, part) in CASES {
        let problem = shared().score_text(body).problem(code);
        assert_eq!(problem["pointer"].as_str(), *pointer, "{body}: {problem}");
        assert!(problem.to_string().contains(part), "{body}: {problem}");
    }
}

#[test]
fn ten_thousand_images_are_refused_with_the_limit() {
    let images = vec![json!({"base64": "aGk="}); 10_000];
    let problem = shared()
        .score(&json!({"images": images}))
        .problem("too_many_images");
    assert!(problem["detail"].as_str().unwrap().contains("256"));
    assert_eq!(problem["pointer"], "/images/256");
    let parts = vec![("image", None, &b"hi"[..]); 10_000];
    shared().score_form(&parts).problem("too_many_images");
}

#[test]
fn depth_is_refused_and_costs_no_stack() {
    let deep = 100_000;
    for body in [
        "[".repeat(deep),
        format!("{{\"images\": {}", "[".repeat(deep)),
        format!("{{\"judge\": {}", "{\"a\":".repeat(deep)),
        "{\"a\":".repeat(deep),
    ] {
        assert_eq!(shared().score_text(&body).status, 422);
    }
}

#[test]
fn what_was_sent_is_not_repeated() {
    let secret = "c2VjcmV0".repeat(2_000);
    for body in [
        json!({"images": secret}),
        json!({"judge": secret, "images": []}),
        json!({"images": [{"base64": format!("{secret}*")}]}),
        json!({"images": [{"base64": "", "id": secret}]}),
    ] {
        let reply = shared().score(&body);
        let text = String::from_utf8(reply.body).unwrap();
        assert!(!text.contains("c2VjcmV0"), "{text}");
    }
}

#[test]
fn media_types_that_are_not_read_are_refused() {
    let body = br#"{"images": []}"#;
    let form_type = ("content-type", "multipart/form-data; boundary=border");
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "image/png")],
        &[("content-type", "application/jsonx")],
        &[
            ("content-type", "application/json"),
            ("content-encoding", "gzip"),
        ],
        &[form_type, ("content-encoding", "br")],
    ] {
        shared()
            .send("POST", "/v1/score", headers, body)
            .problem("unsupported_media_type");
    }
    let headers = [("content-type", "Application/JSON; charset=utf-8")];
    shared()
        .send("POST", "/v1/score", &headers, body)
        .problem("missing_images");
}

#[test]
fn forms_that_are_wrong_are_refused_by_name() {
    let send = |content_type: &str, body: &[u8]| {
        let headers = [("content-type", content_type)];
        shared().send("POST", "/v1/score", &headers, body)
    };
    let with_border = "multipart/form-data; boundary=border";
    send("multipart/form-data", b"x").problem("malformed_multipart");
    send(with_border, b"").problem("malformed_multipart");
    send(with_border, b"no border anywhere").problem("malformed_multipart");
    let whole = form(&[("image", None, b"hello")]);
    send(with_border, &whole[..whole.len() - 12]).problem("malformed_multipart");
    let nameless = b"--border\r\nContent-Disposition: form-data\r\n\r\nx\r\n--border--\r\n";
    send(with_border, nameless).problem("malformed_multipart");
    let endless = [b"--border\r\nX: ", &vec![b'x'; 100_000][..]].concat();
    send(with_border, &endless).problem("malformed_multipart");
    let hint = shared()
        .score_form(&[("imge", None, b"hi")])
        .problem("unknown_field");
    assert!(hint["hint"].as_str().unwrap().contains("`image`"), "{hint}");
    let judge: (&str, Option<&str>, &[u8]) = ("judge", None, b"brightness");
    shared()
        .score_form(&[judge, judge])
        .problem("duplicate_field");
    shared().score_form(&[judge]).problem("missing_images");
    shared()
        .score_form(&[("judge", None, b"\xff"), ("image", None, b"hi")])
        .problem("invalid_value");
}

#[test]
fn paths_and_methods_that_are_not_there_are_problems_too() {
    shared().get("/").problem("not_found");
    shared().get("/v1/judges/").problem("not_found");
    shared().get("/v1/score/x").problem("not_found");
    let reply = shared().send("DELETE", "/v1/judges", &[], b"");
    reply.problem("method_not_allowed");
    assert_eq!(reply.headers["allow"], "GET, HEAD");
    let problem = shared()
        .get("/v1/judges/technical")
        .problem("unknown_judge");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("`technical-quality`")
    );
    shared()
        .get(&format!("/v1/judges/{}", "x".repeat(500)))
        .problem("invalid_value");
}

#[test]
fn a_request_keeps_its_plain_name_and_gets_one_otherwise() {
    let named = |name: &str| {
        let reply = shared().send("GET", "/v1/none", &[("x-request-id", name)], b"");
        let id = reply.headers["x-request-id"].clone();
        assert_eq!(reply.problem("not_found")["request_id"], *id);
        id
    };
    assert_eq!(named("order-66"), "order-66");
    assert_ne!(named("a b"), "a b");
    assert_ne!(named(&"x".repeat(65)), "x".repeat(65));
    assert_ne!(named("one-of-ours, no"), named("one-of-ours, no"));
}

#[test]
fn without_the_library_the_service_lives_and_says_what_would_help() {
    let app = TestApp::with(|config| config.onnxruntime.path = Some("/no/such/library.so".into()));
    let problem = app
        .score(&json!({"images": [{"base64": "aGk="}]}))
        .problem("judge_unavailable");
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("make onnxruntime")
    );
    assert_eq!(app.get("/healthz").status, 200);
    let ready = app.get("/readyz");
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["status"], "no_judge_ready");
    let judge = app.get("/v1/judges/technical-quality").json();
    assert_eq!(judge["state"], "unavailable");
    assert!(
        judge["remedy"]
            .as_str()
            .unwrap()
            .contains("/no/such/library.so")
    );
}

/// JSON that is nearly a request: every value may stand at every place.
fn nearly_a_request() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        "[a-zA-Z0-9+/=:;,]{0,12}".prop_map(|text| json!(text)),
        Just(json!("technical-quality")),
        Just(json!("data:image/png;base64,aGk=")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let field = prop_oneof![
            Just("judge".to_owned()),
            Just("images".to_owned()),
            Just("base64".to_owned()),
            Just("id".to_owned()),
            "[a-z/~]{1,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!(list)),
            prop::collection::vec((field, inner), 0..4)
                .prop_map(|fields| json!(fields.into_iter().collect::<serde_json::Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_nearly_a_request_is_a_fault_of_ours(body in nearly_a_request()) {
        let reply = shared().score(&json!({"judge": "brightness", "images": [body]}));
        prop_assert!(reply.status < 500, "{:?}", reply);
        let reply = shared().score(&body);
        prop_assert!(reply.status < 500, "{:?}", reply);
    }

    #[test]
    fn no_bytes_are_a_fault_of_ours(body in prop::collection::vec(any::<u8>(), 0..200), as_form in any::<bool>()) {
        let content_type = if as_form { "multipart/form-data; boundary=border" } else { "application/json" };
        let reply = shared().send("POST", "/v1/score", &[("content-type", content_type)], &body);
        prop_assert!(reply.status < 500, "{:?}", reply);
    }
}
