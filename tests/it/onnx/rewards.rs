//! ImageReward's card, asked of an export from picture and text to one number.

use std::collections::BTreeMap;
use std::sync::Arc;

use opine::card::builtin_cards;
use opine::engine::{AnswerCache, BackendState, Engine, Judge, Judges, RunLimits};
use opine::judging::embeddings::image_reward;
use opine::judging::{Image, Reason, Subject};

use crate::chat::block_on;
use crate::support::local::{export, ready, table};
use crate::support::png;

/// The score of a plain picture for this text, by an export that is configured so.
fn reward(more: &str, prompt: &str) -> Result<f64, Reason> {
    let backend = ready(&table("onnx-scalar", &export("caption-reward"), more));
    let card = builtin_cards().unwrap().into_iter();
    let card = card.into_iter().find(|card| card.id == "image-reward");
    let judge = Judge {
        card: Arc::new(card.unwrap()),
        state: BackendState::Ready(backend),
    };
    let judges = Judges::new([judge.clone()], BTreeMap::new());
    let engine = Engine::new(judges, AnswerCache::new(0));
    let texts = BTreeMap::from([("prompt".to_owned(), prompt.to_owned())]);
    let image = Image::new(png::plain(48, 40, [250, 40, 90]));
    let subject = Subject::new(vec![image], texts);
    let limits = RunLimits::none();
    let judged = block_on(engine.score(&judge, subject, &limits)).unwrap();
    let verdict = judged.outcome.map_err(|unscored| unscored.reason)?;
    Ok(verdict.score.value())
}

#[test]
fn the_number_of_the_head_is_normalised_once_and_only_where_it_is_said() {
    let authors = "mean = 0.16717362830052426\ndeviation = 1.0333394966054072";
    let head = reward("", "a sharp cat").unwrap();
    let normalised = reward(authors, "a sharp cat").unwrap();
    assert!((normalised - image_reward(head)).abs() < 1e-12);
    assert_ne!(normalised.to_bits(), head.to_bits());
    // Picture and text are read together.
    assert_ne!(
        reward(authors, "a photo").unwrap().to_bits(),
        normalised.to_bits()
    );
    // What no such head gives is no score.
    let far = reward("mean = 1000.0", "a sharp cat");
    assert_eq!(far, Err(Reason::Unparsed));
}
