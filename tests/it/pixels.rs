//! Every picture of `tests/images`, against what `expect.toml` says of it.

use std::path::{Path, PathBuf};

use opine::pixels::{DEFAULT_BACKGROUND, Limits, Rgb8, decode, inspect};
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Case {
    Bad {
        file: PathBuf,
        fault: String,
    },
    Good {
        file: PathBuf,
        width: u32,
        height: u32,
        #[serde(flatten)]
        twin: Option<Twin>,
    },
}

#[derive(Deserialize)]
struct Twin {
    same_as: PathBuf,
    tolerance: u8,
    #[serde(rename = "why")]
    _why: String,
}

fn read(file: &Path) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images");
    std::fs::read(folder.join(file)).unwrap()
}

fn decoded(file: &Path) -> Rgb8 {
    decode(&read(file), &Limits::default(), DEFAULT_BACKGROUND)
        .unwrap_or_else(|fault| panic!("{}: {fault}", file.display()))
}

fn cases() -> Vec<Case> {
    let table: Table = toml::from_slice(&read(Path::new("expect.toml"))).unwrap();
    table.case
}

#[test]
fn good_pictures_decode_to_their_twins() {
    let mut checked = 0;
    for case in cases() {
        let Case::Good {
            file,
            width,
            height,
            twin,
        } = case
        else {
            continue;
        };
        let picture = decoded(&file);
        assert_eq!(
            (picture.width(), picture.height()),
            (width, height),
            "{}",
            file.display()
        );
        if let Some(twin) = twin {
            let other = decoded(&twin.same_as);
            let difference = largest_difference(&picture, &other);
            assert!(
                difference <= twin.tolerance,
                "{} differs from {} by {difference}",
                file.display(),
                twin.same_as.display()
            );
        }
        checked += 1;
    }
    assert!(checked > 40, "only {checked} good pictures");
}

fn largest_difference(one: &Rgb8, other: &Rgb8) -> u8 {
    assert_eq!(one.data().len(), other.data().len());
    let pairs = one.data().iter().zip(other.data());
    pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn bad_files_are_refused_by_name() {
    let mut checked = 0;
    for case in cases() {
        let Case::Bad { file, fault } = case else {
            continue;
        };
        let outcome = decode(&read(&file), &Limits::default(), DEFAULT_BACKGROUND);
        let refusal = outcome.expect_err(&file.to_string_lossy());
        assert_eq!(refusal.code(), fault, "{}: {refusal}", file.display());
        checked += 1;
    }
    assert!(checked > 25, "only {checked} bad files");
}

#[test]
fn every_cut_of_every_format_is_refused_and_never_padded() {
    for name in [
        "base.png",
        "base.jpg",
        "progressive.jpg",
        "base.webp",
        "base.bmp",
        "base.tif",
    ] {
        let whole = read(&Path::new("good").join(name));
        for cut in (1..whole.len()).step_by(1 + whole.len() / 150) {
            let outcome = decode(&whole[..cut], &Limits::default(), DEFAULT_BACKGROUND);
            assert!(
                outcome.is_err(),
                "{name} cut at {cut} of {} was accepted",
                whole.len()
            );
        }
    }
}

#[test]
fn limits_hold_to_the_pixel() {
    let bytes = read(Path::new("good/base.png"));
    let exact = Limits {
        max_bytes: bytes.len(),
        max_pixels: 64 * 48,
        max_side: 64,
    };
    assert!(decode(&bytes, &exact, DEFAULT_BACKGROUND).is_ok());
    for (limits, code) in [
        (
            Limits {
                max_bytes: bytes.len() - 1,
                ..exact
            },
            "image_too_many_bytes",
        ),
        (
            Limits {
                max_pixels: 64 * 48 - 1,
                ..exact
            },
            "image_too_large",
        ),
        (
            Limits {
                max_side: 63,
                ..exact
            },
            "image_too_large",
        ),
    ] {
        assert_eq!(inspect(&bytes, &limits).unwrap_err().code(), code);
    }
}

#[test]
fn transparent_pixels_show_the_background_and_not_what_is_hidden() {
    let bytes = read(Path::new("good/alpha.png"));
    let picture = decode(&bytes, &Limits::default(), [1, 2, 3]).unwrap();
    assert_eq!(picture.data()[..3], [1, 2, 3]);
}
