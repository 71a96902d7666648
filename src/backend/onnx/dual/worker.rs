//! Answers by similarity.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ValueOf;
use super::towers::{LogitScale, Pixels, Towers, cosine};
use crate::backend::BackendError;
use crate::backend::onnx::captions::Captions;
use crate::backend::onnx::graph::Graph;
use crate::backend::onnx::processor::Processor;
use crate::backend::onnx::threads;
use crate::judging::{Answer, Choice, Part, Prompt, Readout, Wanted};
use crate::pixels::{Limits, Tensor};

/// Texts whose directions are kept; the options of any number of judges fit, and captions pass through.
const KEPT: usize = 1024;

/// What every session of a model shares.
#[derive(Debug)]
pub(super) struct Recipe {
    pub(super) backend: String,
    pub(super) captions: Captions,
    pub(super) processor: Processor,
    pub(super) limits: Limits,
    pub(super) value: Option<ValueOf>,
}

/// The sessions of one thread.
#[derive(Debug)]
pub(super) struct DualWorker {
    recipe: Arc<Recipe>,
    towers: Towers,
    scale: LogitScale,
    head: Option<Graph>,
    texts: BTreeMap<String, Vec<f64>>,
}

impl DualWorker {
    pub(super) fn new(
        recipe: Arc<Recipe>,
        towers: Towers,
        scale: LogitScale,
        head: Option<Graph>,
    ) -> Self {
        DualWorker {
            recipe,
            towers,
            scale,
            head,
            texts: BTreeMap::new(),
        }
    }
}

impl threads::Worker for DualWorker {
    fn answer(&mut self, prompt: &Prompt) -> Result<Answer, BackendError> {
        match prompt.wanted() {
            Wanted::Options(options) => {
                let prefix = prompt.answer_prefix().map(str::trim_end);
                let words = options.names().map(|name| match prefix {
                    Some(prefix) => format!("{prefix} {}", name.trim_start()),
                    None => name.to_owned(),
                });
                let words: Vec<String> = words.collect();
                let cosines = self.cosines(prompt, &words)?;
                let masses = cosines
                    .iter()
                    .map(|cosine| self.scale.scale * cosine)
                    .collect();
                let choice = Choice::new(masses, None, Readout::Similarity);
                Ok(Answer::Choice(choice.map_err(|error| {
                    BackendError::Failed {
                        message: error.to_string(),
                    }
                })?))
            }
            Wanted::Value => self.value(prompt).map(Answer::Value),
            Wanted::Text => Err(self
                .recipe
                .cannot("it compares pictures with words and writes none")),
        }
    }
}

impl DualWorker {
    fn value(&mut self, prompt: &Prompt) -> Result<f64, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        let value = match &recipe.value {
            None => {
                return Err(recipe.cannot(
                    "the configuration does not say which number it gives; set `value` to a cosine, a sigmoid or a head",
                ));
            }
            Some(ValueOf::Cosine { scale, at_least }) => {
                scale * self.caption_cosine(prompt)?.max(*at_least)
            }
            Some(ValueOf::Sigmoid) => {
                let logit = self.scale.scale * self.caption_cosine(prompt)? + self.scale.bias;
                1.0 / (1.0 + (-logit).exp())
            }
            Some(ValueOf::Head { .. }) => self.headed(prompt)?,
        };
        if value.is_finite() {
            return Ok(value);
        }
        Err(BackendError::NotFinite {
            label: "the value".into(),
            value: value.to_string(),
        })
    }

    /// Cosine of the picture and all text of the prompt.
    fn caption_cosine(&mut self, prompt: &Prompt) -> Result<f64, BackendError> {
        let texts = prompt.parts().iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.trim()),
            Part::Image(_) => None,
        });
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        if texts.is_empty() {
            return Err(self
                .recipe
                .cannot("there is no text to compare the picture with"));
        }
        let cosines = self.cosines(prompt, &[texts.join(" ")])?;
        Ok(cosines[0])
    }

    fn cosines(&mut self, prompt: &Prompt, words: &[String]) -> Result<Vec<f64>, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        let tensor = recipe.tensor(prompt)?;
        let pixels = Pixels {
            shape: tensor.shape(),
            data: tensor.data(),
        };
        let mut any_text = Vec::new();
        let mut texts = Vec::with_capacity(words.len());
        for words in words {
            let tokens = recipe.captions.tokens(words);
            let tokens = tokens.map_err(|refusal| refusal.of(&recipe.backend))?;
            texts.push(self.text(words, &tokens, pixels)?);
            any_text = tokens;
        }
        let image = self.towers.image(pixels, &recipe.captions, &any_text)?;
        texts.iter().map(|text| cosine(&image, text)).collect()
    }

    /// The direction of a text, computed once.
    fn text(
        &mut self,
        words: &str,
        tokens: &[u32],
        pixels: Pixels<'_>,
    ) -> Result<Vec<f64>, BackendError> {
        if let Some(known) = self.texts.get(words) {
            return Ok(known.clone());
        }
        let made = self.towers.text(tokens, &self.recipe.captions, pixels)?;
        if self.texts.len() >= KEPT {
            self.texts.clear();
        }
        self.texts.insert(words.to_owned(), made.clone());
        Ok(made)
    }

    fn headed(&mut self, prompt: &Prompt) -> Result<f64, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        let tensor = recipe.tensor(prompt)?;
        let pixels = Pixels {
            shape: tensor.shape(),
            data: tensor.data(),
        };
        let any_text = recipe.captions.tokens("a");
        let any_text = any_text.map_err(|refusal| refusal.of(&recipe.backend))?;
        let image = self.towers.image(pixels, &recipe.captions, &any_text)?;
        let head = self
            .head
            .as_mut()
            .expect("a head is opened where one is configured");
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the head is fed in single precision, as it was trained"
        )]
        let narrow: Vec<f32> = image.iter().map(|value| *value as f32).collect();
        head.only_number(&[1, narrow.len()], &narrow)
    }
}

impl Recipe {
    fn tensor(&self, prompt: &Prompt) -> Result<Tensor, BackendError> {
        let mut images = prompt.images();
        let (Some(image), None) = (images.next(), images.next()) else {
            return Err(self.cannot("it looks at exactly one image"));
        };
        Ok(self.processor.tensor(image.bytes(), &self.limits)?)
    }

    fn cannot(&self, message: &str) -> BackendError {
        BackendError::CannotAnswer {
            backend: self.backend.clone(),
            message: message.to_owned(),
        }
    }
}
