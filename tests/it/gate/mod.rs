//! Gates on the command line: thresholds from labels, decisions over images, drift, best of N, releases.

mod bound;
mod decisions;
mod tables;
mod thresholds;

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::command::opine;

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn run(arguments: &[&str]) -> Output {
    opine(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
}

fn fit(path: &Path, rest: &[&str]) -> Output {
    let mut arguments = vec!["gate", "fit", "--labels", path.to_str().unwrap(), "--json"];
    arguments.extend(rest);
    run(&arguments)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

const POLICY: &str = r#"
format = 1
id = "technical"
version = "1.0.0"

[[dimension]]
name = "quality"
reason = "poor_quality"

[[dimension.stage]]
judge = "technical-quality"
accept = 0.6
reject = 0.2
"#;

const EXAMPLES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/judges/technical-quality/examples"
);

fn check(folder: &Path, policy: &str, images: &[&str]) -> Output {
    let policy = file(folder, "policy.toml", policy);
    let mut arguments = vec![
        "gate",
        "check",
        "--json",
        "--policy",
        policy.to_str().unwrap(),
    ];
    arguments.extend(images);
    run(&arguments)
}
