//! Answers to a caller's own closed questions in JSON.

use serde::Serialize;

use super::{AnswerJson, ProvenanceJson};
use crate::evaluation::AskedQuestion;
use crate::judging::protocol::Chosen;
use crate::judging::{Provenance, Reason, Unscored};

/// An image, or several that the judge looks at together, and what was answered about them.
#[derive(Debug, Clone, Serialize)]
pub struct ChooseResult {
    /// The images as their sender named them.
    pub images: Vec<String>,
    /// One answer for each question, in order.
    pub answers: Vec<ChosenJson>,
    /// What it took.
    pub cost: QuestionCost,
    /// Where it comes from; its image is the first.
    pub provenance: ProvenanceJson,
}

/// One question and its answer.
#[derive(Debug, Clone, Serialize)]
pub struct ChosenJson {
    /// Its id, or its place from 0.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// `answered` or `unscored`.
    pub status: &'static str,
    /// The most probable answer; `null` where two are equally probable, and when unscored.
    pub answer: Option<String>,
    /// Probabilities, or why there are none.
    #[serde(flatten)]
    pub given: AnswerJson,
}

/// What asking took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct QuestionCost {
    /// Questions put to the judge; an answer that was remembered counts as well.
    pub questions: usize,
}

impl ChooseResult {
    /// The object for images of these names.
    pub fn new(
        images: Vec<String>,
        questions: &[AskedQuestion],
        provenance: &Provenance,
        answers: &[Result<Chosen, Unscored>],
    ) -> Self {
        let asked = questions.iter().zip(answers);
        ChooseResult {
            images,
            answers: asked
                .map(|(question, answer)| ChosenJson::new(question, answer))
                .collect(),
            cost: QuestionCost {
                questions: answers.iter().filter(|answer| was_asked(answer)).count(),
            },
            provenance: ProvenanceJson::from(provenance),
        }
    }

    /// Whether every question has an answer.
    pub fn is_answered(&self) -> bool {
        self.answers.iter().all(|answer| answer.status == ANSWERED)
    }
}

const ANSWERED: &str = "answered";

impl ChosenJson {
    fn new(question: &AskedQuestion, answer: &Result<Chosen, Unscored>) -> Self {
        let options = &question.asked.options;
        let chosen = answer.as_ref().ok();
        let likeliest = chosen.and_then(|chosen| likeliest(&chosen.probabilities));
        ChosenJson {
            id: question.id.clone(),
            question: question.asked.text.clone(),
            status: if chosen.is_some() {
                ANSWERED
            } else {
                "unscored"
            },
            answer: likeliest.map(|at| options.as_slice()[at].name().to_owned()),
            given: AnswerJson::new(options.names(), answer),
        }
    }
}

/// The place of the one greatest share.
fn likeliest(shares: &[f64]) -> Option<usize> {
    let greatest = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut places = (0..shares.len()).filter(|at| shares[*at].total_cmp(&greatest).is_eq());
    match (places.next(), places.next()) {
        (Some(only), None) => Some(only),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

/// Whether the question reached the judge, or its memory.
fn was_asked(answer: &Result<Chosen, Unscored>) -> bool {
    let Err(unscored) = answer else { return true };
    match unscored.reason {
        Reason::Image(_) | Reason::NotApplicable | Reason::Budget => false,
        Reason::Refused
        | Reason::LowCoverage
        | Reason::Unparsed
        | Reason::Ambiguous
        | Reason::NotFinite
        | Reason::Backend
        | Reason::Deadline => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_equal_shares_have_no_likeliest() {
        assert_eq!(likeliest(&[0.2, 0.5, 0.3]), Some(1));
        assert_eq!(likeliest(&[0.4, 0.4, 0.2]), None);
    }

    #[test]
    fn what_never_reached_the_judge_costs_nothing() {
        for (reason, asked) in [
            (Reason::Image("undecodable"), false),
            (Reason::Budget, false),
            (Reason::LowCoverage, true),
            (Reason::Backend, true),
        ] {
            assert_eq!(was_asked(&Err(Unscored::new(reason, ""))), asked);
        }
    }
}
