//! The one loop that moves prompts to backends and answers to protocols.
//!
//! Caching, admission, budgets and deadlines live here, so that every protocol has them for nothing,
//! from the HTTP service and the command line alike. Knows nothing of either face.

mod admission;
mod cache;
mod judges;
mod limits;

use std::sync::Arc;

use futures::future::join_all;

pub use admission::{Admission, Overloaded, Permit};
pub use cache::{AnswerCache, CacheCounts};
pub use judges::{BackendState, BindError, Judge, Judges};
pub use limits::{Clock, RunLimits};

use crate::backend::Backend;
use crate::digest::Digest;
use crate::judging::protocol::{Answered, Protocol, Score, Step};
use crate::judging::{Image, Prompt, Provenance, Reason, Unscored, Verdict};

/// Runs protocols on judges.
#[derive(Debug)]
pub struct Engine {
    judges: Judges,
    cache: AnswerCache,
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
        Engine { judges, cache }
    }

    /// The judges, ready or not.
    pub fn judges(&self) -> &Judges {
        &self.judges
    }

    /// How often an answer was remembered, and how often a backend was asked.
    pub fn cache_counts(&self) -> CacheCounts {
        self.cache.counts()
    }

    /// Scores one image with a ready judge.
    ///
    /// # Errors
    /// [`BindError`] when the judge has no backend that can be asked.
    pub async fn score(
        &self,
        judge: &Judge,
        image: Image,
        limits: &RunLimits,
    ) -> Result<Judged, BindError> {
        let backend = judge.backend()?;
        let provenance = judge.provenance(backend.id(), Some(image.digest()));
        let protocol = Score::new(judge.card.recipe.clone(), image);
        let outcome = self
            .run(backend, &provenance.preprocessing, protocol, limits)
            .await;
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
        let provenance = judge.provenance(judge.backend()?.id(), None);
        Ok(Judged {
            provenance,
            outcome: Err(unscored),
        })
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
