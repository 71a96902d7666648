//! The clients: each by its own tests against the built program, and their types against `openapi.yaml`.
//!
//! They need Python 3 and nothing beside its standard library.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The clients, each with what its tests import beside the Python client and its service.
const CLIENTS: [(&str, &str); 4] = [
    ("python", ""),
    ("comfyui", "."),
    ("diffusers", "diffusers"),
    ("github-action", ""),
];

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

#[test]
fn types_of_the_client_are_those_of_the_contract() {
    let document: serde_norway::Value = serde_norway::from_str(opine::http::CONTRACT).unwrap();
    let mut generator = Command::new("python3")
        .args(["-B", "tools/generate.py", "-"])
        .current_dir(clients().join("python"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // As JSON and in the order of the document: Python has no reader of YAML.
    let json = serde_json::to_vec(&document).unwrap();
    generator.stdin.take().unwrap().write_all(&json).unwrap();
    let output = generator.wait_with_output().unwrap();
    assert!(output.status.success());
    let committed = clients().join("python/src/opine_client/contract.py");
    let committed = std::fs::read_to_string(committed).unwrap();
    assert!(
        committed == String::from_utf8(output.stdout).unwrap(),
        "`make client-types` writes the types anew"
    );
}

#[test]
fn clients_work_with_the_service() {
    for (client, import) in CLIENTS {
        let folders = ["python/src", "python/tests", import];
        let folders = folders.iter().filter(|folder| !folder.is_empty());
        let path = std::env::join_paths(folders.map(|folder| clients().join(folder))).unwrap();
        let tests = format!("{client}/tests");
        let output = Command::new("python3")
            .args(["-B", "-m", "unittest", "discover", "-s", &tests])
            .current_dir(clients())
            .env("PYTHONPATH", path)
            .env("OPINE_BINARY", env!("CARGO_BIN_EXE_opine"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{client}: {said}");
        // None found would be success as well.
        let ran = said.lines().find(|line| line.starts_with("Ran "));
        assert!(
            ran.is_some_and(|line| !line.starts_with("Ran 0")),
            "{client}: {said}"
        );
    }
}

/// Python 3.9 is the oldest that the clients are for, and the one at hand may be newer.
#[test]
fn clients_are_written_in_the_oldest_python_that_they_name() {
    let check = "import ast, pathlib, sys\n\
        files = [path for path in pathlib.Path().rglob('*.py')]\n\
        [ast.parse(path.read_text(), str(path), feature_version=(3, 9)) for path in files]\n\
        print(len(files))";
    let output = Command::new("python3")
        .args(["-B", "-c", check])
        .current_dir(clients())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let files = String::from_utf8(output.stdout).unwrap();
    assert!(files.trim().parse::<usize>().unwrap() > 10, "{files}");
}
