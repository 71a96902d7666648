//! Every route that takes images takes them by URL, from the one reader: what it refuses is dialled on none of them.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use opine::config::UrlsConfig;
use opine::fetch::{ByteBudget, UrlReader};
use serde_json::{Value, json};

use super::{Scripted, rules};
use crate::jobs::{path, rested, submit};
use crate::remote::systemone::decide;
use crate::support::app::TestApp;
use crate::support::png;
use crate::support::policies::BRIGHT;
use crate::support::scripted::{Play, Scripted as Server, nobody};
use crate::support::served::Served;

fn picture() -> Play {
    Play::Reply {
        status: 200,
        headers: vec![("content-type".into(), "image/png".into())],
        body: png::gray(200),
    }
}

fn host() -> Server {
    Server::always(picture())
}

/// Bodies that each route accepts, over images by these URLs.
fn bodies(url: &str) -> Vec<(&'static str, Value)> {
    let image = |id: &str| json!({"id": id, "url": url});
    let one = json!([image("one")]);
    let two = json!([image("one"), image("two")]);
    let questions = json!({"questions": [{"id": "1", "question": "Is there a fox?"}]});
    vec![
        ("/v1/score", json!({"judge": "brightness", "images": one})),
        ("/v1/compare", json!({"judge": "brightness", "images": two})),
        ("/v1/rank", json!({"judge": "brightness", "images": two})),
        ("/v1/best-of", json!({"judge": "brightness", "images": two})),
        ("/v1/gate", json!({"policy": "bright", "images": one})),
        (
            "/v1/choose",
            json!({"judge": "choose@decider", "question": "Is there a fox?", "images": one}),
        ),
        (
            "/v1/evaluate",
            json!({"judge": "choose@decider", "prompt": "a fox", "method": "mean", "questions": questions, "images": one}),
        ),
    ]
}

#[test]
fn what_is_refused_is_dialled_on_no_route() {
    let (host, decider) = (host(), Server::start(decide));
    let inside = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    inside.set_nonblocking(true).unwrap();
    let inside_port = inside.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bright.toml"), BRIGHT).unwrap();
    let table = format!(
        "kind = 'systemone'\nurl = '{}'\nmodel = 'm'\n",
        decider.url("/v1")
    );
    let app = TestApp::with(|config| {
        config.gates.folder = Some(folder.path().to_owned());
        config.data.folder = Some(folder.path().join("data"));
        config
            .backends
            .insert("decider".into(), toml::from_str(&table).unwrap());
        config.images.urls = UrlsConfig {
            hosts: vec!["images.test".into(), "ten.test".into(), "10.0.0.1".into()],
            http: true,
            ports: vec![host.address.port(), inside_port],
            addresses: BTreeMap::from([
                ("images.test".into(), vec![host.address.ip()]),
                ("ten.test".into(), vec!["10.0.0.1".parse().unwrap()]),
            ]),
            allow_loopback: true,
            ..UrlsConfig::default()
        };
    });
    let send = |path: &str, body: &Value| {
        let headers = [("content-type", "application/json")];
        let reply = app.send("POST", path, &headers, body.to_string().as_bytes());
        assert!(reply.status < 500, "{path}: {}", reply.json());
        String::from_utf8(reply.body).unwrap()
    };
    // The route reads URLs, so that what it does not read it was kept from.
    let good = format!("http://images.test:{}/a", host.address.port());
    for (path, body) in bodies(&good) {
        let before = host.count();
        let said = send(path, &body);
        assert!(
            host.count() > before && !said.contains("image_url"),
            "{path}: {said}"
        );
    }
    let mut fetched = host.count();
    let refused = [
        format!("http://127.0.0.1:{inside_port}/"),
        format!("http://2130706433:{inside_port}/"),
        format!("http://[::ffff:127.0.0.1]:{inside_port}/"),
        format!("http://ten.test:{inside_port}/"),
        format!("http://10.0.0.1:{inside_port}/"),
        format!("http://images.test@127.0.0.1:{inside_port}/"),
        "file:///etc/passwd".to_owned(),
    ];
    for url in &refused {
        for (path, body) in bodies(url) {
            let said = send(path, &body);
            // A gate does not tell how its inputs failed, and neither does it accept them.
            let told = said.contains("image_url_") || said.contains("undecodable");
            assert!(told && !said.contains("\"accept\""), "{path} {url}: {said}");
        }
    }
    let lines: String = (refused.iter().enumerate())
        .map(|(place, url)| json!({"id": place.to_string(), "url": url}))
        .chain([json!({"id": "good", "url": good})])
        .map(|line| format!("{line}\n"))
        .collect();
    let reply = submit(&app, "operation=score&judge=brightness", lines.as_bytes());
    let job = path(&reply);
    assert_eq!(rested(&app, &job)["state"], "finished");
    let results = app.get(&format!("{job}/results"));
    for line in results.lines() {
        if line["id"] == "good" {
            assert_eq!(line["status"], "done", "{line}");
        } else {
            assert!(line.to_string().contains("image_url_"), "{line}");
        }
    }
    fetched += 1;
    assert_eq!(inside.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(host.count(), fetched);
}

#[test]
fn a_job_asks_a_host_again_that_may_answer_another_time() {
    let asked = AtomicUsize::new(0);
    let host = Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => Play::status(503, "later"),
        _ => picture(),
    });
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::with(|config| {
        config.data.folder = Some(folder.path().join("data"));
        config.images.urls = UrlsConfig {
            hosts: vec!["images.test".into()],
            http: true,
            ports: vec![host.address.port()],
            addresses: BTreeMap::from([("images.test".into(), vec![host.address.ip()])]),
            allow_loopback: true,
            ..UrlsConfig::default()
        };
    });
    let line = json!({"url": format!("http://images.test:{}/a", host.address.port())});
    let reply = submit(
        &app,
        "operation=score&judge=brightness",
        line.to_string().as_bytes(),
    );
    assert_eq!(rested(&app, &path(&reply))["items"]["done"], 1);
    assert_eq!(host.count(), 2);
}

