//! Protocols of several stages that can be watched.

use super::{Protocol, Step};
use crate::judging::protocol::Answered;
use crate::judging::{Prompt, Question, Reading, Sampling, Subject, Unscored, Wanted, WordError};

/// Name of the text that a `choose` card quotes as the question.
pub(super) const QUESTION: &str = "question";
/// Name of the text that it may quote as the list of answers.
pub(super) const OPTIONS: &str = "options";

/// Most tokens of what is written in a stage.
const MOST_TOKENS: u32 = 2_048;

/// What came of one step of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageReport {
    /// The stage.
    pub stage: &'static str,
    /// The question, the aspect or the part of the text that it is about; nothing for the whole.
    pub about: Option<String>,
    /// What was written or chosen.
    pub text: Option<String>,
    /// The score, where one was given.
    pub score: Option<f64>,
    /// Why there is nothing.
    pub failed: Option<Unscored>,
}

impl StageReport {
    /// A report of a stage, with nothing in it yet.
    pub(super) fn of(stage: &'static str, about: Option<String>) -> Self {
        StageReport {
            stage,
            about,
            text: None,
            score: None,
            failed: None,
        }
    }
}

/// A protocol that tells what came of its stages.
pub trait Staged: Protocol {
    /// What has happened since it was last asked.
    fn reports(&mut self) -> Vec<StageReport>;
}

/// Hands the reports of a protocol to somebody who watches, as they come.
#[derive(Debug)]
pub struct Watched<P, W> {
    protocol: P,
    watch: W,
}

impl<P: Staged, W: Fn(StageReport)> Watched<P, W> {
    /// The same protocol, watched.
    pub fn new(protocol: P, watch: W) -> Self {
        Watched { protocol, watch }
    }
}

impl<P: Staged, W: Fn(StageReport)> Protocol for Watched<P, W> {
    type Outcome = P::Outcome;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        let step = self.protocol.step(answers);
        self.protocol.reports().into_iter().for_each(&self.watch);
        step
    }
}

/// A question for free text in the wording of a `choose` card. The first try takes the likeliest words; later ones are
/// drawn, for the same words again would fail again.
///
/// # Errors
/// An image or text that is missing.
pub(super) fn free_text(
    question: &Question,
    subject: &Subject,
    tries: u32,
) -> Result<Prompt, WordError> {
    let sampling = Sampling {
        samples: 1,
        temperature: if tries == 0 { 0.0 } else { 1.0 },
        top_p: 1.0,
        most_tokens: MOST_TOKENS,
    };
    let own = &question.reading;
    let reading = Reading::new(own.rungs().collect(), own.place, own.length, sampling)?;
    let prompt = question.prompt(subject, Wanted::Text)?;
    Ok(prompt.with_reading(reading).with_repeat(tries))
}
