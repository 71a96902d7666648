//! The architecture, held by reading the source: who may import whom, and what may stand where.
//!
//! Tests inside `src` (`#[cfg(test)]`), comments and strings are not read for imports.

mod reader;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use reader::{module_path, names, parts_named, test_modules, tokens};

/// Which part of the crate may import which others. A part that is not here may not exist.
///
/// Numbers know no judge; judging knows no I/O; nobody knows the two faces.
const ARROWS: &[(&str, &[&str])] = &[
    // Leaves.
    ("access", &[]),
    ("digest", &[]),
    ("near", &[]),
    ("stats", &[]),
    ("pixels", &[]),
    ("dataset", &[]),
    ("table", &[]),
    // The words, and what is made of them.
    ("judging", &["digest", "stats"]),
    ("card", &["digest", "judging", "pixels"]),
    ("backend", &["card", "digest", "judging", "pixels"]),
    ("calibration", &["digest", "judging", "stats", "table"]),
    // Published tables are recomputed with the recipes of the built-in cards.
    (
        "agreement",
        &["card", "dataset", "digest", "judging", "stats", "table"],
    ),
    // Votes that exist already, and the ranking that they give.
    ("ranking", &["judging", "stats", "table"]),
    ("evaluation", &["judging", "near"]),
    (
        "gate",
        &["calibration", "digest", "judging", "stats", "table"],
    ),
    // The shell around them.
    ("config", &["access", "near", "pixels"]),
    // Pictures by URL, for both faces.
    ("fetch", &["access", "backend", "judging"]),
    // What outlives the process: bytes and texts.
    ("store", &[]),
    (
        "engine",
        &[
            "backend",
            "calibration",
            "card",
            "digest",
            "evaluation",
            "gate",
            "judging",
            "near",
            "pixels",
        ],
    ),
    (
        "assemble",
        &[
            "access", "backend", "card", "config", "digest", "engine", "fetch", "pixels",
        ],
    ),
    (
        "wire",
        &[
            "backend",
            "calibration",
            "card",
            "engine",
            "evaluation",
            "gate",
            "judging",
            "ranking",
            "stats",
        ],
    ),
    // What is counted, and where traces go.
    ("metrics", &["backend", "engine", "judging"]),
    ("traces", &["backend"]),
    // Many items, asked when there is room.
    (
        "jobs",
        &[
            "calibration",
            "card",
            "digest",
            "engine",
            "evaluation",
            "fetch",
            "gate",
            "judging",
            "near",
            "ranking",
            "store",
            "wire",
        ],
    ),
    // Two thin faces of the same engine calls. The command line starts the service.
    (
        "http",
        &[
            "access",
            "agreement",
            "assemble",
            "calibration",
            "config",
            "backend",
            "engine",
            "evaluation",
            "fetch",
            "gate",
            "jobs",
            "judging",
            "metrics",
            "near",
            "ranking",
            "stats",
            "store",
            "table",
            "wire",
        ],
    ),
    (
        "cli",
        &[
            "access",
            "agreement",
            "assemble",
            "backend",
            "calibration",
            "card",
            "config",
            "digest",
            "engine",
            "evaluation",
            "gate",
            "fetch",
            "http",
            "judging",
            "pixels",
            "ranking",
            "stats",
            "table",
            "traces",
            "wire",
        ],
    ),
    ("main", &["cli"]),
];

/// Crates and modules that only one place may import.
const FENCES: &[(&str, &[&str])] = &[
    ("actix_web", &["http/"]),
    ("actix_multipart", &["http/"]),
    ("actix_http", &["http/"]),
    ("actix_service", &["http/"]),
    ("ort", &["backend/onnx/"]),
    ("moka", &["engine/cache.rs"]),
    ("prometheus_client", &["metrics/"]),
    ("image", &["pixels/"]),
    ("fast_image_resize", &["pixels/"]),
    ("reqwest", &["backend/remote/", "fetch/"]),
    ("jpeg_decoder", &["pixels/scaled.rs"]),
    ("rusqlite", &["store/"]),
    ("rustls", &["backend/remote/"]),
    ("getrandom", &["access/key.rs"]),
    ("tokenizers", &["backend/onnx/"]),
    ("minijinja", &["backend/onnx/"]),
    ("kendalls", &["stats/"]),
    ("statrs", &["stats/"]),
    ("clap", &["cli/"]),
    ("indicatif", &["cli/"]),
    // `std::env` and `env` alike; the macro `env!` reads at compile time and is no fence.
    ("env", &["config/mod.rs"]),
];

