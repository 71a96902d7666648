//! Policies of gates, as their files have them.

/// Accepts what is bright, by the judge `brightness`.
pub(crate) const BRIGHT: &str = r#"
format = 1
id = "bright"
version = "1.0.0"

[tripwires]
constant = false

[[dimension]]
name = "light"
reason = "too_dark"

[[dimension.stage]]
judge = "brightness"
accept = 0.6
reject = 0.3
"#;
