//! Loads a service: as fast as it answers, or at a constant rate whatever it answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Bytes at the end of a picture that make each request a question of its own.
const STAMP: usize = 16;

/// Requests to one service that differ in their stamp only.
pub(crate) struct Requests {
    pub(crate) address: SocketAddr,
    bytes: Vec<u8>,
    stamp_at: usize,
}

/// What came back within some time.
pub(crate) struct Sample {
    pub(crate) seconds: f64,
    /// Microseconds of each answer: from when its request was due, at a constant rate.
    pub(crate) answered: Histogram<u64>,
    /// Microseconds of each refusal by 429, from when its request was sent.
    pub(crate) refused: Histogram<u64>,
}

impl Requests {
    /// A form with one picture, as Opine takes it.
    pub(crate) fn form(address: SocketAddr, judge: &str, picture: &[u8]) -> Self {
        let before = format!(
            "--border\r\nContent-Disposition: form-data; name=\"judge\"\r\n\r\n{judge}\r\n\
             --border\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\n"
        );
        let kind = "multipart/form-data; boundary=border";
        Self::new(
            address,
            kind,
            before.as_bytes(),
            picture,
            b"\r\n--border--\r\n",
        )
    }

    /// The bare picture, as the peer takes it.
    pub(crate) fn bare(address: SocketAddr, picture: &[u8]) -> Self {
        Self::new(address, "image/jpeg", b"", picture, b"")
    }

    fn new(address: SocketAddr, kind: &str, before: &[u8], picture: &[u8], after: &[u8]) -> Self {
        let length = before.len() + picture.len() + STAMP + after.len();
        let head = format!(
            "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        let start = [head.as_bytes(), before, picture].concat();
        Requests {
            address,
            stamp_at: start.len(),
            bytes: [&start[..], &[b'0'; STAMP], after].concat(),
        }
    }

    fn connection(&self) -> Connection {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Connection {
            reader: BufReader::new(stream),
            request: self.bytes.clone(),
            stamp_at: self.stamp_at,
        }
    }

    /// One request after the other on each of some connections. Only the first answer to a stamp is asked for;
    /// `stamp` none asks always the same.
    pub(crate) fn as_fast_as_answered(
        &self,
        connections: usize,
        seconds: f64,
        stamps: Option<&AtomicU64>,
    ) -> Sample {
        let started = Instant::now();
        let until = started + Duration::from_secs_f64(seconds);
        let samples = std::thread::scope(|scope| {
            let ask = || {
                let mut connection = self.connection();
                let mut sample = Sample::new();
                while Instant::now() < until {
                    let stamp = stamps.map_or(0, |next| next.fetch_add(1, Ordering::Relaxed));
                    let sent = Instant::now();
                    let status = connection.ask(stamp);
                    sample.note(status, sent, sent);
                }
                sample
            };
            let threads: Vec<_> = (0..connections).map(|_| scope.spawn(ask)).collect();
            let joined = threads.into_iter().map(|thread| thread.join().unwrap());
            joined.collect::<Vec<_>>()
        });
        Sample::sum(&samples, started)
    }

    /// Requests at a constant rate per second, each due at its own moment. Whoever is late counts from when its
    /// request was due, so that a service that stalls is not asked less (no coordinated omission).
    pub(crate) fn at_rate(&self, rate: f64, seconds: f64, stamps: &AtomicU64) -> Sample {
        const CONNECTIONS: usize = 128;
        let next = AtomicU64::new(0);
        let started = Instant::now();
        let samples = std::thread::scope(|scope| {
            let ask = || {
                let mut connection = self.connection();
                let mut sample = Sample::new();
                loop {
                    let turn = next.fetch_add(1, Ordering::Relaxed) as f64;
                    if turn >= rate * seconds {
                        return sample;
                    }
                    let due = started + Duration::from_secs_f64(turn / rate);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let sent = Instant::now();
                    let status = connection.ask(stamps.fetch_add(1, Ordering::Relaxed));
                    if status == 429 {
                        // Its body was not read: the connection ends with the refusal.
                        connection = self.connection();
                    }
                    sample.note(status, due, sent);
                }
            };
            let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(ask)).collect();
            let joined = threads.into_iter().map(|thread| thread.join().unwrap());
            joined.collect::<Vec<_>>()
        });
        Sample::sum(&samples, started)
    }
}

struct Connection {
    reader: BufReader<TcpStream>,
    request: Vec<u8>,
    stamp_at: usize,
}

impl Connection {
    /// The status of the answer. A refusal may come before the request is written whole.
    fn ask(&mut self, stamp: u64) -> u16 {
        let digits = format!("{stamp:016}");
        self.request[self.stamp_at..][..STAMP].copy_from_slice(digits.as_bytes());
        let written = self.reader.get_mut().write_all(&self.request);
        let mut line = String::new();
        if self.reader.read_line(&mut line).is_err() || line.is_empty() {
            // The service closed the connection with our body unread, and its refusal went with it.
            assert!(written.is_err() || line.is_empty(), "{written:?}");
            return 429;
        }
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = 0;
        loop {
            line.clear();
            self.reader.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).unwrap();
        assert!(
            status == 429 || body.windows(7).any(|word| word == b"\"score\""),
            "{}",
            String::from_utf8_lossy(&body)
        );
        status
    }
}

impl Sample {
    fn new() -> Self {
        Sample {
            seconds: 0.0,
            answered: Histogram::new(3).unwrap(),
            refused: Histogram::new(3).unwrap(),
        }
    }

    fn note(&mut self, status: u16, due: Instant, sent: Instant) {
        let micros = |since: Instant| u64::try_from(since.elapsed().as_micros()).unwrap().max(1);
        match status {
            200 => self.answered.record(micros(due)).unwrap(),
            429 => self.refused.record(micros(sent)).unwrap(),
            other => panic!("status {other}"),
        }
    }

    fn sum(samples: &[Sample], started: Instant) -> Sample {
        let mut sum = Sample::new();
        sum.seconds = started.elapsed().as_secs_f64();
        for sample in samples {
            sum.answered.add(&sample.answered).unwrap();
            sum.refused.add(&sample.refused).unwrap();
        }
        sum
    }

    /// Answers per second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered.len() as f64 / self.seconds
    }

    /// Milliseconds within which this share was answered.
    pub(crate) fn milliseconds(&self, share: f64) -> f64 {
        self.answered.value_at_quantile(share) as f64 / 1e3
    }

    /// Milliseconds within which this share was refused.
    pub(crate) fn refused_milliseconds(&self, share: f64) -> f64 {
        self.refused.value_at_quantile(share) as f64 / 1e3
    }
}
