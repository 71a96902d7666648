//! A score request as typed, from JSON or from a form.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::request::{GivenImage, ScoreRequest, image_name, judge_name, nothing_to_score};
use super::request::{decoded, too_many};
use crate::http::body::{Form, Object, Reader, duplicate_field};
use crate::http::problem::{Code, Problem};
use crate::judging::Image;

/// The JSON body.
#[derive(Debug, Default)]
pub(super) struct ScoreBody<'a> {
    judge: Option<Cow<'a, str>>,
    images: Option<Vec<ImageBody<'a>>>,
}

/// One image of the JSON body.
#[derive(Debug, Default)]
struct ImageBody<'a> {
    base64: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
}

/// The form.
#[derive(Debug, Default)]
pub(super) struct ScoreForm {
    judge: Option<Vec<u8>>,
    images: Vec<(Option<String>, Vec<u8>)>,
}

impl<'de> Object<'de> for ScoreBody<'de> {
    const FIELDS: &'static [&'static str] = &["judge", "images"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "judge" => self.judge = Some(value.text()?),
            "images" => self.images = Some(value.list(too_many)?),
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

impl<'de> Object<'de> for ImageBody<'de> {
    const FIELDS: &'static [&'static str] = &["base64", "id"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "base64" => self.base64 = Some(value.text()?),
            "id" => self.id = Some(value.text()?),
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
        let images = images.iter().enumerate();
        Ok(ScoreRequest {
            judge: judge.to_owned(),
            images: images
                .map(|(index, image)| image.check(index))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl ImageBody<'_> {
    fn check(&self, index: usize) -> Result<GivenImage, Problem> {
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
        Ok(GivenImage {
            name,
            image: decoded(base64),
        })
    }
}

impl ScoreForm {
    /// Names of the parts.
    pub(super) const FIELDS: [&'static str; 2] = ["judge", "image"];

    /// Reads the form up to its end, or to the first part that is too much.
    pub(super) async fn read(mut form: Form, most_images: usize) -> Result<Self, Problem> {
        let mut read = ScoreForm::default();
        while let Some(part) = form.next().await? {
            if part.name == "image" {
                if read.images.len() == most_images {
                    return Err(too_many(most_images));
                }
                read.images.push((part.file_name, part.bytes));
            } else if read.judge.replace(part.bytes).is_some() {
                return Err(duplicate_field("judge"));
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
        let images = self.images.into_iter().enumerate();
        let images = images.map(|(index, (file_name, bytes))| {
            // A file name that cannot be a name is no fault of the picture.
            let name = file_name.filter(|name| image_name(name).is_ok());
            GivenImage {
                name: name.unwrap_or_else(|| index.to_string()),
                image: Ok(Image::new(bytes)),
            }
        });
        Ok(ScoreRequest {
            judge,
            images: images.collect(),
        })
    }
}
