//! The loop against a backend that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;

use super::*;
use crate::backend::{Abilities, BackendError, BackendId};
use crate::judging::{Answer, AnswerOption, Choice, Coverage, Options, Part, Readout, Wanted};

/// Answers when the gate opens, and counts.
struct Gated {
    id: BackendId,
    gate: Semaphore,
    asked: AtomicUsize,
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
        }
    }
}

#[async_trait]
impl Backend for Gated {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            images_per_prompt: 1,
            options: true,
            value: false,
            text: false,
            log_probabilities: true,
            readouts: vec![Readout::ClosedSet],
            answer_prefix: true,
            concurrency: 1,
        }
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        self.asked.fetch_add(prompts.len(), Ordering::SeqCst);
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

fn engine() -> Engine {
    Engine::new(Judges::default(), AnswerCache::new(1 << 20))
}

async fn survey(engine: &Engine, backend: &Gated, limits: RunLimits) -> Vec<Answered> {
    engine
        .run(
            backend,
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
    let (engine, backend) = (engine(), Gated::new(8));
    let heard = survey(&engine, &backend, RunLimits::none().with_questions(6)).await;
    assert_eq!(
        reasons(&heard),
        [vec![None; 6], vec![Some(Reason::Budget); 6]].concat()
    );
    assert_eq!(backend.asked.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn a_deadline_ends_what_hangs() {
    let (engine, backend) = (engine(), Gated::new(0));
    let limits = RunLimits::within(Clock, Duration::ZERO);
    let heard = survey(&engine, &backend, limits).await;
    assert_eq!(reasons(&heard), vec![Some(Reason::Deadline); 12]);
}

#[tokio::test]
async fn equal_questions_at_once_are_asked_once() {
    let engine = Arc::new(engine());
    let backend = Arc::new(Gated::new(0));
    let askers: Vec<_> = (0..100)
        .map(|_| {
            let (engine, backend) = (Arc::clone(&engine), Arc::clone(&backend));
            tokio::spawn(async move {
                engine
                    .ask(
                        backend.as_ref(),
                        "as-given",
                        &question("same", b"image"),
                        &RunLimits::none(),
                    )
                    .await
            })
        })
        .collect();
    while engine.cache_counts().lookups < 100 {
        tokio::task::yield_now().await;
    }
    backend.gate.add_permits(1);
    for asker in askers {
        assert!(asker.await.unwrap().is_ok());
    }
    assert_eq!(backend.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failure_is_not_remembered() {
    let (engine, backend) = (engine(), Gated::new(1));
    for _ in 0..2 {
        let answered = engine
            .ask(
                &backend,
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
    let (engine, backend) = (engine(), Gated::new(1));
    for preprocessing in ["a", "b", "a"] {
        engine
            .ask(
                &backend,
                preprocessing,
                &question("same", b"image"),
                &RunLimits::none(),
            )
            .await
            .unwrap();
    }
    assert_eq!(backend.asked.load(Ordering::SeqCst), 2);
}
