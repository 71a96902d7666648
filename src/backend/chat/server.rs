//! One server and model: sends requests, counts what they cost, and turns failures into errors of ours.

use serde_json::{Map, Value};

use super::options::{ChatOptions, Flavour};
use super::request::{Ask, chat_body};
use super::usage::Usage;
use crate::backend::BackendError;
use crate::backend::readout::{ChatReply, reply_of};
use crate::backend::remote::{Remote, RemoteError, Retry};

/// Words in which hosted engines say that a filter of theirs stopped the question.
const FILTERED: [&str; 3] = [
    "content_filter",
    "content management policy",
    "responsibleaipolicyviolation",
];

/// The server and how to speak to it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) remote: Remote,
    pub(super) options: ChatOptions,
    /// Path of the API below the configured address: empty where that ends in a version already.
    api: &'static str,
    /// Path of what stands beside the API, such as `/tokenize`.
    root: String,
    pub(super) usage: Usage,
}

impl Server {
    pub(super) fn new(remote: Remote, url: &str, options: ChatOptions) -> Self {
        let (api, root) = paths(url);
        Server {
            remote,
            options,
            api,
            root,
            usage: Usage::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.remote.name()
    }

    /// Gets what stands beside the API, such as `props`.
    pub(super) async fn get_beside(&self, path: &str) -> Result<Value, RemoteError> {
        let place = self.remote.enter().await?;
        place.get_json(&self.beside_path(path)).await
    }

    /// Gets a part of the API, such as `models`.
    pub(super) async fn get(&self, path: &str) -> Result<Value, RemoteError> {
        let place = self.remote.enter().await?;
        place.get_json(&self.api_path(path)).await
    }

    /// Posts to what stands beside the API, such as `tokenize`.
    pub(super) async fn post_beside(&self, path: &str, body: &Value) -> Result<Value, RemoteError> {
        let place = self.remote.enter().await?;
        place
            .post_json(&self.beside_path(path), Retry::Safe, body)
            .await
    }

    /// The path of what stands beside the API.
    pub(super) fn beside_path(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// Posts a chat request and returns the whole reply. The body is made once there is a place for it.
    pub(super) async fn chat(
        &self,
        make: impl FnOnce() -> Result<Map<String, Value>, BackendError>,
    ) -> Result<Value, ChatError> {
        let place = self.remote.enter().await?;
        let body = Value::Object(make().map_err(ChatError::Backend)?);
        let path = self.api_path("chat/completions");
        let reply = place.post_json(&path, Retry::Safe, &body).await?;
        self.usage.count(&reply, self.options.prices);
        Ok(reply)
    }

    /// Asks once and reads the first answer.
    pub(super) async fn ask(
        &self,
        flavour: Flavour,
        ask: Ask,
        messages: impl FnOnce() -> Result<Vec<Value>, BackendError>,
    ) -> Result<ChatReply, BackendError> {
        let make = || Ok(chat_body(&self.options, flavour, messages()?, ask));
        reply_of(&self.chat(make).await?)
    }

    fn api_path(&self, path: &str) -> String {
        match &self.options.query {
            None => format!("{}{path}", self.api),
            Some(query) => format!("{}{path}?{query}", self.api),
        }
    }
}

/// Where the API is below the configured address, and where the things beside it are.
///
/// `http://host:8000` and `http://host:8000/v1` are the same server; any other path is taken as it is.
fn paths(url: &str) -> (&'static str, String) {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme
        .find('/')
        .map_or("", |slash| &after_scheme[slash..]);
    let path = path.trim_end_matches('/');
    let api = if path.is_empty() { "v1/" } else { "" };
    let root = path.strip_suffix("/v1").unwrap_or(path);
    (api, format!("{root}/"))
}

/// Why a chat request gave no reply.
#[derive(Debug)]
pub(super) enum ChatError {
    /// The body could not be made.
    Backend(BackendError),
    /// The server did not answer it.
    Remote(RemoteError),
}

impl From<RemoteError> for ChatError {
    fn from(error: RemoteError) -> Self {
        ChatError::Remote(error)
    }
}

impl ChatError {
    /// The status by which the server declined the request, if that is what happened.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            ChatError::Backend(_) => None,
            ChatError::Remote(error) => error.status(),
        }
    }
}

impl From<ChatError> for BackendError {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Backend(error) => error,
            ChatError::Remote(error) => {
                let words = error.to_string();
                let lower = words.to_lowercase();
                if error.status() == Some(400) && FILTERED.iter().any(|word| lower.contains(word)) {
                    BackendError::Refused { message: words }
                } else {
                    error.into()
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::paths;

    #[test]
    fn what_stands_beside_the_api_is_found() {
        let cases = [
            ("http://a:1", "v1/", "/"),
            ("http://a:1/", "v1/", "/"),
            ("http://a:1/v1", "", "/"),
            ("http://a/llm/v1/", "", "/llm/"),
            (
                "https://a/openai/deployments/x",
                "",
                "/openai/deployments/x/",
            ),
        ];
        for (url, api, root) in cases {
            assert_eq!(paths(url), (api, root.to_owned()), "{url}");
        }
    }
}
