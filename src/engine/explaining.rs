//! Scoring with the answers kept, so that the way to the score can be told.

use std::sync::{Mutex, PoisonError};

use super::{BindError, Engine, Judge, Judged, RunLimits};
use crate::judging::Subject;
use crate::judging::protocol::{Answered, Protocol, Step};

/// Who sees the answers on their way to a protocol.
pub(super) enum Witness {
    /// Nobody.
    Nobody,
    /// Whoever explains.
    Explainer(Mutex<Vec<Answered>>),
}

impl Witness {
    /// The same protocol, seen by this witness.
    pub(super) fn see<P: Protocol>(&self, protocol: P) -> Witnessed<'_, P> {
        Witnessed {
            protocol,
            witness: self,
        }
    }
}

/// A protocol whose answers somebody sees.
pub(super) struct Witnessed<'a, P> {
    protocol: P,
    witness: &'a Witness,
}

impl<P: Protocol> Protocol for Witnessed<'_, P> {
    type Outcome = P::Outcome;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        if let Witness::Explainer(seen) = self.witness {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.extend_from_slice(&answers);
        }
        self.protocol.step(answers)
    }
}

impl Engine {
    /// Scores one subject, and gives the answers from which the score was made, in the order of the questions.
    ///
    /// # Errors
    /// As [`Engine::score`].
    pub async fn score_with_answers(
        &self,
        judge: &Judge,
        subject: Subject,
        limits: &RunLimits,
    ) -> Result<(Judged, Vec<Answered>), BindError> {
        let witness = Witness::Explainer(Mutex::default());
        let judged = self
            .score_witnessed(judge, subject, limits, &witness)
            .await?;
        let answers = match witness {
            Witness::Nobody => Vec::new(),
            Witness::Explainer(seen) => seen.into_inner().unwrap_or_else(PoisonError::into_inner),
        };
        Ok((judged, answers))
    }
}
