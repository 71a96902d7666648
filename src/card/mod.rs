//! Judge cards: a judge declared in TOML, read in two phases.
//!
//! [`file`] holds what was typed; [`JudgeCard`] holds what was checked. An error cites file, line and
//! what would be accepted. TOML and not YAML, because a level called `no` must stay a string.

mod builtin;
mod check;
mod error;
mod file;
mod load;
mod recipe;

use std::path::PathBuf;

use crate::digest::Digest;
use crate::pixels::{Preparation, Reencoding};

pub use builtin::builtin_cards;
pub use error::CardError;
pub use load::{load_card, load_folder, parse_card};
pub use recipe::Recipe;

/// A declarative judge, checked.
#[derive(Debug, Clone)]
pub struct JudgeCard {
    /// Name, unique among the loaded cards.
    pub id: String,
    /// Version; bumped with any change that moves scores.
    pub version: String,
    /// One line for lists.
    pub title: String,
    /// Where prompt, levels and temperature come from.
    pub source: String,
    /// Licence of weights and prompt.
    pub licence: String,
    /// What is asked and how the answer is read.
    pub recipe: Recipe,
    /// The form in which images are sent; `None` sends them as they are given.
    pub reencoding: Option<Reencoding>,
    /// What is done to the pixels before the model sees them; `None` sends images as they are.
    pub preparation: Option<Preparation>,
    /// The model that answers unless another backend is named.
    pub backend: Option<OnnxModel>,
    /// Digest of everything above that a score can depend on.
    pub digest: Digest,
}

impl JudgeCard {
    /// Name of the protocol.
    pub fn protocol(&self) -> &'static str {
        self.recipe.protocol()
    }
}

/// An ONNX model that answers with one logit per label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnnxModel {
    /// Where the file is.
    pub file: ModelFile,
    /// Name of the image input, float32 `[1, 3, h, w]`.
    pub input: String,
    /// Name of the output, float32 `[1, labels]`.
    pub output: String,
    /// The answer that each output stands for, in order.
    pub labels: Vec<String>,
}

/// Where a model's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelFile {
    /// Inside this program.
    Embedded {
        /// Path in the repository.
        name: &'static str,
        /// The file.
        bytes: &'static [u8],
    },
    /// On disk.
    Path(PathBuf),
}
