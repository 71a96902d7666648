//! Any closed question: the caller says what is asked and which answers are allowed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::score::choice;
use super::staged::{OPTIONS, QUESTION};
use super::{Answered, Protocol, Step, covered};
use crate::judging::{
    AnswerOption, Choice, Coverage, Image, Opinion, Options, Prompt, Question, Readout, Reason,
    ScoreInterval, Subject, Temperature, Unscored, Wanted, WordError,
};

/// How questions are put, and how answers are read.
#[derive(Debug, Clone, PartialEq)]
pub struct ChooseRecipe {
    /// The wording, which quotes `{question}`, and `{options}` if it lists them.
    pub question: Question,
    /// Divisor of the log masses.
    pub temperature: Temperature,
    /// Least coverage with which an answer counts.
    pub least_coverage: Coverage,
}

/// One closed question.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedQuestion {
    /// What is asked.
    pub text: String,
    /// The allowed answers.
    pub options: Options,
}

impl ClosedQuestion {
    /// A question of yes and no, in the spellings that models give them.
    ///
    /// # Errors
    /// None: the options are distinct.
    pub fn yes_no(text: impl Into<String>) -> Result<Self, WordError> {
        let option = |name: &str, other: &str| AnswerOption::new(name, vec![other.to_owned()]);
        Ok(ClosedQuestion {
            text: text.into(),
            options: Options::new(vec![option("yes", "Yes")?, option("no", "No")?])?,
        })
    }

    /// A question with these answers.
    ///
    /// # Errors
    /// Fewer than two answers, or answers that are alike.
    pub fn new(text: impl Into<String>, answers: &[String]) -> Result<Self, WordError> {
        let options = answers
            .iter()
            .map(|answer| AnswerOption::new(answer.as_str(), vec![]))
            .collect::<Result<Vec<_>, _>>()?;
        ClosedQuestion::with(text, options)
    }

    /// A question with these answers, each in its spellings.
    ///
    /// # Errors
    /// As [`ClosedQuestion::new`].
    pub fn with(text: impl Into<String>, answers: Vec<AnswerOption>) -> Result<Self, WordError> {
        Ok(ClosedQuestion {
            text: text.into(),
            options: Options::new(answers)?,
        })
    }
}

/// An answer: the probability of each option, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Probabilities, which sum to 1.
    pub probabilities: Vec<f64>,
    /// Probability that fell on the options at all, where it is known.
    pub coverage: Option<Coverage>,
    /// How the mass was read.
    pub readout: Readout,
    /// Whether some option was only bounded.
    pub censored: bool,
    /// Where each probability lies; none where all of them were read.
    pub intervals: Option<Vec<ScoreInterval>>,
}

impl ChooseRecipe {
    /// Whether the wording can put a question at all.
    ///
    /// # Errors
    /// A wording that does not quote `{question}`.
    pub fn check(self) -> Result<Self, WordError> {
        if self.question.texts().contains(&QUESTION) {
            return Ok(self);
        }
        Err(WordError::new(
            "the prompt of a `choose` judge quotes `{question}`, which the caller gives",
        ))
    }

    /// The prompt for a question about these images.
    ///
    /// # Errors
    /// An image or text that is missing.
    pub fn prompt(
        &self,
        images: &[Image],
        texts: &BTreeMap<String, String>,
        asked: &ClosedQuestion,
    ) -> Result<Prompt, WordError> {
        let names: Vec<&str> = asked.options.names().collect();
        let mut texts = texts.clone();
        texts.insert(QUESTION.to_owned(), asked.text.clone());
        texts.insert(OPTIONS.to_owned(), names.join(", "));
        let subject = Subject::new(images.to_vec(), texts);
        self.question
            .prompt(&subject, Wanted::Options(asked.options.clone()))
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`Reason::Unparsed`] for masses of another number of options, [`Reason::LowCoverage`].
    pub fn read(&self, choice: &Choice, asked: &ClosedQuestion) -> Result<Chosen, Unscored> {
        let (masses, options) = (choice.log_mass().len(), asked.options.len());
        if masses != options {
            let detail = format!("{masses} masses for {options} options");
            return Err(Unscored::new(Reason::Unparsed, detail));
        }
        covered(choice, self.least_coverage)?;
        let opinion = Opinion::from_choice(choice, self.temperature);
        Ok(Chosen {
            probabilities: opinion.probabilities().to_vec(),
            coverage: choice.coverage(),
            readout: choice.readout(),
            censored: choice.is_censored(),
            intervals: ScoreInterval::of_shares(choice, self.temperature),
        })
    }
}

