//! Engines that are elsewhere, scripted: what they may do, and what must come of it.

mod certificates;
mod faults;
pub(crate) mod kserve;
mod measured;
mod resilience;
pub(crate) mod systemone;

use std::time::Duration;

use opine::backend::remote::{Remote, RemoteError, RemoteOptions, Retry, Timeouts};
use serde_json::{Value, json};

/// Options for an engine that answers at once or not at all.
pub(crate) fn options(url: String) -> RemoteOptions {
    RemoteOptions {
        timeouts: Timeouts {
            connect: Duration::from_secs(2),
            first_byte: Duration::from_secs(20),
            whole: Duration::from_secs(30),
        },
        ..RemoteOptions::new("engine", url)
    }
}

pub(crate) fn remote(url: String) -> Remote {
    Remote::new(options(url)).unwrap()
}

/// One question as JSON.
async fn ask(remote: &Remote, retry: Retry) -> Result<Value, RemoteError> {
    let place = remote.enter().await?;
    place.post_json("ask", retry, &json!({"question": 1})).await
}
