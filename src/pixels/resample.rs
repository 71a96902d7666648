//! Resizing with antialiasing.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::{Filter, Rgb8};

/// Resizes to exactly `width` x `height`; when shrinking, the filter is widened by the same factor, so that
/// every source pixel counts (as Pillow does, and unlike plain interpolation).
pub(super) fn resized(picture: &Rgb8, width: u32, height: u32, filter: Filter) -> Rgb8 {
    let whole = (f64::from(picture.width()), f64::from(picture.height()));
    resized_from(picture, whole, (width, height), filter)
}

/// The same from the top left part of the picture with this width and height, which need not be whole numbers.
pub(super) fn resized_from(
    picture: &Rgb8,
    (part_width, part_height): (f64, f64),
    (width, height): (u32, u32),
    filter: Filter,
) -> Rgb8 {
    let source = ImageRef::new(
        picture.width(),
        picture.height(),
        picture.data(),
        PixelType::U8x3,
    )
    .expect("a picture holds as many bytes as its sides say");
    let mut target = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new();
    let whole = (f64::from(picture.width()), f64::from(picture.height()));
    let options = if part_width < whole.0 || part_height < whole.1 {
        options.crop(0.0, 0.0, part_width, part_height)
    } else {
        options
    };
    let options = options.resize_alg(ResizeAlg::Convolution(match filter {
        Filter::Lanczos3 => FilterType::Lanczos3,
        Filter::CatmullRom => FilterType::CatmullRom,
        Filter::Bilinear => FilterType::Bilinear,
    }));
    Resizer::new()
        .resize(&source, &mut target, &options)
        .expect("both pictures have the same kind of pixels");
    Rgb8::made(width, height, target.into_vec())
}
