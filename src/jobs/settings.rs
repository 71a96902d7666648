//! What all items of a job share.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::store::wall_milliseconds;

/// The settings of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSettings {
    /// What is done with each item: one of the names of [`OPERATIONS`](super::OPERATIONS).
    pub operation: String,
    /// Name of the judge, perhaps with `@backend`.
    pub judge: String,
    /// Texts of every item that has none of its own of that name.
    pub texts: BTreeMap<String, String>,
    /// The settings of the operation, by name.
    pub options: BTreeMap<String, String>,
    /// What becomes of lines that cannot be read.
    pub on_bad_line: OnBadLine,
}

/// What becomes of lines that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadLine {
    /// The first of them refuses the manifest.
    #[default]
    Refuse,
    /// Each is an item that failed.
    Fail,
}

impl OnBadLine {
    /// All choices.
    pub const ALL: [OnBadLine; 2] = [OnBadLine::Refuse, OnBadLine::Fail];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            OnBadLine::Refuse => "refuse",
            OnBadLine::Fail => "fail",
        }
    }

    /// The choice of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` {message}")]
pub struct SettingFault {
    /// Its name.
    pub name: String,
    /// What it would have to be.
    pub message: String,
}

impl SettingFault {
    /// The fault of a setting.
    pub fn new(name: &str, message: impl Into<String>) -> Self {
        SettingFault {
            name: name.to_owned(),
            message: message.into(),
        }
    }
}

impl JobSettings {
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("strings are always JSON")
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// A name that no other job has, and that cannot be guessed from others.
pub(super) fn new_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // The standard library draws the keys of its hash maps from the system, which is all the chance that is needed.
    let drawn = || RandomState::new().build_hasher().finish().to_le_bytes();
    let count = COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes();
    let fields = [
        drawn(),
        drawn(),
        drawn(),
        count,
        wall_milliseconds().to_le_bytes(),
    ];
    let digest = Digest::of_fields(fields.iter().map(|field| &field[..]));
    let hex = digest.as_bytes()[..16].iter();
    let hex: String = hex.map(|byte| format!("{byte:02x}")).collect();
    format!("job-{hex}")
}
