//! Requests, from the examples of the contract.

use std::path::Path;

use serde_json::Value;

use super::{changed, disturbed};
use crate::remote::systemone::decide;
use crate::support::app::TestApp;
use crate::support::contract::{paths, resolve};
use crate::support::lots::Lots;
use crate::support::policies::BRIGHT;
use crate::support::scripted::Scripted;

/// Changed copies of each example, as a value and as a text.
const COPIES: usize = 8;

/// Every example of a request in JSON, with its path.
fn examples() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (path, item) in paths() {
        let content = &item["post"]["requestBody"]["content"]["application/json"];
        for example in content["examples"].as_object().into_iter().flatten() {
            // The backends that they name are those of somebody else.
            let text = resolve(example.1)["value"].to_string();
            let text = text.replace("@llava", "@here").replace("@llama", "@here");
            let value = serde_json::from_str(&text).unwrap();
            found.push((path.replace("{id}", "technical-quality"), value));
        }
    }
    found
}

/// A service that knows what the examples name.
fn app(engine: &Scripted, folder: &Path) -> TestApp {
    let table = format!(
        "kind = 'systemone'\nurl = '{}'\nmodel = 'm'\n",
        engine.url("/v1")
    );
    let policy = BRIGHT.replace("\"bright\"", "\"portrait\"");
    std::fs::write(folder.join("portrait.toml"), policy).unwrap();
    TestApp::with(|config| {
        config.gates.folder = Some(folder.to_owned());
        config
            .backends
            .insert("here".into(), toml::from_str(&table).unwrap());
    })
}

fn post(app: &TestApp, path: &str, body: &[u8]) -> u16 {
    let headers = [("content-type", "application/json")];
    // The client holds every reply against the contract.
    app.send("POST", path, &headers, body).status
}

#[test]
fn no_changed_example_is_a_fault_of_ours() {
    let (examples, engine) = (examples(), Scripted::start(decide));
    let folder = tempfile::tempdir().unwrap();
    let app = app(&engine, folder.path());
    assert!(examples.len() > 10, "{}", examples.len());
    let mut lots = Lots(0x0a9e_57ed);
    let (mut refused, mut done) = (0, 0);
    for (path, example) in &examples {
        for _ in 0..COPIES {
            let value = disturbed(example, &mut lots);
            let value = match lots.below(3) {
                0 => disturbed(&value, &mut lots),
                _ => value,
            };
            let status = post(&app, path, value.to_string().as_bytes());
            assert!(status < 500, "{path} {status}: {value}");
            match status {
                200 => done += 1,
                _ => refused += 1,
            }
            let text = changed(example.to_string().as_bytes(), &mut lots);
            let status = post(&app, path, &text);
            let shown = String::from_utf8_lossy(&text);
            assert!(status < 500, "{path} {status}: {shown}");
        }
    }
    assert!(refused > 20 && done > 10, "{refused} {done}");
}
