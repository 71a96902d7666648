//! The embedded judge gives the opinions that its trainer's own code gives, on pictures made by a formula.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use opine::assemble::assemble;
use opine::config::Config;
use opine::engine::RunLimits;
use opine::judging::{Image, Subject};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    width: u32,
    height: u32,
    tolerance: f64,
    probabilities: Vec<f64>,
}

/// The pictures of judges/technical-quality/reference.py.
fn draw(case: &Case) -> Vec<u8> {
    let triangle = |value: u32, period: u32| (value % period).abs_diff(period / 2);
    let picture = RgbImage::from_fn(case.width, case.height, |x, y| {
        let channel = |c: u32| match case.kind.as_str() {
            "xor" => (x * y) ^ ((x << 1) + c * 37),
            "waves" => 128 + triangle(x, 96) + triangle(y + 40 * c, 64),
            other => panic!("picture `{other}` is not known"),
        };
        Rgb([0, 1, 2].map(|c| u8::try_from(channel(c) & 255).unwrap()))
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture)
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn opinions_are_those_of_the_trainer() {
    let text = include_str!("../../judges/technical-quality/reference.json");
    let reference: Reference = serde_json::from_str(text).unwrap();
    assert!(reference.cases.len() >= 6);
    let mut config = Config::default();
    config.onnxruntime.path =
        Some(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ort/libonnxruntime.so"));
    let engine = assemble(&config).unwrap();
    let judge = engine.judges().find("technical-quality").unwrap();
    for case in reference.cases {
        let judged = engine
            .score(
                &judge,
                Subject::of(Image::new(draw(&case))),
                &RunLimits::none(),
            )
            .await
            .unwrap();
        let opinion = judged.outcome.unwrap().opinion.unwrap();
        for (ours, theirs) in opinion.probabilities().iter().zip(&case.probabilities) {
            assert!(
                (ours - theirs).abs() <= case.tolerance,
                "{} {}x{}: {:?}, expected {:?}",
                case.kind,
                case.width,
                case.height,
                opinion.probabilities(),
                case.probabilities
            );
        }
    }
}
