//! The allowed answers as a reader of tokens needs them: spellings without blanks and marks, and token ids.

use std::collections::BTreeMap;

use super::TokenMass;
use crate::backend::BackendError;
use crate::judging::Options;

/// Blanks before a word, as engines print them: a space, SentencePiece's U+2581, byte-level BPE's U+0120.
const BLANKS: [char; 3] = [' ', '\u{2581}', '\u{120}'];

/// Two options whose first tokens are the same, so that the first token tells them apart no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// One of them.
    pub first: String,
    /// The other.
    pub second: String,
}

/// The allowed answers of one question.
///
/// A spelling counts with and without a blank before it, and in any case, unless that would make two
/// options one or the label is a single letter: `a` is a word of its own.
#[derive(Debug, Clone)]
pub struct Labels {
    names: Vec<String>,
    exact: BTreeMap<String, usize>,
    folded: BTreeMap<String, usize>,
    ids: BTreeMap<u32, usize>,
}

impl Labels {
    /// The labels of these options.
    ///
    /// # Errors
    /// Two options that differ in blanks only.
    pub fn new(options: &Options) -> Result<Self, BackendError> {
        let mut exact: BTreeMap<String, usize> = BTreeMap::new();
        let mut folds: BTreeMap<String, Option<usize>> = BTreeMap::new();
        for (index, option) in options.as_slice().iter().enumerate() {
            for spelling in option.spellings() {
                let spelling = bare(spelling.trim_end());
                match exact.insert(spelling.to_owned(), index) {
                    Some(other) if other != index => {
                        return Err(BackendError::Unreadable {
                            message: format!(
                                "two options are spelt `{spelling}` but for blanks; tokens cannot tell them apart"
                            ),
                        });
                    }
                    Some(_) | None => {}
                }
                if spelling.chars().count() > 1 {
                    folds
                        .entry(spelling.to_lowercase())
                        .and_modify(|found| *found = found.filter(|found| *found == index))
                        .or_insert(Some(index));
                }
            }
        }
        let folded = folds
            .into_iter()
            .filter_map(|(spelling, index)| index.map(|index| (spelling, index)))
            .collect();
        Ok(Labels {
            names: options.names().map(str::to_owned).collect(),
            exact,
            folded,
            ids: BTreeMap::new(),
        })
    }

    /// The same, known to the model's tokenizer: for each option the token sequences of its spellings.
    ///
    /// An option with a spelling of one token is read by such tokens; any other by its first token.
    ///
    /// # Errors
    /// The first tokens of two options are the same, or an option has no tokens at all.
    pub fn with_tokens(mut self, sequences: &[Vec<Vec<u32>>]) -> Result<Self, Clash> {
        let mut ids: BTreeMap<u32, usize> = BTreeMap::new();
        for (index, spellings) in sequences.iter().enumerate() {
            let whole = |spelling: &&Vec<u32>| spelling.len() == 1;
            let any_whole = spellings.iter().any(|spelling| spelling.len() == 1);
            let firsts = spellings
                .iter()
                .filter(|spelling| !any_whole || whole(spelling))
                .filter_map(|spelling| spelling.first());
            for first in firsts {
                match ids.insert(*first, index) {
                    Some(other) if other != index => {
                        return Err(Clash {
                            first: self.names[other].clone(),
                            second: self.names[index].clone(),
                        });
                    }
                    Some(_) | None => {}
                }
            }
        }
        self.ids = ids;
        Ok(self)
    }

    /// Names of the options in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many options there are.
    #[expect(clippy::len_without_is_empty, reason = "there are always two or more")]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Token ids that stand for an option; empty unless the tokenizer was asked.
    pub fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.ids.keys().copied()
    }

    /// Whether the tokenizer said which tokens begin each label.
    pub fn is_tokenised(&self) -> bool {
        !self.ids.is_empty()
    }

    /// The option that a token stands for: by its id, else by its bytes.
    pub fn option_of(&self, token: &TokenMass) -> Option<usize> {
        let by_id = token.id.and_then(|id| self.ids.get(&id).copied());
        by_id.or_else(|| self.option_of_text(std::str::from_utf8(&token.bytes).ok()?))
    }

    /// The option that is spelt so, blanks and case aside.
    pub fn option_of_text(&self, text: &str) -> Option<usize> {
        let text = bare(text);
        let folded = || self.folded.get(&text.to_lowercase());
        self.exact.get(text).or_else(folded).copied()
    }

    /// The options, other than the one it spells, that a token may be the beginning of.
    pub(super) fn begun_by(&self, token: &TokenMass) -> Vec<usize> {
        let Ok(text) = std::str::from_utf8(&token.bytes) else {
            return Vec::new();
        };
        let text = bare(text);
        if text.is_empty() {
            return Vec::new();
        }
        let spelt = self.option_of_text(text);
        let folded = text.to_lowercase();
        let exact = self
            .exact
            .iter()
            .filter(|(spelling, _)| spelling.starts_with(text));
        let in_any_case = self
            .folded
            .iter()
            .filter(|(spelling, _)| spelling.starts_with(&folded));
        let mut begun: Vec<usize> = exact
            .chain(in_any_case)
            .map(|(_, option)| *option)
            .filter(|option| Some(*option) != spelt)
            .collect();
        begun.sort_unstable();
        begun.dedup();
        begun
    }

    /// Two options of which one may be the beginning of the other (`1` and `10`), if there are any.
    pub fn nested(&self) -> Option<Clash> {
        self.exact.iter().find_map(|(shorter, first)| {
            let longer = self
                .exact
                .iter()
                .find(|(longer, second)| *second != first && longer.starts_with(shorter.as_str()));
            longer.map(|(_, second)| Clash {
                first: self.names[*first].clone(),
                second: self.names[*second].clone(),
            })
        })
    }

    /// Every spelling with its option, longest first, for a search in text.
    pub(super) fn spellings(&self) -> Vec<(&str, usize)> {
        let mut all: Vec<(&str, usize)> = self
            .exact
            .iter()
            .map(|(spelling, option)| (spelling.as_str(), *option))
            .collect();
        all.sort_by_key(|(spelling, _)| std::cmp::Reverse(spelling.len()));
        all
    }

    /// Whether this spelling may be met in another case.
    pub(super) fn folds(&self, spelling: &str) -> bool {
        self.folded.contains_key(&spelling.to_lowercase())
    }
}

/// Text without the blanks before it.
pub(super) fn bare(text: &str) -> &str {
    text.trim_start_matches(BLANKS)
}

/// Whether a variant is a spelling of the card itself, blanks aside, and not one in another case.
pub fn is_plain(variant: &str, spellings: &[String]) -> bool {
    let variant = bare(variant).trim_end();
    spellings
        .iter()
        .any(|spelling| bare(spelling).trim_end() == variant)
}

/// The ways in which a spelling may follow a prompt: with and without a blank, as it is, in lower case,
/// with a capital and in capitals.
pub fn variants(spelling: &str) -> Vec<String> {
    let spelling = bare(spelling);
    let mut cases = vec![spelling.to_owned()];
    if spelling.chars().count() > 1 {
        let mut letters = spelling.chars();
        let capital: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(letters.flat_map(char::to_lowercase))
            .collect();
        cases.extend([spelling.to_lowercase(), capital, spelling.to_uppercase()]);
    }
    let mut found: Vec<String> = Vec::new();
    for case in cases {
        for variant in [case.clone(), format!(" {case}")] {
            if !found.contains(&variant) {
                found.push(variant);
            }
        }
    }
    found
}
