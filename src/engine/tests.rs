//! The loop against a backend that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;
use crate::backend::{Abilities, BackendError, BackendId};
use crate::judging::{Answer, AnswerOption, Choice, Coverage, Options, Part, Readout, Wanted};

/// Answers when the gate opens, and counts.
struct Gated {
    id: BackendId,
    gate: Semaphore,
    asked: AtomicUsize,
    /// Questions that somebody waits for.
    answering: AtomicUsize,
}

struct Answering<'a>(&'a AtomicUsize);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Gated {
    fn new(open: usize) -> Self {
        let id = BackendId {
            name: "gated".into(),
            model_revision: "1".into(),
        };
        Gated {
            id,
            gate: Semaphore::new(open),
            asked: AtomicUsize::new(0),
            answering: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl Backend for Gated {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn abilities(&self) -> Abilities {
        Abilities::of_classifier(Readout::ClosedSet, 1)
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        self.asked.fetch_add(prompts.len(), Ordering::SeqCst);
        self.answering.fetch_add(1, Ordering::SeqCst);
        let _answering = Answering(&self.answering);
        let _open = self.gate.acquire().await.unwrap();
        let fails = |prompt: &Prompt| prompt.images().any(|image| image.bytes() == b"fails");
        prompts
            .iter()
            .map(|prompt| {
                if fails(prompt) {
                    return Err(BackendError::Failed {
                        message: "as told".into(),
                    });
                }
                let choice =
                    Choice::new(vec![0.0, -1.0], Some(Coverage::FULL), Readout::ClosedSet).unwrap();
                Ok(Answer::Choice(choice))
            })
            .collect()
    }
}

/// Asks `rounds` times `width` different questions and returns all that came back.
struct Survey {
    rounds: usize,
    width: usize,
    heard: Vec<Answered>,
}

fn question(text: &str, image: &[u8]) -> Prompt {
    let option = |name: &str| AnswerOption::new(name, vec![]).unwrap();
    let wanted = Wanted::Options(Options::new(vec![option("yes"), option("no")]).unwrap());
    Prompt::new(
        vec![Part::Image(Image::new(image)), Part::Text(text.into())],
        wanted,
    )
    .unwrap()
}

impl Protocol for Survey {
    type Outcome = Vec<Answered>;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        self.heard.extend(answers);
        if self.rounds == 0 {
            return Step::Done(std::mem::take(&mut self.heard));
        }
        self.rounds -= 1;
        Step::Ask(
            (0..self.width)
                .map(|index| question(&format!("{} {index}", self.rounds), b"image"))
                .collect(),
        )
    }
}

fn answered_by(backend: &Arc<Gated>) -> Arc<dyn Backend> {
    Arc::clone(backend) as Arc<dyn Backend>
}

fn engine() -> Engine {
    Engine::new(Judges::default(), AnswerCache::new(1 << 20))
}

async fn survey(engine: &Engine, backend: &Arc<Gated>, limits: RunLimits) -> Vec<Answered> {
    engine
        .run(
            &answered_by(backend),
            "as-given",
            Survey {
                rounds: 3,
                width: 4,
                heard: vec![],
            },
            &limits,
        )
        .await
}

fn reasons(heard: &[Answered]) -> Vec<Option<Reason>> {
    heard
        .iter()
        .map(|answered| answered.as_ref().err().map(|unscored| unscored.reason))
        .collect()
}

#[tokio::test]
async fn a_budget_stops_a_protocol_between_questions() {
    let (engine, backend) = (engine(), Arc::new(Gated::new(8)));
    let heard = survey(&engine, &backend, RunLimits::none().with_questions(6)).await;
    assert_eq!(
        reasons(&heard),
        [vec![None; 6], vec![Some(Reason::Budget); 6]].concat()
    );
    assert_eq!(backend.asked.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn a_deadline_ends_what_hangs() {
    let (engine, backend) = (engine(), Arc::new(Gated::new(0)));
    let limits = RunLimits::within(Clock, Duration::ZERO);
    let heard = survey(&engine, &backend, limits).await;
    assert_eq!(reasons(&heard), vec![Some(Reason::Deadline); 12]);
}

/// A hundred who ask the same at once, all of them waiting.
async fn crowd(engine: &Arc<Engine>, backend: &Arc<Gated>) -> Vec<JoinHandle<Answered>> {
    let askers = (0..100).map(|_| {
        let (engine, backend) = (Arc::clone(engine), answered_by(backend));
        tokio::spawn(async move {
            let same = question("same", b"image");
            engine
                .ask(&backend, "as-given", &same, &RunLimits::none())
                .await
        })
    });
    let askers = askers.collect();
    while engine.cache_counts().lookups < 100 {
        tokio::task::yield_now().await;
    }
    askers
}

#[tokio::test]
async fn equal_questions_at_once_are_asked_once() {
    let (engine, backend) = (Arc::new(engine()), Arc::new(Gated::new(0)));
    let askers = crowd(&engine, &backend).await;
    backend.gate.add_permits(1);
    for asker in askers {
        assert!(asker.await.unwrap().is_ok());
    }
    assert_eq!(backend.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn who_leaves_does_not_cancel_the_others() {
    let (engine, backend) = (Arc::new(engine()), Arc::new(Gated::new(0)));
    let mut askers = crowd(&engine, &backend).await;
    // The first is the one whose asking reached the backend.
    for leaves in askers.drain(..50) {
        leaves.abort();
        assert!(leaves.await.unwrap_err().is_cancelled());
    }
    backend.gate.add_permits(1);
    for asker in askers {
        assert!(asker.await.unwrap().is_ok());
    }
    assert_eq!(backend.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_nobody_waits_for_is_given_up_and_can_be_asked_again() {
    let (engine, backend) = (Arc::new(engine()), Arc::new(Gated::new(0)));
    for asker in crowd(&engine, &backend).await {
        asker.abort();
        assert!(asker.await.unwrap_err().is_cancelled());
    }
    assert_eq!(backend.answering.load(Ordering::SeqCst), 0, "still asking");
    backend.gate.add_permits(1);
    let same = question("same", b"image");
    let backend_again = answered_by(&backend);
    let limits = RunLimits::none();
    let answered = engine.ask(&backend_again, "as-given", &same, &limits);
    assert!(answered.await.is_ok());
    assert_eq!(backend.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_failure_is_not_remembered() {
    let (engine, backend) = (engine(), Arc::new(Gated::new(1)));
    for _ in 0..2 {
        let answered = engine
            .ask(
                &answered_by(&backend),
                "as-given",
                &question("same", b"fails"),
                &RunLimits::none(),
            )
            .await;
        assert_eq!(answered.unwrap_err().reason, Reason::Backend);
    }
    assert_eq!(backend.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn another_preprocessing_is_another_question() {
    let (engine, backend) = (engine(), Arc::new(Gated::new(1)));
    for preprocessing in ["a", "b", "a"] {
        engine
            .ask(
                &answered_by(&backend),
                preprocessing,
                &question("same", b"image"),
                &RunLimits::none(),
            )
            .await
            .unwrap();
    }
    assert_eq!(backend.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_is_remembered_stays_within_its_budget() {
    const BUDGET: u64 = 16 << 10;
    let engine = Engine::new(Judges::default(), AnswerCache::new(BUDGET));
    let backend = Arc::new(Gated::new(1));
    for index in 0..2_000 {
        let other = question(&index.to_string(), b"image");
        let limits = RunLimits::none();
        let backend = answered_by(&backend);
        let answered = engine.ask(&backend, "as-given", &other, &limits);
        assert!(answered.await.is_ok());
        let counts = engine.cache_counts();
        // Room is made in batches, so that a few answers may stand beside the budget for a moment.
        assert!(counts.bytes <= 2 * BUDGET, "{counts:?}");
    }
    let counts = engine.cache_counts();
    assert!(counts.answers > 10 && counts.asked == 2_000, "{counts:?}");
}
