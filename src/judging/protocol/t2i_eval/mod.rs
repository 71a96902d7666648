//! T2I-Eval's stages after extraction: answer, evaluate, summarise. Every question is handled for itself.

mod asking;
mod record;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::staged::{StageReport, Staged};
use super::{Answered, ChooseRecipe, Protocol, Step};
use crate::judging::t2i_eval::{
    Aggregation, Aspect, Extracted, MissingScore, aggregate, with_means,
};
use crate::judging::{Image, Reason, Unscored};
use asking::{Asking, Given, Target};
pub use record::{AspectRecord, QuestionRecord, StagedEvaluation};

/// How the stages are run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageSettings {
    /// Whether a score is asked for apart from its explanation, and read from the probabilities of the numbers.
    pub two_stage: bool,
    /// How scores become one.
    pub aggregation: Aggregation,
    /// How often a stage that cannot be read is asked again.
    pub retries: u32,
    /// What becomes of the image where a stage of a question failed; the judge sums up whole ones only.
    pub missing: MissingScore,
}

impl Default for StageSettings {
    fn default() -> Self {
        StageSettings {
            two_stage: true,
            aggregation: Aggregation::Mean,
            retries: 2,
            missing: MissingScore::Unscored,
        }
    }
}

impl StageSettings {
    /// What stands for a question that failed: nothing where the judge sums up.
    fn stands_in(&self) -> MissingScore {
        match self.aggregation {
            Aggregation::Model | Aggregation::ModelJoint => MissingScore::Unscored,
            Aggregation::Mean | Aggregation::Minimum | Aggregation::Weighted(_) => self.missing,
        }
    }
}

/// What is asked next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Answer,
    AnswerScore,
    Evaluate,
    EvaluateScore,
    Summarise,
    SummariseScore,
    Merge,
    MergeScore,
}

impl Phase {
    const ALL: [Phase; 8] = [
        Phase::Answer,
        Phase::AnswerScore,
        Phase::Evaluate,
        Phase::EvaluateScore,
        Phase::Summarise,
        Phase::SummariseScore,
        Phase::Merge,
        Phase::MergeScore,
    ];

    /// Name of its stage; a score that is asked for apart belongs to the stage of its explanation.
    pub(super) fn stage(self) -> &'static str {
        match self {
            Phase::Answer | Phase::AnswerScore => "answer",
            Phase::Evaluate | Phase::EvaluateScore => "evaluate",
            Phase::Summarise | Phase::SummariseScore => "summarise",
            Phase::Merge | Phase::MergeScore => "merge",
        }
    }
}

/// Judges one image by the questions of its text.
#[derive(Debug)]
pub struct T2iEval {
    recipe: Arc<ChooseRecipe>,
    images: Vec<Image>,
    prompt: String,
    extracted: Extracted,
    settings: StageSettings,
    /// Phases that are still to come, the next one last.
    phases: Vec<Phase>,
    asking: Vec<Asking>,
    /// What is known by now.
    known: StagedEvaluation,
    reports: Vec<StageReport>,
}

impl T2iEval {
    /// A fresh run over the image that was made from `prompt`.
    pub fn new(
        recipe: Arc<ChooseRecipe>,
        image: Image,
        prompt: String,
        extracted: Extracted,
        settings: StageSettings,
    ) -> Self {
        let known = StagedEvaluation::begun(&extracted);
        T2iEval {
            recipe,
            images: vec![image],
            prompt,
            extracted,
            settings,
            phases: Phase::ALL.into_iter().rev().collect(),
            asking: Vec::new(),
            known,
            reports: Vec::new(),
        }
    }

    /// Asks what the next phase that has something to ask wants, or ends.
    fn go_on(&mut self) -> Step<StagedEvaluation> {
        loop {
            if let Some(failed) = self.known.failure(self.settings.stands_in()) {
                return self.end(Err(failed));
            }
            let Some(phase) = self.phases.pop() else {
                let overall = self.known.overall_score();
                return self.end(overall);
            };
            if phase == Phase::Summarise {
                self.combine();
                if let Some(failed) = self.known.failed.clone() {
                    return self.end(Err(failed));
                }
            }
            match self.asked_in(phase) {
                Ok(asking) if asking.is_empty() => {}
                Ok(asking) => {
                    self.asking = asking;
                    return self.ask();
                }
                Err(error) => {
                    let detail = format!("{}: {error}", phase.stage());
                    return self.end(Err(Unscored::new(Reason::NotApplicable, detail)));
                }
            }
        }
    }

    fn ask(&self) -> Step<StagedEvaluation> {
        Step::Ask(self.asking.iter().map(|one| one.prompt.clone()).collect())
    }

