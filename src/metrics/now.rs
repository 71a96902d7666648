//! What is so at the moment that somebody asks: judges, circuits, the cache, the build.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::backend::{Circuit, CircuitState};
use crate::engine::{BackendState, Engine};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Backend {
    backend: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BackendIs {
    backend: String,
    state: &'static str,
}

/// What is read from an engine when somebody asks for metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Now {
    /// Judges by state.
    judges: Vec<(&'static str, i64)>,
    /// Backends by name: whether they can be asked, and their circuits.
    backends: Vec<(String, &'static str, Option<Circuit>)>,
    hits: u64,
    misses: u64,
    cache_bytes: u64,
}

impl Now {
    /// What is so now.
    pub fn of(engine: &Engine) -> Self {
        let known = engine.judges();
        let states = ["ready", "unavailable", "unbound"];
        let of_state = |state: &'static str| {
            let count = known.iter().filter(|judge| judge.state.name() == state);
            (state, i64::try_from(count.count()).unwrap_or(i64::MAX))
        };
        let backends = known.backends().map(|(name, state)| {
            let circuit = match state {
                BackendState::Ready(backend) => backend.circuit(),
                BackendState::Unavailable { .. } | BackendState::Unbound => None,
            };
            (name.to_owned(), state.name(), circuit)
        });
        let counts = engine.cache_counts();
        Now {
            judges: states.into_iter().map(of_state).collect(),
            backends: backends.collect(),
            hits: counts.lookups.saturating_sub(counts.asked),
            misses: counts.asked,
            cache_bytes: engine.cache_bytes(),
        }
    }

    pub(super) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("opine");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", build);
        let judges = Family::<State, Gauge>::default();
        for (state, count) in &self.judges {
            judges.get_or_create(&State { state }).set(*count);
        }
        registry.register("judges", "Judges by state", judges);
        self.register_backends(&mut registry);
        let counted = |count: u64| {
            let counter = Counter::<u64>::default();
            counter.inc_by(count);
            counter
        };
        registry.register(
            "cache_hits",
            "Questions whose answer was remembered, or was on its way for somebody else",
            counted(self.hits),
        );
        registry.register(
            "cache_misses",
            "Questions that went on to a backend",
            counted(self.misses),
        );
        let bytes = Gauge::<i64>::default();
        bytes.set(i64::try_from(self.cache_bytes).unwrap_or(i64::MAX));
        registry.register_with_unit("cache", "Remembered answers", Unit::Bytes, bytes);
        registry
    }

    fn register_backends(&self, registry: &mut Registry) {
        let ready = Family::<Backend, Gauge>::default();
        let circuits = Family::<BackendIs, Gauge>::default();
        let retries = Family::<Backend, Counter>::default();
        for (backend, state, circuit) in &self.backends {
            let label = Backend {
                backend: backend.clone(),
            };
            ready
                .get_or_create(&label)
                .set(i64::from(*state == "ready"));
            let Some(circuit) = circuit else {
                continue;
            };
            for state in CircuitState::NAMES {
                let is = BackendIs {
                    backend: backend.clone(),
                    state,
                };
                let here = i64::from(circuit.state.name() == state);
                circuits.get_or_create(&is).set(here);
            }
            retries.get_or_create(&label).inc_by(circuit.retries);
        }
        registry.register("backend_ready", "Whether a backend could be opened", ready);
        registry.register(
            "backend_circuit",
            "Circuit breaker of a backend that is elsewhere: 1 for the state that it is in",
            circuits,
        );
        registry.register(
            "backend_retries",
            "Requests that were sent once more",
            retries,
        );
    }
}
