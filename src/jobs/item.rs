//! One item of a manifest, as it lies in the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// Its images in order.
    pub images: Vec<NamedSource>,
    /// The picture that the image was edited from, where the judge shows it.
    pub source: Option<Source>,
    /// Its own texts; those of the job stand behind them.
    pub texts: BTreeMap<String, String>,
}

/// An image and its name in the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSource {
    /// The name.
    pub name: String,
    /// Where the image comes from.
    pub source: Source,
}

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It came with the manifest.
    Bytes(Vec<u8>),
    /// It came with the manifest as base64 that is broken, in this way.
    Broken(String),
    /// It lies below the folder of images.
    Path(String),
    /// It is fetched.
    Url(String),
}

/// The first line of the stored form; the bytes of the images follow it, one after the other.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    images: Vec<HeadImage>,
    /// Its bytes come last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<HeadSource>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    texts: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct HeadImage {
    name: String,
    source: HeadSource,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HeadSource {
    Bytes(usize),
    Broken(String),
    Path(String),
    Url(String),
}

impl Item {
    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            images: self.images.iter().map(HeadImage::of).collect(),
            source: self.source.as_ref().map(HeadSource::of),
            texts: self.texts.clone(),
        };
        let mut stored = serde_json::to_vec(&head).expect("strings and numbers are always JSON");
        stored.push(b'\n');
        let images = self.images.iter().map(|image| &image.source);
        for source in images.chain(&self.source) {
            if let Source::Bytes(bytes) = source {
                stored.extend_from_slice(bytes);
            }
        }
        stored
    }

    /// Reads the stored form; `None` where it is not one.
    pub fn from_bytes(stored: &[u8]) -> Option<Self> {
        let end = stored.iter().position(|byte| *byte == b'\n')?;
        let (head, mut rest) = (&stored[..end], &stored[end + 1..]);
        let head: Head = serde_json::from_slice(head).ok()?;
        let mut images = Vec::with_capacity(head.images.len());
        for image in head.images {
            images.push(NamedSource {
                name: image.name,
                source: image.source.read(&mut rest)?,
            });
        }
        let source = match head.source {
            None => None,
            Some(source) => Some(source.read(&mut rest)?),
        };
        rest.is_empty().then_some(Item {
            images,
            source,
            texts: head.texts,
        })
    }
}

impl HeadImage {
    fn of(image: &NamedSource) -> Self {
        HeadImage {
            name: image.name.clone(),
            source: HeadSource::of(&image.source),
        }
    }
}

impl HeadSource {
    fn of(source: &Source) -> Self {
        match source {
            Source::Bytes(bytes) => HeadSource::Bytes(bytes.len()),
            Source::Broken(detail) => HeadSource::Broken(detail.clone()),
            Source::Path(path) => HeadSource::Path(path.clone()),
            Source::Url(url) => HeadSource::Url(url.clone()),
        }
    }

    /// The source, whose bytes are taken from what is left of the stored form.
    fn read(self, rest: &mut &[u8]) -> Option<Source> {
        Some(match self {
            HeadSource::Bytes(length) => {
                let (bytes, after) = rest.split_at_checked(length)?;
                *rest = after;
                Source::Bytes(bytes.to_vec())
            }
            HeadSource::Broken(detail) => Source::Broken(detail),
            HeadSource::Path(path) => Source::Path(path),
            HeadSource::Url(url) => Source::Url(url),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_that_is_cut() {
        let named = |name: &str, source| NamedSource {
            name: name.into(),
            source,
        };
        let item = Item {
            images: vec![
                named("a", Source::Bytes(b"one\ntwo".to_vec())),
                named("b", Source::Path("x/y.png".into())),
                named("c", Source::Bytes(vec![0, 255])),
                named("d", Source::Broken("cut".into())),
                named("e", Source::Url("https://example.org/e".into())),
            ],
            source: Some(Source::Bytes(b"before".to_vec())),
            texts: BTreeMap::from([("prompt".into(), "a\nb".into())]),
        };
        let stored = item.to_bytes();
        assert_eq!(Item::from_bytes(&stored), Some(item));
        assert_eq!(Item::from_bytes(&stored[..stored.len() - 1]), None);
        assert_eq!(Item::from_bytes(b""), None);
        // As it was stored before items had sources.
        let old = Item::from_bytes(b"{\"images\":[{\"name\":\"a\",\"source\":{\"bytes\":2}}]}\nhi")
            .unwrap();
        assert_eq!((old.images.len(), old.source), (1, None));
    }
}
