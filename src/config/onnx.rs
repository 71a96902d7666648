//! Models in this process that `judge@backend` may name: ONNX exports.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use super::hub::ExportPlace;

/// A multimodal language model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnnxLanguageConfig {
    /// The folder of the export, or its address in a hub.
    pub folder: ExportPlace,
    /// Which of several exports in the folder, by the end of their names: `fp16`, `q4`.
    pub variant: Option<String>,
    /// Copies of the model in memory; 1 unless set, and each uses its share of the cores.
    pub threads: Option<NonZeroUsize>,
    /// Most images in one prompt; 1 unless set, as most such models were trained.
    pub images_per_prompt: Option<NonZeroUsize>,
}

/// A dual encoder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnnxDualEncoderConfig {
    /// The folder of the export, or its address in a hub.
    pub folder: ExportPlace,
    /// What a cosine is multiplied by; needed where the export does not hold it.
    #[serde(default, deserialize_with = "finite")]
    pub logit_scale: Option<f64>,
    /// What is added to it; taken with `logit_scale` only.
    #[serde(default, deserialize_with = "finite")]
    pub logit_bias: Option<f64>,
    /// The answer to a question for a number; none unless set.
    pub value: Option<SimilarityConfig>,
    /// Whether a text that is too long is cut; refused unless set.
    #[serde(default)]
    pub truncate: bool,
    /// Copies of the model in memory; 1 unless set, and each uses its share of the cores.
    pub threads: Option<NonZeroUsize>,
}

/// Which number a dual encoder answers with.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SimilarityConfig {
    /// `scale * max(cosine, at_least)` of picture and text.
    Cosine {
        /// What it is multiplied by: 2.5 in CLIPScore's paper, 100 in many programs, 1 for the bare cosine.
        #[serde(deserialize_with = "number")]
        scale: f64,
        /// The least cosine that counts: 0 in CLIPScore, -1 keeps all.
        #[serde(deserialize_with = "number")]
        at_least: f64,
    },
    /// SigLIP's probability that picture and text match.
    Sigmoid,
    /// An ONNX head on the picture's embedding.
    Head {
        /// The file, relative to the configuration's folder.
        file: PathBuf,
    },
}

/// A reward model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnnxScalarConfig {
    /// The folder of the export, or its address in a hub.
    pub folder: ExportPlace,
    /// The output that is the number; needed where there are several.
    pub output: Option<String>,
    /// Subtracted from the output; 0 unless set.
    #[serde(default, deserialize_with = "finite")]
    pub mean: Option<f64>,
    /// What it is then divided by, not 0; 1 unless set.
    #[serde(default, deserialize_with = "divisor")]
    pub deviation: Option<f64>,
    /// Whether a text that is too long is cut; refused unless set.
    #[serde(default)]
    pub truncate: bool,
    /// Copies of the model in memory; 1 unless set, and each uses its share of the cores.
    pub threads: Option<NonZeroUsize>,
}

impl OnnxLanguageConfig {
    pub(super) fn resolve(&mut self, folder: &Path) {
        self.folder.resolve(folder);
    }
}

impl OnnxDualEncoderConfig {
    pub(super) fn resolve(&mut self, folder: &Path) {
        self.folder.resolve(folder);
        if let Some(SimilarityConfig::Head { file }) = &mut self.value {
            *file = folder.join(&file);
        }
    }
}

impl OnnxScalarConfig {
    pub(super) fn resolve(&mut self, folder: &Path) {
        self.folder.resolve(folder);
    }
}

/// TOML can write `nan` and `inf`; no answer is made of them.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(deserializer)?;
    match value.is_finite() {
        true => Ok(value),
        false => Err(serde::de::Error::custom(format!(
            "{value} is not a finite number"
        ))),
    }
}

fn finite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    number(deserializer).map(Some)
}

fn divisor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let value = number(deserializer)?;
    match value.is_normal() {
        true => Ok(Some(value)),
        false => Err(serde::de::Error::custom(
            "it is divided by, so it must not be 0",
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::BackendConfig;

    #[test]
    fn numbers_that_make_no_answer_are_refused() {
        let cases = [
            (
                "kind = \"onnx-scalar\"\nfolder = \"a\"\nmean = 0.167\ndeviation = 1.033",
                true,
            ),
            (
                "kind = \"onnx-scalar\"\nfolder = \"a\"\ndeviation = 0.0",
                false,
            ),
            ("kind = \"onnx-scalar\"\nfolder = \"a\"\nmean = nan", false),
            (
                "kind = \"onnx-dual-encoder\"\nfolder = \"a\"\nlogit_scale = inf",
                false,
            ),
            (
                "kind = \"onnx-dual-encoder\"\nfolder = \"a\"\nvalue = { kind = \"cosine\", scale = 2.5 }",
                false,
            ),
            (
                "kind = \"onnx-dual-encoder\"\nfolder = \"a\"\nvalue = { kind = \"cosine\", scale = 2.5, at_least = 0.0 }",
                true,
            ),
            ("kind = \"onnx-scalar\"\nfolder = \"hf://a/b@c\"", true),
            ("kind = \"onnx-scalar\"\nfolder = \"hf://a/b\"", false),
            (
                "kind = \"onnx-language\"\nfolder = \"a\"\nthreads = 0",
                false,
            ),
            (
                "kind = \"onnx-language\"\nfolder = \"a\"\nfoldr = \"b\"",
                false,
            ),
        ];
        for (text, accepted) in cases {
            let read = toml::from_str::<BackendConfig>(text);
            assert_eq!(read.is_ok(), accepted, "{text}: {read:?}");
        }
    }
}
