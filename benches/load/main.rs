//! The service under load, beside a service written by hand around the same model, interleaved in one run.
//!
//! `cargo bench --bench load -- [--peer PYTHON] [--rounds N] [--seconds S] [--model FILE --input NAME --output NAME]`
//!
//! PYTHON is an interpreter that has benches/peer-requirements.txt; without it only Opine is measured. Where `djpeg`
//! of libjpeg-turbo is installed, scaled decoding is measured beside it. Prints Markdown tables.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench reports to a terminal and ends at the first fault"
)]

mod client;
mod decoding;
#[path = "../../tests/it/support/photo.rs"]
mod photo;
mod services;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use client::Requests;
use opine::judging::Image;
use photo::{jpeg, photo};
use services::Running;

/// What was asked for on the command line.
struct Options {
    peer: Option<String>,
    rounds: usize,
    seconds: f64,
    model: PathBuf,
    input: String,
    output: String,
}

fn main() {
    let options = Options::read();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    println!("{}\n", surroundings(&options));
    let folder = tempfile::tempdir().unwrap();
    let picture = jpeg(&photo(1_000, 1_000, 1), 90);
    write_card(folder.path(), &options);
    let library = root.join(".ort/libonnxruntime.so");
    let config = |name: &str, more: &str| {
        let text =
            format!("[onnxruntime]\npath = {library:?}\n[judges]\nfolders = [\"judges\"]\n{more}");
        let path = folder.path().join(format!("{name}.toml"));
        std::fs::write(&path, text).unwrap();
        path
    };
    let stamps = AtomicU64::new(1);

    let opine = Running::opine(&config("opine", ""));
    let ours = Requests::form(opine.address, "bench", &picture);
    drop(ours.as_fast_as_answered(2, 1.0, Some(&stamps)));
    let base = opine.megabytes("VmRSS");
    match &options.peer {
        None => {
            println!("No peer: name a Python with benches/peer-requirements.txt by `--peer`.\n");
        }
        Some(python) => beside_peer(python, &options, &ours, &picture, &stamps),
    }
    remembered(&options, &ours, &picture, &stamps);
    println!(
        "Memory: {base:.0} MB when warm, {:.0} MB at most in all of the above.\n",
        opine.megabytes("VmHWM")
    );
    drop(opine);

    let cores = std::thread::available_parallelism().unwrap().get();
    let places = 2 * cores;
    let narrow = format!("[limits]\nrequests_in_flight = {places}\n");
    let opine = Running::opine(&config("narrow", &narrow));
    let ours = Requests::form(opine.address, "bench", &picture);
    overloaded(&options, places, &ours, &stamps);
    drop(opine);

    decoding::report(options.rounds);
}

impl Options {
    fn read() -> Self {
        let arguments: Vec<String> = std::env::args().collect();
        let value = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name)?;
            arguments.get(at + 1).cloned()
        };
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("judges/technical-quality/model.onnx");
        Options {
            peer: value("--peer"),
            rounds: value("--rounds").map_or(5, |text| text.parse().unwrap()),
            seconds: value("--seconds").map_or(4.0, |text| text.parse().unwrap()),
            model: value("--model").map_or(own, PathBuf::from),
            input: value("--input").unwrap_or_else(|| "pixels".into()),
            output: value("--output").unwrap_or_else(|| "logits".into()),
        }
    }
}

/// What the figures depend on.
fn surroundings(options: &Options) -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("?", |name| name.trim_start_matches(['\t', ' ', ':']));
    format!(
        "{} cores ({processor}), load average before the run {}; {} rounds of {} s; one-megapixel JPEG, every request \
         another question unless said otherwise",
        std::thread::available_parallelism().unwrap(),
        read("/proc/loadavg")
            .split(' ')
            .take(3)
            .collect::<Vec<_>>()
            .join(" "),
        options.rounds,
        options.seconds
    )
}

/// A judge over the model, with the preprocessing of the peer.
fn write_card(folder: &Path, options: &Options) {
    let judges = folder.join("judges/bench");
    std::fs::create_dir_all(&judges).unwrap();
    std::fs::copy(&options.model, judges.join("model.onnx")).unwrap();
    let levels: String = [
        ("excellent", 1.0),
        ("good", 0.75),
        ("fair", 0.5),
        ("poor", 0.25),
        ("bad", 0.0),
    ]
    .map(|(name, worth)| format!("[[level]]\nname = \"{name}\"\nworth = {worth:?}\n"))
    .concat();
    let card = format!(
        r##"schema = 1
id = "bench"
version = "1.0.0"
title = "Bench"
source = "bench"
licence = "Apache-2.0"
protocol = "score"
[prompt]
text = "<image>How would you rate the quality of this image?"
[scale]
min = 0.0
max = 1.0
better = "higher"
{levels}
[preprocessing]
background = "#ffffff"
decode = "scaled"
steps = [{{ step = "resize", width = 224, height = 224, filter = "catmull-rom" }}]
mean = [127.0, 127.0, 127.0]
scale = [128.0, 128.0, 128.0]
[backend]
kind = "onnx"
model = "model.onnx"
input = "{}"
output = "{}"
labels = ["excellent", "good", "fair", "poor", "bad"]
"##,
        options.input, options.output
    );
    std::fs::write(judges.join("card.toml"), card).unwrap();
}

