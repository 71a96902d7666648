//! From the logits at one place to the masses of tokens and options.

use super::model::Recipe;
use crate::backend::BackendError;
use crate::backend::readout::{Extent, Labels, Position, TokenMass, read_position};
use crate::judging::{Choice, Readout, log_softmax};

/// Most probable tokens that a written position keeps beside the labels.
const LISTED: usize = 20;

impl Recipe {
    /// Log-probability of each token of the vocabulary.
    pub(super) fn log_probabilities(&self, logits: &[f32]) -> Result<Vec<f64>, BackendError> {
        let unusable = |logit: &f32| logit.is_nan() || *logit == f32::INFINITY;
        if let Some(token) = logits.iter().position(unusable) {
            return Err(BackendError::NotFinite {
                label: self.named(u32::try_from(token).unwrap_or(u32::MAX)),
                value: logits[token].to_string(),
            });
        }
        let logits: Vec<f64> = logits.iter().map(|logit| f64::from(*logit)).collect();
        let masses = log_softmax(&logits);
        match masses.iter().any(|mass| mass.is_nan()) {
            true => Err(BackendError::NotFinite {
                label: "every token".into(),
                value: "-inf".into(),
            }),
            false => Ok(masses),
        }
    }

    /// Log-probability of one token.
    pub(super) fn mass(&self, masses: &[f64], token: u32) -> Result<f64, BackendError> {
        let mass = masses.get(token as usize).copied();
        mass.ok_or_else(|| BackendError::Failed {
            message: format!(
                "the model has {} tokens and none numbered {token} ({}); tokenizer and decoder are not of one model",
                masses.len(),
                self.named(token)
            ),
        })
    }

    /// The mass of each option at one place, over all of its tokens.
    pub(super) fn read_next(
        &self,
        masses: &[f64],
        labels: Labels,
        tokens: &[Vec<u32>],
    ) -> Result<Choice, BackendError> {
        let sequences: Vec<Vec<Vec<u32>>> = tokens
            .iter()
            .map(|tokens| tokens.iter().map(|token| vec![*token]).collect())
            .collect();
        let labels = labels.with_tokens(&sequences).map_err(|clash| {
            self.speech.cannot(&format!(
                "`{}` and `{}` are the same token; give the levels other spellings",
                clash.first, clash.second
            ))
        })?;
        let candidates = labels
            .ids()
            .map(|token| self.candidate(masses, None, token))
            .collect::<Result<Vec<_>, _>>()?;
        let position = Position::new(candidates, Extent::Asked, None)?;
        read_position(&position, &labels, Readout::LabelTokens)
    }

    /// One place of a written answer.
    pub(super) fn position(
        &self,
        masses: &[f64],
        wanted: &[u32],
        before: Option<u32>,
        written: u32,
    ) -> Result<Position, BackendError> {
        let mut listed: Vec<u32> = wanted.to_vec();
        let mut order: Vec<usize> = (0..masses.len()).collect();
        let most = LISTED.min(order.len());
        if most > 0 {
            order.select_nth_unstable_by(most - 1, |a, b| masses[*b].total_cmp(&masses[*a]));
        }
        listed.extend(
            order[..most]
                .iter()
                .filter_map(|token| u32::try_from(*token).ok()),
        );
        listed.sort_unstable();
        listed.dedup();
        let candidates = listed
            .iter()
            .map(|token| self.candidate(masses, before, *token))
            .collect::<Result<Vec<_>, _>>()?;
        let written = self.candidate(masses, before, written)?;
        Position::new(candidates, Extent::Asked, Some(written))
    }

    fn candidate(
        &self,
        masses: &[f64],
        before: Option<u32>,
        token: u32,
    ) -> Result<TokenMass, BackendError> {
        Ok(TokenMass {
            id: Some(token),
            bytes: self.speech.words.text_after(before, token)?.into_bytes(),
            log_probability: self.mass(masses, token)?,
        })
    }

    /// How many tokens may be written.
    pub(super) fn room(&self, read: usize, asked: u32) -> usize {
        let most = self.speech.config.most_tokens.unwrap_or(usize::MAX);
        most.saturating_sub(read).min(asked as usize)
    }

    fn named(&self, token: u32) -> String {
        let text = self.speech.words.token(token);
        text.unwrap_or_else(|| format!("token {token}"))
    }
}
