//! The cards that ship inside the program, so that one file runs anywhere.

use super::load::CardText;
use super::{CardError, JudgeCard, ModelFile, parse_card};

const QUALITY_MODEL: ModelFile = ModelFile::Embedded {
    name: "judges/technical-quality/model.onnx",
    bytes: include_bytes!("../../judges/technical-quality/model.onnx"),
};

const CARDS: [(&str, &str, Option<ModelFile>); 2] = [
    (
        "judges/technical-quality/card.toml",
        include_str!("../../judges/technical-quality/card.toml"),
        Some(QUALITY_MODEL),
    ),
    (
        "judges/q-bench/card.toml",
        include_str!("../../judges/q-bench/card.toml"),
        None,
    ),
];

/// The built-in cards, in order of id.
///
/// # Errors
/// None in a released build: the tests read every built-in card.
pub fn builtin_cards() -> Result<Vec<JudgeCard>, CardError> {
    let mut cards = CARDS
        .iter()
        .map(|(file, text, model)| {
            parse_card(&CardText {
                file,
                text,
                embedded: model.as_ref(),
                folder: None,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    cards.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(cards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_card_is_read() {
        let ids: Vec<String> = builtin_cards()
            .unwrap()
            .into_iter()
            .map(|card| card.id)
            .collect();
        assert_eq!(ids, ["q-bench", "technical-quality"]);
    }
}
