//! From a card as typed to a card that holds: every rule that TOML cannot state.

mod backend;
mod list;
mod preparation;
mod question;
mod recipe;

use std::ops::Range;

use toml::Spanned;

use super::file::CardFile;
use super::load::CardText;
use super::{CardError, JudgeCard, OnnxModel, Recipe};
use crate::digest::Digest;
use crate::judging::WordError;
use crate::pixels::{Preparation, Reencoding};

/// The card format that this program reads.
const SCHEMA: u32 = 1;

pub(super) fn check(card: &CardText<'_>, mut typed: CardFile) -> Result<JudgeCard, CardError> {
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
    let recipe = place.recipe(&mut typed)?;
    let reencoding = typed
        .image
        .as_ref()
        .map(|image| place.reencoding(image))
        .transpose()?;
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
        (reencoding, preparation.as_ref()),
        backend.as_ref(),
    );
    Ok(JudgeCard {
        id: typed.id.into_inner(),
        version: typed.version.into_inner(),
        title: typed.title,
        source: typed.source,
        licence: typed.licence,
        recipe,
        reencoding,
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

    /// Cites the place of a value that is no word of judging.
    fn at<T>(&self, span: Range<usize>, made: Result<T, WordError>) -> Result<T, CardError> {
        made.map_err(|error| self.error(span, error.to_string()))
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
        value: Option<&Spanned<f64>>,
        parse: impl Fn(f64) -> Result<T, WordError>,
    ) -> Result<Option<T>, CardError> {
        value
            .map(|value| self.at(value.span(), parse(*value.as_ref())))
            .transpose()
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
    recipe: &Recipe,
    (reencoding, preparation): (Option<Reencoding>, Option<&Preparation>),
    backend: Option<&OnnxModel>,
) -> Digest {
    let mut fields = vec![id.to_owned(), version.to_owned()];
    recipe.fingerprint(&mut fields);
    fields.push(reencoding.as_ref().map(Reencoding::id).unwrap_or_default());
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
