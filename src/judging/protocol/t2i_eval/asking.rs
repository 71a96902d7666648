//! What each phase asks, and how its answers are read.

use std::collections::BTreeMap;

use super::{Phase, StagedEvaluation, T2iEval, place};
use crate::judging::protocol::staged::{OPTIONS, QUESTION, free_text};
use crate::judging::protocol::{Answered, ChooseRecipe, ClosedQuestion};
use crate::judging::t2i_eval::{
    Aggregation, Aspect, TOP, answer, answer_question, appearance_question, evaluate_question,
    explanation, joint_line, merge_request, score, score_request, summary_request,
};
use crate::judging::{
    Answer, AnswerOption, Evidence, Options, Prompt, Reading, Readout, Reason, Sampling, Subject,
    Unscored, WordError,
};

/// Rungs that tell `1` from the beginning of `10`; drawing many answers for each question would cost too much.
const NUMBER_RUNGS: [Readout; 3] = [
    Readout::LabelTokens,
    Readout::ForcedSequence,
    Readout::ParsedText,
];

/// Most tokens of a written number.
const NUMBER_TOKENS: u32 = 16;

/// Whom an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Question(usize),
    Aspect(Aspect),
    Whole,
}

/// How an answer is read.
#[derive(Debug, Clone)]
pub(super) enum Read {
    /// A closed question of the extraction, with the place of the wanted answer.
    Closed(ClosedQuestion, usize),
    Answer,
    Explanation,
    /// An explanation and a score in one text.
    Explained,
    /// A number from 0 to 10.
    Score(ClosedQuestion),
    /// Four scores on one line.
    Joint,
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given {
    Answer(String),
    Explanation(String),
    Explained(String, Option<f64>),
    Score(Option<f64>, Readout),
    Closed {
        answer: String,
        explanation: String,
        score: f64,
        readout: Readout,
    },
    Joint([Option<f64>; 4]),
}

impl Given {
    /// What a watcher is shown.
    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Given::Answer(text) | Given::Explanation(text) | Given::Explained(text, _) => {
                Some(text.clone())
            }
            Given::Closed { explanation, .. } => Some(explanation.clone()),
            Given::Score(..) | Given::Joint(_) => None,
        }
    }

    /// The score, where it holds one.
    pub(super) fn score(&self) -> Option<f64> {
        match self {
            Given::Answer(_) | Given::Explanation(_) => None,
            Given::Explained(_, score) | Given::Score(score, _) => *score,
            Given::Closed { score, .. } => Some(*score),
            Given::Joint([_, _, _, overall]) => *overall,
        }
    }
}

/// A question that is under way.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) target: Target,
    pub(super) phase: Phase,
    pub(super) prompt: Prompt,
    read: Read,
    subject: Subject,
    tries: u32,
}

impl Asking {
    /// Reads an answer.
    pub(super) fn read(
        &self,
        answered: Answered,
        recipe: &ChooseRecipe,
    ) -> Result<Given, Unscored> {
        let stage = self.phase.stage();
        match (answered?, &self.read) {
            (Answer::Choice(choice), Read::Closed(asked, right)) => {
                let chosen = recipe.read(&choice, asked)?;
                let shares = &chosen.probabilities;
                let names: Vec<&str> = asked.options.names().collect();
                let most =
                    (0..shares.len()).max_by(|one, other| shares[*one].total_cmp(&shares[*other]));
                let most = most.unwrap_or(*right);
                Ok(Given::Closed {
                    answer: names[most].to_owned(),
                    explanation: format!(
                        "`{}` has probability {:.3}; wanted is `{}`, which has {:.3}",
                        names[most], shares[most], names[*right], shares[*right]
                    ),
                    score: TOP * shares[*right],
                    readout: chosen.readout,
                })
            }
            (Answer::Choice(choice), Read::Score(asked)) => {
                let chosen = recipe.read(&choice, asked)?;
                let shares: Vec<f64> = match choice.evidence() {
                    // A written number is that number: a prior over eleven of them would draw it to the middle.
                    Evidence::Counts(counts) => {
                        let drawn: u32 = counts.iter().sum();
                        let share = |count: &u32| f64::from(*count) / f64::from(drawn);
                        counts.iter().map(share).collect()
                    }
                    Evidence::Exact | Evidence::Censored(_) => chosen.probabilities,
                };
                let shares = shares.iter().zip(0u32..);
                let expected = shares
                    .map(|(share, number)| share * f64::from(number))
                    .sum();
                Ok(Given::Score(Some(expected), chosen.readout))
            }
            (Answer::Text(text), Read::Answer) => answer(stage, &text).map(Given::Answer),
            (Answer::Text(text), Read::Explanation) => {
                explanation(stage, &text).map(Given::Explanation)
            }
            (Answer::Text(text), Read::Explained) => {
                let score = score(stage, &text)?;
                Ok(Given::Explained(explanation(stage, &text)?, score))
            }
            (Answer::Text(text), Read::Joint) => joint_line(stage, &text).map(Given::Joint),
            (Answer::Choice(_) | Answer::Text(_) | Answer::Value(_), _) => Err(Unscored::new(
                Reason::Unparsed,
                "the answer is of another kind than the stage asks for",
            )),
        }
    }

