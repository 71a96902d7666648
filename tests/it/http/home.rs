//! A service without keys, called by programs of this machine and by pages of other sites.

use opine::access::{NewKey, Scope};
use opine::config::KeyConfig;
use opine::http::{Needs, ROUTES};

use crate::support::app::{Reply, TestApp, shared};

/// A request with these lines in its head.
fn send(app: &TestApp, method: &str, target: &str, lines: &[&str]) -> Reply {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!("{method} {target} HTTP/1.1\r\n{lines}Content-Length: 0\r\n\r\n");
    app.send_raw(head.as_bytes())
}

#[test]
fn a_name_that_was_made_to_lead_here_is_refused_on_every_route() {
    let app = shared();
    let mut refused = 0;
    for route in &ROUTES {
        let path = route.path.replace("{id}", "technical-quality");
        let rebound = send(app, route.method, &path, &["Host: evil.test:8080"]);
        if route.needs == Needs::Nothing {
            assert!([200, 503].contains(&rebound.status), "{path}");
            continue;
        }
        rebound.problem("foreign_host");
        assert_eq!(rebound.status, 403);
        let across = ["Host: localhost", "Origin: https://evil.test"];
        send(app, route.method, &path, &across).problem("foreign_origin");
        refused += 1;
    }
    assert!(refused > 10);
    // What is not in the table as well.
    send(app, "GET", "/v1/none", &["Host: evil.test"]).problem("foreign_host");
}

#[test]
fn this_machine_is_served_by_all_of_its_names_and_its_own_pages() {
    let app = shared();
    for host in [
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]:8080",
        "a.localhost",
    ] {
        let host = format!("Host: {host}");
        assert_eq!(
            send(app, "GET", "/v1/judges", &[&host]).status,
            200,
            "{host}"
        );
    }
    for origin in [
        "http://localhost:3000",
        "https://127.0.0.1",
        "http://[::1]:5173",
    ] {
        let origin = format!("Origin: {origin}");
        let lines = ["Host: localhost", origin.as_str()];
        assert_eq!(
            send(app, "GET", "/v1/judges", &lines).status,
            200,
            "{origin}"
        );
    }
    for origin in [
        "null",
        "http://evil.test",
        "http://localhost.evil.test",
        "file://",
        "evil.test/",
        "",
        "http://192.168.0.1",
    ] {
        let origin = format!("Origin: {origin}");
        send(app, "GET", "/v1/judges", &["Host: localhost", &origin]).problem("foreign_origin");
    }
    for host in [
        "localhost@evil.test",
        "evil.test#localhost",
        "localhost.evil.test",
        "0.0.0.0",
        "[::]",
    ] {
        // What is no host at all the HTTP library refuses with no body.
        let host = format!("Host: {host}");
        let status = send(app, "GET", "/v1/judges", &[&host]);
        status.problem("foreign_host");
    }
    // The target may name a host, and a second `Host` is none.
    send(
        app,
        "GET",
        "http://evil.test/v1/judges",
        &["Host: localhost"],
    )
    .problem("foreign_host");
}

#[test]
fn a_host_that_is_named_is_served_and_keys_make_any_name_right() {
    let app = TestApp::with(|config| config.access.hosts = vec!["judge.example".into()]);
    let lines = ["Host: judge.example", "Origin: https://judge.example"];
    assert_eq!(send(&app, "GET", "/v1/judges", &lines).status, 200);
    send(&app, "GET", "/v1/judges", &["Host: other.example"]).problem("foreign_host");
    let key = NewKey::generate().unwrap();
    let app = TestApp::with(|config| {
        let reader = KeyConfig {
            digest: key.digest(),
            scopes: vec![Scope::Read],
            requests_per_second: None,
            burst: None,
            requests_per_day: None,
        };
        config.access.keys = [("reader".to_owned(), reader)].into();
    });
    let shown = format!("X-API-Key: {}", key.reveal());
    let lines = ["Host: evil.test", "Origin: https://evil.test", &shown];
    assert_eq!(send(&app, "GET", "/v1/judges", &lines).status, 200);
}
