//! What Opine adds to a chat API: a whole score of a 1-megapixel JPEG against the bare HTTP call with the same
//! body, and 1,000 scores at concurrency 32 of a server that answers after 50 ms.
//!
//! `cargo bench --bench chat -- [--rounds N] [--scores N]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench reports to a terminal and ends at the first fault"
)]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use futures::StreamExt;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use opine::backend::Backend;
use opine::backend::chat::{Chat, ChatOptions, Flavour, Prefill};
use opine::backend::remote::{Content, Remote, RemoteOptions, Retry};
use opine::card::builtin_cards;
use opine::engine::{AnswerCache, BackendState, Engine, Judge, Judges, RunLimits};
use opine::judging::{Image, Subject};
use serde_json::{Value, json};

#[expect(
    dead_code,
    reason = "a bench needs a part of what the tests do, written for tests"
)]
#[path = "../tests/it/support/scripted.rs"]
mod scripted;

use scripted::{Play, Scripted};

const CONCURRENCY: usize = 32;
const ANSWER: Duration = Duration::from_millis(50);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, otherwise: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        at.map_or(otherwise, |at| arguments[at + 1].parse().unwrap())
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(overhead(number("--rounds", 60)));
    runtime.block_on(throughput(number("--scores", 1000)));
}

fn answer() -> Play {
    let token =
        |text: &str, mass: f64| json!({"token": text, "bytes": text.as_bytes(), "logprob": mass});
    let mut place = token("good", -0.2);
    place["top_logprobs"] = json!([token("good", -0.2), token("poor", -2.0)]);
    Play::json(&json!({"choices": [{"index": 0, "finish_reason": "length",
        "logprobs": {"content": [place]}, "message": {"role": "assistant", "content": "good"}}]}))
}

fn remote(url: &str) -> Remote {
    let mut options = RemoteOptions::new("scripted", url);
    options.concurrency = CONCURRENCY;
    Remote::new(options).unwrap()
}

/// The Q-Bench judge of a scripted server, remembering nothing.
async fn judge(url: &str) -> (Engine, Judge) {
    let mut options = ChatOptions::new("m");
    options.flavour = Some(Flavour::Other);
    options.prefill = Prefill::InQuestion;
    let backend: Arc<dyn Backend> = Arc::new(Chat::new(remote(url), url, options));
    backend.probe().await.unwrap();
    let card = builtin_cards()
        .unwrap()
        .into_iter()
        .find(|card| card.id == "q-bench")
        .unwrap();
    let judge = Judge {
        card: Arc::new(card),
        state: BackendState::Ready(backend),
    };
    let judges = Judges::new([judge.clone()], BTreeMap::new());
    (Engine::new(judges, AnswerCache::new(0)), judge)
}

async fn overhead(rounds: usize) {
    let server = Scripted::forgetful(|_| answer());
    let url = server.url("/v1");
    let (engine, judge) = judge(&url).await;
    let bare = remote(&url);
    let (mut calls, mut scores) = (Vec::new(), Vec::new());
    let mut size = 0;
    for round in 0..=rounds {
        let jpeg = picture(u32::try_from(round).unwrap());
        size = jpeg.len();
        // Each goes first every other round: the second finds warm memory.
        let (call, score) = if round % 2 == 0 {
            let call = called(&bare, body(&jpeg)).await;
            (call, scored(&engine, &judge, jpeg).await)
        } else {
            let body = body(&jpeg);
            let score = scored(&engine, &judge, jpeg).await;
            (called(&bare, body).await, score)
        };
        // The first round opens connections.
        if round > 0 {
            calls.push(call);
            scores.push(score);
        }
    }
    let (call, score) = (median(&mut calls), median(&mut scores));
    println!(
        "1-megapixel JPEG of {size} bytes sent as it is, medians of {rounds} interleaved rounds"
    );
    println!("bare HTTP call       {call:8.3} ms");
    println!("whole score          {score:8.3} ms");
    println!("overhead             {:8.3} ms", score - call);
}

