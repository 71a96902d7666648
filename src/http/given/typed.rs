//! A request as typed, from JSON or from a form.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::de::MapAccess;

use super::links::{Link, unfetched};
use super::picture::{
    DEFAULT_JUDGE, GivenImage, MOST_TEXTS, Texts, decoded, image_name, judge_name, nothing_given,
    texts_fit, too_many,
};
use super::{Given, Settings};
use crate::engine::Permit;
use crate::http::body::{
    Form, MOST_LISTED, Object, Reader, Scalar, duplicate_field, read_object, read_structure,
};
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
    url: Option<Cow<'a, str>>,
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
    images: Vec<FormImage>,
    settings: BTreeMap<String, Vec<u8>>,
    operation: PhantomData<S>,
}

/// One image of the form.
#[derive(Debug)]
enum FormImage {
    File(Option<String>, Vec<u8>),
    Url(Vec<u8>),
}

impl<'de, S: Settings> Object<'de> for GivenBody<'de, S> {
    fn fields() -> Cow<'static, [&'static str]> {
        fields::<S>(&["images"])
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "judge" if S::NAMES_JUDGE => self.judge = Some(value.text()?),
            "texts" => self.texts = Some(value.texts(MOST_TEXTS)?),
            "images" => self.images = Some(value.list(too_many)?),
            known if S::NAMES.contains(&known) => self.settings.take(known, value)?,
            _ => return value.unknown(&Self::fields()),
        }
        Ok(())
    }
}

/// What a request of this operation may have, with its images under these names.
pub(super) fn fields<S: Settings>(images: &[&'static str]) -> Cow<'static, [&'static str]> {
    let judge = S::NAMES_JUDGE.then_some("judge");
    let shared = judge.into_iter().chain(["texts"]);
    let all = shared
        .chain(images.iter().copied())
        .chain(S::NAMES.iter().copied());
    Cow::Owned(all.collect())
}

impl<'de> Object<'de> for ImageBody<'de> {
    const FIELDS: &'static [&'static str] = &["base64", "url", "id", "texts"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "base64" => self.base64 = Some(value.text()?),
            "url" => self.url = Some(value.text()?),
            "id" => self.id = Some(value.text()?),
            "texts" => self.texts = Some(value.texts(MOST_TEXTS)?),
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

impl<S: Settings> GivenBody<'_, S> {
    pub(super) fn check(self, permit: Permit) -> Result<(Given<S>, Vec<Link>), Problem> {
        let judge_given = self.judge.is_some();
        let judge = self.judge.as_deref().unwrap_or(DEFAULT_JUDGE);
        let judge = judge_name(judge).map_err(|problem| problem.at("/judge"))?;
        let images = self.images.unwrap_or_default();
        if images.is_empty() && self.settings.needs_images() {
            return Err(nothing_given().at("/images"));
        }
        let texts = self.texts.unwrap_or_default();
        texts_fit(&texts).map_err(|problem| problem.at("/texts"))?;
        let links = images.iter().enumerate().filter_map(|(image, given)| {
            let url = given.url.as_deref()?.to_owned();
            Some(Link { image, url })
        });
        let links = links.collect();
        let images = images.iter().enumerate();
        let given = Given {
            judge: judge.to_owned(),
            judge_given,
            images: images
                .map(|(index, image)| image.check(index, &texts))
                .collect::<Result<_, _>>()?,
            texts,
            settings: self.settings,
            _permit: permit,
        };
        Ok((given, links))
    }
}

impl ImageBody<'_> {
    /// An image's own texts stand before those of the whole request.
    fn check(&self, index: usize, shared: &Texts) -> Result<GivenImage, Problem> {
        let pointer = || format!("/images/{index}");
        let image = match (&self.base64, &self.url) {
            (Some(base64), None) => decoded(base64),
            (None, Some(_)) => unfetched(),
            (None, None) => {
                return Err(Problem::new(
                    Code::MissingField,
                    "the image has no `base64` and no `url`",
                )
                .at(pointer())
                .hint("`base64` holds the bytes of the image file, `url` says where it is"));
            }
            (Some(_), Some(_)) => {
                let detail = "the image has both `base64` and `url`";
                return Err(Problem::new(Code::InvalidValue, detail).at(pointer()));
            }
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
        Ok(GivenImage { name, image, texts })
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
            if matches!(part.name.as_str(), "image" | "image_url") {
                if read.images.len() == most_images {
                    return Err(too_many(most_images));
                }
                read.images.push(match part.name.as_str() {
                    "image" => FormImage::File(part.file_name, part.bytes),
                    _ => FormImage::Url(part.bytes),
                });
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
        let bytes = |image: &FormImage| match image {
            FormImage::File(_, bytes) | FormImage::Url(bytes) => bytes.len(),
        };
        self.images.iter().map(bytes).sum()
    }

    pub(super) fn check(self, permit: Permit) -> Result<(Given<S>, Vec<Link>), Problem> {
        let judge_given = self.judge.is_some();
        let judge = match &self.judge {
            None => DEFAULT_JUDGE,
            Some(bytes) => text_part("judge", bytes)?,
        };
        let judge = judge_name(judge)?.to_owned();
        let texts = match &self.texts {
            None => Texts::new(),
            Some(json) => texts_of_form(json)?,
        };
        let mut links = Vec::new();
        let mut images = Vec::with_capacity(self.images.len());
        for (index, given) in self.images.into_iter().enumerate() {
            let (name, image) = match given {
                // A file name that cannot be a name is no fault of the picture.
                FormImage::File(name, bytes) => (
                    name.filter(|name| image_name(name).is_ok()),
                    Ok(Image::new(bytes)),
                ),
                FormImage::Url(bytes) => {
                    // Text that is no UTF-8 is no URL, which is said in the image's own place.
                    let url = String::from_utf8(bytes).unwrap_or_default();
                    links.push(Link {
                        image: index,
                        url: url.trim().to_owned(),
                    });
                    (None, unfetched())
                }
            };
            images.push(GivenImage {
                name: name.unwrap_or_else(|| index.to_string()),
                image,
                texts: texts.clone(),
            });
        }
        let mut settings = S::default();
        for (name, bytes) in &self.settings {
            if S::STRUCTURES.contains(&name.as_str()) {
                settings.structure(name, &read_structure(images.len().max(MOST_LISTED), bytes)?)?;
                continue;
            }
            let text = text_part(name, bytes)?.to_owned();
            settings.set(name, &Scalar::Text(text))?;
        }
        if images.is_empty() && settings.needs_images() {
            return Err(nothing_given());
        }
        let given = Given {
            judge,
            judge_given,
            images,
            texts,
            settings,
            _permit: permit,
        };
        Ok((given, links))
    }
}

pub(in crate::http) fn text_part<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Problem> {
    std::str::from_utf8(bytes)
        .map(str::trim)
        .map_err(|_| Problem::new(Code::InvalidValue, format!("`{name}` is not UTF-8 text")))
}
