//! A number that the judge gives itself: written in text, perhaps several times, or the output of a model.
//!
//! VisualQuality-R1 (arXiv 2505.14460) draws several written ratings and takes their mean and spread;
//! VIEScore (arXiv 2312.14867) reads a list of aspects from JSON; reward models give one number.

use std::sync::Arc;

use super::{Answered, Protocol, Step};
use crate::judging::{
    Answer, Coverage, Extraction, IntervalKind, Prompt, Question, RawScore, Readout, Reason, Scale,
    ScoreInterval, Subject, Unscored, Verdict, Wanted, WordError,
};
use crate::stats;

/// What every subject is asked and how the number is read.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingRecipe {
    /// What is asked.
    pub question: Question,
    /// How the number comes.
    pub given: Given,
    /// The scale of the number.
    pub scale: Scale,
    /// Least share of the drawn answers that must hold a rating.
    pub least_coverage: Coverage,
}

/// How the number comes.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// In written text, once for each sample of the question's reading.
    Written(Extraction),
    /// As the output of a model.
    Value,
}

impl RatingRecipe {
    /// The prompts for one subject: the same question, once for each sample.
    ///
    /// # Errors
    /// An image or text that the subject lacks.
    pub fn prompts(&self, subject: &Subject) -> Result<Vec<Prompt>, WordError> {
        let (wanted, samples) = match self.given {
            Given::Written(_) => (Wanted::Text, self.question.reading.sampling.samples),
            Given::Value => (Wanted::Value, 1),
        };
        let prompt = self.question.prompt(subject, wanted)?;
        Ok((0..samples)
            .map(|repeat| prompt.clone().with_repeat(repeat))
            .collect())
    }

    /// Reads the answers, one for each sample. Some may be unreadable, as the card allows; none is made up.
    ///
    /// # Errors
    /// The first failure, when fewer ratings could be read than the card asks for.
    pub fn read(&self, answers: Vec<Answered>) -> Result<Verdict, Unscored> {
        let asked = answers.len();
        let mut ratings = Vec::with_capacity(asked);
        let mut failure = None;
        for answered in answers {
            match self.rating(answered) {
                Ok(rating) => ratings.push(rating),
                Err(unscored) => failure = failure.or(Some(unscored)),
            }
        }
        let share = ratings.len() as f64 / asked.max(1) as f64;
        if ratings.is_empty() || share < self.least_coverage.value() {
            let unscored = failure
                .unwrap_or_else(|| Unscored::new(Reason::Backend, "the question was not answered"));
            return Err(match (asked, ratings.len()) {
                (0 | 1, _) | (_, 0) => unscored,
                (_, read) => Unscored::new(
                    Reason::LowCoverage,
                    format!(
                        "{read} of {asked} answers hold a rating; the first that does not: {unscored}"
                    ),
                ),
            });
        }
        let (mean, spread, interval) = summary(&ratings);
        let readout = match (&self.given, asked) {
            (Given::Value, _) => Readout::Value,
            (Given::Written(_), 1) => Readout::ParsedText,
            (Given::Written(_), _) => Readout::Samples,
        };
        let coverage = match self.given {
            Given::Value => None,
            Given::Written(_) => Coverage::new(share).ok(),
        };
        Ok(Verdict {
            score: RawScore::new(mean, self.scale),
            opinion: None,
            spread,
            interval,
            coverage,
            readout,
            censored: false,
        })
    }

    /// The rating in one answer.
    ///
    /// # Errors
    /// What kept the backend from answering, or an answer with no rating on the scale.
    pub fn rating(&self, answered: Answered) -> Result<f64, Unscored> {
        match (answered?, &self.given) {
            (Answer::Text(text), Given::Written(extraction)) => extraction.read(&text, self.scale),
            (Answer::Value(value), Given::Value) => {
                if (self.scale.min()..=self.scale.max()).contains(&value) {
                    return Ok(value);
                }
                Err(Unscored::new(
                    Reason::Unparsed,
                    format!(
                        "the model gave {value}, outside the scale {}..={}",
                        self.scale.min(),
                        self.scale.max()
                    ),
                ))
            }
            (Answer::Choice(_) | Answer::Value(_) | Answer::Text(_), _) => Err(Unscored::new(
                Reason::Unparsed,
                "the answer is of another kind than the card asks for",
            )),
        }
    }
}

/// Mean, standard deviation (n - 1) and Student's interval; the last two from two ratings on.
fn summary(ratings: &[f64]) -> (f64, Option<f64>, Option<ScoreInterval>) {
    let mean = ratings.iter().sum::<f64>() / ratings.len() as f64;
    let Ok(with_error) = stats::mean(ratings) else {
        return (mean, None, None);
    };
    let spread = with_error.standard_error * (ratings.len() as f64).sqrt();
    let interval = with_error.estimate.interval.map(|interval| ScoreInterval {
        low: interval.low,
        high: interval.high,
        kind: IntervalKind::Student,
    });
    (mean, Some(spread), interval)
}

