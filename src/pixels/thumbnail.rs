//! A small picture for people to look at.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, RgbImage};

use super::{ImageFault, Limits, decode};

/// Quality of the JPEG, of 100.
const QUALITY: u8 = 80;

/// The picture as a JPEG whose longest side has at most `side` pixels; transparent pixels are white.
///
/// # Errors
/// A picture that cannot be decoded within the limits.
pub fn thumbnail(bytes: &[u8], limits: &Limits, side: u32) -> Result<Vec<u8>, ImageFault> {
    let picture = decode(bytes, limits, [255; 3])?;
    let (width, height) = (picture.width(), picture.height());
    let pixels = RgbImage::from_raw(width, height, picture.into_data());
    let pixels = DynamicImage::ImageRgb8(pixels.expect("a picture has the bytes of its size"));
    let small = if width.max(height) > side {
        pixels.thumbnail(side, side)
    } else {
        pixels
    };
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    small
        .write_with_encoder(encoder)
        .expect("a small RGB picture is written to memory");
    Ok(jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_picture_is_made_small_and_a_small_one_stays() {
        let picture = |width, height| {
            let mut png = Vec::new();
            let pixels = RgbImage::from_pixel(width, height, image::Rgb([10, 200, 30]));
            let encoder = image::codecs::png::PngEncoder::new(&mut png);
            pixels.write_with_encoder(encoder).unwrap();
            png
        };
        let size = |bytes: &[u8], side| {
            let limits = Limits::default();
            let small = thumbnail(bytes, &limits, side).unwrap();
            let small = decode(&small, &limits, [0; 3]).unwrap();
            (small.width(), small.height())
        };
        assert_eq!(size(&picture(400, 100), 200), (200, 50));
        assert_eq!(size(&picture(40, 30), 200), (40, 30));
        assert!(thumbnail(b"no picture", &Limits::default(), 200).is_err());
    }
}
