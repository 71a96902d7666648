//! The one loop that moves prompts to backends and answers to protocols.
//!
//! Caching, admission, budgets and deadlines live here, so that every protocol has them for nothing,
//! from the HTTP service and the command line alike. Knows nothing of either face.

mod admission;
mod cache;
mod comparing;
mod encoding;
mod evaluating;
mod gating;
mod judges;
mod limits;
mod ranking;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

pub use admission::{Admission, Overloaded, Permit};
pub use cache::{AnswerCache, CacheCounts};
pub use comparing::JudgedPair;
pub use evaluating::{Combination, Evaluated};
pub use gating::{GateError, Gated};
pub use judges::{BackendState, BindError, Judge, Judges};
pub use limits::{Clock, RunLimits};
pub use ranking::{RankChoice, RankMethod, RankWay, Ranked};

use crate::backend::recorded::Recorder;
use crate::backend::{Backend, Finding};
use crate::card::Recipe;
use crate::digest::Digest;
use crate::judging::protocol::{Answered, Protocol, Rating, Score, Step};
use crate::judging::{Image, Prompt, Provenance, Reason, Subject, Unscored, Verdict};
use crate::pixels::Limits;

/// Runs protocols on judges.
#[derive(Debug)]
pub struct Engine {
    judges: Judges,
    cache: AnswerCache,
    recorder: Option<Recorder>,
    image_limits: Limits,
}

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
            judges,
            cache,
            recorder: None,
            image_limits: Limits::default(),
        }
    }

    /// The same, writing every answer to a file, so that the run can be replayed with no model.
    #[must_use]
    pub fn recording(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The judges, ready or not.
    pub fn judges(&self) -> &Judges {
        &self.judges
    }

    /// How often an answer was remembered, and how often a backend was asked.
    pub fn cache_counts(&self) -> CacheCounts {
        self.cache.counts()
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
        let backend = judge.backend()?;
        let first_image = subject.images().first().map(Image::digest);
        let provenance = judge.provenance(backend.as_ref(), first_image);
        let outcome = match &judge.card.recipe {
            Recipe::Score(recipe) => {
                let begin = |subject| Score::new(Arc::clone(recipe), subject);
                self.run_on(judge, &provenance, subject, begin, limits)
                    .await?
            }
            Recipe::Rating(recipe) => {
                let begin = |subject| Rating::new(Arc::clone(recipe), subject);
                self.run_on(judge, &provenance, subject, begin, limits)
                    .await?
            }
            Recipe::Compare(_) | Recipe::Choose(_) => {
                return Err(judge.wrong_protocol("score"));
            }
        };
        Ok(Judged {
            provenance,
            outcome,
        })
    }

    /// The result for an image that could not be asked about at all, such as a file that is not there.
    ///
    /// # Errors
    /// As [`Engine::score`].
    pub fn unasked(&self, judge: &Judge, unscored: Unscored) -> Result<Judged, BindError> {
        let provenance = judge.provenance(judge.backend()?.as_ref(), None);
        Ok(Judged {
            provenance,
            outcome: Err(unscored),
        })
    }

    /// Asks every configured backend about itself, all at once and for at most `patience` each: what can be
    /// learnt only by asking is known afterwards. Gives the failures by name of backend.
    pub async fn probe(&self, patience: Duration) -> Vec<(String, String)> {
        let probes = self.judges.backends().map(|(name, state)| async move {
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
            let affordable = limits.affordable(asked, prompts.len());
            asked += affordable as u64;
            let (asking, unaffordable) = prompts.split_at(affordable);
            answers = join_all(
                asking
                    .iter()
                    .map(|prompt| self.ask(backend, preprocessing, prompt, limits)),
            )
            .await;
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
        ]);
        let answer = self.cache.answer(key, backend, prompt);
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
