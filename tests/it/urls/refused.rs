//! What is refused before anything is dialled, on every path that takes a URL.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;

use opine::config::{Config, UrlsConfig};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Scripted, read, rules};
use crate::command::{json_lines, opine};
use crate::support::app::{TestApp, config};
use crate::support::scripted::nobody;

#[derive(Deserialize)]
struct Golden {
    origin: String,
    listed: toml::Table,
    addresses: toml::Table,
    expected: BTreeMap<String, Vec<String>>,
}

/// An open port of this machine, the configuration for it, and every URL with its expected code.
struct Table {
    listener: TcpListener,
    urls: UrlsConfig,
    text: String,
    cases: Vec<(String, String)>,
}

impl Table {
    fn read() -> Self {
        let golden: Golden = toml::from_str(include_str!("../../golden/urls.toml")).unwrap();
        assert!(!golden.origin.is_empty());
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let cases = golden.expected.into_iter().flat_map(|(code, urls)| {
            let port = port.clone();
            urls.into_iter()
                .map(move |url| (url.replace("PORT", &port), code.clone()))
        });
        let urls = toml::Table::from_iter([
            ("http".to_owned(), toml::Value::Boolean(true)),
            (
                "ports".to_owned(),
                toml::Value::Array(vec![port.parse::<i64>().unwrap().into()]),
            ),
            ("hosts".to_owned(), golden.listed["hosts"].clone()),
            ("images_per_second".to_owned(), toml::Value::Float(10_000.0)),
            ("addresses".to_owned(), golden.addresses.into()),
        ]);
        let images = toml::Table::from_iter([("urls".to_owned(), urls.clone().into())]);
        let whole = toml::Table::from_iter([("images".to_owned(), toml::Value::from(images))]);
        let text = toml::to_string(&whole).unwrap();
        Table {
            cases: cases.collect(),
            urls: urls.try_into().unwrap(),
            text,
            listener,
        }
    }

    /// Holds results against the table; nobody may have come to the open port.
    fn check(&self, results: &[Value], sent: impl Fn(&str) -> bool) {
        let cases = self.cases.iter().filter(|(url, _)| sent(url));
        let mut checked = 0;
        for (result, (url, code)) in results.iter().zip(cases) {
            assert_eq!(result["reason"], json!(code), "{url:?}: {result}");
            assert_eq!(result["status"], "unscored");
            let detail = result["detail"].as_str().unwrap();
            assert!(
                !detail.contains("secret") && !detail.contains(".test"),
                "{detail}"
            );
            checked += 1;
        }
        assert!(checked > 80 && checked == results.len(), "{checked}");
        assert_eq!(
            self.listener.accept().unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    }

    fn app(&self) -> TestApp {
        TestApp::with(|config: &mut Config| config.images.urls = self.urls.clone())
    }
}

#[test]
fn no_address_inside_is_dialled_from_json() {
    let table = Table::read();
    let images = table.cases.iter().map(|(url, _)| json!({"url": url}));
    let body = json!({"judge": "brightness", "images": images.collect::<Vec<_>>()});
    table.check(&table.app().score(&body).results(), |_| true);
}

#[test]
fn no_address_inside_is_dialled_from_a_form() {
    let table = Table::read();
    let judge: (&str, Option<&str>, &[u8]) = ("judge", None, b"brightness");
    // Blanks around the text of a part are no part of it.
    let sent = |url: &str| url.trim() == url;
    let urls = table.cases.iter().filter(|(url, _)| sent(url));
    let urls = urls.map(|(url, _)| ("image_url", None, url.as_bytes()));
    let parts: Vec<_> = [judge].into_iter().chain(urls).collect();
    table.check(&table.app().score_form(&parts).results(), sent);
}

#[test]
fn no_address_inside_is_dialled_from_the_command_line() {
    let table = Table::read();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opine.toml");
    std::fs::write(&path, &table.text).unwrap();
    // What does not begin like a URL is a file there, and no argument holds a zero.
    let sent = |url: &str| {
        url.to_ascii_lowercase().starts_with("http") && url.contains("://") && !url.contains('\0')
    };
    let urls = table.cases.iter().filter(|(url, _)| sent(url));
    let mut arguments = vec!["score", "--json", "--config", path.to_str().unwrap()];
    arguments.extend(urls.map(|(url, _)| url.as_str()));
    let output = opine(Path::new(env!("CARGO_MANIFEST_DIR")), &arguments);
    assert_eq!(output.status.code(), Some(1));
    table.check(&json_lines(&output), sent);
}

#[test]
fn without_hosts_no_url_is_read_and_neighbours_are_scored() {
    let app = TestApp::with(|_| {});
    let picture = crate::support::png::gray(200);
    let url: (&str, Option<&str>, &[u8]) = ("image_url", None, b"https://images.example.org/a.png");
    let judge: (&str, Option<&str>, &[u8]) = ("judge", None, b"brightness");
    let results = app
        .score_form(&[judge, url, ("image", None, &picture)])
        .results();
    assert_eq!(results[0]["reason"], "image_url_off");
    assert_eq!(results[1]["status"], "scored");
    assert!(config().images.urls.hosts.is_empty() && !config().images.urls.allow_loopback);
}

#[test]
fn a_refused_address_a_closed_port_and_a_name_that_is_none_are_told_alike() {
    let open = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    open.set_nonblocking(true).unwrap();
    let lookup = || {
        Scripted::new(&[
            ("inside.test", &[&["127.0.0.1"]]),
            ("ten.test", &[&["10.0.0.1"]]),
        ])
    };
    let hosts = ["inside.test", "ten.test", "none.test", "127.0.0.1"];
    let mut told = Vec::new();
    // Without leave to dial this machine an open port and a closed one are the same: neither is tried.
    let open_port = open.local_addr().unwrap().port();
    let closed = nobody();
    let closed_port = closed.rsplit(':').next().unwrap().parse().unwrap();
    for port in [open_port, closed_port] {
        for host in hosts {
            let mut rules = rules(&hosts, port);
            rules.allow_loopback = false;
            told.push(read(rules, lookup(), &format!("http://{host}:{port}/")).unwrap_err());
        }
    }
    assert_eq!(open.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    // A host outside that nobody answers for is told in the same words.
    told.push(read(rules(&hosts, closed_port), lookup(), &closed).unwrap_err());
    assert!(told.iter().all(|error| *error == told[0]), "{told:?}");
    assert!(told[0].may_pass());
}
