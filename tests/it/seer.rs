//! The tiny model that truly sees, through llama.cpp: the whole path, pixels to tokens to verdict, by another engine.

use crate::chat::chat;
use crate::onnx::sight::seer;
use crate::support::llama::shared;
use crate::support::seer::{Scene, Set, asked, assert_it_sees, probabilities, scenes, sight};

/// No training scene has this seed, and no scene of the other tests.
const UNSEEN: u32 = 20_262;

#[test]
fn it_sees_through_llama_cpp_what_it_never_saw() {
    let llama = chat(&shared().url, |_| {});
    assert_it_sees(&sight(&llama, &scenes(UNSEEN, 60, Set::Common)));
}

/// Half-precision sums differ between engines; both promise the probability of every option within .02.
#[test]
fn both_engines_give_every_option_the_same_probability() {
    let llama = chat(&shared().url, |_| {});
    let onnx = seer();
    let mut drawn: Vec<Scene> = scenes(UNSEEN, 20, Set::Common);
    drawn.extend(scenes(UNSEEN, 20, Set::Captions));
    let mut options = 0;
    for scene in &drawn {
        let prompts: Vec<_> = scene
            .questions
            .iter()
            .map(|question| asked(&scene.image, question))
            .collect();
        let both = [&llama as &dyn opine::backend::Backend, &onnx]
            .map(|backend| probabilities(backend, &prompts));
        for ((question, llama), onnx) in scene.questions.iter().zip(&both[0]).zip(&both[1]) {
            for (llama, onnx) in llama.iter().zip(onnx) {
                options += 1;
                assert!((llama - onnx).abs() <= 0.02, "{question:?}: {llama} {onnx}");
            }
        }
    }
    assert!(options > 300, "{options}");
}
