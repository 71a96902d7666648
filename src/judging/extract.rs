//! Reads a rating from written text: only from the place that the card names, never a guess.

use super::{Reason, Scale, Unscored, WordError, refusal_phrase};

/// Where in the text the rating stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the last `<tag>..</tag>`.
    Tag(String),
    /// After the last `"key":`, one number or a list; the JSON around it may be broken.
    Key(String),
    /// In the last `[[..]]`; of an order, in the last row of them.
    Brackets,
    /// After the last appearance of these words.
    After(String),
    /// The last number of the text; of an order, its last letters.
    Last,
    /// The whole text, which is one number or one list of numbers, with nothing around it but marks.
    Bare,
}

/// What is made of several numbers at the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduce {
    /// There must be one.
    Only,
    /// The least (VIEScore: an image is as good as its worst aspect).
    Min,
    /// The mean.
    Mean,
}

/// The places that are tried in order, and what is made of the numbers there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extraction {
    places: Vec<Place>,
    reduce: Reduce,
}

impl Extraction {
    /// Places in the order in which they are tried.
    ///
    /// # Errors
    /// No place, or an empty tag, key or word.
    pub fn new(places: Vec<Place>, reduce: Reduce) -> Result<Self, WordError> {
        if places.is_empty() {
            return Err(WordError::new("a rating is read from at least one place"));
        }
        if places.iter().any(Place::is_blank) {
            return Err(WordError::new("a tag, key or word to look for is empty"));
        }
        Ok(Extraction { places, reduce })
    }

    /// The rating in a text.
    ///
    /// # Errors
    /// [`Reason::Refused`]: no place that the card names holds a number, and the text declines.
    /// [`Reason::Unparsed`]: no place holds a number, several where one is meant, or one outside the scale.
    pub fn read(&self, text: &str, scale: Scale) -> Result<f64, Unscored> {
        let unparsed = |detail: String| Unscored::new(Reason::Unparsed, detail);
        let found = self.found(text)?;
        if let Some(outside) = found
            .iter()
            .find(|number| !(scale.min()..=scale.max()).contains(*number))
        {
            return Err(unparsed(format!(
                "the rating {outside} lies outside the scale {}..={}",
                scale.min(),
                scale.max()
            )));
        }
        match (self.reduce, &found[..]) {
            (Reduce::Only, [rating]) => Ok(*rating),
            (Reduce::Only, several) => Err(unparsed(format!(
                "{} numbers where one rating is meant, in `{}`",
                several.len(),
                shortened(text)
            ))),
            (Reduce::Min, several) => Ok(several.iter().copied().fold(f64::INFINITY, f64::min)),
            (Reduce::Mean, several) => Ok(several.iter().sum::<f64>() / several.len() as f64),
        }
    }

    /// The numbers at the first place that has some. Just any number of a text that declines is none.
    fn found(&self, text: &str) -> Result<Vec<f64>, Unscored> {
        for place in &self.places {
            if *place == Place::Last {
                declined(text)?;
            }
            if let Some(found) = place.numbers(text) {
                return Ok(found);
            }
        }
        declined(text)?;
        let detail = format!(
            "no rating where the card looks for one, in `{}`",
            shortened(text)
        );
        Err(Unscored::new(Reason::Unparsed, detail))
    }

    /// All that the reading depends on, as words for a digest.
    pub fn fingerprint(&self) -> String {
        format!("{:?} {:?}", self.places, self.reduce)
    }
}

/// Refuses a text that declines to answer.
///
/// # Errors
/// [`Reason::Refused`].
pub(super) fn declined(text: &str) -> Result<(), Unscored> {
    let Some(phrase) = refusal_phrase(text) else {
        return Ok(());
    };
    let detail = format!("\"{phrase}\" in its answer, `{}`", shortened(text));
    Err(Unscored::new(Reason::Refused, detail))
}