/// Crates that a part may not import at all: numbers and words have no format and no time.
const ABSENCES: &[(&str, &[&str])] = &[
    (
        "stats/",
        &["serde", "serde_json", "toml", "tokio", "futures", "tracing"],
    ),
    (
        "judging/",
        &["serde", "serde_json", "toml", "tokio", "futures", "tracing"],
    ),
    ("http/", &["ort", "image", "toml"]),
];

/// No file is longer than this.
const LINES: usize = 800;

/// Lints that `Cargo.toml` sets; the values that count as set.
const LINTS: &[(&str, &str, &str)] = &[
    ("rust", "unsafe_code", "forbid"),
    ("clippy", "unwrap_used", "deny"),
    ("clippy", "panic", "deny"),
    ("clippy", "todo", "deny"),
    ("clippy", "unimplemented", "deny"),
    ("clippy", "dbg_macro", "deny"),
    ("clippy", "print_stdout", "deny"),
    ("clippy", "print_stderr", "deny"),
    ("clippy", "allow_attributes", "deny"),
];

/// Beginnings of paths that exist on one machine only, in two halves so that this file has none.
const MACHINE_PATHS: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ho", "me/"),
    ("/ro", "ot/"),
    ("/Us", "ers/"),
    ("/tm", "p/"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file with this extension below a folder, in order: path from the folder, and text.
/// Hidden folders hold what tools install, not what we write.
fn files(folder: &Path, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if path.is_dir() && !hidden {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                found.push((name.to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// What is wrong with one file of `src`.
fn import_faults(file: &str, text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let part = module_path(file)[0];
    let mut faults = Vec::new();
    if part != "lib" {
        match ARROWS.iter().find(|(from, _)| *from == part) {
            None => faults.push(format!("{file}: `{part}` has no row in ARROWS")),
            Some((_, allowed)) => {
                let known: BTreeSet<&str> = ARROWS.iter().map(|(from, _)| *from).collect();
                for named in parts_named(file, &tokens) {
                    let foreign = named != part && known.contains(named.as_str());
                    if foreign && !allowed.contains(&named.as_str()) {
                        faults.push(format!("{file}: `{part}` may not import `{named}`"));
                    }
                }
            }
        }
    }
    for (name, places) in FENCES {
        if names(&tokens, name) && !places.iter().any(|place| file.starts_with(place)) {
            faults.push(format!("{file}: `{name}` is for {places:?} only"));
        }
    }
    for (place, absent) in ABSENCES.iter().filter(|(place, _)| file.starts_with(place)) {
        for name in absent.iter().filter(|name| names(&tokens, name)) {
            faults.push(format!("{file}: `{name}` has no place in {place}"));
        }
    }
    faults
}

/// What is wrong with the text of any file.
fn text_faults(file: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > LINES {
        faults.push(format!("{file}: {lines} lines, at most {LINES}"));
    }
    for (first, second) in MACHINE_PATHS {
        if text.contains(&format!("{first}{second}")) {
            faults.push(format!("{file}: names the machine path {first}{second}"));
        }
    }
    faults
}

#[test]
fn imports_follow_the_arrows() {
    let sources = files(&root().join("src"), "rs");
    assert!(
        sources.len() > 50,
        "only {} files were found",
        sources.len()
    );
    let tests: BTreeSet<String> = sources
        .iter()
        .flat_map(|(file, text)| {
            let mut folder = module_path(file);
            if folder == ["lib"] {
                folder.clear();
            }
            let folder: String = folder.iter().map(|step| format!("{step}/")).collect();
            let modules = test_modules(text).into_iter();
            modules.map(move |name| format!("{folder}{name}.rs"))
        })
        .collect();
    let faults: Vec<String> = sources
        .iter()
        .filter(|(file, _)| !tests.contains(file))
        .flat_map(|(file, text)| import_faults(file, text))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_are_short_and_name_no_machine() {
    let mut faults = Vec::new();
    for folder in ["src", "tests/it"] {
        for (file, text) in files(&root().join(folder), "rs") {
            faults.extend(text_faults(&format!("{folder}/{file}"), &text));
        }
    }
    for (folder, extension) in [("judges", "toml"), ("judges", "py"), ("scripts", "py")] {
        for (file, text) in files(&root().join(folder), extension) {
            let file = format!("{folder}/{file}");
            faults.extend(
                text_faults(&file, &text)
                    .into_iter()
                    .filter(|f| f.contains("machine")),
            );
        }
    }
    for file in ["Makefile", "Cargo.toml"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        faults.extend(text_faults(file, &text));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn lints_are_set() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    for (group, lint, level) in LINTS {
        let found = manifest["lints"][*group]
            .get(*lint)
            .and_then(|lint| lint.as_str());
        assert_eq!(found, Some(*level), "{group}::{lint}");
    }
}

#[test]
fn arrows_have_no_circle() {
    // Taking away what imports only what is gone already must leave nothing.
    let mut left: Vec<_> = ARROWS.to_vec();
    while !left.is_empty() {
        let names: BTreeSet<&str> = left.iter().map(|(part, _)| *part).collect();
        let before = left.len();
        left.retain(|(_, imports)| imports.iter().any(|import| names.contains(import)));
        assert!(left.len() < before, "a circle among {names:?}");
    }
}

#[test]
fn the_reader_finds_what_is_wrong_and_nothing_else() {
    let cases: &[(&str, &str, Option<&str>)] = &[
        (
            "stats/mean.rs",
            "use crate::judging::Opinion;",
            Some("may not import `judging`"),
        ),
        (
            "stats/mean.rs",
            "use crate::{digest, stats::rank};",
            Some("may not import `digest`"),
        ),
        (
            "stats/mean.rs",
            "use super::super::engine::Engine;",
            Some("may not import `engine`"),
        ),
        (
            "stats/mean.rs",
            "fn f() { crate::card::load() }",
            Some("may not import `card`"),
        ),
        (
            "engine/mod.rs",
            "use crate::http::Code;",
            Some("may not import `http`"),
        ),
        (
            "wire.rs",
            "use crate::cli::main;",
            Some("may not import `cli`"),
        ),
        (
            "main.rs",
            "fn main() { opine::engine::run() }",
            Some("may not import `engine`"),
        ),
        ("fresh/mod.rs", "", Some("no row in ARROWS")),
        (
            "cli/serve.rs",
            "use actix_web::App;",
            Some("`actix_web` is for"),
        ),
        ("card/mod.rs", "use image::Rgb;", Some("`image` is for")),
        (
            "backend/chat.rs",
            "fn f() { ort::init() }",
            Some("`ort` is for"),
        ),
        (
            "engine/mod.rs",
            "use moka::future::Cache;",
            Some("`moka` is for"),
        ),
        (
            "agreement/mod.rs",
            "use kendalls;",
            Some("`kendalls` is for"),
        ),
        ("cli/mod.rs", "use std::env;", Some("`env` is for")),
        ("cli/mod.rs", "use std::{env, fs};", Some("`env` is for")),
        (
            "cli/mod.rs",
            "fn f() { std::env::var(\"X\") }",
            Some("`env` is for"),
        ),
        (
            "judging/mod.rs",
            "#[derive(serde::Serialize)] struct S;",
            Some("`serde` has no place"),
        ),
        (
            "stats/mean.rs",
            "use serde::{Serialize};",
            Some("`serde` has no place"),
        ),
        // And what is fine.
        ("main.rs", "fn main() { opine::cli::main() }", None),
        (
            "stats/mean.rs",
            "use super::rank; use crate::stats::order;",
            None,
        ),
        (
            "http/body/json.rs",
            "use super::super::problem::Code; use crate::near::near;",
            None,
        ),
        (
            "stats/mean.rs",
            "// crate::http\n/* crate::cli */ fn f() { \"crate::card\"; r#\"crate::card \"# }",
            None,
        ),
        (
            "stats/mean.rs",
            "#[cfg(test)] mod tests { use crate::card::X; fn f() { {} } } fn g() {}",
            None,
        ),
        (
            "stats/mean.rs",
            "fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' } // crate::card",
            None,
        ),
        (
            "card/mod.rs",
            "fn f(image: &Image) { image.bytes(); env!(\"X\") }",
            None,
        ),
        ("config/mod.rs", "fn f() { std::env::var(\"X\") }", None),
    ];
    for (file, text, expected) in cases {
        let faults = import_faults(file, text);
        match expected {
            None => assert!(faults.is_empty(), "{text}: {faults:?}"),
            Some(part) => {
                assert!(
                    faults.len() == 1 && faults[0].contains(part),
                    "{text}: {faults:?}"
                );
            }
        }
    }
    // What stands after a test module is read again.
    let after = "#[cfg(test)] mod tests { fn f() {} } use crate::http::Code;";
    assert_eq!(import_faults("engine/mod.rs", after).len(), 1);
    assert_eq!(
        test_modules("#[cfg(test)]\nmod golden;\nmod rank;"),
        ["golden"]
    );
    let (first, second) = MACHINE_PATHS[0];
    assert_eq!(
        text_faults("a.rs", &format!("// {first}{second}x")).len(),
        1
    );
    assert_eq!(text_faults("a.rs", &"\n".repeat(LINES + 1)).len(), 1);
    assert!(text_faults("a.rs", "fn f() {}").is_empty());
}
