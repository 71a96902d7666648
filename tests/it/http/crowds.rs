//! More connections than anybody needs, from a process that has few descriptors, or from clients that do not hurry.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::app::{TestApp, read_reply};
use crate::support::served::Served;

const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A connection on which one request was answered.
fn answered(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(GET).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    assert_eq!(read_reply(&mut reader).status, 200);
    stream
}

#[test]
fn a_later_head_has_no_more_time_than_a_first_one() {
    let app = TestApp::with(|config| {
        config.admission.head_seconds = 1;
        config.admission.idle_seconds = 1;
    });
    let began = Instant::now();
    let mut waiting: Vec<TcpStream> = (0..100).map(|_| answered(app.address)).collect();
    for stream in &mut waiting {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: loc")
            .unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(1)))
            .unwrap();
    }
    // A byte of a header now and then, on each of them: without a time for the head they would stay for ever.
    while !waiting.is_empty() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{}",
            waiting.len()
        );
        waiting.retain_mut(|stream| {
            let is_told = stream.write_all(b"a").is_ok();
            let heard = stream.read(&mut [0]);
            is_told && heard.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
        });
    }
    assert!(began.elapsed() > Duration::from_millis(900));
    assert_eq!(app.get("/healthz").status, 200);
}

#[test]
fn a_connection_that_is_used_in_time_stays() {
    let app = TestApp::with(|config| {
        config.admission.head_seconds = 1;
        config.admission.idle_seconds = 1;
    });
    let mut stream = answered(app.address);
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let began = Instant::now();
    // Longer than any of the times, a head in two parts each time.
    let mut requests = 0;
    while began.elapsed() < Duration::from_secs(4) {
        let (one, other) = GET.split_at(20);
        stream.write_all(one).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        // Nothing comes for half a head: this waits.
        assert!(stream.peek(&mut [0]).is_err());
        stream.set_read_timeout(None).unwrap();
        stream.write_all(other).unwrap();
        assert_eq!(read_reply(&mut reader).status, 200);
        requests += 1;
    }
    assert!(requests > 5, "{requests}");
}

/// Lets a process have so many descriptors.
#[cfg(target_os = "linux")]
fn limit_descriptors(process: u32, most: u32) {
    let limited = Command::new("prlimit")
        .args(["--pid", &process.to_string(), &format!("--nofile={most}:")])
        .status();
    assert!(limited.unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_without_descriptors_serves_whom_it_has_and_takes_others_later() {
    let served = Served::start(&[]);
    let address = served.address().parse().unwrap();
    let mut kept = answered(address);
    limit_descriptors(served.child.id(), 64);
    // The system takes connections that nobody accepts: they wait.
    let crowd: Vec<TcpStream> = (0..150)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    // Whom it has it serves on.
    kept.write_all(GET).unwrap();
    let mut reader = BufReader::new(kept.try_clone().unwrap());
    assert_eq!(read_reply(&mut reader).status, 200);
    drop(crowd);
    let mut after = answered(address);
    after.write_all(GET).unwrap();
    assert_eq!(served.terminate().code(), Some(0));
}

/// Times of so many requests, one after the other, each on a new connection.
#[cfg(target_os = "linux")]
fn times(served: &Served, count: usize) -> Vec<Duration> {
    let address = served.address().parse().unwrap();
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            let began = Instant::now();
            drop(answered(address));
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

#[cfg(target_os = "linux")]
#[test]
fn two_thousand_who_take_their_time_cost_the_others_none() {
    const IDLE: usize = 1_800;
    const SLOW: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("opine.toml");
    // They may stay as long as the test runs.
    let patient = "[admission]\nhead_seconds = 600\nbody_bytes_per_second = 0\n[limits]\nseconds_per_body = 600\n";
    std::fs::write(&config, patient).unwrap();
    let served = Served::start(&["--config", config.to_str().unwrap()]);
    limit_descriptors(served.child.id(), 8_192);
    limit_descriptors(std::process::id(), 8_192);
    let address: SocketAddr = served.address().parse().unwrap();
    let quiet = times(&served, 400);
    let partial = [
        "G",
        "GET /healthz HTTP/1.1\r\n",
        "GET /healthz HTTP/1.1\r\nHost: loc",
    ];
    let body = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
    let heads = (0..IDLE).map(|index| partial[index % partial.len()]);
    let mut crowd: Vec<TcpStream> = heads
        .chain((0..SLOW).map(|_| body))
        .map(|bytes| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(bytes.as_bytes()).unwrap();
            stream
        })
        .collect();
    let mut busy = Vec::new();
    for _ in 0..4 {
        // One more byte of each body, about once in a second.
        for slow in &mut crowd[IDLE..] {
            // A body that came when all places were taken was refused already.
            drop(slow.write_all(b" "));
        }
        busy.extend(times(&served, 100));
    }
    busy.sort_unstable();
    let p99 = |times: &[Duration]| times[times.len() * 99 / 100];
    // What the machine adds by itself is not the crowd's.
    let most = 2 * p99(&quiet) + Duration::from_millis(25);
    assert!(
        p99(&busy) <= most,
        "{:?} after {:?}",
        p99(&busy),
        p99(&quiet)
    );
    drop(crowd);
    assert_eq!(served.get("/healthz").status, 200);
}
