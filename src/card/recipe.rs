//! What a checked card asks, by protocol.

use std::sync::Arc;

use crate::judging::protocol::{
    ChooseRecipe, ClosedQuestion, CompareRecipe, Given, GivenVerdict, ListRecipe, RatingRecipe,
    Says, ScoreRecipe,
};
use crate::judging::{
    LevelSet, Options, Piece, Prompt, Question, Scale, Subject, Temperature, Template, Wanted,
    WordError,
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
    /// A closed question in the caller's words.
    Choose(Arc<ChooseRecipe>),
    /// The order of several.
    List(Arc<ListRecipe>),
}

impl Recipe {
    /// Name of the protocol.
    pub fn protocol(&self) -> &'static str {
        match self {
            Recipe::Score(_) => "score",
            Recipe::Rating(_) => "rating",
            Recipe::Compare(_) => "compare",
            Recipe::Choose(_) => "choose",
            Recipe::List(_) => "rank",
        }
    }

    /// The recipe of a judge that scores by levels.
    pub fn score(&self) -> Option<&Arc<ScoreRecipe>> {
        match self {
            Recipe::Score(recipe) => Some(recipe),
            Recipe::Rating(_) | Recipe::Compare(_) | Recipe::List(_) | Recipe::Choose(_) => None,
        }
    }

    /// The recipe of a judge that answers its caller's questions.
    pub fn choose(&self) -> Option<&Arc<ChooseRecipe>> {
        match self {
            Recipe::Choose(recipe) => Some(recipe),
            Recipe::Score(_) | Recipe::Rating(_) | Recipe::Compare(_) | Recipe::List(_) => None,
        }
    }

    /// The recipe of a judge that puts lists in order.
    pub fn list(&self) -> Option<&Arc<ListRecipe>> {
        match self {
            Recipe::List(recipe) => Some(recipe),
            Recipe::Score(_) | Recipe::Rating(_) | Recipe::Compare(_) | Recipe::Choose(_) => None,
        }
    }

    /// Scale of the scores; a comparison and an order have none.
    pub fn scale(&self) -> Option<Scale> {
        match self {
            Recipe::Score(recipe) => Some(recipe.levels.scale()),
            Recipe::Rating(recipe) => Some(recipe.scale),
            Recipe::Compare(_) | Recipe::List(_) | Recipe::Choose(_) => None,
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
            Recipe::Rating(_) | Recipe::List(_) => None,
            Recipe::Compare(recipe) => Some(recipe.temperature),
            Recipe::Choose(recipe) => Some(recipe.temperature),
        }
    }

    /// The questions, at least one.
    pub fn questions(&self) -> Vec<&Question> {
        match self {
            Recipe::Score(recipe) => recipe.variants.iter().map(|one| &one.question).collect(),
            Recipe::Rating(recipe) => vec![&recipe.question],
            Recipe::Compare(recipe) => vec![&recipe.question],
            Recipe::Choose(recipe) => vec![&recipe.question],
            Recipe::List(recipe) => vec![&recipe.question],
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
            // Without a caller's answers: yes and no.
            Recipe::Choose(recipe) => {
                let wanted = Wanted::Options(ClosedQuestion::yes_no("")?.options);
                Ok(vec![recipe.question.prompt(subject, wanted)?])
            }
            Recipe::List(recipe) => Ok(vec![one_list(recipe, subject)?]),
        }
    }

    /// How many images the judge looks at, at most.
    pub fn images(&self) -> usize {
        if let Some(list) = self.list().filter(|list| list.shows_items()) {
            return list.most_items;
        }
        let images = self.questions().into_iter().map(|one| one.text.images());
        images.max().unwrap_or(0)
    }

    /// Names of the texts that must be given with the image.
    pub fn texts(&self) -> Vec<&str> {
        let questions = self.questions().into_iter();
        let mut names: Vec<&str> = questions.flat_map(Question::texts).collect();
        names.extend(self.list().into_iter().flat_map(|list| list.own_texts()));
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
            Recipe::Choose(recipe) => fields.push(recipe.least_coverage.value().to_string()),
            Recipe::List(recipe) => {
                fields.push(template_words(&recipe.item));
                fields.push(recipe.reading.fingerprint());
                fields.push(recipe.most_items.to_string());
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

/// The images of a subject as one list; of a subject with one picture that texts are about, twice the same text.
fn one_list(recipe: &ListRecipe, subject: &Subject) -> Result<Prompt, WordError> {
    if !recipe.shows_items() {
        let item = subject.with_images(Vec::new());
        return recipe.prompt(subject, &[&item, &item], 0);
    }
    let images = subject.images().iter();
    let items: Vec<Subject> = images
        .map(|image| subject.with_images(vec![image.clone()]))
        .collect();
    let items: Vec<&Subject> = items.iter().collect();
    recipe.prompt(&subject.with_images(Vec::new()), &items, 0)
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
