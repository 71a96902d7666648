//! Which of two is better, asked in both orders in one step.
//!
//! 2AFC-LMMs asks for a letter, Co-Instruct for words, Compare2Score (arXiv 2405.19298) for one of five
//! comparative levels with a preference each; they differ in what is asked and in what each answer says.

use std::sync::Arc;

use super::score::choice;
use super::{Answered, Protocol, Step, covered};
use crate::judging::{
    Choice, Comparison, Coverage, Disagreement, Opinion, Options, Preference, Prompt, Question,
    Readout, Reason, Subject, Temperature, Unscored, Wanted, WordError, log_sum_exp,
};

/// What every pair is asked and how the answer is read.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareRecipe {
    /// What is asked, with two images.
    pub question: Question,
    /// The allowed answers.
    pub options: Options,
    /// What each answer says of the two as they were shown.
    pub says: Vec<Says>,
    /// Divisor of the log masses.
    pub temperature: Temperature,
    /// Least coverage with which an answer counts.
    pub least_coverage: Coverage,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Says {
    /// The one shown first is better with this probability; 1 and 0 are plain verdicts.
    First(f64),
    /// Neither is better.
    Tie,
}

impl Compared {
    /// Two images that are the same: a tie by construction, which nobody was asked about.
    pub fn same() -> Self {
        let comparison = Comparison::from_probabilities(0.0, 0.0, 1.0);
        Compared {
            comparison: comparison.expect("0, 0 and 1 sum to 1"),
            coverage: None,
            readout: Readout::ClosedSet,
            orders_disagree: false,
            censored: false,
        }
    }

    /// What it comes down to, with a tie width in log-odds (0 for none) and a stated choice for orders that disagree.
    pub fn preference(&self, tie_width: f64, on_disagreement: Disagreement) -> Preference {
        match (self.orders_disagree, on_disagreement) {
            (false, _) | (true, Disagreement::Average) => self.comparison.preference(tie_width),
            (true, Disagreement::Tie) => Preference::Tie,
            (true, Disagreement::Drop) => Preference::Dropped,
            (true, Disagreement::Review) => Preference::Review,
        }
    }
}

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The probabilities, free of additive position bias, and the order effect.
    pub comparison: Comparison,
    /// Least coverage of the two orders, where the readout knows it.
    pub coverage: Option<Coverage>,
    /// How the masses were read.
    pub readout: Readout,
    /// Whether the two orders prefer different images.
    pub orders_disagree: bool,
    /// Whether an option was not listed in one of the orders.
    pub censored: bool,
}

/// What one order says: log-odds of the first shown, and the share of ties.
#[derive(Debug, Clone, Copy)]
struct OneOrder {
    log_odds: f64,
    tie: f64,
}

impl CompareRecipe {
    /// Checks that every answer says something, and that both images can win.
    ///
    /// # Errors
    /// Another number of sayings than of options, a preference outside 0..=1, a question that does not show
    /// two images, or answers of which all prefer the same image.
    pub fn check(self) -> Result<Self, WordError> {
        if self.says.len() != self.options.len() {
            return Err(WordError::new("each answer says which image is better"));
        }
        if self.question.text.images() != 2 {
            return Err(WordError::new(format!(
                "a comparison shows two images; the question shows {}",
                self.question.text.images()
            )));
        }
        let firsts = self.says.iter().filter_map(|says| match says {
            Says::First(share) => Some(*share),
            Says::Tie => None,
        });
        let (mut can_win, mut can_lose) = (false, false);
        for share in firsts {
            if !(0.0..=1.0).contains(&share) {
                return Err(WordError::new(format!(
                    "preference {share} must lie in 0..=1"
                )));
            }
            can_win |= share > 0.0;
            can_lose |= share < 1.0;
        }
        if can_win && can_lose {
            Ok(self)
        } else {
            Err(WordError::new(
                "some answer must prefer the first image and some the second",
            ))
        }
    }

