//! What several tests use.

pub(crate) mod app;
pub(crate) mod backends;
pub(crate) mod contract;
#[cfg(target_os = "linux")]
pub(crate) mod disk;
pub(crate) mod inference;
pub(crate) mod juries;
pub(crate) mod llama;
pub(crate) mod local;
pub(crate) mod lots;
pub(crate) mod photo;
pub(crate) mod png;
pub(crate) mod policies;
#[cfg(target_os = "linux")]
pub(crate) mod preload;
pub(crate) mod scrape;
pub(crate) mod scripted;
pub(crate) mod seer;
pub(crate) mod served;
pub(crate) mod tls;
