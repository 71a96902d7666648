//! Keys: who is let in, for what, how often; and that nothing of a key is ever shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use opine::access::{NewKey, Scope};
use opine::config::{Config, KeyConfig};
use opine::http::{Application, Needs, ROUTES, Route, StartError};
use serde_json::json;

use crate::support::app::{Reply, TestApp, config};
use crate::support::backends::{Gated, engine_remembering};
use crate::support::contract::{paths, resolve};

/// A key for these scopes, without limits.
fn rules(key: &NewKey, scopes: &[Scope]) -> KeyConfig {
    KeyConfig {
        digest: key.digest(),
        scopes: scopes.to_vec(),
        requests_per_second: None,
        burst: None,
        requests_per_day: None,
    }
}

/// A service with one key of all scopes, changed.
fn keyed(change: impl FnOnce(&mut KeyConfig, &mut Config)) -> (TestApp, String) {
    let key = NewKey::generate().unwrap();
    let app = TestApp::with(|config| {
        let mut mobile = rules(&key, &Scope::ALL);
        change(&mut mobile, config);
        config.access.keys = BTreeMap::from([("mobile".to_owned(), mobile)]);
    });
    (app, format!("Bearer {}", key.reveal()))
}

fn ask(app: &TestApp, method: &str, path: &str, key: &str) -> Reply {
    app.send(method, path, &[("authorization", key)], b"")
}

/// A path that a route serves.
fn served(route: &Route) -> String {
    let steps = route
        .path
        .split('/')
        .map(|step| match step.starts_with('{') {
            true => "technical-quality",
            false => step,
        });
    steps.collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_and_everything_beside_the_table_is_denied_without_a_key() {
    let open: Vec<&str> = ROUTES
        .iter()
        .filter(|route| route.needs == Needs::Nothing)
        .map(|route| route.path)
        .collect();
    assert_eq!(open, ["/healthz", "/readyz"], "nothing else may be open");
    let (app, _) = keyed(|_, _| {});
    let elsewhere = [
        "/",
        "/v1",
        "/metrics",
        "/healthz/",
        "/healthz/x",
        "/v1/none",
        "/v1/readyz",
    ];
    let paths = ROUTES.iter().map(served);
    let paths: Vec<String> = paths.chain(elsewhere.map(str::to_owned)).collect();
    let mut denied = 0;
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for path in &paths {
            let reply = app.send(method, path, &[], b"");
            if ["GET", "HEAD"].contains(&method) && open.contains(&path.as_str()) {
                assert!([200, 503].contains(&reply.status), "{method} {path}");
                continue;
            }
            denied += 1;
            // After a while this address is told to wait instead: that is no way in either.
            let expected = if denied <= 20 { 401 } else { 429 };
            assert!(
                reply.status == expected || denied > 20 && reply.status == 401,
                "{method} {path}: {reply:?}"
            );
        }
    }
    for path in [
        "//healthz",
        "/healthz/../v1/judges",
        "/v1/%2e%2e/healthz",
        "/HEALTHZ",
    ] {
        let raw = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(
            [401, 429].contains(&app.send_raw(raw.as_bytes()).status),
            "{path}"
        );
    }
}

#[test]
fn a_key_is_taken_from_either_header_once_and_whole() {
    let (app, bearer) = keyed(|_, _| {});
    let key = bearer.strip_prefix("Bearer ").unwrap().to_owned();
    let judges = |headers: &[(&str, &str)]| app.send("GET", "/v1/judges", headers, b"");
    assert_eq!(judges(&[("authorization", &bearer)]).status, 200);
    assert_eq!(
        judges(&[("authorization", &format!("bEARER  {key}"))]).status,
        200
    );
    assert_eq!(judges(&[("x-api-key", &key)]).status, 200);
    let missing = judges(&[]);
    missing.problem("missing_key");
    assert_eq!(
        missing.headers["www-authenticate"],
        "Bearer realm=\"opine\""
    );
    let (cut, more) = (&key[..key.len() - 1], format!("{key}x"));
    let digest = opine::access::KeyDigest::of(key.as_bytes()).to_string();
    let long = "x".repeat(4_000);
    for headers in [
        &[("x-api-key", cut)][..],
        &[("x-api-key", more.as_str())],
        &[("x-api-key", digest.as_str())],
        &[("x-api-key", long.as_str())],
        &[("x-api-key", "")],
        &[("authorization", key.as_str())],
        &[("authorization", "Bearer")],
        &[("authorization", "Basic bWU6bWU=")],
        &[
            ("authorization", bearer.as_str()),
            ("x-api-key", key.as_str()),
        ],
        &[("x-api-key", key.as_str()), ("x-api-key", "other")],
    ] {
        let reply = judges(headers);
        reply.problem("wrong_key");
        assert!(reply.headers["www-authenticate"].contains("invalid_token"));
    }
}

