//! Images in the form that a card asks for; as they were given where it asks for none.

use super::{Engine, Judge};
use crate::judging::{Image, Reason, Unscored};
use crate::pixels::Limits;

impl Engine {
    /// The same engine, re-encoding only images within these limits.
    #[must_use]
    pub fn with_image_limits(mut self, limits: Limits) -> Self {
        self.image_limits = limits;
        self
    }

    /// The images as the judge's card wants them sent.
    ///
    /// # Errors
    /// The first image that cannot be decoded.
    pub(super) async fn encoded(
        &self,
        judge: &Judge,
        images: &[Image],
    ) -> Result<Vec<Image>, Unscored> {
        let Some(reencoding) = judge.card.reencoding else {
            return Ok(images.to_vec());
        };
        let mut encoded = Vec::with_capacity(images.len());
        for image in images {
            let (image, limits) = (image.clone(), self.image_limits);
            let work = move || reencoding.apply(image.bytes(), &limits);
            let done = tokio::task::spawn_blocking(work).await;
            let bytes = done
                .map_err(|_| Unscored::new(Reason::Backend, "the image could not be encoded"))?
                .map_err(|fault| Unscored::new(Reason::Image(fault.code()), fault.to_string()))?;
            encoded.push(Image::new(bytes));
        }
        Ok(encoded)
    }
}
