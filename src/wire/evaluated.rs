//! A checklist's answers and score in JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{IntervalJson, ProvenanceJson};
use crate::engine::{Combination, Evaluated};
use crate::judging::checklist::{ChecklistQuestion, QuestionSet, WantedAnswer};
use crate::judging::protocol::Chosen;
use crate::judging::{Coverage, Unscored};

/// An answer to a closed question.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerJson {
    /// Probability of each option, by its name; `null` where there is no answer.
    pub probabilities: Option<BTreeMap<String, f64>>,
    /// Probability that fell on the options at all.
    pub coverage: Option<f64>,
    /// How the mass was read.
    pub readout: Option<&'static str>,
    /// True where some option was not listed, so that its mass is only bounded; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub censored: bool,
    /// Where the probability of each option lies, by its name; absent where all of them were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<BTreeMap<String, IntervalJson>>,
    /// Why there is no answer: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl AnswerJson {
    /// The answer to a question with these options.
    pub fn new<'a>(
        options: impl Iterator<Item = &'a str>,
        answer: &Result<Chosen, Unscored>,
    ) -> Self {
        let mut json = AnswerJson {
            probabilities: None,
            coverage: None,
            readout: None,
            censored: false,
            intervals: None,
            reason: None,
            detail: None,
        };
        match answer {
            Ok(chosen) => {
                let names: Vec<String> = options.map(str::to_owned).collect();
                json.intervals = chosen.intervals.as_ref().map(|intervals| {
                    let intervals = intervals.iter().copied().map(IntervalJson::from);
                    names.iter().cloned().zip(intervals).collect()
                });
                let shares = chosen.probabilities.iter().copied();
                json.probabilities = Some(names.into_iter().zip(shares).collect());
                json.coverage = chosen.coverage.map(Coverage::value);
                json.readout = Some(chosen.readout.name());
                json.censored = chosen.censored;
            }
            Err(unscored) => {
                json.reason = Some(unscored.reason.code());
                json.detail = Some(unscored.detail.clone());
            }
        }
        json
    }
}

/// A question with its answer and what it counts.
#[derive(Debug, Clone, Serialize)]
pub struct QuestionJson {
    /// Its id.
    pub id: String,
    /// The question.
    pub question: String,
    /// Kind of what is asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What is asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// The answer that is wanted.
    pub wanted: String,
    /// The answer.
    #[serde(flatten)]
    pub answer: AnswerJson,
    /// What it counts after the rule had its say.
    pub counted: Option<f64>,
}

/// What became of one image.
#[derive(Debug, Clone, Serialize)]
pub struct EvaluationResult {
    /// Name of the image.
    pub image: String,
    /// `scored` or `unscored`.
    pub status: &'static str,
    /// The score.
    pub score: Option<f64>,
    /// `mean`, `dsg`, `dpg` and so on.
    pub rule: &'static str,
    /// `probability` or `verdict`.
    pub counts: &'static str,
    /// `unscored`, `left-out` or `wrong`.
    pub missing: &'static str,
    /// Why there is no score: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Ids of the questions whose answer is not as wanted, the surest first.
    pub wrong: Vec<String>,
    /// Means by kind of question.
    pub by_kind: BTreeMap<String, f64>,
    /// Every question.
    pub questions: Vec<QuestionJson>,
    /// Where it comes from.
    pub provenance: ProvenanceJson,
}

impl EvaluationResult {
    /// The evaluation of the image of this name.
    pub fn new(
        image: String,
        set: &QuestionSet,
        combination: Combination,
        evaluated: &Evaluated,
    ) -> Self {
        let checked = evaluated.outcome.as_ref();
        let unscored = evaluated.outcome.as_ref().err();
        let questions = set.questions().iter().zip(&evaluated.answers);
        let questions = questions.enumerate().map(|(at, (question, answer))| {
            let counted = checked.ok().and_then(|checked| checked.counted[at]);
            question_json(question, answer, counted)
        });
        EvaluationResult {
            image,
            status: if checked.is_ok() {
                "scored"
            } else {
                "unscored"
            },
            score: checked.ok().map(|checked| checked.score),
            rule: combination.rule.name(),
            counts: combination.hardness.name(),
            missing: combination.missing.name(),
            reason: unscored.map(|unscored| unscored.reason.code()),
            detail: unscored.map(|unscored| unscored.detail.clone()),
            wrong: checked.map_or_else(
                |_| Vec::new(),
                |checked| {
                    let wrong = checked.wrong.iter();
                    wrong.map(|at| set.questions()[*at].id.clone()).collect()
                },
            ),
            by_kind: checked.map_or_else(
                |_| BTreeMap::new(),
                |checked| {
                    let kinds = checked.by_kind.iter();
                    kinds.map(|kind| (kind.kind.clone(), kind.score)).collect()
                },
            ),
            questions: questions.collect(),
            provenance: ProvenanceJson::from(&evaluated.provenance),
        }
    }
}

fn question_json(
    question: &ChecklistQuestion,
    answer: &Result<Chosen, Unscored>,
    counted: Option<f64>,
) -> QuestionJson {
    let yes_no = ["yes", "no"].map(str::to_owned);
    let (options, wanted) = match &question.wanted {
        WantedAnswer::Yes => (&yes_no[..], "yes"),
        WantedAnswer::No => (&yes_no[..], "no"),
        WantedAnswer::Choice { options, right } => (&options[..], options[*right].as_str()),
    };
    QuestionJson {
        id: question.id.clone(),
        question: question.text.clone(),
        kind: question.kind.clone(),
        element: question.element.clone(),
        wanted: wanted.to_owned(),
        answer: AnswerJson::new(options.iter().map(String::as_str), answer),
        counted,
    }
}
