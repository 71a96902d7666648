//! One image, one closed question, one score: the softmax over ordered levels.
//!
//! Q-Bench (arXiv 2309.14181), Q-Align (arXiv 2312.17090) and DeQA-Score (arXiv 2501.11561) differ
//! only in prompt, levels and temperature, which are the card's.

use std::sync::Arc;

use super::{Answered, Protocol, Step};
use crate::judging::{
    Answer, Choice, Coverage, Image, LevelSet, Opinion, Part, Prompt, Reason, Temperature,
    Unscored, Verdict, Wanted, WordError,
};

/// What every image is asked and how the answer is read.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRecipe {
    /// Text before the image.
    pub before: String,
    /// Text after the image.
    pub after: String,
    /// Words that the answer continues.
    pub answer_prefix: Option<String>,
    /// The allowed answers and their worths.
    pub levels: LevelSet,
    /// Divisor of the log masses.
    pub temperature: Temperature,
    /// Least coverage with which an answer counts.
    pub least_coverage: Coverage,
}

impl ScoreRecipe {
    /// The prompt for one image.
    ///
    /// # Errors
    /// None in practice: a prompt with an image has a part.
    fn prompt(&self, image: Image) -> Result<Prompt, WordError> {
        let mut parts = Vec::with_capacity(3);
        if !self.before.is_empty() {
            parts.push(Part::Text(self.before.clone()));
        }
        parts.push(Part::Image(image));
        if !self.after.is_empty() {
            parts.push(Part::Text(self.after.clone()));
        }
        let wanted = Wanted::Options(self.levels.options().clone());
        Ok(Prompt::new(parts, wanted)?.with_answer_prefix(self.answer_prefix.clone()))
    }

    /// Reads one choice: the same code for a live answer and for released logits.
    ///
    /// # Errors
    /// [`Reason::Unparsed`] when the number of masses is not that of the levels, [`Reason::LowCoverage`] when
    /// too little mass fell on them.
    pub fn read(&self, choice: &Choice) -> Result<Verdict, Unscored> {
        if choice.log_mass().len() != self.levels.options().len() {
            return Err(Unscored::new(
                Reason::Unparsed,
                format!(
                    "{} masses for {} levels",
                    choice.log_mass().len(),
                    self.levels.options().len()
                ),
            ));
        }
        if let Some(coverage) = choice
            .coverage()
            .filter(|coverage| *coverage < self.least_coverage)
        {
            return Err(Unscored::new(
                Reason::LowCoverage,
                format!(
                    "only {:.4} of the probability fell on the allowed answers; the card asks for {}",
                    coverage.value(),
                    self.least_coverage.value()
                ),
            ));
        }
        let opinion = Opinion::from_choice(choice, self.temperature);
        Ok(Verdict {
            score: opinion.score(&self.levels),
            spread: opinion.spread(&self.levels),
            opinion,
            coverage: choice.coverage(),
            readout: choice.readout(),
        })
    }
}

/// Scores one image.
#[derive(Debug)]
pub struct Score {
    recipe: Arc<ScoreRecipe>,
    image: Option<Image>,
}

impl Score {
    /// A fresh run for one image.
    pub fn new(recipe: Arc<ScoreRecipe>, image: Image) -> Self {
        Score {
            recipe,
            image: Some(image),
        }
    }
}

impl Protocol for Score {
    type Outcome = Result<Verdict, Unscored>;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        if let Some(image) = self.image.take() {
            return match self.recipe.prompt(image) {
                Ok(prompt) => Step::Ask(vec![prompt]),
                Err(error) => {
                    Step::Done(Err(Unscored::new(Reason::NotApplicable, error.to_string())))
                }
            };
        }
        Step::Done(match answers.into_iter().next() {
            Some(Ok(Answer::Choice(choice))) => self.recipe.read(&choice),
            Some(Ok(Answer::Value(_) | Answer::Text(_))) => Err(Unscored::new(
                Reason::Unparsed,
                "the answer is not a choice among the levels",
            )),
            Some(Err(unscored)) => Err(unscored),
            None => Err(Unscored::new(
                Reason::Backend,
                "the question was not answered",
            )),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::{AnswerOption, Better, Level, Readout, Scale};

    fn recipe() -> Arc<ScoreRecipe> {
        let level = |name: &str, worth| Level {
            option: AnswerOption::new(name, vec![]).unwrap(),
            worth,
        };
        Arc::new(ScoreRecipe {
            before: String::new(),
            after: "Rate the quality of the image.".into(),
            answer_prefix: None,
            levels: LevelSet::new(
                vec![level("good", 1.0), level("poor", 0.0)],
                Scale::new(0.0, 1.0, Better::Higher).unwrap(),
            )
            .unwrap(),
            temperature: Temperature::new(100.0).unwrap(),
            least_coverage: Coverage::new(0.5).unwrap(),
        })
    }

    fn finish(answers: Vec<Answered>) -> Result<Verdict, Unscored> {
        let mut protocol = Score::new(recipe(), Image::new(&b"image"[..]));
        let Step::Ask(prompts) = protocol.step(vec![]) else {
            panic!("a score begins with a question")
        };
        assert_eq!(prompts.len(), 1);
        match protocol.step(answers) {
            Step::Done(outcome) => outcome,
            Step::Ask(_) => panic!("a score asks once"),
        }
    }

    fn choice(log_mass: &[f64], coverage: f64) -> Vec<Answered> {
        let coverage = Some(Coverage::new(coverage).unwrap());
        vec![Ok(Answer::Choice(
            Choice::new(log_mass.to_vec(), coverage, Readout::ClosedSet).unwrap(),
        ))]
    }

    #[test]
    fn a_table_of_answers_and_their_outcomes() {
        // Q-Bench A3, sigma((14.5234375 - 12.953125) / 100); Python 3.11 `1/(1+math.exp(-0.015703125))`.
        let scored = finish(choice(&[14.5234375, 12.953125], 1.0)).unwrap();
        assert!((scored.score.value() - 0.503925700580).abs() < 1e-11);

        let cases: [(Vec<Answered>, Reason); 5] = [
            (choice(&[0.0, -1.0], 0.2), Reason::LowCoverage),
            (choice(&[0.0, -1.0, -2.0], 1.0), Reason::Unparsed),
            (
                vec![Ok(Answer::Text("good, I guess".into()))],
                Reason::Unparsed,
            ),
            (
                vec![Err(Unscored::new(Reason::Refused, "no"))],
                Reason::Refused,
            ),
            (vec![], Reason::Backend),
        ];
        for (answers, reason) in cases {
            assert_eq!(finish(answers).unwrap_err().reason, reason);
        }
    }
}