/// Both services in turn, at one and at sixteen connections.
fn beside_peer(
    python: &str,
    options: &Options,
    ours: &Requests,
    picture: &[u8],
    stamps: &AtomicU64,
) {
    let peer = Running::peer(python, &options.model);
    let theirs = Requests::bare(peer.address, picture);
    drop(theirs.as_fast_as_answered(2, 1.0, Some(stamps)));
    println!("| connections | | requests/s | p50 ms | p99 ms |\n|---|---|---|---|---|");
    for connections in [1, 16] {
        let (mut rates, mut tails) = (Vec::new(), Vec::new());
        let mut rows: [Vec<[f64; 3]>; 2] = Default::default();
        for _ in 0..options.rounds {
            let samples = [ours, &theirs]
                .map(|one| one.as_fast_as_answered(connections, options.seconds, Some(stamps)));
            let figures =
                samples.map(|one| [one.rate(), one.milliseconds(0.5), one.milliseconds(0.99)]);
            rates.push(figures[0][0] / figures[1][0]);
            tails.push(figures[0][2] / figures[1][2]);
            rows[0].push(figures[0]);
            rows[1].push(figures[1]);
        }
        for (name, rows) in ["Opine", "peer"].iter().zip(&rows) {
            let figure = |at: usize| median(&rows.iter().map(|row| row[at]).collect::<Vec<_>>());
            println!(
                "| {connections} | {name} | {:.1} | {:.2} | {:.2} |",
                figure(0),
                figure(1),
                figure(2)
            );
        }
        println!(
            "| {connections} | ratio of a round, median (worst to best) | {:.2} ({:.2} to {:.2}) | | {:.2} ({:.2} to {:.2}) |",
            median(&rates),
            least(&rates),
            most(&rates),
            median(&tails),
            most(&tails),
            least(&tails)
        );
    }
    println!();
}

/// The same question again and again, beside new ones.
fn remembered(options: &Options, ours: &Requests, picture: &[u8], stamps: &AtomicU64) {
    let hash = || {
        let started = Instant::now();
        std::hint::black_box(Image::new(picture).digest());
        started.elapsed().as_secs_f64() * 1e3
    };
    let (mut hashes, mut hits, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        hashes.extend((0..50).map(|_| hash()));
        hits.push(
            ours.as_fast_as_answered(1, options.seconds, None)
                .milliseconds(0.5),
        );
        let hit_rate = ours.as_fast_as_answered(16, options.seconds, None).rate();
        let miss_rate = ours
            .as_fast_as_answered(16, options.seconds, Some(stamps))
            .rate();
        ratios.push(hit_rate / miss_rate);
    }
    println!(
        "Remembered answers: p50 {:.2} ms over HTTP at one connection (best round {:.2}), of which hashing the {} kB \
         picture takes {:.2} ms; at 16 connections {:.1} times the rate of new questions ({:.1} to {:.1}).\n",
        median(&hits),
        least(&hits),
        picture.len() / 1_000,
        median(&hashes),
        median(&ratios),
        least(&ratios),
        most(&ratios)
    );
}

/// Twice as many requests as can be answered, at a constant rate.
fn overloaded(options: &Options, places: usize, ours: &Requests, stamps: &AtomicU64) {
    println!(
        "| load, {places} places | answered/s | refused/s | answered p50, p99 ms | refused p50, p99 ms |\n|---|---|---|---|---|"
    );
    let mut ratios = Vec::new();
    drop(ours.as_fast_as_answered(2, 1.0, Some(stamps)));
    for _ in 0..options.rounds {
        let unloaded = ours.as_fast_as_answered(1, options.seconds, Some(stamps));
        let saturated = ours.as_fast_as_answered(places, options.seconds, Some(stamps));
        let twice = ours.at_rate(2.0 * saturated.rate(), options.seconds, stamps);
        for (name, sample) in [
            ("one connection", &unloaded),
            ("as fast as answered", &saturated),
            ("twice that, constant rate", &twice),
        ] {
            println!(
                "| {name} | {:.1} | {:.1} | {:.2}, {:.2} | {:.2}, {:.2} |",
                sample.rate(),
                sample.refused.len() as f64 / sample.seconds,
                sample.milliseconds(0.5),
                sample.milliseconds(0.99),
                sample.refused_milliseconds(0.5),
                sample.refused_milliseconds(0.99)
            );
        }
        ratios.push(twice.milliseconds(0.99) / unloaded.milliseconds(0.99));
    }
    println!(
        "\np99 of what is answered at twice the load: {:.2} times that at one connection ({:.2} to {:.2}).\n",
        median(&ratios),
        least(&ratios),
        most(&ratios)
    );
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}