/// Rates one subject.
#[derive(Debug)]
pub struct Rating {
    recipe: Arc<RatingRecipe>,
    subject: Option<Subject>,
}

impl Rating {
    /// A fresh run for one subject.
    pub fn new(recipe: Arc<RatingRecipe>, subject: Subject) -> Self {
        Rating {
            recipe,
            subject: Some(subject),
        }
    }
}

impl Protocol for Rating {
    type Outcome = Result<Verdict, Unscored>;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        let Some(subject) = self.subject.take() else {
            return Step::Done(self.recipe.read(answers));
        };
        match self.recipe.prompts(&subject) {
            Ok(prompts) => Step::Ask(prompts),
            Err(error) => Step::Done(Err(Unscored::new(Reason::NotApplicable, error.to_string()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::{
        AnswerPlace, Better, Image, LengthCorrection, Place, Reading, Reduce, Sampling, Template,
    };

    fn recipe(samples: u32, given: Given) -> RatingRecipe {
        let sampling = Sampling {
            samples,
            ..Sampling::default()
        };
        let reading = Reading::new(
            vec![Readout::ParsedText],
            AnswerPlace::Last,
            LengthCorrection::Sum,
            sampling,
        );
        RatingRecipe {
            question: Question {
                system: None,
                text: Template::parse("<image>Rate it from 1 to 5.", &[]).unwrap(),
                answer_prefix: None,
                reading: reading.unwrap(),
            },
            given,
            scale: Scale::new(1.0, 5.0, Better::Higher).unwrap(),
            least_coverage: Coverage::new(0.5).unwrap(),
        }
    }

    fn written() -> Given {
        Given::Written(Extraction::new(vec![Place::Tag("answer".into())], Reduce::Only).unwrap())
    }

    fn texts(texts: &[&str]) -> Vec<Answered> {
        texts
            .iter()
            .map(|text| Ok(Answer::Text((*text).to_owned())))
            .collect()
    }

    #[test]
    fn each_sample_is_a_question_of_its_own() {
        let subject = Subject::of(Image::new(&b"image"[..]));
        let mut protocol = Rating::new(Arc::new(recipe(3, written())), subject);
        let Step::Ask(prompts) = protocol.step(vec![]) else {
            panic!("a rating begins with questions")
        };
        let mut digests: Vec<String> = prompts.iter().map(|p| p.digest().to_string()).collect();
        digests.dedup();
        assert_eq!(digests.len(), 3);
        let answers = texts(&[
            "<answer>4</answer>",
            "<answer>2</answer>",
            "<answer>3</answer>",
        ]);
        let Step::Done(Ok(verdict)) = protocol.step(answers) else {
            panic!("three ratings make a score")
        };
        assert!((verdict.score.value() - 3.0).abs() < 1e-15);
        assert!((verdict.spread.unwrap() - 1.0).abs() < 1e-15);
        // scipy.stats.t.interval(.95, 2, loc=3, scale=1/sqrt(3)) of scipy 1.17.1.
        let interval = verdict.interval.unwrap();
        assert!(
            (interval.low - 0.515_862_288_249_669_7).abs() < 1e-9,
            "{interval:?}"
        );
        assert_eq!(verdict.readout, Readout::Samples);
    }

    #[test]
    fn unreadable_answers_are_counted_and_never_numbers() {
        let recipe = recipe(4, written());
        let half = texts(&[
            "<answer>4</answer>",
            "no",
            "<answer>4</answer>",
            "<answer>9</answer>",
        ]);
        let verdict = recipe.read(half).unwrap();
        assert_eq!(
            (verdict.score.value(), verdict.coverage.unwrap().value()),
            (4.0, 0.5)
        );
        let most = texts(&["<answer>4</answer>", "no", "no", "no"]);
        assert_eq!(recipe.read(most).unwrap_err().reason, Reason::LowCoverage);
        let none = texts(&["no", "no"]);
        assert_eq!(recipe.read(none).unwrap_err().reason, Reason::Unparsed);
        let refused = vec![Err(Unscored::new(Reason::Refused, "no"))];
        assert_eq!(recipe.read(refused).unwrap_err().reason, Reason::Refused);
        assert_eq!(recipe.read(vec![]).unwrap_err().reason, Reason::Backend);
    }

    #[test]
    fn the_output_of_a_model_stays_on_its_scale() {
        let recipe = recipe(1, Given::Value);
        let verdict = recipe.read(vec![Ok(Answer::Value(4.5))]).unwrap();
        assert_eq!(
            (verdict.score.value(), verdict.readout),
            (4.5, Readout::Value)
        );
        let outside = recipe.read(vec![Ok(Answer::Value(7.0))]).unwrap_err();
        assert_eq!(outside.reason, Reason::Unparsed);
        let text = recipe.read(texts(&["4"])).unwrap_err();
        assert_eq!(text.reason, Reason::Unparsed);
    }
}
