//! One image, one closed question, one score: the softmax over ordered levels.
//!
//! Q-Bench (arXiv 2309.14181), Q-Align (arXiv 2312.17090) and DeQA-Score (arXiv 2501.11561) differ
//! only in prompt, levels and temperature, which are the card's.

use std::sync::Arc;

use super::{Answered, Protocol, Step, covered};
use crate::judging::{
    Answer, Choice, Coverage, Evidence, LevelSet, Opinion, Options, Prompt, Question, RawScore,
    Reason, ScoreInterval, Subject, Temperature, Unscored, Verdict, Wanted, WordError,
};

/// What every subject is asked and how the answer is read.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRecipe {
    /// The wordings, at least one; the score is the mean over them.
    pub variants: Vec<Variant>,
    /// The levels and their worths.
    pub levels: LevelSet,
    /// Divisor of the log masses.
    pub temperature: Temperature,
    /// Least coverage with which an answer counts.
    pub least_coverage: Coverage,
}

/// One wording of the question.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// What is asked.
    pub question: Question,
    /// The allowed answers, and the level that each stands for.
    pub asked: Asked,
}

/// How the answer to one wording becomes a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    /// The log mass of each level: that of its answer, or the mean of its answers.
    pub pooled: Choice,
    /// Their softmax at the temperature of the recipe.
    pub opinion: Opinion,
    /// Expected worth under the opinion.
    pub score: RawScore,
    /// Where the score lies, where not all of the answer was read.
    pub interval: Option<ScoreInterval>,
}

/// Allowed answers, each standing for a level.
///
/// Several answers may stand for one level (Q-Boost's synonyms): its log mass is then the mean of theirs.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    options: Options,
    level_of: Vec<usize>,
}

impl Asked {
    /// The levels themselves.
    pub fn levels(levels: &LevelSet) -> Self {
        Asked {
            options: levels.options().clone(),
            level_of: (0..levels.options().len()).collect(),
        }
    }

    /// Answers, and the place of the level that each stands for.
    ///
    /// # Errors
    /// Another number of places than of answers, a place that is no level, or a level that nothing stands for.
    pub fn new(
        options: Options,
        level_of: Vec<usize>,
        levels: &LevelSet,
    ) -> Result<Self, WordError> {
        let count = levels.options().len();
        if level_of.len() != options.len() || level_of.iter().any(|level| *level >= count) {
            return Err(WordError::new("each answer stands for one of the levels"));
        }
        if let Some(level) = (0..count).find(|level| !level_of.contains(level)) {
            let name = levels.options().names().nth(level).unwrap_or_default();
            return Err(WordError::new(format!(
                "no answer stands for level `{name}`"
            )));
        }
        Ok(Asked { options, level_of })
    }

    /// The allowed answers.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Place of the level that each answer stands for.
    pub fn level_of(&self) -> &[usize] {
        &self.level_of
    }

    /// A choice among the levels from one among the answers.
    fn pooled(&self, choice: &Choice) -> Result<Choice, WordError> {
        let in_order = self
            .level_of
            .iter()
            .enumerate()
            .all(|(at, level)| at == *level);
        if in_order {
            return Ok(choice.clone());
        }
        let count = 1 + self.level_of.iter().max().copied().unwrap_or_default();
        let members = |level: usize| {
            let level_of = self.level_of.iter().enumerate();
            level_of.filter_map(move |(option, of)| (*of == level).then_some(option))
        };
        let mean = |values: &dyn Fn(usize) -> f64, level: usize| {
            let of_level = members(level);
            of_level.clone().map(values).sum::<f64>() / of_level.count() as f64
        };
        if let Evidence::Counts(counts) = choice.evidence() {
            let pooled: Vec<u32> = (0..count)
                .map(|level| members(level).map(|option| counts[option]).sum())
                .collect();
            return Choice::recounted(pooled, choice);
        }
        let masses = (0..count).map(|level| mean(&|option| choice.log_mass()[option], level));
        let pooled = Choice::new(masses.collect(), choice.coverage(), choice.readout())?;
        let Evidence::Censored(ceilings) = choice.evidence() else {
            return Ok(pooled);
        };
        let ceiling = |option: usize| ceilings[option].unwrap_or(choice.log_mass()[option]);
        let bounds = (0..count).map(|level| {
            let open = members(level).any(|option| ceilings[option].is_some());
            open.then(|| mean(&ceiling, level))
        });
        Ok(pooled.with_ceilings(bounds.collect()))
    }
}

