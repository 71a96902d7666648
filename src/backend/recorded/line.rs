//! A line of a recording: one type for what is written and what is read.

use serde::{Deserialize, Serialize};

use super::{Question, WantedKey};
use crate::digest::Digest;
use crate::judging::{Answer, Choice, Coverage, Evidence, Image, Listed, Prompt, Readout, Wanted};

/// One answer as it stands in the file; which fields go together, [`Line::check`] knows.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    images: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_mass: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    readout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ceiling: Option<Vec<Option<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Vec<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drawn: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "is_first")]
    repeat: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_first(repeat: &u32) -> bool {
    *repeat == 0
}

impl Line {
    /// The line of an answer.
    pub(super) fn of(prompt: &Prompt, digest: Digest, answer: &Answer) -> Self {
        let options = match prompt.wanted() {
            Wanted::Options(options) => Some(options.names().map(str::to_owned).collect()),
            Wanted::Value | Wanted::Text => None,
        };
        let images = prompt.images().map(Image::digest);
        let mut line = Line {
            prompt: Some(digest.to_string()),
            images: images.map(|digest| digest.to_string()).collect(),
            options,
            repeat: prompt.repeat(),
            ..Line::default()
        };
        match answer {
            Answer::Value(value) => line.value = Some(*value),
            Answer::Text(text) => line.text = Some(text.clone()),
            Answer::Choice(choice) => line.set_choice(choice),
        }
        line
    }

    fn set_choice(&mut self, choice: &Choice) {
        self.readout = Some(choice.readout().name().to_owned());
        self.coverage = choice.coverage().map(Coverage::value);
        match choice.evidence() {
            Evidence::Counts(counts) => {
                self.drawn = drawn(counts, choice.coverage());
                self.counts = Some(counts.clone());
            }
            Evidence::Exact => self.log_mass = Some(choice.log_mass().to_vec()),
            Evidence::Censored(ceilings) => {
                self.log_mass = Some(choice.log_mass().to_vec());
                self.ceiling = Some(ceilings.clone());
            }
        }
    }

    /// The question that is answered, and the answer.
    pub(super) fn check(self) -> Result<(Question, Answer), String> {
        let digest = |text: &String| {
            Digest::parse(text).ok_or_else(|| format!("`{text}` is not `blake3:` and 64 digits"))
        };
        let prompt = self.prompt.as_ref().map(digest).transpose()?;
        let images = self
            .images
            .iter()
            .map(digest)
            .collect::<Result<Vec<_>, _>>()?;
        let (wanted, answer) = match (&self.options, self.value, &self.text) {
            (Some(options), None, None) => {
                let wanted = WantedKey::Options(options.clone());
                (wanted, Answer::Choice(self.choice(options.len())?))
            }
            (None, Some(value), None) if value.is_finite() => {
                (WantedKey::Value, Answer::Value(value))
            }
            (None, None, Some(text)) => (WantedKey::Text, Answer::Text(text.clone())),
            _ => {
                return Err(
                    "a line has `options` with `log_mass` or `counts`, or a finite `value`, or `text`"
                        .into(),
                );
            }
        };
        Ok((
            Question {
                prompt,
                images,
                wanted,
                repeat: self.repeat,
            },
            answer,
        ))
    }

    fn choice(&self, options: usize) -> Result<Choice, String> {
        let fits = |length: usize, what: &str| {
            if length == options {
                Ok(())
            } else {
                Err(format!("{options} options have {length} {what}"))
            }
        };
        if let Some(counts) = &self.counts {
            fits(counts.len(), "counts")?;
            return self.counted(counts);
        }
        let Some(log_mass) = &self.log_mass else {
            return Err("`options` come with `log_mass` or `counts`".to_owned());
        };
        fits(log_mass.len(), "log masses")?;
        let readout = self.readout_or(Readout::ClosedSet)?;
        let coverage = self.coverage.map(Coverage::new).transpose();
        let coverage = coverage.map_err(|error| error.to_string())?;
        let choice = match &self.ceiling {
            None => Choice::new(log_mass.clone(), coverage, readout),
            Some(ceilings) => {
                fits(ceilings.len(), "ceilings")?;
                let listed = log_mass.iter().zip(ceilings);
                let listed: Vec<Listed> = listed
                    .map(|(mass, ceiling)| ceiling.map_or(Listed::At(*mass), Listed::Below))
                    .collect();
                Choice::censored(&listed, coverage, readout)
            }
        };
        choice.map_err(|error| error.to_string())
    }

    /// Answers that were drawn and counted, or the one that was written out.
    fn counted(&self, counts: &[u32]) -> Result<Choice, String> {
        let drawn = self.drawn.unwrap_or_else(|| counts.iter().sum());
        let readout = self.readout_or(Readout::Samples)?;
        let choice = match readout {
            Readout::Samples => Choice::sampled(counts.to_vec(), drawn),
            Readout::ParsedText => {
                let chosen = counts.iter().position(|count| *count == 1);
                match chosen.filter(|_| drawn == 1 && counts.iter().sum::<u32>() == 1) {
                    Some(option) => Choice::parsed(option, counts.len()),
                    None => return Err("`parsed_text` counts one answer".to_owned()),
                }
            }
            Readout::ClosedSet
            | Readout::LabelLogits
            | Readout::LabelTokens
            | Readout::TopTokens
            | Readout::ForcedSequence
            | Readout::TypedDecision
            | Readout::Similarity
            | Readout::Value => {
                return Err(format!("readout `{}` counts no answers", readout.name()));
            }
        };
        choice.map_err(|error| error.to_string())
    }

    fn readout_or(&self, unsaid: Readout) -> Result<Readout, String> {
        match self.readout.as_deref() {
            None => Ok(unsaid),
            Some(name) => {
                Readout::from_name(name).ok_or_else(|| format!("readout `{name}` is not known"))
            }
        }
    }
}

/// How many answers were drawn: coverage is the share of them that fell on an option.
fn drawn(counts: &[u32], coverage: Option<Coverage>) -> Option<u32> {
    let counted: u32 = counts.iter().sum();
    let drawn = (f64::from(counted) / coverage?.value()).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few hundred answers at most, and a quotient of positive numbers"
    )]
    (drawn.is_finite() && drawn <= 1e6).then_some(drawn as u32)
}
