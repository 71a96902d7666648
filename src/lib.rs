//! Opine gives opinion scores: it asks judges closed questions about images, reads the probability of
//! every allowed answer, and says how far such opinions agree with people.
//!
//! `ARCHITECTURE.md` has the map of the code and the invariants that it keeps.

pub mod access;
pub mod agreement;
pub mod assemble;
pub mod backend;
pub mod calibration;
pub mod card;
pub mod cli;
pub mod config;
pub mod dataset;
pub mod digest;
pub mod engine;
pub mod evaluation;
pub mod fetch;
pub mod gate;
pub mod http;
pub mod jobs;
pub mod judging;
pub mod metrics;
mod near;
pub mod pixels;
pub mod ranking;
pub mod stats;
pub mod store;
pub mod table;
#[cfg(feature = "otel")]
pub mod traces;
pub mod wire;
