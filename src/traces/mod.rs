//! OpenTelemetry traces: the spans of our log, sent by OTLP over HTTP as JSON to a collector.
//!
//! The protocol is written here and not taken from a library: it is one JSON document, and what carries it is the
//! client that asks engines. A span that cannot be sent is lost, and no request waits for it. A `traceparent` of the
//! W3C is taken over where a request brings one, with its word on whether the trace is wanted.

mod ids;
mod otlp;
mod sender;

use std::fmt;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use ids::{Ids, Parent};
use sender::Message;

/// Spans that wait to be sent; more are lost.
const WAITING: usize = 8192;

/// Events of one span that are kept.
const EVENTS: usize = 64;

/// Why no traces can be sent.
#[derive(Debug, thiserror::Error)]
#[error("no traces can be sent: {0}")]
pub struct TracesError(String);

/// Collects spans and sends them.
pub struct Exporter {
    spans: SyncSender<Message>,
    ids: Ids,
}

/// Sends what is left when it is dropped.
#[derive(Debug)]
pub struct Tail(SyncSender<Message>);

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Integer(i64),
    Double(f64),
    Truth(bool),
}

type Fields = Vec<(&'static str, Value)>;

/// Something that happened within a span.
#[derive(Debug)]
struct Happened {
    name: String,
    at: Duration,
    fields: Fields,
}

/// A span; times are since the epoch.
#[derive(Debug)]
struct Span {
    name: &'static str,
    trace: u128,
    id: u64,
    parent: Option<u64>,
    /// Whether anybody wants it.
    sampled: bool,
    began: Duration,
    ended: Duration,
    fields: Fields,
    events: Vec<Happened>,
}

impl Exporter {
    /// Starts the thread that sends; `endpoint` is a collector's address, to which `v1/traces` is added.
    ///
    /// # Errors
    /// An address that cannot be used.
    pub fn start(endpoint: &str, service: &str) -> Result<(Self, Tail), TracesError> {
        let (spans, waiting) = sync_channel(WAITING);
        sender::start(endpoint, service, waiting).map_err(TracesError)?;
        let exporter = Exporter {
            spans: spans.clone(),
            ids: Ids::default(),
        };
        Ok((exporter, Tail(spans)))
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let (done, sent) = sync_channel(1);
        if self.0.try_send(Message::Flush(done)).is_ok() {
            // A collector that does not answer holds nobody up for long.
            sent.recv_timeout(Duration::from_secs(3))
                .unwrap_or_default();
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Exporter {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::new();
        attributes.record(&mut Reader(&mut fields));
        let outer = span.parent();
        let outer = outer.as_ref().map(|parent| parent.extensions());
        let outer = outer.as_ref().and_then(|held| held.get::<Span>());
        let began = now();
        let opened = Span {
            name: span.name(),
            trace: outer.map_or_else(|| self.ids.trace(), |outer| outer.trace),
            id: self.ids.span(),
            parent: outer.map(|outer| outer.id),
            sampled: outer.is_none_or(|outer| outer.sampled),
            began,
            ended: began,
            fields,
            events: Vec::new(),
        };
        span.extensions_mut().insert(opened);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut held = span.extensions_mut();
        let Some(opened) = held.get_mut::<Span>() else {
            return;
        };
        let mut fields = Fields::new();
        record.record(&mut Reader(&mut fields));
        for (name, value) in fields {
            if let ("traceparent", Value::Text(parent)) = (name, &value) {
                opened.take_over(parent);
            } else {
                opened.fields.push((name, value));
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.event_span(event) else {
            return;
        };
        let mut held = span.extensions_mut();
        if let Some(opened) = held.get_mut::<Span>() {
            let mut fields = Fields::new();
            event.record(&mut Reader(&mut fields));
            opened.happened(fields, event.metadata().name());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let Some(mut closed) = span.extensions_mut().remove::<Span>() else {
            return;
        };
        closed.ended = now();
        if closed.sampled {
            // Where the queue is full the span is lost: no request waits for a collector.
            drop(self.spans.try_send(Message::Span(Box::new(closed))));
        }
    }
}

impl Span {
    fn take_over(&mut self, traceparent: &str) {
        if let Some(parent) = Parent::parse(traceparent) {
            self.trace = parent.trace;
            self.parent = Some(parent.span);
            self.sampled = parent.sampled;
        }
    }

    /// The end of a request says of the span as a whole what the conventions for HTTP call by these names.
    fn happened(&mut self, mut fields: Fields, place: &str) {
        let message = fields.iter().position(|(name, _)| *name == "message");
        let message = message.map(|index| fields.remove(index).1);
        let name = if let Some(Value::Text(text)) = message {
            text
        } else {
            place.to_owned()
        };
        for (field, attribute) in [
            ("method", "http.request.method"),
            ("route", "http.route"),
            ("status", "http.response.status_code"),
        ] {
            let found = fields.iter().find(|(name, _)| *name == field);
            if let Some((_, value)) = found.filter(|_| name == "request") {
                self.fields.push((attribute, value.clone()));
            }
        }
        if self.events.len() < EVENTS {
            self.events.push(Happened {
                name,
                at: now(),
                fields,
            });
        }
    }
}

/// Writes fields down.
struct Reader<'a>(&'a mut Fields);

impl Visit for Reader<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.push((field.name(), Value::Double(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.push((field.name(), Value::Integer(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        self.0.push((field.name(), Value::Integer(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.push((field.name(), Value::Truth(value)));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), Value::Text(value.to_owned())));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0
            .push((field.name(), Value::Text(format!("{value:?}"))));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "traces of several programs meet on the clock of the wall; no result depends on it"
)]
fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
