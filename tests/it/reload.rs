//! Cards and maps read again by a service at work: all or none, and no model twice.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, mpsc};

use opine::assemble::{Opening, assemble, open};
use serde_json::{Value, json};

use crate::serve::Served;
use crate::support::app::{TestApp, config, fixtures};
use crate::support::backends::{Gated, engine_with};
use crate::support::png;

/// A folder with a copy of the judge `brightness`, and the path of its card.
fn judges() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["card.toml", "model.onnx"] {
        let from = fixtures("judges/brightness").join(file);
        std::fs::create_dir_all(folder.path().join("cards/brightness")).unwrap();
        std::fs::copy(from, folder.path().join("cards/brightness").join(file)).unwrap();
    }
    folder
}

fn change_card(folder: &Path, from: &str, to: &str) {
    let card = folder.join("cards/brightness/card.toml");
    let text = std::fs::read_to_string(&card).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(card, text.replace(from, to)).unwrap();
}

fn with_judges(folder: &Path) -> TestApp {
    TestApp::with(|config| config.judges.folders = vec![folder.join("cards")])
}

fn reload(app: &TestApp) -> crate::support::app::Reply {
    app.send("POST", "/v1/reload", &[], b"")
}

fn card(app: &TestApp) -> Value {
    let picture = png::gray(200);
    let parts: [(&str, Option<&str>, &[u8]); 2] = [
        ("judge", None, b"brightness"),
        ("image", Some("x"), &picture),
    ];
    app.score_form(&parts).results()[0]["provenance"]["card"].clone()
}

#[test]
fn a_changed_card_is_taken_and_a_broken_one_leaves_all_as_it_was() {
    let folder = judges();
    let app = with_judges(folder.path());
    let first = card(&app);
    let same = reload(&app);
    assert_eq!((same.status, &same.json()["changed"]), (200, &json!([])));
    change_card(folder.path(), "worth = 0.75", "worth = 0.7");
    let changed = reload(&app).json();
    assert_eq!(changed["changed"], json!(["brightness"]), "{changed}");
    let second = card(&app);
    assert_ne!(first, second);
    assert_eq!(app.get("/v1/judges/brightness").json()["card"], second);

    change_card(folder.path(), "worth = 0.7", "wroth = 0.7");
    let refused = reload(&app).problem("reload_refused");
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("card.toml") && detail.contains("wroth"),
        "{refused}"
    );
    assert_eq!(card(&app), second);
    change_card(folder.path(), "wroth = 0.7", "worth = 0.7");

    // A model that was good and no longer is one is refused as well.
    let model = folder.path().join("cards/brightness/model.onnx");
    let bytes = std::fs::read(&model).unwrap();
    std::fs::write(&model, b"garbage").unwrap();
    let refused = reload(&app).problem("reload_refused");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("judge `brightness`"),
        "{refused}"
    );
    assert_eq!(card(&app), second);
    std::fs::write(&model, bytes).unwrap();

    // And so is a map.
    std::fs::remove_dir_all(folder.path().join("cards/brightness")).unwrap();
    let removed = reload(&app).json();
    assert_eq!(removed["removed"], json!(["brightness"]));
    assert_eq!(app.get("/v1/judges/brightness").status, 404);
}

#[test]
fn a_broken_map_leaves_cards_and_maps_as_they_were() {
    let folder = judges();
    let maps = folder.path().join("maps");
    std::fs::create_dir(&maps).unwrap();
    let app = TestApp::with(|config| {
        config.judges.folders = vec![folder.path().join("cards")];
        config.calibration.folder = Some(maps.clone());
    });
    let first = card(&app);
    change_card(folder.path(), "worth = 0.75", "worth = 0.7");
    std::fs::write(maps.join("broken.toml"), "format = 1\n").unwrap();
    let refused = reload(&app).problem("reload_refused");
    assert!(
        refused["detail"].as_str().unwrap().contains("broken.toml"),
        "{refused}"
    );
    assert_eq!(card(&app), first);
    let good = fixtures("maps/version-1/platt.toml");
    std::fs::copy(good, maps.join("broken.toml")).unwrap();
    let taken = reload(&app).json();
    assert_eq!(
        (&taken["maps"], &taken["changed"]),
        (&json!(1), &json!(["brightness"]))
    );
    assert_ne!(card(&app), first);
}

