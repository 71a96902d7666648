//! From the keys of an engine that is elsewhere to a client for it.

use crate::backend::remote::{Remote, RemoteOptions, Secret, Timeouts};
use crate::config::RemoteConfig;

/// A client for a configured engine; nothing is sent yet.
///
/// # Errors
/// What would have to be set or changed.
pub(super) fn client(name: &str, config: &RemoteConfig) -> Result<Remote, String> {
    let [connect, first_byte, whole] = config.times()?;
    let options = RemoteOptions {
        name: name.to_owned(),
        url: config.url.clone(),
        key: config.key()?.as_deref().map(Secret::new),
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
    };
    Remote::new(options).map_err(|error| error.to_string())
}
