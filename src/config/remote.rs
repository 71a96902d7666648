//! What every backend that is elsewhere may be told, beside what is particular to its kind.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::fault::Report;
use super::tree::Node;

/// Where an engine is and how it is treated. These keys stand beside those of the backend's kind:
///
/// ```toml
/// [backends.my-engine]
/// kind = "systemone"
/// url = "http://127.0.0.1:8000/v1"
/// api_key_variable = "MY_ENGINE_KEY"
/// concurrency = 32
/// ```
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteConfig {
    /// Address of the engine's API, such as `http://127.0.0.1:8000/v1`.
    pub url: String,
    /// Name of the environment variable that holds the key. The key itself never stands in a configuration.
    pub api_key_variable: Option<String>,
    /// File that holds the key and nothing else, relative to the configuration's folder.
    pub api_key_file: Option<PathBuf>,
    /// Header for the key, such as `api-key`; unset, it is sent as `Authorization: Bearer KEY`.
    pub api_key_header: Option<String>,
    /// Further headers of every request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Most seconds for a connection.
    #[serde(default = "connect_seconds")]
    pub connect_seconds: f64,
    /// Most seconds from the start of a try until its answer begins.
    #[serde(default = "first_byte_seconds")]
    pub first_byte_seconds: f64,
    /// Most seconds for one request as a whole, further tries included.
    #[serde(default = "seconds")]
    pub seconds: f64,
    /// Most requests under way at once; more wait.
    #[serde(default = "concurrency")]
    pub concurrency: usize,
    /// Most further tries of one request. All further tries together stay within a tenth of the load.
    #[serde(default = "retries")]
    pub retries: u32,
    /// Most bytes of one reply.
    #[serde(default = "most_reply_bytes")]
    pub most_reply_bytes: usize,
    /// PEM files of authorities that are trusted beside the system's, relative to the configuration's folder.
    #[serde(default)]
    pub authorities: Vec<PathBuf>,
}

fn connect_seconds() -> f64 {
    5.0
}

fn first_byte_seconds() -> f64 {
    60.0
}

fn seconds() -> f64 {
    120.0
}

fn concurrency() -> usize {
    16
}

fn retries() -> u32 {
    3
}

fn most_reply_bytes() -> usize {
    16 << 20
}

impl RemoteConfig {
    /// Makes paths relative to the folder of the configuration.
    pub(super) fn resolve(&mut self, folder: &Path) {
        if let Some(file) = &mut self.api_key_file {
            *file = folder.join(&file);
        }
        for file in &mut self.authorities {
            *file = folder.join(&file);
        }
    }

    /// Finds what the type of a value does not say.
    pub(super) fn check(&self, report: &mut Report) {
        let times = [
            ("connect_seconds", self.connect_seconds),
            ("first_byte_seconds", self.first_byte_seconds),
            ("seconds", self.seconds),
        ];
        for (key, seconds) in times {
            if !(seconds > 0.0 && seconds <= 86_400.0) {
                report.fault(key, format!("is {seconds}; it must lie in (0, 86400]"));
            }
        }
        for (key, count) in [
            ("concurrency", self.concurrency),
            ("most_reply_bytes", self.most_reply_bytes),
        ] {
            if count == 0 {
                report.fault(key, "must be at least 1");
            }
        }
        if !(self.url.starts_with("http://") || self.url.starts_with("https://")) {
            report.fault("url", "must begin with `http://` or `https://`");
        }
        if self.api_key_variable.is_some() && self.api_key_file.is_some() {
            report.fault(
                "api_key_file",
                "stands beside `api_key_variable`; give one of them",
            );
        }
    }

    /// The key, read now; `None` where none is configured.
    ///
    /// # Errors
    /// A variable that is not set or a file that cannot be read, by name.
    pub fn key(&self) -> Result<Option<String>, String> {
        secret(
            ["api_key_variable", "api_key_file", "API key"],
            self.api_key_variable.as_deref(),
            self.api_key_file.as_deref(),
        )
    }

    /// The three time limits: connect, first byte, whole.
    ///
    /// # Errors
    /// A limit that is no positive number of seconds, by name.
    pub fn times(&self) -> Result<[Duration; 3], String> {
        let time = |name: &str, seconds: f64| {
            Duration::try_from_secs_f64(seconds)
                .ok()
                .filter(|time| !time.is_zero() && *time <= Duration::from_secs(86_400))
                .ok_or_else(|| format!("`{name}` is {seconds}; it must lie in (0, 86400]"))
        };
        Ok([
            time("connect_seconds", self.connect_seconds)?,
            time("first_byte_seconds", self.first_byte_seconds)?,
            time("seconds", self.seconds)?,
        ])
    }
}

/// A secret, read now from the environment or a file; the names are those of the two keys, and what it is.
pub(super) fn secret(
    [variable_key, file_key, what]: [&str; 3],
    variable: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<String>, String> {
    match (variable, file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(format!("give `{variable_key}` or `{file_key}`, not both")),
        (Some(name), None) => match super::environment(name) {
            Some(secret) => Ok(Some(secret)),
            None => Err(format!(
                "set the environment variable `{name}` to its {what}"
            )),
        },
        (None, Some(file)) => match std::fs::read_to_string(file) {
            Ok(secret) if !secret.trim().is_empty() => Ok(Some(secret)),
            Ok(_) => Err(format!(
                "`{}` is empty; put its {what} there",
                file.display()
            )),
            Err(error) => Err(format!(
                "its {what} cannot be read from `{}`: {error}",
                file.display()
            )),
        },
    }
}

/// Shows no header: it may hold a secret.
impl fmt::Debug for RemoteConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RemoteConfig")
            .field("url", &self.url)
            .field("headers", &self.headers.keys())
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// Reads the keys of [`RemoteConfig`] among those of a backend's kind, for
/// `#[serde(flatten, deserialize_with = "remote")]`: a plain `flatten` would let a misspelt key pass.
pub(super) fn remote<'de, D: Deserializer<'de>>(keys: D) -> Result<RemoteConfig, D::Error> {
    let left = toml::Table::deserialize(keys)?;
    RemoteConfig::deserialize(&Node::of(left)).map_err(D::Error::custom)
}