    /// The scores of the rules that need no judge.
    fn combine(&mut self) {
        let (questions, rule) = (self.extracted.questions(), self.settings.aggregation);
        let failed: Vec<bool> = self
            .known
            .questions
            .iter()
            .map(|one| one.failed.is_some())
            .collect();
        let Some(scores) = with_means(questions, &self.known.scores(), &failed) else {
            // Of an aspect nothing is left that a mean could be of.
            self.known.failed = self.known.failure(MissingScore::Unscored);
            return;
        };
        let Some(combined) = aggregate(questions, &scores, rule) else {
            return;
        };
        self.known.imputed = failed.into_iter().filter(|failed| *failed).count();
        for (record, score) in self.known.aspects.iter_mut().zip(combined.aspects) {
            record.score = score;
        }
        self.known.summary.score = combined.overall;
    }

    fn end(&mut self, overall: Result<f64, Unscored>) -> Step<StagedEvaluation> {
        let mut known = std::mem::take(&mut self.known);
        let failed = overall.as_ref().err().cloned();
        self.reports.push(StageReport {
            score: overall.as_ref().ok().copied(),
            failed,
            ..StageReport::of("done", None)
        });
        known.close(overall);
        Step::Done(known)
    }

    /// Notes what was read, and keeps what must be asked again.
    fn take(&mut self, answers: Vec<Answered>) {
        let mut answers = answers.into_iter();
        let none = || {
            Err(Unscored::new(
                Reason::Backend,
                "the question was not answered",
            ))
        };
        for mut asking in std::mem::take(&mut self.asking) {
            let answered = answers.next().unwrap_or_else(none);
            let mut report = StageReport::of(asking.phase.stage(), self.about(asking.target));
            match asking.read(answered, &self.recipe) {
                Ok(given) => {
                    (report.text, report.score) = (given.shown(), given.score());
                    self.note(asking.target, given);
                }
                Err(unscored) if asking.may_try_again(&unscored, self.settings.retries) => {
                    report.failed = Some(unscored);
                    match asking.try_again(&self.recipe) {
                        Ok(()) => self.asking.push(asking),
                        Err(error) => {
                            let unfit = Unscored::new(Reason::NotApplicable, error.to_string());
                            self.fail(asking.target, asking.phase, &unfit);
                        }
                    }
                }
                Err(unscored) => {
                    self.fail(asking.target, asking.phase, &unscored);
                    report.failed = Some(unscored);
                }
            }
            self.reports.push(report);
        }
    }

    fn about(&self, target: Target) -> Option<String> {
        match target {
            Target::Question(at) => Some(self.extracted.questions()[at].id.clone()),
            Target::Aspect(aspect) => Some(aspect.name().to_owned()),
            Target::Whole => None,
        }
    }

    fn note(&mut self, target: Target, given: Given) {
        match target {
            Target::Question(at) => self.known.questions[at].note(given),
            Target::Aspect(aspect) => self.known.aspects[place(aspect)].note(given),
            Target::Whole => {
                if let Given::Joint([appearance, intrinsic, relationship, overall]) = given {
                    let aspects = [appearance, intrinsic, relationship];
                    for (record, score) in self.known.aspects.iter_mut().zip(aspects) {
                        record.score = score;
                    }
                    self.known.summary.score = overall;
                } else {
                    self.known.summary.note(given);
                }
            }
        }
    }

    fn fail(&mut self, target: Target, phase: Phase, unscored: &Unscored) {
        let stage = phase.stage();
        let place = match self.about(target) {
            Some(about) => format!("{stage}, `{about}`"),
            None => stage.to_owned(),
        };
        let failed = Unscored::new(unscored.reason, format!("{place}: {}", unscored.detail));
        match target {
            Target::Question(at) => self.known.questions[at].failed = Some(failed),
            Target::Aspect(_) | Target::Whole => self.known.failed = Some(failed),
        }
    }
}

/// Place of an aspect among all.
pub(super) fn place(aspect: Aspect) -> usize {
    match aspect {
        Aspect::Appearance => 0,
        Aspect::Intrinsic => 1,
        Aspect::Relationship => 2,
    }
}

impl Protocol for T2iEval {
    type Outcome = StagedEvaluation;

    fn step(&mut self, answers: Vec<Answered>) -> Step<StagedEvaluation> {
        self.take(answers);
        if !self.asking.is_empty() {
            return self.ask();
        }
        self.go_on()
    }
}

impl Staged for T2iEval {
    fn reports(&mut self) -> Vec<StageReport> {
        std::mem::take(&mut self.reports)
    }
}
