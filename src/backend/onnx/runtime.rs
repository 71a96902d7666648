//! Finds and loads the ONNX Runtime library, once for the process.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;

/// The loaded library.
#[derive(Clone)]
pub struct OnnxRuntime {
    environment: Environment,
}

impl std::fmt::Debug for OnnxRuntime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OnnxRuntime")
    }
}

/// Why there is no ONNX Runtime, and what would help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeError {
    /// No library was found.
    #[error(
        "the ONNX Runtime library was not found (looked at {}); run `make onnxruntime`, or set `onnxruntime.path` \
         in the configuration or `ORT_DYLIB_PATH` to a `libonnxruntime.so` of version 1.24 or later",
        .looked_at.join(", ")
    )]
    NotFound {
        /// Every place that was tried.
        looked_at: Vec<String>,
    },
    /// A library was found and could not be used.
    #[error(
        "`{path}` could not be loaded as ONNX Runtime 1.24 or later: {message}; run `make onnxruntime` for a library that works"
    )]
    Unusable {
        /// The library.
        path: String,
        /// What the loader said.
        message: String,
    },
}

/// `ort` keeps one library per process; loading it again must not be tried.
static LOADED: Mutex<Option<OnnxRuntime>> = Mutex::new(None);

impl OnnxRuntime {
    /// Loads the first candidate that exists.
    ///
    /// The library is named explicitly and never found by `ort` itself, which would panic on an old one.
    ///
    /// # Errors
    /// No candidate exists, or the first that does is not ONNX Runtime 1.24 or later.
    pub fn load(candidates: &[PathBuf]) -> Result<Self, RuntimeError> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if !candidates.iter().any(|path| path.is_file()) {
            let looked_at = candidates
                .iter()
                .map(|path| format!("`{}`", path.display()))
                .collect();
            return Err(RuntimeError::NotFound { looked_at });
        }
        if let Some(runtime) = loaded.as_ref() {
            return Ok(runtime.clone());
        }
        let path = candidates
            .iter()
            .find(|path| path.is_file())
            .expect("one of them is a file");
        let runtime = OnnxRuntime {
            environment: open(path)?,
        };
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    /// What sessions are opened in. Public for the bench that opens a bare session beside ours: a process has
    /// one environment.
    #[doc(hidden)]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }
}

fn open(path: &Path) -> Result<Environment, RuntimeError> {
    let unusable = |message: String| RuntimeError::Unusable {
        path: path.display().to_string(),
        message,
    };
    ort::init_from(path)
        .map_err(|error| unusable(error.to_string()))?
        .with_name("opine")
        .with_telemetry(false)
        .build()
        .map_err(|error| unusable(error.to_string()))
}