    /// The prompts for a pair: as it is, and with its images the other way round.
    ///
    /// # Errors
    /// An image or text that the pair lacks.
    pub fn prompts(&self, pair: &Subject) -> Result<Vec<Prompt>, WordError> {
        [pair.clone(), pair.reversed()]
            .iter()
            .map(|pair| {
                let wanted = Wanted::Options(self.options.clone());
                self.question.prompt(pair, wanted)
            })
            .collect()
    }

    /// Combines the choices of both orders; `turned` was asked with the images the other way round.
    ///
    /// # Errors
    /// [`Reason::Unparsed`] for another number of masses than options, [`Reason::LowCoverage`].
    pub fn read(&self, straight: &Choice, turned: &Choice) -> Result<Compared, Unscored> {
        let first = self.one_order(straight)?;
        let second = self.one_order(turned)?;
        let tie = f64::midpoint(first.tie, second.tie);
        let comparison = Comparison::from_both_orders(first.log_odds, -second.log_odds, tie)
            .map_err(|error| Unscored::new(Reason::NotFinite, error.to_string()))?;
        let coverages = [straight.coverage(), turned.coverage()];
        Ok(Compared {
            comparison,
            coverage: coverages
                .into_iter()
                .flatten()
                .min_by(|a, b| a.value().total_cmp(&b.value())),
            readout: straight.readout(),
            orders_disagree: first.log_odds * -second.log_odds < 0.0,
            censored: straight.is_censored() || turned.is_censored(),
        })
    }

    fn one_order(&self, choice: &Choice) -> Result<OneOrder, Unscored> {
        let (masses, options) = (choice.log_mass().len(), self.options.len());
        if masses != options {
            return Err(Unscored::new(
                Reason::Unparsed,
                format!("{masses} masses for {options} answers"),
            ));
        }
        covered(choice, self.least_coverage)?;
        let scaled: Vec<f64> = choice
            .log_mass()
            .iter()
            .map(|log_mass| log_mass / self.temperature.value())
            .collect();
        let side =
            |weight: fn(f64) -> f64| {
                log_sum_exp(scaled.iter().zip(&self.says).filter_map(
                    |(log_mass, says)| match says {
                        Says::First(share) => Some(log_mass + weight(*share).ln()),
                        Says::Tie => None,
                    },
                ))
            };
        let opinion = Opinion::from_choice(choice, self.temperature);
        let ties = opinion.probabilities().iter().zip(&self.says);
        Ok(OneOrder {
            log_odds: side(|share| share) - side(|share| 1.0 - share),
            tie: ties
                .filter(|(_, says)| matches!(says, Says::Tie))
                .map(|(share, _)| share)
                .sum::<f64>()
                .min(1.0),
        })
    }
}

/// Compares one pair.
#[derive(Debug)]
pub struct Compare {
    recipe: Arc<CompareRecipe>,
    pair: Option<Subject>,
}

impl Compare {
    /// A fresh run for the two images of `pair`.
    pub fn new(recipe: Arc<CompareRecipe>, pair: Subject) -> Self {
        Compare {
            recipe,
            pair: Some(pair),
        }
    }
}

