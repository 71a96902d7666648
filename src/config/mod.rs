//! What a user may set: one TOML file, and two environment variables.
//!
//! The only place that reads the environment. A key that is not known is refused with its line.

mod backends;
mod chat;
mod data;
mod hub;
mod onnx;
mod remote;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::pixels;
pub use backends::{
    BackendConfig, Gives, KserveConfig, RecordedConfig, SystemoneAsk, SystemoneConfig,
    SystemoneImages, Tensors,
};
pub use chat::{ChatConfig, FlavourConfig, PrefillConfig, PriceConfig};
pub use data::{DataConfig, JobsConfig};
pub use hub::{ExportPlace, HubAddress, HubConfig};
pub use onnx::{OnnxDualEncoderConfig, OnnxLanguageConfig, OnnxScalarConfig, SimilarityConfig};
pub use remote::RemoteConfig;

/// Everything that can be set, with its defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address of the service.
    pub listen: SocketAddr,
    /// The ONNX Runtime library.
    pub onnxruntime: OnnxRuntimeConfig,
    /// Cards beside the built-in ones.
    pub judges: JudgesConfig,
    /// Backends that `judge@backend` may name.
    pub backends: BTreeMap<String, BackendConfig>,
    /// Where models that `hf://` names come from.
    pub hub: HubConfig,
    /// Calibration maps.
    pub calibration: CalibrationConfig,
    /// What one request may cost.
    pub limits: LimitsConfig,
    /// Remembered answers.
    pub cache: CacheConfig,
    /// What outlives the process.
    pub data: DataConfig,
    /// What jobs may take.
    pub jobs: JobsConfig,
}

/// Where the ONNX Runtime library is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OnnxRuntimeConfig {
    /// The library file; other places are not tried when it is set.
    pub path: Option<PathBuf>,
    /// Sessions per model; one per core unless set.
    pub threads: Option<NonZeroUsize>,
}

/// Where more cards are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JudgesConfig {
    /// Folders with cards.
    pub folders: Vec<PathBuf>,
}

/// Where calibration maps are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalibrationConfig {
    /// Folder of maps, as `opine calibrate` writes them; the service applies those that fit a judge exactly.
    pub folder: Option<PathBuf>,
}

/// Bounds on requests and pictures.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Most bytes of a request body.
    pub request_bytes: usize,
    /// Most images of one request.
    pub images_per_request: usize,
    /// Most requests in work at a time.
    pub requests_in_flight: usize,
    /// Most seconds that a request may take.
    pub seconds_per_request: u64,
    /// Most seconds that the body of a request may take to arrive.
    pub seconds_per_body: u64,
    /// Most bytes of one encoded image.
    pub image_bytes: usize,
    /// Most pixels of one image.
    pub image_pixels: u64,
    /// Longest side of one image in pixels.
    pub image_side: u32,
}

/// Remembered answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// Bytes for answers; 0 remembers nothing.
    pub bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            onnxruntime: OnnxRuntimeConfig::default(),
            judges: JudgesConfig::default(),
            backends: BTreeMap::new(),
            hub: HubConfig::default(),
            calibration: CalibrationConfig::default(),
            limits: LimitsConfig::default(),
            cache: CacheConfig::default(),
            data: DataConfig::default(),
            jobs: JobsConfig::default(),
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let image = pixels::Limits::default();
        LimitsConfig {
            request_bytes: 64 << 20,
            images_per_request: 256,
            requests_in_flight: 64,
            seconds_per_request: 60,
            seconds_per_body: 30,
            image_bytes: image.max_bytes,
            image_pixels: image.max_pixels,
            image_side: image.max_side,
        }
    }
}

