//! Builds the service and runs it until it is told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};

use super::envelope::envelope;
use super::idempotency::idempotency;
use super::lasting::LastingError;
use super::service::{RequestIds, Service};
use super::{jobs, routes};
use crate::assemble::{AssembleError, assemble};
use crate::calibration::{MapFileError, Maps};
use crate::config::Config;
use crate::engine::Engine;
use crate::jobs::PlaceError;
use crate::store::StoreError;
use crate::wire::JudgeJson;

/// Time beyond the longest request that a graceful stop waits for responses to leave.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How long a backend may take to tell about itself.
const PROBE_PATIENCE: Duration = Duration::from_secs(30);

/// A service that listens.
#[derive(Debug)]
pub struct Application {
    server: Running,
    address: SocketAddr,
    service: web::Data<Service>,
}

struct Running(Server);

impl std::fmt::Debug for Running {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Running")
    }
}

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A card, model or recording is wrong.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// A calibration map is wrong.
    #[error(transparent)]
    Calibration(#[from] MapFileError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder of images for jobs cannot be used.
    #[error(transparent)]
    Images(#[from] PlaceError),
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {error}; name a free one with `--listen ADDR:PORT` (port 0 takes any)"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
}

impl Application {
    /// Assembles the engine and listens on the configured address; port 0 takes a free one.
    ///
    /// Called inside a Tokio runtime.
    ///
    /// # Errors
    /// Cards, models or recordings that are wrong, or an address that is taken.
    pub fn build(config: &Config) -> Result<Self, StartError> {
        Self::with_engine(assemble(config)?, config)
    }

    /// The same with an engine that is assembled already.
    ///
    /// # Errors
    /// An address that is taken.
    pub fn with_engine(engine: Engine, config: &Config) -> Result<Self, StartError> {
        let request_ids = RequestIds::new(milliseconds_since_epoch());
        let folder = config.calibration.folder.as_deref();
        let maps = folder.map(Maps::load).transpose()?.unwrap_or_default();
        let service = Service::new(engine, maps, config, request_ids);
        let service = web::Data::new(service.map_err(|error| match error {
            LastingError::Store(error) => StartError::Store(error),
            LastingError::Place(error) => StartError::Images(error),
        })?);
        let shared = service.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .wrap(from_fn(idempotency))
                .wrap(from_fn(jobs::make_room))
                .wrap(from_fn(envelope))
                .configure(routes::configure)
        });
        let listen = |error| StartError::Listen {
            address: config.listen,
            error,
        };
        let server = server.bind(config.listen).map_err(listen)?;
        let address = server.addrs().first().copied().unwrap_or(config.listen);
        let longest = config.body_time() + config.request_time() + LAST_WORDS;
        let server = server
            // Work for a client that has left is dropped with its connection.
            .h1_allow_half_closed(false)
            .disable_signals()
            .shutdown_timeout(longest.as_secs())
            .run();
        Ok(Application {
            server: Running(server),
            address,
            service,
        })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it has a data folder, and therefore keeps jobs.
    pub fn keeps_jobs(&self) -> bool {
        self.service.lasting.keeps_jobs()
    }

    /// The judges and their states.
    pub fn judges(&self) -> Vec<JudgeJson> {
        let judges = self.service.engine.judges();
        judges.iter().map(JudgeJson::new).collect()
    }

    /// Asks the configured backends about themselves, beside the serving.
    pub fn probe_backends(&self) {
        let service = self.service.clone().into_inner();
        drop(tokio::spawn(async move {
            for (backend, failure) in service.engine.probe(PROBE_PATIENCE).await {
                tracing::warn!(backend, failure, "a backend does not tell about itself");
            }
        }));
    }

    /// What stops it, from anywhere.
    pub fn stopper(&self) -> Stopper {
        Stopper {
            server: self.server.0.handle(),
            draining: Arc::clone(&self.service.draining),
            service: self.service.clone().into_inner(),
        }
    }

    /// Serves until a [`Stopper`] stops it.
    ///
    /// # Errors
    /// A listener that fails.
    pub async fn run_until_stopped(self) -> io::Result<()> {
        self.server.0.await
    }
}

/// Stops a service.
#[derive(Debug, Clone)]
pub struct Stopper {
    service: Arc<Service>,
    server: ServerHandle,
    draining: Arc<AtomicBool>,
}

impl Stopper {
    /// Says at `/readyz` that no more requests should come; all is served as before.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Takes no more connections, finishes the requests in work, and ends.
    pub async fn stop(&self) {
        self.drain();
        self.service.lasting.park().await;
        self.server.stop(true).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tells two runs of the service apart in request ids; no result depends on it"
)]
fn milliseconds_since_epoch() -> u128 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.as_millis())
}
