//! Starts the log, and the traces of a build that has them.

use std::io::{self, IsTerminal};

use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt};

use super::CliError;
use crate::config::{LogConfig, LogFormat, TracesConfig};

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// What is dropped at the end, so that the last traces are sent.
#[cfg(feature = "otel")]
pub(super) type Tail = Option<crate::traces::Tail>;
/// What is dropped at the end; this build sends no traces.
#[cfg(not(feature = "otel"))]
#[derive(Debug)]
pub(super) struct Tail;

/// From here on what is logged goes to standard error, and spans to the collector, where there is one.
pub(super) fn start_log(log: &LogConfig, traces: &TracesConfig) -> Result<Tail, CliError> {
    let (spans, tail) = spans(traces)?;
    let layers: Vec<Boxed> = [lines(log)].into_iter().chain(spans).collect();
    tracing_subscriber::registry().with(layers).init();
    Ok(tail)
}

fn lines(log: &LogConfig) -> Boxed {
    let filter = EnvFilter::new(log.effective_filter());
    let layer = fmt::layer().with_writer(io::stderr).with_target(false);
    match log.format {
        LogFormat::Text => {
            let layer = layer.with_ansi(io::stderr().is_terminal());
            layer.with_filter(filter).boxed()
        }
        LogFormat::Json => {
            let layer = layer.json().flatten_event(true).with_span_list(false);
            layer.with_filter(filter).boxed()
        }
    }
}

/// A configuration that names a collector is refused by such a build.
#[cfg(not(feature = "otel"))]
fn spans(_: &TracesConfig) -> Result<(Option<Boxed>, Tail), CliError> {
    Ok((None, Tail))
}

/// Spans of ours, down to every question, whatever the log shows.
#[cfg(feature = "otel")]
fn spans(traces: &TracesConfig) -> Result<(Option<Boxed>, Tail), CliError> {
    let Some(endpoint) = &traces.endpoint else {
        return Ok((None, None));
    };
    let (exporter, tail) = crate::traces::Exporter::start(endpoint, &traces.service)?;
    let ours = EnvFilter::new("off,opine=debug");
    Ok((Some(exporter.with_filter(ours).boxed()), Some(tail)))
}