impl Place {
    /// Whether what is to be looked for is blank.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Place::Tag(word) | Place::Key(word) | Place::After(word) => word.trim().is_empty(),
            Place::Brackets | Place::Last | Place::Bare => false,
        }
    }

    /// The numbers at this place, at least one.
    fn numbers(&self, text: &str) -> Option<Vec<f64>> {
        let found = match self {
            Place::Tag(tag) => {
                let inner = between_last(text, &format!("<{tag}>"), &format!("</{tag}>"))?;
                first(inner)
            }
            Place::Key(key) => after_key(text, key)?,
            Place::Brackets => first(between_last(text, "[[", "]]")?),
            Place::After(words) => {
                let start = text.rfind(words.as_str())? + words.len();
                first(&text[start..])
            }
            Place::Last => numbers(text).pop().into_iter().collect(),
            Place::Bare => bare(text)?,
        };
        (!found.is_empty()).then_some(found)
    }
}

fn first(text: &str) -> Vec<f64> {
    numbers(text).into_iter().take(1).collect()
}

pub(super) fn between_last<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let start = text.rfind(open)? + open.len();
    let inner = &text[start..];
    // A text cut at its token limit may lack the closing mark; its number would then be a fragment.
    inner.find(close).map(|end| &inner[..end])
}

/// The number or the list after the last `"key":`.
fn after_key(text: &str, key: &str) -> Option<Vec<f64>> {
    let quoted = [format!("\"{key}\""), format!("'{key}'")];
    let start = quoted
        .iter()
        .filter_map(|mark| text.rfind(mark.as_str()).map(|at| at + mark.len()))
        .max()?;
    let value = text[start..].trim_start().strip_prefix(':')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    match value.strip_prefix('[') {
        Some(list) => list.find(']').map(|end| numbers(&list[..end])),
        None => {
            let end = value.find(|sign: char| !is_numeral(sign));
            Some(numbers(&value[..end?]))
        }
    }
}

/// The numbers of a text that is nothing but a number or a list.
fn bare(text: &str) -> Option<Vec<f64>> {
    let text = text.trim_matches(|sign: char| sign.is_whitespace() || "|^=V`".contains(sign));
    let list = text
        .strip_prefix('[')
        .and_then(|list| list.strip_suffix(']'));
    let items: Vec<&str> = match list {
        Some(list) => list.split(',').collect(),
        None => vec![text],
    };
    let number = |item: &&str| {
        item.trim()
            .parse::<f64>()
            .ok()
            .filter(|one| one.is_finite())
    };
    items.iter().map(number).collect()
}

fn is_numeral(sign: char) -> bool {
    sign.is_ascii_digit() || matches!(sign, '.' | '-' | '+')
}

/// Every number of a text, without the denominators of `4/5` and `4 out of 5`, and the digits of words.
pub(super) fn numbers(text: &str) -> Vec<f64> {
    let mut found = Vec::new();
    let mut before = "";
    let mut rest = text;
    while let Some(start) = rest.find(|sign: char| sign.is_ascii_digit()) {
        let head = &rest[..start];
        let digits = &rest[start..];
        let length = digits
            .find(|sign: char| !sign.is_ascii_digit() && sign != '.')
            .unwrap_or(digits.len());
        let literal = digits[..length].trim_end_matches('.');
        let context = if head.is_empty() { before } else { head };
        if !is_part_of_word(context) && !is_denominator(context, !found.is_empty()) {
            let negative = context.ends_with('-')
                && !context[..context.len() - 1].ends_with(|sign: char| !sign.is_whitespace());
            if let Ok(number) = literal.parse::<f64>() {
                found.push(if negative { -number } else { number });
            }
        }
        before = literal;
        rest = &digits[length..];
    }
    found
}

fn is_part_of_word(head: &str) -> bool {
    head.ends_with(|sign: char| sign.is_alphabetic() || sign == '_')
}

