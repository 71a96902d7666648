//! From a card as typed to a card that holds: every rule that TOML cannot state.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use super::file::{
    BackendFile, BetterFile, CardFile, FilterFile, LevelFile, PreprocessingFile, ProtocolName,
    ScaleFile, StepFile,
};
use super::load::CardText;
use super::{CardError, JudgeCard, ModelFile, OnnxModel};
use crate::digest::Digest;
use crate::judging::protocol::ScoreRecipe;
use crate::judging::{
    AnswerOption, Better, Coverage, Level, LevelSet, Scale, Temperature, WordError,
};
use crate::pixels::{Filter, Preparation, Step};

/// The card format that this program reads.
const SCHEMA: u32 = 1;
/// Where the picture stands in a prompt.
const IMAGE_MARK: &str = "<image>";
/// Below this an answer says more about other words than about the levels.
const DEFAULT_LEAST_COVERAGE: f64 = 0.5;

pub(super) fn check(card: &CardText<'_>, typed: CardFile) -> Result<JudgeCard, CardError> {
    let place = Place(card);
    place.require(
        &typed.schema,
        |schema| *schema == SCHEMA,
        "schema is not known; this program reads `schema = 1`",
    )?;
    place.require(
        &typed.id,
        |id| is_identifier(id),
        "an id has lower-case letters, digits and `-`, such as `technical-quality`",
    )?;
    place.require(
        &typed.version,
        |version| is_version(version),
        "a version has three numbers, such as `1.0.0`",
    )?;
    let ProtocolName::Score = typed.protocol;
    let (before, after) = place.split_prompt(&typed.prompt.text)?;
    let levels = place.levels(&typed.scale, typed.level)?;
    let temperature = place
        .optional(typed.readout.temperature, Temperature::new)?
        .unwrap_or(Temperature::ONE);
    let least_coverage = match place.optional(typed.readout.least_coverage, Coverage::new)? {
        Some(coverage) => coverage,
        None => Coverage::new(DEFAULT_LEAST_COVERAGE).expect("the default is a probability"),
    };
    let recipe = ScoreRecipe {
        before,
        after,
        answer_prefix: typed.prompt.answer_prefix,
        levels,
        temperature,
        least_coverage,
    };
    let preparation = typed
        .preprocessing
        .map(|steps| place.preparation(steps))
        .transpose()?;
    let backend = typed
        .backend
        .map(|backend| place.backend(backend, &recipe, preparation.as_ref()))
        .transpose()?;
    let digest = card_digest(
        typed.id.as_ref(),
        typed.version.as_ref(),
        &recipe,
        preparation.as_ref(),
        backend.as_ref(),
    );
    Ok(JudgeCard {
        id: typed.id.into_inner(),
        version: typed.version.into_inner(),
        title: typed.title,
        source: typed.source,
        licence: typed.licence,
        recipe: Arc::new(recipe),
        preparation,
        backend,
        digest,
    })
}

/// Turns faults into errors that cite the line.
struct Place<'a>(&'a CardText<'a>);

