//! How a score came about, so that a reader can compute it again.

use serde::Serialize;
use serde_json::{Value, json};

use super::{IntervalJson, ScoreResult};
use crate::calibration::{ApplyError, Maps};
use crate::card::Recipe;
use crate::engine::Judged;
use crate::judging::protocol::{Answered, Derived, RatingRecipe, ScoreRecipe, Variant};
use crate::judging::{Answer, Choice, Coverage, Curve, Evidence, Unscored};
use crate::stats::fit::FittedMap as LogisticCurve;

/// The derivation of one score.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The steps in words, in order.
    pub steps: Vec<&'static str>,
    /// Divisor of log masses; absent where the judge gives a number itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Least coverage with which an answer counts.
    pub least_coverage: f64,
    /// One for each wording of the question; empty where the judge gives a number itself.
    pub questions: Vec<QuestionJson>,
    /// One for each time that the judge gave a number itself; absent where it chose levels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratings: Option<Vec<RatingJson>>,
    /// The score that the steps end in: the mean over questions or ratings.
    pub score: f64,
    /// What the calibration map did; absent unless a calibration was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationStep>,
}

/// One wording: its answers, and the levels that they stand for.
#[derive(Debug, Clone, Serialize)]
pub struct QuestionJson {
    /// How the masses were read.
    pub readout: &'static str,
    /// Mass on the allowed answers, where it is known.
    pub coverage: Option<f64>,
    /// What was read, in the order in which the answers are offered.
    pub answers: Vec<AnswerJson>,
    /// What it says of the levels, in the order of the card.
    pub levels: Vec<LevelStep>,
    /// Sum of the contributions of the levels.
    pub score: f64,
    /// Where that sum lies; absent where all of the answer was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalJson>,
}

/// One allowed answer.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerJson {
    /// The answer.
    pub answer: String,
    /// The level that it stands for.
    pub level: String,
    /// Natural logarithm of its mass, up to one constant for all answers.
    pub log_mass: f64,
    /// Log of the most that it can be, where it was not listed; its log mass is then that of half of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<f64>,
    /// How many drawn answers fell on it, where answers were drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// One level, step by step.
#[derive(Debug, Clone, Serialize)]
pub struct LevelStep {
    /// The level.
    pub level: String,
    /// Log mass: of its answer, or the mean of its answers.
    pub log_mass: f64,
    /// `exp((log_mass - greatest log_mass) / temperature)`.
    pub mass: f64,
    /// The mass divided by the sum of the masses.
    pub probability: f64,
    /// What the level is worth.
    pub worth: f64,
    /// Probability times worth.
    pub contribution: f64,
}

