//! From one `[backends.NAME]` table to something that can be asked.

use std::sync::Arc;

use super::AssembleError;
use super::remote::client;
use crate::backend::Backend;
use crate::backend::recorded::Recorded;
use crate::config::{BackendConfig, Config};
use crate::engine::BackendState;

/// Opens a configured backend.
///
/// # Errors
/// What is there and wrong; what is merely missing makes the backend unavailable.
pub(super) fn open(
    name: &str,
    backend: &BackendConfig,
    config: &Config,
) -> Result<BackendState, AssembleError> {
    let opened: Arc<dyn Backend> = match backend {
        BackendConfig::Recorded(recorded) => Arc::new(Recorded::load(name, &recorded.file)?),
        BackendConfig::Chat(chat) => {
            let remote = match client(name, &chat.remote) {
                Ok(remote) => remote,
                Err(remedy) => return Ok(BackendState::Unavailable { remedy }),
            };
            match super::chat::open(remote, chat, config.image_limits()) {
                Ok(chat) => Arc::new(chat),
                Err(remedy) => return Ok(BackendState::Unavailable { remedy }),
            }
        }
    };
    Ok(BackendState::Ready(opened))
}
