//! One record of a manifest: a line of JSON, or a row of CSV.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde::de::MapAccess;

use super::columns::{Column, Kind, row};
use crate::http::body::{Object, Reader, read_object};
use crate::http::given::{MOST_TEXTS, Texts, decoded, image_name, texts_fit};
use crate::http::problem::{Code, Problem};
use crate::jobs::{BadLine, Item, NamedSource, Source, is_inside};

/// What every record of a manifest is held to.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// How many images an item has.
    pub(super) images: RangeInclusive<usize>,
    /// Whether an item names the picture that its image was edited from.
    pub(super) shows_source: bool,
    /// Whether images may be named by `path`.
    pub(super) takes_paths: bool,
    /// Whether images may be named by `url`.
    pub(super) takes_urls: bool,
    /// Names of the texts that the judge's question quotes.
    pub(super) texts: Vec<String>,
    /// Those of them that the job gives to every item.
    pub(super) shared: Texts,
    /// The columns; `None` for lines of JSON.
    pub(super) columns: Option<Vec<Column>>,
}

/// An image as typed.
#[derive(Debug, Default)]
pub(super) struct TypedImage<'a> {
    id: Option<Cow<'a, str>>,
    base64: Option<Cow<'a, str>>,
    path: Option<Cow<'a, str>>,
    url: Option<Cow<'a, str>>,
}

/// An item as typed.
#[derive(Debug, Default)]
pub(super) struct TypedItem<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) texts: Option<Texts>,
    pub(super) alone: TypedImage<'a>,
    pub(super) images: Option<Vec<TypedImage<'a>>>,
    pub(super) source: Option<TypedImage<'a>>,
}

impl<'de> Object<'de> for TypedImage<'de> {
    const FIELDS: &'static [&'static str] = &["id", "base64", "path", "url"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        let place = match field {
            "id" => &mut self.id,
            "base64" => &mut self.base64,
            "path" => &mut self.path,
            "url" => &mut self.url,
            _ => return value.unknown(Self::FIELDS),
        };
        *place = Some(value.text()?);
        Ok(())
    }
}

