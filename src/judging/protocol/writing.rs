//! A text that a language model writes in stages, each read before the next is asked: questions about an image, say.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::staged::{OPTIONS, QUESTION, StageReport, Staged, free_text};
use super::{Answered, ChooseRecipe, Protocol, Step};
use crate::judging::t2i_eval::ShapeError;
use crate::judging::{Answer, Reason, Subject, Unscored};

/// A work in one or more stages.
pub trait Draft {
    /// What it becomes.
    type Work;

    /// Name of the stage that is next.
    fn stage(&self) -> &'static str;

    /// What is asked in it.
    fn request(&self) -> String;

    /// Takes what was written, and gives the work once it is whole.
    ///
    /// # Errors
    /// A text of another shape; the stage is asked again, as often as the caller allows.
    fn take(&mut self, text: &str) -> Result<Option<Self::Work>, ShapeError>;
}

/// Asks for a draft, stage by stage.
#[derive(Debug)]
pub struct Writing<D> {
    recipe: Arc<ChooseRecipe>,
    draft: D,
    retries: u32,
    tries: u32,
    begun: bool,
    reports: Vec<StageReport>,
}

impl<D: Draft> Writing<D> {
    /// A fresh run; a stage that cannot be read is asked at most `retries` times more.
    pub fn new(recipe: Arc<ChooseRecipe>, draft: D, retries: u32) -> Self {
        Writing {
            recipe,
            draft,
            retries,
            tries: 0,
            begun: false,
            reports: Vec::new(),
        }
    }

    fn ask(&self) -> Step<Result<D::Work, Unscored>> {
        let texts = BTreeMap::from([
            (QUESTION.to_owned(), self.draft.request()),
            (OPTIONS.to_owned(), "free text".to_owned()),
        ]);
        let subject = Subject::new(Vec::new(), texts);
        match free_text(&self.recipe.question, &subject, self.tries) {
            Ok(prompt) => Step::Ask(vec![prompt]),
            Err(error) => {
                let detail = format!("{}: {error}", self.draft.stage());
                Step::Done(Err(Unscored::new(Reason::NotApplicable, detail)))
            }
        }
    }

    /// Reads the answer of a stage: the work, or nothing where there is more to ask.
    fn read(&mut self, answered: Answered) -> Result<Option<D::Work>, Unscored> {
        let stage = self.draft.stage();
        let named = |unscored: Unscored| {
            Unscored::new(unscored.reason, format!("{stage}: {}", unscored.detail))
        };
        let text = match answered.map_err(named)? {
            Answer::Text(text) => text,
            Answer::Choice(_) | Answer::Value(_) => {
                let detail = "the writer gave no text".to_owned();
                return Err(ShapeError::whole(stage, detail).into());
            }
        };
        let report = StageReport {
            text: Some(text.clone()),
            ..StageReport::of(stage, None)
        };
        match self.draft.take(&text) {
            Ok(work) => {
                self.tries = 0;
                self.reports.push(report);
                Ok(work)
            }
            Err(error) if self.tries < self.retries => {
                self.tries += 1;
                let failed = Some(Unscored::from(error));
                self.reports.push(StageReport { failed, ..report });
                Ok(None)
            }
            Err(error) => Err(Unscored::from(error)),
        }
    }
}

impl<D: Draft> Protocol for Writing<D> {
    type Outcome = Result<D::Work, Unscored>;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        if !self.begun {
            self.begun = true;
            return self.ask();
        }
        let stage = self.draft.stage();
        let none = || {
            Err(Unscored::new(
                Reason::Backend,
                "the question was not answered",
            ))
        };
        let answered = answers.into_iter().next().unwrap_or_else(none);
        match self.read(answered) {
            Ok(None) => self.ask(),
            Ok(Some(work)) => Step::Done(Ok(work)),
            Err(unscored) => {
                self.reports.push(StageReport {
                    failed: Some(unscored.clone()),
                    ..StageReport::of(stage, None)
                });
                Step::Done(Err(unscored))
            }
        }
    }
}

impl<D: Draft> Staged for Writing<D> {
    fn reports(&mut self) -> Vec<StageReport> {
        std::mem::take(&mut self.reports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::{Coverage, Prompt, Question, Reading, Temperature, Template};

    /// Two stages; each takes a number.
    struct Sum(Vec<u32>);

    impl Draft for Sum {
        type Work = u32;

        fn stage(&self) -> &'static str {
            ["first", "second"][self.0.len()]
        }

        fn request(&self) -> String {
            format!("number {}?", self.0.len() + 1)
        }

        fn take(&mut self, text: &str) -> Result<Option<u32>, ShapeError> {
            let number = text.parse();
            let number = number.map_err(|_| ShapeError::at(self.stage(), 1, "no number".into()))?;
            self.0.push(number);
            Ok((self.0.len() == 2).then(|| self.0.iter().sum()))
        }
    }

    fn writing(retries: u32) -> Writing<Sum> {
        let names = ["question".to_owned()];
        let recipe = ChooseRecipe {
            question: Question {
                system: None,
                text: Template::parse("{question}", &names).unwrap(),
                answer_prefix: None,
                reading: Reading::default(),
            },
            temperature: Temperature::ONE,
            least_coverage: Coverage::FULL,
        };
        Writing::new(Arc::new(recipe), Sum(vec![]), retries)
    }

    fn ask(writing: &mut Writing<Sum>, text: Option<&str>) -> Prompt {
        let answers = text.map(|text| Ok(Answer::Text(text.to_owned())));
        match writing.step(answers.into_iter().collect()) {
            Step::Ask(mut prompts) => prompts.remove(0),
            Step::Done(_) => panic!("it asks on"),
        }
    }

    #[test]
    fn a_stage_that_cannot_be_read_is_asked_again_and_then_stays_failed() {
        let mut run = writing(1);
        let first = ask(&mut run, None);
        assert!(first.reading().sampling.temperature < 0.5);
        let again = ask(&mut run, Some("one"));
        assert_eq!((again.repeat(), again.parts()), (1, first.parts()));
        assert!(again.reading().sampling.temperature > 0.5);
        let second = ask(&mut run, Some("1"));
        assert_eq!(second.repeat(), 0);
        let done = run.step(vec![Ok(Answer::Text("2".to_owned()))]);
        assert_eq!(done, Step::Done(Ok(3)));
        let stages: Vec<_> = run
            .reports()
            .into_iter()
            .map(|one| (one.stage, one.failed.is_some()))
            .collect();
        assert_eq!(
            stages,
            [("first", true), ("first", false), ("second", false)]
        );

        let mut run = writing(0);
        ask(&mut run, None);
        let Step::Done(Err(failed)) = run.step(vec![Ok(Answer::Text("one".to_owned()))]) else {
            panic!("no more tries")
        };
        assert_eq!(failed.to_string(), "unparsed: first, line 1: no number");
        let mut run = writing(9);
        ask(&mut run, None);
        let down = Unscored::new(Reason::Backend, "down");
        let Step::Done(Err(failed)) = run.step(vec![Err(down)]) else {
            panic!("a backend that fails is not asked again")
        };
        assert_eq!(failed.to_string(), "backend: first: down");
    }
}
