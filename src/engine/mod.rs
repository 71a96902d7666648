//! The one loop that moves prompts to backends and answers to protocols.
//!
//! Caching, admission, budgets and deadlines live here, so that every protocol has them for nothing,
//! from the HTTP service and the command line alike. Knows nothing of either face.

mod admission;
mod cache;
mod comparing;
mod encoding;
mod evaluating;
mod explaining;
mod gating;
mod judges;
mod limits;
mod listing;
mod memory;
mod observer;
pub mod panel;
mod picking;
mod ranking;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use tracing::Instrument;

pub use admission::{Admission, AdmissionCounts, Overloaded, Permit};
pub use cache::{AnswerCache, CacheCounts};
pub use comparing::JudgedPair;
pub use evaluating::{
    AXES, AxesJudged, Combination, EvaluateChoice, EvaluateFault, Evaluated, Evaluation,
    EvaluationPlan, JudgedWords, Outcome, QuestionsBy, Used,
};
pub use gating::{GateError, Gated, Looked};
pub use judges::{BackendState, BindError, Judge, Judges};
pub use limits::{Budget, Clock, RunLimits};
pub use observer::{Observer, Seen};
pub use picking::{Candidate, PickPlan, PickRun};
pub use ranking::{ItemTexts, RankChoice, RankMethod, RankWay, Ranked};

use explaining::Witness;
use observer::Observed;

use crate::backend::recorded::Recorder;
use crate::backend::{Backend, Finding};
use crate::card::Recipe;
use crate::digest::Digest;
use crate::judging::protocol::{Answered, Protocol, Rating, Score, Step};
use crate::judging::{Image, Prompt, Provenance, Reason, Subject, Unscored, Verdict};
use crate::pixels::Limits;
use memory::PictureMemory;

/// Runs protocols on judges.
#[derive(Debug)]
pub struct Engine {
    judges: ArcSwap<Judges>,
    cache: AnswerCache,
    observer: Option<Arc<dyn Observer>>,
    recorder: Option<Recorder>,
    image_limits: Limits,
    picture_memory: PictureMemory,
}

/// Memory for decoded pictures unless another is set.
const PICTURE_MEMORY: u64 = 384 << 20;

/// What became of one image: always with its provenance, scored or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Where it comes from.
    pub provenance: Provenance,
    /// The verdict, or why there is none.
    pub outcome: Result<Verdict, Unscored>,
}

impl Engine {
    /// An engine for these judges.
    pub fn new(judges: Judges, cache: AnswerCache) -> Self {
        Engine {
            judges: ArcSwap::from_pointee(judges),
            cache,
            observer: None,
            recorder: None,
            image_limits: Limits::default(),
            picture_memory: PictureMemory::new(PICTURE_MEMORY, Limits::default()),
        }
    }

    /// The same, decoding only as many pictures at a time as have room in about this many bytes.
    #[must_use]
    pub fn with_picture_memory(mut self, bytes: u64) -> Self {
        self.picture_memory = PictureMemory::new(bytes, self.image_limits);
        self
    }

    /// Bytes that pictures are counted with which are being decoded, or wait decoded for their model.
    pub fn picture_bytes(&self) -> u64 {
        self.picture_memory.taken()
    }

