//! The service as a process of its own, which a test may kill.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use ureq::http::Request;

use super::app::Reply;
use super::contract;

/// A child process that ends with its test.
pub(crate) struct Served {
    pub(crate) child: Child,
    lines: Receiver<String>,
    address: String,
    agent: ureq::Agent,
}

/// No embedded judge is needed here, and without the library a start is quick.
fn quick() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_opine"));
    program.env("ORT_DYLIB_PATH", "not-there.so");
    program
}

impl Served {
    /// A process of `opine serve` on a free port; nothing is waited for.
    pub(crate) fn spawn(arguments: &[&str]) -> Self {
        Self::spawned(quick(), arguments)
    }

    /// A process of another program, with its embedded judges, that listens.
    pub(crate) fn start_program(program: &Path, arguments: &[&str]) -> Self {
        let mut served = Self::spawned(Command::new(program), arguments);
        assert!(served.listens(), "{}", served.said());
        served
    }

    /// A process whose command was changed, and which listens.
    pub(crate) fn start_with(change: impl FnOnce(&mut Command), arguments: &[&str]) -> Self {
        let mut program = quick();
        change(&mut program);
        let mut served = Self::spawned(program, arguments);
        assert!(served.listens(), "{}", served.said());
        served
    }

    fn spawned(mut program: Command, arguments: &[&str]) -> Self {
        let mut child = program
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .env_remove("OPINE_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (send, lines) = channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // The test may have heard enough.
                drop(send.send(line));
            }
        });
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        Served {
            child,
            lines,
            address: String::new(),
            agent,
        }
    }

    /// A process that listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut served = Self::spawn(arguments);
        assert!(served.listens(), "{}", served.said());
        served
    }

    /// Waits until it listens; false where it ends instead.
    pub(crate) fn listens(&mut self) -> bool {
        for line in &self.lines {
            if let Some(address) = line.split("listening on http://").nth(1) {
                self.address = address.trim().to_owned();
                return true;
            }
        }
        false
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// All that it said, up to its end.
    pub(crate) fn said(&self) -> String {
        self.lines.iter().collect::<Vec<_>>().join("\n")
    }

    /// A response, or nothing where the process ended first.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Reply> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = if method == "POST" {
            self.agent.run(request.body(body).unwrap())
        } else {
            self.agent.run(request.body(()).unwrap())
        };
        let mut response = sent.ok()?;
        let reply = Reply {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: response
                .body_mut()
                .with_config()
                .limit(1 << 30)
                .read_to_vec()
                .ok()?,
        };
        contract::check(method, path, &reply);
        Some(reply)
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"").unwrap()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as an operator would.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-s", "TERM", &pid]).status();
        assert!(told.unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