#[test]
fn many_wrong_keys_are_told_to_wait_and_a_right_one_is_served_all_the_same() {
    let (app, key) = keyed(|_, _| {});
    let waits = (0..60)
        .map(|_| ask(&app, "GET", "/v1/judges", "Bearer opine_wrong"))
        .filter(|reply| reply.status == 429)
        .map(|reply| {
            reply.problem("too_many_wrong_keys");
            reply.headers["retry-after"].parse::<u64>().unwrap()
        });
    let waits: Vec<u64> = waits.collect();
    assert!(waits.len() > 30, "{}", waits.len());
    assert!(waits.iter().all(|wait| (1..=4).contains(wait)), "{waits:?}");
    assert_eq!(ask(&app, "GET", "/v1/judges", &key).status, 200);
}

#[test]
fn every_route_needs_its_own_scope_and_no_other() {
    for route in &ROUTES {
        let Needs::Key(scope) = route.needs else {
            continue;
        };
        let all_but = |other: &Scope| *other != scope;
        let (lacking, having) = (NewKey::generate().unwrap(), NewKey::generate().unwrap());
        let app = TestApp::with(|config| {
            let others: Vec<Scope> = Scope::ALL.into_iter().filter(all_but).collect();
            let keys = [
                ("lacking", rules(&lacking, &others)),
                ("having", rules(&having, &[scope])),
            ];
            config.access.keys = keys.map(|(name, key)| (name.to_owned(), key)).into();
        });
        let path = served(route);
        let ask = |key: &NewKey| app.send(route.method, &path, &[("x-api-key", key.reveal())], b"");
        let problem = ask(&lacking).problem("forbidden");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("`{scope}`")), "{path}: {detail}");
        let status = ask(&having).status;
        assert!(![401, 403, 429].contains(&status), "{path}: {status}");
        // A key that may do this learns of other paths that they are not there.
        let key = format!("Bearer {}", lacking.reveal());
        self::ask(&app, "GET", "/v1/none", &key).problem("not_found");
    }
}

#[test]
fn a_key_that_sends_too_many_is_told_when_to_come_again() {
    let (app, key) = keyed(|mobile, _| {
        mobile.requests_per_second = Some(0.01);
        mobile.burst = Some(3);
        mobile.requests_per_day = Some(1_000);
    });
    for left in [2, 1, 0] {
        let reply = ask(&app, "GET", "/v1/judges/technical-quality", &key);
        assert_eq!(reply.status, 200);
        let limit = &reply.headers["ratelimit"];
        assert!(
            limit.starts_with(&format!("\"rate\";r={left};t=")),
            "{limit}"
        );
        assert!(
            limit.contains(&format!("\"day\";r={};t=", 997 + left)),
            "{limit}"
        );
        let policy = &reply.headers["ratelimit-policy"];
        assert_eq!(policy, "\"rate\";q=3;w=300, \"day\";q=1000;w=86400");
    }
    let refused = ask(&app, "GET", "/v1/judges/technical-quality", &key);
    refused.problem("rate_limited");
    let wait: u64 = refused.headers["retry-after"].parse().unwrap();
    assert!((90..=100).contains(&wait), "{wait}");
    assert!(refused.headers["ratelimit"].starts_with("\"rate\";r=0;t="));
    // A refusal costs nothing of the day.
    assert!(refused.headers["ratelimit"].contains("\"day\";r=997;"));
    assert_eq!(app.get("/healthz").status, 200);
}

