//! Reads an order of labels from written text: only from the places that the card names, never a guess.

mod runs;
#[cfg(test)]
mod tests;

use runs::{Run, runs};

use super::extract::{Place, between_last, shortened};
use super::{Reason, Unscored, WordError};

/// Most items that letters can label.
pub const MOST_LABELS: usize = 26;

/// The label of the item shown at that place: A, B, C ...
pub fn label(place: usize) -> char {
    let letter = u8::try_from(place).ok().filter(|place| *place < 26);
    char::from(b'A' + letter.expect("a list has at most 26 items"))
}

/// Places from 0 in tiers, the best first; those of one tier are tied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The tiers, none of them empty, each place once at most.
    pub tiers: Vec<Vec<usize>>,
}

/// What becomes of an order that leaves labels out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Partial {
    /// It is not read.
    #[default]
    Refuse,
    /// It is an order of those that it names, two at least, and says nothing of the others.
    Allow,
}

/// Where an order stands, and what becomes of one that is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderReading {
    places: Vec<Place>,
    partial: Partial,
}

impl OrderReading {
    /// Places in the order in which they are tried.
    ///
    /// # Errors
    /// No place, an empty tag, key or word, or the last run of letters in a text where partial orders are allowed:
    /// `A, B` in a sentence is none.
    pub fn new(places: Vec<Place>, partial: Partial) -> Result<Self, WordError> {
        if places.is_empty() {
            return Err(WordError::new("an order is read from at least one place"));
        }
        if places.iter().any(Place::is_blank) {
            return Err(WordError::new("a tag, key or word to look for is empty"));
        }
        if partial == Partial::Allow
            && places
                .iter()
                .any(|place| matches!(place, Place::Last | Place::Bare))
        {
            return Err(WordError::new(
                "partial orders are not read from the `last` letters of a text, where any sentence may hold some",
            ));
        }
        Ok(OrderReading { places, partial })
    }

    /// The order that a text gives to `shown` labels.
    ///
    /// # Errors
    /// [`Reason::Unparsed`]: no place holds an order, a label stands there twice, is left out or was not shown, the
    /// order is given twice and differently, or it is broken off by other words.
    pub fn read(&self, text: &str, shown: usize) -> Result<Order, Unscored> {
        let found = self
            .places
            .iter()
            .find_map(|place| self.at(place, text, shown))
            .unwrap_or_else(|| Err("no order where the card looks for one".to_owned()));
        found.map_err(|fault| {
            let detail = format!("{fault}, in `{}`", shortened(text));
            Unscored::new(Reason::Unparsed, detail)
        })
    }

    /// All that the reading depends on, as words for a digest.
    pub fn fingerprint(&self) -> String {
        format!("{:?} {:?}", self.places, self.partial)
    }

    fn at(&self, place: &Place, text: &str, shown: usize) -> Option<Result<Order, String>> {
        let orders = |text: &str| -> Vec<Run> {
            let runs = runs(text, shown);
            runs.into_iter().filter(Run::is_order).collect()
        };
        let run = match place {
            Place::Tag(tag) => {
                let inner = between_last(text, &format!("<{tag}>"), &format!("</{tag}>"))?;
                only(orders(inner))?
            }
            Place::Key(key) => {
                let value = after_key(text, key)?;
                match quoted(value) {
                    Some(inner) => only(orders(inner))?,
                    None => Ok(orders(value)
                        .into_iter()
                        .next()
                        .filter(|run| !run.after_words)?),
                }
            }
            Place::After(words) => {
                let start = text.rfind(words.as_str())? + words.len();
                let rest = text[start..].trim_start();
                only(orders(rest.split("\n\n").next().unwrap_or(rest)))?
            }
            Place::Brackets => Ok(orders(text).into_iter().rfind(|run| run.brackets)?),
            Place::Last | Place::Bare => Ok(orders(text).pop()?),
        };
        Some(run.and_then(|run| self.order(&run, shown)))
    }

    fn order(&self, run: &Run, shown: usize) -> Result<Order, String> {
        let tiers = run.tiers()?;
        let mut named = vec![false; shown];
        for place in tiers.iter().flatten() {
            match named.get_mut(*place) {
                None => return Err(format!("`{}` was not shown", label(*place))),
                Some(true) => return Err(format!("`{}` stands twice", label(*place))),
                Some(new) => *new = true,
            }
        }
        let missing = named.iter().position(|named| !named);
        match (missing, self.partial) {
            (None, _) | (Some(_), Partial::Allow) => Ok(Order { tiers }),
            (Some(place), Partial::Refuse) => Err(format!("`{}` is left out", label(place))),
        }
    }
}

/// The one order of a region; two that differ are none.
fn only(mut orders: Vec<Run>) -> Option<Result<Run, String>> {
    let last = orders.pop()?;
    let differs = orders.iter().any(|run| run.tiers() != last.tiers());
    Some(if differs {
        Err("two different orders".to_owned())
    } else {
        Ok(last)
    })
}

/// What follows the last `key:`, whatever follows the value too; quotes around the key may be missing.
fn after_key<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let value = text.match_indices(key).filter_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            return None;
        }
        let rest = text[at + key.len()..].trim_start_matches(['"', '\'']);
        rest.trim_start().strip_prefix(':')
    });
    value.last().map(str::trim_start)
}

/// The inside of a quoted value; one that does not end is cut, and its order a fragment.
fn quoted(value: &str) -> Option<&str> {
    let quote = value
        .chars()
        .next()
        .filter(|sign| matches!(sign, '"' | '\''))?;
    let inner = &value[1..];
    let end = inner
        .match_indices(quote)
        .find(|(at, _)| !inner[..*at].ends_with('\\'));
    Some(end.map_or("", |(at, _)| &inner[..at]))
}
