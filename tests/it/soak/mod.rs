//! The service for a while at 70 % of what it bears, with faults among the requests: flat memory, flat descriptors, no
//! response that blames the service.
//!
//! Twenty seconds of it among all tests; `make soak` does half an hour, of the released program.

#![cfg(target_os = "linux")]

mod law;
mod load;
mod process;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::remote::systemone::decide;
use crate::support::scripted::{Play, Scripted};
use crate::support::served::Served;
use load::{Load, Outcomes};
use process::{Sample, Watched};

/// One answer of the engine in so many is a fault.
const ENGINE_FAULT_IN: usize = 100;

/// Megabytes a minute by which the resident memory may grow after the warm-up, in a run of five minutes or more.
const MOST_SLOPE: f64 = 1.0;

/// Megabytes by which it may grow from the second to the last third of a shorter one: caches and arenas still fill.
const MOST_RISE: f64 = 32.0;

/// Descriptors by which it may grow: connections come and go.
const MOST_DESCRIPTORS: usize = 48;

/// How long it goes on.
fn time() -> Duration {
    if !cfg!(feature = "soak-tests") {
        return Duration::from_secs(20);
    }
    let minutes = set("SOAK_MINUTES").and_then(|minutes| minutes.parse().ok());
    Duration::from_secs_f64(60.0 * minutes.unwrap_or(30.0))
}

/// The program that is tested: the one that is named, or the one that was built for the tests.
fn program() -> PathBuf {
    let named = set("OPINE_BINARY").filter(|_| cfg!(feature = "soak-tests"));
    named.map_or_else(|| env!("CARGO_BIN_EXE_opine").into(), PathBuf::from)
}

#[expect(
    clippy::disallowed_methods,
    reason = "`make soak` says how long, and of which program"
)]
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// An engine that fails now and then, in one way after the other; and how often it did.
fn faulty_engine() -> (Scripted, Arc<AtomicUsize>) {
    let (asked, faults) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&faults);
    let engine = Scripted::forgetful(move |question| {
        let place = asked.fetch_add(1, Ordering::SeqCst);
        if place % ENGINE_FAULT_IN != ENGINE_FAULT_IN - 1 {
            return Play::Later(Duration::from_millis(5), Box::new(decide(question)));
        }
        match counted.fetch_add(1, Ordering::SeqCst) % 4 {
            0 => Play::status(500, "as told"),
            1 => Play::BreakOff,
            2 => Play::status(200, "<html>"),
            _ => Play::Raw(b"no HTTP\r\n\r\n".to_vec()),
        }
    });
    (engine, faults)
}

fn configuration(folder: &Path, engine: &Scripted) -> PathBuf {
    let url = engine.url("/v1");
    let text = format!(
        "[cache]\nbytes = 1048576\n[backends.decider]\nkind = \"systemone\"\nurl = \"{url}\"\nmodel = \"decider\"\n"
    );
    let file = folder.join("opine.toml");
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn memory_and_descriptors_stay_flat_and_no_fault_is_the_services_own() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, faults) = faulty_engine();
    let config = configuration(folder.path(), &engine);
    let data = folder.path().join("data");
    let arguments = [
        "--config",
        config.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
    ];
    let served = Served::start_program(&program(), &arguments);
    let address = served.address().parse().unwrap();
    let time = time();
    let saturation = Load::closed(address, time / 8);
    let rate = 0.7 * saturation;
    let watched = Watched::start(served.child.id(), time / 200);
    let outcomes = Load::open(address, rate, time);
    let samples = watched.stop();
    report(
        saturation,
        &outcomes,
        &samples,
        faults.load(Ordering::SeqCst),
    );

    assert!(
        outcomes.answered > 0 && outcomes.hostile > 0,
        "{outcomes:?}"
    );
    assert_eq!(outcomes.server_errors, 0, "{outcomes:?}");
    assert_eq!(outcomes.unexplained, 0, "{outcomes:?}");
    // Each fault of the engine is one question at most that has no answer; most are asked again.
    assert!(
        outcomes.unanswered <= faults.load(Ordering::SeqCst),
        "{outcomes:?}"
    );
    assert_flat(&samples, time);
    assert_eq!(served.get("/healthz").status, 200);
    assert_eq!(served.terminate().code(), Some(0));
}

fn assert_flat(samples: &[Sample], time: Duration) {
    let third = samples.len() / 3;
    assert!(third > 10, "{} samples", samples.len());
    let (second, last) = (&samples[third..2 * third], &samples[2 * third..]);
    if time >= Duration::from_secs(300) {
        let slope = process::slope(&samples[third..]);
        assert!(slope <= MOST_SLOPE, "{slope:.2} MB a minute");
    } else {
        let rise = process::median(last) - process::median(second);
        assert!(rise <= MOST_RISE, "{rise:.1} MB");
    }
    let most = |samples: &[Sample]| samples.iter().map(|sample| sample.descriptors).max();
    let (before, after) = (most(second).unwrap(), most(last).unwrap());
    assert!(
        after <= before + MOST_DESCRIPTORS,
        "{before}, then {after} descriptors"
    );
}

/// A table for whoever ran it, in the long form.
fn report(saturation: f64, outcomes: &Outcomes, samples: &[Sample], faults: usize) {
    if !cfg!(feature = "soak-tests") {
        return;
    }
    let mut out = std::io::stderr();
    let third = samples.len() / 3;
    let rows = [
        ("requests/s that it bears", format!("{saturation:.1}")),
        (
            "requests/s that were sent",
            format!("{:.1}", outcomes.rate()),
        ),
        ("answered", outcomes.answered.to_string()),
        ("refused with 429", outcomes.refused.to_string()),
        ("hostile pictures", outcomes.hostile.to_string()),
        ("connections dropped", outcomes.dropped.to_string()),
        ("faults of the engine", faults.to_string()),
        (
            "questions without an answer",
            outcomes.unanswered.to_string(),
        ),
        ("5xx", outcomes.server_errors.to_string()),
        ("p50, ms", format!("{:.1}", outcomes.quantile(0.5))),
        ("p99, ms", format!("{:.1}", outcomes.quantile(0.99))),
        (
            "memory at the start, MB",
            format!("{:.1}", samples[0].megabytes),
        ),
        (
            "memory in the last third, MB",
            format!("{:.1}", process::median(&samples[2 * third..])),
        ),
        (
            "its slope, MB a minute",
            format!("{:.3}", process::slope(&samples[third..])),
        ),
        (
            "descriptors at the end",
            samples[samples.len() - 1].descriptors.to_string(),
        ),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:<32}{value:>12}").unwrap();
    }
}