impl LimitsConfig {
    /// Names of the limits that would let nothing through.
    fn zeros(&self) -> Vec<&'static str> {
        let limits = [
            ("`request_bytes`", self.request_bytes == 0),
            ("`images_per_request`", self.images_per_request == 0),
            ("`requests_in_flight`", self.requests_in_flight == 0),
            ("`seconds_per_request`", self.seconds_per_request == 0),
            ("`seconds_per_body`", self.seconds_per_body == 0),
            ("`image_bytes`", self.image_bytes == 0),
            ("`image_pixels`", self.image_pixels == 0),
            ("`image_side`", self.image_side == 0),
        ];
        limits
            .into_iter()
            .filter(|(_, zero)| *zero)
            .map(|(name, _)| name)
            .collect()
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        CacheConfig { bytes: 64 << 20 }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct ConfigError {
    /// The file.
    pub file: String,
    /// What was wrong, with line and column where there is one.
    pub message: String,
}

impl Config {
    /// Reads a configuration; paths in it are relative to its folder.
    ///
    /// # Errors
    /// A file that cannot be read, or a key or value that is not allowed, with its line.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let error = |message: String| ConfigError {
            file: path.display().to_string(),
            message,
        };
        let text =
            std::fs::read_to_string(path).map_err(|e| error(format!("cannot be read: {e}")))?;
        let mut config: Config =
            toml::from_str(&text).map_err(|e| error(e.to_string().trim_end().to_owned()))?;
        let zeros = config.limits.zeros();
        if !zeros.is_empty() {
            return Err(error(format!(
                "[limits]: {} must be at least 1; leave a limit out for its default",
                zeros.join(", ")
            )));
        }
        if let Some(folder) = path.parent() {
            config.resolve(folder);
        }
        Ok(config)
    }

    fn resolve(&mut self, folder: &Path) {
        if let Some(path) = &mut self.onnxruntime.path {
            *path = folder.join(&path);
        }
        if let Some(path) = &mut self.calibration.folder {
            *path = folder.join(&path);
        }
        for path in &mut self.judges.folders {
            *path = folder.join(&path);
        }
        self.hub.resolve(folder);
        self.data.resolve(folder);
        self.jobs.resolve(folder);
        for backend in self.backends.values_mut() {
            backend.resolve(folder);
        }
    }

    /// Bounds on decoding.
    pub fn image_limits(&self) -> pixels::Limits {
        pixels::Limits {
            max_bytes: self.limits.image_bytes,
            max_pixels: self.limits.image_pixels,
            max_side: self.limits.image_side,
        }
    }

    /// Most time that a request may take.
    pub fn request_time(&self) -> Duration {
        Duration::from_secs(self.limits.seconds_per_request)
    }

    /// Most time that the body of a request may take to arrive.
    pub fn body_time(&self) -> Duration {
        Duration::from_secs(self.limits.seconds_per_body)
    }

    /// Places where the ONNX Runtime library may be, the first that exists counts:
    /// the configured path alone, or `ORT_DYLIB_PATH` alone, or beside the program, `./.ort`, and the system's folders.
    pub fn onnxruntime_candidates(&self) -> Vec<PathBuf> {
        if let Some(path) = &self.onnxruntime.path {
            return vec![path.clone()];
        }
        if let Some(path) = environment("ORT_DYLIB_PATH") {
            return vec![PathBuf::from(path)];
        }
        let beside = std::env::current_exe()
            .ok()
            .and_then(|program| program.parent().map(Path::to_path_buf));
        beside
            .into_iter()
            .chain([".ort", "/usr/local/lib", "/usr/lib"].map(PathBuf::from))
            .map(|folder| folder.join(LIBRARY))
            .collect()
    }
}

/// File name of the library on this system.
const LIBRARY: &str = if cfg!(target_os = "macos") {
    "libonnxruntime.dylib"
} else if cfg!(windows) {
    "onnxruntime.dll"
} else {
    "libonnxruntime.so"
};

/// The log filter: `OPINE_LOG`, in the syntax of `tracing`, such as `info` or `opine=debug`.
pub fn log_filter() -> Option<String> {
    environment("OPINE_LOG")
}

/// Where this user's programs keep what can be fetched again.
fn user_cache() -> Option<PathBuf> {
    let named = if cfg!(windows) {
        "LOCALAPPDATA"
    } else {
        "XDG_CACHE_HOME"
    };
    let below_home = || Some(PathBuf::from(environment("HOME")?).join(".cache"));
    environment(named).map(PathBuf::from).or_else(below_home)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_known_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("opine.toml");
        std::fs::write(
            &path,
            "listen = \"127.0.0.1:0\"\n[limits]\nimages_per_requst = 3\n",
        )
        .unwrap();
        let error = Config::load(&path).unwrap_err().to_string();
        assert!(
            error.contains("line 3") && error.contains("`images_per_request`"),
            "{error}"
        );
    }

    #[test]
    fn limits_that_let_nothing_through_are_refused_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("opine.toml");
        std::fs::write(
            &path,
            "[limits]\nimages_per_request = 0\nimage_pixels = 0\n",
        )
        .unwrap();
        let error = Config::load(&path).unwrap_err().to_string();
        assert!(
            error.contains("`images_per_request`, `image_pixels` must"),
            "{error}"
        );
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("opine.toml");
        std::fs::write(
            &path,
            "[backends.old]\nkind = \"recorded\"\nfile = \"a.jsonl\"\n",
        )
        .unwrap();
        let config = Config::load(&path).unwrap();
        assert!(matches!(
            &config.backends["old"],
            BackendConfig::Recorded(recorded) if recorded.file == folder.path().join("a.jsonl")
        ));
    }
}
