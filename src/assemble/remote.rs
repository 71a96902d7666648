//! From the keys of an engine that is elsewhere to a client for it.

use std::path::PathBuf;

use super::AssembleError;
use crate::backend::remote::{Remote, RemoteOptions, Secret, Timeouts};
use crate::config::RemoteConfig;

/// Why there is no client.
#[derive(Debug)]
pub(super) enum NoClient {
    /// The configuration is wrong, which ends the start.
    Wrong(AssembleError),
    /// The key is missing, which makes this backend unavailable; the text says what would help.
    Missing(String),
}

/// A client for a configured engine; nothing is sent yet.
///
/// # Errors
/// [`NoClient`].
pub(super) fn client(name: &str, config: &RemoteConfig) -> Result<Remote, NoClient> {
    let wrong = |message: String| NoClient::Wrong(AssembleError::backend(name, message));
    let [connect, first_byte, whole] = config.times().map_err(wrong)?;
    let key = config.key().map_err(NoClient::Missing)?;
    let options = RemoteOptions {
        name: name.to_owned(),
        url: config.url.clone(),
        key: key.as_deref().map(Secret::new),
        key_header: config.api_key_header.clone(),
        headers: config.headers.clone(),
        timeouts: Timeouts {
            connect,
            first_byte,
            whole,
        },
        concurrency: config.concurrency,
        most_reply_bytes: config.most_reply_bytes,
        retries: config.retries,
        authorities: authorities(&config.authorities).map_err(wrong)?,
    };
    Remote::new(options).map_err(|error| wrong(error.message))
}

/// The contents of files of authorities.
///
/// # Errors
/// The first that cannot be read.
pub(super) fn authorities(files: &[PathBuf]) -> Result<Vec<Vec<u8>>, String> {
    let read = |file: &PathBuf| {
        let unreadable =
            |error| format!("`authorities`: {} cannot be read: {error}", file.display());
        std::fs::read(file).map_err(unreadable)
    };
    files.iter().map(read).collect()
}
