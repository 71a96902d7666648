//! What a judge that puts lists in order is asked, and how its answer is read.

use crate::judging::protocol::Answered;
use crate::judging::{
    Answer, MOST_LABELS, Order, OrderReading, Piece, Prompt, Question, Reason, Subject, Template,
    Unscored, Wanted, WordError, label,
};

/// Where the items stand in the text of a card's prompt.
const ITEMS: &str = "<items>";

/// Where its label stands in the text of an item.
pub const LABEL: &str = "label";

/// What every list is asked and how the order is read.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRecipe {
    /// What is asked; `<items>` stands where the items go.
    pub question: Question,
    /// How one item is shown: its label, and its image or its texts.
    pub item: Template,
    /// Where the order stands.
    pub reading: OrderReading,
    /// Most items of one list.
    pub most_items: usize,
}

impl ListRecipe {
    /// Checks that items have a place, a label, and something to be seen or read.
    ///
    /// # Errors
    /// No `<items>` or several, an item without `{label}`, with two images or with nothing to judge, pictures both
    /// as items and beside them, responses with no picture that they are about, or a number of items outside 2..=26.
    pub fn check(self) -> Result<Self, WordError> {
        let words = |piece: &Piece| match piece {
            Piece::Words(words) => words.matches(ITEMS).count(),
            Piece::Image(_) | Piece::Text(_) => 0,
        };
        let marks: usize = self.question.text.pieces().iter().map(words).sum();
        let shows = |piece: &Piece| matches!(piece, Piece::Image(_));
        let pictures = self
            .item
            .pieces()
            .iter()
            .filter(|piece| shows(piece))
            .count();
        let beside = self.question.text.images();
        let fault = if marks != 1 {
            "the prompt of a `rank` judge has `<items>` exactly once, where the items go".to_owned()
        } else if !self.item.texts().any(|name| name == LABEL) {
            "an item shows its `{label}`, which the order is given in".to_owned()
        } else if pictures > 1 || self.item.images() > 1 {
            "an item has `<image>` at most once".to_owned()
        } else if pictures == 0 && self.own_texts().is_empty() {
            "an item has an `<image>`, or quotes a text of its own".to_owned()
        } else if pictures == 1 && beside > 0 {
            "where the items are pictures no other `<image>` stands beside them".to_owned()
        } else if pictures == 0 && beside != 1 {
            "where the items are texts the prompt has `<image>` once, the picture that they are about"
                .to_owned()
        } else if !(2..=MOST_LABELS).contains(&self.most_items) {
            format!(
                "`most_items` is {}; a list has 2 to 26 items",
                self.most_items
            )
        } else {
            return Ok(self);
        };
        Err(WordError::new(fault))
    }

    /// Whether the items are pictures; else they are texts about one picture.
    pub fn shows_items(&self) -> bool {
        self.item.images() > 0
    }

    /// Names of the texts that each item has for itself, each once, in order of name.
    pub fn own_texts(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.item.texts().filter(|name| *name != LABEL).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The prompt that shows these items in this order; `shared` has the picture that texts are about.
    ///
    /// # Errors
    /// An image or text that is lacking, or one that is not shown.
    pub fn prompt(
        &self,
        shared: &Subject,
        items: &[&Subject],
        repeat: u32,
    ) -> Result<Prompt, WordError> {
        let mut images = shared.images().to_vec();
        let mut inner = Vec::new();
        for (place, item) in items.iter().enumerate() {
            if item.images().len() != self.item.images() {
                return Err(WordError::new(format!(
                    "an item shows {} images, this one has {}",
                    self.item.images(),
                    item.images().len()
                )));
            }
            for piece in self.item.pieces() {
                inner.push(match piece {
                    Piece::Words(words) => Piece::Words(words.clone()),
                    Piece::Image(_) => {
                        images.extend_from_slice(item.images());
                        Piece::Image(images.len() - 1)
                    }
                    Piece::Text(name) if name == LABEL => Piece::Words(label(place).to_string()),
                    Piece::Text(name) => Piece::Words(own_text(item, name)?.to_owned()),
                });
            }
        }
        let mut pieces = Vec::new();
        for piece in self.question.text.pieces() {
            match piece {
                Piece::Words(words) if words.contains(ITEMS) => {
                    let (before, after) = words.split_once(ITEMS).unwrap_or((words, ""));
                    pieces.push(Piece::Words(before.to_owned()));
                    pieces.append(&mut inner);
                    pieces.push(Piece::Words(after.to_owned()));
                }
                Piece::Words(_) | Piece::Image(_) | Piece::Text(_) => pieces.push(piece.clone()),
            }
        }
        let question = Question {
            text: Template::of(pieces),
            ..self.question.clone()
        };
        let prompt = question.prompt(&shared.with_images(images), Wanted::Text)?;
        Ok(prompt.with_repeat(repeat))
    }

    /// The order that an answer gives to so many items.
    ///
    /// # Errors
    /// As [`OrderReading::read`], and the failure of the question.
    pub fn read(&self, answered: Answered, shown: usize) -> Result<Order, Unscored> {
        match answered? {
            Answer::Text(text) => self.reading.read(&text, shown),
            Answer::Choice(_) | Answer::Value(_) => Err(Unscored::new(
                Reason::Unparsed,
                "the answer is of another kind than the card asks for",
            )),
        }
    }
}

fn own_text<'a>(item: &'a Subject, name: &str) -> Result<&'a str, WordError> {
    let text = item.text(name).filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| {
        WordError::new(format!(
            "each item has a text `{name}` of its own; one has none, or an empty one"
        ))
    })
}