impl Place<'_> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> CardError {
        CardError::at(self.0.file, self.0.text, span, message)
    }

    fn require<T: std::fmt::Display>(
        &self,
        value: &Spanned<T>,
        holds: impl Fn(&T) -> bool,
        message: &str,
    ) -> Result<(), CardError> {
        if holds(value.as_ref()) {
            return Ok(());
        }
        Err(self.error(value.span(), format!("`{}`: {message}", value.as_ref())))
    }

    fn optional<T>(
        &self,
        value: Option<Spanned<f64>>,
        parse: impl Fn(f64) -> Result<T, WordError>,
    ) -> Result<Option<T>, CardError> {
        value
            .map(|value| {
                parse(*value.as_ref()).map_err(|e| self.error(value.span(), e.to_string()))
            })
            .transpose()
    }

    fn split_prompt(&self, text: &Spanned<String>) -> Result<(String, String), CardError> {
        let mut pieces = text.as_ref().split(IMAGE_MARK);
        match (pieces.next(), pieces.next(), pieces.next()) {
            (Some(before), Some(after), None) => {
                Ok((before.trim().to_owned(), after.trim().to_owned()))
            }
            _ => Err(self.error(
                text.span(),
                "the prompt of a `score` judge has `<image>` exactly once, where the picture goes",
            )),
        }
    }

    fn levels(
        &self,
        scale: &Spanned<ScaleFile>,
        typed: Vec<Spanned<LevelFile>>,
    ) -> Result<LevelSet, CardError> {
        let better = match scale.as_ref().better {
            BetterFile::Higher => Better::Higher,
            BetterFile::Lower => Better::Lower,
        };
        let at_scale = |error: WordError| self.error(scale.span(), error.to_string());
        let scale = Scale::new(scale.as_ref().min, scale.as_ref().max, better).map_err(at_scale)?;
        let span = typed.first().map_or(0..0, Spanned::span);
        let mut levels = Vec::with_capacity(typed.len());
        for level in typed {
            let here = level.span();
            let level = level.into_inner();
            let option = AnswerOption::new(level.name, level.spellings)
                .map_err(|error| self.error(here, error.to_string()))?;
            levels.push(Level {
                option,
                worth: level.worth,
            });
        }
        LevelSet::new(levels, scale).map_err(|error| self.error(span, error.to_string()))
    }

    fn preparation(&self, typed: Spanned<PreprocessingFile>) -> Result<Preparation, CardError> {
        let span = typed.span();
        let typed = typed.into_inner();
        let background = self.colour(typed.background.as_ref(), typed.background.span())?;
        let mut steps = Vec::with_capacity(typed.steps.len());
        for step in typed.steps {
            let here = step.span();
            steps.push(self.step(step.into_inner(), here)?);
        }
        let numbers = typed.mean.iter().chain(&typed.scale);
        if numbers.clone().any(|number| !number.is_finite()) || typed.scale.contains(&0.0) {
            return Err(self.error(
                span,
                "`mean` and `scale` must be finite, and no `scale` may be 0",
            ));
        }
        Ok(Preparation {
            background,
            steps,
            mean: typed.mean,
            scale: typed.scale,
        })
    }

    fn step(&self, step: StepFile, span: Range<usize>) -> Result<Step, CardError> {
        let sides = match step {
            StepFile::LongestSide { at_most: side, .. }
            | StepFile::ShortestSide { at_least: side }
            | StepFile::Tiles { side } => [side, side],
            StepFile::Resize { width, height, .. } | StepFile::CenterCrop { width, height } => {
                [width, height]
            }
            StepFile::PadSquare { .. } => [1, 1],
        };
        if sides.iter().any(|side| !(1..=8192).contains(side)) {
            return Err(self.error(span, "sides of preprocessing steps lie in 1..=8192 pixels"));
        }
        Ok(match step {
            StepFile::LongestSide { at_most, filter } => Step::LongestSide {
                at_most,
                filter: filter.into(),
            },
            StepFile::ShortestSide { at_least } => Step::ShortestSide { at_least },
            StepFile::Tiles { side } => Step::Tiles { side },
            StepFile::PadSquare { color } => Step::PadSquare {
                color: self.colour(&color, span)?,
            },
            StepFile::Resize {
                width,
                height,
                filter,
            } => Step::Resize {
                width,
                height,
                filter: filter.into(),
            },
            StepFile::CenterCrop { width, height } => Step::CenterCrop { width, height },
        })
    }

    fn colour(&self, text: &str, span: Range<usize>) -> Result<[u8; 3], CardError> {
        let channel = |range| {
            text.get(range)
                .and_then(|digits: &str| u8::from_str_radix(digits, 16).ok())
        };
        match (
            text.len(),
            text.starts_with('#'),
            channel(1..3),
            channel(3..5),
            channel(5..7),
        ) {
            (7, true, Some(red), Some(green), Some(blue)) => Ok([red, green, blue]),
            _ => Err(self.error(
                span,
                format!("`{text}` is not a colour; write it as `#ffffff`"),
            )),
        }
    }

    fn backend(
        &self,
        typed: Spanned<BackendFile>,
        recipe: &ScoreRecipe,
        preparation: Option<&Preparation>,
    ) -> Result<OnnxModel, CardError> {
        let span = typed.span();
        let BackendFile::Onnx {
            model,
            input,
            output,
            labels,
        } = typed.into_inner();
        if preparation.is_none() {
            return Err(self.error(
                span,
                "an `onnx` backend needs a `[preprocessing]` section: the model takes numbers",
            ));
        }
        if let Some(name) = recipe
            .levels
            .options()
            .names()
            .find(|name| !labels.iter().any(|label| label == name))
        {
            let message = format!(
                "level `{name}` is not among the model's `labels`: {}",
                labels.join(", ")
            );
            return Err(self.error(span, message));
        }
        let file = match (self.0.embedded, self.0.folder) {
            (Some(embedded), _) => embedded.clone(),
            (None, Some(folder)) => ModelFile::Path(folder.join(&model)),
            (None, None) => {
                return Err(self.error(span, "this card has no folder to read its model from"));
            }
        };
        if let ModelFile::Path(path) = &file
            && !path.is_file()
        {
            return Err(self.error(
                span,
                format!("model file `{}` does not exist", path.display()),
            ));
        }
        Ok(OnnxModel {
            file,
            input,
            output,
            labels,
        })
    }
}

impl From<FilterFile> for Filter {
    fn from(filter: FilterFile) -> Self {
        match filter {
            FilterFile::Lanczos3 => Filter::Lanczos3,
            FilterFile::CatmullRom => Filter::CatmullRom,
            FilterFile::Bilinear => Filter::Bilinear,
        }
    }
}

fn is_identifier(id: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    id.len() <= 64
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.chars().all(inner)
        && !id.ends_with('-')
}

fn is_version(version: &str) -> bool {
    let parts: Vec<&str> = version.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok())
}

/// Digest of what a score can depend on; titles and comments may change without a new digest.
fn card_digest(
    id: &str,
    version: &str,
    recipe: &ScoreRecipe,
    preparation: Option<&Preparation>,
    backend: Option<&OnnxModel>,
) -> Digest {
    let mut fields = vec![
        id.to_owned(),
        version.to_owned(),
        recipe.before.clone(),
        recipe.after.clone(),
    ];
    fields.push(recipe.answer_prefix.clone().unwrap_or_default());
    for (option, worth) in recipe
        .levels
        .options()
        .as_slice()
        .iter()
        .zip(recipe.levels.worths())
    {
        fields.push(format!("{worth} {}", option.spellings().join("\u{0}")));
    }
    let scale = recipe.levels.scale();
    fields.push(format!(
        "{} {} {}",
        scale.min(),
        scale.max(),
        scale.better().name()
    ));
    fields.push(format!(
        "{} {}",
        recipe.temperature.value(),
        recipe.least_coverage.value()
    ));
    fields.push(preparation.map(Preparation::id).unwrap_or_default());
    if let Some(model) = backend {
        fields.extend([
            model.input.clone(),
            model.output.clone(),
            model.labels.join("\u{0}"),
        ]);
    }
    Digest::of_fields(fields.iter().map(String::as_bytes))
}
