//! What is judged: images in order, and the texts that a question may quote.

use std::collections::BTreeMap;

use super::Image;

/// Images in order, and texts by name, such as the `prompt` that an image was made from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subject {
    images: Vec<Image>,
    texts: BTreeMap<String, String>,
}

impl Subject {
    /// Images and texts.
    pub fn new(images: Vec<Image>, texts: BTreeMap<String, String>) -> Self {
        Subject { images, texts }
    }

    /// One image and nothing else.
    pub fn of(image: Image) -> Self {
        Subject::new(vec![image], BTreeMap::new())
    }

    /// The images in order.
    pub fn images(&self) -> &[Image] {
        &self.images
    }

    /// The text of that name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// The same texts with other images.
    #[must_use]
    pub fn with_images(&self, images: Vec<Image>) -> Self {
        Subject {
            images,
            texts: self.texts.clone(),
        }
    }

    /// The same subject with its images in the opposite order.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Subject {
            images: self.images.iter().rev().cloned().collect(),
            texts: self.texts.clone(),
        }
    }
}
