//! How far judges agree with people: labels and judged values come in, figures with intervals go out.
//!
//! What is uploaded is read by the very code that reads files for the command line.

mod audit;
mod failed;
mod format;
mod kept;
mod labels;
mod rolling;
mod settings;

pub(super) use audit::audit;
pub(super) use labels::{forget, take};
pub(super) use rolling::show;