impl ScoreRecipe {
    /// The prompts for one subject, one for each wording.
    ///
    /// # Errors
    /// An image or text that the subject lacks.
    pub fn prompts(&self, subject: &Subject) -> Result<Vec<Prompt>, WordError> {
        self.variants
            .iter()
            .map(|variant| {
                let wanted = Wanted::Options(variant.asked.options().clone());
                variant.question.prompt(subject, wanted)
            })
            .collect()
    }

    /// Reads the choices, one for each wording: the same code for live answers and for released logits.
    ///
    /// # Errors
    /// [`Reason::Unparsed`] when the numbers of choices or masses are not those of the card,
    /// [`Reason::LowCoverage`] when too little mass fell on the levels.
    pub fn read(&self, choices: &[Choice]) -> Result<Verdict, Unscored> {
        let derived = self.derive(choices)?;
        let opinions: Vec<Opinion> = derived.iter().map(|one| one.opinion.clone()).collect();
        let intervals: Vec<(f64, Option<ScoreInterval>)> = derived
            .iter()
            .map(|one| (one.score.value(), one.interval))
            .collect();
        let opinion = Opinion::mean_of(&opinions);
        let pooled = || derived.iter().map(|one| &one.pooled);
        let coverage = pooled().filter_map(Choice::coverage);
        Ok(Verdict {
            score: opinion.score(&self.levels),
            spread: Some(opinion.spread(&self.levels)),
            opinion: Some(opinion),
            interval: ScoreInterval::mean(&intervals),
            coverage: coverage.min_by(|a, b| a.value().total_cmp(&b.value())),
            readout: derived[0].pooled.readout(),
            censored: pooled().any(Choice::is_censored),
        })
    }

    /// The steps from the choices, one for each wording, to the score of each: what [`ScoreRecipe::read`] takes the mean of.
    ///
    /// # Errors
    /// As [`ScoreRecipe::read`].
    pub fn derive(&self, choices: &[Choice]) -> Result<Vec<Derived>, Unscored> {
        if choices.len() != self.variants.len() {
            let detail = format!(
                "{} choices for {} wordings",
                choices.len(),
                self.variants.len()
            );
            return Err(Unscored::new(Reason::Unparsed, detail));
        }
        let steps = choices.iter().zip(&self.variants).map(|(choice, variant)| {
            let pooled = self.checked(choice, variant)?;
            let opinion = Opinion::from_choice(&pooled, self.temperature);
            Ok(Derived {
                score: opinion.score(&self.levels),
                interval: ScoreInterval::of(&pooled, self.temperature, &self.levels),
                opinion,
                pooled,
            })
        });
        steps.collect()
    }

    fn checked(&self, choice: &Choice, variant: &Variant) -> Result<Choice, Unscored> {
        let (masses, options) = (choice.log_mass().len(), variant.asked.options().len());
        if masses != options {
            return Err(Unscored::new(
                Reason::Unparsed,
                format!("{masses} masses for {options} levels"),
            ));
        }
        covered(choice, self.least_coverage)?;
        variant
            .asked
            .pooled(choice)
            .map_err(|error| Unscored::new(Reason::Unparsed, error.to_string()))
    }
}

/// Scores one subject.
#[derive(Debug)]
pub struct Score {
    recipe: Arc<ScoreRecipe>,
    subject: Option<Subject>,
}

impl Score {
    /// A fresh run for one subject.
    pub fn new(recipe: Arc<ScoreRecipe>, subject: Subject) -> Self {
        Score {
            recipe,
            subject: Some(subject),
        }
    }
}

