//! What is found out about a picture before any judge is asked.

use futures::stream::{self, StreamExt};

use crate::engine::Engine;
use crate::gate::{Tripped, Tripwires};
use crate::judging::{Image, Reason, Unscored};
use crate::pixels::{DEFAULT_BACKGROUND, Look, Seen, Twin, decode};

/// An image that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// The image and what it looks like; or why it cannot be used.
    pub image: Result<(Image, Look), Unscored>,
    /// The earlier image that is nearly the same.
    pub twin: Option<Twin>,
}

/// Pictures that are looked at a time.
const AT_ONCE: usize = 4;

impl Engine {
    /// Looks at several images with their names, and says which are nearly the same as an earlier one.
    pub async fn looked_in_order(
        &self,
        images: Vec<(String, Result<Image, Unscored>)>,
    ) -> Vec<Looked> {
        let looked = stream::iter(images)
            .map(|(name, image)| async move { (name, self.looked(image).await) });
        let looked: Vec<_> = looked.buffered(AT_ONCE).collect().await;
        let mut seen = Seen::default();
        let in_order = looked.into_iter();
        in_order
            .map(|(name, looked)| looked.among(&name, &mut seen))
            .collect()
    }

    /// Looks at an image, or at what was wrong with it before.
    pub async fn looked(&self, image: Result<Image, Unscored>) -> Looked {
        let image = match image {
            Ok(image) => self.look(&image).await.map(|look| (image, look)),
            Err(unscored) => Err(unscored),
        };
        Looked { image, twin: None }
    }

    /// What a picture looks like at a glance.
    ///
    /// # Errors
    /// A picture that cannot be decoded.
    async fn look(&self, image: &Image) -> Result<Look, Unscored> {
        let (image, limits) = (image.clone(), self.image_limits);
        let work = move || decode(image.bytes(), &limits, DEFAULT_BACKGROUND).map(|p| Look::of(&p));
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Unscored::new(Reason::Backend, "the image could not be looked at"))?
            .map_err(|fault| Unscored::new(Reason::Image(fault.code()), fault.to_string()))
    }
}

impl Looked {
    /// The same as the next of several images, this one of this name.
    #[must_use]
    pub fn among(mut self, name: &str, seen: &mut Seen) -> Self {
        if let Ok((_, look)) = &self.image {
            self.twin = seen.twin(name, look);
        }
        self
    }

    /// Every wire that it trips.
    pub fn trips(&self, set: &Tripwires) -> Vec<Tripped> {
        let look = match &self.image {
            Ok((_, look)) => look,
            Err(unscored) => {
                return vec![Tripped {
                    code: "undecodable",
                    detail: unscored.detail.clone(),
                }];
            }
        };
        let mut tripped = wires(set, look);
        if let Some(twin) = self.twin.as_ref().filter(|_| set.near_duplicate) {
            tripped.push(Tripped {
                code: "near_duplicate",
                detail: format!(
                    "nearly the same picture as `{}` ({} of 64 bits differ)",
                    twin.of, twin.bits
                ),
            });
        }
        tripped
    }
}

/// Every wire that a picture trips.
fn wires(set: &Tripwires, look: &Look) -> Vec<Tripped> {
    let tone = |deviation: f64, mean: f64| format!("mean luma {mean:.1}, deviation {deviation:.2}");
    let size = format!("{} x {} pixels", look.width, look.height);
    let (short, long) = (look.width.min(look.height), look.width.max(look.height));
    let wrong_size = [
        set.width.filter(|width| *width != look.width),
        set.height.filter(|height| *height != look.height),
        set.least_side.filter(|least| *least > short),
        set.longest_side.filter(|longest| *longest < long),
    ];
    [
        (
            set.black && look.is_black(),
            "black",
            tone(look.deviation, look.mean),
        ),
        (
            set.white && look.is_white(),
            "white",
            tone(look.deviation, look.mean),
        ),
        (
            set.constant && look.is_constant(),
            "constant",
            format!("no channel varies by more than {}", look.range),
        ),
        (
            set.noise && look.is_noise(),
            "noise",
            format!(
                "neighbouring pixels are unrelated (roughness {:.2})",
                look.roughness
            ),
        ),
        (wrong_size.iter().any(Option::is_some), "wrong_size", size),
    ]
    .into_iter()
    .filter(|(trips, ..)| *trips)
    .map(|(_, code, detail)| Tripped { code, detail })
    .collect()
}
