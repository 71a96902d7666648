//! The embedded judge gives the opinions that its trainer's own code gives, on pictures made by a formula.

use std::io::Cursor;
use std::num::NonZeroUsize;
use std::path::Path;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use opine::assemble::assemble;
use opine::config::Config;
use opine::engine::{Engine, Judge, RunLimits};
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

fn cases() -> Vec<Case> {
    let text = include_str!("../../judges/technical-quality/reference.json");
    let reference: Reference = serde_json::from_str(text).unwrap();
    assert!(reference.cases.len() >= 6);
    reference.cases
}

/// The embedded judge on this many cores, asked one question at a time.
struct Asked {
    engine: Engine,
    judge: Judge,
}

impl Asked {
    fn on(cores: usize) -> Self {
        let mut config = Config::default();
        config.onnxruntime.path =
            Some(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ort/libonnxruntime.so"));
        config.onnxruntime.threads = NonZeroUsize::new(cores);
        let engine = assemble(&config).unwrap();
        let judge = engine.judges().find("technical-quality").unwrap();
        Asked { engine, judge }
    }

    async fn probabilities(&self, case: &Case) -> Vec<f64> {
        let subject = Subject::of(Image::new(draw(case)));
        let judged = self
            .engine
            .score(&self.judge, subject, &RunLimits::none())
            .await
            .unwrap();
        let opinion = judged.outcome.unwrap().opinion.unwrap();
        opinion.probabilities().to_vec()
    }
}

#[tokio::test]
async fn opinions_are_those_of_the_trainer() {
    let asked = Asked::on(1);
    for case in cases() {
        let opinion = asked.probabilities(&case).await;
        for (ours, theirs) in opinion.iter().zip(&case.probabilities) {
            assert!(
                (ours - theirs).abs() <= case.tolerance,
                "{} {}x{}: {opinion:?}, expected {:?}",
                case.kind,
                case.width,
                case.height,
                case.probabilities
            );
        }
    }
}

/// A question that comes alone is answered over all cores, and no score may depend on who else asks.
#[tokio::test]
async fn opinions_are_the_same_to_the_last_bit_on_one_core_and_on_several() {
    let (one, two, three) = (Asked::on(1), Asked::on(2), Asked::on(3));
    for case in cases() {
        let opinion = one.probabilities(&case).await;
        assert_eq!(opinion, two.probabilities(&case).await);
        assert_eq!(opinion, three.probabilities(&case).await);
    }
}
