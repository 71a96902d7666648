//! What a client for one engine is told.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::error::OptionsError;

/// All that a client for one engine is told.
#[derive(Clone)]
pub struct RemoteOptions {
    /// Name of the backend in messages.
    pub name: String,
    /// Address that paths are relative to, such as `http://127.0.0.1:8000/v1`.
    pub url: String,
    /// Sent as `Authorization: Bearer KEY`, or as the whole value of `key_header` where that is set.
    pub key: Option<Secret>,
    /// Another header for the key, such as `api-key`.
    pub key_header: Option<String>,
    /// Sent with every request. They may hold secrets too, so that only their names are ever shown.
    pub headers: BTreeMap<String, String>,
    /// How long is waited.
    pub timeouts: Timeouts,
    /// Most requests under way at once, at least 1.
    pub concurrency: usize,
    /// Most bytes of a reply.
    pub most_reply_bytes: usize,
    /// Most further tries of one request.
    pub retries: u32,
    /// PEM files of authorities that are trusted beside the system's.
    pub authorities: Vec<Vec<u8>>,
}

/// How long is waited for an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// From the start of a try to the head of its answer: an engine thinks before it sends a byte.
    pub first_byte: Duration,
    /// For the whole request, with all its tries and the pauses between them.
    pub whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            whole: Duration::from_secs(120),
        }
    }
}

impl RemoteOptions {
    /// The defaults for an address.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Self {
        RemoteOptions {
            name: name.into(),
            url: url.into(),
            key: None,
            key_header: None,
            headers: BTreeMap::new(),
            timeouts: Timeouts::default(),
            concurrency: 16,
            most_reply_bytes: 16 << 20,
            retries: 3,
            authorities: Vec::new(),
        }
    }

    /// The address, ending in `/` so that paths are appended to it.
    pub(super) fn checked_base(&self) -> Result<Url, OptionsError> {
        let error = |message: String| OptionsError {
            backend: self.name.clone(),
            message,
        };
        if self.concurrency == 0 || self.most_reply_bytes == 0 {
            return Err(error(
                "concurrency and the bytes of a reply must be at least 1".into(),
            ));
        }
        let mut base = Url::parse(&self.url)
            .map_err(|fault| error(format!("`url` is no address: {fault}")))?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(error(
                "`url` must begin with `http://` or `https://` and name a host".into(),
            ));
        }
        // It would be shown in messages.
        if !base.username().is_empty() || base.password().is_some() {
            return Err(error(
                "`url` must hold no user and password; give a key instead".into(),
            ));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(error("`url` must end before any `?` or `#`".into()));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Ok(base)
    }

    /// The headers of every request.
    pub(super) fn header_map(&self) -> Result<HeaderMap, OptionsError> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let (name, value) = self.header(name, value)?;
            map.insert(name, value);
        }
        if let Some(key) = &self.key {
            let (name, value) = match &self.key_header {
                None => self.header(AUTHORIZATION.as_str(), &format!("Bearer {}", key.reveal()))?,
                Some(name) => self.header(name, key.reveal())?,
            };
            map.insert(name, value);
        }
        Ok(map)
    }

    fn header(&self, name: &str, value: &str) -> Result<(HeaderName, HeaderValue), OptionsError> {
        let error = |what: &str| OptionsError {
            backend: self.name.clone(),
            message: format!(
                "{what} of header `{}` cannot be sent",
                name.escape_default()
            ),
        };
        let mut value = HeaderValue::from_str(value).map_err(|_| error("the value"))?;
        value.set_sensitive(true);
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| error("the name"))?;
        Ok((name, value))
    }

    /// The same text without any secret that an engine may have repeated in it.
    pub(super) fn redact(&self, text: &str) -> String {
        let key = self.key.iter().map(Secret::reveal);
        let headers = self.headers.values().map(String::as_str);
        // What is shorter is no secret, and would make holes in every message.
        key.chain(headers)
            .filter(|secret| secret.len() >= 4)
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl fmt::Debug for RemoteOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RemoteOptions")
            .field("name", &self.name)
            .field("url", &self.url)
            .field("key", &self.key)
            .field("headers", &self.headers.keys())
            .field("timeouts", &self.timeouts)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// A key that is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a key; blanks and line ends around it are no part of it.
    pub fn new(key: &str) -> Self {
        Secret(key.trim().to_owned())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> Result<String, OptionsError> {
        RemoteOptions::new("vllm", url)
            .checked_base()
            .map(|url| url.to_string())
    }

    #[test]
    fn an_address_is_a_folder() {
        assert_eq!(base("http://a:8000").unwrap(), "http://a:8000/");
        assert_eq!(base("http://a/v1").unwrap(), "http://a/v1/");
        assert_eq!(base("https://a/v1/").unwrap(), "https://a/v1/");
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_its_secrets() {
        for bad in ["a:8000", "file:///etc/passwd", "http://", "http://a?b=c"] {
            assert!(base(bad).is_err(), "{bad}");
        }
        let error = base("http://me:hunter2@a/").unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn secrets_are_shown_nowhere() {
        let mut options = RemoteOptions::new("vllm", "http://a");
        options.key = Some(Secret::new(" hunter2\n"));
        options.headers.insert("x-team".into(), "hunter3".into());
        let shown = format!("{options:?} {:?}", options.header_map().unwrap());
        assert!(!shown.contains("hunter"), "{shown}");
        assert_eq!(
            options.redact("key hunter2 of hunter3 is wrong"),
            "key *** of *** is wrong"
        );
        let map = options.header_map().unwrap();
        assert_eq!(map["authorization"], "Bearer hunter2");
        options.key_header = Some("api-key".into());
        assert_eq!(options.header_map().unwrap()["api-key"], "hunter2");
        options.headers.insert("bad name".into(), "x".into());
        assert!(options.header_map().is_err());
    }
}
