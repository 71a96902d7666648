//! How badly each word of a caption is shown: the list that UnifiedReward writes before its three axes.
//!
//! Wang et al. 2025 (arXiv 2503.05236), repository CodeGoat24/UnifiedReward, point_score_ACS_image_generation.py:
//! `Word-wise Scores: [["a", 0.1], ["fox", 2.4], ["[No_mistakes]", 1.3]]`. The numbers have no upper end: the model was
//! trained on weighted counts of people who marked a word as not shown (Rapidata, text-2-image Rich Human Feedback).

use super::extract::declined;
use super::{Reason, Unscored};

/// What stands before the list.
const HEADING: &str = "Word-wise Scores";
/// The token that stands for all words being shown.
const NO_MISTAKES: &str = "[No_mistakes]";
/// Most words of a list.
const MOST_WORDS: usize = 4_096;

/// The words of a caption as a judge lists them, each with its score; at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct WordScores {
    words: Vec<(String, f64)>,
    no_mistakes: Option<f64>,
}

/// A list held against the caption that it is about; words are compared without case and the marks around them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WordsBeside {
    /// Words of the caption that the list has not.
    pub unlisted: Vec<String>,
    /// Words of the list that the caption has not.
    pub foreign: Vec<String>,
}

impl WordScores {
    /// Reads the last list of an answer.
    ///
    /// # Errors
    /// [`Reason::Refused`]: no list, and the text declines. [`Reason::Unparsed`]: no list; one that breaks off, is abridged or holds something
    /// else than a word with a number; a number that is negative or not finite; no word at all; the token of no mistakes twice.
    pub fn read(text: &str) -> Result<Self, Unscored> {
        let Some(start) = text.rfind(HEADING) else {
            declined(text)?;
            return Err(unparsed("no `Word-wise Scores:` stands in the answer"));
        };
        let rest = &text[start + HEADING.len()..];
        let rest = rest.trim_start_matches([':', '*', '`', ' ', '\t', '\r', '\n']);
        let mut listed = Listed { rest };
        let mut scores = WordScores {
            words: Vec::new(),
            no_mistakes: None,
        };
        for (word, score) in listed.pairs()? {
            if !word.eq_ignore_ascii_case(NO_MISTAKES) {
                scores.words.push((word, score));
            } else if scores.no_mistakes.replace(score).is_some() {
                return Err(unparsed("`[No_mistakes]` has two scores"));
            }
        }
        match scores.words.is_empty() {
            true => Err(unparsed("the word-wise scores name no word")),
            false => Ok(scores),
        }
    }

    /// Each word with its score, 0 or above, in the order of the list; the higher, the less of it is shown.
    pub fn words(&self) -> &[(String, f64)] {
        &self.words
    }

    /// The score of nothing being wrong, 0 or above, where it was given; the higher, the surer.
    pub fn no_mistakes(&self) -> Option<f64> {
        self.no_mistakes
    }

    /// What list and caption have of which the other has not; a word counts as often as it stands there.
    pub fn beside(&self, caption: &str) -> WordsBeside {
        let mut foreign: Vec<String> = self.words.iter().map(|(word, _)| bare(word)).collect();
        foreign.retain(|word| !word.is_empty());
        let mut unlisted = Vec::new();
        let asked = caption.split_whitespace().map(bare);
        for word in asked.filter(|word| !word.is_empty()) {
            match foreign.iter().position(|listed| *listed == word) {
                Some(at) => drop(foreign.remove(at)),
                None => unlisted.push(word),
            }
        }
        WordsBeside { unlisted, foreign }
    }
}

/// A word without case and the marks around it.
fn bare(word: &str) -> String {
    word.trim_matches(|sign: char| !sign.is_alphanumeric())
        .to_lowercase()
}

fn unparsed(detail: impl Into<String>) -> Unscored {
    Unscored::new(Reason::Unparsed, detail)
}

/// What is left of a list of `["word", number]`.
struct Listed<'a> {
    rest: &'a str,
}

