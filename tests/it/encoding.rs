//! Images are sent as they were given, unless the card asks for another form.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use opine::backend::{Abilities, Backend, BackendError, BackendId};
use opine::card::load_card;
use opine::engine::{AnswerCache, BackendState, Engine, Judge, Judges, RunLimits};
use opine::judging::{Answer, Choice, Coverage, Image, Prompt, Readout, Reason, Subject};
use opine::pixels::{Format, Limits, inspect};

use crate::support::png;

/// Answers evenly and keeps the images that it was shown.
#[derive(Debug, Default)]
struct Keeps(Mutex<Vec<Vec<u8>>>);

#[async_trait]
impl Backend for Keeps {
    fn id(&self) -> &BackendId {
        static ID: std::sync::LazyLock<BackendId> = std::sync::LazyLock::new(|| BackendId {
            name: "keeps".into(),
            model_revision: "1".into(),
        });
        &ID
    }

    fn abilities(&self) -> Abilities {
        Abilities::of_classifier(Readout::ClosedSet, 1)
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        let answer = |prompt: &Prompt| {
            let shown = prompt.images().map(|image| image.bytes().to_vec());
            self.0.lock().unwrap().extend(shown);
            let full = Some(Coverage::FULL);
            Ok(Answer::Choice(
                Choice::new(vec![0.0, 0.0], full, Readout::ClosedSet).unwrap(),
            ))
        };
        prompts.iter().map(answer).collect()
    }
}

/// Scores a picture with the q-bench card and more sections; gives what the backend saw and the result.
fn sent(sections: &str, image: &[u8]) -> (Vec<Vec<u8>>, opine::engine::Judged) {
    let text = format!(
        "{}\n{sections}",
        include_str!("../../judges/q-bench/card.toml")
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.toml");
    std::fs::write(&path, text).unwrap();
    let backend = Arc::new(Keeps::default());
    let judge = Judge {
        card: Arc::new(load_card(&path).unwrap()),
        state: BackendState::Ready(backend.clone()),
    };
    let engine = Engine::new(
        Judges::new([judge.clone()], BTreeMap::new()),
        AnswerCache::new(0),
    );
    let subject = Subject::of(Image::new(image));
    let limits = RunLimits::none();
    let judged = futures_block(engine.score(&judge, subject, &limits)).unwrap();
    let shown = backend.0.lock().unwrap().clone();
    (shown, judged)
}

fn futures_block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn an_image_goes_out_as_it_came_in() {
    let image = png::plain(300, 100, [200, 40, 90]);
    let (shown, judged) = sent("", &image);
    assert_eq!(shown, [image]);
    assert_eq!(judged.provenance.preprocessing, "as-given");
}

#[test]
fn a_card_may_ask_for_another_form() {
    let image = png::plain(300, 100, [200, 40, 90]);
    let section = "[image]\nlongest_side = 60\nformat = \"jpeg\"\nquality = 80\n";
    let (shown, judged) = sent(section, &image);
    let header = inspect(&shown[0], &Limits::default()).unwrap();
    assert_eq!((header.width, header.height), (60, 20));
    assert_eq!(header.format, Format::Jpeg);
    assert_eq!(judged.provenance.image, Some(Image::new(image).digest()));
    assert_eq!(
        judged.provenance.preprocessing,
        "longest<=60:lanczos3|jpeg-80, as-given"
    );
}

#[test]
fn what_cannot_be_decoded_is_not_sent() {
    let (shown, judged) = sent("[image]\nformat = \"png\"\n", b"no picture");
    assert!(shown.is_empty());
    let reason = judged.outcome.unwrap_err().reason;
    assert!(matches!(reason, Reason::Image(_)), "{reason:?}");
}
