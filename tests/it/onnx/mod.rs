//! Models in this process: dual encoders, reward models and language models.

pub(crate) mod exports;
mod hostile;
mod hub;
mod rewards;
pub(crate) mod sight;