#[test]
fn a_service_uses_no_proxy_of_its_environment_for_images_or_engines() {
    let (host, decider, proxy) = (host(), Server::start(decide), Server::start(decide));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("opine.toml");
    let text = format!(
        "[backends.decider]\nkind = 'systemone'\nurl = '{}'\nmodel = 'm'\n\
         [images.urls]\nhosts = ['images.test']\nhttp = true\nports = [{}]\nallow_loopback = true\n\
         addresses = {{ 'images.test' = ['127.0.0.1'] }}\n",
        decider.url("/v1"),
        host.address.port()
    );
    std::fs::write(&file, text).unwrap();
    let served = Served::start_with(
        |program| {
            for name in ["http_proxy", "https_proxy", "all_proxy"] {
                program
                    .env(name, proxy.url("/"))
                    .env(name.to_ascii_uppercase(), proxy.url("/"));
            }
            program.env_remove("NO_PROXY").env_remove("no_proxy");
        },
        &["--config", file.to_str().unwrap()],
    );
    let url = format!("http://images.test:{}/a", host.address.port());
    let body = json!({"judge": "q-bench@decider", "images": [{"url": url}]}).to_string();
    let headers = [("content-type", "application/json")];
    let reply = served.send("POST", "/v1/score", &headers, body.as_bytes());
    assert_eq!(reply.unwrap().results()[0]["status"], "scored");
    assert_eq!((host.count(), proxy.count()), (1, 0));
    assert!(decider.count() > 0);
}

/// The middle of so many times, each of one URL that is refused.
async fn time(reader: &UrlReader, url: &str, times: usize) -> Vec<Duration> {
    let budget = ByteBudget::new(1 << 20);
    let mut all = Vec::with_capacity(times);
    for _ in 0..times {
        let began = Instant::now();
        reader.read(url, &budget).await.unwrap_err();
        all.push(began.elapsed());
    }
    all
}

#[tokio::test]
async fn the_time_of_a_refusal_does_not_tell_whether_a_port_inside_is_open() {
    let open = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    open.set_nonblocking(true).unwrap();
    let closed = nobody();
    let ports = [
        open.local_addr().unwrap().port(),
        closed.rsplit(':').next().unwrap().parse().unwrap(),
    ];
    for name in ["127.0.0.1", "inside.test"] {
        let mut rules = rules(&[name], ports[0]);
        rules.ports = ports.to_vec();
        rules.allow_loopback = false;
        rules.rate = opine::access::Rate::new(1e6, 1_000_000).unwrap();
        let lookup = Scripted::new(&[("inside.test", &[&["127.0.0.1"]])]);
        let reader = UrlReader::new(rules, lookup).unwrap();
        let mut times = [Vec::new(), Vec::new()];
        // In turns, so that what else the machine does falls on both.
        for _ in 0..20 {
            for (port, times) in ports.iter().zip(&mut times) {
                times.extend(time(&reader, &format!("http://{name}:{port}/"), 20).await);
            }
        }
        let [one, other] = times.map(|mut times| {
            times.sort_unstable();
            times[times.len() / 2]
        });
        // To dial one of them would take several times as long.
        let (least, most) = (one.min(other), one.max(other));
        let slack = Duration::from_micros(20);
        assert!(
            most < least.mul_f64(1.5) + slack,
            "{name}: {one:?} {other:?}"
        );
    }
    assert_eq!(open.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