/// Milliseconds of a bare call.
async fn called(bare: &Remote, body: Vec<u8>) -> f64 {
    let started = Instant::now();
    let place = bare.enter().await.unwrap();
    let content = Content {
        headers: vec![("content-type", "application/json".into())],
        bytes: body,
    };
    let reply = place.post_bytes("chat/completions", Retry::Safe, content);
    assert!(!reply.await.unwrap().bytes().is_empty());
    started.elapsed().as_secs_f64() * 1e3
}

/// Milliseconds of a whole score.
async fn scored(engine: &Engine, judge: &Judge, jpeg: Vec<u8>) -> f64 {
    let started = Instant::now();
    let limits = RunLimits::none();
    let judged = engine
        .score(judge, Subject::of(Image::new(jpeg)), &limits)
        .await;
    assert!(judged.unwrap().outcome.is_ok());
    started.elapsed().as_secs_f64() * 1e3
}

async fn throughput(count: usize) {
    let server = Scripted::forgetful(|_| Play::Later(ANSWER, Box::new(answer())));
    let (engine, judge) = judge(&server.url("/v1")).await;
    let images: Vec<Image> = (0..count)
        .map(|index| Image::new(tiny(u32::try_from(index).unwrap())))
        .collect();
    let started = Instant::now();
    let limits = RunLimits::none();
    let scored = futures::stream::iter(images)
        .map(|image| engine.score(&judge, Subject::of(image), &limits))
        .buffer_unordered(CONCURRENCY)
        .filter(|judged| {
            let scored = judged.as_ref().is_ok_and(|judged| judged.outcome.is_ok());
            std::future::ready(scored)
        })
        .count()
        .await;
    assert_eq!(scored, count);
    let took = started.elapsed().as_secs_f64();
    let ideal = count.div_ceil(CONCURRENCY) as f64 * ANSWER.as_secs_f64();
    println!("{count} scores at concurrency {CONCURRENCY} of a server that answers after 50 ms");
    println!("took                 {took:8.3} s");
    println!("ideal                {ideal:8.3} s");
    println!("ratio                {:8.3}", took / ideal);
}

/// The body that a score sends, made beforehand.
fn body(jpeg: &[u8]) -> Vec<u8> {
    let data = base64::prelude::BASE64_STANDARD.encode(jpeg);
    let content: Value = json!([
        {"type": "text", "text": "Rate the quality of the image."},
        {"type": "image_url", "image_url": {"url": format!("data:image/jpeg;base64,{data}")}},
    ]);
    let body = json!({"model": "m", "messages": [{"role": "user", "content": content}],
        "max_tokens": 1, "temperature": 0.0, "logprobs": true, "top_logprobs": 20});
    body.to_string().into_bytes()
}

/// 1250 x 800 pixels of crossed waves with some grain; the seed shifts them.
fn picture(seed: u32) -> Vec<u8> {
    let wave = |value: u32, period: u32| (value % period).abs_diff(period / 2);
    let image = RgbImage::from_fn(1250, 800, |x, y| {
        let grain = (x.wrapping_mul(31) ^ y.wrapping_mul(17) ^ seed) % 13;
        let value = |shift: u32| (90 + wave(x + seed, 96) + wave(y + shift, 64) + grain) & 255;
        Rgb([0, 40, 80].map(|shift| u8::try_from(value(shift)).unwrap()))
    });
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, 90)
        .encode_image(&image)
        .unwrap();
    bytes.into_inner()
}

fn tiny(seed: u32) -> Vec<u8> {
    let [_, red, green, blue] = seed.to_be_bytes();
    let image = RgbImage::from_pixel(16, 16, Rgb([red, green, blue]));
    let mut bytes = Cursor::new(Vec::new());
    image::DynamicImage::ImageRgb8(image)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
