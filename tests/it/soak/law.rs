//! The law of memory: what the service takes at its peak is what it takes at rest, the bytes that it lets in, and the
//! budget of its cache.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use super::process::megabytes;
use crate::support::app::{form, read_reply};
use crate::support::png;
use crate::support::served::Served;

/// Bytes for requests in work, and for remembered answers.
const IN_FLIGHT: f64 = 72.0;
const CACHE: f64 = 1.0;

/// Threads, their stacks, and what an allocator keeps of what it was given back, in megabytes.
const SLACK: f64 = 48.0;

/// Clients at once, several times as many as have room.
const CLIENTS: usize = 12;

fn score(address: SocketAddr, picture: &[u8]) -> u16 {
    let body = form(&[("image", Some("a.png"), picture)]);
    let head = format!(
        "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=border\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // What is refused is refused before its body is read.
    drop(stream.write_all(&body));
    read_reply(&mut BufReader::new(stream)).status
}

#[test]
fn the_peak_is_the_rest_and_what_was_let_in_and_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("opine.toml");
    let text = "[admission]\nbytes_in_flight = 75497472\n[cache]\nbytes = 1048576\n";
    std::fs::write(&config, text).unwrap();
    let arguments = ["--config", config.to_str().unwrap()];
    let served = Served::start_program(&super::program(), &arguments);
    let address = served.address().parse().unwrap();
    // Two million pixels: six megabytes as a file, and again as pixels.
    let picture = png::plain(1_600, 1_200, [90, 120, 150]);
    // Alone and beside others, until each session of the model has the memory that it works in.
    for round in 0..6 {
        let another = |place| [&picture[..], &[round, place]].concat();
        assert_eq!(score(address, &another(0)), 200);
        thread::scope(|scope| {
            let beside =
                [1, 2, 3].map(|place| scope.spawn(move || score(address, &another(place))));
            assert_eq!(beside.map(|one| one.join().unwrap()), [200; 3]);
        });
    }
    let process = served.child.id();
    let rest = megabytes(process, "VmRSS");
    let statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let mut picture = picture.clone();
                scope.spawn(move || {
                    let statuses = (0..2_u8).map(|round| {
                        // Another file of the same pixels each time.
                        picture.extend([round, u8::try_from(client).unwrap()]);
                        score(address, &picture)
                    });
                    statuses.collect::<Vec<_>>()
                })
            })
            .collect();
        let all = clients.into_iter().flat_map(|one| one.join().unwrap());
        all.collect()
    });
    assert!(
        statuses.iter().all(|status| [200, 429].contains(status)),
        "{statuses:?}"
    );
    // There was more than room for: some had to be told so, and some were served.
    for status in [200, 429] {
        assert!(statuses.contains(&status), "{statuses:?}");
    }
    let peak = megabytes(process, "VmHWM");
    let most = rest + IN_FLIGHT + CACHE + SLACK;
    assert!(
        peak <= most,
        "{peak:.0} MB at the peak, {rest:.0} MB at rest"
    );
}
