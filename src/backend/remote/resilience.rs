//! When to try again and when to leave an engine alone: the pure rules, with the clock and the tries around them.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Request;
use tokio::time::{Instant, sleep};

use super::attempt::{asked_for, attempt};
use super::backoff::pause;
use super::breaker::{Breaker, Outcome, Pass, Rest};
use super::budget::RetryBudget;
use super::error::{RemoteError, Stage};
use super::reply::Reply;
use super::{Retry, Shared};
use crate::backend::Circuit;

/// What is remembered of one engine.
#[derive(Debug)]
pub(super) struct Resilience {
    began: Instant,
    breaker: Mutex<Breaker>,
    budget: Mutex<RetryBudget>,
    random: RandomState,
    draws: AtomicU64,
    retries: AtomicU64,
}

impl Default for Resilience {
    fn default() -> Self {
        Resilience {
            began: Instant::now(),
            breaker: Mutex::default(),
            budget: Mutex::default(),
            random: RandomState::new(),
            draws: AtomicU64::new(0),
            retries: AtomicU64::new(0),
        }
    }
}

impl Resilience {
    /// Whether the engine may be asked.
    pub(super) fn open(&self, backend: &str) -> Result<(), RemoteError> {
        let check = self.breaker().check(self.now());
        check.map_err(|rest| resting(backend, rest))
    }

    /// How the engine is doing.
    pub(super) fn circuit(&self) -> Circuit {
        Circuit {
            state: self.breaker().state(self.now()),
            retries: self.retries.load(Ordering::Relaxed),
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn budget(&self) -> MutexGuard<'_, RetryBudget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uniform in `[0, 1)` and other in every process: clients that failed together must not pause alike.
    fn draw(&self) -> f64 {
        let count = self.draws.fetch_add(1, Ordering::Relaxed);
        let bits = self.random.hash_one(count) >> 11;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact in a double")]
        let draw = bits as f64 / (1u64 << 53) as f64;
        draw
    }

    fn pass(&self, backend: &str) -> Result<Report<'_>, RemoteError> {
        let pass = self.breaker().pass(self.now());
        pass.map(|pass| Report {
            resilience: self,
            pass,
            outcome: Outcome::Unknown,
        })
        .map_err(|rest| resting(backend, rest))
    }
}

fn resting(backend: &str, rest: Rest) -> RemoteError {
    RemoteError::Resting {
        backend: backend.to_owned(),
        seconds: rest.left.as_secs() + u64::from(rest.left.subsec_nanos() > 0),
        message: rest.message,
    }
}

/// Tells the breaker what became of a try when it ends, even where the asker left in the middle of it: a probe
/// that nobody waits for any more must not keep the circuit open for ever.
struct Report<'a> {
    resilience: &'a Resilience,
    pass: Pass,
    outcome: Outcome,
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        let outcome = std::mem::replace(&mut self.outcome, Outcome::Unknown);
        let now = self.resilience.now();
        self.resilience.breaker().report(self.pass, outcome, now);
    }
}

/// Sends a request, again where that may help, all within the time of the whole.
pub(super) async fn send(
    shared: &Shared,
    request: Request,
    retry: Retry,
) -> Result<Reply, RemoteError> {
    let (options, resilience) = (&shared.options, &shared.resilience);
    let deadline = Instant::now() + options.timeouts.whole;
    let mut tries = 0;
    loop {
        let again = request.try_clone().expect("a body in memory can be cloned");
        let mut report = resilience.pass(&options.name)?;
        if tries == 0 {
            resilience.budget().earn();
        }
        let result = attempt(shared, again, deadline).await;
        report.outcome = outcome(&result);
        drop(report);
        let error = match result {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        tries += 1;
        let allowed = retry == Retry::Safe && tries <= options.retries && mendable(&error, tries);
        let pause = pause(tries, asked_for(&error), resilience.draw());
        match pause {
            Some(pause)
                if allowed
                    && Instant::now() + pause < deadline
                    && resilience.budget().spend(resilience.now()) =>
            {
                resilience.retries.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(backend = options.name, tries, %error, "trying again");
                sleep(pause).await;
            }
            _ => return Err(error),
        }
    }
}

/// Whether another try may help after this many: an engine that was not reached, is overloaded or restarts.
/// An error of its own (500) is often that of the question, and is tried once more only; so is a connection that
/// ended before an answer began, which is how a server shows that it closed an idle one (RFC 9112, 9.3.1). What
/// timed out is not tried again: the engine may still be at work on it.
fn mendable(error: &RemoteError, tries: u32) -> bool {
    match error {
        RemoteError::Unreachable { .. } => true,
        RemoteError::Timeout { stage, .. } => *stage == Stage::Connect,
        RemoteError::Status { status, .. } => match status {
            429 | 502 | 503 | 504 => true,
            500 => tries == 1,
            _ => false,
        },
        RemoteError::BrokenOff { begun, .. } => !begun && tries == 1,
        RemoteError::Resting { .. }
        | RemoteError::TooLarge { .. }
        | RemoteError::NotUtf8 { .. }
        | RemoteError::NotJson { .. }
        | RemoteError::NotSent { .. } => false,
    }
}

/// What a result says of the engine. One that refuses a question, or asks for patience (429), is alive; 501 is
/// what engines say to what they were never made for.
fn outcome(result: &Result<Reply, RemoteError>) -> Outcome {
    let Err(error) = result else {
        return Outcome::Alive;
    };
    let failing = match error {
        RemoteError::Unreachable { .. }
        | RemoteError::Timeout { .. }
        | RemoteError::BrokenOff { .. } => true,
        RemoteError::Status { status, .. } => *status >= 500 && *status != 501,
        RemoteError::Resting { .. }
        | RemoteError::TooLarge { .. }
        | RemoteError::NotUtf8 { .. }
        | RemoteError::NotJson { .. }
        | RemoteError::NotSent { .. } => false,
    };
    if failing {
        Outcome::Failing(error.to_string())
    } else {
        Outcome::Alive
    }
}
