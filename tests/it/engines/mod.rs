//! Real engines, installed by scripts/engines.py, started here on free ports and ended by the id that started them.
//!
//! Behind features, because they take hundreds of megabytes: `make test-engines` and `make test-transformers`.

#[cfg(feature = "engine-tests")]
mod mlserver;
#[cfg(feature = "transformers-tests")]
mod transformers;

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

#[cfg(feature = "engine-tests")]
use serde_json::json;

/// A program of an engine's environment.
fn program(engine: &str, name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(".engines")
        .join(engine)
        .join("bin")
        .join(name);
    assert!(
        path.is_file(),
        "run `python3 scripts/engines.py {engine} .engines` first: {} is missing",
        path.display()
    );
    path
}

/// A port that nobody listens on now; all of them are held until the last is known.
fn free_ports<const N: usize>() -> [u16; N] {
    let listeners: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// An engine of its own process, killed with its test.
struct Engine {
    child: Child,
    address: SocketAddr,
}

impl Engine {
    /// Starts a server, and reads what it writes until it says that it is `ready`.
    fn start(command: &mut Command, port: u16, ready: &str) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = std::sync::mpsc::channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        for output in outputs {
            let send = send.clone();
            // Read to the end, so that the server never waits for us.
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    drop(send.send(line));
                }
            });
        }
        drop(send);
        let engine = Engine {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        };
        let mut said = Vec::new();
        while !said
            .last()
            .is_some_and(|line: &String| line.contains(ready))
        {
            match lines.recv() {
                Ok(line) => said.push(line),
                Err(_) => panic!("it ended before it was ready: {}", said.join("\n")),
            }
        }
        engine
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Writes one JSON document.
#[cfg(feature = "engine-tests")]
fn write_json(path: &Path, value: &serde_json::Value) {
    std::fs::write(path, json!(value).to_string()).unwrap();
}
