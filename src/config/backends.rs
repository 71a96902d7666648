//! The backends that `judge@backend` may name, one `[backends.NAME]` table each.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::chat::ChatConfig;

/// One backend. A closed list: a kind that is not known is refused and the known ones are named.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BackendConfig {
    /// Replays answers from a JSON Lines file.
    Recorded(RecordedConfig),
    /// A multimodal language model behind an OpenAI-compatible API.
    Chat(Box<ChatConfig>),
}

/// A recording.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedConfig {
    /// The file, relative to the configuration's folder.
    pub file: PathBuf,
}

impl BackendConfig {
    /// Makes paths relative to the folder of the configuration.
    pub(super) fn resolve(&mut self, folder: &Path) {
        match self {
            BackendConfig::Recorded(recorded) => recorded.file = folder.join(&recorded.file),
            BackendConfig::Chat(chat) => chat.remote.resolve(folder),
        }
    }
}
