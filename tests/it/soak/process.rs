//! What a process takes of the machine while it runs, as the kernel counts it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What it takes at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Since the first one.
    pub(super) minutes: f64,
    /// Resident memory.
    pub(super) megabytes: f64,
    /// Open descriptors.
    pub(super) descriptors: usize,
}

/// A process that is looked at again and again.
pub(super) struct Watched {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Sample>>,
}

impl Watched {
    pub(super) fn start(process: u32, every: Duration) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let began = Instant::now();
            let mut samples = Vec::new();
            while !seen.load(Ordering::SeqCst) {
                samples.push(Sample {
                    minutes: began.elapsed().as_secs_f64() / 60.0,
                    megabytes: megabytes(process, "VmRSS"),
                    descriptors: fs::read_dir(format!("/proc/{process}/fd")).unwrap().count(),
                });
                thread::sleep(every);
            }
            samples
        });
        Watched { over, thread }
    }

    pub(super) fn stop(self) -> Vec<Sample> {
        self.over.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

/// One of the numbers of `/proc/PID/status` that count memory.
pub(crate) fn megabytes(process: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024.0
}

/// Resident megabytes in the middle of the samples.
pub(super) fn median(samples: &[Sample]) -> f64 {
    let mut all: Vec<f64> = samples.iter().map(|sample| sample.megabytes).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Megabytes a minute, by least squares.
pub(super) fn slope(samples: &[Sample]) -> f64 {
    let count = samples.len() as f64;
    let mean = |read: fn(&Sample) -> f64| samples.iter().map(read).sum::<f64>() / count;
    let (minutes, megabytes) = (mean(|one| one.minutes), mean(|one| one.megabytes));
    let together = samples
        .iter()
        .map(|one| (one.minutes - minutes) * (one.megabytes - megabytes));
    let alone = samples.iter().map(|one| (one.minutes - minutes).powi(2));
    together.sum::<f64>() / alone.sum::<f64>()
}

#[test]
fn a_line_has_its_slope() {
    let sample = |minute: u32, megabytes: f64| Sample {
        minutes: f64::from(minute),
        megabytes,
        descriptors: 1,
    };
    let rising: Vec<Sample> = (0..10)
        .map(|at| sample(at, 100.0 + 3.0 * f64::from(at)))
        .collect();
    assert!((slope(&rising) - 3.0).abs() < 1e-9);
    assert!((median(&rising) - 115.0).abs() < 1e-9);
}
