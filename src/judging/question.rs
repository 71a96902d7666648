//! A question with places for what is judged: the prompt of a card.

use super::{Part, Prompt, Reading, Subject, Wanted, WordError};

/// One piece of a question's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words as they are.
    Words(String),
    /// The image of that place, from 0.
    Image(usize),
    /// The subject's text of that name.
    Text(String),
}

/// Words with places for images and texts.
///
/// Images are marked `<image>` in their order, or `<image:1>`, `<image:2>` by place. A text is marked
/// `{name}`; only declared names are places, so that prompts may quote JSON as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

const IMAGE_OPEN: &str = "<image";

impl Template {
    /// Splits text at its marks; `texts` are the declared names.
    ///
    /// # Errors
    /// A mark such as `<image:0>` that is no place.
    pub fn parse(text: &str, texts: &[String]) -> Result<Self, WordError> {
        let mut pieces = Vec::new();
        let mut words = String::new();
        let mut images = 0;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let piece = match image_mark(rest, images)? {
                Some((place, length)) => {
                    images += 1;
                    Some((Piece::Image(place), length))
                }
                None => text_mark(rest, texts),
            };
            if let Some((piece, length)) = piece {
                push_words(&mut pieces, &mut words);
                pieces.push(piece);
                rest = &rest[length..];
            } else {
                words.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        push_words(&mut pieces, &mut words);
        Ok(Template(pieces))
    }

    /// Pieces as they are.
    pub(super) fn of(pieces: Vec<Piece>) -> Self {
        Template(pieces)
    }

    /// The pieces in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// How many images a subject must have: one more than the highest place.
    pub fn images(&self) -> usize {
        let place = |piece: &Piece| match piece {
            Piece::Image(place) => place + 1,
            Piece::Words(_) | Piece::Text(_) => 0,
        };
        self.0.iter().map(place).max().unwrap_or(0)
    }

    /// Names of the texts that it quotes, in order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(name) => Some(name.as_str()),
            Piece::Words(_) | Piece::Image(_) => None,
        })
    }

    /// The parts for a subject; neighbouring words and texts are one part.
    ///
    /// # Errors
    /// An image or text that the subject lacks.
    pub fn fill(&self, subject: &Subject) -> Result<Vec<Part>, WordError> {
        let mut parts = Vec::new();
        let mut words = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Words(text) => words.push_str(text),
                Piece::Text(name) => words.push_str(text_of(subject, name)?),
                Piece::Image(place) => {
                    let image = subject.images().get(*place).ok_or_else(|| {
                        WordError::new(format!(
                            "the question shows {} images, the subject has {}",
                            self.images(),
                            subject.images().len()
                        ))
                    })?;
                    push_text(&mut parts, &mut words);
                    parts.push(Part::Image(image.clone()));
                }
            }
        }
        push_text(&mut parts, &mut words);
        Ok(parts)
    }

    /// Words alone, for places where no image can stand.
    ///
    /// # Errors
    /// A text that the subject lacks, or an image mark.
    pub fn fill_words(&self, subject: &Subject) -> Result<String, WordError> {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Words(text) => Ok(text.as_str()),
                Piece::Text(name) => text_of(subject, name),
                Piece::Image(_) => Err(WordError::new("no image can stand here")),
            })
            .collect()
    }
}

fn text_of<'a>(subject: &'a Subject, name: &str) -> Result<&'a str, WordError> {
    let text = subject
        .text(name)
        .ok_or_else(|| WordError::new(format!("the question quotes the text `{name}`; give it")))?;
    if text.trim().is_empty() {
        return Err(WordError::new(format!("the text `{name}` is empty")));
    }
    Ok(text)
}

fn push_words(pieces: &mut Vec<Piece>, words: &mut String) {
    if !words.is_empty() {
        pieces.push(Piece::Words(std::mem::take(words)));
    }
}

/// Blanks around an image carry nothing; a chat template sets its own.
fn push_text(parts: &mut Vec<Part>, words: &mut String) {
    let text = std::mem::take(words);
    if !text.trim().is_empty() {
        parts.push(Part::Text(text.trim().to_owned()));
    }
}