#[test]
fn sixty_four_clients_of_one_key_get_its_quota_and_not_one_more() {
    const QUOTA: u64 = 150;
    let (app, key) = keyed(|mobile, _| mobile.requests_per_day = Some(QUOTA));
    let (app, key) = (&app, &key);
    let served: u64 = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(move || {
                    let replies = (0..4).map(|_| ask(app, "GET", "/v1/none", key).status);
                    replies.filter(|status| *status == 404).count() as u64
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum()
    });
    assert_eq!(served, QUOTA);
    let refused = ask(app, "GET", "/v1/none", key);
    refused.problem("quota_spent");
    let wait: u64 = refused.headers["retry-after"].parse().unwrap();
    // Until midnight in UTC.
    assert!((1..=86_400).contains(&wait), "{wait}");
}

#[test]
fn a_remembered_answer_does_not_tell_another_key_what_was_asked() {
    for (share_cache, expected) in [(false, 2), (true, 1)] {
        let (one, other) = (NewKey::generate().unwrap(), NewKey::generate().unwrap());
        let backend = Gated::new(100);
        let mut config = config();
        config.access.share_cache = share_cache;
        let keys = [
            ("one", rules(&one, &Scope::ALL)),
            ("other", rules(&other, &Scope::ALL)),
        ];
        config.access.keys = keys.map(|(name, key)| (name.to_owned(), key)).into();
        let app = TestApp::start(
            engine_remembering(Arc::clone(&backend) as _, 1 << 20),
            config,
        );
        // Each operation asks about images of its own.
        for (path, images, questions) in [
            ("/v1/score", vec!["aGk="], 1),
            ("/v1/compare", vec!["aGo=", "aGs="], 2),
            ("/v1/rank", vec!["aGw=", "aG0="], 2),
        ] {
            let images = images.iter().enumerate();
            let images: Vec<_> = images
                .map(|(id, image)| json!({"base64": image, "id": id.to_string()}))
                .collect();
            let body = json!({"judge": "q-bench", "images": images}).to_string();
            let before = backend.came();
            for key in [&one, &one, &other, &other] {
                let headers = [
                    ("content-type", "application/json"),
                    ("x-api-key", key.reveal()),
                ];
                let reply = app.send("POST", path, &headers, body.as_bytes());
                assert_eq!(reply.status, 200, "{path}: {}", reply.json());
            }
            assert_eq!(backend.came() - before, expected * questions, "{path}");
        }
    }
}

#[tokio::test]
async fn a_service_without_keys_listens_where_only_this_machine_reaches_it() {
    for listen in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0", "192.0.2.1:0"] {
        let mut config = config();
        config.listen = listen.parse().unwrap();
        let started = Application::build(&config);
        assert!(
            matches!(started, Err(StartError::Unprotected { .. })),
            "{started:?}"
        );
        let message = started.unwrap_err().to_string();
        assert!(message.contains("opine keys new") && message.contains("allow_anyone"));
    }
    let mut anyone = config();
    anyone.listen = "0.0.0.0:0".parse().unwrap();
    anyone.access.allow_anyone = true;
    assert!(!Application::build(&anyone).unwrap().asks_for_keys());
    let mut keyed = config();
    keyed.listen = "0.0.0.0:0".parse().unwrap();
    let key = NewKey::generate().unwrap();
    let rules = rules(&key, &[Scope::Score]);
    keyed.access.keys = BTreeMap::from([("mobile".to_owned(), rules)]);
    assert!(Application::build(&keyed).unwrap().asks_for_keys());
    keyed.access.keys.get_mut("mobile").unwrap().scopes.clear();
    assert!(matches!(
        Application::build(&keyed),
        Err(StartError::Access(_))
    ));
}

#[test]
fn the_document_names_the_scope_of_every_route_and_what_happens_without_it() {
    for route in &ROUTES {
        let operation = &paths()[route.path][route.method.to_ascii_lowercase()];
        let responses = &operation["responses"];
        match route.needs {
            Needs::Nothing => {
                assert_eq!(operation["security"], json!([]), "{}", route.path);
                assert!(responses.get("401").is_none());
            }
            Needs::Key(scope) => {
                assert_eq!(operation["x-scope"], scope.name(), "{}", route.path);
                assert!(operation.get("security").is_none());
                for (status, code) in [
                    ("401", "missing_key"),
                    ("403", "forbidden"),
                    ("429", "rate_limited"),
                ] {
                    let response = resolve(&responses[status]);
                    let examples = &response["content"]["application/problem+json"]["examples"];
                    assert!(examples.get(code).is_some(), "{} has no {code}", route.path);
                }
            }
        }
    }
}
