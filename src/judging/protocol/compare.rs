//! Which of two is better, asked in both orders in one step.
//!
//! 2AFC-LMMs asks for a letter, Co-Instruct for words, Compare2Score (arXiv 2405.19298) for one of five
//! comparative levels with a preference each; they differ in what is asked and in what each answer says.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::score::choice;
use super::{Answered, Protocol, Step, covered};
use crate::judging::{
    Answer, Choice, Comparison, Coverage, Disagreement, Found, Opinion, Options, Preference,
    Prompt, Question, Readout, Reason, Subject, Temperature, TieWidth, Unscored, Wanted, WordError,
    WrittenVerdict, log_sum_exp,
};

/// What every pair is asked and how the answer is read.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareRecipe {
    /// What is asked, with two images.
    pub question: Question,
    /// How the answer comes.
    pub given: GivenVerdict,
    /// The allowed answers.
    pub options: Options,
    /// What each answer says of the two as they were shown.
    pub says: Vec<Says>,
    /// Divisor of the log masses.
    pub temperature: Temperature,
    /// Least coverage with which an answer counts.
    pub least_coverage: Coverage,
}

/// How the answer comes.
#[derive(Debug, Clone, PartialEq)]
pub enum GivenVerdict {
    /// As a choice among the answers, by the best readout that the backend has.
    Chosen,
    /// In written text, once for each sample of the question's reading.
    Written(WrittenVerdict),
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

    /// What it comes down to, with a tie width and a stated choice for orders that disagree.
    pub fn preference(&self, ties: TieWidth, on_disagreement: Disagreement) -> Preference {
        match (self.orders_disagree, on_disagreement) {
            (false, _) | (true, Disagreement::Average) => self.comparison.preference(ties),
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

    /// How many prompts a pair takes: one for each order, and as many again for each further sample.
    pub fn prompts_of_a_pair(&self) -> usize {
        2 * self.samples() as usize
    }

    fn samples(&self) -> u32 {
        match self.given {
            GivenVerdict::Chosen => 1,
            GivenVerdict::Written(_) => self.question.reading.sampling.samples,
        }
    }

    /// The prompts for a pair: as it is, and with its images the other way round, each once for every sample.
    ///
    /// # Errors
    /// An image or text that the pair lacks.
    pub fn prompts(&self, pair: &Subject) -> Result<Vec<Prompt>, WordError> {
        let mut prompts = Vec::with_capacity(self.prompts_of_a_pair());
        for shown in [pair.clone(), pair.reversed()] {
            let wanted = match self.given {
                GivenVerdict::Chosen => Wanted::Options(self.options.clone()),
                GivenVerdict::Written(_) => Wanted::Text,
            };
            let prompt = self.question.prompt(&shown, wanted)?;
            prompts.extend((0..self.samples()).map(|repeat| prompt.clone().with_repeat(repeat)));
        }
        Ok(prompts)
    }

    /// Reads the answers to [`CompareRecipe::prompts`], in their order. Some samples may be unreadable, as the card
    /// allows; none is made up.
    ///
    /// # Errors
    /// The first failure, where an order was not answered; and as [`CompareRecipe::combine`].
    pub fn read(&self, answers: Vec<Answered>) -> Result<Compared, Unscored> {
        if answers.len() != self.prompts_of_a_pair() {
            return Err(Unscored::new(
                Reason::Backend,
                "both orders were asked, and not both were answered",
            ));
        }
        let mut straight = answers;
        let turned = straight.split_off(straight.len() / 2);
        let [straight, turned] = [straight, turned].map(|order| self.of_one_order(order));
        self.combine(&straight?, &turned?)
    }

    fn of_one_order(&self, answers: Vec<Answered>) -> Result<Choice, Unscored> {
        match &self.given {
            GivenVerdict::Chosen => answers.into_iter().map(choice).next().unwrap_or_else(|| {
                let detail = "the question was not answered";
                Err(Unscored::new(Reason::Backend, detail))
            }),
            GivenVerdict::Written(written) => self.counted(written, answers),
        }
    }

    /// Shares of the verdicts among written answers; one answer says nothing of the other verdicts.
    fn counted(
        &self,
        written: &WrittenVerdict,
        answers: Vec<Answered>,
    ) -> Result<Choice, Unscored> {
        let drawn = answers.len();
        let mut counts = vec![0u32; self.options.len()];
        let mut failure = None;
        for answered in answers {
            match self.verdict(written, answered) {
                Ok(option) => counts[option] += 1,
                Err(unscored) => failure = failure.or(Some(unscored)),
            }
        }
        let chosen = counts.iter().position(|count| *count > 0);
        let made = match (chosen, failure) {
            (None, Some(unscored)) => return Err(unscored),
            (None, None) => {
                let detail = "the question was not answered";
                return Err(Unscored::new(Reason::Backend, detail));
            }
            (Some(option), _) if drawn == 1 => Choice::parsed(option, counts.len()),
            (Some(_), _) => Choice::sampled(counts, u32::try_from(drawn).unwrap_or(u32::MAX)),
        };
        made.map_err(|error| Unscored::new(Reason::Unparsed, error.to_string()))
    }

    /// The option on which one written answer settles.
    ///
    /// # Errors
    /// What kept the backend from answering, and as [`WrittenVerdict::read`]; [`Reason::Unparsed`] for equal
    /// scores where no answer of the card is a tie.
    pub fn verdict(&self, written: &WrittenVerdict, answered: Answered) -> Result<usize, Unscored> {
        let Answer::Text(text) = answered? else {
            return Err(Unscored::new(
                Reason::Unparsed,
                "the answer is of another kind than the card asks for",
            ));
        };
        let (first, second) = match written.read(&text, &self.options)? {
            Found::Option(option) => return Ok(option),
            Found::Scores(first, second) => (first, second),
        };
        let wanted = match first.total_cmp(&second) {
            std::cmp::Ordering::Greater => Says::First(1.0),
            std::cmp::Ordering::Less => Says::First(0.0),
            std::cmp::Ordering::Equal => Says::Tie,
        };
        let meant = self.says.iter().position(|says| *says == wanted);
        meant.ok_or_else(|| {
            let detail = format!(
                "the scores {first} and {second} are a verdict that the card does not have"
            );
            Unscored::new(Reason::Unparsed, detail)
        })
    }

    /// Combines the choices of both orders; `turned` was asked with the images the other way round.
    ///
    /// # Errors
    /// [`Reason::Unparsed`] for another number of masses than options, [`Reason::LowCoverage`].
    pub fn combine(&self, straight: &Choice, turned: &Choice) -> Result<Compared, Unscored> {
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
        Step::Done(self.recipe.read(answers))
    }
}
