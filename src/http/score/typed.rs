//! A score request as typed, from JSON or from a form.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::request::{GivenImage, ScoreRequest, image_name, judge_name, nothing_to_score};
use super::request::{MOST_TEXTS, Texts, decoded, texts_fit, too_many};
use crate::http::body::{Form, Object, Reader, duplicate_field, read_object};
use crate::http::problem::{Code, Problem};
use crate::judging::Image;

/// The JSON body.
#[derive(Debug, Default)]
pub(super) struct ScoreBody<'a> {
    judge: Option<Cow<'a, str>>,
    texts: Option<Texts>,
    images: Option<Vec<ImageBody<'a>>>,
}

/// One image of the JSON body.
#[derive(Debug, Default)]
struct ImageBody<'a> {
    base64: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    texts: Option<Texts>,
}

/// The `texts` part of a form.
#[derive(Debug, Default)]
struct TextsBody(Texts);

/// The form.
#[derive(Debug, Default)]
pub(super) struct ScoreForm {
    judge: Option<Vec<u8>>,
    texts: Option<Vec<u8>>,
    images: Vec<(Option<String>, Vec<u8>)>,
}

impl<'de> Object<'de> for ScoreBody<'de> {
    const FIELDS: &'static [&'static str] = &["judge", "texts", "images"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "judge" => self.judge = Some(value.text()?),
            "texts" => self.texts = Some(value.texts(MOST_TEXTS)?),
            "images" => self.images = Some(value.list(too_many)?),
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

impl<'de> Object<'de> for ImageBody<'de> {
    const FIELDS: &'static [&'static str] = &["base64", "id", "texts"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "base64" => self.base64 = Some(value.text()?),
            "id" => self.id = Some(value.text()?),
            "texts" => self.texts = Some(value.texts(MOST_TEXTS)?),
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

impl ScoreBody<'_> {
    pub(super) fn check(self) -> Result<ScoreRequest, Problem> {
        let judge = self.judge.as_deref().unwrap_or(ScoreRequest::DEFAULT_JUDGE);
        let judge = judge_name(judge).map_err(|problem| problem.at("/judge"))?;
        let images = self.images.unwrap_or_default();
        if images.is_empty() {
            return Err(nothing_to_score().at("/images"));
        }
        let texts = self.texts.unwrap_or_default();
        texts_fit(&texts).map_err(|problem| problem.at("/texts"))?;
        let images = images.iter().enumerate();
        Ok(ScoreRequest {
            judge: judge.to_owned(),
            images: images
                .map(|(index, image)| image.check(index, &texts))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl ImageBody<'_> {
    /// An image's own texts stand before those of the whole request.
    fn check(&self, index: usize, shared: &Texts) -> Result<GivenImage, Problem> {
        let Some(base64) = &self.base64 else {
            return Err(
                Problem::new(Code::MissingField, "the image has no `base64`")
                    .at(format!("/images/{index}"))
                    .hint("`base64` holds the bytes of the image file"),
            );
        };
        let name = match &self.id {
            None => index.to_string(),
            Some(id) => image_name(id)
                .map_err(|problem| problem.at(format!("/images/{index}/id")))?
                .to_owned(),
        };
        let mut texts = shared.clone();
        if let Some(own) = &self.texts {
            texts_fit(own).map_err(|problem| problem.at(format!("/images/{index}/texts")))?;
            texts.extend(own.clone());
        }
        Ok(GivenImage {
            name,
            image: decoded(base64),
            texts,
        })
    }
}

impl<'de> Object<'de> for TextsBody {
    const FIELDS: &'static [&'static str] = &["texts"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "texts" => self.0 = value.texts(MOST_TEXTS)?,
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

/// A form has no objects, so that its texts come as JSON.
fn texts_of_form(json: &[u8]) -> Result<Texts, Problem> {
    let wrapped = [&br#"{"texts":"#[..], json, b"}"].concat();
    let TextsBody(texts) = read_object(MOST_TEXTS, &wrapped).map_err(|problem| {
        problem.hint(r#"`texts` is a JSON object of strings, such as {"prompt": "a red circle"}"#)
    })?;
    texts_fit(&texts)?;
    Ok(texts)
}

impl ScoreForm {
    /// Names of the parts.
    pub(super) const FIELDS: [&'static str; 3] = ["judge", "texts", "image"];

    /// Reads the form up to its end, or to the first part that is too much.
    pub(super) async fn read(mut form: Form, most_images: usize) -> Result<Self, Problem> {
        let mut read = ScoreForm::default();
        while let Some(part) = form.next().await? {
            if part.name == "image" {
                if read.images.len() == most_images {
                    return Err(too_many(most_images));
                }
                read.images.push((part.file_name, part.bytes));
            } else {
                let field = if part.name == "texts" {
                    &mut read.texts
                } else {
                    &mut read.judge
                };
                if field.replace(part.bytes).is_some() {
                    return Err(duplicate_field(&part.name));
                }
            }
        }
        Ok(read)
    }

    /// Bytes of all images.
    pub(super) fn bytes(&self) -> usize {
        self.images.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    pub(super) fn check(self) -> Result<ScoreRequest, Problem> {
        let judge = match &self.judge {
            None => ScoreRequest::DEFAULT_JUDGE,
            Some(bytes) => std::str::from_utf8(bytes)
                .map_err(|_| Problem::new(Code::InvalidValue, "`judge` is not UTF-8 text"))?
                .trim(),
        };
        let judge = judge_name(judge)?.to_owned();
        if self.images.is_empty() {
            return Err(nothing_to_score());
        }
        let texts = match &self.texts {
            None => Texts::new(),
            Some(json) => texts_of_form(json)?,
        };
        let images = self.images.into_iter().enumerate();
        let images = images.map(|(index, (file_name, bytes))| {
            // A file name that cannot be a name is no fault of the picture.
            let name = file_name.filter(|name| image_name(name).is_ok());
            GivenImage {
                name: name.unwrap_or_else(|| index.to_string()),
                image: Ok(Image::new(bytes)),
                texts: texts.clone(),
            }
        });
        Ok(ScoreRequest {
            judge,
            images: images.collect(),
        })
    }
}
