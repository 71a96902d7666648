//! What came back, and how much of it may be shown.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::RemoteError;
use super::options::RemoteOptions;

/// Most characters of a reply that a message shows.
const SHOWN: usize = 200;

/// A complete answer with a status of 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    backend: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
    /// Made on arrival, because only the options know what must not be shown.
    excerpt: String,
}

impl Reply {
    pub(super) fn new(
        options: &RemoteOptions,
        headers: BTreeMap<String, String>,
        body: Vec<u8>,
    ) -> Self {
        Reply {
            backend: options.name.clone(),
            headers,
            excerpt: excerpt(options, &body),
            body,
        }
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`RemoteError::NotUtf8`] and [`RemoteError::NotJson`].
    pub fn json(&self) -> Result<Value, RemoteError> {
        let text = std::str::from_utf8(&self.body).map_err(|fault| RemoteError::NotUtf8 {
            backend: self.backend.clone(),
            position: fault.valid_up_to(),
            excerpt: self.excerpt.clone(),
        })?;
        serde_json::from_str(text).map_err(|fault| RemoteError::NotJson {
            backend: self.backend.clone(),
            message: fault.to_string(),
            excerpt: self.excerpt.clone(),
        })
    }
}

/// The engine's own message where its body has one (`error.message`, `error`, `message`, `detail`), else its
/// first bytes.
pub(super) fn message(options: &RemoteOptions, body: &[u8]) -> String {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let places = ["/error/message", "/error", "/message", "/detail"];
    let own = places
        .iter()
        .find_map(|place| json.pointer(place).and_then(Value::as_str));
    match own {
        Some(own) => excerpt(options, own.as_bytes()),
        None if body.is_empty() => "no body".to_owned(),
        None => excerpt(options, body),
    }
}

/// The first characters on one line: what is not UTF-8 or not printable is escaped, and no secret is shown.
pub(super) fn excerpt(options: &RemoteOptions, body: &[u8]) -> String {
    // A secret may stand across the end of what is shown, so more is looked at than is shown.
    let head = &body[..body.len().min(16 * SHOWN)];
    let text = options.redact(&String::from_utf8_lossy(head));
    let mut shown = String::from("`");
    let mut characters = text.chars();
    for character in characters.by_ref().take(SHOWN) {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    let more = characters.next().is_some() || head.len() < body.len();
    shown.push_str(if more { "…`" } else { "`" });
    shown
}

#[cfg(test)]
mod tests {
    use super::super::options::Secret;
    use super::*;

    fn options() -> RemoteOptions {
        let mut options = RemoteOptions::new("vllm", "http://a");
        options.key = Some(Secret::new("hunter2"));
        options
    }

    #[test]
    fn an_excerpt_is_one_short_line_without_secrets() {
        assert_eq!(
            excerpt(&options(), b"<html>\n\x1b[31m hunter2 \xff"),
            "`<html>\\n\\u{1b}[31m *** \u{fffd}`"
        );
        let long = excerpt(&options(), &[b'a'; 5000]);
        assert_eq!(long.chars().count(), SHOWN + 3);
        // A key that begins before the end of what is shown is hidden whole.
        let across = [&[b'a'; SHOWN - 3][..], b"hunter2"].concat();
        assert!(!excerpt(&options(), &across).contains("hun"));
    }

    #[test]
    fn an_engine_speaks_for_itself() {
        for body in [
            r#"{"error": {"message": "no such model"}}"#,
            r#"{"error": "no such model"}"#,
            r#"{"detail": "no such model"}"#,
        ] {
            assert_eq!(message(&options(), body.as_bytes()), "`no such model`");
        }
        assert_eq!(message(&options(), b""), "no body");
        assert_eq!(message(&options(), b"[1]"), "`[1]`");
    }
}
