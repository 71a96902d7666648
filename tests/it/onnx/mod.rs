//! Models in this process: dual encoders, reward models and language models.

pub(crate) mod exports;
mod hostile;
pub(crate) mod sight;