impl<'de> Object<'de> for TypedItem<'de> {
    const FIELDS: &'static [&'static str] =
        &["id", "texts", "base64", "path", "url", "images", "source"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "id" => self.id = Some(value.text()?),
            "texts" => self.texts = Some(value.texts(MOST_TEXTS)?),
            "images" => self.images = Some(value.list(too_many)?),
            "source" => self.source = Some(value.object()?),
            "base64" => self.alone.base64 = Some(value.text()?),
            "path" => self.alone.path = Some(value.text()?),
            "url" => self.alone.url = Some(value.text()?),
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

fn too_many(most: usize) -> Problem {
    let detail = format!("an item of this operation has at most {most} images");
    Problem::new(Code::TooManyImages, detail)
}

impl Rules {
    /// The item of a record, with its id where it has one.
    ///
    /// # Errors
    /// What is wrong with it, and what would have worked.
    pub(super) fn read(&self, line: u64, record: &[u8]) -> Result<(Option<String>, Item), BadLine> {
        let read = match &self.columns {
            None => read_object::<TypedItem<'_>>(*self.images.end(), record)
                .and_then(|typed| self.check(typed)),
            Some(columns) => row(record, columns).and_then(|typed| self.check(typed)),
        };
        read.map_err(|problem| problem.in_line(line))
    }

    fn check(&self, typed: TypedItem<'_>) -> Result<(Option<String>, Item), Problem> {
        let id = typed.id.as_deref().map(image_name).transpose();
        let id = id.map_err(|problem| problem.at("/id"))?.map(str::to_owned);
        let texts = typed.texts.unwrap_or_default();
        texts_fit(&texts).map_err(|problem| problem.at("/texts"))?;
        let given = |name: &&String| texts.contains_key(*name) || self.shared.contains_key(*name);
        if let Some(missing) = self.texts.iter().find(|name| !given(name)) {
            let detail =
                format!("the judge's question quotes the text `{missing}`, which is not given");
            return Err(Problem::new(Code::MissingField, detail)
                .hint("give it in the item's `texts`, or as `texts.NAME` of the whole job"));
        }
        let source = self.edited_from(typed.source)?;
        let is_alone = !typed.alone.is_empty();
        let images = match (typed.images, is_alone) {
            (Some(_), true) => {
                let detail = "the item has both `images` and an image of its own";
                return Err(Problem::new(Code::InvalidValue, detail).hint("give one of them"));
            }
            (Some(images), false) => images,
            (None, true) => vec![typed.alone],
            (None, false) => vec![],
        };
        if !self.images.contains(&images.len()) {
            let (least, most) = (self.images.start(), self.images.end());
            let detail = if least == most {
                format!(
                    "an item of this operation has {least} images, this one has {}",
                    images.len()
                )
            } else {
                format!(
                    "an item of this operation has {least} to {most} images, this one has {}",
                    images.len()
                )
            };
            return Err(Problem::new(Code::MissingImages, detail)
                .hint("`base64`, `path` or `url` gives one image, `images` a list of them"));
        }
        let mut named: Vec<NamedSource> = Vec::with_capacity(images.len());
        for (index, image) in images.into_iter().enumerate() {
            let name = match (&image.id, &id) {
                (Some(name), _) => image_name(name)?.to_owned(),
                (None, Some(id)) if is_alone => id.clone(),
                (None, _) => index.to_string(),
            };
            if named.iter().any(|other| other.name == name) {
                let detail = format!("two images of the item are named `{name}`");
                return Err(Problem::new(Code::InvalidValue, detail));
            }
            let source = self.place(image);
            let source = source.map_err(|problem| problem.at(format!("/images/{index}")))?;
            named.push(NamedSource { name, source });
        }
        Ok((
            id,
            Item {
                images: named,
                source,
                texts,
            },
        ))
    }

    /// The picture that the image was edited from: named where the judge shows it, and only there.
    fn edited_from(&self, typed: Option<TypedImage<'_>>) -> Result<Option<Source>, Problem> {
        let wrong = |code, detail: &str| Err(Problem::new(code, detail).at("/source"));
        match typed {
            None if self.shows_source => wrong(
                Code::MissingField,
                "the judge shows the picture that the image was edited from, and `source` is not given",
            ),
            None => Ok(None),
            Some(_) if !self.shows_source => wrong(
                Code::InvalidValue,
                "`source` is read by `evaluate` with `viescore` and a judge that shows two pictures, such as `viescore-sc-edit`",
            ),
            Some(image) if image.id.is_some() => wrong(
                Code::InvalidValue,
                "a source has no `id`; results name the image",
            ),
            Some(image) => {
                let place = self.place(image).map_err(|problem| problem.at("/source"))?;
                Ok(Some(place))
            }
        }
    }

    fn place(&self, image: TypedImage<'_>) -> Result<Source, Problem> {
        match (image.base64, image.path, image.url) {
            (Some(base64), None, None) => Ok(match decoded(&base64) {
                Ok(image) => Source::Bytes(image.bytes().to_vec()),
                // A fault of the image alone, as everywhere.
                Err(unscored) => Source::Broken(unscored.detail),
            }),
            (None, Some(path), None) => self.path(&path),
            (None, None, Some(url)) => self.url(&url),
            _ => Err(Problem::new(
                Code::InvalidValue,
                "an image is given by one of `base64`, `path` and `url`",
            )),
        }
    }

    /// Whether it may be read is seen when the item is asked, as a fault of that item alone.
    fn url(&self, url: &str) -> Result<Source, Problem> {
        if self.takes_urls {
            return Ok(Source::Url(url.to_owned()));
        }
        let detail = "this service reads no images by `url`";
        Err(Problem::new(Code::InvalidValue, detail)
            .hint("send `base64`, or name the hosts of images in `[images.urls] hosts`"))
    }

    fn path(&self, path: &str) -> Result<Source, Problem> {
        if !self.takes_paths {
            let detail = "this service reads no images by `path`";
            return Err(Problem::new(Code::InvalidValue, detail)
                .hint("send `base64`, or set `[jobs] images` to the folder of images"));
        }
        if !is_inside(path) {
            let detail = "`path` leads out of the folder of images";
            return Err(Problem::new(Code::InvalidValue, detail).hint(
                "a path is relative, with `/` between its parts and no `.` or `..` among them",
            ));
        }
        Ok(Source::Path(path.to_owned()))
    }
}

impl TypedImage<'_> {
    pub(super) fn set(&mut self, kind: Kind, value: &str) {
        let place = match kind {
            Kind::Base64 => &mut self.base64,
            Kind::Path => &mut self.path,
            Kind::Url => &mut self.url,
        };
        *place = Some(Cow::Owned(value.to_owned()));
    }

    fn is_empty(&self) -> bool {
        self.base64.is_none() && self.path.is_none() && self.url.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::columns;
    use super::*;

    fn rules(images: RangeInclusive<usize>) -> Rules {
        Rules {
            images,
            shows_source: false,
            takes_paths: true,
            takes_urls: false,
            texts: vec![],
            shared: Texts::new(),
            columns: None,
        }
    }

    #[test]
    fn a_line_and_a_row_are_the_same_item() {
        let line = r#"{"id":"a","base64":"aGk=","texts":{"prompt":"a, b"}}"#;
        let by_line = rules(1..=1).read(1, line.as_bytes()).unwrap();
        let header = columns(b"id,texts.prompt,base64").unwrap();
        let by_row = Rules {
            columns: Some(header),
            ..rules(1..=1)
        };
        assert_eq!(by_row.read(2, b"a,\"a, b\",aGk=").unwrap(), by_line);
        assert_eq!(by_line.1.images[0].name, "a");
        let pair = r#"{"images":[{"path":"x.png"},{"path":"y.png"}]}"#;
        let by_line = rules(2..=2).read(1, pair.as_bytes()).unwrap();
        let by_row = Rules {
            columns: Some(columns(b"path_1,path_2").unwrap()),
            ..rules(2..=2)
        };
        assert_eq!(by_row.read(2, b"x.png,y.png").unwrap(), by_line);
    }

    #[test]
    fn an_edited_image_names_what_it_was_edited_from() {
        let edited = Rules {
            shows_source: true,
            ..rules(1..=1)
        };
        let line = br#"{"id":"a","path":"after.png","source":{"path":"before.png"}}"#;
        let by_line = edited.read(1, line).unwrap();
        assert_eq!(by_line.1.source, Some(Source::Path("before.png".into())));
        let by_row = Rules {
            columns: Some(columns(b"id,path,source_path").unwrap()),
            ..edited.clone()
        };
        assert_eq!(by_row.read(2, b"a,after.png,before.png").unwrap(), by_line);
        let broken = edited.read(1, br#"{"path":"a","source":{"base64":"*"}}"#);
        assert!(matches!(broken.unwrap().1.source, Some(Source::Broken(_))));
        for (line, part) in [
            (r#"{"path":"a"}"#, "`source` is not given"),
            (r#"{"path":"a","source":{}}"#, "one of `base64`"),
            (r#"{"path":"a","source":{"path":"../b"}}"#, "leads out"),
            (r#"{"path":"a","source":{"id":"b","path":"b"}}"#, "no `id`"),
            (r#"{"path":"a","source":"b"}"#, "an object"),
            (r#"{"path":"a","source":{"file":"b"}}"#, "`file`"),
        ] {
            let bad = edited.read(1, line.as_bytes()).unwrap_err();
            assert!(bad.detail.contains(part), "{line}: {bad:?}");
        }
        let missing = by_row.read(2, b"a,after.png,").unwrap_err();
        assert!(
            missing.detail.contains("`source` is not given"),
            "{missing:?}"
        );
        let plain = rules(1..=1).read(1, line).unwrap_err();
        assert!(plain.detail.contains("viescore-sc-edit"), "{plain:?}");
        assert!(columns(b"source_file").is_err());
    }

    #[test]
    fn a_bad_line_names_itself_and_what_would_have_worked() {
        for (line, part) in [
            ("{", "EOF"),
            ("[]", "an object"),
            ("{}", "has 0"),
            (r#"{"ids":"a","path":"b"}"#, "`ids`"),
            (r#"{"id":1,"path":"b"}"#, "`/id` must be a string"),
            (r#"{"id":"","path":"b"}"#, "1 to 200"),
            (r#"{"path":"b","base64":"aGk="}"#, "one of `base64`"),
            (r#"{"path":"b","images":[]}"#, "both"),
            (r#"{"path":"../b"}"#, "leads out"),
            (r#"{"path":"/b"}"#, "leads out"),
            (r#"{"url":"https://example.org/a"}"#, "no images by `url`"),
            (r#"{"images":[{"path":"a"},{"path":"b"}]}"#, "at most 1"),
            (r#"{"path":"a","texts":{"b":1}}"#, "a string"),
        ] {
            let bad = rules(1..=1).read(7, line.as_bytes()).unwrap_err();
            assert_eq!(bad.line, 7);
            assert!(bad.detail.contains(part), "{line}: {bad:?}");
        }
        let needy = Rules {
            texts: vec!["prompt".into()],
            takes_paths: false,
            ..rules(1..=1)
        };
        let missing = needy.read(1, br#"{"base64":"aGk="}"#).unwrap_err();
        assert!(missing.detail.contains("`prompt`"));
        let off = needy
            .read(1, br#"{"path":"a","texts":{"prompt":"b"}}"#)
            .unwrap_err();
        assert!(off.hint.unwrap().contains("[jobs] images"));
        for header in ["id,id", "name", "path_0", "texts.", "path_x"] {
            assert!(columns(header.as_bytes()).is_err(), "{header}");
        }
    }
}