    /// Whether what failed was a text that another draw may write better.
    pub(super) fn may_try_again(&self, unscored: &Unscored, retries: u32) -> bool {
        let is_text = !matches!(self.read, Read::Closed(..) | Read::Score(_));
        is_text && unscored.reason == Reason::Unparsed && self.tries < retries
    }

    /// Takes the prompt of the next try.
    pub(super) fn try_again(&mut self, recipe: &ChooseRecipe) -> Result<(), WordError> {
        self.tries += 1;
        self.prompt = free_text(&recipe.question, &self.subject, self.tries)?;
        Ok(())
    }
}

impl T2iEval {
    /// All that a phase asks; nothing where it has nothing to ask.
    pub(super) fn asked_in(&self, phase: Phase) -> Result<Vec<Asking>, WordError> {
        let Self {
            settings, known, ..
        } = self;
        let is_apart = settings.two_stage;
        let by_judge = settings.aggregation == Aggregation::Model;
        let questions = self.extracted.questions().iter().enumerate();
        let questions = questions.zip(&known.questions);
        let mut asked = Vec::new();
        match phase {
            Phase::Answer => {
                for ((at, question), _) in questions {
                    let (text, read) = match (question.options(), question.aspect) {
                        (Some((closed, right)), _) => {
                            (question.text.clone(), Read::Closed(closed, right))
                        }
                        (None, Aspect::Appearance) => (
                            appearance_question(&question.text, !is_apart),
                            explained(is_apart),
                        ),
                        (None, aspect) => (answer_question(&question.text, aspect), Read::Answer),
                    };
                    asked.push(self.asking(Target::Question(at), phase, &text, read)?);
                }
            }
            Phase::Evaluate => {
                for ((at, question), record) in questions {
                    if let Some(answer) = record.answer.as_ref().filter(|_| !record.is_settled()) {
                        let structure = self.extracted.structure(question);
                        let text = evaluate_question(&structure, &question.text, answer, !is_apart);
                        asked.push(self.asking(
                            Target::Question(at),
                            phase,
                            &text,
                            explained(is_apart),
                        )?);
                    }
                }
            }
            Phase::AnswerScore | Phase::EvaluateScore => {
                for ((at, question), record) in questions {
                    if let Some(explanation) =
                        record.explanation.as_ref().filter(|_| !record.is_settled())
                    {
                        let about = record.answer.as_ref().map(|answer| {
                            (
                                self.extracted.structure(question),
                                format!("{}\nanswer: {answer}", question.text),
                            )
                        });
                        let (structure, text) = match about {
                            Some((structure, text)) => (Some(structure), text),
                            None => (None, question.text.clone()),
                        };
                        let text = score_request(structure.as_deref(), &text, explanation);
                        asked.push(self.asking(Target::Question(at), phase, &text, number()?)?);
                    }
                }
            }
            Phase::Summarise if settings.aggregation == Aggregation::ModelJoint => {
                let findings = self.findings(None);
                let text = summary_request(&self.prompt, None, &findings, true);
                asked.push(self.asking(Target::Whole, phase, &text, Read::Joint)?);
            }
            Phase::Summarise if by_judge => {
                for aspect in self.asked_aspects() {
                    let findings = self.findings(Some(aspect));
                    let text = summary_request(&self.prompt, Some(aspect), &findings, !is_apart);
                    asked.push(self.asking(
                        Target::Aspect(aspect),
                        phase,
                        &text,
                        explained(is_apart),
                    )?);
                }
            }
            Phase::SummariseScore if by_judge && is_apart => {
                for aspect in self.asked_aspects() {
                    let said = known.aspects[place(aspect)].explanation.clone();
                    let text = score_request(
                        None,
                        &format!("the aspect {}", aspect.name()),
                        &said.unwrap_or_default(),
                    );
                    asked.push(self.asking(Target::Aspect(aspect), phase, &text, number()?)?);
                }
            }
            Phase::Merge if by_judge => {
                let text = merge_request(&self.prompt, &self.summaries(), !is_apart);
                asked.push(self.asking(Target::Whole, phase, &text, explained(is_apart))?);
            }
            Phase::MergeScore if by_judge && is_apart => {
                let said = known.summary.explanation.clone().unwrap_or_default();
                let text = score_request(None, "the image as a whole", &said);
                asked.push(self.asking(Target::Whole, phase, &text, number()?)?);
            }
            Phase::Summarise | Phase::SummariseScore | Phase::Merge | Phase::MergeScore => {}
        }
        Ok(asked)
    }

