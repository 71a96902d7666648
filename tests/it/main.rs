//! The integration tests, in one binary: one link instead of ten.
//!
//! `cfg(test)` is always so here; it is how clippy knows a test helper.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod backend_laws;
#[cfg(test)]
mod calibrate;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod chat;
#[cfg(test)]
mod choices;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod command;
#[cfg(test)]
mod config;
#[cfg(test)]
mod container;
#[cfg(test)]
mod embeddings;
#[cfg(test)]
mod encoding;
#[cfg(test)]
#[cfg(any(feature = "engine-tests", feature = "transformers-tests"))]
mod engines;
#[cfg(test)]
mod evaluate;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod http;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod judge_runs;
#[cfg(test)]
mod judged_models;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod onnx;
#[cfg(test)]
mod pairs;
#[cfg(test)]
mod panels;
#[cfg(test)]
mod pixels;
#[cfg(test)]
mod rank;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod remote;
#[cfg(test)]
mod scaled_decoding;
#[cfg(test)]
mod seer;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod support;
#[cfg(test)]
mod technical_quality;
#[cfg(test)]
mod tidy;
#[cfg(test)]
#[cfg(feature = "otel")]
mod traces;
#[cfg(test)]
mod urls;
#[cfg(test)]
mod verdicts;
