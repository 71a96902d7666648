//! From one `[backends.NAME]` table to something that can be asked.

use std::sync::Arc;

use super::AssembleError;
use crate::backend::recorded::Recorded;
use crate::config::BackendConfig;
use crate::engine::BackendState;

/// Opens a configured backend.
///
/// # Errors
/// What is there and wrong; what is merely missing makes the backend unavailable.
pub(super) fn open(name: &str, config: &BackendConfig) -> Result<BackendState, AssembleError> {
    let backend = match config {
        BackendConfig::Recorded(recorded) => Recorded::load(name, &recorded.file)?,
    };
    Ok(BackendState::Ready(Arc::new(backend)))
}
