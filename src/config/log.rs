//! What is logged, and where traces go.

use serde::Deserialize;

use super::fault::Report;

/// What is logged unless set: our own lines, and warnings of others. What `actix_http` reports is what strangers
/// send: they could fill the log with it.
const FILTER: &str = "warn,opine=info,ort=error,actix_http=off";

/// The log of the service, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// How lines are written.
    pub format: LogFormat,
    /// What is written, in the syntax of `tracing`: `info`, or `warn,opine=debug`. `OPINE_LOG` stands before it.
    pub filter: String,
}

/// How lines of the log are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Where OpenTelemetry traces go; nowhere unless set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TracesConfig {
    /// Address of a collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`.
    pub endpoint: Option<String>,
    /// Name of this service in traces.
    pub service: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        LogConfig {
            format: LogFormat::Text,
            filter: FILTER.to_owned(),
        }
    }
}

impl Default for TracesConfig {
    fn default() -> Self {
        TracesConfig {
            endpoint: None,
            service: "opine".to_owned(),
        }
    }
}

impl LogConfig {
    /// What is written: `OPINE_LOG`, or what the configuration says.
    pub fn effective_filter(&self) -> String {
        super::environment("OPINE_LOG").unwrap_or_else(|| self.filter.clone())
    }

    pub(super) fn check(&self, report: &mut Report) {
        if let Err(error) = self.filter.parse::<tracing_subscriber::filter::EnvFilter>() {
            let message = format!("is no filter ({error}); `info` and `warn,opine=debug` are");
            report.fault("filter", message);
        }
    }
}

impl TracesConfig {
    pub(super) fn check(&self, report: &mut Report) {
        let Some(endpoint) = &self.endpoint else {
            return;
        };
        if !(endpoint.starts_with("http://") || endpoint.starts_with("https://")) {
            report.fault(
                "endpoint",
                "is no address; `http://127.0.0.1:4318` is, and `/v1/traces` is added to it",
            );
        } else if !cfg!(feature = "otel") {
            report.fault(
                "endpoint",
                "is set, and this build sends no traces; build with `cargo build --release --features otel`, or leave it out",
            );
        }
    }
}
