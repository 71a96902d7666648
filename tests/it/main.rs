//! One binary for all integration tests: one link instead of ten.
//!
//! Every module is `cfg(test)`, which is always so here, and which is how clippy knows a test helper.

#[cfg(test)]
mod backend_laws;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod http;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tidy;
//! The integration tests, in one binary.

mod cards;
mod cli;
mod command;
mod pixels;
mod technical_quality;
