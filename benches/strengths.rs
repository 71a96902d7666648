//! Times the fit of strengths to votes, alone or beside evalica and choix (`strengths_peer.py`).
//!
//! With `--peer` it reads lines from standard input, `load FILE ITEMS` and `fit`, and answers each fit with
//! milliseconds, log-likelihood and the process's peak memory in MiB.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::io::{BufRead, Write};
use std::time::Instant;

use opine::stats::resample::CounterRng;
use opine::stats::strengths::{Model, Outcome, StrengthSettings, Vote, Votes, fit_strengths};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    if std::env::args().any(|argument| argument == "--peer") {
        return serve();
    }
    for (items, number) in [(1_000, 1_000_000), (10_000, 1_000_000)] {
        let votes = made_up(items, number)?;
        for model in [
            Model::BradleyTerry,
            Model::Davidson,
            Model::RaoKupper,
            Model::Thurstone,
        ] {
            for order_effect in [false, true] {
                let settings = StrengthSettings {
                    order_effect,
                    ..StrengthSettings::new(model)
                };
                let (milliseconds, _) = timed(&votes, &settings)?;
                let name = model.name();
                println!(
                    "{name:14} order effect {order_effect:5} items {items:6} votes {number} {milliseconds:9.1} ms"
                );
            }
        }
    }
    Ok(())
}

fn serve() -> Result<(), Failure> {
    let mut votes = None;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["load", path, items] => {
                // The votes before are let go first, so that peak memory is that of one set.
                votes = None;
                let _ = votes.insert(load(path, items.parse()?)?);
            }
            ["fit"] => {
                let votes = votes.as_ref().ok_or("no votes are loaded")?;
                let (milliseconds, value) =
                    timed(votes, &StrengthSettings::new(Model::BradleyTerry))?;
                println!("{milliseconds} {value} {}", peak_memory()?);
                std::io::stdout().flush()?;
            }
            other => return Err(format!("`{other:?}` is no command").into()),
        }
    }
    Ok(())
}

fn timed(votes: &Votes, settings: &StrengthSettings) -> Result<(f64, f64), Failure> {
    let start = Instant::now();
    let strengths = fit_strengths(votes, settings)?;
    Ok((
        start.elapsed().as_secs_f64() * 1e3,
        strengths.log_likelihood,
    ))
}

/// Votes of three little-endian 32-bit numbers: first, second, and 0 for first, 1 for second, 2 for a tie.
fn load(path: &str, items: usize) -> Result<Votes, Failure> {
    let bytes = std::fs::read(path)?;
    let mut votes = Vec::with_capacity(bytes.len() / 12);
    for record in bytes.as_chunks::<12>().0 {
        let [first, second, outcome] = [0, 4, 8].map(|at| {
            u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
        });
        let outcome = match outcome {
            0 => Outcome::First,
            1 => Outcome::Second,
            _ => Outcome::Tie,
        };
        votes.push(Vote::new(first, second, outcome));
    }
    Ok(Votes::new(items, votes)?)
}

fn made_up(items: u32, number: u32) -> Result<Votes, Failure> {
    let mut rng = CounterRng::new(7, 0);
    let strengths: Vec<f64> = (0..items).map(|_| rng.normal()).collect();
    let votes = (0..number).map(|_| {
        let first = rng.below(items);
        let second = (first + 1 + rng.below(items - 1)) % items;
        let lead = strengths[first as usize] - strengths[second as usize];
        let outcome = if rng.uniform() < 0.1 {
            Outcome::Tie
        } else if rng.uniform() < 1.0 / (1.0 + (-lead).exp()) {
            Outcome::First
        } else {
            Outcome::Second
        };
        Vote::new(first, second, outcome)
    });
    Ok(Votes::new(items as usize, votes.collect())?)
}

/// Peak resident memory of this process, in MiB.
fn peak_memory() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes: f64 = line
        .ok_or("no peak memory")?
        .trim()
        .trim_end_matches("kB")
        .trim()
        .parse()?;
    Ok(kibibytes / 1024.0)
}
