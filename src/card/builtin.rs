//! The cards that ship inside the program, so that one file runs anywhere.

use super::load::CardText;
use super::{CardError, JudgeCard, ModelFile, parse_card};

const QUALITY_MODEL: ModelFile = ModelFile::Embedded {
    name: "judges/technical-quality/model.onnx",
    bytes: include_bytes!("../../judges/technical-quality/model.onnx"),
};

/// A card that is asked of whichever backend the caller names.
macro_rules! card {
    ($id:literal) => {
        (
            concat!("judges/", $id, "/card.toml"),
            include_str!(concat!("../../judges/", $id, "/card.toml")),
            None,
        )
    };
}

const CARDS: [(&str, &str, Option<ModelFile>); 56] = [
    (
        "judges/technical-quality/card.toml",
        include_str!("../../judges/technical-quality/card.toml"),
        Some(QUALITY_MODEL),
    ),
    card!("best-to-worst"),
    card!("chinese-levels"),
    card!("choose"),
    card!("clip-iqa"),
    card!("clip-iqa-aesthetic"),
    card!("clip-iqa-brightness"),
    card!("clip-iqa-colorfulness"),
    card!("clip-iqa-complex"),
    card!("clip-iqa-contrast"),
    card!("clip-iqa-happy"),
    card!("clip-iqa-natural"),
    card!("clip-iqa-new"),
    card!("clip-iqa-noisiness"),
    card!("clip-iqa-scary"),
    card!("clip-iqa-sharpness"),
    card!("clip-score"),
    card!("co-instruct-pair"),
    card!("compare2score"),
    card!("deqa"),
    card!("digits-0-to-10"),
    card!("digits-1-to-5"),
    card!("digits-reversed"),
    card!("dsg-vqa"),
    card!("genai-bench-pair"),
    card!("hps"),
    card!("image-reward"),
    card!("laion-aesthetic"),
    card!("mllm-judge-batch"),
    card!("mllm-judge-cot-figure"),
    card!("mllm-judge-cot-figure-instruction"),
    card!("mllm-judge-cot-instruction"),
    card!("mllm-judge-no-cot"),
    card!("mllm-judge-no-figure"),
    card!("mllm-judge-vision-expert"),
    card!("pair-scores"),
    card!("pair-verdict"),
    card!("pick-score"),
    card!("q-align"),
    card!("q-align-aesthetics"),
    card!("q-bench"),
    card!("q-boost"),
    card!("tiny-seer"),
    card!("two-afc"),
    card!("unified-reward-alignment"),
    card!("unified-reward-coherence"),
    card!("unified-reward-pair"),
    card!("unified-reward-point"),
    card!("unified-reward-style"),
    card!("viescore-pq"),
    card!("viescore-sc"),
    card!("viescore-sc-edit"),
    card!("visualquality-r1"),
    card!("visualquality-r1-non-thinking"),
    card!("vqascore"),
    card!("write"),
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
        let expected = [
            "best-to-worst",
            "chinese-levels",
            "choose",
            "clip-iqa",
            "clip-iqa-aesthetic",
            "clip-iqa-brightness",
            "clip-iqa-colorfulness",
            "clip-iqa-complex",
            "clip-iqa-contrast",
            "clip-iqa-happy",
            "clip-iqa-natural",
            "clip-iqa-new",
            "clip-iqa-noisiness",
            "clip-iqa-scary",
            "clip-iqa-sharpness",
            "clip-score",
            "co-instruct-pair",
            "compare2score",
            "deqa",
            "digits-0-to-10",
            "digits-1-to-5",
            "digits-reversed",
            "dsg-vqa",
            "genai-bench-pair",
            "hps",
            "image-reward",
            "laion-aesthetic",
            "mllm-judge-batch",
            "mllm-judge-cot-figure",
            "mllm-judge-cot-figure-instruction",
            "mllm-judge-cot-instruction",
            "mllm-judge-no-cot",
            "mllm-judge-no-figure",
            "mllm-judge-vision-expert",
            "pair-scores",
            "pair-verdict",
            "pick-score",
            "q-align",
            "q-align-aesthetics",
            "q-bench",
            "q-boost",
            "technical-quality",
            "tiny-seer",
            "two-afc",
            "unified-reward-alignment",
            "unified-reward-coherence",
            "unified-reward-pair",
            "unified-reward-point",
            "unified-reward-style",
            "viescore-pq",
            "viescore-sc",
            "viescore-sc-edit",
            "visualquality-r1",
            "visualquality-r1-non-thinking",
            "vqascore",
            "write",
        ];
        assert_eq!(ids, expected);
    }
}
