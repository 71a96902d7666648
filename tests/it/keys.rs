//! `opine keys` and a service with keys as an operator meets them; no output of either shows a key twice.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::command::{opine, stderr};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Standard output, and the key that standard error shows.
fn new_key(arguments: &[&str]) -> (String, String) {
    let output = opine(root(), &[&["keys", "new"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stderr(&output);
    let key = said.rsplit(' ').next().unwrap().trim().to_owned();
    assert!(key.starts_with("opine_"), "{said}");
    assert_eq!(said.matches(&key).count(), 1);
    (String::from_utf8(output.stdout).unwrap(), key)
}

#[test]
fn a_new_key_is_shown_once_and_its_table_lets_it_in() {
    let (table, key) = new_key(&[
        "mobile",
        "--scope",
        "score",
        "--scope",
        "read",
        "--rate",
        "2.5/s",
        "--burst",
        "7",
        "--quota",
        "10000/day",
    ]);
    assert!(!table.contains(&key));
    let read: toml::Table = toml::from_str(&table).unwrap();
    let mobile = &read["access"]["keys"]["mobile"];
    assert_eq!(mobile["scopes"].to_string(), "[\"score\", \"read\"]");
    assert_eq!(mobile["requests_per_second"].as_float(), Some(2.5));
    assert_eq!(mobile["burst"].as_integer(), Some(7));
    assert_eq!(mobile["requests_per_day"].as_integer(), Some(10_000));
    let digest = opine::access::KeyDigest::of(key.as_bytes()).to_string();
    assert_eq!(mobile["digest"].as_str(), Some(digest.as_str()));
    let (usual, _) = new_key(&["web"]);
    assert!(
        usual.contains("[\"read\", \"score\", \"compare\", \"rank\"]"),
        "{usual}"
    );
}

#[test]
fn a_key_that_cannot_be_made_as_asked_is_not_made() {
    for arguments in [
        &["local"][..],
        &["a b"],
        &["mobile", "--scope", "everything"],
        &["mobile", "--burst", "3"],
        &["mobile", "--rate", "fast"],
        &["mobile", "--rate", "0/s"],
        &["mobile", "--quota", "0/day"],
    ] {
        let output = opine(root(), &[&["keys", "new"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !stderr(&output).contains("opine_"));
    }
}

#[cfg(unix)]
#[test]
fn a_key_may_go_to_a_file_that_only_its_owner_reads() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mobile.key");
    let arguments = [
        "keys",
        "new",
        "mobile",
        "--key-file",
        file.to_str().unwrap(),
    ];
    let output = opine(root(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let key = std::fs::read_to_string(&file).unwrap();
    let table = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(table.contains(&opine::access::KeyDigest::of(key.trim().as_bytes()).to_string()));
    assert!(!stderr(&output).contains("opine_") && !table.contains("opine_"));
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // What is there is not written over, and no table is printed for a key that nobody has.
    let again = opine(root(), &arguments);
    assert_eq!(again.status.code(), Some(2));
    assert!(again.stdout.is_empty());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key);
}

#[cfg(unix)]
#[test]
fn nothing_that_a_service_says_holds_a_key_however_much_it_says() {
    let (table, key) = new_key(&["mobile", "--scope", "score"]);
    let wrong = "opine_WrongKeyThatNobodyMayReadInALog";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opine.toml");
    std::fs::write(&path, table).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_opine"))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(&path)
        .current_dir(root())
        .env("OPINE_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("try: ") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    // Nobody waits for a reader: a full pipe would hold the service up.
    let reader = std::thread::spawn(move || {
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        rest
    });
    assert!(said.contains("needs a key"), "{said}");
    let address = said
        .split("listening on http://")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let mut replies = String::new();
    for path in ["/v1/score", "/v1/judges", "/v1/none", "/healthz"] {
        for header in ["Authorization: Bearer", "X-API-Key:"] {
            for key in [key.as_str(), wrong] {
                let mut stream = TcpStream::connect(address.unwrap()).unwrap();
                let head =
                    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
                write!(stream, "{head}{header} {key}\r\n\r\n").unwrap();
                stream.read_to_string(&mut replies).unwrap();
            }
        }
    }
    for status in [401, 403, 404, 405, 200] {
        assert!(replies.contains(&format!("HTTP/1.1 {status}")), "{status}");
    }
    let pid = child.id().to_string();
    let killed = Command::new("kill").args(["-s", "TERM", &pid]).status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    said.push_str(&reader.join().unwrap());
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(said.contains("/healthz") && said.contains("mobile"));
    for secret in [key.as_str(), wrong, &key[8..30], &wrong[8..30]] {
        assert!(!said.contains(secret), "the log shows a key");
        assert!(!replies.contains(secret), "a reply shows a key");
    }
}
