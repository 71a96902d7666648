//! Runs the built program, as a script would.

use std::path::Path;
use std::process::{Command, Output};

/// The program with these arguments, run in `folder`, with no configuration from the environment but the
/// ONNX Runtime library of this checkout.
pub(crate) fn opine(folder: &Path, arguments: &[&str]) -> Output {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ort/libonnxruntime.so");
    assert!(
        library.is_file(),
        "run `make onnxruntime` first: {} is missing",
        library.display()
    );
    Command::new(env!("CARGO_BIN_EXE_opine"))
        .args(arguments)
        .current_dir(folder)
        .env("ORT_DYLIB_PATH", library)
        .env_remove("OPINE_LOG")
        .output()
        .unwrap()
}

/// Standard output as lines of JSON.
pub(crate) fn json_lines(output: &Output) -> Vec<serde_json::Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Standard output as one JSON document.
pub(crate) fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
