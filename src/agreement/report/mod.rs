//! An audit as a document: JSON holds all of it, HTML and Markdown show it.

mod json;

pub use json::json;

/// TODO
pub fn html(_: &super::audit::Audit) -> String { String::new() }
/// TODO
pub fn markdown(_: &super::audit::Audit) -> String { String::new() }
