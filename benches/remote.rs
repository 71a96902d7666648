//! What the way to an engine costs: 1,000 scores, 32 at once, against one that takes a fixed 50 ms for each.
//!
//! `cargo bench --bench remote` prints the figures, and fails where the whole takes more than 1.1 times the ideal.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and ends where it cannot run"
)]

#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/support/scripted.rs"]
mod scripted;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};
use image::{ExtendedColorType, ImageEncoder};
use opine::backend::kserve::{Kserve, KserveOptions, Output, Wire};
use opine::backend::remote::{Remote, RemoteOptions};
use opine::card::builtin_cards;
use opine::engine::{AnswerCache, BackendState, Engine, Judge, Judges, RunLimits};
use opine::judging::{Image, Subject};
use opine::pixels::{DEFAULT_BACKGROUND, Decoding, Limits, Preparation};
use scripted::{Play, Scripted};
use serde_json::json;

const PAUSE: Duration = Duration::from_millis(50);
const SCORES: usize = 1_000;
const AT_ONCE: usize = 32;
/// Most that the whole may take, as a multiple of the engine's own time.
const MOST: f64 = 1.1;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answer = json!({"outputs": [{"name": "logits", "datatype": "FP32", "data": [1, -1]}]});
    let server = Scripted::forgetful(move |_| Play::Later(PAUSE, Box::new(Play::json(&answer))));
    let engine = engine(server.url("/"));
    let judge = engine.judges().find("q-bench").unwrap();
    let images: Vec<Vec<u8>> = (0..SCORES + AT_ONCE).map(picture).collect();
    let run = async |images: &[Vec<u8>]| {
        let began = Instant::now();
        let mut times: Vec<f64> = stream::iter(images)
            .map(async |image| {
                let began = Instant::now();
                let subject = Subject::of(Image::new(&image[..]));
                let judged = engine.score(&judge, subject, &RunLimits::none()).await;
                assert!(judged.unwrap().outcome.is_ok());
                began.elapsed().as_secs_f64() * 1e3
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let whole = began.elapsed().as_secs_f64() * 1e3;
        times.sort_by(f64::total_cmp);
        (whole, times)
    };
    // Opens the connections.
    runtime.block_on(run(&images[SCORES..]));
    let (whole, times) = runtime.block_on(run(&images[..SCORES]));
    let ideal = PAUSE.as_secs_f64() * 1e3 * SCORES.div_ceil(AT_ONCE) as f64;
    let ratio = whole / ideal;
    println!(
        "{SCORES} scores, {AT_ONCE} at once: {whole:.0} ms; ideal {ideal:.0} ms; {ratio:.3} times the ideal"
    );
    println!(
        "one score: median {:.1} ms, 99 % {:.1} ms; the engine takes {} ms",
        times[SCORES / 2],
        times[SCORES * 99 / 100],
        PAUSE.as_millis()
    );
    assert!(ratio <= MOST, "more than {MOST} times the ideal");
}

/// An engine that remembers nothing, whose `q-bench` judge is a served model.
fn engine(url: String) -> Engine {
    let mut options = RemoteOptions::new("served", url);
    options.concurrency = AT_ONCE;
    let backend = Kserve::new(
        Remote::new(options).unwrap(),
        KserveOptions {
            model: "quality".into(),
            version: None,
            input: "pixels".into(),
            output_name: "logits".into(),
            output: Output::Logits(vec!["good".into(), "poor".into()]),
            wire: Some(Wire::Json),
            preparation: Preparation {
                decoding: Decoding::Full,
                background: DEFAULT_BACKGROUND,
                steps: vec![],
                mean: [0.0; 3],
                scale: [255.0; 3],
            },
            limits: Limits::default(),
        },
    );
    let mut cards = builtin_cards().unwrap().into_iter();
    let card = cards.find(|card| card.id == "q-bench").unwrap();
    let judge = Judge {
        card: Arc::new(card),
        state: BackendState::Ready(Arc::new(backend)),
    };
    Engine::new(Judges::new([judge], BTreeMap::new()), AnswerCache::new(0))
}

/// A picture for each score, 8 x 8, so that none is asked for twice at once.
fn picture(index: usize) -> Vec<u8> {
    let colour = [index % 256, index / 256, 7].map(|value| u8::try_from(value).unwrap());
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&colour.repeat(64), 8, 8, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}