fn image_mark(rest: &str, next: usize) -> Result<Option<(usize, usize)>, WordError> {
    let Some(after) = rest.strip_prefix(IMAGE_OPEN) else {
        return Ok(None);
    };
    if after.starts_with('>') {
        return Ok(Some((next, IMAGE_OPEN.len() + 1)));
    }
    let Some((place, _)) = after.strip_prefix(':').and_then(|n| n.split_once('>')) else {
        return Ok(None);
    };
    match place.parse::<usize>() {
        Ok(number) if number > 0 => Ok(Some((number - 1, IMAGE_OPEN.len() + place.len() + 2))),
        _ => Err(WordError::new(format!(
            "`<image:{place}>` is no place; the first image is `<image:1>`"
        ))),
    }
}

fn text_mark(rest: &str, texts: &[String]) -> Option<(Piece, usize)> {
    let inner = rest.strip_prefix('{')?;
    let (name, _) = inner.split_once('}')?;
    texts
        .iter()
        .any(|known| known == name)
        .then(|| (Piece::Text(name.to_owned()), name.len() + 2))
}

/// What every subject is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The judge's standing instructions.
    pub system: Option<Template>,
    /// Text and images.
    pub text: Template,
    /// Words that the answer continues.
    pub answer_prefix: Option<Template>,
    /// How the answer is read.
    pub reading: Reading,
}

impl Question {
    /// The prompt for one subject.
    ///
    /// # Errors
    /// An image or text that the subject lacks, or an image that the question does not show.
    pub fn prompt(&self, subject: &Subject, wanted: Wanted) -> Result<Prompt, WordError> {
        if subject.images().len() > self.text.images() {
            return Err(WordError::new(format!(
                "the question shows {} images, the subject has {}",
                self.text.images(),
                subject.images().len()
            )));
        }
        let words = |template: &Option<Template>| {
            template
                .as_ref()
                .map(|template| template.fill_words(subject))
                .transpose()
        };
        Ok(Prompt::new(self.text.fill(subject)?, wanted)?
            .with_system(words(&self.system)?)
            .with_answer_prefix(words(&self.answer_prefix)?)
            .with_reading(self.reading.clone()))
    }

    /// Names of the texts that it quotes, each once, in order of name.
    pub fn texts(&self) -> Vec<&str> {
        let templates = [
            self.system.as_ref(),
            Some(&self.text),
            self.answer_prefix.as_ref(),
        ];
        let mut names: Vec<&str> = templates
            .into_iter()
            .flatten()
            .flat_map(Template::texts)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::judging::Image;

    fn subject(images: usize, text: Option<&str>) -> Subject {
        let images = (0u8..).take(images).map(|n| Image::new(vec![n])).collect();
        let texts = text.map(|text| ("caption".to_owned(), text.to_owned()));
        Subject::new(images, BTreeMap::from_iter(texts))
    }

    fn template(text: &str) -> Template {
        Template::parse(text, &["caption".to_owned()]).unwrap()
    }

    #[test]
    fn marks_are_places_and_other_braces_are_words() {
        let text = r#"See <image>. Is it "{caption}"? Answer {"score": {x}}."#;
        let parts = template(text).fill(&subject(1, Some("a cat"))).unwrap();
        let [Part::Text(before), Part::Image(_), Part::Text(after)] = &parts[..] else {
            panic!("{parts:?}")
        };
        assert_eq!(before, "See");
        assert_eq!(after, r#". Is it "a cat"? Answer {"score": {x}}."#);
    }

    #[test]
    fn images_stand_in_order_or_by_place() {
        let images = |text: &str| template(text).fill(&subject(2, None)).unwrap();
        assert_eq!(images("<image><image>"), images("<image:1><image:2>"));
        assert_ne!(images("<image><image>"), images("<image:2><image:1>"));
        assert!(Template::parse("<image:0>", &[]).is_err());
        assert_eq!(template("an <imagery>").images(), 0);
    }

    #[test]
    fn what_the_subject_lacks_is_named() {
        let question = Question {
            system: None,
            text: template("<image>{caption}"),
            answer_prefix: None,
            reading: Reading::default(),
        };
        for (subject, part) in [
            (subject(0, Some("a cat")), "subject has 0"),
            (subject(2, Some("a cat")), "subject has 2"),
            (subject(1, None), "`caption`; give it"),
            (subject(1, Some(" ")), "`caption` is empty"),
        ] {
            let error = question.prompt(&subject, Wanted::Text).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(
            question
                .prompt(&subject(1, Some("a")), Wanted::Text)
                .is_ok()
        );
        assert_eq!(question.texts(), ["caption"]);
    }
}