#[test]
fn a_model_that_did_not_change_stays_open() {
    let folder = judges();
    let mut config = config();
    config.judges.folders = vec![folder.path().join("cards")];
    let before = assemble(&config).unwrap().judges();
    change_card(folder.path(), "worth = 0.75", "worth = 0.7");
    let model = folder.path().join("cards/brightness/model.onnx");
    let same = |judge: &str, after: &opine::engine::Judges| {
        let (old, new) = (before.find(judge).unwrap(), after.find(judge).unwrap());
        Arc::ptr_eq(old.backend().unwrap(), new.backend().unwrap())
    };
    let after = open(&config, Opening::Changed(&before)).unwrap().judges;
    assert!(same("brightness", &after) && same("technical-quality", &after));
    // Another file is another model, though its name is the same.
    std::fs::copy(fixtures("judges/log-brightness/model.onnx"), model).unwrap();
    let after = open(&config, Opening::Changed(&before)).unwrap();
    let opened = after
        .faults
        .is_empty()
        .then(|| same("brightness", &after.judges));
    assert_ne!(opened, Some(true));
    assert!(same("technical-quality", &after.judges));
}

#[test]
fn a_request_in_work_ends_with_what_it_began_with() {
    let backend = Gated::new(0);
    let app = TestApp::start(engine_with(Arc::clone(&backend) as _), config());
    let body = json!({"judge": "q-bench", "images": [{"base64": "aGk="}, {"base64": "aG8="}]});
    std::thread::scope(|scope| {
        let in_work = scope.spawn(|| app.score(&body));
        backend.wait_for_one();
        // The judges on disk have nobody who answers `q-bench`.
        assert_eq!(reload(&app).status, 200);
        app.score(&body).problem("judge_unavailable");
        backend.open(2);
        let results = in_work.join().unwrap().results();
        assert!(
            results.iter().all(|result| result["status"] == "scored"),
            "{results:?}"
        );
    });
}

/// One request over a connection of its own.
fn score(address: &str) -> Value {
    let picture = png::gray(200);
    let form = crate::support::app::form(&[
        ("judge", None, b"brightness"),
        ("image", Some("x"), &picture),
    ]);
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=border\r\nContent-Length: {}\r\n\r\n",
        form.len()
    )
    .unwrap();
    stream.write_all(&form).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{reply}");
    serde_json::from_str(body).unwrap()
}

#[cfg(unix)]
#[test]
fn a_hangup_reads_cards_again_and_says_what_came_of_it() {
    let folder = judges();
    let config = folder.path().join("opine.toml");
    std::fs::write(&config, "[judges]\nfolders = [\"cards\"]\n").unwrap();
    let config = config.to_str().unwrap();
    let mut served = Served::start(&["serve", "--listen", "127.0.0.1:0", "--config", config]);
    let (send, said) = mpsc::channel();
    let stderr = BufReader::new(served.child.stderr.take().unwrap());
    std::thread::spawn(move || {
        stderr
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| send.send(line))
    });
    let hang_up = |expected: &str| {
        let pid = served.child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-s", "HUP", &pid])
            .status();
        assert!(sent.unwrap().success());
        let mut lines = said.iter();
        let line = lines.find(|line| line.contains(expected));
        assert!(line.is_some(), "the service ended without `{expected}`");
    };
    let card = || score(served.address())["results"][0]["provenance"]["card"].clone();
    let first = card();
    change_card(folder.path(), "worth = 0.75", "worth = 0.7");
    hang_up("1 changed");
    let second = card();
    assert_ne!(first, second);
    change_card(folder.path(), "worth = 0.7", "wroth = 0.7");
    hang_up("stay as they were");
    assert_eq!(card(), second);
}
