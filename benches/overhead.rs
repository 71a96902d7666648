//! What Opine adds to the model: the whole path from an encoded picture to a verdict, against the bare
//! ONNX Runtime call on the same file, one thread each, interleaved in one run.
//!
//! `cargo bench --bench overhead -- [--json] [--rounds N]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench reports to a terminal and ends at the first fault"
)]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use opine::assemble::assemble;
use opine::backend::onnx::OnnxRuntime;
use opine::config::Config;
use opine::engine::RunLimits;
use opine::judging::{Image, Subject};
use opine::stats::resample::CounterRng;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

const WIDTH: u32 = 512;
const HEIGHT: u32 = 384;
const RESAMPLES: u64 = 2000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let rounds = arguments
        .iter()
        .position(|argument| argument == "--rounds")
        .map_or(40, |at| arguments[at + 1].parse().unwrap());
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ort/libonnxruntime.so");
    let (bare, whole) = measure(&library, rounds);
    let ratio = median(&whole) / median(&bare);
    let [low, high] = interval(&bare, &whole);
    if json {
        println!(
            r#"{{"name": "overhead", "n": {rounds}, "bare_ms": {:.3}, "whole_ms": {:.3}, "ratio": {ratio:.4}, "ci": [{low:.4}, {high:.4}]}}"#,
            median(&bare),
            median(&whole)
        );
    } else {
        println!("{WIDTH}x{HEIGHT} picture, one core, medians of {rounds} interleaved rounds");
        println!("bare ONNX Runtime call        {:8.2} ms", median(&bare));
        println!("encoded picture to verdict    {:8.2} ms", median(&whole));
        println!(
            "ratio                         {ratio:8.3}  (95 % bootstrap interval {low:.3} to {high:.3})"
        );
    }
}

/// Milliseconds of each round, bare and whole.
fn measure(library: &Path, rounds: usize) -> (Vec<f64>, Vec<f64>) {
    let mut config = Config::default();
    config.onnxruntime.path = Some(PathBuf::from(library));
    config.onnxruntime.threads = NonZeroUsize::new(1);
    let engine = assemble(&config).unwrap();
    let judge = engine.judges().find("technical-quality").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();

    let mut session = bare_session(library);
    let tensor: Vec<f32> = planar(&picture(0));
    let shape = [1usize, 3, HEIGHT as usize, WIDTH as usize];

    let (mut bare, mut whole) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let started = Instant::now();
        let input = TensorRef::from_array_view((shape, tensor.as_slice())).unwrap();
        let outputs = session.run(ort::inputs!["pixels" => input]).unwrap();
        black_box(outputs["logits"].try_extract_tensor::<f32>().unwrap().1[0]);
        drop(outputs);
        let bare_time = started.elapsed().as_secs_f64() * 1e3;

        // Another picture each round, so that no answer is remembered.
        let encoded = encode(&picture(u8::try_from(round % 250).unwrap() + 1));
        let started = Instant::now();
        let judged = runtime
            .block_on(engine.score(&judge, Subject::of(Image::new(encoded)), &RunLimits::none()))
            .unwrap();
        assert!(judged.outcome.is_ok());
        let whole_time = started.elapsed().as_secs_f64() * 1e3;

        // The first round opens caches and arenas.
        if round > 0 {
            bare.push(bare_time);
            whole.push(whole_time);
        }
    }
    (bare, whole)
}

/// The session that Opine itself opens.
fn bare_session(library: &Path) -> Session {
    let runtime = OnnxRuntime::load(&[library.to_path_buf()]).unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("judges/technical-quality/model.onnx");
    Session::builder(runtime.environment())
        .unwrap()
        .with_optimization_level(GraphOptimizationLevel::All)
        .unwrap()
        .with_intra_threads(1)
        .unwrap()
        .with_inter_threads(1)
        .unwrap()
        .with_intra_op_spinning(false)
        .unwrap()
        .with_memory_pattern(false)
        .unwrap()
        .commit_from_file(model)
        .unwrap()
}

/// Crossed triangle waves; the seed shifts them.
fn picture(seed: u8) -> RgbImage {
    let wave = |value: u32, period: u32| (value % period).abs_diff(period / 2);
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let channel =
            |shift: u32| (128 + wave(x + u32::from(seed), 96) + wave(y + shift, 64)) & 255;
        Rgb([0, 40, 80].map(|shift| u8::try_from(channel(shift)).unwrap()))
    })
}

fn encode(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture.clone())
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

fn planar(picture: &RgbImage) -> Vec<f32> {
    let channel = |index: usize| {
        picture
            .pixels()
            .map(move |pixel| (f32::from(pixel.0[index]) - 127.0) / 128.0)
    };
    channel(0).chain(channel(1)).chain(channel(2)).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Percentile interval of the ratio of medians, rounds resampled as pairs.
fn interval(bare: &[f64], whole: &[f64]) -> [f64; 2] {
    let count = u32::try_from(bare.len()).unwrap();
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|stream| {
            let mut random = CounterRng::new(1, stream);
            let drawn: Vec<usize> = (0..count).map(|_| random.below(count) as usize).collect();
            let pick = |values: &[f64]| {
                median(&drawn.iter().map(|index| values[*index]).collect::<Vec<_>>())
            };
            pick(whole) / pick(bare)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    [
        ratios[ratios.len() / 40],
        ratios[ratios.len() - 1 - ratios.len() / 40],
    ]
}
