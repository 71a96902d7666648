//! Encodes a picture again, where a card asks for another form than the one it came in.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, RgbImage};

use super::resample::resized;
use super::{Filter, ImageFault, Limits, Rgb8, decode};

/// The form in which a picture is sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reencoding {
    /// Most pixels of the longer side; a larger picture is made smaller (Lanczos), a smaller one stays.
    pub longest_side: Option<u32>,
    /// The file format.
    pub encoding: Encoding,
}

/// A file format and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Without loss.
    Png,
    /// With a quality in 1..=100.
    Jpeg(u8),
}

impl Reencoding {
    /// Name with all its numbers, for provenance and cache keys.
    pub fn id(&self) -> String {
        let side = self
            .longest_side
            .map(|side| format!("longest<={side}:lanczos3|"));
        let format = match self.encoding {
            Encoding::Png => "png".to_owned(),
            Encoding::Jpeg(quality) => format!("jpeg-{quality}"),
        };
        format!("{}{format}", side.unwrap_or_default())
    }

    /// The picture in this form, upright, transparent pixels white.
    ///
    /// # Errors
    /// A picture that cannot be decoded within the limits.
    pub fn apply(&self, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, ImageFault> {
        let picture = decode(bytes, limits, [255; 3])?;
        let picture = match self.longest_side {
            Some(side) if picture.width().max(picture.height()) > side => smaller(&picture, side),
            Some(_) | None => picture,
        };
        Ok(self.encoded(picture))
    }

    fn encoded(&self, picture: Rgb8) -> Vec<u8> {
        let (width, height) = (picture.width(), picture.height());
        let pixels = RgbImage::from_raw(width, height, picture.into_data());
        let pixels = DynamicImage::ImageRgb8(pixels.expect("a picture has the bytes of its size"));
        let mut file = Vec::new();
        match self.encoding {
            Encoding::Png => pixels.write_with_encoder(PngEncoder::new(&mut file)),
            Encoding::Jpeg(quality) => {
                pixels.write_with_encoder(JpegEncoder::new_with_quality(&mut file, quality))
            }
        }
        .expect("an RGB picture is written to memory");
        file
    }
}

fn smaller(picture: &Rgb8, side: u32) -> Rgb8 {
    let longest = u64::from(picture.width().max(picture.height()));
    let scaled = |length: u32| {
        let length = (u64::from(length) * u64::from(side) + longest / 2) / longest;
        u32::try_from(length).unwrap_or(side).max(1)
    };
    let (width, height) = (scaled(picture.width()), scaled(picture.height()));
    resized(picture, width, height, Filter::Lanczos3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_picture_is_made_small_and_a_small_one_stays() {
        let picture = |width: u32, height: u32| {
            let png = Reencoding {
                longest_side: None,
                encoding: Encoding::Png,
            };
            let pixels = [10, 200, 30].repeat((width * height) as usize);
            png.encoded(Rgb8::new(width, height, pixels).unwrap())
        };
        let size = |bytes: &[u8], side| {
            let limits = Limits::default();
            let thumbnail = Reencoding {
                longest_side: Some(side),
                encoding: Encoding::Jpeg(80),
            };
            let small = thumbnail.apply(bytes, &limits).unwrap();
            let small = decode(&small, &limits, [0; 3]).unwrap();
            (small.width(), small.height())
        };
        assert_eq!(size(&picture(400, 100), 200), (200, 50));
        assert_eq!(size(&picture(40, 30), 200), (40, 30));
    }

    #[test]
    fn a_picture_is_made_smaller_and_encoded_again() {
        let limits = Limits::default();
        let png = Reencoding {
            longest_side: None,
            encoding: Encoding::Png,
        };
        let plain = Rgb8::new(300, 90, [10, 200, 30].repeat(300 * 90)).unwrap();
        let file = png.encoded(plain.clone());
        assert_eq!(decode(&file, &limits, [0; 3]).unwrap().data(), plain.data());
        let jpeg = Reencoding {
            longest_side: Some(100),
            encoding: Encoding::Jpeg(90),
        };
        let small = decode(&jpeg.apply(&file, &limits).unwrap(), &limits, [0; 3]).unwrap();
        assert_eq!((small.width(), small.height()), (100, 30));
        assert_eq!(jpeg.id(), "longest<=100:lanczos3|jpeg-90");
        assert!(jpeg.apply(b"no picture", &limits).is_err());
    }
}
