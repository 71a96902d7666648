//! The service in this process, on a port of its own, spoken to over real HTTP.
//!
//! Every response that a test sees is held against `openapi.yaml` on its way.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::{LazyLock, mpsc};
use std::thread::JoinHandle;

use opine::assemble::assemble;
use opine::config::Config;
use opine::engine::Engine;
use opine::http::{Application, Gauges, Stopper};
use serde_json::Value;
use ureq::http::Request;

use super::contract;

/// A service that ends with its test.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) stopper: Stopper,
    pub(crate) gauges: Gauges,
    thread: Option<JoinHandle<io::Result<()>>>,
    agent: ureq::Agent,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// A service for tests that leave no trace in it: the built-in judges and the ones of the fixtures.
pub(crate) fn shared() -> &'static TestApp {
    static SHARED: LazyLock<TestApp> = LazyLock::new(|| TestApp::with(|_| {}));
    &SHARED
}

/// A folder of tests/fixtures.
pub(crate) fn fixtures(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// The configuration of tests: a free port, and the judges of the fixtures.
pub(crate) fn config() -> Config {
    let mut config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..Config::default()
    };
    config.judges.folders = vec![fixtures("judges")];
    config
}

impl TestApp {
    /// A service of the test configuration, changed.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        Self::start(assemble(&config).unwrap(), config)
    }

    /// A service around an engine.
    pub(crate) fn start(engine: Engine, config: Config) -> Self {
        let (send, started) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let application = Application::with_engine(engine, &config).unwrap();
                let told = (
                    application.address(),
                    application.stopper(),
                    application.gauges(),
                );
                send.send(told).unwrap();
                application.run_until_stopped().await
            })
        });
        let (address, stopper, gauges) = started.recv().unwrap();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        TestApp {
            address,
            stopper,
            gauges,
            thread: Some(thread),
            agent,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    /// POST /v1/score with a JSON body.
    pub(crate) fn score(&self, body: &Value) -> Reply {
        self.score_text(&body.to_string())
    }

    /// POST /v1/score with a body that says that it is JSON.
    pub(crate) fn score_text(&self, body: &str) -> Reply {
        let headers = [("content-type", "application/json")];
        self.send("POST", "/v1/score", &headers, body.as_bytes())
    }

    /// POST /v1/score with a form of (name, file name, content).
    pub(crate) fn score_form(&self, parts: &[(&str, Option<&str>, &[u8])]) -> Reply {
        let headers = [("content-type", "multipart/form-data; boundary=border")];
        self.send("POST", "/v1/score", &headers, &form(parts))
    }

    /// Any request through an ordinary client.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = if body.is_empty() && method != "POST" {
            self.agent.run(request.body(()).unwrap()).unwrap()
        } else {
            self.agent.run(request.body(body).unwrap()).unwrap()
        };
        let headers = response.headers().iter();
        let reply = Reply {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: response.body_mut().read_to_vec().unwrap(),
        };
        contract::check(method, path, &reply);
        reply
    }

    /// Bytes as they are; the connection stays open for writing until the response is there.
    pub(crate) fn send_raw(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut reader = BufReader::new(stream);
        let reply = read_reply(&mut reader);
        let head = String::from_utf8_lossy(bytes);
        let mut words = head.split(' ');
        contract::check(words.next().unwrap(), words.next().unwrap(), &reply);
        reply
    }

    /// Stops the service as a signal would, and waits for its end.
    pub(crate) fn stop(&mut self) -> io::Result<()> {
        futures::executor::block_on(self.stopper.stop());
        match self.thread.take() {
            Some(thread) => thread.join().unwrap(),
            None => Ok(()),
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop().unwrap();
    }
}

/// A form with the boundary `border`.
pub(crate) fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file_name, content) in parts {
        let file_name = file_name.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        body.extend_from_slice(
            format!(
                "--border\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--border--\r\n");
    body
}

/// Head and body of one response.
pub(crate) fn read_reply(reader: &mut impl BufRead) -> Reply {
    let mut lines = reader.by_ref().lines().map(Result::unwrap);
    let status = lines.next().unwrap();
    let status = status.split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<String, String> = lines
        .take_while(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        })
        .collect();
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Reply {
        status,
        headers,
        body,
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Each line of the body as JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = str::from_utf8(&self.body).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The results of a score reply, which must be one.
    pub(crate) fn results(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.json());
        self.json()["results"].as_array().unwrap().clone()
    }

    /// The problem, which must have this code.
    pub(crate) fn problem(&self, code: &str) -> Value {
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }
}
