//! From one `[backends.NAME]` table to something that can be asked.

use std::sync::Arc;

use super::{AssembleError, onnx};
use crate::backend::onnx::{OnnxRuntime, RuntimeError};
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
    runtime: &Result<OnnxRuntime, RuntimeError>,
    config: &Config,
) -> Result<BackendState, AssembleError> {
    let opener = onnx::Opener::new(name, runtime, config);
    match backend {
        BackendConfig::Recorded(recorded) => {
            let recorded = Recorded::load(name, &recorded.file)?;
            Ok(BackendState::Ready(Arc::new(recorded)))
        }
        BackendConfig::OnnxLanguage(language) => opener.language(language),
        BackendConfig::OnnxDualEncoder(encoder) => opener.dual_encoder(encoder),
        BackendConfig::OnnxScalar(scalar) => opener.scalar(scalar),
    }
}
