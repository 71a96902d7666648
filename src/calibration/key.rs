//! What a map is bound to: one judge, down to the reading of its answers.

use std::fmt;

use crate::digest::Digest;
use crate::judging::{Provenance, Readout, Temperature};

/// Everything that a score depends on beside the image. A map holds for exactly one of these.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeKey {
    /// Judge card.
    pub judge: String,
    /// Version of the card.
    pub version: String,
    /// Digest of the card: prompt, levels, scale, and how answers are read.
    pub card: Digest,
    /// Backend that answered.
    pub backend: String,
    /// Revision of the model behind it.
    pub model_revision: String,
    /// How the masses were read.
    pub readout: Readout,
    /// Name of the preprocessing, with all its numbers.
    pub preprocessing: String,
    /// Temperature of the softmax; `None` where the judge gives a number itself.
    pub temperature: Option<f64>,
}

/// One field in which two judges differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field.
    pub field: &'static str,
    /// What the map was fitted for.
    pub fitted: String,
    /// What the judge at hand has.
    pub here: String,
}

impl JudgeKey {
    /// The key of a verdict with this provenance and readout.
    pub fn of(provenance: &Provenance, readout: Readout) -> Self {
        JudgeKey {
            judge: provenance.judge.clone(),
            version: provenance.version.clone(),
            card: provenance.card,
            backend: provenance.backend.clone(),
            model_revision: provenance.model_revision.clone(),
            readout,
            preprocessing: provenance.preprocessing.clone(),
            temperature: provenance.temperature.map(Temperature::value),
        }
    }

    /// The usual name of a file that holds `what` was fitted for this judge.
    pub fn file_name(&self, what: &str) -> String {
        let kept = |sign: char| sign.is_ascii_alphanumeric() || "._-".contains(sign);
        let plain = |name: &str| -> String {
            let signs = name.chars();
            signs
                .map(|sign| if kept(sign) { sign } else { '-' })
                .collect()
        };
        format!(
            "{}-{}-{what}.toml",
            plain(&self.judge),
            plain(&self.backend)
        )
    }

    /// The fields in which `here` is another judge; none means that the map holds.
    pub fn differences(&self, here: &JudgeKey) -> Vec<Difference> {
        self.fields()
            .into_iter()
            .zip(here.fields())
            .filter(|((_, fitted), (_, here))| fitted != here)
            .map(|((field, fitted), (_, here))| Difference {
                field,
                fitted,
                here,
            })
            .collect()
    }

    fn fields(&self) -> [(&'static str, String); 8] {
        [
            ("judge", self.judge.clone()),
            ("version", self.version.clone()),
            ("card", self.card.to_string()),
            ("backend", self.backend.clone()),
            ("model revision", self.model_revision.clone()),
            ("readout", self.readout.name().to_owned()),
            ("preprocessing", self.preprocessing.clone()),
            // Shortest digits that read back to the same number: equal text is equal to the bit.
            (
                "temperature",
                self.temperature
                    .map_or_else(|| "none".to_owned(), |temperature| temperature.to_string()),
            ),
        ]
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            field,
            fitted,
            here,
        } = self;
        write!(
            formatter,
            "fitted for {field} `{fitted}`, this judge has `{here}`"
        )
    }
}
