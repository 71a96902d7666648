//! TOML for a person to read: one line after the other, and numbers that read back as they are.

use std::fmt::Display;

use crate::calibration::JudgeKey;
use crate::calibration::figures::Figured;

/// Text of a file, line by line.
#[derive(Debug, Default)]
pub(crate) struct Lines(String);

impl Lines {
    /// The whole text.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    pub(crate) fn comment(&mut self, text: &str) {
        self.line(&format!("# {text}"));
    }

    /// A table with comments over it.
    pub(crate) fn section(&mut self, name: &str, comments: &[&str]) {
        self.0.push('\n');
        for comment in comments {
            self.comment(comment);
        }
        self.line(&format!("[{name}]"));
    }

    /// One more entry of a list of tables.
    pub(crate) fn entry(&mut self, name: &str) {
        self.line(&format!("\n[[{name}]]"));
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        let quoted = toml::Value::String(value.to_owned());
        self.line(&format!("{name} = {quoted}"));
    }

    pub(crate) fn number(&mut self, name: &str, value: impl Display) {
        self.line(&format!("{name} = {value}"));
    }

    /// A table on one line.
    pub(crate) fn inline(&mut self, name: &str, fields: &[(&str, f64)]) {
        let fields: Vec<String> = fields
            .iter()
            .map(|(field, value)| format!("{field} = {value:?}"))
            .collect();
        self.line(&format!("{name} = {{ {} }}", fields.join(", ")));
    }

    /// With as many digits as read back to the same number, always with a point or an exponent.
    pub(crate) fn float(&mut self, name: &str, value: f64) {
        self.line(&format!("{name} = {value:?}"));
    }

    pub(super) fn floats(&mut self, name: &str, values: &[f64]) {
        self.line(&format!("{name} = {values:?}"));
    }

    pub(super) fn pairs(&mut self, name: &str, pairs: &[(f64, f64)]) {
        self.line(&format!("{name} = ["));
        for (raw, human) in pairs {
            self.line(&format!("  [{raw:?}, {human:?}],"));
        }
        self.line("]");
    }

    pub(super) fn figured(&mut self, name: &str, interval: &str, figured: Option<&Figured>) {
        let Some(figured) = figured else { return };
        self.float(name, figured.value);
        if let Some(ends) = &figured.interval {
            self.floats(interval, ends);
        }
    }

    /// A section with the judge that a map or a tie width is bound to.
    pub(super) fn judge(&mut self, key: &JudgeKey) {
        self.section(
            "judge",
            &["The judge, down to the reading of its answers. All of this must match."],
        );
        self.key("id", key);
    }

    /// Each field of a key; the card's stands under `card_id`.
    pub(crate) fn key(&mut self, card_id: &str, key: &JudgeKey) {
        self.text(card_id, &key.judge);
        self.text("version", &key.version);
        self.text("card", &key.card.to_string());
        self.text("backend", &key.backend);
        self.text("model_revision", &key.model_revision);
        self.text("readout", key.readout.name());
        self.text("preprocessing", &key.preprocessing);
        if let Some(temperature) = key.temperature {
            self.float("temperature", temperature);
        }
    }
}
