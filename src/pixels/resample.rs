//! Resizing with antialiasing.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::{Filter, Rgb8};

/// Resizes to exactly `width` x `height`; when shrinking, the filter is widened by the same factor, so that
/// every source pixel counts (as Pillow does, and unlike plain interpolation).
pub(super) fn resized(picture: &Rgb8, width: u32, height: u32, filter: Filter) -> Rgb8 {
    let source = ImageRef::new(
        picture.width(),
        picture.height(),
        picture.data(),
        PixelType::U8x3,
    )
    .expect("a picture holds as many bytes as its sides say");
    let mut target = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(match filter {
        Filter::Lanczos3 => FilterType::Lanczos3,
        Filter::CatmullRom => FilterType::CatmullRom,
        Filter::Bilinear => FilterType::Bilinear,
    }));
    Resizer::new()
        .resize(&source, &mut target, &options)
        .expect("both pictures have the same kind of pixels");
    Rgb8::made(width, height, target.into_vec())
}