fn is_denominator(head: &str, something_before: bool) -> bool {
    let head = head.trim();
    something_before && (head == "/" || head.eq_ignore_ascii_case("out of"))
}

pub(super) fn shortened(text: &str) -> String {
    const SIGNS: usize = 120;
    let mut short: String = text.trim().chars().take(SIGNS).collect();
    if short.len() < text.trim().len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::Better;

    fn read(place: Place, reduce: Reduce, text: &str) -> Result<f64, Reason> {
        let scale = Scale::new(0.0, 10.0, Better::Higher).unwrap();
        Extraction::new(vec![place], reduce)
            .unwrap()
            .read(text, scale)
            .map_err(|unscored| unscored.reason)
    }

    fn tag() -> Place {
        Place::Tag("answer".into())
    }

    fn key() -> Place {
        Place::Key("score".into())
    }

    #[test]
    fn a_table_of_texts_and_their_ratings() {
        let cases = [
            (tag(), "<think>3 or 4</think><answer>3.75</answer>", 3.75),
            (tag(), "<answer>2</answer> no: <answer>4</answer>", 4.0),
            (key(), r#"{"reasoning": "8 of 10", "score": 7}"#, 7.0),
            (key(), r#"```json {'score' : "6", }```"#, 6.0),
            (Place::Brackets, "On a 1-5 scale I say [[2]].", 2.0),
            (
                Place::After("Score:".into()),
                "Score: 1? No. Score: 4/5",
                4.0,
            ),
            (Place::Last, "sharp: 3, clean: 4 out of 5", 4.0),
            (Place::Last, "The rating is 3.", 3.0),
            (Place::Bare, " 7\n", 7.0),
            (Place::Bare, "||V^=^V||\n[7]\n||V^=^V||", 7.0),
        ];
        for (place, text, rating) in cases {
            assert_eq!(read(place, Reduce::Only, text), Ok(rating), "{text}");
        }
    }

    #[test]
    fn several_numbers_are_reduced_as_the_card_says() {
        let text = r#"{"score": [8, 3], "reasoning": "x"}"#;
        assert_eq!(read(key(), Reduce::Min, text), Ok(3.0));
        assert_eq!(read(key(), Reduce::Mean, text), Ok(5.5));
        assert_eq!(read(key(), Reduce::Only, text), Err(Reason::Unparsed));
        assert_eq!(read(Place::Bare, Reduce::Min, "[8, 3]"), Ok(3.0));
    }

    #[test]
    fn what_is_not_there_is_no_rating() {
        for (place, text) in [
            (tag(), "I think 4."),
            (tag(), "<answer>4"),
            (key(), r#"{"scores": 4}"#),
            (key(), r#"{"score": 1"#),
            (key(), r#"{"score": [8, 3"#),
            (Place::Brackets, "[[good]]"),
            (Place::Last, "no digits, only h264_"),
            (Place::Last, "11"),
            (Place::Last, "-4"),
            (Place::Last, ""),
            (Place::Bare, "about 7"),
            (Place::Bare, "[8, three]"),
            (Place::Bare, "[8"),
            (Place::Bare, ""),
        ] {
            assert_eq!(
                read(place, Reduce::Min, text),
                Err(Reason::Unparsed),
                "{text}"
            );
        }
        for place in [tag(), Place::Last] {
            let text = "I'm sorry, I can't rate images on a scale from 1 to 5.";
            assert_eq!(read(place, Reduce::Only, text), Err(Reason::Refused));
        }
        // A phrase of refusals in an answer that does rate is no refusal.
        let text = "As an AI image this is good. <answer>4</answer>";
        assert_eq!(read(tag(), Reduce::Only, text), Ok(4.0));
        assert!(Extraction::new(vec![], Reduce::Only).is_err());
        assert!(Extraction::new(vec![Place::Tag(" ".into())], Reduce::Only).is_err());
    }
}
