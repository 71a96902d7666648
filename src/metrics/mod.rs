//! What is counted, as Prometheus and OpenMetrics read it. The only place that imports `prometheus_client`.
//!
//! Labels come from closed sets: routes of the table, codes, judges and backends that exist. Nothing that a client
//! sends becomes a label, so that no stranger can fill the memory of whoever scrapes.

mod now;

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::backend::BackendId;
use crate::engine::{Observer, Seen};
use crate::judging::{Answer, Provenance, Reason};

pub use now::Now;

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds of requests and questions, from a remembered answer to a patient backend.
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0,
];

/// Coverage: what is low matters as much as what is nearly all.
const COVERAGE: [f64; 10] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Backend {
    backend: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    backend: String,
    /// `answered`, or the reason why not.
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Judge {
    judge: String,
    backend: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Judged {
    judge: String,
    backend: String,
    /// `judged`, or the reason why not.
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Readout {
    judge: String,
    backend: String,
    readout: &'static str,
}

type Histograms<Labels> = Family<Labels, Histogram, fn() -> Histogram>;

/// Everything that is counted while the service works.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    request_seconds: Histograms<Route>,
    in_flight: Gauge,
    bytes_in_flight: Gauge,
    problems: Family<Code, Counter>,
    reloads: Family<Outcome, Counter>,
    questions: Family<Backend, Counter>,
    answers: Family<Answered, Counter>,
    queue_seconds: Histograms<Backend>,
    compute_seconds: Histograms<Backend>,
    judged: Family<Judged, Counter>,
    coverage: Histograms<Judge>,
    readouts: Family<Readout, Counter>,
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

fn coverage() -> Histogram {
    Histogram::new(COVERAGE)
}

impl Default for Metrics {
    fn default() -> Self {
        let times = || Family::new_with_constructor(seconds as fn() -> Histogram);
        let mut metrics = Metrics {
            registry: Registry::with_prefix("opine"),
            requests: Family::default(),
            request_seconds: times(),
            in_flight: Gauge::default(),
            bytes_in_flight: Gauge::default(),
            problems: Family::default(),
            reloads: Family::default(),
            questions: Family::default(),
            answers: Family::default(),
            queue_seconds: Family::new_with_constructor(seconds as fn() -> Histogram),
            compute_seconds: Family::new_with_constructor(seconds as fn() -> Histogram),
            judged: Family::default(),
            coverage: Family::new_with_constructor(coverage as fn() -> Histogram),
            readouts: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "http_requests",
            "Requests that were answered, by route and status",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from the head of a request to its response",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests in work",
            self.in_flight.clone(),
        );
        registry.register_with_unit(
            "http_requests_in_flight",
            "Bytes of bodies, as stated, of the requests in work",
            Unit::Bytes,
            self.bytes_in_flight.clone(),
        );
        registry.register(
            "http_problems",
            "Requests that were refused, by code; `overloaded` is refused admission",
            self.problems.clone(),
        );
        registry.register(
            "reloads",
            "Times that cards and maps were read again: taken, or refused",
            self.reloads.clone(),
        );
        registry.register(
            "questions",
            "Questions that went to a backend; remembered answers are not asked for",
            self.questions.clone(),
        );
        registry.register(
            "answers",
            "What became of questions: answered, or why not",
            self.answers.clone(),
        );
        registry.register_with_unit(
            "question_queue",
            "Time that a question waited before its backend began to work on it",
            Unit::Seconds,
            self.queue_seconds.clone(),
        );
        registry.register_with_unit(
            "question_compute",
            "Time that a backend worked on a question",
            Unit::Seconds,
            self.compute_seconds.clone(),
        );
        registry.register(
            "judged",
            "Images, pairs, lists and closed questions by judge: judged, or the reason why not",
            self.judged.clone(),
        );
        registry.register(
            "coverage",
            "Probability that fell on the allowed answers, where it is known",
            self.coverage.clone(),
        );
        registry.register(
            "readouts",
            "How the answers behind verdicts were read",
            self.readouts.clone(),
        );
    }

    /// A request came, whose body is stated to have so many bytes. It is in work until what is given back is dropped.
    pub fn entered(&self, bytes: u64) -> InFlight<'_> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.in_flight.inc();
        self.bytes_in_flight.inc_by(bytes);
        InFlight {
            metrics: self,
            bytes,
        }
    }

    /// A request was answered. `route` is one of the table.
    pub fn responded(&self, route: &str, method: &'static str, status: u16, time: Duration) {
        let request = Request {
            route: route.to_owned(),
            method,
            status,
        };
        self.requests.get_or_create(&request).inc();
        let route = Route {
            route: route.to_owned(),
        };
        let histogram = self.request_seconds.get_or_create(&route);
        histogram.observe(time.as_secs_f64());
    }

    /// A request was refused.
    pub fn refused(&self, code: &'static str) {
        self.problems.get_or_create(&Code { code }).inc();
    }

    /// Cards and maps were read again.
    pub fn reloaded(&self, taken: bool) {
        let outcome = if taken { "taken" } else { "refused" };
        self.reloads.get_or_create(&Outcome { outcome }).inc();
    }

    /// All that was counted, and what is so now.
    pub fn text(&self, now: &Now) -> String {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)
            .and_then(|()| encode_registry(&mut text, &now.registry()))
            .and_then(|()| encode_eof(&mut text))
            .expect("a string takes every text");
        text
    }
}

/// A request in work.
#[derive(Debug)]
pub struct InFlight<'a> {
    metrics: &'a Metrics,
    bytes: i64,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        self.metrics.bytes_in_flight.dec_by(self.bytes);
    }
}

impl Observer for Metrics {
    fn asked(&self, backend: &BackendId) {
        let backend = backend.name.clone();
        self.questions.get_or_create(&Backend { backend }).inc();
    }

    fn answered(
        &self,
        backend: &BackendId,
        answer: Result<&Answer, Reason>,
        time: Duration,
        queued: Duration,
    ) {
        let backend = backend.name.clone();
        let outcome = match answer {
            Ok(_) => "answered",
            Err(reason) => reason.code(),
        };
        let answered = Answered {
            backend: backend.clone(),
            outcome,
        };
        self.answers.get_or_create(&answered).inc();
        let backend = Backend { backend };
        let worked = time.saturating_sub(queued).as_secs_f64();
        let queue = self.queue_seconds.get_or_create(&backend);
        queue.observe(queued.as_secs_f64());
        let compute = self.compute_seconds.get_or_create(&backend);
        compute.observe(worked);
    }

    fn judged(&self, provenance: &Provenance, seen: Seen) {
        let judge = provenance.judge.clone();
        let backend = provenance.backend.clone();
        let outcome = match seen {
            Seen::Judged { .. } => "judged",
            Seen::Unscored(reason) => reason.code(),
        };
        let judged = Judged {
            judge: judge.clone(),
            backend: backend.clone(),
            outcome,
        };
        self.judged.get_or_create(&judged).inc();
        let Seen::Judged { coverage, readout } = seen else {
            return;
        };
        if let Some(readout) = readout {
            let read = Readout {
                judge: judge.clone(),
                backend: backend.clone(),
                readout: readout.name(),
            };
            self.readouts.get_or_create(&read).inc();
        }
        if let Some(coverage) = coverage {
            let histogram = self.coverage.get_or_create(&Judge { judge, backend });
            histogram.observe(coverage.value());
        }
    }
}
