//! The integration tests, in one binary.

mod cards;
mod cli;
mod command;
mod pixels;
mod rank;
mod technical_quality;