/// One number that the judge gave.
#[derive(Debug, Clone, Serialize)]
pub struct RatingJson {
    /// The number; null where none could be read.
    pub rating: Option<f64>,
    /// Why none could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// What a calibration map did.
#[derive(Debug, Clone, Serialize)]
pub struct CalibrationStep {
    /// File of the map.
    pub map: String,
    /// Kind of map.
    pub kind: &'static str,
    /// What it reads: `score`, or `opinion`.
    pub reads: &'static str,
    /// The formula, in the names of `parameters`.
    pub formula: &'static str,
    /// The numbers of the formula.
    pub parameters: Value,
    /// What comes out, held to the human scale.
    pub score: f64,
}

impl ScoreResult {
    /// Adds the derivation of the score from the answers behind it; an unscored image has none.
    ///
    /// # Errors
    /// As [`ScoreResult::calibrate`], where `maps` are given.
    pub fn explain(
        &mut self,
        recipe: &Recipe,
        judged: &Judged,
        answers: &[Answered],
        maps: Option<&Maps>,
    ) -> Result<(), ApplyError> {
        let Ok(verdict) = &judged.outcome else {
            return Ok(());
        };
        let mut explanation = match recipe {
            Recipe::Score(recipe) => of_levels(recipe, answers, verdict.score.value()),
            Recipe::Rating(recipe) => Some(of_ratings(recipe, answers, verdict.score.value())),
            Recipe::Compare(_) | Recipe::List(_) | Recipe::Choose(_) => None,
        };
        if let (Some(explanation), Some(maps)) = (&mut explanation, maps) {
            let map = maps.for_provenance(&judged.provenance, verdict.readout)?;
            let calibrated = map.apply_to(&judged.provenance, verdict)?;
            let (formula, parameters) = formula(map.map.curve(), map.map.human_scale());
            explanation.calibration = Some(CalibrationStep {
                map: map.file.clone(),
                kind: map.kind.name(),
                reads: if map.map.needs_opinion() {
                    "opinion"
                } else {
                    "score"
                },
                formula,
                parameters,
                score: calibrated.score.value(),
            });
        }
        self.explanation = explanation;
        Ok(())
    }
}

fn of_levels(recipe: &ScoreRecipe, answers: &[Answered], score: f64) -> Option<Explanation> {
    let choices: Vec<Choice> = answers.iter().filter_map(choice).cloned().collect();
    let derived = recipe.derive(&choices).ok()?;
    let questions = (choices.iter().zip(&derived).zip(&recipe.variants))
        .map(|((choice, derived), variant)| question(recipe, variant, choice, derived));
    Some(Explanation {
        steps: vec![
            "log_mass of a level: the mean of the log_mass of its answers",
            "mass: exp((log_mass - greatest log_mass) / temperature)",
            "probability: mass / sum of masses",
            "score of a question: sum of probability * worth",
            "score: mean over the questions",
        ],
        temperature: Some(recipe.temperature.value()),
        least_coverage: recipe.least_coverage.value(),
        questions: questions.collect(),
        ratings: None,
        score,
        calibration: None,
    })
}

fn choice(answered: &Answered) -> Option<&Choice> {
    match answered {
        Ok(Answer::Choice(choice)) => Some(choice),
        Ok(Answer::Value(_) | Answer::Text(_)) | Err(_) => None,
    }
}

fn question(
    recipe: &ScoreRecipe,
    variant: &Variant,
    choice: &Choice,
    derived: &Derived,
) -> QuestionJson {
    let names: Vec<&str> = recipe.levels.options().names().collect();
    let options = variant
        .asked
        .options()
        .names()
        .zip(variant.asked.level_of());
    let answers = options
        .enumerate()
        .map(|(index, (answer, level))| AnswerJson {
            answer: answer.to_owned(),
            level: names[*level].to_owned(),
            log_mass: choice.log_mass()[index],
            ceiling: match choice.evidence() {
                Evidence::Censored(ceilings) => ceilings[index],
                Evidence::Exact | Evidence::Counts(_) => None,
            },
            count: match choice.evidence() {
                Evidence::Counts(counts) => Some(counts[index]),
                Evidence::Exact | Evidence::Censored(_) => None,
            },
        });
    let masses = derived.pooled.log_mass();
    let greatest = masses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let steps = names.iter().enumerate().map(|(index, level)| {
        let probability = derived.opinion.probabilities()[index];
        let worth = recipe.levels.worths()[index];
        LevelStep {
            level: (*level).to_owned(),
            log_mass: masses[index],
            mass: ((masses[index] - greatest) / recipe.temperature.value()).exp(),
            probability,
            worth,
            contribution: probability * worth,
        }
    });
    QuestionJson {
        readout: choice.readout().name(),
        coverage: choice.coverage().map(Coverage::value),
        answers: answers.collect(),
        levels: steps.collect(),
        score: derived.score.value(),
        interval: derived.interval.map(IntervalJson::from),
    }
}

fn of_ratings(recipe: &RatingRecipe, answers: &[Answered], score: f64) -> Explanation {
    let rating = |answered: &Answered| match recipe.rating(answered.clone()) {
        Ok(rating) => RatingJson {
            rating: Some(rating),
            reason: None,
        },
        Err(Unscored { reason, .. }) => RatingJson {
            rating: None,
            reason: Some(reason.code()),
        },
    };
    Explanation {
        steps: vec!["score: mean of the ratings that could be read"],
        temperature: None,
        least_coverage: recipe.least_coverage.value(),
        questions: Vec::new(),
        ratings: Some(answers.iter().map(rating).collect()),
        score,
        calibration: None,
    }
}

/// The formula of a curve and its numbers; `x` is the score, and what comes out is held to the human scale.
fn formula(curve: &Curve, human: crate::judging::Scale) -> (&'static str, Value) {
    let (low, high) = (human.min(), human.max());
    match curve {
        Curve::Knots(knots) => (
            "straight between the neighbouring knots [x, y]; the outer y beyond them",
            json!({ "knots": knots }),
        ),
        Curve::Platt(map) => (
            "low + (high - low) / (1 + exp(-(slope * x + intercept)))",
            json!({"slope": map.slope, "intercept": map.intercept, "low": low, "high": high}),
        ),
        Curve::Logistic { curve, from, to } => logistic(curve, *from, *to),
        Curve::Ordinal { odds, worths } => (
            "sum over levels k of worths[k] * (F(k) - F(k - 1)), F(k) = 1 / (1 + exp(-(cutpoints[k] - slope * x))), F = 0 before the first and 1 at the last",
            json!({"slope": odds.slope, "cutpoints": odds.cutpoints, "worths": worths}),
        ),
        Curve::Temperature { softmax, worths } => (
            "sum over levels k of worths[k] * q[k], q = softmax(ln(opinion) / temperature)",
            json!({"temperature": softmax.temperature, "worths": worths}),
        ),
    }
}

fn logistic(curve: &LogisticCurve, from: f64, to: f64) -> (&'static str, Value) {
    match curve {
        LogisticCurve::Logistic4 { b1, b2, b3, b4 } => (
            "b2 + (b1 - b2) / (1 + exp(-(t - b3) / b4)), t = x held to from..to",
            json!({"b1": b1, "b2": b2, "b3": b3, "b4": b4, "from": from, "to": to}),
        ),
        LogisticCurve::Logistic5 {
            low,
            high,
            centre,
            width,
            slope,
        } => (
            "slope * t + low + (high - low) / (1 + exp(-(t - centre) / width)), t = x held to from..to",
            json!({"low": low, "high": high, "centre": centre, "width": width, "slope": slope, "from": from, "to": to}),
        ),
        LogisticCurve::MonotoneCubic {
            centre,
            half_range,
            c,
        } => (
            "c[0] + c[1] t + c[2] t^2 + c[3] t^3, t = (x held to from..to - centre) / half_range",
            json!({"c": c, "centre": centre, "half_range": half_range, "from": from, "to": to}),
        ),
    }
}
