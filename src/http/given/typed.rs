//! A request as typed, from JSON or from a form.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::de::MapAccess;

use super::picture::{
    DEFAULT_JUDGE, GivenImage, MOST_TEXTS, Texts, decoded, image_name, judge_name, nothing_given,
    texts_fit, too_many,
};
use super::{Given, Settings};
use crate::http::body::{Form, Object, Reader, Scalar, duplicate_field, read_object};
use crate::http::problem::{Code, Problem};
use crate::judging::Image;

/// The JSON body.
#[derive(Debug, Default)]
pub(super) struct GivenBody<'a, S> {
    judge: Option<Cow<'a, str>>,
    texts: Option<Texts>,
    images: Option<Vec<ImageBody<'a>>>,
    settings: S,
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
pub(super) struct GivenForm<S> {
    judge: Option<Vec<u8>>,
    texts: Option<Vec<u8>>,
    images: Vec<(Option<String>, Vec<u8>)>,
    settings: BTreeMap<String, Vec<u8>>,
    operation: PhantomData<S>,
}

impl<'de, S: Settings> Object<'de> for GivenBody<'de, S> {
    const FIELDS: &'static [&'static str] = S::JSON;

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "judge" => self.judge = Some(value.text()?),
            "texts" => self.texts = Some(value.texts(MOST_TEXTS)?),
            "images" => self.images = Some(value.list(too_many)?),
            known if S::JSON.contains(&known) => {
                let settings = &mut self.settings;
                value.scalar(|scalar| settings.set(known, scalar))?;
            }
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

impl<S: Settings> GivenBody<'_, S> {
    pub(super) fn check(self) -> Result<Given<S>, Problem> {
        let judge = self.judge.as_deref().unwrap_or(DEFAULT_JUDGE);
        let judge = judge_name(judge).map_err(|problem| problem.at("/judge"))?;
        let images = self.images.unwrap_or_default();
        if images.is_empty() {
            return Err(nothing_given().at("/images"));
        }
        let texts = self.texts.unwrap_or_default();
        texts_fit(&texts).map_err(|problem| problem.at("/texts"))?;
        let images = images.iter().enumerate();
        Ok(Given {
            judge: judge.to_owned(),
            images: images
                .map(|(index, image)| image.check(index, &texts))
                .collect::<Result<_, _>>()?,
            texts,
            settings: self.settings,
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
pub(in crate::http) fn texts_of_form(json: &[u8]) -> Result<Texts, Problem> {
    let wrapped = [&br#"{"texts":"#[..], json, b"}"].concat();
    let TextsBody(texts) = read_object(MOST_TEXTS, &wrapped).map_err(|problem| {
        problem.hint(r#"`texts` is a JSON object of strings, such as {"prompt": "a red circle"}"#)
    })?;
    texts_fit(&texts)?;
    Ok(texts)
}

impl<S: Settings> GivenForm<S> {
    /// Reads the form up to its end, or to the first part that is too much.
    pub(super) async fn read(mut form: Form, most_images: usize) -> Result<Self, Problem> {
        let mut read = GivenForm {
            judge: None,
            texts: None,
            images: Vec::new(),
            settings: BTreeMap::new(),
            operation: PhantomData,
        };
        while let Some(part) = form.next().await? {
            if part.name == "image" {
                if read.images.len() == most_images {
                    return Err(too_many(most_images));
                }
                read.images.push((part.file_name, part.bytes));
                continue;
            }
            let before = match part.name.as_str() {
                "judge" => read.judge.replace(part.bytes),
                "texts" => read.texts.replace(part.bytes),
                _ => read.settings.insert(part.name.clone(), part.bytes),
            };
            if before.is_some() {
                return Err(duplicate_field(&part.name));
            }
        }
        Ok(read)
    }

    /// Bytes of all images.
    pub(super) fn bytes(&self) -> usize {
        self.images.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    pub(super) fn check(self) -> Result<Given<S>, Problem> {
        let judge = match &self.judge {
            None => DEFAULT_JUDGE,
            Some(bytes) => text_part("judge", bytes)?,
        };
        let judge = judge_name(judge)?.to_owned();
        if self.images.is_empty() {
            return Err(nothing_given());
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
        let images: Vec<GivenImage> = images.collect();
        let mut settings = S::default();
        for (name, bytes) in &self.settings {
            let text = text_part(name, bytes)?.to_owned();
            settings.set(name, &Scalar::Text(text))?;
        }
        Ok(Given {
            judge,
            images,
            texts,
            settings,
        })
    }
}

fn text_part<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Problem> {
    std::str::from_utf8(bytes)
        .map(str::trim)
        .map_err(|_| Problem::new(Code::InvalidValue, format!("`{name}` is not UTF-8 text")))
}
