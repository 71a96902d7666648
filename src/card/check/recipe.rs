//! The recipe of each protocol, from the sections that belong to it.

use std::sync::Arc;

use toml::Spanned;

use super::Place;
use crate::card::file::{
    AnswerFile, BetterFile, CardFile, GivenFile, LevelFile, PlaceFile, ProtocolName, RatingFile,
    ReduceFile, SaysFile, SaysWord, ScaleFile, VerdictPlaceFile,
};
use crate::card::{CardError, Recipe};
use crate::judging::protocol::{
    Asked, ChooseRecipe, CompareRecipe, Given, GivenVerdict, RatingRecipe, Says, ScoreRecipe,
    Variant,
};
use crate::judging::{
    self, AnswerOption, Better, Coverage, Extraction, Level, LevelSet, Options, Question, Reduce,
    Scale, Temperature, VerdictPlace, WrittenVerdict,
};

/// Sections that a judge may do without.
const OPTIONAL: [&str; 2] = ["[[variant]]", "[verdict]"];
/// Below this an answer says more about other words than about the levels.
const DEFAULT_LEAST_COVERAGE: f64 = 0.5;

impl Place<'_> {
    pub(super) fn recipe(&self, typed: &mut CardFile) -> Result<Recipe, CardError> {
        let protocol = *typed.protocol.as_ref();
        self.sections_belong(typed, protocol)?;
        Ok(match protocol {
            ProtocolName::Score => Recipe::Score(Arc::new(self.score(typed)?)),
            ProtocolName::Rating => Recipe::Rating(Arc::new(self.rating(typed)?)),
            ProtocolName::Compare => Recipe::Compare(Arc::new(self.compare(typed)?)),
            ProtocolName::Choose => Recipe::Choose(Arc::new(self.choose(typed)?)),
            ProtocolName::Rank => Recipe::List(Arc::new(self.list(typed)?)),
        })
    }

    /// A section of another protocol would be ignored, so it is refused.
    fn sections_belong(&self, typed: &CardFile, protocol: ProtocolName) -> Result<(), CardError> {
        use ProtocolName::{Compare, Rank, Rating, Score};
        let sections: [(&str, Option<_>, &[ProtocolName]); 7] = [
            (
                "[scale]",
                typed.scale.as_ref().map(Spanned::span),
                &[Score, Rating],
            ),
            (
                "[[level]]",
                typed.level.first().map(Spanned::span),
                &[Score],
            ),
            (
                "[[variant]]",
                typed.variant.first().map(Spanned::span),
                &[Score],
            ),
            (
                "[rating]",
                typed.rating.as_ref().map(Spanned::span),
                &[Rating],
            ),
            (
                "[[answer]]",
                typed.answer.first().map(Spanned::span),
                &[Compare],
            ),
            ("[list]", typed.list.as_ref().map(Spanned::span), &[Rank]),
            (
                "[verdict]",
                typed.verdict.as_ref().map(Spanned::span),
                &[Compare],
            ),
        ];
        for (name, span, owners) in sections {
            let belongs = owners.contains(&protocol);
            match (span, belongs) {
                (Some(span), false) => {
                    let message = format!("`{name}` is no part of a `{}` judge", protocol.name());
                    return Err(self.error(span, message));
                }
                (None, true) if !OPTIONAL.contains(&name) => {
                    let message = format!("a `{}` judge needs `{name}`", protocol.name());
                    return Err(self.error(typed.protocol.span(), message));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn score(&self, typed: &mut CardFile) -> Result<ScoreRecipe, CardError> {
        let question = self.question(&typed.prompt, self.reading(&typed.readout)?, &[0, 1])?;
        self.looks_or_reads(typed, &question)?;
        let scale = self.scale(typed)?;
        let synonyms: Vec<Vec<String>> = typed
            .level
            .iter()
            .map(|level| level.as_ref().synonyms.clone())
            .collect();
        let span = typed.level.first().map_or(0..0, Spanned::span);
        let levels = self.levels(scale, std::mem::take(&mut typed.level))?;
        let asked = self.at(span, with_synonyms(&levels, &synonyms))?;
        let mut variants = vec![Variant { question, asked }];
        for variant in &typed.variant {
            let images = [variants[0].question.text.images()];
            let question = self.reworded(
                &variants[0].question,
                &typed.prompt,
                variant.as_ref(),
                &images,
            )?;
            let asked = match &variant.as_ref().answers {
                None => variants[0].asked.clone(),
                Some(answers) => self.at(answers.span(), renamed(&levels, answers.as_ref()))?,
            };
            variants.push(Variant { question, asked });
        }
        Ok(ScoreRecipe {
            variants,
            levels,
            temperature: self.temperature(typed)?,
            least_coverage: self.least_coverage(typed)?,
        })
    }

    /// A judge of something: a picture, or at least a text.
    fn looks_or_reads(&self, typed: &CardFile, question: &Question) -> Result<(), CardError> {
        if question.text.images() == 0 && question.texts().is_empty() {
            let message =
                "the prompt of a `score` judge has `<image>` exactly once, where the picture goes";
            return Err(self.error(typed.prompt.as_ref().text.span(), message));
        }
        Ok(())
    }

    fn rating(&self, typed: &mut CardFile) -> Result<RatingRecipe, CardError> {
        let question = self.question(&typed.prompt, self.reading(&typed.readout)?, &[0, 1, 2])?;
        self.looks_or_reads(typed, &question)?;
        let scale = self.scale(typed)?;
        let rating = typed.rating.as_ref().ok_or_else(|| {
            self.error(typed.protocol.span(), "a `rating` judge needs `[rating]`")
        })?;
        Ok(RatingRecipe {
            question,
            given: self.given(rating)?,
            scale,
            least_coverage: self.least_coverage(typed)?,
        })
    }

    fn given(&self, typed: &Spanned<RatingFile>) -> Result<Given, CardError> {
        let RatingFile {
            given,
            places,
            reduce,
        } = typed.as_ref();
        match given {
            GivenFile::Value if places.is_empty() => Ok(Given::Value),
            GivenFile::Value => Err(self.error(
                typed.span(),
                "a model's own number has no `places` to be read from",
            )),
            GivenFile::Written => {
                let places = places.iter().cloned().map(judging::Place::from).collect();
                let reduce = match reduce {
                    ReduceFile::Only => Reduce::Only,
                    ReduceFile::Min => Reduce::Min,
                    ReduceFile::Mean => Reduce::Mean,
                };
                self.at(typed.span(), Extraction::new(places, reduce))
                    .map(Given::Written)
            }
        }
    }

    fn compare(&self, typed: &mut CardFile) -> Result<CompareRecipe, CardError> {
        let question = self.question(&typed.prompt, self.reading(&typed.readout)?, &[2])?;
        let span = typed.answer.first().map_or(0..0, Spanned::span);
        let mut options = Vec::new();
        let mut says = Vec::new();
        for answer in std::mem::take(&mut typed.answer) {
            let here = answer.span();
            let AnswerFile {
                name,
                spellings,
                says: said,
            } = answer.into_inner();
            options.push(self.at(here, AnswerOption::new(name, spellings))?);
            says.push(said.into());
        }
        let recipe = CompareRecipe {
            question,
            given: self.given_verdict(typed)?,
            options: self.at(span.clone(), Options::new(options))?,
            says,
            temperature: self.temperature(typed)?,
            least_coverage: self.least_coverage(typed)?,
        };
        self.at(span, recipe.check())
    }

    fn choose(&self, typed: &CardFile) -> Result<ChooseRecipe, CardError> {
        let question = self.question(&typed.prompt, self.reading(&typed.readout)?, &[0, 1, 2])?;
        let recipe = ChooseRecipe {
            question,
            temperature: self.temperature(typed)?,
            least_coverage: self.least_coverage(typed)?,
        };
        self.at(typed.prompt.as_ref().text.span(), recipe.check())
    }

    fn given_verdict(&self, typed: &CardFile) -> Result<GivenVerdict, CardError> {
        let Some(verdict) = &typed.verdict else {
            return Ok(GivenVerdict::Chosen);
        };
        if let Some(temperature) = &typed.readout.temperature {
            let message = "a written verdict has no masses that a temperature could divide; `[readout.sampling]` says how text is drawn";
            return Err(self.error(temperature.span(), message));
        }
        let places = verdict.as_ref().places.iter().cloned();
        let written = WrittenVerdict::new(places.map(VerdictPlace::from).collect());
        self.at(verdict.span(), written).map(GivenVerdict::Written)
    }

    fn temperature(&self, typed: &CardFile) -> Result<Temperature, CardError> {
        let given = self.optional(typed.readout.temperature.as_ref(), Temperature::new)?;
        Ok(given.unwrap_or(Temperature::ONE))
    }

    fn least_coverage(&self, typed: &CardFile) -> Result<Coverage, CardError> {
        let given = self.optional(typed.readout.least_coverage.as_ref(), Coverage::new)?;
        Ok(given.unwrap_or_else(|| {
            Coverage::new(DEFAULT_LEAST_COVERAGE).expect("the default is a probability")
        }))
    }

    fn scale(&self, typed: &CardFile) -> Result<Scale, CardError> {
        let Some(scale) = &typed.scale else {
            return Err(self.error(typed.protocol.span(), "this judge needs `[scale]`"));
        };
        let ScaleFile { min, max, better } = scale.as_ref();
        let better = match better {
            BetterFile::Higher => Better::Higher,
            BetterFile::Lower => Better::Lower,
        };
        self.at(scale.span(), Scale::new(*min, *max, better))
    }

    fn levels(&self, scale: Scale, typed: Vec<Spanned<LevelFile>>) -> Result<LevelSet, CardError> {
        let span = typed.first().map_or(0..0, Spanned::span);
        let mut levels = Vec::with_capacity(typed.len());
        for level in typed {
            let here = level.span();
            let level = level.into_inner();
            levels.push(Level {
                option: self.at(here, AnswerOption::new(level.name, level.spellings))?,
                worth: level.worth,
            });
        }
        self.at(span, LevelSet::new(levels, scale))
    }
}

impl ProtocolName {
    fn name(self) -> &'static str {
        match self {
            ProtocolName::Score => "score",
            ProtocolName::Rating => "rating",
            ProtocolName::Compare => "compare",
            ProtocolName::Choose => "choose",
            ProtocolName::Rank => "rank",
        }
    }
}

/// The levels, followed by the synonyms of each.
fn with_synonyms(levels: &LevelSet, synonyms: &[Vec<String>]) -> Result<Asked, judging::WordError> {
    if synonyms.iter().all(Vec::is_empty) {
        return Ok(Asked::levels(levels));
    }
    let mut options = levels.options().as_slice().to_vec();
    let mut level_of: Vec<usize> = (0..options.len()).collect();
    for (level, words) in synonyms.iter().enumerate() {
        for word in words {
            options.push(AnswerOption::new(word.clone(), vec![])?);
            level_of.push(level);
        }
    }
    Asked::new(Options::new(options)?, level_of, levels)
}

/// Other words for the levels, in their order.
fn renamed(levels: &LevelSet, answers: &[String]) -> Result<Asked, judging::WordError> {
    let options = answers
        .iter()
        .map(|word| AnswerOption::new(word.clone(), vec![]))
        .collect::<Result<Vec<_>, _>>()?;
    Asked::new(Options::new(options)?, (0..answers.len()).collect(), levels)
}

impl From<PlaceFile> for judging::Place {
    fn from(place: PlaceFile) -> Self {
        match place {
            PlaceFile::Tag(tag) => judging::Place::Tag(tag),
            PlaceFile::Key(key) => judging::Place::Key(key),
            PlaceFile::After(words) => judging::Place::After(words),
            PlaceFile::Brackets => judging::Place::Brackets,
            PlaceFile::Last => judging::Place::Last,
            PlaceFile::Bare => judging::Place::Bare,
        }
    }
}

impl From<VerdictPlaceFile> for VerdictPlace {
    fn from(place: VerdictPlaceFile) -> Self {
        match place {
            VerdictPlaceFile::Tag(tag) => VerdictPlace::Tag(tag),
            VerdictPlaceFile::Key(key) => VerdictPlace::Key(key),
            VerdictPlaceFile::After(words) => VerdictPlace::After(words),
            VerdictPlaceFile::Scores([first, second]) => VerdictPlace::Scores(first, second),
            VerdictPlaceFile::Brackets => VerdictPlace::Brackets,
            VerdictPlaceFile::Sentence => VerdictPlace::Sentence,
        }
    }
}

impl From<SaysFile> for Says {
    fn from(says: SaysFile) -> Self {
        match says {
            SaysFile::Word(SaysWord::First) => Says::First(1.0),
            SaysFile::Word(SaysWord::Second) => Says::First(0.0),
            SaysFile::Word(SaysWord::Tie) => Says::Tie,
            SaysFile::Preference(share) => Says::First(share),
        }
    }
}
