//! Closed questions and checklists, asked of a judge that chooses.

mod axes;
mod choice;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use axes::{AXES, AxesJudged, JudgedWords};
pub use choice::{EvaluateChoice, EvaluateFault};
use plan::fits_writer;
pub use plan::{Evaluation, EvaluationPlan, Outcome, QuestionsBy, Used};

use super::{BindError, Engine, Judge, RunLimits, Seen};
use crate::card::Recipe;
use crate::judging::checklist::{
    Checked, ChecklistRule, Hardness, MissingAnswer, QuestionSet, WantedAnswer, aggregate,
};
use crate::judging::protocol::{Choose, Chosen, ClosedQuestion};
use crate::judging::{Image, Provenance, Reason, Unscored};

/// How a checklist is combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Combination {
    /// How answers become one score.
    pub rule: ChecklistRule,
    /// Whether they count as probabilities or as verdicts.
    pub hardness: Hardness,
    /// What becomes of a question without an answer.
    pub missing: MissingAnswer,
}

/// A checklist that was asked about an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// Where it comes from.
    pub provenance: Provenance,
    /// The answer of each question.
    pub answers: Vec<Result<Chosen, Unscored>>,
    /// The score, or why there is none.
    pub outcome: Result<Checked, Unscored>,
}

impl Engine {
    /// Asks closed questions about the same images; one result each, in order. Images of which one cannot be used leave
    /// every question unscored for that reason.
    ///
    /// # Errors
    /// [`BindError`] when the judge has no backend that can be asked, or does not choose.
    pub async fn choose(
        &self,
        judge: &Judge,
        images: Result<Vec<Image>, Unscored>,
        texts: BTreeMap<String, String>,
        questions: Vec<ClosedQuestion>,
        limits: &RunLimits,
    ) -> Result<(Provenance, Vec<Result<Chosen, Unscored>>), BindError> {
        let backend = judge.backend()?;
        let Recipe::Choose(recipe) = &judge.card.recipe else {
            return Err(judge.wrong_protocol("choose"));
        };
        let none = |unscored: Unscored| questions.iter().map(|_| Err(unscored.clone())).collect();
        let images = match images {
            Ok(images) => images,
            Err(unscored) => {
                let provenance = self.unasked(judge, unscored.clone())?.provenance;
                return Ok((provenance, none(unscored)));
            }
        };
        let provenance = judge.provenance(backend.as_ref(), images.first().map(Image::digest));
        let images = match self.encoded(judge, &images).await {
            Ok(images) => images,
            Err(unscored) => return Ok((provenance, none(unscored))),
        };
        let protocol = Choose::new(Arc::clone(recipe), images, texts, questions);
        let preprocessing = &provenance.preprocessing;
        let chosen = self.run(backend, preprocessing, protocol, limits).await;
        self.seen_all(&provenance, chosen.iter().map(Seen::of_choice).collect());
        Ok((provenance, chosen))
    }

    /// Asks a checklist about an image and combines its answers.
    ///
    /// # Errors
    /// As [`Engine::choose`].
    pub async fn evaluate(
        &self,
        judge: &Judge,
        image: Image,
        texts: BTreeMap<String, String>,
        set: &QuestionSet,
        combination: Combination,
        limits: &RunLimits,
    ) -> Result<Evaluated, BindError> {
        let questions = set
            .questions()
            .iter()
            .map(|question| match &question.wanted {
                WantedAnswer::Yes | WantedAnswer::No => {
                    ClosedQuestion::yes_no(question.text.as_str())
                }
                WantedAnswer::Choice { options, .. } => {
                    ClosedQuestion::new(question.text.as_str(), options)
                }
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| judge.unfit(&error))?;
        let asked = self.choose(judge, Ok(vec![image]), texts, questions, limits);
        let (provenance, answers) = asked.await?;
        let shares: Vec<Result<Vec<f64>, Unscored>> = answers
            .iter()
            .map(|answer| match answer {
                Ok(chosen) => Ok(chosen.probabilities.clone()),
                Err(unscored) => Err(unscored.clone()),
            })
            .collect();
        let Combination {
            rule,
            hardness,
            missing,
        } = combination;
        // Where the budget or the time ended, no rule for missing answers makes a whole of a part.
        let cut_short = answers.iter().find_map(|answer| match answer {
            Err(unscored) if matches!(unscored.reason, Reason::Budget | Reason::Deadline) => {
                Some(unscored.clone())
            }
            Ok(_) | Err(_) => None,
        });
        let outcome = match cut_short {
            Some(unscored) => Err(unscored),
            None => aggregate(set, &shares, rule, hardness, missing),
        };
        Ok(Evaluated {
            provenance,
            outcome,
            answers,
        })
    }

    /// A checklist about an image that never arrived whole.
    ///
    /// # Errors
    /// As [`Engine::choose`].
    pub fn unasked_evaluation(
        &self,
        judge: &Judge,
        set: &QuestionSet,
        unscored: &Unscored,
    ) -> Result<Evaluated, BindError> {
        let provenance = judge.provenance(judge.backend()?.as_ref(), None);
        let none = Unscored::new(Reason::NotApplicable, "the image was not asked about");
        Ok(Evaluated {
            provenance,
            answers: set.questions().iter().map(|_| Err(none.clone())).collect(),
            outcome: Err(unscored.clone()),
        })
    }
}
