//! From a picture to the numbers a model reads.

use super::decode::{FirstResize, Opened, opened};
use super::{ImageFault, Limits, Rgb8, Step};

/// How much of a JPEG is decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Decoding {
    /// All of it.
    #[default]
    Full,
    /// At 1/2 or 1/4 of its size, where that leaves at least three times the sides that the first step makes.
    Scaled,
}

/// Everything done to a picture before a model sees it, as data.
#[derive(Debug, Clone, PartialEq)]
pub struct Preparation {
    /// How much of a JPEG is decoded by [`Preparation::read`]; other formats are always decoded whole.
    pub decoding: Decoding,
    /// Red, green and blue behind transparent pixels. Used by [`decode`](super::decode), and part of the id.
    pub background: [u8; 3],
    /// Carried out in this order.
    pub steps: Vec<Step>,
    /// Subtracted from each channel, on the scale 0 to 255.
    pub mean: [f32; 3],
    /// What each channel is then divided by.
    pub scale: [f32; 3],
}

impl Preparation {
    /// Short text that names every step and number: two preparations with one id make the same numbers.
    pub fn id(&self) -> String {
        let [red, green, blue] = self.background;
        let mut parts = vec![
            match self.decoding {
                Decoding::Full => "rgb8".to_owned(),
                Decoding::Scaled => "rgb8:scaled-jpeg".to_owned(),
            },
            format!("bg={red:02x}{green:02x}{blue:02x}"),
        ];
        parts.extend(self.steps.iter().map(Step::to_string));
        parts.push(format!("(v-{})/{}", shown(self.mean), shown(self.scale)));
        parts.join("|")
    }

    /// Refuses numbers that cannot be used; judges call this when they are loaded.
    ///
    /// # Errors
    /// [`ImageFault::BadStep`] for a size of zero, a mean or scale that makes no finite number, or scaled decoding
    /// where no resize comes first.
    pub fn check(&self) -> Result<(), ImageFault> {
        self.steps.iter().try_for_each(Step::check)?;
        if self.decoding == Decoding::Scaled && self.scaled_to().is_none() {
            return Err(ImageFault::BadStep {
                step: "decode=scaled".to_owned(),
                reason: "the first step must be `resize`: only then is it known how small the picture becomes",
            });
        }
        let usable = |scale: &f32| scale.is_normal();
        if !self.mean.iter().all(|mean| mean.is_finite()) || !self.scale.iter().all(usable) {
            return Err(ImageFault::BadStep {
                step: format!("(v-{})/{}", shown(self.mean), shown(self.scale)),
                reason: "mean and scale must be finite, and no scale zero",
            });
        }
        Ok(())
    }

    /// The resize that scaled decoding aims at; `None` where a picture is decoded whole.
    fn scaled_to(&self) -> Option<FirstResize> {
        match (self.decoding, self.steps.first()) {
            (
                Decoding::Scaled,
                Some(Step::Resize {
                    width,
                    height,
                    filter,
                }),
            ) => Some(FirstResize {
                sides: (*width, *height),
                filter: *filter,
            }),
            (Decoding::Scaled | Decoding::Full, _) => None,
        }
    }

    /// Decodes a file, within the limits, and makes its numbers: the whole way, and the shortest.
    ///
    /// # Errors
    /// As [`decode`](super::decode) and [`Preparation::apply`].
    pub fn read(&self, bytes: &[u8], limits: &Limits) -> Result<Vec<Tensor>, ImageFault> {
        Ok(self.tensors(self.pictures_of(bytes, limits)?))
    }

    /// Decodes a file, within the limits, and carries out the steps.
    ///
    /// # Errors
    /// As [`decode`](super::decode) and [`Step::apply`].
    pub fn pictures_of(&self, bytes: &[u8], limits: &Limits) -> Result<Vec<Rgb8>, ImageFault> {
        self.check()?;
        match opened(bytes, limits, self.background, self.scaled_to())? {
            Opened::Whole(picture) => carried_out(&self.steps, picture),
            Opened::Resized(picture) => carried_out(&self.steps[1..], picture),
        }
    }

    /// Carries out the steps on a decoded picture; what comes out is one picture, or its tiles.
    ///
    /// # Errors
    /// As [`Step::apply`].
    pub fn pictures(&self, picture: Rgb8) -> Result<Vec<Rgb8>, ImageFault> {
        carried_out(&self.steps, picture)
    }

    /// Carries out the steps and turns each picture into a tensor, dropping pictures as they are used up.
    ///
    /// # Errors
    /// As [`Preparation::check`] and [`Step::apply`].
    pub fn apply(&self, picture: Rgb8) -> Result<Vec<Tensor>, ImageFault> {
        self.check()?;
        Ok(self.tensors(self.pictures(picture)?))
    }

    fn tensors(&self, pictures: Vec<Rgb8>) -> Vec<Tensor> {
        let tables: [Table; 3] =
            std::array::from_fn(|channel| table(self.mean[channel], self.scale[channel]));
        pictures
            .into_iter()
            .map(|picture| Tensor::from_picture(&picture, &tables))
            .collect()
    }
}

