//! The audit as JSON, which is the report; the other forms are drawn from the same data.

use crate::agreement::audit::Audit;

/// Pretty-printed JSON with every digit, ending in a line break.
pub fn json(audit: &Audit) -> String {
    let mut text =
        serde_json::to_string_pretty(audit).expect("names are text and numbers are finite");
    text.push('\n');
    text
}