    /// The same, writing every answer to a file, so that the run can be replayed with no model.
    #[must_use]
    pub fn recording(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The same, watched.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The judges as they are now, ready or not.
    pub fn judges(&self) -> Arc<Judges> {
        self.judges.load_full()
    }

    /// Takes other judges from now on. What runs ends with the judge that it began with.
    pub fn replace_judges(&self, judges: Arc<Judges>) {
        self.judges.store(judges);
    }

    /// How often an answer was remembered, and how often a backend was asked.
    pub fn cache_counts(&self) -> CacheCounts {
        self.cache.counts()
    }

    /// Bytes that remembered answers take, about.
    pub fn cache_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// Scores one subject with a ready judge.
    ///
    /// # Errors
    /// [`BindError`] when the judge has no backend that can be asked, or does not score.
    pub async fn score(
        &self,
        judge: &Judge,
        subject: Subject,
        limits: &RunLimits,
    ) -> Result<Judged, BindError> {
        self.score_witnessed(judge, subject, limits, &Witness::Nobody)
            .await
    }

    /// The same, with somebody who sees the answers.
    async fn score_witnessed(
        &self,
        judge: &Judge,
        subject: Subject,
        limits: &RunLimits,
        witness: &Witness,
    ) -> Result<Judged, BindError> {
        let backend = judge.backend()?;
        let first_image = subject.images().first().map(Image::digest);
        let provenance = judge.provenance(backend.as_ref(), first_image);
        let outcome = match &judge.card.recipe {
            Recipe::Score(recipe) => {
                let begin = |subject| witness.see(Score::new(Arc::clone(recipe), subject));
                self.run_on(judge, &provenance, subject, begin, limits)
                    .await?
            }
            Recipe::Rating(recipe) => {
                let begin = |subject| witness.see(Rating::new(Arc::clone(recipe), subject));
                self.run_on(judge, &provenance, subject, begin, limits)
                    .await?
            }
            Recipe::Compare(_) | Recipe::List(_) | Recipe::Choose(_) => {
                return Err(judge.wrong_protocol("score"));
            }
        };
        self.seen(&provenance, Seen::of(&outcome));
        Ok(Judged {
            provenance,
            outcome,
        })
    }

    /// Tells the observer, if there is one, and the log, why there is no score.
    fn seen(&self, provenance: &Provenance, seen: Seen) {
        if let Seen::Unscored(reason) = seen {
            let (judge, backend) = (&provenance.judge, &provenance.backend);
            tracing::info!(judge, backend, reason = reason.code(), "unscored");
        }
        if let Some(observer) = &self.observer {
            observer.judged(provenance, seen);
        }
    }

    fn seen_all(&self, provenance: &Provenance, all: Vec<Seen>) {
        for seen in all {
            self.seen(provenance, seen);
        }
    }

    /// The result for an image that could not be asked about at all, such as a file that is not there.
    ///
    /// # Errors
    /// As [`Engine::score`].
    pub fn unasked(&self, judge: &Judge, unscored: Unscored) -> Result<Judged, BindError> {
        let provenance = judge.provenance(judge.backend()?.as_ref(), None);
        self.seen(&provenance, Seen::Unscored(unscored.reason));
        Ok(Judged {
            provenance,
            outcome: Err(unscored),
        })
    }

    /// Asks every configured backend about itself, all at once and for at most `patience` each: what can be
    /// learnt only by asking is known afterwards. Gives the failures by name of backend.
    pub async fn probe(&self, patience: Duration) -> Vec<(String, String)> {
        let judges = self.judges();
        let probes = judges.backends().map(|(name, state)| async move {
            let BackendState::Ready(backend) = state else {
                return None;
            };
            let failure = match tokio::time::timeout(patience, backend.probe()).await {
                Ok(Ok(_)) => return None,
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no answer within {} s", patience.as_secs()),
            };
            Some((name.to_owned(), failure))
        });
        join_all(probes).await.into_iter().flatten().collect()
    }

    /// What would be right and wrong if this subject were judged: asks the backend about itself first.
    ///
    /// # Errors
    /// [`BindError`] when the judge has no backend, or the subject lacks what the question shows.
    pub async fn examine(
        &self,
        judge: &Judge,
        subject: &Subject,
    ) -> Result<Vec<Finding>, BindError> {
        let backend = judge.backend()?;
        let prompts = judge.card.recipe.prompts(subject);
        let prompts = prompts.map_err(|error| judge.unfit(&error))?;
        if let Err(error) = backend.probe().await {
            return Ok(vec![Finding {
                subject: "backend",
                holds: false,
                detail: error.to_string(),
            }]);
        }
        match prompts.first() {
            Some(prompt) => Ok(backend.examine(prompt).await),
            None => Ok(Vec::new()),
        }
    }

    /// Runs the protocol that a subject begins, with its images as the judge's card wants them sent.
    async fn run_on<T, P: Protocol<Outcome = Result<T, Unscored>>>(
        &self,
        judge: &Judge,
        provenance: &Provenance,
        subject: Subject,
        begin: impl FnOnce(Subject) -> P,
        limits: &RunLimits,
    ) -> Result<Result<T, Unscored>, BindError> {
        let backend = judge.backend()?;
        let images = match self.encoded(judge, subject.images()).await {
            Ok(images) => images,
            Err(unscored) => return Ok(Err(unscored)),
        };
        let protocol = begin(subject.with_images(images));
        let preprocessing = &provenance.preprocessing;
        Ok(self.run(backend, preprocessing, protocol, limits).await)
    }

    /// Runs a protocol to its end. A spent budget or a passed deadline answers the open questions as unscored.
    pub async fn run<P: Protocol>(
        &self,
        backend: &Arc<dyn Backend>,
        preprocessing: &str,
        mut protocol: P,
        limits: &RunLimits,
    ) -> P::Outcome {
        let mut answers = Vec::new();
        let mut asked = 0u64;
        loop {
            let prompts = match protocol.step(answers) {
                Step::Ask(prompts) => prompts,
                Step::Done(outcome) => return outcome,
            };
            let affordable = limits.affordable(&mut asked, prompts.len());
            let (asking, unaffordable) = prompts.split_at(affordable);
            let step = tracing::debug_span!("step", questions = asking.len());
            let asked = asking.iter().map(|prompt| {
                let span = tracing::debug_span!(parent: &step, "ask", backend = backend.id().name);
                let asked = self.ask(backend, preprocessing, prompt, limits);
                asked.instrument(span)
            });
            let asked: Vec<_> = asked.collect();
            // What an answer costs decides over the next question where tokens or money are bounded.
            let at_once = if limits.is_counted() {
                1
            } else {
                asked.len().max(1)
            };
            let answered = stream::iter(asked).buffered(at_once).collect();
            let answered = answered.instrument(step.clone());
            answers = match limits.meter() {
                Some(meter) => Arc::clone(meter).measure(answered).await,
                None => answered.await,
            };
            answers.extend(unaffordable.iter().map(|_| Err(over_budget(limits))));
        }
    }

    async fn ask(
        &self,
        backend: &Arc<dyn Backend>,
        preprocessing: &str,
        prompt: &Prompt,
        limits: &RunLimits,
    ) -> Answered {
        if let Some(detail) = limits.overspent() {
            return Err(Unscored::new(Reason::Budget, detail));
        }
        if let Some(answer) = self
            .recorder
            .as_ref()
            .and_then(|recorder| recorder.known(prompt))
        {
            return Ok(answer);
        }
        let id = backend.id();
        let key = Digest::of_fields([
            &prompt.digest().as_bytes()[..],
            preprocessing.as_bytes(),
            id.name.as_bytes(),
            id.model_revision.as_bytes(),
            limits.owner(),
        ]);
        let watched = self.observer.as_ref().map(|observer| {
            Arc::new(Observed {
                backend: Arc::clone(backend),
                observer: Arc::clone(observer),
            }) as Arc<dyn Backend>
        });
        let asked = watched.as_ref().unwrap_or(backend);
        let answer = self.cache.answer(key, asked, prompt, &self.picture_memory);
        let answered = match limits.deadline() {
            None => answer.await,
            Some(deadline) => match tokio::time::timeout_at(deadline, answer).await {
                Ok(answered) => answered,
                Err(_) => {
                    return Err(Unscored::new(
                        Reason::Deadline,
                        "the deadline of the request passed",
                    ));
                }
            },
        };
        if let (Some(recorder), Ok(answer)) = (&self.recorder, &answered) {
            recorder.add(prompt, answer).map_err(|error| {
                let detail = format!("the answer came and could not be recorded: {error}");
                Unscored::new(Reason::Backend, detail)
            })?;
        }
        answered.map_err(Unscored::from)
    }
}

fn over_budget(limits: &RunLimits) -> Unscored {
    let budget = limits.questions.unwrap_or_default();
    Unscored::new(
        Reason::Budget,
        format!("the budget of {budget} questions is spent"),
    )
}

#[cfg(test)]
mod tests;
