//! What is asked, and how the answer is read.

use std::ops::Range;

use toml::Spanned;

use super::Place;
use crate::card::CardError;
use crate::card::file::{LengthFile, PlaceOfLabelFile, PromptFile, ReadoutFile, VariantFile};
use crate::judging::{
    AnswerPlace, LengthCorrection, Piece, Question, Reading, Readout, Sampling, Template,
};

impl Place<'_> {
    /// The question of `[prompt]`; it shows `images` images.
    pub(super) fn question(
        &self,
        typed: &Spanned<PromptFile>,
        reading: Reading,
        images: &[usize],
    ) -> Result<Question, CardError> {
        let prompt = typed.as_ref();
        let texts = self.text_names(&prompt.texts)?;
        let text = self.shown(&prompt.text, &texts, images)?;
        let words = |words: Option<&Spanned<String>>| {
            words.map(|words| self.words(words, &texts)).transpose()
        };
        let question = Question {
            system: words(prompt.system.as_ref())?,
            text,
            answer_prefix: words(prompt.answer_prefix.as_ref())?,
            reading,
        };
        for name in &prompt.texts {
            if !question.texts().contains(&name.as_ref().as_str()) {
                let message = format!("`{{{}}}` stands nowhere in the prompt", name.as_ref());
                return Err(self.error(name.span(), message));
            }
        }
        Ok(question)
    }

    /// The question of a `[[variant]]`: what it does not say is that of `[prompt]`.
    pub(super) fn reworded(
        &self,
        base: &Question,
        prompt: &Spanned<PromptFile>,
        variant: &VariantFile,
        images: &[usize],
    ) -> Result<Question, CardError> {
        let texts = self.text_names(&prompt.as_ref().texts)?;
        let mut question = base.clone();
        if let Some(text) = &variant.text {
            question.text = self.shown(text, &texts, images)?;
        }
        if let Some(prefix) = &variant.answer_prefix {
            question.answer_prefix = Some(self.words(prefix, &texts)?);
        }
        Ok(question)
    }

    pub(super) fn text_names(&self, typed: &[Spanned<String>]) -> Result<Vec<String>, CardError> {
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        };
        for name in typed {
            self.require(
                name,
                |name| is_name(name),
                "the name of a text has lower-case letters and `_`, such as `prompt`",
            )?;
        }
        Ok(typed.iter().map(|name| name.as_ref().clone()).collect())
    }

    fn shown(
        &self,
        text: &Spanned<String>,
        texts: &[String],
        images: &[usize],
    ) -> Result<Template, CardError> {
        let template = self.at(text.span(), Template::parse(text.as_ref(), texts))?;
        let marks = template
            .pieces()
            .iter()
            .filter(|piece| matches!(piece, Piece::Image(_)))
            .count();
        if images.contains(&marks) && template.images() == marks {
            return Ok(template);
        }
        let message = match images {
            [2] => "the prompt of a `compare` judge has `<image>` twice, where the pictures go",
            [1] => {
                "the prompt of a `score` judge has `<image>` exactly once, where the picture goes"
            }
            _ => "the prompt has `<image>` at most once, where the picture goes",
        };
        Err(self.error(text.span(), message))
    }

    fn words(&self, words: &Spanned<String>, texts: &[String]) -> Result<Template, CardError> {
        let template = self.at(words.span(), Template::parse(words.as_ref(), texts))?;
        if template.images() > 0 {
            return Err(self.error(words.span(), "no picture can stand here"));
        }
        Ok(template)
    }

    /// The reading of `[readout]`.
    pub(super) fn reading(&self, typed: &ReadoutFile) -> Result<Reading, CardError> {
        let place = match typed.place {
            PlaceOfLabelFile::Next => AnswerPlace::Next,
            PlaceOfLabelFile::Last => AnswerPlace::Last,
        };
        let length = match typed.length {
            LengthFile::Sum => LengthCorrection::Sum,
            LengthFile::Mean => LengthCorrection::Mean,
            LengthFile::Prior => LengthCorrection::Prior,
        };
        let (allowed, span) = match &typed.allowed {
            None => (Readout::LADDER.to_vec(), 0..0),
            Some(names) => (self.rungs(names)?, names.span()),
        };
        let sampling = self.sampling(typed)?;
        self.at(span, Reading::new(allowed, place, length, sampling))
    }

    fn rungs(&self, names: &Spanned<Vec<String>>) -> Result<Vec<Readout>, CardError> {
        let known = |name: &String| {
            Readout::from_name(name).ok_or_else(|| {
                let rungs: Vec<&str> = Readout::LADDER.iter().map(|rung| rung.name()).collect();
                let message = format!(
                    "readout `{name}` is not known; a card may allow {}",
                    rungs.join(", ")
                );
                self.error(names.span(), message)
            })
        };
        names.as_ref().iter().map(known).collect()
    }

    fn sampling(&self, typed: &ReadoutFile) -> Result<Sampling, CardError> {
        let default = Sampling::default();
        let Some(given) = &typed.sampling else {
            return Ok(default);
        };
        let span: Range<usize> = given.span();
        let given = given.as_ref();
        let sampling = Sampling {
            samples: given.samples.unwrap_or(default.samples),
            temperature: given.temperature.unwrap_or(default.temperature),
            top_p: given.top_p.unwrap_or(default.top_p),
            most_tokens: given.most_tokens.unwrap_or(default.most_tokens),
        };
        self.at(span, sampling.check())
    }
}
