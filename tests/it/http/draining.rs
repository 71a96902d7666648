//! The end of the service under load: what was let in is answered, in every round.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use opine::backend::{Abilities, Backend, BackendError, BackendId};
use opine::judging::{Answer, Prompt};

use crate::support::app::{TestApp, config, read_reply};
use crate::support::backends::{Gated, engine_with};

const ROUNDS: usize = 20;
const CLIENTS: usize = 8;

/// Notes every picture that it is asked about, and lets others go first before it answers.
struct Noting {
    inner: Arc<Gated>,
    seen: Mutex<BTreeSet<Vec<u8>>>,
}

#[async_trait]
impl Backend for Noting {
    fn id(&self) -> &BackendId {
        self.inner.id()
    }

    fn abilities(&self) -> Abilities {
        self.inner.abilities()
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        for image in prompts.iter().flat_map(Prompt::images) {
            self.seen.lock().unwrap().insert(image.bytes().to_vec());
        }
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        self.inner.open(prompts.len());
        self.inner.ask(prompts).await
    }
}

/// What one client got: the pictures that were answered, and those that were not.
#[derive(Default)]
struct Fates {
    answered: BTreeSet<Vec<u8>>,
    unanswered: BTreeSet<Vec<u8>>,
}

/// Asks on one connection after the other until nobody listens any more; keeps a connection as long as it is open.
fn client(address: SocketAddr, name: usize, answers: &AtomicUsize) -> Fates {
    let mut fates = Fates::default();
    let mut number = 0;
    while let Ok(stream) = TcpStream::connect(address) {
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut reader = BufReader::new(stream);
        loop {
            number += 1;
            let picture = format!("picture {number} of client {name}").into_bytes();
            match ask(&mut reader, &picture) {
                Ok(closes) => {
                    fates.answered.insert(picture);
                    answers.fetch_add(1, Ordering::SeqCst);
                    if closes {
                        break;
                    }
                }
                Err(error) => {
                    let kind = error.kind();
                    assert_ne!(kind, io::ErrorKind::WouldBlock, "nothing came");
                    assert_ne!(kind, io::ErrorKind::InvalidData, "half an answer");
                    fates.unanswered.insert(picture);
                    break;
                }
            }
        }
    }
    fates
}

/// Whether the service closes the connection after this answer.
fn ask(reader: &mut BufReader<TcpStream>, picture: &[u8]) -> io::Result<bool> {
    let body = [
        &b"--border\r\nContent-Disposition: form-data; name=\"judge\"\r\n\r\nq-bench\r\n"[..],
        b"--border\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\n",
        picture,
        b"\r\n--border--\r\n",
    ]
    .concat();
    let head = format!(
        "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=border\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    reader
        .get_mut()
        .write_all(&[head.as_bytes(), &body].concat())?;
    if reader.fill_buf()?.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let reply = read_reply(reader);
    assert_eq!(reply.status, 200);
    Ok(reply.headers.get("connection").map(String::as_str) == Some("close"))
}

#[test]
fn no_request_that_was_begun_is_lost_in_twenty_ends_under_load() {
    for round in 0..ROUNDS {
        let backend = Arc::new(Noting {
            inner: Gated::new(0),
            seen: Mutex::default(),
        });
        let mut config = config();
        config.admission.notice_seconds = 0;
        let app = TestApp::start(engine_with(Arc::clone(&backend) as _), config);
        let answers = AtomicUsize::new(0);
        let fates: Vec<Fates> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|name| {
                    scope.spawn({
                        let (address, answers) = (app.address, &answers);
                        move || client(address, name, answers)
                    })
                })
                .collect();
            // Each round ends at another moment.
            while answers.load(Ordering::SeqCst) < 40 + 3 * round {
                std::thread::yield_now();
            }
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            runtime.block_on(app.stopper.stop_with_notice());
            clients
                .into_iter()
                .map(|client| client.join().unwrap())
                .collect()
        });
        let seen = backend.seen.lock().unwrap();
        let answered: BTreeSet<_> = fates.iter().flat_map(|one| &one.answered).collect();
        assert_eq!(answered, seen.iter().collect(), "round {round}");
        let lost = fates.iter().flat_map(|one| &one.unanswered);
        assert_eq!(lost.filter(|one| seen.contains(*one)).count(), 0);
    }
}

#[test]
fn notice_comes_before_the_end_and_closes_connections_after_their_answer() {
    let backend = Gated::new(1);
    let app = TestApp::start(engine_with(Arc::clone(&backend) as _), config());
    let mut reader = BufReader::new(TcpStream::connect(app.address).unwrap());
    let get = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    reader.get_mut().write_all(get.as_bytes()).unwrap();
    let reply = read_reply(&mut reader);
    assert_eq!((reply.status, reply.headers.get("connection")), (200, None));
    app.stopper.drain();
    // Told on the connection that is open, which ends with it.
    reader.get_mut().write_all(get.as_bytes()).unwrap();
    let reply = read_reply(&mut reader);
    assert_eq!(reply.status, 503);
    assert_eq!(reply.headers["connection"], "close");
    assert!(reader.fill_buf().unwrap().is_empty());
    // New requests are served until the end.
    let mut reader = BufReader::new(TcpStream::connect(app.address).unwrap());
    assert!(ask(&mut reader, b"late").unwrap());
}
