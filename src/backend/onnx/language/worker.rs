//! Asks the model: one pass over the prompt, then the mass of each answer.

use std::sync::Arc;

use super::conversation::Conversation;
use super::decoder::{Decoder, Past};
use super::drawing::Draws;
use super::labels::{sequences, whole_tokens};
use super::model::Recipe;
use super::towers::{Embedder, Eye, Rows};
use crate::backend::BackendError;
use crate::backend::onnx::threads;
use crate::backend::readout::{
    ChatReply, Extent, Forced, Labels, Position, last_position, read_forced, read_parsed,
    read_position, read_samples,
};
use crate::judging::{
    Answer, AnswerPlace, Choice, LengthCorrection, Options, Prompt, Readout, Sampling, Wanted,
};

/// The sessions of one thread.
#[derive(Debug)]
pub(super) struct LanguageWorker {
    pub(super) recipe: Arc<Recipe>,
    pub(super) eye: Eye,
    pub(super) embedder: Embedder,
    pub(super) decoder: Decoder,
}

/// A prompt that has been read, and what the model would say next.
struct Begun {
    conversation: Conversation,
    past: Past,
    /// Log-probability of each token of the vocabulary.
    next: Vec<f64>,
}

/// Text that the model wrote.
struct Written {
    text: String,
    finished: bool,
    positions: Vec<Position>,
}

impl threads::Worker for LanguageWorker {
    fn answer(&mut self, prompt: &Prompt) -> Result<Answer, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        let (shown, most) = (prompt.images().count(), recipe.images_per_prompt);
        if shown > most {
            return Err(recipe.speech.cannot(&format!(
                "the prompt shows {shown} images and it looks at up to {most}; if the model was trained on more, \
                 set `images_per_prompt`"
            )));
        }
        match prompt.wanted() {
            Wanted::Options(options) => Ok(Answer::Choice(self.choose(prompt, options)?)),
            Wanted::Text => {
                let begun = self.begin(prompt, true)?;
                let written = self.write(prompt, &begun, &[], 0)?;
                Ok(Answer::Text(written.text))
            }
            Wanted::Value => Err(recipe.speech.cannot(
                "it answers in words; a number is asked for by a closed question or as text",
            )),
        }
    }
}

