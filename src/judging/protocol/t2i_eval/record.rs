//! What is known of an image after each stage.

use super::asking::Given;
use crate::judging::t2i_eval::{Extracted, MissingScore, TOP};
use crate::judging::{Readout, Reason, Unscored};

/// What became of one question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QuestionRecord {
    /// What was seen; nothing for a question about appearance, which is scored at once.
    pub answer: Option<String>,
    /// Why it has its score.
    pub explanation: Option<String>,
    /// The score, 0 to 10; nothing before it is given, and where the judge says that it does not apply.
    pub score: Option<f64>,
    /// How the score was read; nothing before it is given.
    pub readout: Option<Readout>,
    /// Why a stage of it failed.
    pub failed: Option<Unscored>,
}

/// What became of one aspect, or of the whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AspectRecord {
    /// What the judge says of it; nothing where it was not asked.
    pub explanation: Option<String>,
    /// The score, 0 to 10; nothing where nothing was asked about it.
    pub score: Option<f64>,
    /// How the score was read; nothing where a formula gave it.
    pub readout: Option<Readout>,
}

/// An image after its stages.
#[derive(Debug, Clone, PartialEq)]
pub struct StagedEvaluation {
    /// The questions, in the order of the extraction.
    pub questions: Vec<QuestionRecord>,
    /// Appearance, intrinsic attributes, relationships.
    pub aspects: [AspectRecord; 3],
    /// The whole.
    pub summary: AspectRecord,
    /// The overall score, 0 to 10, or why there is none.
    pub overall: Result<f64, Unscored>,
    /// Places of the questions in the lower half of the scale, the lowest first: what is wrong with the image.
    pub wrong: Vec<usize>,
    /// Questions of which a stage failed, and for which the mean of their aspect stands.
    pub imputed: usize,
    pub(super) failed: Option<Unscored>,
}

impl Default for StagedEvaluation {
    fn default() -> Self {
        let unfinished = Unscored::new(Reason::NotApplicable, "the stages were not run");
        StagedEvaluation {
            questions: Vec::new(),
            aspects: Default::default(),
            summary: AspectRecord::default(),
            overall: Err(unfinished),
            wrong: Vec::new(),
            imputed: 0,
            failed: None,
        }
    }
}

impl QuestionRecord {
    pub(super) fn note(&mut self, given: Given) {
        match given {
            Given::Answer(answer) => self.answer = Some(answer),
            Given::Explanation(explanation) => self.explanation = Some(explanation),
            Given::Score(score, readout) => (self.score, self.readout) = (score, Some(readout)),
            Given::Explained(explanation, score) => {
                self.explanation = Some(explanation);
                (self.score, self.readout) = (score, Some(Readout::ParsedText));
            }
            Given::Closed {
                answer,
                explanation,
                score,
                readout,
            } => {
                self.answer = Some(answer);
                self.explanation = Some(explanation);
                (self.score, self.readout) = (Some(score), Some(readout));
            }
            // Asked about the whole only.
            Given::Joint(_) => {}
        }
    }

    /// Whether it needs no further stage: it has its score, or will have none.
    pub(super) fn is_settled(&self) -> bool {
        self.readout.is_some() || self.failed.is_some()
    }
}

impl AspectRecord {
    pub(super) fn note(&mut self, given: Given) {
        match given {
            Given::Explanation(explanation) => self.explanation = Some(explanation),
            Given::Score(score, readout) => (self.score, self.readout) = (score, Some(readout)),
            Given::Explained(explanation, score) => {
                self.explanation = Some(explanation);
                (self.score, self.readout) = (score, Some(Readout::ParsedText));
            }
            // Asked about questions, and about all aspects at once.
            Given::Answer(_) | Given::Closed { .. } | Given::Joint(_) => {}
        }
    }
}

impl StagedEvaluation {
    pub(super) fn begun(extracted: &Extracted) -> Self {
        StagedEvaluation {
            questions: vec![QuestionRecord::default(); extracted.questions().len()],
            ..StagedEvaluation::default()
        }
    }

    /// The scores of the questions.
    pub fn scores(&self) -> Vec<Option<f64>> {
        self.questions.iter().map(|one| one.score).collect()
    }

    /// The first failure: a failed stage stays failed, unless it was named what stands for it. Where the budget or the
    /// time ended nothing does: no rule makes a whole of a part.
    pub(super) fn failure(&self, missing: MissingScore) -> Option<Unscored> {
        let stays = |failed: &&Unscored| match missing {
            MissingScore::Unscored => true,
            MissingScore::Mean => matches!(failed.reason, Reason::Budget | Reason::Deadline),
        };
        let of_questions = self.questions.iter().filter_map(|one| one.failed.as_ref());
        let mut all = of_questions.filter(stays).chain(self.failed.as_ref());
        all.next().cloned()
    }

    pub(super) fn overall_score(&self) -> Result<f64, Unscored> {
        self.summary.score.ok_or_else(|| {
            let detail = "no overall score was given: nothing that was asked applies to the image";
            Unscored::new(Reason::NotApplicable, detail)
        })
    }

    pub(super) fn close(&mut self, overall: Result<f64, Unscored>) {
        self.overall = overall;
        let scored = self.questions.iter().enumerate();
        let mut wrong: Vec<(usize, f64)> = scored
            .filter_map(|(at, one)| Some((at, one.score?)))
            .filter(|(_, score)| *score < TOP / 2.0)
            .collect();
        wrong.sort_by(|one, other| one.1.total_cmp(&other.1));
        self.wrong = wrong.into_iter().map(|(at, _)| at).collect();
    }
}