impl Protocol for Score {
    type Outcome = Result<Verdict, Unscored>;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        if let Some(subject) = self.subject.take() {
            return match self.recipe.prompts(&subject) {
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
        Step::Done(choices.and_then(|choices| {
            if choices.is_empty() {
                let detail = "the question was not answered";
                return Err(Unscored::new(Reason::Backend, detail));
            }
            self.recipe.read(&choices)
        }))
    }
}

/// The choice in an answer.
///
/// # Errors
/// What kept the backend from answering, or an answer of another kind.
pub(super) fn choice(answered: Answered) -> Result<Choice, Unscored> {
    match answered? {
        Answer::Choice(choice) => Ok(choice),
        Answer::Value(_) | Answer::Text(_) => Err(Unscored::new(
            Reason::Unparsed,
            "the answer is not a choice among the levels",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::{
        AnswerOption, Better, Image, IntervalKind, Level, Listed, Reading, Readout, Scale, Template,
    };

    fn recipe() -> Arc<ScoreRecipe> {
        let level = |name: &str, worth| Level {
            option: AnswerOption::new(name, vec![]).unwrap(),
            worth,
        };
        let levels = LevelSet::new(
            vec![level("good", 1.0), level("poor", 0.0)],
            Scale::new(0.0, 1.0, Better::Higher).unwrap(),
        )
        .unwrap();
        let question = question();
        let asked = Asked::levels(&levels);
        Arc::new(ScoreRecipe {
            variants: vec![Variant { question, asked }],
            levels,
            temperature: Temperature::new(100.0).unwrap(),
            least_coverage: Coverage::new(0.5).unwrap(),
        })
    }

    fn question() -> Question {
        Question {
            system: None,
            text: Template::parse("<image>Rate the quality of the image.", &[]).unwrap(),
            answer_prefix: None,
            reading: Reading::default(),
        }
    }

    fn options(names: &[&str]) -> Options {
        let option = |name: &&str| AnswerOption::new(*name, vec![]).unwrap();
        Options::new(names.iter().map(option).collect()).unwrap()
    }

    fn finish(answers: Vec<Answered>) -> Result<Verdict, Unscored> {
        let mut protocol = Score::new(recipe(), Subject::of(Image::new(&b"image"[..])));
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

    /// Q-Boost: the log masses of synonyms are averaged before the softmax.
    #[test]
    fn synonyms_are_pooled_by_their_mean() {
        let mut recipe = (*recipe()).clone();
        let words = options(&["fine", "good", "poor", "bad"]);
        recipe.variants[0].asked = Asked::new(words, vec![0, 0, 1, 1], &recipe.levels).unwrap();
        recipe.temperature = Temperature::ONE;
        let choice = Choice::new(vec![1.0, 3.0, 0.0, 1.0], None, Readout::LabelLogits).unwrap();
        let verdict = recipe.read(&[choice]).unwrap();
        // sigma(2 - 0.5), by Python 3.11.
        assert!((verdict.score.value() - 0.8175744761936437).abs() < 1e-15);
        let two = options(&["good", "poor"]);
        assert!(Asked::new(two.clone(), vec![0, 0], &recipe.levels).is_err());
        assert!(Asked::new(two, vec![0, 2], &recipe.levels).is_err());
    }

    /// A reversed wording cancels a judge's liking for one of the words.
    #[test]
    fn wordings_are_averaged() {
        let mut recipe = (*recipe()).clone();
        recipe.temperature = Temperature::ONE;
        let turned = Asked::new(options(&["poor", "good"]), vec![1, 0], &recipe.levels).unwrap();
        recipe.variants.push(Variant {
            question: question(),
            asked: turned,
        });
        let read = |first: [f64; 2], second: [f64; 2]| {
            let choice = |masses: [f64; 2]| {
                Choice::new(masses.to_vec(), None, Readout::LabelTokens).unwrap()
            };
            recipe.read(&[choice(first), choice(second)]).unwrap()
        };
        // The judge always prefers what is listed first, by 2 in log-odds.
        let biased = read([2.0, 0.0], [2.0, 0.0]);
        assert!((biased.score.value() - 0.5).abs() < 1e-15);
        let one_short = Choice::new(vec![0.0, 0.0], None, Readout::LabelTokens).unwrap();
        assert_eq!(
            recipe.read(&[one_short]).unwrap_err().reason,
            Reason::Unparsed
        );
    }

    #[test]
    fn what_was_not_listed_widens_the_verdict() {
        let mut recipe = (*recipe()).clone();
        recipe.temperature = Temperature::ONE;
        let masses = [Listed::At(0.8f64.ln()), Listed::Below(0.1f64.ln())];
        let choice = Choice::censored(&masses, None, Readout::TopTokens).unwrap();
        let verdict = recipe.read(&[choice]).unwrap();
        let interval = verdict.interval.unwrap();
        assert!(verdict.censored && interval.kind == IntervalKind::Censored);
        assert!(interval.low < verdict.score.value() && verdict.score.value() < interval.high);
    }
}