impl LanguageWorker {
    /// Climbs down the ladder to the first rung that the card allows and this question permits.
    fn choose(&mut self, prompt: &Prompt, options: &Options) -> Result<Choice, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        let labels = Labels::new(options)?;
        let tokens = whole_tokens(options, &labels, &recipe.vocabulary);
        let every_label_is_a_token = tokens.iter().all(|tokens| !tokens.is_empty());
        for rung in prompt.reading().rungs() {
            match (rung, prompt.reading().place) {
                (Readout::LabelTokens, AnswerPlace::Next) if every_label_is_a_token => {
                    let begun = self.begin(prompt, true)?;
                    return recipe.read_next(&begun.next, labels, &tokens);
                }
                (Readout::LabelTokens, AnswerPlace::Last) => {
                    return self.read_last(prompt, options, labels, &tokens);
                }
                (Readout::ForcedSequence, AnswerPlace::Next) => {
                    return self.force(prompt, options, &labels);
                }
                (Readout::Samples, _) => {
                    let draws = prompt.reading().sampling.samples;
                    let begun = self.begin(prompt, true)?;
                    let replies = (0..draws)
                        .map(|draw| Ok(self.write(prompt, &begun, &[], draw)?.into_reply()))
                        .collect::<Result<Vec<_>, BackendError>>()?;
                    return read_samples(&replies, &labels);
                }
                (Readout::ParsedText, _) => {
                    let begun = self.begin(prompt, true)?;
                    let written = self.write(prompt, &begun, &[], 0)?;
                    return read_parsed(&written.into_reply(), &labels);
                }
                // A whole vocabulary is no list of the most probable; the others are not on the ladder.
                (
                    Readout::LabelTokens
                    | Readout::ForcedSequence
                    | Readout::TopTokens
                    | Readout::ClosedSet
                    | Readout::LabelLogits
                    | Readout::TypedDecision
                    | Readout::Similarity
                    | Readout::Value,
                    _,
                ) => {}
            }
        }
        let allowed: Vec<&str> = prompt.reading().rungs().map(Readout::name).collect();
        Err(recipe.speech.cannot(&format!(
            "the card allows only {}, by which this question cannot be read here; it reads {}",
            allowed.join(", "),
            super::READOUTS.map(Readout::name).join(", ")
        )))
    }

    /// Reads the prompt, pictures and all.
    fn begin(&mut self, prompt: &Prompt, with_images: bool) -> Result<Begun, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        let conversation = recipe.speech.conversation(prompt, with_images)?;
        let mut seen: Vec<Rows> = Vec::new();
        for image in prompt.images().filter(|_| with_images) {
            let prepare = || Ok(recipe.processor.tensor(image.bytes(), &recipe.limits)?);
            seen.push(self.eye.see(image, &recipe.speech.config, prepare)?);
        }
        let counts: Vec<usize> = seen.iter().map(Rows::count).collect();
        let tokens = recipe.speech.expanded(&conversation.tokens, &counts)?;
        if tokens.is_empty() {
            return Err(recipe.speech.cannot("the prompt has no tokens at all"));
        }
        let embeddings = self.embed(&tokens, &seen)?;
        let (mut rows, past) =
            self.decoder
                .read(&Past::empty(), &embeddings.data, embeddings.width, 1)?;
        let next = recipe.log_probabilities(&rows.swap_remove(0))?;
        Ok(Begun {
            conversation,
            past,
            next,
        })
    }

    /// Embeddings of the tokens, those of image tokens replaced by what was seen, in order.
    fn embed(&mut self, tokens: &[u32], seen: &[Rows]) -> Result<Rows, BackendError> {
        let image = self.recipe.speech.config.image_token;
        // The table need not hold a row for the image token, and where a picture goes its row is not used.
        let shown = |token: u32| token == image && !seen.is_empty();
        let ids: Vec<u32> = tokens
            .iter()
            .map(|token| if shown(*token) { 0 } else { *token })
            .collect();
        let mut rows = self.embedder.embed(&ids)?;
        if let Some(other) = seen.iter().find(|seen| seen.width != rows.width) {
            return Err(BackendError::Failed {
                message: format!(
                    "the vision tower's features have {} numbers and the decoder's embeddings {}; the files are not of one model",
                    other.width, rows.width
                ),
            });
        }
        let width = rows.width;
        let places = rows.data.chunks_mut(width).zip(tokens);
        let places = places.filter(|(_, token)| **token == image);
        let features = seen.iter().flat_map(|seen| seen.data.chunks(width));
        for ((place, _), feature) in places.zip(features) {
            place.copy_from_slice(feature);
        }
        Ok(rows)
    }

    /// What the model says after these tokens, which follow what it has read.
    fn go_on(
        &mut self,
        past: &Past,
        tokens: &[u32],
    ) -> Result<(Vec<Vec<f64>>, Past), BackendError> {
        let rows = self.embed(tokens, &[])?;
        let (logits, past) = self
            .decoder
            .read(past, &rows.data, rows.width, tokens.len())?;
        let recipe = &self.recipe;
        let masses = logits.iter().map(|row| recipe.log_probabilities(row));
        Ok((masses.collect::<Result<_, _>>()?, past))
    }

    /// Forces every spelling of every label as the answer.
    fn force(
        &mut self,
        prompt: &Prompt,
        options: &Options,
        labels: &Labels,
    ) -> Result<Choice, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        let begun = self.begin(prompt, true)?;
        let length = prompt.reading().length;
        let without_images = match length {
            LengthCorrection::Prior => Some(self.begin(prompt, false)?),
            LengthCorrection::Sum | LengthCorrection::Mean => None,
        };
        let mut forced = Vec::with_capacity(options.len());
        for spellings in sequences(&recipe.speech, &begun.conversation, options, labels)? {
            let mut of_option = Vec::with_capacity(spellings.len());
            for tokens in spellings {
                let prior = without_images.as_ref();
                of_option.push(Forced {
                    log_probabilities: self.forced(&begun, &tokens)?,
                    without_image: prior.map(|begun| self.forced(begun, &tokens)).transpose()?,
                    tokens,
                });
            }
            forced.push(of_option);
        }
        read_forced(&forced, labels.names(), length)
    }

    /// `ln p(token | prompt, tokens before it)`, one for each.
    fn forced(&mut self, begun: &Begun, tokens: &[u32]) -> Result<Vec<f64>, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        let (Some(first), Some((_, before))) = (tokens.first(), tokens.split_last()) else {
            return Ok(Vec::new());
        };
        let mut masses = vec![recipe.mass(&begun.next, *first)?];
        if !before.is_empty() {
            let (rows, _) = self.go_on(&begun.past, before)?;
            for (row, token) in rows.iter().zip(&tokens[1..]) {
                masses.push(recipe.mass(row, *token)?);
            }
        }
        Ok(masses)
    }

    /// The mass of each option where the last label stands in what the model writes.
    fn read_last(
        &mut self,
        prompt: &Prompt,
        options: &Options,
        labels: Labels,
        tokens: &[Vec<u32>],
    ) -> Result<Choice, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        let begun = self.begin(prompt, true)?;
        // A label of several tokens is read by its first, as long as no other label begins alike.
        let mut firsts = sequences(&recipe.speech, &begun.conversation, options, &labels)?;
        for (sequences, whole) in firsts.iter_mut().zip(tokens) {
            sequences.extend(whole.iter().map(|token| vec![*token]));
        }
        let labels = labels.with_tokens(&firsts).map_err(|clash| {
            recipe.speech.cannot(&format!(
                "`{}` and `{}` begin with the same token; give the levels other spellings, or let the card allow `parsed_text`",
                clash.first, clash.second
            ))
        })?;
        let wanted: Vec<u32> = labels.ids().collect();
        let written = self.write(prompt, &begun, &wanted, 0)?;
        let position = last_position(&written.positions, &written.text, &labels)?;
        read_position(
            &position.with_extent(Extent::Asked),
            &labels,
            Readout::LabelTokens,
        )
    }

    /// Writes an answer. Each position lists the tokens of `wanted` and the most probable ones.
    fn write(
        &mut self,
        prompt: &Prompt,
        begun: &Begun,
        wanted: &[u32],
        draw: u32,
    ) -> Result<Written, BackendError> {
        let recipe = Arc::clone(&self.recipe);
        let sampling: Sampling = prompt.reading().sampling;
        let mut draws = Draws::new(prompt.digest(), draw);
        let room = recipe.room(begun.past.length(), sampling.most_tokens);
        let mut tokens: Vec<u32> = Vec::new();
        let mut positions = Vec::new();
        let mut next = begun.next.clone();
        let mut past: Option<Past> = None;
        let mut finished = false;
        // The last token that says something: after a control token a word would seem to begin the text.
        let mut said: Option<u32> = None;
        while tokens.len() < room {
            let token = u32::try_from(draws.token(&next, &sampling))
                .expect("no vocabulary has 2^32 tokens");
            if recipe.speech.config.ends.contains(&token) {
                finished = true;
                break;
            }
            if !wanted.is_empty() {
                positions.push(recipe.position(&next, wanted, said, token)?);
            }
            tokens.push(token);
            if !recipe.speech.words.decode(&[token])?.is_empty() {
                said = Some(token);
            }
            let (mut rows, longer) = self.go_on(past.as_ref().unwrap_or(&begun.past), &[token])?;
            next = rows.swap_remove(0);
            past = Some(longer);
        }
        Ok(Written {
            text: recipe.speech.words.decode(&tokens)?,
            finished,
            positions,
        })
    }
}

impl Written {
    fn into_reply(self) -> ChatReply {
        let reason = if self.finished { "stop" } else { "length" };
        ChatReply {
            text: self.text,
            finish_reason: Some(reason.to_owned()),
            ..ChatReply::default()
        }
    }
}
