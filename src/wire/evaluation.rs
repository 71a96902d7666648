//! An evaluation in JSON, by whichever method.

use std::collections::BTreeMap;

use serde::Serialize;

use super::axes::AxesJson;
use super::detected::DetectedJson;
use super::{EvaluationResult, ProvenanceJson, ScoreResult};
use crate::engine::{Evaluation, EvaluationPlan, Outcome, Used};
use crate::judging::protocol::{
    AspectRecord, QuestionRecord, StageReport, StageSettings, StagedEvaluation,
};
use crate::judging::t2i_eval::{Aspect, AspectQuestion, Extracted};
use crate::judging::{Readout, Unscored};

/// What became of one image.
#[derive(Debug, Clone, Serialize)]
pub struct EvaluateResult {
    /// A rule of checklists, `t2i-eval`, `vqascore`, `viescore`, `unified-reward` or `geneval`.
    pub method: &'static str,
    /// What the method found.
    #[serde(flatten)]
    found: Found,
    /// Where written questions come from; absent where they were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writer: Option<ProvenanceJson>,
    /// What it took.
    pub used: UsedJson,
}

/// Image, status, score and what explains it, by method.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Found {
    Nothing(Box<NothingJson>),
    Checklist(Box<EvaluationResult>),
    Staged(Box<StagedJson>),
    Score(Box<ScoreResult>),
    VieScore(Box<VieScoreJson>),
    Axes(Box<AxesJson>),
    Detected(Box<DetectedJson>),
}

/// Status and score, which every method has.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Scored {
    image: String,
    status: &'static str,
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct NothingJson {
    #[serde(flatten)]
    scored: Scored,
    provenance: ProvenanceJson,
}

#[derive(Debug, Clone, Serialize)]
struct StagedJson {
    #[serde(flatten)]
    scored: Scored,
    /// How scores were asked for: `one` or `two`.
    stages: &'static str,
    aggregation: &'static str,
    /// What stands for a question of which a stage failed: `unscored` or `mean`.
    missing: &'static str,
    /// Questions for which it does.
    imputed: usize,
    aspects: BTreeMap<&'static str, AspectJson>,
    overall: AspectJson,
    /// Ids of the questions in the lower half of the scale, the lowest first.
    wrong: Vec<String>,
    questions: Vec<StagedQuestionJson>,
    provenance: ProvenanceJson,
}

/// An aspect, or the whole.
#[derive(Debug, Clone, Serialize)]
struct AspectJson {
    score: Option<f64>,
    explanation: Option<String>,
    readout: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
struct StagedQuestionJson {
    id: String,
    aspect: &'static str,
    question: String,
    about: Vec<String>,
    answer: Option<String>,
    explanation: Option<String>,
    score: Option<f64>,
    readout: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct VieScoreJson {
    #[serde(flatten)]
    scored: Scored,
    consistency: Option<ScoreResult>,
    quality: Option<ScoreResult>,
}

/// What an evaluation took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct UsedJson {
    /// Questions, remembered answers included.
    pub questions: u64,
    /// Replies of engines that count tokens.
    pub replies: u64,
    /// Tokens of questions and answers; `null` where no engine counts them. A remembered answer takes none.
    pub tokens: Option<TokensJson>,
    /// Replies that do not say how many tokens they took.
    pub uncounted: u64,
    /// In the currency of the configured prices; `null` where there are none.
    pub cost: Option<f64>,
}

/// Tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TokensJson {
    /// Of questions, pictures included.
    pub input: u64,
    /// Of answers.
    pub output: u64,
}

/// What came of a step of a stage.
#[derive(Debug, Clone, Serialize)]
pub struct StageJson {
    /// Name of the image.
    pub image: String,
    /// The stage.
    pub stage: &'static str,
    /// The question, aspect or judge that it is about.
    pub about: Option<String>,
    /// What was written or chosen.
    pub text: Option<String>,
    /// The score, where one was given.
    pub score: Option<f64>,
    /// Why there is nothing: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl StageJson {
    /// The report of a stage of the image of this name.
    pub fn new(image: &str, report: StageReport) -> Self {
        StageJson {
            image: image.to_owned(),
            stage: report.stage,
            about: report.about,
            text: report.text,
            score: report.score,
            reason: report.failed.as_ref().map(|failed| failed.reason.code()),
            detail: report.failed.map(|failed| failed.detail),
        }
    }
}

impl From<Used> for UsedJson {
    fn from(used: Used) -> Self {
        let metered = used.metered;
        UsedJson {
            questions: used.questions,
            replies: metered.replies,
            tokens: (metered.replies > metered.uncounted).then_some(TokensJson {
                input: metered.input_tokens,
                output: metered.output_tokens,
            }),
            uncounted: metered.uncounted,
            cost: metered.cost,
        }
    }
}

