//! A model's tokenizer.

use std::collections::BTreeMap;
use std::path::Path;

use tokenizers::Tokenizer;

use super::error::FolderError;
use super::folder::read;
use crate::backend::BackendError;

/// Text to tokens and back. Neither shortens nor fills up: that is for who knows the model.
#[derive(Debug)]
pub(super) struct Words {
    tokenizer: Tokenizer,
    /// Words that the tokenizer reads as control tokens wherever they stand.
    controls: Vec<String>,
}

impl Words {
    pub(super) fn load(path: &Path) -> Result<Self, FolderError> {
        let malformed = |message: String| FolderError::Malformed {
            file: path.display().to_string(),
            expected: "a `tokenizer.json` of the `tokenizers` library",
            message,
        };
        let mut tokenizer =
            Tokenizer::from_bytes(read(path)?).map_err(|error| malformed(error.to_string()))?;
        tokenizer
            .with_truncation(None)
            .map_err(|error| malformed(error.to_string()))?;
        tokenizer.with_padding(None);
        let mut controls: Vec<String> = tokenizer
            .get_added_tokens_decoder()
            .values()
            .filter(|token| token.special && !token.content.is_empty())
            .map(|token| token.content.clone())
            .collect();
        controls.sort();
        Ok(Words {
            tokenizer,
            controls,
        })
    }

    /// The tokens of a text, without anything added.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, BackendError> {
        self.encoded(text, false)
    }

    /// The tokens of a text with all that the tokenizer puts around one.
    pub(super) fn encode_whole(&self, text: &str) -> Result<Vec<u32>, BackendError> {
        self.encoded(text, true)
    }

    /// The tokens of a text that will go on, with what the tokenizer puts before one and not what it puts after.
    pub(super) fn encode_beginning(&self, text: &str) -> Result<Vec<u32>, BackendError> {
        let (bare, whole) = (self.encode(text)?, self.encode_whole(text)?);
        let before = whole
            .windows(bare.len().max(1))
            .position(|window| window == bare);
        Ok(match before {
            Some(before) => whole[..before + bare.len()].to_vec(),
            None => bare,
        })
    }

    fn encoded(&self, text: &str, whole: bool) -> Result<Vec<u32>, BackendError> {
        let encoding = self.tokenizer.encode_fast(text, whole);
        let encoding = encoding.map_err(|error| BackendError::Failed {
            message: format!("the text could not be tokenised: {error}"),
        })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The text of tokens, control tokens left out.
    pub(super) fn decode(&self, tokens: &[u32]) -> Result<String, BackendError> {
        let text = self.tokenizer.decode(tokens, true);
        text.map_err(|error| BackendError::Failed {
            message: format!("the answer's tokens are no text: {error}"),
        })
    }

    pub(super) fn id(&self, token: &str) -> Option<u32> {
        self.tokenizer.token_to_id(token)
    }

    pub(super) fn token(&self, id: u32) -> Option<String> {
        self.tokenizer.id_to_token(id)
    }

    /// A control token that the text would turn into, if there is one.
    ///
    /// Such a text could close its own turn and write the judge's answer.
    pub(super) fn control_in(&self, text: &str) -> Option<&str> {
        let found = self.controls.iter().find(|control| text.contains(*control));
        found.map(String::as_str)
    }

    /// What each token adds to a text after another token: a decoder may drop the blank before a first word.
    pub(super) fn text_after(
        &self,
        before: Option<u32>,
        token: u32,
    ) -> Result<String, BackendError> {
        let alone = self.decode(&[token])?;
        let Some(before) = before else {
            return Ok(alone);
        };
        let (first, both) = (self.decode(&[before])?, self.decode(&[before, token])?);
        Ok(both
            .strip_prefix(first.as_str())
            .map_or(alone, str::to_owned))
    }

    /// The whole vocabulary by what each token says, without the blank before it and in lower case: the
    /// tokens of `good` are those that print as `good`, ` good` and `Good`. Control tokens and parts of
    /// letters are left out.
    pub(super) fn by_text(&self) -> Result<BTreeMap<String, Vec<(String, u32)>>, BackendError> {
        let mut by_text: BTreeMap<String, Vec<(String, u32)>> = BTreeMap::new();
        let mut ids: Vec<u32> = self.tokenizer.get_vocab(true).into_values().collect();
        ids.sort_unstable();
        for id in ids {
            let text = self.decode(&[id])?;
            let text = text.trim_start();
            if !text.is_empty() && !text.contains('\u{fffd}') {
                let same = by_text.entry(text.to_lowercase()).or_default();
                same.push((text.to_owned(), id));
            }
        }
        Ok(by_text)
    }
}
