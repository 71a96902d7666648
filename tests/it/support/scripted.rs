//! An HTTP server that does as a test tells it, faults of the connection included.
//!
//! Plain sockets and threads: no HTTP library would send what these tests need.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What came in.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Its place among all requests, from 0.
    pub(crate) index: usize,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is done with a request.
#[derive(Debug, Clone)]
pub(crate) enum Play {
    /// An answer, and the connection stays open.
    Reply {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// These bytes as they are, then the end of the connection.
    Raw(Vec<u8>),
    /// No answer, until the asker leaves.
    Silence,
    /// Half an answer, then the end of the connection.
    BreakOff,
    /// A head, then one byte at a time with this pause between them, for ever.
    Drip(Duration),
    /// A body of so many bytes, in pieces without a stated length.
    Flood(u64),
    /// Another play after this time.
    Later(Duration, Box<Play>),
}

impl Play {
    pub(crate) fn status(status: u16, body: &str) -> Self {
        Play::Reply {
            status,
            headers: vec![("content-type".into(), "text/html".into())],
            body: body.as_bytes().to_vec(),
        }
    }

    pub(crate) fn json(body: &Value) -> Self {
        Play::Reply {
            status: 200,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
        }
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Play::Reply { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

type Script = dyn Fn(&Asked) -> Play + Send + Sync;

/// A server on a port of its own, that ends with its test.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    stage: Arc<Stage>,
}

struct Stage {
    script: Box<Script>,
    asked: Mutex<Vec<Asked>>,
    keeps: bool,
    streams: Mutex<Vec<TcpStream>>,
    count: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
    flooded: AtomicUsize,
    over: AtomicBool,
}

impl Scripted {
    /// Starts; the script is called for each request as it comes, from many threads.
    pub(crate) fn start(script: impl Fn(&Asked) -> Play + Send + Sync + 'static) -> Self {
        Self::new(Box::new(script), true)
    }

    /// The same, but remembers no request: for tests that measure.
    pub(crate) fn forgetful(script: impl Fn(&Asked) -> Play + Send + Sync + 'static) -> Self {
        Self::new(Box::new(script), false)
    }

    fn new(script: Box<Script>, keeps: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stage = Arc::new(Stage {
            script,
            keeps,
            asked: Mutex::default(),
            streams: Mutex::default(),
            count: AtomicUsize::new(0),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            flooded: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let open = Arc::clone(&stage);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if open.over.load(Ordering::SeqCst) {
                    return;
                }
                open.streams
                    .lock()
                    .unwrap()
                    .push(stream.try_clone().unwrap());
                let stage = Arc::clone(&open);
                thread::spawn(move || stage.serve(&stream));
            }
        });
        Scripted { address, stage }
    }

    /// Always the same.
    pub(crate) fn always(play: Play) -> Self {
        Self::start(move |_| play.clone())
    }

    /// `http://127.0.0.1:PORT` and the path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.stage.asked.lock().unwrap().clone()
    }

    /// How many requests came so far.
    pub(crate) fn count(&self) -> usize {
        self.stage.count.load(Ordering::SeqCst)
    }

    /// How many were under way at once, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.stage.most.load(Ordering::SeqCst)
    }

    /// How many are under way now.
    pub(crate) fn under_way(&self) -> usize {
        self.stage.now.load(Ordering::SeqCst)
    }

    /// How many bytes of floods the system took from us.
    pub(crate) fn flooded(&self) -> usize {
        self.stage.flooded.load(Ordering::SeqCst)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stage.over.store(true, Ordering::SeqCst);
        for stream in self.stage.streams.lock().unwrap().iter() {
            drop(stream.shutdown(std::net::Shutdown::Both));
        }
        // Wakes the listener, which then sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

/// Where nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

impl Stage {
    fn serve(&self, stream: &TcpStream) {
        stream.set_nodelay(true).unwrap();
        let mut reader = BufReader::new(stream);
        while let Some(asked) = self.read(&mut reader) {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            let play = (self.script)(&asked);
            if self.keeps {
                self.asked.lock().unwrap().push(asked);
            }
            let open = self.play(stream, &mut reader, play);
            self.now.fetch_sub(1, Ordering::SeqCst);
            if !open {
                break;
            }
        }
        drop(stream.shutdown(std::net::Shutdown::Both));
    }

    /// One request, or `None` when the asker has left.
    fn read(&self, reader: &mut BufReader<&TcpStream>) -> Option<Asked> {
        let mut lines = reader.by_ref().lines().map_while(Result::ok);
        let first = lines.next()?;
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let headers: BTreeMap<String, String> = lines
            .take_while(|line| !line.is_empty())
            .filter_map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.to_ascii_lowercase(), value.trim().to_owned()))
            })
            .collect();
        let length = headers.get("content-length");
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        reader.read_exact(&mut body).ok()?;
        Some(Asked {
            index: self.count.fetch_add(1, Ordering::SeqCst),
            method,
            path,
            headers,
            body,
        })
    }

    /// Whether the connection stays open.
    fn play(&self, mut stream: &TcpStream, reader: &mut BufReader<&TcpStream>, play: Play) -> bool {
        match play {
            Play::Reply {
                status,
                headers,
                body,
            } => {
                let mut answer = format!("HTTP/1.1 {status} As-Told\r\n");
                for (name, value) in headers {
                    answer.push_str(&format!("{name}: {value}\r\n"));
                }
                answer.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
                let answer = [answer.as_bytes(), &body].concat();
                stream.write_all(&answer).is_ok()
            }
            Play::Raw(bytes) => {
                drop(stream.write_all(&bytes));
                false
            }
            Play::Silence => {
                // Ends when the asker leaves, or with the test.
                drop(reader.read(&mut [0]));
                false
            }
            Play::BreakOff => {
                let half = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"half\":";
                drop(stream.write_all(half));
                false
            }
            Play::Drip(pause) => {
                let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
                let mut sent = stream.write_all(head).is_ok();
                while sent {
                    thread::sleep(pause);
                    sent = stream.write_all(b" ").is_ok();
                }
                false
            }
            Play::Flood(bytes) => {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
                let piece = [b"10000\r\n".to_vec(), vec![b' '; 65_536], b"\r\n".to_vec()].concat();
                for _ in 0..bytes / 65_536 {
                    if stream.write_all(&piece).is_err() {
                        return false;
                    }
                    self.flooded.fetch_add(65_536, Ordering::SeqCst);
                }
                stream.write_all(b"0\r\n\r\n").is_ok()
            }
            Play::Later(pause, play) => {
                thread::sleep(pause);
                self.play(stream, reader, *play)
            }
        }
    }
}
