//! What a user may set: one TOML file, and the environment over it.
//!
//! The only place that reads the environment. A configuration is checked whole: every fault is told at once, with its
//! key, the line or variable that it came from, and what would have worked. [`EXAMPLE`] names every key.

mod access;
mod admission;
mod backends;
mod chat;
mod data;
mod fault;
mod hub;
mod images;
mod log;
mod onnx;
mod read;
mod remote;
mod tree;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::pixels;
pub use access::{AccessConfig, KeyConfig, rate};
pub use admission::AdmissionConfig;
pub use backends::{
    BackendConfig, Gives, KserveConfig, RecordedConfig, SystemoneAsk, SystemoneConfig,
    SystemoneImages, Tensors,
};
pub use chat::{ChatConfig, FlavourConfig, PrefillConfig, PriceConfig};
pub use data::{DataConfig, JobsConfig};
use fault::Report;
pub use fault::{ConfigError, ConfigFault, Source};
pub use hub::{ExportPlace, HubAddress, HubConfig};
pub use images::{ImagesConfig, UrlsConfig};
pub use log::{LogConfig, LogFormat, TracesConfig};
pub use onnx::{OnnxDualEncoderConfig, OnnxLanguageConfig, OnnxScalarConfig, SimilarityConfig};
pub use remote::RemoteConfig;

/// Everything that can be set, with its defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address of the service.
    pub listen: SocketAddr,
    /// Who may use the service.
    pub access: AccessConfig,
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
    /// Gate policies.
    pub gates: GatesConfig,
    /// From where images may be fetched.
    pub images: ImagesConfig,
    /// What one request may cost.
    pub limits: LimitsConfig,
    /// The door of the service.
    pub admission: AdmissionConfig,
    /// Remembered answers.
    pub cache: CacheConfig,
    /// The log.
    pub log: LogConfig,
    /// OpenTelemetry traces.
    pub traces: TracesConfig,
    /// What outlives the process.
    pub data: DataConfig,
    /// What jobs may take.
    pub jobs: JobsConfig,
}

/// Every key with its default and what it means, as `opine config example` prints it.
pub const EXAMPLE: &str = include_str!("example.toml");

/// The checks of each section: what is wrong though every value is of the right type.
const SECTIONS: [(&str, Check); 8] = [
    ("access", |config, report| {
        for fault in config.access.faults() {
            report.fault("keys", fault);
        }
    }),
    ("images", |config, report| {
        for fault in config.images.urls.faults() {
            report.fault("urls", fault);
        }
    }),
    ("backends", |config, report| {
        for (name, backend) in &config.backends {
            report.within(name, |report| backend.check(report));
        }
    }),
    ("limits", |config, report| config.limits.check(report)),
    ("data", |config, report| config.data.check(report)),
    ("jobs", |config, report| config.jobs.check(report)),
    ("log", |config, report| config.log.check(report)),
    ("traces", |config, report| config.traces.check(report)),
];

type Check = fn(&Config, &mut Report);

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

/// Where gate policies are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatesConfig {
    /// Folder of policies, each a `.toml` file.
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
            access: AccessConfig::default(),
            onnxruntime: OnnxRuntimeConfig::default(),
            judges: JudgesConfig::default(),
            backends: BTreeMap::new(),
            hub: HubConfig::default(),
            calibration: CalibrationConfig::default(),
            gates: GatesConfig::default(),
            images: ImagesConfig::default(),
            limits: LimitsConfig::default(),
            admission: AdmissionConfig::default(),
            cache: CacheConfig::default(),
            log: LogConfig::default(),
            traces: TracesConfig::default(),
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
    /// Limits that would let nothing through.
    fn check(&self, report: &mut Report) {
        let zeros = [
            ("request_bytes", self.request_bytes == 0),
            ("images_per_request", self.images_per_request == 0),
            ("requests_in_flight", self.requests_in_flight == 0),
            ("seconds_per_request", self.seconds_per_request == 0),
            ("seconds_per_body", self.seconds_per_body == 0),
            ("image_bytes", self.image_bytes == 0),
            ("image_pixels", self.image_pixels == 0),
            ("image_side", self.image_side == 0),
        ];
        for (key, _) in zeros.into_iter().filter(|(_, zero)| *zero) {
            report.fault(key, "must be at least 1; leave it out for its default");
        }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        CacheConfig { bytes: 64 << 20 }
    }
}

impl Config {
    /// Reads a configuration and the environment over it; paths are relative to the folder of the file.
    ///
    /// # Errors
    /// A file that cannot be read, or everything that is wrong in it and in the environment.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
            faults: vec![ConfigFault {
                source: Source::File {
                    file: file.clone(),
                    line: 0,
                },
                key: String::new(),
                message: format!("cannot be read: {error}"),
            }],
        })?;
        let mut config = Self::read(&file, &text, overrides())?;
        if let Some(folder) = path.parent() {
            config.resolve(folder);
        }
        Ok(config)
    }

    /// The defaults, and the environment over them; paths are relative to the current folder.
    ///
    /// # Errors
    /// Everything that is wrong in the environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::read("the defaults", "", overrides())
    }

    /// Reads a configuration from text, with variables over it: what [`Config::load`] does, without a file and an environment.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn read(
        file: &str,
        text: &str,
        variables: Vec<(String, String)>,
    ) -> Result<Self, ConfigError> {
        let (mut tree, mut faults) = match tree::Node::parse(file, text) {
            Ok(tree) => (tree, Vec::new()),
            Err(faults) => (tree::Node::empty(), faults),
        };
        faults.extend(tree.overlay(variables));
        let (config, tree, wrong) = read::read(tree, file);
        faults.extend(wrong);
        let mut report = Report::default();
        for (table, check) in SECTIONS {
            report.within(table, |report| check(&config, report));
        }
        for wrong in report.found {
            let source = tree.source(&wrong.path, file);
            // What stands in for a missing value is no fault of the user's.
            if tree.is_whole(&wrong.path) {
                faults.push(ConfigFault {
                    source,
                    key: wrong.key(),
                    message: wrong.message(),
                });
            }
        }
        if faults.is_empty() {
            return Ok(config);
        }
        faults.sort();
        faults.dedup();
        Err(ConfigError { faults })
    }

    fn resolve(&mut self, folder: &Path) {
        if let Some(path) = &mut self.onnxruntime.path {
            *path = folder.join(&path);
        }
        if let Some(path) = &mut self.calibration.folder {
            *path = folder.join(&path);
        }
        if let Some(path) = &mut self.gates.folder {
            *path = folder.join(&path);
        }
        for path in &mut self.judges.folders {
            *path = folder.join(&path);
        }
        self.images.urls.resolve(folder);
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

/// The variables that set keys, in order of name.
fn overrides() -> Vec<(String, String)> {
    let text = |name: std::ffi::OsString| name.into_string().ok();
    let mut set: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = text(name)?;
            name.starts_with(tree::PREFIX)
                .then(|| (name, value.to_string_lossy().into_owned()))
        })
        .filter(|(_, value)| !value.is_empty())
        .collect();
    set.sort();
    set
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
