//! The services that are loaded: Opine and its peer, each in a process of its own on a free port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A service that ends with its bench.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Running {
    /// Opine as it is released, with this configuration.
    pub(crate) fn opine(config: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_opine"))
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(config)
            .env("OPINE_LOG", "error")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        while !told.contains("try: ") {
            assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "{told}");
        }
        // What it says later is of no interest, but must not fill the pipe.
        std::thread::spawn(move || drop(stderr.read_to_end(&mut Vec::new())));
        let first = told.lines().next().unwrap();
        let address = first.strip_prefix("listening on http://").unwrap();
        let running = Running {
            address: address.parse().unwrap(),
            child,
        };
        // It listens before its models are open.
        while !running.is_ready() {
            std::thread::sleep(Duration::from_millis(50));
        }
        running
    }

    fn is_ready(&self) -> bool {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let get = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(get).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply.starts_with("HTTP/1.1 200")
    }

    /// The peer, by this Python.
    pub(crate) fn peer(python: &str, model: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peer_service.py");
        let child = Command::new(python)
            .arg(script)
            .arg(model)
            .arg(address.port().to_string())
            .spawn()
            .unwrap();
        let running = Running { child, address };
        let patience = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < patience, "the peer does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        running
    }

    /// A figure of `/proc/PID/status`, in MB; 0 where there is no such file.
    pub(crate) fn megabytes(&self, name: &str) -> f64 {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name));
        let kibi = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        kibi.unwrap_or(0.0) * 1.024e-3
    }
}
