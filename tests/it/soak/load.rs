//! Requests of many kinds, some of them meant ill, as fast as they are answered or at a rate.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::app::{form, read_reply};
use crate::support::photo::{jpeg, photo};
use crate::support::png;

/// Clients at once.
const CLIENTS: usize = 24;

/// What came of the requests.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    /// 200 with a score, or with the reason why not.
    pub(super) answered: usize,
    /// 429.
    pub(super) refused: usize,
    /// Hostile pictures that were answered as such.
    pub(super) hostile: usize,
    /// Requests that we left in the middle.
    pub(super) dropped: usize,
    /// Answers without a score because the engine failed.
    pub(super) unanswered: usize,
    /// 5xx.
    pub(super) server_errors: usize,
    /// What should not have come: another status, a hostile picture with a score, a sound one without.
    pub(super) unexplained: usize,
    seconds: f64,
    milliseconds: Vec<f64>,
}

impl Outcomes {
    /// Requests a second.
    pub(super) fn rate(&self) -> f64 {
        (self.answered + self.refused + self.dropped) as f64 / self.seconds
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a length"
    )]
    pub(super) fn quantile(&self, part: f64) -> f64 {
        let last = self.milliseconds.len() - 1;
        self.milliseconds[(last as f64 * part) as usize]
    }
}

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// A picture that nobody has asked about, for the judge in the process.
    Fresh,
    /// One of a few that everybody asks about.
    Known,
    /// A picture for the judge at the engine.
    Engine,
    /// A picture that is none.
    Hostile,
    /// Half a request.
    Dropped,
}

impl Kind {
    /// One request in a hundred is meant ill.
    fn of(index: usize) -> Self {
        match (index % 200, index % 5) {
            (7, _) => Kind::Hostile,
            (107, _) => Kind::Dropped,
            (_, 0) => Kind::Engine,
            (_, 1) => Kind::Known,
            _ => Kind::Fresh,
        }
    }
}

pub(super) struct Load {
    address: SocketAddr,
    photos: Vec<Vec<u8>>,
    outcomes: Mutex<Outcomes>,
}

impl Load {
    fn new(address: SocketAddr) -> Self {
        let photos = (0..6).map(|seed| jpeg(&photo(320, 240, seed), 85));
        Load {
            address,
            photos: photos.collect(),
            outcomes: Mutex::default(),
        }
    }

    /// Requests a second that are answered when each client sends the next one at once.
    pub(super) fn closed(address: SocketAddr, time: Duration) -> f64 {
        let load = Load::new(address);
        let next = AtomicUsize::new(0);
        let began = Instant::now();
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while began.elapsed() < time {
                        load.send(next.fetch_add(1, Ordering::SeqCst));
                    }
                });
            }
        });
        let answered = load.outcomes.into_inner().unwrap().answered;
        answered as f64 / began.elapsed().as_secs_f64()
    }

    /// Sends at a rate, whether answers come or not, as far as there are clients for that.
    pub(super) fn open(address: SocketAddr, rate: f64, time: Duration) -> Outcomes {
        let load = Load::new(address);
        let next = AtomicUsize::new(0);
        let began = Instant::now();
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::SeqCst);
                        let due = Duration::from_secs_f64(index as f64 / rate);
                        if due >= time {
                            return;
                        }
                        thread::sleep(due.saturating_sub(began.elapsed()));
                        // Far from those of the measurement before, so that fresh pictures are.
                        load.send((1 << 40) + index);
                    }
                });
            }
        });
        let mut outcomes = load.outcomes.into_inner().unwrap();
        outcomes.seconds = began.elapsed().as_secs_f64();
        outcomes.milliseconds.sort_by(f64::total_cmp);
        outcomes
    }

    fn picture(&self, kind: Kind, index: usize) -> Vec<u8> {
        let mut photo = self.photos[index / 7 % self.photos.len()].clone();
        match kind {
            Kind::Known => {}
            // What follows the end of a picture makes it another file of the same pixels.
            Kind::Fresh | Kind::Engine | Kind::Dropped => photo.extend(index.to_le_bytes()),
            Kind::Hostile => match index / 200 % 4 {
                0 => photo.truncate(photo.len() / 3),
                1 => photo = header_of_a_bomb(),
                2 => photo = index.to_le_bytes().repeat(2_000),
                _ => photo.clear(),
            },
        }
        photo
    }

    fn send(&self, index: usize) {
        let kind = Kind::of(index);
        let judge: &[u8] = match kind {
            Kind::Engine => b"q-bench@decider",
            Kind::Fresh | Kind::Known | Kind::Hostile | Kind::Dropped => b"technical-quality",
        };
        let picture = self.picture(kind, index);
        let body = form(&[("judge", None, judge), ("image", Some("a.jpg"), &picture)]);
        let head = format!(
            "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=border\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let began = Instant::now();
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        if kind == Kind::Dropped {
            stream.write_all(&body[..body.len() / 2]).unwrap();
            drop(stream);
            self.outcomes.lock().unwrap().dropped += 1;
            return;
        }
        // What is refused may be refused before all of it is sent.
        drop(stream.write_all(&body));
        let reply = read_reply(&mut BufReader::new(stream));
        let time = began.elapsed().as_secs_f64() * 1e3;
        let mut outcomes = self.outcomes.lock().unwrap();
        match reply.status {
            200 => {
                outcomes.answered += 1;
                outcomes.milliseconds.push(time);
                let result = reply.json()["results"][0].clone();
                let reason = result["reason"].as_str().unwrap_or("scored");
                match (kind, reason) {
                    (Kind::Hostile, reason) if reason.starts_with("image_") => {
                        outcomes.hostile += 1;
                    }
                    (Kind::Engine, "backend") => outcomes.unanswered += 1,
                    (Kind::Fresh | Kind::Known | Kind::Engine, "scored") => {}
                    _ => outcomes.unexplained += 1,
                }
            }
            429 => outcomes.refused += 1,
            500.. => outcomes.server_errors += 1,
            _ => outcomes.unexplained += 1,
        }
    }
}

/// The head of a picture of four thousand million pixels, and nothing more.
fn header_of_a_bomb() -> Vec<u8> {
    let mut picture = png::gray(0);
    picture[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let sum = png::crc32(&picture[12..29]);
    picture[29..33].copy_from_slice(&sum.to_be_bytes());
    picture
}
