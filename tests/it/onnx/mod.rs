//! Models in this process: dual encoders, reward models and language models.

pub(crate) mod exports;
mod hostile;
mod hub;
pub(crate) mod sight;
