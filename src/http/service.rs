//! What every handler shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use actix_web::HttpRequest;
use arc_swap::ArcSwap;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::caller::Caller;
use super::lasting::{Lasting, LastingError, Sharing};
use super::problem::Problem;
use crate::access::{HomeHosts, Keyring};
use crate::calibration::Maps;
use crate::config::Config;
use crate::engine::{Admission, BackendState, Clock, Engine, Judge, Judges, RunLimits};
use crate::fetch::UrlReader;
use crate::gate::Policies;
use crate::jobs::Moment;
use crate::metrics::Metrics;

/// Most audits at a time.
const AUDITS: usize = 2;

/// The engine and the bounds of the service; one for all workers.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) engine: Arc<Engine>,
    current: Arc<ArcSwap<Current>>,
    pub(super) lasting: Lasting,
    pub(super) admission: Admission,
    /// Audits in work: each keeps a core busy for seconds.
    pub(super) audits: Admission,
    pub(super) bounds: Bounds,
    pub(super) request_ids: RequestIds,
    /// `None` where nobody is asked for a key.
    pub(super) keyring: Option<Arc<Keyring>>,
    /// The names by which a service without keys is called; `None` where any will do.
    pub(super) home: Option<HomeHosts>,
    /// Reads images by URL.
    pub(super) urls: UrlReader,
    /// Gate policies.
    pub(super) policies: Arc<Policies>,
    share_cache: bool,
    pub(super) draining: Arc<AtomicBool>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) config: Config,
    /// Whether models are still being opened.
    pub(super) opening: watch::Sender<bool>,
    /// Held while cards and maps are read again, so that the last who asked has the last word.
    pub(super) reloading: Mutex<()>,
}

/// The judges and maps of one moment: what is read together is taken together.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) judges: Arc<Judges>,
    pub(super) maps: Arc<Maps>,
}

/// Who is let in, from where images are read, and whether judges are still to come.
#[derive(Debug)]
pub(super) struct Guards {
    /// `None` where nobody is asked for a key.
    pub(super) keyring: Option<Keyring>,
    /// The names by which a service without keys is called; `None` where any will do.
    pub(super) home: Option<HomeHosts>,
    /// Reads images by URL.
    pub(super) urls: UrlReader,
    /// Whether models are opened after the start.
    pub(super) are_models_to_open: bool,
    /// Gate policies.
    pub(super) policies: Policies,
}

/// What one request may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Most bytes of a body.
    pub(super) body_bytes: usize,
    /// Most time for a body to arrive.
    pub(super) body_time: Duration,
    /// Least bytes of a body per second, counted over its grace; 0 for none.
    pub(super) body_rate: u64,
    /// Longest pause of a body.
    pub(super) body_grace: Duration,
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
        guards: Guards,
    ) -> Result<Self, LastingError> {
        let Guards {
            keyring,
            home,
            urls,
            policies,
            are_models_to_open,
        } = guards;
        let (policies, keyring) = (Arc::new(policies), keyring.map(Arc::new));
        let metrics = Arc::new(Metrics::default());
        let engine = Arc::new(engine.observed_by(Arc::clone(&metrics) as _));
        let (judges, maps) = (engine.judges(), Arc::new(maps));
        let current = Arc::new(ArcSwap::from_pointee(Current { judges, maps }));
        let (opening, _) = watch::channel(are_models_to_open);
        let bounds = Bounds {
            body_bytes: config.limits.request_bytes,
            body_time: config.body_time(),
            body_rate: config.admission.body_bytes_per_second,
            body_grace: config.admission.body_grace(),
            request_time: config.request_time(),
            images: config.limits.images_per_request,
        };
        let sharing = Sharing {
            engine: Arc::clone(&engine),
            current: Arc::clone(&current),
            policies: Arc::clone(&policies),
            opening: opening.subscribe(),
            urls: urls.clone(),
            owns_answers: keyring.is_some() && !config.access.share_cache,
            keyring: keyring.clone(),
        };
        Ok(Service {
            lasting: Lasting::open(config, bounds, sharing)?,
            engine,
            current,
            metrics,
            config: config.clone(),
            opening,
            reloading: Mutex::new(()),
            admission: Admission::new(config.limits.requests_in_flight, config.admission.half()),
            audits: Admission::new(AUDITS, u64::MAX),
            bounds,
            request_ids,
            keyring,
            home,
            urls,
            policies,
            share_cache: config.access.share_cache,
            draining: Arc::new(AtomicBool::new(false)),
        })
    }

    /// The judges and maps of now. A request takes them once, and ends with what it took.
    pub(super) fn current(&self) -> Arc<Current> {
        self.current.load_full()
    }

    /// Takes other judges and maps from now on, both at once.
    pub(super) fn replace(&self, judges: Judges, maps: Arc<Maps>) {
        let judges = Arc::new(judges);
        self.engine.replace_judges(Arc::clone(&judges));
        self.current.store(Arc::new(Current { judges, maps }));
    }

    /// What the run of a request may cost, and whose answers it shares: a quick answer tells that somebody has asked
    /// before, so that each caller has its own unless the configuration says otherwise.
    pub(super) fn limits(&self, request: &HttpRequest) -> RunLimits {
        let limits = RunLimits::within(Clock, self.bounds.request_time);
        if self.keyring.is_none() || self.share_cache {
            return limits;
        }
        limits.owned_by(Caller::of(request).name())
    }

    /// The engine, and the judges, maps and policies of now, as jobs see them.
    pub(super) fn moment(&self) -> Moment {
        let current = self.current();
        Moment {
            engine: Arc::clone(&self.engine),
            judges: Arc::clone(&current.judges),
            maps: Arc::clone(&current.maps),
            policies: Arc::clone(&self.policies),
        }
    }

    /// The judge of that name, which can be asked.
    pub(super) fn judge(&self, name: &str) -> Result<Judge, Problem> {
        self.current().judge(name)
    }

    /// Waits until the models are open that are being opened, at most until the deadline.
    pub(super) async fn opened(&self, deadline: Instant) {
        let mut opening = self.opening.subscribe();
        let open = opening.wait_for(|opening| !*opening);
        // What is not open in time is unavailable, and its judge says so.
        drop(tokio::time::timeout_at(deadline, open).await);
    }

    /// Whether models are still being opened.
    pub(super) fn is_opening(&self) -> bool {
        *self.opening.borrow()
    }

    /// The judge of that name for a job, which waits for a judge whose model is being opened.
    pub(super) fn judge_to_come(&self, name: &str) -> Result<Judge, Problem> {
        // Asked before the judges are looked at: what is opened in between is found open.
        let is_opening = self.is_opening();
        let current = self.current();
        match current.judges.find(name) {
            Ok(judge) if is_opening && matches!(judge.state, BackendState::Unavailable { .. }) => {
                Ok(judge.clone())
            }
            Ok(_) | Err(_) => current.judge(name),
        }
    }

    /// Whether the service is about to end.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

impl Current {
    /// The judge of that name, which can be asked.
    pub(super) fn judge(&self, name: &str) -> Result<Judge, Problem> {
        let judge = self.judges.find(name);
        let ready = judge.and_then(|judge| judge.backend().map(|_| ()).map(|()| judge.clone()));
        let judge = ready.map_err(|error| Problem::from(error).at("/judge"))?;
        // The line of the request in the log names who was asked.
        tracing::Span::current().record("judge", judge.card.id.as_str());
        Ok(judge)
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
