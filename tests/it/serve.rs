//! `opine serve` as scripts meet it, and that both faces say the same.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::command::{json as json_of, json_lines, opine, stderr};
use crate::support::app::{fixtures, form, shared};
use crate::support::png;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Exit code and standard error of a command that cannot be done; it must print no data.
fn refused(arguments: &[&str]) -> String {
    let output = opine(root(), arguments);
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(output.stdout.is_empty());
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr
}

fn config(folder: &Path, text: &str) -> String {
    let path = folder.join("opine.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_service_that_cannot_start_says_why_and_exits_with_2() {
    let taken = shared().address.to_string();
    let stderr = refused(&["serve", "--listen", &taken]);
    assert!(
        stderr.contains(&taken) && stderr.contains("--listen"),
        "{stderr}"
    );

    let folder = tempfile::tempdir().unwrap();
    let wrong_key = config(folder.path(), "[limits]\nimages = 3\n");
    let stderr = refused(&["serve", "--config", &wrong_key]);
    assert!(
        stderr.contains("line 2") && stderr.contains("`images_per_request`"),
        "{stderr}"
    );
    let stderr = refused(&["serve", "--config", "no/such/file.toml"]);
    assert!(stderr.contains("no/such/file.toml"), "{stderr}");
    let stderr = refused(&["serve", "--listen", "localhost"]);
    assert!(stderr.contains("localhost"), "{stderr}");
}

#[test]
fn a_check_is_strict_about_models_where_the_service_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = ["garbage", "foreign-output"].map(|judge| fixtures("wrong").join(judge));
    let wrong = config(
        folder.path(),
        &format!("[judges]\nfolders = {}\n", json!(wrong)),
    );
    let stderr = refused(&["config", "check", &wrong]);
    assert!(
        stderr.contains("judge `garbage`") && stderr.contains("judge `foreign-output`"),
        "{stderr}"
    );
    let served = Served::start(&["serve", "--listen", "127.0.0.1:0", "--config", &wrong]);
    for line in [
        "judge garbage is unavailable",
        "judge technical-quality is ready",
    ] {
        assert!(served.announced.contains(line), "{}", served.announced);
    }
}

/// A service of its own process, killed with its test.
pub(crate) struct Served {
    pub(crate) child: Child,
    announced: String,
}

impl Served {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_opine"))
            .args(arguments)
            .current_dir(root())
            .env_remove("OPINE_LOG")
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut announced = String::new();
        while !announced.contains("try: ") {
            assert_ne!(stderr.read_line(&mut announced).unwrap(), 0, "{announced}");
        }
        child.stderr = Some(stderr.into_inner());
        Served { child, announced }
    }

    pub(crate) fn address(&self) -> &str {
        let mut lines = self.announced.lines();
        lines
            .find_map(|line| line.strip_prefix("listening on http://"))
            .unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(unix)]
/// Models open after the service listens: a request that comes at once waits for them.
#[test]
fn who_comes_before_the_models_are_open_is_answered_all_the_same() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_opine"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(root())
        .env_remove("OPINE_LOG")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("listening on http://") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0);
    }
    let address = line.trim().strip_prefix("listening on http://").unwrap();
    let picture = root().join("judges/technical-quality/examples/clean.jpg");
    let body = form(&[("image", Some("clean.jpg"), &std::fs::read(picture).unwrap())]);
    let reply = ureq::post(format!("http://{address}/v1/score"))
        .header("content-type", "multipart/form-data; boundary=border")
        .send(&body[..]);
    child.kill().unwrap();
    child.wait().unwrap();
    let scored = reply.unwrap().body_mut().read_to_string().unwrap();
    assert!(scored.contains("\"status\":\"scored\""), "{scored}");
}

#[test]
fn a_service_says_where_it_listens_and_ends_well_at_a_signal() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = config(
            folder.path(),
            "listen = \"127.0.0.1:1\"\n[admission]\nnotice_seconds = 0\n",
        );
        // The flag beats the file: port 1 needs rights and is not what is printed.
        let mut served =
            Served::start(&["serve", "--listen", "127.0.0.1:0", "--config", &elsewhere]);
        assert!(
            served
                .announced
                .contains("judge technical-quality is ready")
        );
        assert!(
            served.announced.contains("judge@backend"),
            "{}",
            served.announced
        );
        let mut stream = std::net::TcpStream::connect(served.address()).unwrap();
        write!(
            stream,
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        let pid = served.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(served.child.wait().unwrap().code(), Some(0));
        let mut rest = String::new();
        served
            .child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        assert!(
            rest.contains("/healthz") && rest.contains("finishing"),
            "{rest}"
        );
        let mut stdout = String::new();
        served
            .child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut stdout)
            .unwrap();
        assert_eq!(stdout, "");
    }
}

/// A service with a request in work whose body does not come.
#[cfg(unix)]
fn served_with_a_stalled_body(admission: &str) -> (Served, std::net::TcpStream) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[admission]\nnotice_seconds = 0\n{admission}");
    let config = config(folder.path(), &text);
    let served = Served::start(&["serve", "--listen", "127.0.0.1:0", "--config", &config]);
    let mut stalled = std::net::TcpStream::connect(served.address()).unwrap();
    write!(
        stalled,
        "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"
    )
    .unwrap();
    // It is in work once it is asked for its body.
    let mut asked = [0; 25];
    stalled.read_exact(&mut asked).unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100"));
    (served, stalled)
}

#[cfg(unix)]
fn terminate(served: &Served) {
    let pid = served.child.id().to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &pid]).status();
    assert!(sent.unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_body_that_stalls_does_not_hold_up_the_end() {
    let (mut served, mut stalled) = served_with_a_stalled_body("body_grace_seconds = 1\n");
    let started = std::time::Instant::now();
    terminate(&served);
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    let mut reply = String::new();
    stalled.read_to_string(&mut reply).unwrap();
    assert!(
        reply.starts_with("HTTP/1.1 408") && reply.contains("body_timeout"),
        "{reply}"
    );
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_at_once_with_1() {
    let (mut served, _stalled) = served_with_a_stalled_body("body_grace_seconds = 3600\n");
    terminate(&served);
    let mut told = String::new();
    let mut stderr = BufReader::new(served.child.stderr.take().unwrap());
    while !told.contains("exit code 1") {
        assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "{told}");
    }
    let started = std::time::Instant::now();
    terminate(&served);
    assert_eq!(served.child.wait().unwrap().code(), Some(1));
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn a_file_and_a_request_give_the_same_object() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.png");
    let picture = png::plain(64, 48, [200, 120, 40]);
    std::fs::write(&path, &picture).unwrap();
    let path = path.to_str().unwrap();
    let missing = folder.path().join("missing.png");
    let missing = missing.to_str().unwrap();
    let output = opine(root(), &["score", path, missing, "--json"]);
    assert_eq!(output.status.code(), Some(1), "one is unscored");
    let lines = json_lines(&output);
    assert_eq!(lines[1]["reason"], "file_unreadable");
    let mut by_http = shared()
        .score_form(&[("image", Some("x"), &picture)])
        .results();
    by_http[0]["image"] = json!(path);
    assert_eq!(lines[0], by_http[0]);
}

#[test]
fn the_lists_of_judges_are_the_same() {
    let output = opine(root(), &["judges", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let printed = json_of(&output);
    for judge in printed.as_array().unwrap() {
        let shown = shared().get(&format!("/v1/judges/{}", judge["id"].as_str().unwrap()));
        assert_eq!(shown.json(), *judge);
    }
}
