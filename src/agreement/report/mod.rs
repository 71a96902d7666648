//! An audit as a document: JSON holds all of it, HTML and Markdown show it.
//!
//! Numbers are rounded for people in HTML and Markdown and whole in JSON. The same audit gives the same bytes.

mod figure_tables;
mod html;
mod json;
mod markdown;
mod number;
mod style;
mod svg;
mod tables;

pub use html::html;
pub use json::json;
pub use markdown::markdown;