impl Listed<'_> {
    fn pairs(&mut self) -> Result<Vec<(String, f64)>, Unscored> {
        let mut pairs = Vec::new();
        self.sign('[')?;
        loop {
            self.sign('[')?;
            let word = self.word()?;
            self.sign(',')?;
            let score = self.number(&word)?;
            self.sign(']')?;
            pairs.push((word, score));
            if pairs.len() > MOST_WORDS {
                return Err(unparsed(format!(
                    "more than {MOST_WORDS} words have scores"
                )));
            }
            if self.next_is(',') {
                continue;
            }
            self.sign(']')?;
            return Ok(pairs);
        }
    }

    /// Takes this sign if it comes next; blanks do not count.
    fn next_is(&mut self, sign: char) -> bool {
        let after = self.rest.trim_start().strip_prefix(sign);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn sign(&mut self, sign: char) -> Result<(), Unscored> {
        match self.next_is(sign) {
            true => Ok(()),
            false => Err(self.stuck(&format!("`{sign}`"))),
        }
    }

    fn stuck(&self, expected: &str) -> Unscored {
        let next: String = self.rest.trim_start().chars().take(20).collect();
        unparsed(match next.is_empty() {
            true => "the word-wise scores break off".to_owned(),
            false => format!("the word-wise scores have `{next}` where {expected} was expected"),
        })
    }

    /// A word between quotation marks of either kind, as JSON and Python write it.
    fn word(&mut self) -> Result<String, Unscored> {
        let text = self.rest.trim_start();
        let Some(mark) = text
            .chars()
            .next()
            .filter(|sign| matches!(sign, '"' | '\''))
        else {
            return Err(self.stuck("a word"));
        };
        let mut word = String::new();
        let mut signs = text.char_indices().skip(1);
        while let Some((at, sign)) = signs.next() {
            if sign == mark {
                self.rest = &text[at + sign.len_utf8()..];
                return Ok(word);
            }
            // Of an escaped sign the sign itself counts; models escape quotation marks and little else.
            let sign = match sign {
                '\\' => signs.next().map(|(_, escaped)| escaped),
                plain => Some(plain),
            };
            word.extend(sign);
        }
        self.rest = "";
        Err(self.stuck("a word"))
    }

    fn number(&mut self, word: &str) -> Result<f64, Unscored> {
        let text = self.rest.trim_start();
        let is_part = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '+' | '-');
        let end = text.find(|sign| !is_part(sign)).unwrap_or(text.len());
        let number: Option<f64> = text[..end].parse().ok();
        match number {
            Some(score) if score.is_finite() && score >= 0.0 => {
                self.rest = &text[end..];
                Ok(score)
            }
            Some(score) => Err(unparsed(format!(
                "the score of `{word}` is {score}; expected 0 or above"
            ))),
            None => Err(self.stuck(&format!("the score of `{word}`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXES: &str =
        "\n\nAlignment Score (1-5): 3\nCoherence Score (1-5): 4\nStyle Score (1-5): 4";

    #[test]
    fn words_are_read_as_they_are_written() {
        let text = format!(
            r#"**Word-wise Scores:** [["A", 0], ["red", 2.75], ["fox's", .5], ["[No_mistakes]", 1.2]]{AXES}"#
        );
        let scores = WordScores::read(&text).unwrap();
        let words: Vec<(&str, f64)> = scores
            .words()
            .iter()
            .map(|(word, score)| (word.as_str(), *score))
            .collect();
        assert_eq!(words, [("A", 0.0), ("red", 2.75), ("fox's", 0.5)]);
        assert_eq!(scores.no_mistakes(), Some(1.2));
        assert_eq!(scores.beside("a red fox's!"), WordsBeside::default());
        let python = r#"Word-wise Scores: [['a', 1e-1], ["don't", 2], ['it\'s', 3] ]"#;
        let scores = WordScores::read(python).unwrap();
        assert_eq!(scores.words()[1], ("don't".to_owned(), 2.0));
        assert_eq!(scores.words()[2].0, "it's");
        assert_eq!(scores.no_mistakes(), None);
        // The format may be said again before it is filled in: the last list counts.
        let twice = format!("Word-wise Scores: [[\"word1\", score1], ...]\n{text}");
        assert_eq!(WordScores::read(&twice).unwrap().words().len(), 3);
    }

    #[test]
    fn a_list_of_other_words_is_told_from_the_caption() {
        let scores = WordScores::read(r#"Word-wise Scores: [["a", 0], ["blue", 1], ["fox", 0]]"#);
        let beside = scores.unwrap().beside("A red fox, a fox");
        assert_eq!(beside.foreign, ["blue"]);
        assert_eq!(beside.unlisted, ["red", "a", "fox"]);
    }

    #[test]
    fn what_is_no_list_of_words_is_no_number() {
        for (text, part) in [
            ("Alignment Score (1-5): 3", "no `Word-wise Scores:`"),
            ("Word-wise Scores: none", "where `[`"),
            ("Word-wise Scores: []", "where `[`"),
            (r#"Word-wise Scores: [["a", 0.1], ["fox", 2"#, "break off"),
            (r#"Word-wise Scores: [["a", 0.1], ["fo"#, "break off"),
            (
                r#"Word-wise Scores: [["a", 0.1], ..., ["fox", 2]]"#,
                "`...,",
            ),
            (r#"Word-wise Scores: [["a", "high"]]"#, "score of `a`"),
            (
                "Word-wise Scores: [[\"a\", 2\n\nStyle Score: 3",
                "`Style Score: 3` where `]`",
            ),
            (r#"Word-wise Scores: [["a"]]"#, "where `,`"),
            (r#"Word-wise Scores: [["a", 1, 2]]"#, "where `]`"),
            (r#"Word-wise Scores: [[a, 1]]"#, "a word"),
            (r#"Word-wise Scores: [["a", -1]]"#, "0 or above"),
            (r#"Word-wise Scores: [["a", NaN]]"#, "0 or above"),
            (r#"Word-wise Scores: [["a", 1e999]]"#, "0 or above"),
            (r#"Word-wise Scores: [["[No_mistakes]", 3]]"#, "no word"),
            (
                r#"Word-wise Scores: [["a", 0], ["[No_mistakes]", 3], ["[no_mistakes]", 1]]"#,
                "two scores",
            ),
        ] {
            let unscored = WordScores::read(text).unwrap_err();
            assert_eq!(unscored.reason, Reason::Unparsed, "{text}");
            assert!(unscored.detail.contains(part), "{text}: {unscored}");
        }
        let many = format!(
            "Word-wise Scores: [{}[\"a\", 0]]",
            "[\"a\", 0], ".repeat(MOST_WORDS)
        );
        assert!(WordScores::read(&many).is_err());
        let refused = WordScores::read("I'm sorry, but I can't help with that.").unwrap_err();
        assert_eq!(refused.reason, Reason::Refused);
    }
}
