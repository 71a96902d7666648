//! The tiny model that sees (judges/tiny-seer), in this process: pixels to tokens to probabilities.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use opine::backend::onnx::{Language, LanguageOptions, OnnxRuntime};
use opine::judging::{AnswerPlace, LengthCorrection, Reading, Readout, Sampling, Wanted};
use opine::pixels::{DEFAULT_BACKGROUND, Limits, decode};
use serde::Deserialize;

use crate::support::app::config;
use crate::support::local::prompt;
use crate::support::png;
use crate::support::seer::{
    Question, Scene, Set, asked, assert_it_sees, folder, probabilities, scenes, sight,
};

/// No training scene has this seed; judges/tiny-seer/check.py tests with 3.
const UNSEEN: u32 = 20_261;

/// A row of reference.json: what ONNX Runtime answered in Python.
#[derive(Debug, Deserialize)]
struct Reference {
    seed: u32,
    set: String,
    index: usize,
    /// Of the scene's red, green and blue bytes: the picture is the one that was judged in Python.
    pixels_crc32: u32,
    #[serde(flatten)]
    question: Question,
    onnxruntime: BTreeMap<String, f64>,
}

pub(crate) fn seer() -> Language {
    let config = config();
    let runtime = OnnxRuntime::load(&config.onnxruntime_candidates()).unwrap();
    let options = LanguageOptions {
        name: "tiny-seer".into(),
        folder: folder(),
        variant: None,
        limits: config.image_limits(),
        sessions: NonZeroUsize::MIN,
        threads_per_session: NonZeroUsize::MIN,
        images_per_prompt: NonZeroUsize::MIN,
    };
    Language::open(&runtime, options).unwrap()
}

fn question(text: &str, prefix: &str) -> Question {
    Question {
        kind: "any".into(),
        text: text.into(),
        options: vec!["yes".into(), "no".into()],
        answer: "yes".into(),
        prefix: prefix.into(),
    }
}

#[test]
fn words_become_the_tokens_that_the_trainer_says() {
    // Printed by judges/tiny-seer/engines.py (tokenizers 0.23.3, Jinja 3); 3 stands for the picture.
    let cases: [(Question, &[u32]); 2] = [
        (question("Is there a red circle?", ""), RED_CIRCLE),
        (
            question(
                "Rate the quality of this image.",
                "The quality of the image is",
            ),
            QUALITY,
        ),
    ];
    let (seer, image) = (seer(), png::gray(128));
    for (question, expected) in cases {
        let tokens = seer.tokens(&asked(&image, &question)).unwrap();
        assert_eq!(tokens, expected, "{question:?}");
    }
}

const RED_CIRCLE: &[u32] = &[0, 3, 298, 381, 290, 354, 362, 34, 1];
const QUALITY: &[u32] = &[
    0, 3, 439, 263, 307, 278, 326, 288, 17, 1, 380, 307, 278, 263, 288, 324,
];

#[test]
fn it_answers_as_in_python() {
    let text = std::fs::read_to_string(folder().join("reference.json")).unwrap();
    let references: Vec<Reference> = serde_json::from_str(&text).unwrap();
    assert!(references.len() > 20);
    let most = references
        .iter()
        .map(|reference| reference.index)
        .max()
        .unwrap();
    let drawn = |set| -> Vec<Scene> { scenes(references[0].seed, most + 1, set) };
    let (common, captions) = (drawn(Set::Common), drawn(Set::Captions));
    let seer = seer();
    for reference in &references {
        assert_eq!(reference.seed, references[0].seed);
        let scenes = if reference.set == "prompts" {
            &captions
        } else {
            &common
        };
        let image = &scenes[reference.index].image;
        let decoded = decode(image, &Limits::default(), DEFAULT_BACKGROUND).unwrap();
        assert_eq!(
            png::crc32(decoded.data()),
            reference.pixels_crc32,
            "{reference:?}"
        );
        let prompt = asked(image, &reference.question);
        let found = probabilities(&seer, &[prompt]).remove(0);
        // The reference counts one spelling of each option, in single precision; here `Yes` and ` yes` count too,
        // and all of them together can add no more than what the reference leaves over.
        let left = 1.0 - reference.onnxruntime.values().sum::<f64>();
        for (option, found) in reference.question.options.iter().zip(found) {
            let added = found - reference.onnxruntime[option];
            let allowed = -1e-4..=left.min(0.02) + 1e-4;
            assert!(
                allowed.contains(&added),
                "{option}: {found} in {reference:?}"
            );
        }
    }
}

#[test]
fn it_sees_what_it_never_saw() {
    assert_it_sees(&sight(&seer(), &scenes(UNSEEN, 150, Set::Common)));
}

#[test]
fn a_forced_label_has_the_mass_of_its_token() {
    // Every answer is one token, so that both ways must say the same.
    let seer = seer();
    let forced = Reading::new(
        vec![Readout::ForcedSequence],
        AnswerPlace::Next,
        LengthCorrection::Sum,
        Sampling::default(),
    )
    .unwrap();
    for scene in scenes(UNSEEN, 4, Set::Common) {
        for question in &scene.questions {
            let by_token = asked(&scene.image, question);
            let by_force = by_token.clone().with_reading(forced.clone());
            let both = probabilities(&seer, &[by_token, by_force]);
            for (token, force) in both[0].iter().zip(&both[1]) {
                // Tokens are also counted in capitals, which hold next to nothing.
                assert!((token - force).abs() < 1e-3, "{question:?}: {both:?}");
            }
        }
    }
}

#[test]
fn it_writes_its_answer_and_stops() {
    let seer = seer();
    let scene = scenes(UNSEEN, 1, Set::Common).remove(0);
    let sampling = Sampling {
        temperature: 0.0,
        most_tokens: 8,
        ..Sampling::default()
    };
    let rungs = Readout::LADDER.to_vec();
    let reading = Reading::new(rungs, AnswerPlace::Next, LengthCorrection::Sum, sampling).unwrap();
    for question in &scene.questions {
        let masses = probabilities(&seer, &[asked(&scene.image, question)]).remove(0);
        let best = (0..masses.len())
            .max_by(|a, b| masses[*a].total_cmp(&masses[*b]))
            .unwrap();
        let prompt =
            prompt(&scene.image, &question.text, Wanted::Text).with_reading(reading.clone());
        let text = crate::support::local::ask(&seer, &prompt).unwrap();
        let expected = question.options[best].clone();
        assert_eq!(text, opine::judging::Answer::Text(expected), "{question:?}");
    }
}
