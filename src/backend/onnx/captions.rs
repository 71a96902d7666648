//! Text as dual encoders and reward heads read it: whole, at most so many tokens, filled up where they were trained so.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::error::FolderError;
use super::folder::{Folder, read_json};
use super::graph::{Feed, Graph};
use super::words::Words;
use crate::backend::BackendError;

/// Tokenizers without a length state one like 10^30.
const NO_LENGTH: f64 = 1e6;

/// A tokenizer and the length that its model reads.
#[derive(Debug)]
pub(super) struct Captions {
    words: Words,
    most: Option<usize>,
    /// The token by which every text is filled up to its greatest length.
    filler: Option<u32>,
    /// Whether a longer text is cut; else it is refused.
    truncate: bool,
}

#[derive(Default, Deserialize)]
struct TokenizerConfig {
    model_max_length: Option<f64>,
    pad_token: Option<Value>,
}

impl Captions {
    /// Reads the tokenizer; `most` is the length that the model's own configuration states.
    pub(super) fn load(
        folder: &Folder,
        tokenizer: &Path,
        most: Option<usize>,
        filled_up: bool,
        truncate: bool,
    ) -> Result<Self, FolderError> {
        let words = Words::load(tokenizer)?;
        let path = folder.first(&["tokenizer_config.json"]);
        let config: TokenizerConfig = match &path {
            Some(path) => read_json(path)?,
            None => TokenizerConfig::default(),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and a million"
        )]
        let stated = config
            .model_max_length
            .filter(|length| (1.0..NO_LENGTH).contains(length))
            .map(|length| length as usize);
        let most = most.into_iter().chain(stated).min();
        let filler = match (filled_up, &config.pad_token) {
            (false, _) => None,
            (true, token) => {
                let token = token.as_ref().and_then(|token| {
                    let text = token.as_str().or_else(|| token["content"].as_str());
                    text.and_then(|text| words.id(text))
                });
                let file = path.map_or_else(
                    || tokenizer.display().to_string(),
                    |p| p.display().to_string(),
                );
                Some(token.ok_or_else(|| {
                    FolderError::not_understood(
                        file,
                        "it names no `pad_token`, and this model was trained on texts filled up to one length",
                    )
                })?)
            }
        };
        if filler.is_some() && most.is_none() {
            return Err(FolderError::not_understood(
                tokenizer.display().to_string(),
                "neither `model_max_length` nor `max_position_embeddings` says to which length texts are filled up",
            ));
        }
        Ok(Captions {
            words,
            most,
            filler,
            truncate,
        })
    }

    /// The tokens of a text, as the model reads them.
    pub(super) fn tokens(&self, text: &str) -> Result<Vec<u32>, Refusal> {
        if let Some(control) = self.words.control_in(text) {
            return Err(Refusal::Asked(format!(
                "the text holds `{control}`, which the tokenizer reads as a control token; take it out"
            )));
        }
        let mut tokens = self.words.encode_whole(text).map_err(Refusal::Failed)?;
        if tokens.is_empty() {
            return Err(Refusal::Asked(format!(
                "`tokenizer.json` makes no token of the text {text:?}"
            )));
        }
        if let Some(most) = self.most {
            if tokens.len() > most && !self.truncate {
                return Err(Refusal::Asked(format!(
                    "the text has {} tokens and the model reads {most}; shorten it, or set `truncate = true` to have it cut",
                    tokens.len()
                )));
            }
            if tokens.len() > most {
                // The token that ends a text stays its last: CLIP reads the whole text there.
                let last = tokens[tokens.len() - 1];
                tokens.truncate(most);
                tokens[most - 1] = last;
            }
        }
        Ok(tokens)
    }

    /// What a graph's text inputs are fed with.
    pub(super) fn feeds(
        &self,
        graph: &Graph,
        tokens: &[u32],
    ) -> Result<Vec<Feed<'static>>, BackendError> {
        let mut ids: Vec<i64> = tokens.iter().map(|token| i64::from(*token)).collect();
        let mut mask = vec![1; ids.len()];
        if let (Some(filler), Some(most)) = (self.filler, self.most) {
            ids.resize(most, i64::from(filler));
            mask.resize(most, 0);
        }
        let mut feeds = Vec::new();
        for port in graph.inputs() {
            match port.name.as_str() {
                "input_ids" => feeds.push(port.integers(&[1, ids.len()], &ids)?),
                "attention_mask" => feeds.push(port.integers(&[1, mask.len()], &mask)?),
                _ => {}
            }
        }
        Ok(feeds)
    }

    /// The files that what is read depends on.
    pub(super) fn files(folder: &Folder) -> Vec<PathBuf> {
        folder
            .first(&["tokenizer_config.json"])
            .into_iter()
            .collect()
    }
}

/// Why a text is not read.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The text asks for what cannot be done.
    Asked(String),
    /// Something failed.
    Failed(BackendError),
}

impl Refusal {
    pub(super) fn of(self, backend: &str) -> BackendError {
        match self {
            Refusal::Asked(message) => BackendError::CannotAnswer {
                backend: backend.to_owned(),
                message,
            },
            Refusal::Failed(error) => error,
        }
    }
}
