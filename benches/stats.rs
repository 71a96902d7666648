//! Times the statistics of agreement.
//!
//! `cargo bench --bench stats` prints the best of five rounds on made-up columns. `benches/stats_peer.py`
//! drives the same program line by line, in turns with scipy: `load PATH N`, then `OPERATION RESAMPLES THREADS`,
//! each answered by `milliseconds value`, and `memory`, answered by the most memory that was in use, in MiB.
#![expect(clippy::print_stdout, reason = "a benchmark talks to whoever runs it")]

use std::error::Error;
use std::io::{self, BufRead};
use std::time::Instant;

use opine::stats::pairs::calibrate_ties;
use opine::stats::resample::{
    BootstrapMethod, CounterRng, Plan, ResampledKendall, ResampledPearson, ResampledSpearman,
    bootstrap_interval,
};
use opine::stats::{PairedSample, kendall_tau_b, pearson, spearman, weighted_tau};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    if std::env::args().any(|argument| argument == "--peer") {
        serve()
    } else {
        alone()
    }
}

fn serve() -> Result<(), Failure> {
    let mut sample = made_up(1_000, 5)?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["memory"] => println!("{}", peak_memory()?),
            ["load", path, length] => sample = load(path, length.parse()?)?,
            [operation, resamples, threads] => {
                let (time, value) =
                    timed(&sample, operation, resamples.parse()?, threads.parse()?)?;
                println!("{time} {value}");
            }
            _ => return Err(format!("`{line}` is no command").into()),
        }
    }
    Ok(())
}

fn alone() -> Result<(), Failure> {
    for (operation, n, threads) in [
        ("kendall", 1_000_000, 1),
        ("kendall", 100_000, 1),
        ("spearman", 1_000_000, 1),
        ("pearson", 1_000_000, 1),
        ("weighted", 100_000, 1),
        ("percentile_spearman", 10_000, 1),
        ("percentile_spearman", 10_000, 2),
        ("bca_spearman", 10_000, 1),
        ("percentile_kendall", 10_000, 1),
        ("percentile_kendall", 10_000, 2),
        ("bca_kendall", 10_000, 1),
        ("percentile_pearson", 10_000, 1),
        ("tie_calibration", 10_000, 1),
    ] {
        for levels in [0, 5] {
            let sample = made_up(n, levels)?;
            let mut best = f64::INFINITY;
            for _ in 0..5 {
                best = best.min(timed(&sample, operation, 1_000, threads)?.0);
            }
            println!("{operation:20} n {n:8} levels {levels} threads {threads} {best:10.3} ms");
        }
    }
    Ok(())
}

/// Milliseconds and a value to compare with the peer's: the coefficient, or the lower end of the interval.
fn timed(
    sample: &PairedSample,
    operation: &str,
    resamples: u32,
    threads: usize,
) -> Result<(f64, f64), Failure> {
    let plan = Plan {
        resamples,
        seed: 1,
        threads,
    };
    let start = Instant::now();
    let value = match operation {
        "kendall" => kendall_tau_b(sample)?.value,
        "spearman" => spearman(sample)?.value,
        "pearson" => pearson(sample)?.value,
        "tie_calibration" => calibrate_ties(std::slice::from_ref(sample))?.accuracy.value,
        "weighted" => weighted_tau(sample, &Plan::NONE)?.value,
        interval => lower_end(sample, interval, &plan)?,
    };
    Ok((start.elapsed().as_secs_f64() * 1e3, value))
}

fn lower_end(sample: &PairedSample, operation: &str, plan: &Plan) -> Result<f64, Failure> {
    let (method, coefficient) = operation.split_once('_').ok_or("no operation")?;
    let method = match method {
        "percentile" => BootstrapMethod::Percentile,
        "bca" => BootstrapMethod::Bca,
        other => return Err(format!("`{other}` is no method").into()),
    };
    let interval = match coefficient {
        "spearman" => bootstrap_interval(&ResampledSpearman::new(sample)?, 0.95, method, plan),
        "kendall" => bootstrap_interval(&ResampledKendall::new(sample)?, 0.95, method, plan),
        "pearson" => bootstrap_interval(&ResampledPearson::new(sample)?, 0.95, method, plan),
        other => return Err(format!("`{other}` is no coefficient").into()),
    };
    Ok(interval?.low)
}

/// The most memory that this process has had in use, in MiB, as Linux counts it.
fn peak_memory() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kibibytes.ok_or("no VmHWM")?.parse::<f64>()? / 1024.0)
}

/// Columns of `f64` in little-endian order, first all of `predicted`, then all of `human`.
fn load(path: &str, length: usize) -> Result<PairedSample, Failure> {
    let bytes = std::fs::read(path)?;
    let values: Vec<f64> = (bytes.as_chunks::<8>().0.iter())
        .map(|chunk| f64::from_le_bytes(*chunk))
        .collect();
    let (predicted, human) = values.split_at(length);
    Ok(PairedSample::new(predicted, human)?)
}

/// Correlated columns; with `levels`, `human` takes so many values and `predicted` about n / 10.
fn made_up(n: u32, levels: u32) -> Result<PairedSample, Failure> {
    let mut rng = CounterRng::new(7, 0);
    let (predicted, human): (Vec<f64>, Vec<f64>) = (0..n)
        .map(|_| {
            let x = rng.normal();
            let y = 0.7 * x + 0.714 * rng.normal();
            if levels == 0 {
                return (x, y);
            }
            let grid = f64::from((n / 60).max(5));
            (
                (x * grid).round() / grid,
                (y * f64::from(levels) / 4.0).round(),
            )
        })
        .unzip();
    Ok(PairedSample::new(&predicted, &human)?)
}
