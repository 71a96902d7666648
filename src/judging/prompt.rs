//! What is asked: images and text in order, and the kind of answer that is wanted.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Reading, WordError};
use crate::digest::Digest;

/// An encoded picture as it was given, with the digest of its bytes.
///
/// It is not decoded here: a cached answer needs no pixels, and a remote judge gets the bytes as they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// As its owner had them: a slice behind the `Arc` itself would be a copy of the whole picture.
    bytes: Arc<Vec<u8>>,
    digest: Digest,
}

impl Image {
    /// Takes the encoded bytes and digests them.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes);
        Image {
            bytes: Arc::new(bytes),
            digest,
        }
    }

    /// The encoded bytes, as given.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Digest of the encoded bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Image({} bytes, {})",
            self.bytes.len(),
            self.digest
        )
    }
}

/// One piece of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A picture.
    Image(Image),
    /// Some text.
    Text(String),
}

/// One allowed answer of a closed question, with every way in which a judge may spell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerOption {
    name: String,
    spellings: Vec<String>,
}

impl AnswerOption {
    /// An option that is spelt as its name, or in the other ways given.
    ///
    /// # Errors
    /// An empty name or spelling.
    pub fn new(name: impl Into<String>, other_spellings: Vec<String>) -> Result<Self, WordError> {
        let name = name.into();
        let mut spellings = vec![name.clone()];
        spellings.extend(
            other_spellings
                .into_iter()
                .filter(|spelling| *spelling != name),
        );
        if spellings.iter().any(|spelling| spelling.trim().is_empty()) {
            return Err(WordError::new(format!(
                "option `{name}` has an empty spelling"
            )));
        }
        Ok(AnswerOption { name, spellings })
    }

    /// The option's name in cards and reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All spellings, the name first.
    pub fn spellings(&self) -> &[String] {
        &self.spellings
    }
}

/// The allowed answers of a closed question: at least two, with distinct names and spellings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options(Vec<AnswerOption>);

impl Options {
    /// Checks that the options can be told apart.
    ///
    /// # Errors
    /// Fewer than two options, or two that share a name or spelling.
    pub fn new(options: Vec<AnswerOption>) -> Result<Self, WordError> {
        if options.len() < 2 {
            return Err(WordError::new(format!(
                "a closed question needs at least two options, got {}",
                options.len()
            )));
        }
        let mut seen = BTreeSet::new();
        for spelling in options.iter().flat_map(|option| &option.spellings) {
            if !seen.insert(spelling.as_str()) {
                return Err(WordError::new(format!(
                    "two options are spelt `{spelling}`"
                )));
            }
        }
        Ok(Options(options))
    }

    /// Names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AnswerOption::name)
    }

    /// The options in order.
    pub fn as_slice(&self) -> &[AnswerOption] {
        &self.0
    }

    /// How many there are, at least 2.
    #[expect(clippy::len_without_is_empty, reason = "there are always two or more")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// The kind of answer that a prompt asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The probability of each allowed answer.
    Options(Options),
    /// One number, on the judge's own scale.
    Value,
    /// Free text.
    Text,
}

/// A question: at least one part, and what answer is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    system: Option<String>,
    parts: Vec<Part>,
    answer_prefix: Option<String>,
    wanted: Wanted,
    reading: Reading,
    repeat: u32,
}

impl Prompt {
    /// A prompt of the given parts.
    ///
    /// # Errors
    /// No part at all.
    pub fn new(parts: Vec<Part>, wanted: Wanted) -> Result<Self, WordError> {
        if parts.is_empty() {
            return Err(WordError::new("a prompt needs at least one part"));
        }
        Ok(Prompt {
            system: None,
            parts,
            answer_prefix: None,
            wanted,
            reading: Reading::default(),
            repeat: 0,
        })
    }

    /// The same, under the judge's standing instructions.
    #[must_use]
    pub fn with_system(mut self, system: Option<String>) -> Self {
        self.system = system;
        self
    }

    /// The same, read in this way.
    #[must_use]
    pub fn with_reading(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }

    /// The same question asked again, for another drawn answer: `repeat` counts from 0 and seeds the draw.
    #[must_use]
    pub fn with_repeat(mut self, repeat: u32) -> Self {
        self.repeat = repeat;
        self
    }

    /// The same, with the words that the answer is to continue (Q-Bench: `The quality of the image is`).
    #[must_use]
    pub fn with_answer_prefix(mut self, prefix: Option<String>) -> Self {
        self.answer_prefix = prefix;
        self
    }

    /// The judge's standing instructions.
    pub fn system(&self) -> Option<&str> {
        self.system.as_deref()
    }

    /// What is allowed and asked of the reading.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Which of several equal questions this is.
    pub fn repeat(&self) -> u32 {
        self.repeat
    }

    /// Images and text in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The words that the answer is to continue.
    pub fn answer_prefix(&self) -> Option<&str> {
        self.answer_prefix.as_deref()
    }

    /// The kind of answer that is wanted.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// The images in order.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.parts.iter().filter_map(|part| match part {
            Part::Image(image) => Some(image),
            Part::Text(_) => None,
        })
    }

    /// Digest of all that the answer can depend on: instructions, parts, prefix, wanted options with their
    /// spellings, reading and repeat.
    pub fn digest(&self) -> Digest {
        let mut fields: Vec<&[u8]> = Vec::new();
        let reading = self.reading.fingerprint();
        let repeat = self.repeat.to_le_bytes();
        if let Some(system) = &self.system {
            fields.extend([&b"system"[..], system.as_bytes()]);
        }
        let digests: Vec<Digest> = self.images().map(Image::digest).collect();
        let mut images = digests.iter();
        for part in &self.parts {
            match part {
                Part::Image(_) => {
                    let digest = images.next().expect("one digest was taken per image");
                    fields.extend([&b"image"[..], digest.as_bytes()]);
                }
                Part::Text(text) => fields.extend([&b"text"[..], text.as_bytes()]),
            }
        }
        if let Some(prefix) = &self.answer_prefix {
            fields.extend([&b"answer prefix"[..], prefix.as_bytes()]);
        }
        match &self.wanted {
            Wanted::Options(options) => {
                fields.push(b"options");
                for option in options.as_slice() {
                    fields.push(b"option");
                    fields.extend(option.spellings().iter().map(String::as_bytes));
                }
            }
            Wanted::Value => fields.push(b"value"),
            Wanted::Text => fields.push(b"free text"),
        }
        fields.extend([
            &b"reading"[..],
            reading.as_bytes(),
            &b"repeat"[..],
            &repeat[..],
        ]);
        Digest::of_fields(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(name: &str) -> AnswerOption {
        AnswerOption::new(name, vec![]).unwrap()
    }

    fn ask(image: &[u8], text: &str) -> Prompt {
        let wanted = Wanted::Options(Options::new(vec![option("good"), option("poor")]).unwrap());
        Prompt::new(
            vec![Part::Image(Image::new(image)), Part::Text(text.into())],
            wanted,
        )
        .unwrap()
    }

    #[test]
    fn a_closed_question_needs_two_distinct_options() {
        assert!(Options::new(vec![option("good")]).is_err());
        assert!(Options::new(vec![option("good"), option("good")]).is_err());
        assert!(AnswerOption::new(" ", vec![]).is_err());
        assert!(Prompt::new(vec![], Wanted::Text).is_err());
    }

    #[test]
    fn the_digest_depends_on_everything_that_the_answer_does() {
        let base = ask(b"a", "rate").digest();
        assert_eq!(base, ask(b"a", "rate").digest());
        assert_ne!(base, ask(b"b", "rate").digest());
        assert_ne!(base, ask(b"a", "rate it").digest());
        assert_ne!(base, ask(b"a", "rate").with_repeat(1).digest());
        let strict = ask(b"a", "rate").with_system(Some("Be strict.".into()));
        assert_ne!(base, strict.digest());
        assert_ne!(
            base,
            ask(b"a", "rate")
                .with_answer_prefix(Some("it is".into()))
                .digest()
        );
    }
}
