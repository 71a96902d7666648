//! What outlives the process: `[data]` and `[jobs]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::fault::Report;

/// Where jobs, results and stored replies are kept:
///
/// ```toml
/// [data]
/// folder = "data"
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// The folder, relative to the configuration's; jobs are off without one.
    pub folder: Option<PathBuf>,
    /// Most bytes of the database; as many as the disk has unless set.
    pub most_bytes: Option<u64>,
    /// Hours for which the reply to a request with an `Idempotency-Key` is kept.
    pub reply_hours: u64,
    /// Whether a damaged database is set aside and what can be read of it is kept, instead of refused.
    pub salvage: bool,
}

/// What jobs may take:
///
/// ```toml
/// [jobs]
/// images = "pictures"
/// share = 0.5
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobsConfig {
    /// Folder below which `path` finds images, relative to the configuration's; paths are refused without one.
    pub images: Option<PathBuf>,
    /// Most items of one manifest.
    pub items: u64,
    /// Most bytes of one line of a manifest.
    pub line_bytes: usize,
    /// Most bytes of one manifest.
    pub manifest_bytes: usize,
    /// Most seconds that a manifest may take to arrive.
    pub seconds_per_manifest: u64,
    /// Most manifests that arrive at a time.
    pub manifests_in_flight: usize,
    /// Part of a backend's places that jobs may take while requests are being answered, from 0 to 1.
    pub share: f64,
    /// How often an item is asked whose backend fails.
    pub attempts: u32,
    /// After so many items in a row whose backend failed each time, a job is paused.
    pub pause_after: u32,
    /// Most seconds for one item.
    pub seconds_per_item: u64,
    /// Most seconds that a stop of the service waits for items in work; the next start asks the rest again.
    pub seconds_to_park: u64,
}

impl Default for DataConfig {
    fn default() -> Self {
        DataConfig {
            folder: None,
            most_bytes: None,
            reply_hours: 24,
            salvage: false,
        }
    }
}

impl Default for JobsConfig {
    fn default() -> Self {
        JobsConfig {
            images: None,
            items: 1_000_000,
            line_bytes: 32 << 20,
            manifest_bytes: 16 << 30,
            seconds_per_manifest: 3_600,
            manifests_in_flight: 4,
            share: 0.5,
            attempts: 3,
            pause_after: 10,
            seconds_per_item: 120,
            seconds_to_park: 5,
        }
    }
}

impl DataConfig {
    pub(super) fn resolve(&mut self, folder: &Path) {
        if let Some(path) = &mut self.folder {
            *path = folder.join(&path);
        }
    }

    /// Limits that would keep nothing.
    pub(super) fn check(&self, report: &mut Report) {
        let zeros = [
            ("most_bytes", self.most_bytes == Some(0)),
            ("reply_hours", self.reply_hours == 0),
        ];
        refuse(&zeros, report);
    }

    /// How long a reply is kept.
    pub fn reply_time(&self) -> Duration {
        Duration::from_secs(self.reply_hours.saturating_mul(3_600))
    }
}

impl JobsConfig {
    pub(super) fn resolve(&mut self, folder: &Path) {
        if let Some(path) = &mut self.images {
            *path = folder.join(&path);
        }
    }

    /// Limits that would let nothing through, and a share that is none.
    pub(super) fn check(&self, report: &mut Report) {
        let zeros = [
            ("items", self.items == 0),
            ("line_bytes", self.line_bytes == 0),
            ("manifest_bytes", self.manifest_bytes == 0),
            ("seconds_per_manifest", self.seconds_per_manifest == 0),
            ("manifests_in_flight", self.manifests_in_flight == 0),
            ("attempts", self.attempts == 0),
            ("pause_after", self.pause_after == 0),
            ("seconds_per_item", self.seconds_per_item == 0),
        ];
        refuse(&zeros, report);
        if !(0.0..=1.0).contains(&self.share) {
            report.fault("share", "must be a number from 0 to 1");
        }
    }

    /// Most time that a manifest may take to arrive.
    pub fn manifest_time(&self) -> Duration {
        Duration::from_secs(self.seconds_per_manifest)
    }

    /// Most time for one item.
    pub fn item_time(&self) -> Duration {
        Duration::from_secs(self.seconds_per_item)
    }

    /// Most time that a stop waits for items in work.
    pub fn park_time(&self) -> Duration {
        Duration::from_secs(self.seconds_to_park)
    }
}

fn refuse(zeros: &[(&str, bool)], report: &mut Report) {
    for (key, _) in zeros.iter().filter(|(_, zero)| *zero) {
        report.fault(key, "must be at least 1; leave it out for its default");
    }
}
