//! What a checked card asks, by protocol.

use std::sync::Arc;

use crate::judging::protocol::{
    CompareRecipe, Given, GivenVerdict, RatingRecipe, Says, ScoreRecipe,
};
use crate::judging::{
    LevelSet, Options, Piece, Prompt, Question, Scale, Subject, Temperature, Template, WordError,
};

/// The recipe of a card's protocol.
#[derive(Debug, Clone, PartialEq)]
pub enum Recipe {
    /// A closed question over levels.
    Score(Arc<ScoreRecipe>),
    /// A number that the judge gives itself.
    Rating(Arc<RatingRecipe>),
    /// Which of two is better.
    Compare(Arc<CompareRecipe>),
}

impl Recipe {
    /// Name of the protocol.
    pub fn protocol(&self) -> &'static str {
        match self {
            Recipe::Score(_) => "score",
            Recipe::Rating(_) => "rating",
            Recipe::Compare(_) => "compare",
        }
    }

    /// The recipe of a judge that scores by levels.
    pub fn score(&self) -> Option<&Arc<ScoreRecipe>> {
        match self {
            Recipe::Score(recipe) => Some(recipe),
            Recipe::Rating(_) | Recipe::Compare(_) => None,
        }
    }

    /// Scale of the scores; a comparison has none.
    pub fn scale(&self) -> Option<Scale> {
        match self {
            Recipe::Score(recipe) => Some(recipe.levels.scale()),
            Recipe::Rating(recipe) => Some(recipe.scale),
            Recipe::Compare(_) => None,
        }
    }

    /// Levels, where the judge has some.
    pub fn levels(&self) -> Option<&LevelSet> {
        self.score().map(|recipe| &recipe.levels)
    }

    /// Temperature of the softmax, where there is one.
    pub fn temperature(&self) -> Option<Temperature> {
        match self {
            Recipe::Score(recipe) => Some(recipe.temperature),
            Recipe::Rating(_) => None,
            Recipe::Compare(recipe) => Some(recipe.temperature),
        }
    }

    /// The questions, at least one.
    pub fn questions(&self) -> Vec<&Question> {
        match self {
            Recipe::Score(recipe) => recipe.variants.iter().map(|one| &one.question).collect(),
            Recipe::Rating(recipe) => vec![&recipe.question],
            Recipe::Compare(recipe) => vec![&recipe.question],
        }
    }

    /// All that a subject is asked at first.
    ///
    /// # Errors
    /// An image or text that the subject lacks.
    pub fn prompts(&self, subject: &Subject) -> Result<Vec<Prompt>, WordError> {
        match self {
            Recipe::Score(recipe) => recipe.prompts(subject),
            Recipe::Rating(recipe) => recipe.prompts(subject),
            Recipe::Compare(recipe) => recipe.prompts(subject),
        }
    }

    /// How many images the judge looks at.
    pub fn images(&self) -> usize {
        let images = self.questions().into_iter().map(|one| one.text.images());
        images.max().unwrap_or(0)
    }

    /// Names of the texts that must be given with the image.
    pub fn texts(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .questions()
            .into_iter()
            .flat_map(Question::texts)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// All that a verdict can depend on, as words for a digest.
    pub(super) fn fingerprint(&self, fields: &mut Vec<String>) {
        fields.push(self.protocol().to_owned());
        for question in self.questions() {
            question_fields(question, fields);
        }
        match self {
            Recipe::Score(recipe) => {
                for variant in &recipe.variants {
                    option_fields(variant.asked.options(), fields);
                    fields.push(format!("{:?}", variant.asked.level_of()));
                }
                option_fields(recipe.levels.options(), fields);
                fields.push(format!("{:?}", recipe.levels.worths()));
                fields.push(recipe.least_coverage.value().to_string());
            }
            Recipe::Rating(recipe) => {
                fields.push(match &recipe.given {
                    Given::Written(extraction) => extraction.fingerprint(),
                    Given::Value => "value".to_owned(),
                });
                fields.push(recipe.least_coverage.value().to_string());
            }
            Recipe::Compare(recipe) => {
                option_fields(&recipe.options, fields);
                fields.extend(recipe.says.iter().map(|says| match says {
                    Says::First(share) => share.to_string(),
                    Says::Tie => "tie".to_owned(),
                }));
                fields.push(recipe.least_coverage.value().to_string());
                if let GivenVerdict::Written(written) = &recipe.given {
                    fields.push(written.fingerprint());
                }
            }
        }
        if let Some(scale) = self.scale() {
            fields.push(format!(
                "{} {} {}",
                scale.min(),
                scale.max(),
                scale.better().name()
            ));
        }
        fields.push(
            self.temperature()
                .map(|temperature| temperature.value().to_string())
                .unwrap_or_default(),
        );
    }
}

fn question_fields(question: &Question, fields: &mut Vec<String>) {
    let templates = [
        question.system.as_ref(),
        Some(&question.text),
        question.answer_prefix.as_ref(),
    ];
    for template in templates {
        fields.push(template.map(template_words).unwrap_or_default());
    }
    fields.push(question.reading.fingerprint());
}

fn template_words(template: &Template) -> String {
    let words = |piece: &Piece| match piece {
        Piece::Words(words) => words.clone(),
        Piece::Image(place) => format!("<image:{}>", place + 1),
        Piece::Text(name) => format!("{{{name}}}"),
    };
    template.pieces().iter().map(words).collect()
}

fn option_fields(options: &Options, fields: &mut Vec<String>) {
    let spelt = |option: &crate::judging::AnswerOption| option.spellings().join("\u{0}");
    fields.extend(options.as_slice().iter().map(spelt));
}
