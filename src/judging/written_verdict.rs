//! Reads from written text which of two is better: only from the places that the card names, never a guess.
//!
//! A judge that reasons before it answers may quote several verdicts. Readers that take the first (as the greedy
//! pattern of GenAI-Bench does) or any take the wrong one. Here the last complete verdict counts where the text
//! settles on it; where two differ and neither is final, the answer is ambiguous, and says so.

mod places;
#[cfg(test)]
mod tests;

use super::extract::{declined, shortened};
use super::{Options, Reason, Unscored, WordError};

/// Where in the text the verdict stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerdictPlace {
    /// In `[[..]]`.
    Brackets,
    /// In `<tag>..</tag>`.
    Tag(String),
    /// The value of `"key":`; the JSON around it may be broken.
    Key(String),
    /// Right after these words.
    After(String),
    /// As a phrase of three words or more, such as `Image 1 is better`, in a sentence that does not turn it around.
    Sentence,
    /// Two scores, of the first and of the second, each after its name: `"A": 7, "B": 5` or `Image 1: 7`.
    Scores(String, String),
}

/// The places that are tried in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenVerdict(Vec<VerdictPlace>);

/// What a text settles on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    /// The option of this place.
    Option(usize),
    /// Scores of the first and of the second.
    Scores(f64, f64),
}

/// A complete verdict in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Candidate {
    option: usize,
    /// First byte of the verdict with its marks.
    start: usize,
    /// The byte after them.
    end: usize,
}

impl WrittenVerdict {
    /// Places in the order in which they are tried.
    ///
    /// # Errors
    /// No place, an empty tag, key, word or name, or one name for both scores.
    pub fn new(places: Vec<VerdictPlace>) -> Result<Self, WordError> {
        if places.is_empty() {
            return Err(WordError::new("a verdict is read from at least one place"));
        }
        for place in &places {
            let empty = match place {
                VerdictPlace::Tag(word) | VerdictPlace::Key(word) | VerdictPlace::After(word) => {
                    word.trim().is_empty()
                }
                VerdictPlace::Scores(first, second) => {
                    if first == second {
                        return Err(WordError::new(format!(
                            "both scores are named `{first}`; each needs a name of its own"
                        )));
                    }
                    first.trim().is_empty() || second.trim().is_empty()
                }
                VerdictPlace::Brackets | VerdictPlace::Sentence => false,
            };
            if empty {
                return Err(WordError::new(
                    "a tag, key, word or name to look for is empty",
                ));
            }
        }
        Ok(WrittenVerdict(places))
    }

    /// The verdict of a text, from the first place that holds one.
    ///
    /// # Errors
    /// [`Reason::Ambiguous`] for different verdicts of which none is final; where there is none at all
    /// [`Reason::Refused`] for a text that declines, else [`Reason::Unparsed`].
    pub fn read(&self, text: &str, options: &Options) -> Result<Found, Unscored> {
        for place in &self.0 {
            if let VerdictPlace::Scores(first, second) = place {
                if let Some((first, second)) = places::scores(text, first, second) {
                    return Ok(Found::Scores(first, second));
                }
                continue;
            }
            let candidates = place.candidates(text, options);
            if let Some(settled) = settled(text, &candidates) {
                return settled
                    .map(|one| Found::Option(one.option))
                    .ok_or_else(|| ambiguous(text, &candidates, options));
            }
        }
        declined(text)?;
        Err(Unscored::new(
            Reason::Unparsed,
            format!(
                "no verdict where the card looks for one, in `{}`",
                shortened(text)
            ),
        ))
    }

    /// All that the reading depends on, as words for a digest.
    pub fn fingerprint(&self) -> String {
        format!("{:?}", self.0)
    }
}

impl VerdictPlace {
    /// Every complete verdict at such a place, in order.
    fn candidates(&self, text: &str, options: &Options) -> Vec<Candidate> {
        match self {
            VerdictPlace::Brackets => places::enclosed(text, "[[", "]]", options),
            VerdictPlace::Tag(tag) => {
                let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
                places::enclosed(text, &open, &close, options)
            }
            VerdictPlace::Key(key) => places::values(text, key, options),
            VerdictPlace::After(words) => places::announced(text, words, options),
            VerdictPlace::Sentence => places::phrases(text, options),
            VerdictPlace::Scores(..) => Vec::new(),
        }
    }
}

/// Words by which a writer announces what it means in the end, in lower case.
const FINAL: [&str; 14] = [
    "final",
    "verdict",
    "conclusion",
    "conclude",
    "therefore",
    "overall",
    "in the end",
    "in summary",
    "decision",
    "judgement",
    "judgment",
    "i choose",
    "my choice",
    "answer",
];
/// What may follow the last word of an answer.
const CLOSING: &[char] = &[
    ' ', '\n', '\r', '\t', '.', '!', '*', '"', '\'', '`', ')', ']', '}', '_', '。', ',',
];

/// The verdict on which a text settles: nothing where there is none, `Some(None)` where they differ for good.
fn settled(text: &str, candidates: &[Candidate]) -> Option<Option<Candidate>> {
    let last = *candidates.last()?;
    let Some(other) = candidates
        .iter()
        .rev()
        .find(|one| one.option != last.option)
    else {
        return Some(Some(last));
    };
    let between = text[other.end..last.start].to_lowercase();
    // What is announced after the other verdict, and not denied, is meant.
    let is_announced = FINAL.iter().any(|word| between.contains(word));
    // Verdicts listed one under the other are a list, of which the last is no more meant than the first.
    let stands_alone = between.contains("\n\n") || between.contains("\n\r\n");
    let ends_the_text = text[last.end..].trim_end_matches(CLOSING).is_empty();
    Some((is_announced || stands_alone && ends_the_text).then_some(last))
}

fn ambiguous(text: &str, candidates: &[Candidate], options: &Options) -> Unscored {
    let names: Vec<&str> = options.names().collect();
    let mut seen: Vec<&str> = candidates.iter().map(|one| names[one.option]).collect();
    seen.dedup();
    Unscored::new(
        Reason::Ambiguous,
        format!(
            "the text says `{}` and settles on none of them, in `{}`",
            seen.join("`, then `"),
            shortened(text)
        ),
    )
}
