//! JPEG files decoded at a fraction of their size: what a model then sees is what it saw before.

use std::path::Path;

use opine::pixels::{
    DEFAULT_BACKGROUND, Decoding, Filter, Limits, Preparation, Rgb8, Step, decode,
};

use crate::support::photo::{jpeg, photo};

/// Least likeness of a scaled decode to a full one, in decibels.
///
/// At 45 dB the root mean square of the difference is 1.4 of 255, half of what the compression of a good JPEG costs.
const LEAST_LIKENESS: f64 = 45.0;

fn preparation(width: u32, height: u32, filter: Filter) -> Preparation {
    Preparation {
        decoding: Decoding::Scaled,
        background: DEFAULT_BACKGROUND,
        steps: vec![Step::Resize {
            width,
            height,
            filter,
        }],
        mean: [0.0; 3],
        scale: [255.0; 3],
    }
}

/// The picture by both ways: as prepared from a scaled decode, and from a full one.
fn both_ways(file: &[u8], preparation: &Preparation) -> (Rgb8, Rgb8) {
    let limits = Limits::default();
    let mut scaled = preparation.pictures_of(file, &limits).unwrap();
    let full = decode(file, &limits, DEFAULT_BACKGROUND).unwrap();
    let mut full = preparation.pictures(full).unwrap();
    (scaled.remove(0), full.remove(0))
}

/// Peak signal-to-noise ratio, over all channels.
fn likeness(one: &Rgb8, other: &Rgb8) -> f64 {
    assert_eq!(one.data().len(), other.data().len());
    let squares = one.data().iter().zip(other.data());
    let sum: f64 = squares
        .map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2))
        .sum();
    10.0 * (255.0f64.powi(2) * one.data().len() as f64 / sum.max(1.0)).log10()
}

#[test]
fn a_scaled_decode_is_as_good_as_a_full_one() {
    let filters = [Filter::CatmullRom, Filter::Lanczos3, Filter::Bilinear];
    for (seed, width, height) in [(0, 640, 480), (1, 401, 603)] {
        let picture = photo(width, height, seed);
        for quality in [75, 92] {
            let file = jpeg(&picture, quality);
            for (target, filter) in [(24, 0), (33, 1), (41, 2), (66, 0), (80, 1)] {
                let preparation = preparation(target, target, filters[filter]);
                let (scaled, full) = both_ways(&file, &preparation);
                let likeness = likeness(&scaled, &full);
                assert!(
                    likeness >= LEAST_LIKENESS,
                    "{width}x{height} to {target}, quality {quality}: {likeness:.1} dB"
                );
            }
        }
    }
}

#[test]
fn real_photographs_with_halved_colour_are_as_good() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("judges/technical-quality/examples");
    for name in ["clean", "blurred", "noisy", "jpeg"] {
        let file = std::fs::read(folder.join(format!("{name}.jpg"))).unwrap();
        for target in [12, 24, 48] {
            let preparation = preparation(target, target, Filter::CatmullRom);
            let (scaled, full) = both_ways(&file, &preparation);
            assert_ne!(scaled, full, "not scaled");
            let likeness = likeness(&scaled, &full);
            assert!(
                likeness >= LEAST_LIKENESS,
                "{name} to {target}: {likeness:.1} dB"
            );
        }
    }
}

#[test]
fn only_what_is_decoded_smaller_is_changed_at_all() {
    let picture = photo(320, 240, 9);
    let file = jpeg(&picture, 90);
    let changed = |file: &[u8], width, height, decoding| {
        let mut preparation = preparation(width, height, Filter::Lanczos3);
        preparation.decoding = decoding;
        let (scaled, full) = both_ways(file, &preparation);
        scaled != full
    };
    // Half the size still has three times these sides, and no longer these.
    assert!(changed(&file, 53, 40, Decoding::Scaled));
    assert!(!changed(&file, 53, 41, Decoding::Scaled));
    assert!(!changed(&file, 54, 40, Decoding::Scaled));
    // Without the card's word nothing is changed, and other formats never are.
    assert!(!changed(&file, 10, 10, Decoding::Full));
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    assert!(!changed(&png.into_inner(), 10, 10, Decoding::Scaled));
}

fn test_image(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images");
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn orientation_gray_and_progressive_pictures_come_out_alike() {
    let preparation = preparation(6, 8, Filter::Bilinear);
    for name in [
        "orientation_6.jpg",
        "gray.jpg",
        "progressive.jpg",
        "restarts.jpg",
    ] {
        let (scaled, full) = both_ways(&test_image(&format!("good/{name}")), &preparation);
        let likeness = likeness(&scaled, &full);
        assert!(likeness >= 40.0, "{name}: {likeness:.1} dB");
    }
    // The formula for CMYK stays that of the ordinary decoder.
    for name in ["cmyk.jpg", "ycck.jpg"] {
        let (scaled, full) = both_ways(&test_image(&format!("good/{name}")), &preparation);
        assert_eq!(scaled, full, "{name}");
    }
}

#[test]
fn what_was_refused_is_refused_by_the_same_name() {
    let preparation = preparation(4, 4, Filter::Bilinear);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images/bad");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let limits = Limits::default();
        let full = decode(&bytes, &limits, DEFAULT_BACKGROUND).unwrap_err();
        assert_eq!(preparation.pictures_of(&bytes, &limits), Err(full));
        checked += 1;
    }
    assert!(checked > 25, "only {checked} bad files");
}

#[test]
fn limits_from_the_header_hold_before_scaling() {
    let file = jpeg(&photo(320, 240, 1), 90);
    let limits = Limits {
        max_pixels: 320 * 240 - 1,
        ..Limits::default()
    };
    let preparation = preparation(15, 15, Filter::Lanczos3);
    let fault = preparation.pictures_of(&file, &limits).unwrap_err();
    assert_eq!(fault.code(), "image_too_large");
}