impl Protocol for Compare {
    type Outcome = Result<Compared, Unscored>;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        if let Some(pair) = self.pair.take() {
            return match self.recipe.prompts(&pair) {
                Ok(prompts) => Step::Ask(prompts),
                Err(error) => {
                    Step::Done(Err(Unscored::new(Reason::NotApplicable, error.to_string())))
                }
            };
        }
        let choices = answers
            .into_iter()
            .map(choice)
            .collect::<Result<Vec<_>, _>>();
        Step::Done(choices.and_then(|choices| match &choices[..] {
            [straight, turned] => self.recipe.read(straight, turned),
            _ => Err(Unscored::new(
                Reason::Backend,
                "both orders were asked, and not both were answered",
            )),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::{AnswerOption, Image, Reading, Template};

    fn recipe(names: &[&str], says: Vec<Says>, temperature: f64) -> CompareRecipe {
        let option = |name: &&str| AnswerOption::new(*name, vec![]).unwrap();
        CompareRecipe {
            question: Question {
                system: None,
                text: Template::parse("<image><image>Which is better?", &[]).unwrap(),
                answer_prefix: None,
                reading: Reading::default(),
            },
            options: Options::new(names.iter().map(option).collect()).unwrap(),
            says,
            temperature: Temperature::new(temperature).unwrap(),
            least_coverage: Coverage::new(0.5).unwrap(),
        }
        .check()
        .unwrap()
    }

    fn letters() -> CompareRecipe {
        recipe(
            &["A", "B", "C"],
            vec![Says::First(1.0), Says::First(0.0), Says::Tie],
            1.0,
        )
    }

    fn choice(masses: &[f64]) -> Choice {
        Choice::new(masses.to_vec(), None, Readout::LabelTokens).unwrap()
    }

    #[test]
    fn both_orders_are_asked_and_position_bias_cancels() {
        let pair = Subject::new(
            vec![Image::new(&b"a"[..]), Image::new(&b"b"[..])],
            Default::default(),
        );
        let mut protocol = Compare::new(Arc::new(letters()), pair);
        let Step::Ask(prompts) = protocol.step(vec![]) else {
            panic!("a comparison begins with questions")
        };
        let first = |at: usize| prompts[at].images().next().unwrap().bytes().to_vec();
        assert_eq!((first(0), first(1)), (b"a".to_vec(), b"b".to_vec()));
        // Shown first: 1.5 for the better image and 1 for the place; shown last: 1.5 less 1.
        let answers = [[2.5, 0.0, -9.0], [0.0, 0.5, -9.0]]
            .map(|masses| Ok(crate::judging::Answer::Choice(choice(&masses))));
        let Step::Done(Ok(compared)) = protocol.step(answers.to_vec()) else {
            panic!("two answers make a comparison")
        };
        assert!((compared.comparison.order_effect().unwrap() - 1.0).abs() < 1e-12);
        let odds = (compared.comparison.first() / compared.comparison.second()).ln();
        assert!((odds - 1.5).abs() < 1e-12 && !compared.orders_disagree);
    }

    #[test]
    fn orders_that_disagree_are_told() {
        let always_first = [3.0, 0.0, -9.0];
        let compared = letters()
            .read(&choice(&always_first), &choice(&always_first))
            .unwrap();
        assert!(compared.orders_disagree);
        assert!((compared.comparison.first() - compared.comparison.second()).abs() < 1e-12);
        for (choice, preference) in [
            (Disagreement::Average, Preference::Tie),
            (Disagreement::Tie, Preference::Tie),
            (Disagreement::Drop, Preference::Dropped),
            (Disagreement::Review, Preference::Review),
        ] {
            assert_eq!(compared.preference(0.0, choice), preference);
        }
    }

    /// Compare2Score: P(second better) = sum of p over weights 0, .25, .5, .75, 1.
    #[test]
    fn graded_preferences_are_weighted() {
        let says = [1.0, 0.75, 0.5, 0.25, 0.0].map(Says::First).to_vec();
        let names = ["inferior", "worse", "similar", "better", "superior"];
        let recipe = recipe(&names, says, 1.0);
        let masses = [0.1f64, 0.2, 0.3, 0.3, 0.1].map(f64::ln);
        let turned = [0.1f64, 0.3, 0.3, 0.2, 0.1].map(f64::ln);
        let compared = recipe.read(&choice(&masses), &choice(&turned)).unwrap();
        assert!((compared.comparison.second() - 0.525).abs() < 1e-12);
        assert!(compared.comparison.order_effect().unwrap().abs() < 1e-12);
    }

    #[test]
    fn a_recipe_in_which_one_image_cannot_win_is_refused() {
        let base = letters();
        let with = |says: Vec<Says>| {
            CompareRecipe {
                says,
                ..base.clone()
            }
            .check()
        };
        assert!(with(vec![Says::First(1.0), Says::First(1.0), Says::Tie]).is_err());
        assert!(with(vec![Says::First(1.0), Says::First(2.0), Says::Tie]).is_err());
        assert!(with(vec![Says::First(1.0)]).is_err());
        let mut one_image = base.clone();
        one_image.question.text = Template::parse("<image>", &[]).unwrap();
        assert!(one_image.check().is_err());
    }
}