impl Scored {
    pub(super) fn new(image: String, score: &Result<f64, Unscored>) -> Self {
        Scored {
            image,
            status: if score.is_ok() { "scored" } else { "unscored" },
            score: score.as_ref().ok().copied(),
            reason: score.as_ref().err().map(|unscored| unscored.reason.code()),
            detail: score.as_ref().err().map(|unscored| unscored.detail.clone()),
        }
    }
}

impl UsedJson {
    /// Nobody was asked.
    fn nothing() -> Self {
        UsedJson {
            questions: 0,
            replies: 0,
            tokens: None,
            uncounted: 0,
            cost: None,
        }
    }
}

impl EvaluateResult {
    /// What detections say, about which nobody was asked.
    pub(super) fn unasked(method: &'static str, detected: DetectedJson) -> Self {
        EvaluateResult {
            method,
            found: Found::Detected(Box::new(detected)),
            writer: None,
            used: UsedJson::nothing(),
        }
    }

    /// What became of the image of this name.
    pub fn new(image: &str, plan: &EvaluationPlan, evaluation: &Evaluation) -> Self {
        let scored = || Scored::new(image.to_owned(), &evaluation.outcome.score());
        let found = match &evaluation.outcome {
            Outcome::Nothing { provenance, .. } => Found::Nothing(Box::new(NothingJson {
                scored: scored(),
                provenance: ProvenanceJson::from(provenance),
            })),
            Outcome::Checklist {
                set,
                combination,
                evaluated,
            } => {
                let result = EvaluationResult::new(image.to_owned(), set, *combination, evaluated);
                Found::Checklist(Box::new(result))
            }
            Outcome::Staged {
                extracted,
                settings,
                provenance,
                evaluation,
            } => Found::Staged(Box::new(StagedJson::new(
                scored(),
                (extracted, *settings),
                evaluation,
                ProvenanceJson::from(provenance),
            ))),
            Outcome::Score(judged) => {
                match ScoreResult::new(image.to_owned(), &plan.judge.card.recipe, judged) {
                    Some(result) => Found::Score(Box::new(result)),
                    None => Found::Nothing(Box::new(NothingJson {
                        scored: scored(),
                        provenance: ProvenanceJson::from(&judged.provenance),
                    })),
                }
            }
            Outcome::Axes(judged) => Found::Axes(Box::new(AxesJson::new(scored(), judged))),
            Outcome::VieScore {
                consistency,
                quality,
                ..
            } => {
                let recipe = &plan.judge.card.recipe;
                let other = plan.quality().map(|judge| &judge.card.recipe);
                Found::VieScore(Box::new(VieScoreJson {
                    scored: scored(),
                    consistency: ScoreResult::new(image.to_owned(), recipe, consistency),
                    quality: other
                        .and_then(|recipe| ScoreResult::new(image.to_owned(), recipe, quality)),
                }))
            }
        };
        EvaluateResult {
            method: plan.name,
            found,
            writer: evaluation.writer.as_ref().map(ProvenanceJson::from),
            used: UsedJson::from(evaluation.used),
        }
    }
}

impl StagedJson {
    fn new(
        scored: Scored,
        (extracted, settings): (&Extracted, StageSettings),
        evaluation: &StagedEvaluation,
        provenance: ProvenanceJson,
    ) -> Self {
        let questions = extracted.questions();
        let aspects = Aspect::ALL.into_iter().zip(&evaluation.aspects);
        StagedJson {
            scored,
            stages: if settings.two_stage { "two" } else { "one" },
            aggregation: settings.aggregation.name(),
            missing: settings.missing.name(),
            imputed: evaluation.imputed,
            aspects: aspects
                .map(|(aspect, record)| (aspect.name(), AspectJson::from(record)))
                .collect(),
            overall: AspectJson::from(&evaluation.summary),
            wrong: evaluation
                .wrong
                .iter()
                .map(|at| questions[*at].id.clone())
                .collect(),
            questions: questions
                .iter()
                .zip(&evaluation.questions)
                .map(|(question, record)| StagedQuestionJson::new(question, record))
                .collect(),
            provenance,
        }
    }
}

impl From<&AspectRecord> for AspectJson {
    fn from(record: &AspectRecord) -> Self {
        AspectJson {
            score: record.score,
            explanation: record.explanation.clone(),
            readout: record.readout.map(Readout::name),
        }
    }
}

impl StagedQuestionJson {
    fn new(question: &AspectQuestion, record: &QuestionRecord) -> Self {
        StagedQuestionJson {
            id: question.id.clone(),
            aspect: question.aspect.name(),
            question: question.text.clone(),
            about: question.about.clone(),
            answer: record.answer.clone(),
            explanation: record.explanation.clone(),
            score: record.score,
            readout: record.readout.map(Readout::name),
            reason: record.failed.as_ref().map(|failed| failed.reason.code()),
            detail: record.failed.as_ref().map(|failed| failed.detail.clone()),
        }
    }
}
