//! Reads cards from text, a file or a folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::check::check;
use super::file::CardFile;
use super::{CardError, JudgeCard, ModelFile};

/// The text of a card and where its files are.
#[derive(Debug)]
pub struct CardText<'a> {
    /// Name for messages.
    pub file: &'a str,
    /// The TOML text.
    pub text: &'a str,
    /// The model that ships inside the program with this card.
    pub embedded: Option<&'a ModelFile>,
    /// The folder against which the card's paths are read.
    pub folder: Option<&'a Path>,
}

/// Reads and checks one card.
///
/// # Errors
/// What was wrong, at which line, and what would be accepted.
pub fn parse_card(card: &CardText<'_>) -> Result<JudgeCard, CardError> {
    let typed: CardFile = toml::from_str(card.text).map_err(|error| match error.span() {
        Some(span) => CardError::at(card.file, card.text, span, error.message()),
        None => CardError::whole(card.file, error.message()),
    })?;
    check(card, typed)
}

/// Reads the card in one file.
///
/// # Errors
/// As [`parse_card`], and files that cannot be read.
pub fn load_card(path: &Path) -> Result<JudgeCard, CardError> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| CardError::whole(&file, format!("cannot be read: {error}")))?;
    parse_card(&CardText {
        file: &file,
        text: &text,
        embedded: None,
        folder: path.parent(),
    })
}

/// Reads every `*.toml` in a folder and every `card.toml` one level below, in order of path.
///
/// # Errors
/// The first card that is wrong, two cards of one id, or a folder that cannot be read.
pub fn load_folder(folder: &Path) -> Result<Vec<JudgeCard>, CardError> {
    let cards = card_paths(folder)?
        .iter()
        .map(|path| load_card(path))
        .collect::<Result<Vec<_>, _>>()?;
    for (index, card) in cards.iter().enumerate() {
        if cards[..index].iter().any(|other| other.id == card.id) {
            let message = format!("two cards have the id `{}`; ids must be unique", card.id);
            return Err(CardError::whole(&folder.display().to_string(), message));
        }
    }
    Ok(cards)
}

fn card_paths(folder: &Path) -> Result<Vec<PathBuf>, CardError> {
    let unreadable = |error| {
        CardError::whole(
            &folder.display().to_string(),
            format!("cannot be read: {error}"),
        )
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let inner = path.join("card.toml");
        if inner.is_file() {
            paths.push(inner);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
            && path.is_file()
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
