//! The commands of the README, run as they stand there.
//!
//! `opine` lines run the built program; `curl` lines are sent to a service of this test, so that no `curl` is
//! needed; `make` lines are named here and must be targets of the Makefile, which the tests themselves run under.

use std::collections::BTreeMap;
use std::path::Path;

use crate::command::{opine, stderr};
use crate::support::app::shared;

const README: &str = include_str!("../../README.md");
const MAKEFILE: &str = include_str!("../../Makefile");

/// Lines of the blocks that are marked as commands.
fn commands() -> Vec<&'static str> {
    let mut lines = Vec::new();
    for block in README.split("```sh\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        lines.extend(block.lines().filter(|line| !line.is_empty()));
    }
    lines
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What the flags of a `curl` line ask for: form fields and the address.
struct Curl<'a> {
    form: Vec<(&'a str, &'a str)>,
    path: &'a str,
}

fn curl(line: &str) -> Curl<'_> {
    let mut words = line.split_whitespace().skip(1);
    let mut curl = Curl {
        form: vec![],
        path: "",
    };
    while let Some(word) = words.next() {
        match word {
            "-s" => {}
            "-F" => curl
                .form
                .push(words.next().unwrap().split_once('=').unwrap()),
            address => curl.path = address.strip_prefix("http://127.0.0.1:8080").unwrap(),
        }
    }
    curl
}

fn send(line: &str) {
    let curl = curl(line);
    if curl.form.is_empty() {
        let reply = shared().get(curl.path);
        assert_eq!(reply.status, 200, "{line}");
        return;
    }
    let files: BTreeMap<&str, Vec<u8>> = curl
        .form
        .iter()
        .filter_map(|(_, value)| value.strip_prefix('@'))
        .map(|file| (file, std::fs::read(root().join(file)).unwrap()))
        .collect();
    let parts: Vec<(&str, Option<&str>, &[u8])> = curl
        .form
        .iter()
        .map(|(name, value)| match value.strip_prefix('@') {
            Some(file) => (*name, Some(file), files[file].as_slice()),
            None => (*name, None, value.as_bytes()),
        })
        .collect();
    assert_eq!(curl.path, "/v1/score");
    let reply = shared().score_form(&parts);
    assert_eq!(reply.status, 200, "{line}");
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let results = body["results"].as_array().unwrap();
    assert_eq!(results.len(), files.len());
    assert!(
        results.iter().all(|result| result["status"] == "scored"),
        "{body}"
    );
}

#[test]
fn every_command_of_the_readme_works() {
    let commands = commands();
    assert!(commands.len() >= 8, "the README has lost its commands");
    for line in commands {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "make" => {
                let target = format!("\n{}:", words[1]);
                assert!(
                    MAKEFILE.contains(&target),
                    "the Makefile has no `{}`",
                    words[1]
                );
            }
            "opine" => {
                let output = opine(root(), &words[1..]);
                assert_eq!(output.status.code(), Some(0), "{line}: {}", stderr(&output));
                assert!(!output.stdout.is_empty(), "{line}");
            }
            "curl" => send(line),
            other => panic!("no rule runs `{other}`: {line}"),
        }
    }
}

#[test]
fn every_test_that_the_page_of_the_tests_names_is_there() {
    let page = std::fs::read_to_string(root().join("tests/README.md")).unwrap();
    let mut named = 0;
    for (file, test) in page.split('`').filter_map(|words| words.split_once("::")) {
        let source = std::fs::read_to_string(root().join(file));
        let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
        let is_there = source.contains(&format!("fn {test}("));
        assert!(is_there, "`{file}` has no test `{test}`");
        named += 1;
    }
    assert!(named > 40, "{named}");
}

#[test]
fn every_link_of_the_readme_is_a_file() {
    for link in README
        .split("](")
        .skip(1)
        .map(|rest| rest.split_once(')').unwrap().0)
    {
        assert!(root().join(link).exists(), "the README links to `{link}`");
    }
}
