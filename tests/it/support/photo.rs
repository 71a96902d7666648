//! Pictures with the statistics of photographs: amplitude falls with frequency, edges are hard, colour is smooth.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places are not negative and small, and values are clamped"
)]

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Rgb, RgbImage};

/// A photograph of nothing; every seed is another one.
pub(crate) fn photo(width: u32, height: u32, seed: u32) -> RgbImage {
    let side = width.min(height) as f32;
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let light = texture(x, y, seed, &[128.0, 64.0, 32.0, 16.0, 8.0, 4.0, 2.0]);
        let warm = texture(x, y, seed ^ 0xa5a5, &[256.0, 128.0, 64.0]);
        // Things before a background: the shade changes from one pixel to the next.
        let (u, v) = ((x / side) % 0.5 - 0.25, (y / side) % 0.5 - 0.25);
        let shade = if u * u + v * v < 0.03 { 40.0 } else { -20.0 };
        let level = 120.0 + shade + light;
        Rgb([level + warm, level, level - warm].map(|value| value.clamp(0.0, 255.0) as u8))
    })
}

/// The picture as a JPEG file.
pub(crate) fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    DynamicImage::ImageRgb8(picture.clone())
        .write_with_encoder(JpegEncoder::new_with_quality(&mut file, quality))
        .unwrap();
    file
}

/// Smooth noise at several sizes of grain, each as strong as it is large.
fn texture(x: f32, y: f32, seed: u32, grains: &[f32]) -> f32 {
    let one = |(index, grain): (usize, &f32)| {
        let (u, v) = (x / grain, y / grain);
        let (left, top) = (u.floor(), v.floor());
        let (u, v) = (u - left, v - top);
        let seed = seed.wrapping_add(1_000 * index as u32);
        let at = |dx: u32, dy: u32| lattice(left as u32 + dx, top as u32 + dy, seed);
        let above = at(0, 0) * (1.0 - u) + at(1, 0) * u;
        let below = at(0, 1) * (1.0 - u) + at(1, 1) * u;
        (above * (1.0 - v) + below * v) * 0.9 * grain.powf(0.8)
    };
    grains.iter().enumerate().map(one).sum()
}

/// A number in -1..1 for each point of a grid.
fn lattice(x: u32, y: u32, seed: u32) -> f32 {
    let mut hash = x
        .wrapping_mul(0x9e37_79b1)
        .wrapping_add(y.wrapping_mul(0x85eb_ca77))
        .wrapping_add(seed.wrapping_mul(0xc2b2_ae3d));
    hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
    hash = (hash ^ (hash >> 12)).wrapping_mul(0x297a_2d39);
    (hash >> 8) as f32 / (1 << 23) as f32 - 1.0
}