    fn asking(
        &self,
        target: Target,
        phase: Phase,
        text: &str,
        read: Read,
    ) -> Result<Asking, WordError> {
        let closed = match &read {
            Read::Closed(asked, _) | Read::Score(asked) => Some(asked),
            Read::Answer | Read::Explanation | Read::Explained | Read::Joint => None,
        };
        let names: Vec<&str> =
            closed.map_or_else(Vec::new, |asked| asked.options.names().collect());
        let options = if names.is_empty() {
            "free text".to_owned()
        } else {
            names.join(", ")
        };
        let texts = BTreeMap::from([
            (QUESTION.to_owned(), text.to_owned()),
            (OPTIONS.to_owned(), options),
        ]);
        let subject = Subject::new(self.images.clone(), texts.clone());
        let recipe = &self.recipe;
        let prompt = match closed {
            None => free_text(&recipe.question, &subject, 0)?,
            Some(asked) => {
                let asked = ClosedQuestion {
                    text: text.to_owned(),
                    options: asked.options.clone(),
                };
                let prompt = recipe.prompt(&self.images, &texts, &asked)?;
                match read {
                    Read::Score(_) => {
                        prompt.with_reading(number_reading(&recipe.question.reading)?)
                    }
                    Read::Closed(..)
                    | Read::Answer
                    | Read::Explanation
                    | Read::Explained
                    | Read::Joint => prompt,
                }
            }
        };
        Ok(Asking {
            target,
            phase,
            prompt,
            read,
            subject,
            tries: 0,
        })
    }

    /// The aspects that some question is about.
    fn asked_aspects(&self) -> impl Iterator<Item = Aspect> {
        let questions = self.extracted.questions();
        let asked = Aspect::ALL.map(|aspect| {
            questions
                .iter()
                .any(|one| one.aspect == aspect)
                .then_some(aspect)
        });
        asked.into_iter().flatten()
    }

    /// The questions of an aspect, or all, with what came of them.
    fn findings(&self, aspect: Option<Aspect>) -> String {
        let questions = self.extracted.questions().iter().zip(&self.known.questions);
        let of =
            questions.filter(|(question, _)| aspect.is_none_or(|aspect| question.aspect == aspect));
        let lines = of.map(|(question, record)| {
            let explanation = record.explanation.as_deref().unwrap_or_default();
            let aspect = question.aspect.name();
            format!(
                "- {aspect}: {}\n    - explanation: {explanation}\n    - score: {}",
                question.text,
                shown(record.score)
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn summaries(&self) -> String {
        let StagedEvaluation { aspects, .. } = &self.known;
        let lines = self.asked_aspects().map(|aspect| {
            let record = &aspects[place(aspect)];
            let explanation = record.explanation.as_deref().unwrap_or_default();
            format!(
                "- {}: {explanation}\n    - score: {}",
                aspect.name(),
                shown(record.score)
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn explained(is_apart: bool) -> Read {
    if is_apart {
        Read::Explanation
    } else {
        Read::Explained
    }
}

fn shown(score: Option<f64>) -> String {
    score.map_or_else(|| "N/A".to_owned(), |score| format!("{score:.1}"))
}

/// A closed question with the numbers from 0 to 10.
fn number() -> Result<Read, WordError> {
    let options = (0..=10).map(|number: u32| AnswerOption::new(number.to_string(), vec![]));
    let options = Options::new(options.collect::<Result<_, _>>()?)?;
    Ok(Read::Score(ClosedQuestion {
        text: String::new(),
        options,
    }))
}

fn number_reading(own: &Reading) -> Result<Reading, WordError> {
    let rungs: Vec<Readout> = own
        .rungs()
        .filter(|rung| NUMBER_RUNGS.contains(rung))
        .collect();
    let rungs = if rungs.is_empty() {
        NUMBER_RUNGS.to_vec()
    } else {
        rungs
    };
    let sampling = Sampling {
        samples: 1,
        temperature: 0.0,
        top_p: 1.0,
        most_tokens: NUMBER_TOKENS,
    };
    Reading::new(rungs, own.place, own.length, sampling)
}
