//! What every handler shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::lasting::{Lasting, LastingError};
use super::problem::Problem;
use crate::calibration::Maps;
use crate::config::Config;
use crate::engine::{Admission, Engine, Judge};

/// The engine and the bounds of the service; one for all workers.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) engine: Arc<Engine>,
    pub(super) maps: Arc<Maps>,
    pub(super) lasting: Lasting,
    pub(super) admission: Admission,
    pub(super) bounds: Bounds,
    pub(super) request_ids: RequestIds,
    pub(super) draining: Arc<AtomicBool>,
}

/// What one request may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Most bytes of a body.
    pub(super) body_bytes: usize,
    /// Most time for a body to arrive.
    pub(super) body_time: Duration,
    /// Most time for the whole request.
    pub(super) request_time: Duration,
    /// Most images.
    pub(super) images: usize,
}

impl Service {
    pub(super) fn new(
        engine: Engine,
        maps: Maps,
        config: &Config,
        request_ids: RequestIds,
    ) -> Result<Self, LastingError> {
        let bounds = Bounds {
            body_bytes: config.limits.request_bytes,
            body_time: config.body_time(),
            request_time: config.request_time(),
            images: config.limits.images_per_request,
        };
        let (engine, maps) = (Arc::new(engine), Arc::new(maps));
        let lasting = Lasting::open(config, bounds, Arc::clone(&engine), Arc::clone(&maps))?;
        Ok(Service {
            engine,
            maps,
            lasting,
            admission: Admission::new(config.limits.requests_in_flight),
            bounds,
            request_ids,
            draining: Arc::new(AtomicBool::new(false)),
        })
    }

    /// The judge of that name, which can be asked.
    pub(super) fn judge(&self, name: &str) -> Result<Judge, Problem> {
        let judge = self.engine.judges().find(name);
        let ready = judge.and_then(|judge| judge.backend().map(|_| ()).map(|()| judge.clone()));
        ready.map_err(|error| Problem::from(error).at("/judge"))
    }

    /// Whether the service is about to end.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// Makes names for requests that bring none: the start of the service and a counter.
#[derive(Debug)]
pub(super) struct RequestIds {
    start: u128,
    next: AtomicU64,
}

/// Longest request id of a client that is taken over.
const LONGEST_ID: usize = 64;

impl RequestIds {
    /// `start` tells two runs of the service apart.
    pub(super) fn new(start: u128) -> Self {
        RequestIds {
            start,
            next: AtomicU64::new(1),
        }
    }

    /// The client's own id if it is short and plain, or a new one.
    pub(super) fn name(&self, given: Option<&str>) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        match given {
            Some(id) if (1..=LONGEST_ID).contains(&id.len()) && id.chars().all(plain) => {
                id.to_owned()
            }
            _ => format!(
                "{:x}-{}",
                self.start,
                self.next.fetch_add(1, Ordering::Relaxed)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_and_plain_id_is_taken_over_and_no_other() {
        let ids = RequestIds::new(0xabc);
        assert_eq!(ids.name(Some("order-66_a.b")), "order-66_a.b");
        let long = "x".repeat(65);
        for (index, given) in [None, Some(""), Some("a b"), Some("ä"), Some(&long)]
            .into_iter()
            .enumerate()
        {
            assert_eq!(ids.name(given), format!("abc-{}", index + 1));
        }
    }
}
