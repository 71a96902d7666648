//! An image by URL is the image itself, whichever way it is named; and no proxy of the environment is used.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use opine::config::{Config, UrlsConfig};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::png;
use crate::support::scripted::{Play, Scripted};

/// A host of pictures: `/light` and `/dark` are there, `/busy` fails, and nothing else is there.
fn host() -> Scripted {
    Scripted::start(|asked| {
        let picture = |gray| Play::Reply {
            status: 200,
            headers: vec![("content-type".into(), "image/png".into())],
            body: png::gray(gray),
        };
        match asked.path.as_str() {
            "/light" => picture(200),
            "/dark" => picture(60),
            "/busy" => Play::status(503, ""),
            "/moved" => Play::status(302, "").with_header("location", "/light"),
            "/text" => Play::status(200, "hello"),
            _ => Play::status(404, ""),
        }
    })
}

fn allowed(host: &Scripted) -> UrlsConfig {
    UrlsConfig {
        hosts: vec!["images.test".into()],
        http: true,
        ports: vec![host.address.port()],
        addresses: [("images.test".into(), vec![host.address.ip()])].into(),
        allow_loopback: true,
        ..UrlsConfig::default()
    }
}

fn app(host: &Scripted, change: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::with(|config| {
        config.images.urls = allowed(host);
        change(config);
    })
}

fn url(host: &Scripted, path: &str) -> String {
    format!("http://images.test:{}{path}", host.address.port())
}

fn outcomes(results: &[Value]) -> Vec<&str> {
    let outcome = |result: &'_ Value| -> &'static str {
        match result["reason"].as_str() {
            None => "scored",
            Some(reason) => Box::leak(reason.to_owned().into_boxed_str()),
        }
    };
    results.iter().map(outcome).collect()
}

#[test]
fn an_image_by_url_is_scored_like_its_bytes_beside_those_that_did_not_come() {
    let host = host();
    let app = app(&host, |_| {});
    let link = |path: &str| json!({"url": url(&host, path)});
    let images = [
        link("/light"),
        json!({"base64": BASE64_STANDARD.encode(png::gray(200)), "id": "here"}),
        link("/none"),
        link("/busy"),
        link("/moved"),
        link("/text"),
        json!({"url": url(&host, "/dark"), "id": "dark"}),
    ];
    let results = app
        .score(&json!({"judge": "brightness", "images": images}))
        .results();
    assert_eq!(
        outcomes(&results),
        [
            "scored",
            "scored",
            "image_url_refused",
            "image_url_failed",
            "scored",
            "image_unsupported_format",
            "scored"
        ]
    );
    assert_eq!(results[0]["score"], results[1]["score"]);
    assert_eq!(
        results[0]["provenance"]["image"],
        results[4]["provenance"]["image"]
    );
    assert_eq!(results[0]["image"], "0");
    assert_eq!(results[6]["image"], "dark");
    assert!(results[2]["detail"].as_str().unwrap().contains("404"));
}

#[test]
fn a_form_and_the_other_operations_read_the_same_urls() {
    let host = host();
    let app = app(&host, |_| {});
    let (light, dark) = (url(&host, "/light"), url(&host, "/dark"));
    let picture = png::gray(60);
    let judge: (&str, Option<&str>, &[u8]) = ("judge", None, b"brightness");
    let results = app
        .score_form(&[
            ("image_url", None, light.as_bytes()),
            ("image", Some("dark.png"), &picture),
            judge,
            ("image_url", None, dark.as_bytes()),
        ])
        .results();
    assert_eq!(outcomes(&results), ["scored"; 3]);
    let names: Vec<_> = results.iter().map(|result| &result["image"]).collect();
    assert_eq!(names, ["0", "dark.png", "2"]);
    assert_eq!(results[1]["score"], results[2]["score"]);
    let images = json!([{"url": light, "id": "light"}, {"url": dark, "id": "dark"}]);
    let body = json!({"judge": "brightness", "images": images}).to_string();
    let headers = [("content-type", "application/json")];
    let compared = app
        .send("POST", "/v1/compare", &headers, body.as_bytes())
        .json();
    assert_eq!(compared["result"]["preference"], "first");
    let ranked = app
        .send("POST", "/v1/rank", &headers, body.as_bytes())
        .json();
    assert_eq!(ranked["items"][0]["item"], "light");
}

#[test]
fn the_images_of_a_request_have_a_budget_together() {
    let host = host();
    let picture = png::gray(200).len();
    let app = app(&host, |config| {
        config.limits.request_bytes = picture * 2 + picture / 2;
    });
    let images = vec![json!({"url": url(&host, "/light")}); 3];
    let body = json!({"judge": "brightness", "images": images}).to_string();
    assert!(
        body.len() < picture * 2,
        "the body itself is within the limit"
    );
    let results = app.score_text(&body).results();
    let mut outcomes = outcomes(&results);
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["image_too_many_bytes", "scored", "scored"]);
}

#[test]
fn no_proxy_of_the_environment_is_used() {
    let host = host();
    let proxy = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    proxy.set_nonblocking(true).unwrap();
    let proxy_url = format!("http://{}", proxy.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("opine.toml");
    let port = host.address.port();
    let text = format!(
        "[images.urls]\nhosts = ['images.test']\nhttp = true\nports = [{port}]\nallow_loopback = true\n\
         addresses = {{ 'images.test' = ['127.0.0.1'] }}\n"
    );
    std::fs::write(&config, text).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_opine"));
    command
        .args([
            "score",
            "--json",
            "--config",
            config.to_str().unwrap(),
            &url(&host, "/light"),
        ])
        .current_dir(root)
        .env("ORT_DYLIB_PATH", root.join(".ort/libonnxruntime.so"));
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command
            .env(name, &proxy_url)
            .env(name.to_ascii_lowercase(), &proxy_url);
    }
    let output = command.output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(host.count(), 1);
    assert_eq!(proxy.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
