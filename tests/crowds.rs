//! Crowds that leave no room or time for other tests, one after the other: ten thousand connections at once, to a process
//! that has descriptors for them and to one that has not, and many clients that do not read.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::join_all;
use opine::http::CONTRACT;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;

const CROWD: usize = 10_000;

/// Megabytes for each thousand connections: two buffers, and what knows of them.
const MEGABYTES_PER_THOUSAND: f64 = 40.0;

/// One crowd at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// The service, which ends with its test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A service with these lines under `[admission]`.
fn serve(admission: &str) -> (Served, SocketAddr) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("opine.toml");
    std::fs::write(&config, format!("[admission]\n{admission}\n")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_opine"))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(&config)
        .env("ORT_DYLIB_PATH", "not-there.so")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening on http://") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended");
    }
    // Nobody waits for a reader: a full pipe would hold the service up.
    std::thread::spawn(move || said.read_to_end(&mut Vec::new()));
    let address = line.rsplit("http://").next().unwrap().trim();
    (Served(child), address.parse().unwrap())
}

/// Lets a process have so many descriptors.
fn limit_descriptors(process: u32, most: usize) {
    let limited = Command::new("prlimit")
        .args(["--pid", &process.to_string(), &format!("--nofile={most}:")])
        .status();
    assert!(limited.unwrap().success(), "{most} descriptors are needed");
}

fn megabytes(process: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024.0
}

fn is_served(stream: &mut TcpStream) -> bool {
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).unwrap();
    let mut rest = [0; 4_096];
    let _ = stream.read(&mut rest).unwrap();
    head == *b"HTTP/1.1 200 OK"
}

/// Connections that came about in time, of so many that were asked for together.
async fn connected(address: SocketAddr, patience: Duration) -> Vec<tokio::net::TcpStream> {
    let connecting = (0..CROWD).map(|_| {
        let connect = tokio::net::TcpStream::connect(address);
        async move { tokio::time::timeout(patience, connect).await.ok()?.ok() }
    });
    join_all(connecting).await.into_iter().flatten().collect()
}

#[test]
fn ten_thousand_connections_are_held_or_wait_and_harm_nobody() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    limit_descriptors(std::process::id(), CROWD + 1_000);
    for (descriptors, patience, is_enough) in [
        (CROWD + 1_000, Duration::from_secs(60), true),
        (1_024, Duration::from_secs(1), false),
    ] {
        let (mut served, address) = serve("head_seconds = 600");
        let process = served.0.id();
        limit_descriptors(process, descriptors);
        let rest = megabytes(process, "VmRSS");
        let mut kept = TcpStream::connect(address).unwrap();
        assert!(is_served(&mut kept));
        let crowd = runtime.block_on(connected(address, patience));
        // Where descriptors are short, some are held, some wait before the door, and the system takes no more.
        assert_eq!(crowd.len() == CROWD, is_enough, "{}", crowd.len());
        assert!(is_served(&mut kept), "whom it has it serves on");
        let grown = megabytes(process, "VmHWM") - rest;
        let most = MEGABYTES_PER_THOUSAND * CROWD as f64 / 1_000.0;
        assert!(grown < most, "{grown} MB");
        drop(crowd);
        let mut after = TcpStream::connect(address).unwrap();
        assert!(is_served(&mut after), "and others when there is room");
        drop((kept, after));
        let told = Command::new("kill")
            .args(["-s", "TERM", &process.to_string()])
            .status();
        assert!(told.unwrap().success());
        assert_eq!(served.0.wait().unwrap().code(), Some(0));
    }
}

/// The longest response that costs nobody any work, and as many of them on one connection as are begun at once.
const LONG: &str = "GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n";
const RESPONSES: usize = 16;
const DEAF: usize = 150;

/// A client that asks for much, with hardly any room for what comes back.
async fn deaf(address: SocketAddr) -> tokio::net::TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let says = LONG.repeat(RESPONSES);
    stream.write_all(says.as_bytes()).await.unwrap();
    stream
}

/// The longest time but one in a hundred, of requests one after the other.
fn p99(address: SocketAddr) -> Duration {
    let mut times: Vec<Duration> = (0..300)
        .map(|_| {
            let began = Instant::now();
            assert!(is_served(&mut TcpStream::connect(address).unwrap()));
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[296]
}

fn descriptors(process: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    open.count()
}

/// Waits for what will be, at most half a minute.
fn wait_until(holds: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < patience, "it never holds");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn many_who_do_not_read_cost_a_response_each_until_they_are_given_up_and_others_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (served, address) = serve("response_grace_seconds = 4");
    let process = served.0.id();
    let quiet = p99(address);
    wait_until(|| descriptors(process) < 100);
    let (before, rest) = (descriptors(process), megabytes(process, "VmRSS"));
    let crowd: Vec<_> = runtime.block_on(join_all((0..DEAF).map(|_| deaf(address))));
    let busy = p99(address);
    assert!(
        busy <= 2 * quiet + Duration::from_millis(25),
        "{busy:?} after {quiet:?}"
    );
    let mebibytes = |responses: usize| (responses * CONTRACT.len()) as f64 / (1024.0 * 1024.0);
    let grown = megabytes(process, "VmHWM") - rest;
    // One response and what is written of it, of the many that were asked for.
    let most = 2.0 * mebibytes(DEAF) + 16.0;
    assert!(most < mebibytes(DEAF * RESPONSES) / 4.0);
    assert!(grown < most, "{grown} MB");
    // None of them does anything, and all are given up.
    wait_until(|| descriptors(process) <= before);
    drop(crowd);
}