/// Asks closed questions about the same images, all in one step; one result each, so that a bad one spoils no other.
#[derive(Debug)]
pub struct Choose {
    recipe: Arc<ChooseRecipe>,
    images: Vec<Image>,
    texts: BTreeMap<String, String>,
    questions: Vec<ClosedQuestion>,
    begun: bool,
}

impl Choose {
    /// A fresh run.
    pub fn new(
        recipe: Arc<ChooseRecipe>,
        images: Vec<Image>,
        texts: BTreeMap<String, String>,
        questions: Vec<ClosedQuestion>,
    ) -> Self {
        Choose {
            recipe,
            images,
            texts,
            questions,
            begun: false,
        }
    }
}

impl Protocol for Choose {
    type Outcome = Vec<Result<Chosen, Unscored>>;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        if !self.begun {
            self.begun = true;
            let prompts = self
                .questions
                .iter()
                .map(|asked| self.recipe.prompt(&self.images, &self.texts, asked))
                .collect::<Result<Vec<_>, _>>();
            return match prompts {
                Ok(prompts) => Step::Ask(prompts),
                Err(error) => {
                    let unfit = Unscored::new(Reason::NotApplicable, error.to_string());
                    Step::Done(self.questions.iter().map(|_| Err(unfit.clone())).collect())
                }
            };
        }
        let mut answers = answers.into_iter();
        let read = |asked: &ClosedQuestion| match answers.next() {
            Some(answered) => self.recipe.read(&choice(answered)?, asked),
            None => {
                let detail = "the question was not answered";
                Err(Unscored::new(Reason::Backend, detail))
            }
        };
        Step::Done(self.questions.iter().map(read).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::{Answer, Part, Reading, Template};

    fn recipe(text: &str) -> ChooseRecipe {
        let names = ["question", "options"].map(str::to_owned);
        ChooseRecipe {
            question: Question {
                system: None,
                text: Template::parse(text, &names).unwrap(),
                answer_prefix: None,
                reading: Reading::default(),
            },
            temperature: Temperature::ONE,
            least_coverage: Coverage::new(0.5).unwrap(),
        }
    }

    fn words(prompt: &Prompt) -> String {
        let words = prompt.parts().iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Image(_) => "<image>".to_owned(),
        });
        words.collect()
    }

    fn answer(masses: &[f64], coverage: f64) -> Answered {
        let coverage = Some(Coverage::new(coverage).unwrap());
        Ok(Answer::Choice(
            Choice::new(masses.to_vec(), coverage, Readout::LabelTokens).unwrap(),
        ))
    }

    #[test]
    fn questions_are_asked_at_once_and_read_one_by_one() {
        let colours = ["red", "blue", "green"].map(str::to_owned);
        let questions = vec![
            ClosedQuestion::yes_no("Is there a dog?").unwrap(),
            ClosedQuestion::new("What colour is it?", &colours).unwrap(),
            ClosedQuestion::yes_no("Is there a cat?").unwrap(),
        ];
        let recipe = Arc::new(recipe("<image>{question} ({options})"));
        let images = vec![Image::new(&b"image"[..])];
        let mut protocol = Choose::new(recipe, images, BTreeMap::new(), questions);
        let Step::Ask(prompts) = protocol.step(vec![]) else {
            panic!("it begins with questions")
        };
        assert_eq!(prompts.len(), 3);
        assert_eq!(
            words(&prompts[1]),
            "<image>What colour is it? (red, blue, green)"
        );
        let answers = vec![
            answer(&[0.0, 0.0], 1.0),
            Err(Unscored::new(Reason::Backend, "down")),
            answer(&[0.0, 0.0], 0.1),
        ];
        let Step::Done(chosen) = protocol.step(answers) else {
            panic!("it asks once")
        };
        assert_eq!(chosen[0].as_ref().unwrap().probabilities, [0.5, 0.5]);
        assert_eq!(chosen[1].as_ref().unwrap_err().reason, Reason::Backend);
        assert_eq!(chosen[2].as_ref().unwrap_err().reason, Reason::LowCoverage);
    }

    #[test]
    fn a_wording_without_the_question_is_refused() {
        assert!(recipe("<image>Yes or no?").check().is_err());
        assert!(recipe("<image>{question}").check().is_ok());
        assert!(ClosedQuestion::new("?", &["one".to_owned()]).is_err());
    }
}
