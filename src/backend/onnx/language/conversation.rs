//! From a prompt to the tokens that the decoder reads.

use super::config::{Family, ModelConfig};
use super::template::{ChatTemplate, Turn, TurnPart};
use crate::backend::BackendError;
use crate::backend::onnx::words::Words;
use crate::judging::{Part, Prompt};

/// A prompt as text and as tokens; each picture is one image token still.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Conversation {
    pub(super) text: String,
    pub(super) tokens: Vec<u32>,
}

/// What a conversation is made with.
#[derive(Debug)]
pub(super) struct Speech {
    pub(super) backend: String,
    pub(super) words: Words,
    pub(super) template: ChatTemplate,
    pub(super) config: ModelConfig,
}

impl Speech {
    /// The conversation up to where the answer begins; without pictures for the prior of a label.
    pub(super) fn conversation(
        &self,
        prompt: &Prompt,
        with_images: bool,
    ) -> Result<Conversation, BackendError> {
        self.refuse_controls(prompt)?;
        let text = self
            .template
            .render(&turns(prompt, with_images), prompt.answer_prefix())
            .map_err(|message| {
                self.cannot(&format!(
                    "the chat template in `{}` refused the prompt: {message}",
                    self.template.file()
                ))
            })?;
        let tokens = self.begun(&text)?;
        let images = if with_images {
            prompt.images().count()
        } else {
            0
        };
        let marks = self.marks(&tokens);
        if marks != images {
            return Err(self.cannot(&format!(
                "the chat template in `{}` put {marks} image tokens for {images} images; it must put one for each",
                self.template.file()
            )));
        }
        Ok(Conversation { text, tokens })
    }

    /// The tokens of a text whose template may have written its beginning itself.
    fn begun(&self, text: &str) -> Result<Vec<u32>, BackendError> {
        let written = self
            .template
            .bos()
            .is_some_and(|bos| !bos.is_empty() && text.starts_with(bos));
        if written {
            self.words.encode(text)
        } else {
            self.words.encode_beginning(text)
        }
    }

    /// How many pictures stand among the tokens.
    pub(super) fn marks(&self, tokens: &[u32]) -> usize {
        let image = self.config.image_token;
        tokens.iter().filter(|token| **token == image).count()
    }

    /// The tokens by which a conversation would go on with these words.
    pub(super) fn continuation(
        &self,
        conversation: &Conversation,
        words: &str,
    ) -> Result<Vec<u32>, BackendError> {
        // Tokenised together, so that a word that follows a word is cut as in running text.
        let whole = self.begun(&format!("{}{words}", conversation.text))?;
        match whole.strip_prefix(conversation.tokens.as_slice()) {
            Some(rest) if !rest.is_empty() => Ok(rest.to_vec()),
            Some(_) | None => self.words.encode(words),
        }
    }

    /// Image tokens repeated once for each feature, with the marks around them that the family has.
    pub(super) fn expanded(
        &self,
        tokens: &[u32],
        features: &[usize],
    ) -> Result<Vec<u32>, BackendError> {
        let image = self.config.image_token;
        let mut left = features.iter();
        let mut expanded = Vec::with_capacity(tokens.len() + features.iter().sum::<usize>());
        for token in tokens {
            if *token != image {
                expanded.push(*token);
                continue;
            }
            let count = *left
                .next()
                .expect("there is one picture for each image token");
            match self.config.family {
                Family::Llava => expanded.extend(std::iter::repeat_n(image, count)),
                Family::Idefics3 => {
                    let mark = |word: &str| {
                        self.words.id(word).ok_or_else(|| {
                            self.cannot(&format!(
                                "`tokenizer.json` has no token `{word}`, which stands around a picture"
                            ))
                        })
                    };
                    let around = mark("<fake_token_around_image>")?;
                    expanded.extend([around, mark("<global-img>")?]);
                    expanded.extend(std::iter::repeat_n(image, count));
                    expanded.push(around);
                }
            }
        }
        match self.config.most_tokens {
            Some(most) if expanded.len() > most => Err(self.cannot(&format!(
                "the prompt has {} tokens and the model was made for {most}; shorten the question or show fewer images",
                expanded.len()
            ))),
            Some(_) | None => Ok(expanded),
        }
    }

    /// A text that holds a control token could end its own turn and write the answer.
    fn refuse_controls(&self, prompt: &Prompt) -> Result<(), BackendError> {
        let parts = prompt.parts().iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Image(_) => None,
        });
        let found = parts
            .chain(prompt.system())
            .chain(prompt.answer_prefix())
            .find_map(|text| self.words.control_in(text));
        match found {
            None => Ok(()),
            Some(control) => Err(self.cannot(&format!(
                "the text holds `{control}`, which the tokenizer reads as a control token; take it out"
            ))),
        }
    }

    pub(super) fn cannot(&self, message: &str) -> BackendError {
        BackendError::CannotAnswer {
            backend: self.backend.clone(),
            message: message.to_owned(),
        }
    }
}

fn turns(prompt: &Prompt, with_images: bool) -> Vec<Turn> {
    let system = prompt.system().map(|system| Turn {
        role: "system",
        parts: vec![TurnPart::Text(system.to_owned())],
    });
    let parts = prompt.parts().iter().filter_map(|part| match part {
        Part::Image(_) if with_images => Some(TurnPart::Image),
        Part::Image(_) => None,
        Part::Text(text) => Some(TurnPart::Text(text.clone())),
    });
    let user = Turn {
        role: "user",
        parts: parts.collect(),
    };
    system.into_iter().chain([user]).collect()
}