fn carried_out(steps: &[Step], picture: Rgb8) -> Result<Vec<Rgb8>, ImageFault> {
    let mut pictures = vec![picture];
    for step in steps {
        let mut next = Vec::with_capacity(pictures.len());
        for picture in pictures {
            next.extend(step.apply(picture)?);
        }
        pictures = next;
    }
    Ok(pictures)
}

/// One number when all three are the same, else all three.
fn shown(values: [f32; 3]) -> String {
    let [red, green, blue] = values;
    if red.to_bits() == green.to_bits() && green.to_bits() == blue.to_bits() {
        red.to_string()
    } else {
        format!("[{red},{green},{blue}]")
    }
}

/// Planar numbers of one picture: batch of 1, channels red, green, blue, rows from the top (NCHW).
#[derive(Clone, PartialEq)]
pub struct Tensor {
    height: usize,
    width: usize,
    data: Vec<f32>,
}

impl Tensor {
    /// `[1, 3, height, width]`.
    pub fn shape(&self) -> [usize; 4] {
        [1, 3, self.height, self.width]
    }

    /// `3 * height * width` finite numbers.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// Gives the numbers away.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    fn from_picture(picture: &Rgb8, tables: &[Table; 3]) -> Tensor {
        let (pixels, _) = picture.data().as_chunks::<3>();
        let mut data = Vec::with_capacity(3 * pixels.len());
        for (channel, table) in tables.iter().enumerate() {
            data.extend(
                pixels
                    .iter()
                    .map(|pixel| table[usize::from(pixel[channel])]),
            );
        }
        Tensor {
            height: picture.height() as usize,
            width: picture.width() as usize,
            data,
        }
    }
}

/// Shows the shape only: numbers of strangers' pictures belong in no log.
impl std::fmt::Debug for Tensor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Tensor({:?})", self.shape())
    }
}

/// The number for each of the 256 values of a channel. A look-up is as fast as arithmetic here, and the
/// division is the exact one of the formula, as in the trainers.
type Table = [f32; 256];

fn table(mean: f32, scale: f32) -> Table {
    std::array::from_fn(|value| (f32::from(u8::try_from(value).expect("below 256")) - mean) / scale)
}

#[cfg(test)]
mod tests {
    use super::super::Filter;
    use super::*;

    fn preparation(steps: Vec<Step>) -> Preparation {
        Preparation {
            decoding: Decoding::Full,
            background: [255, 255, 255],
            steps,
            mean: [127.0; 3],
            scale: [128.0; 3],
        }
    }

    #[test]
    fn id_names_every_step_and_number() {
        let mut all = preparation(vec![
            Step::LongestSide {
                at_most: 1280,
                filter: Filter::Lanczos3,
            },
            Step::ShortestSide { at_least: 32 },
            Step::Tiles { side: 640 },
        ]);
        assert_eq!(
            all.id(),
            "rgb8|bg=ffffff|longest<=1280:lanczos3|shortest>=32:mirror|tiles=640|(v-127)/128"
        );
        all.steps = vec![
            Step::PadSquare {
                color: [0, 16, 255],
            },
            Step::Resize {
                width: 256,
                height: 224,
                filter: Filter::CatmullRom,
            },
            Step::CenterCrop {
                width: 224,
                height: 200,
            },
        ];
        all.mean = [123.675, 116.28, 103.53];
        all.scale = [58.395, 57.12, 57.375];
        assert_eq!(
            all.id(),
            "rgb8|bg=ffffff|square:0010ff|resize=256x224:catmullrom|center=224x200\
             |(v-[123.675,116.28,103.53])/[58.395,57.12,57.375]"
        );
    }

    #[test]
    fn scaled_decoding_has_an_id_of_its_own_and_needs_a_resize_first() {
        let resize = Step::Resize {
            width: 8,
            height: 8,
            filter: Filter::CatmullRom,
        };
        let mut scaled = preparation(vec![resize]);
        let full = scaled.id();
        scaled.decoding = Decoding::Scaled;
        assert_eq!(scaled.check(), Ok(()));
        assert_eq!(scaled.id(), full.replace("rgb8|", "rgb8:scaled-jpeg|"));
        scaled.steps.insert(0, Step::PadSquare { color: [0; 3] });
        assert_eq!(scaled.check().unwrap_err().code(), "preparation_invalid");
    }

    #[test]
    fn numbers_are_planar_and_exact() {
        let picture = Rgb8::new(2, 1, vec![0, 127, 255, 64, 128, 192]).unwrap();
        let tensors = preparation(vec![]).apply(picture).unwrap();
        assert_eq!(tensors[0].shape(), [1, 3, 1, 2]);
        let expected = [-127.0, -63.0, 0.0, 1.0, 128.0, 65.0].map(|v: f32| v / 128.0);
        assert_eq!(tensors[0].data(), expected);
    }

    #[test]
    fn a_preparation_that_makes_no_number_is_refused() {
        let picture = || Rgb8::new(1, 1, vec![0; 3]).unwrap();
        let mut broken = preparation(vec![Step::Tiles { side: 0 }]);
        assert_eq!(
            broken.apply(picture()).unwrap_err().code(),
            "preparation_invalid"
        );
        broken = preparation(vec![]);
        broken.scale[1] = 0.0;
        assert_eq!(
            broken.apply(picture()).unwrap_err().code(),
            "preparation_invalid"
        );
    }
}
