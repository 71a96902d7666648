//! Builds the service and runs it until it is told to stop.

use std::future::ready;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::{AppConfig, Extensions, Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, web};
use tokio::net::TcpSocket;

use super::access::access;
use super::connection::Patient;
use super::envelope::envelope;
use super::idempotency::idempotency;
use super::lasting::LastingError;
use super::pace::Pace;
use super::reload::{ReloadError, Reloaded, reload};
use super::service::{Guards, RequestIds, Service};
use super::{jobs, routes};
use crate::access::HomeHosts;
use crate::assemble::{AssembleError, Opening, engine, open, url_reader};
use crate::calibration::{MapFileError, Maps};
use crate::config::Config;
use crate::engine::{AdmissionCounts, CacheCounts, Clock, Engine};
use crate::gate::{Policies, PolicyError};
use crate::jobs::PlaceError;
use crate::store::StoreError;
use crate::wire::JudgeJson;

/// Time beyond the longest request that a graceful stop waits for responses to leave.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;

/// Bytes of responses that the system holds for one connection; it takes about as many again for itself. Unasked it
/// would hold megabytes for each client that does not read.
const UNREAD: u32 = 128 << 10;

/// How long what a refused request still sends is read and thrown away: a client that writes into a closed connection does
/// not see why it was refused.
const LINGER: Duration = Duration::from_secs(2);

/// How long a backend may take to tell about itself.
const PROBE_PATIENCE: Duration = Duration::from_secs(30);

/// A service that listens.
#[derive(Debug)]
pub struct Application {
    server: Running,
    address: SocketAddr,
    service: web::Data<Service>,
    notice: Duration,
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
    /// A gate policy is wrong.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Keys are wrong.
    #[error("{0}")]
    Access(String),
    /// Others could reach the service, and it has no keys.
    #[error(
        "{address} is not loopback, and whoever reaches it could use the service: make a key with `opine keys new NAME`, or set `[access] allow_anyone = true`"
    )]
    Unprotected {
        /// The address.
        address: SocketAddr,
    },
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
    /// Reads cards and maps and listens on the configured address; port 0 takes a free one. No model is open before
    /// [`Models::open`]: until then the service is alive, and not ready.
    ///
    /// Called inside a Tokio runtime.
    ///
    /// # Errors
    /// Cards or maps that are wrong, a data folder that cannot be used, or an address that is taken.
    pub fn build(config: &Config) -> Result<Self, StartError> {
        let judges = open(config, Opening::Later)?.judges;
        Self::with_guards(engine(judges, config), config, true)
    }

    /// The same with an engine that is assembled already.
    ///
    /// # Errors
    /// An address that is taken, or a data folder that cannot be used.
    pub fn with_engine(engine: Engine, config: &Config) -> Result<Self, StartError> {
        Self::with_guards(engine, config, false)
    }

    fn with_guards(
        engine: Engine,
        config: &Config,
        are_models_to_open: bool,
    ) -> Result<Self, StartError> {
        let keyring = config.access.keyring(Clock.now());
        let keyring = keyring.map_err(|faults| StartError::Access(faults.join("\n")))?;
        let loopback = config.listen.ip().to_canonical().is_loopback();
        if keyring.is_none() && !loopback && !config.access.allow_anyone {
            return Err(StartError::Unprotected {
                address: config.listen,
            });
        }
        let policies = config.gates.folder.as_deref();
        let policies = policies
            .map(Policies::load)
            .transpose()?
            .unwrap_or_default();
        // Whoever lets anyone come from anywhere is called by whatever name, unless some are given.
        let is_home = keyring.is_none() && (loopback || !config.access.hosts.is_empty());
        let home = is_home.then(|| HomeHosts::new(&config.access.hosts));
        let guards = Guards {
            keyring,
            home: home.transpose().map_err(StartError::Access)?,
            urls: url_reader(config)?,
            policies,
            are_models_to_open,
        };
        let request_ids = RequestIds::new(milliseconds_since_epoch());
        let folder = config.calibration.folder.as_deref();
        let maps = folder.map(Maps::load).transpose()?.unwrap_or_default();
        let service = Service::new(engine, maps, config, request_ids, guards);
        let service = web::Data::new(service.map_err(|error| match error {
            LastingError::Store(error) => StartError::Store(error),
            LastingError::Place(error) => StartError::Images(error),
        })?);
        let shared = service.clone();
        let listen = |error| StartError::Listen {
            address: config.listen,
            error,
        };
        let listener = listener(config.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let longest = config.body_time() + config.request_time() + LAST_WORDS;
        let (idle, head) = (config.admission.idle_time(), config.admission.head_time());
        let (rate, grace) = config.admission.response_pace();
        let builder = Server::build()
            .disable_signals()
            .shutdown_timeout(longest.as_secs());
        let ending = builder.graceful_shutdown_signal();
        // What `HttpServer` of `actix_web` does, but for the connections, which are not of its making.
        let serve = move || {
            let application = App::new()
                .app_data(shared.clone())
                // The last of them is the outermost: whoever is not let in gets no stored reply either.
                .wrap(from_fn(idempotency))
                .wrap(from_fn(jobs::make_room))
                .wrap(from_fn(access))
                .wrap(from_fn(envelope))
                .configure(routes::configure);
            let ending = ending.clone();
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let ending = ending.clone();
                    async move { ending.notified().await }
                })
                .keep_alive(idle)
                .client_request_timeout(head)
                .client_disconnect_timeout(LINGER)
                // Work for a client that has left is dropped with its connection.
                .h1_allow_half_closed(false)
                .local_addr(address)
                .on_connect_ext(|connection: &Patient, data: &mut Extensions| {
                    data.insert(connection.watch());
                })
                .h1(map_config(application, |()| AppConfig::default()));
            fn_service(move |stream: TcpStream| {
                let from = stream.peer_addr().ok();
                let stream = Patient::new(stream, idle + head, Pace::new(rate, grace));
                ready(Ok::<_, DispatchError>((stream, from)))
            })
            .and_then(http)
        };
        let server = builder.listen("opine", listener, serve).map_err(listen)?;
        Ok(Application {
            server: Running(server.run()),
            address,
            service,
            notice: config.admission.notice(),
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

    /// What opens the models, and reads cards and maps again, from anywhere.
    pub fn models(&self) -> Models {
        Models(self.service.clone())
    }

    /// What can be read of it while it runs.
    pub fn gauges(&self) -> Gauges {
        Gauges {
            service: self.service.clone(),
        }
    }

    /// Whether a request must show a key.
    pub fn asks_for_keys(&self) -> bool {
        self.service.keyring.is_some()
    }

    /// What stops it, from anywhere.
    pub fn stopper(&self) -> Stopper {
        Stopper {
            server: self.server.0.handle(),
            draining: Arc::clone(&self.service.draining),
            notice: self.notice,
            service: self.service.clone().into_inner(),
        }
    }

    /// Serves until a [`Stopper`] stops it.
    ///
    /// # Errors
    /// A listener that fails.
    pub async fn run_until_stopped(self) -> io::Result<()> {
        let ended = self.server.0.await;
        // Whoever runs the service may not wait for who stops it.
        self.service.lasting.keep_quotas().await;
        ended
    }
}

/// How much a service has in work, from anywhere.
#[derive(Debug, Clone)]
pub struct Gauges {
    service: web::Data<Service>,
}

impl Gauges {
    /// How full the service is, and what it refused so far.
    pub fn admission(&self) -> AdmissionCounts {
        self.service.admission.counts()
    }

    /// How often an answer was remembered, and what is.
    pub fn cache(&self) -> CacheCounts {
        self.service.engine.cache_counts()
    }

    /// Bytes that decoded pictures are counted with.
    pub fn picture_bytes(&self) -> u64 {
        self.service.engine.picture_bytes()
    }
}

/// The judges of a service and what they are made of.
#[derive(Debug, Clone)]
pub struct Models(web::Data<Service>);

impl Models {
    /// Opens every model, beside the serving. One that cannot be opened keeps no other from its work: its judge is
    /// unavailable, and log and readiness say why.
    ///
    /// # Errors
    /// A card that has become wrong in the meantime.
    pub async fn open(&self) -> Result<(), ReloadError> {
        let opened = super::reload::open_models(&self.0).await;
        self.0.opening.send_replace(false);
        opened
    }

    /// Reads cards and maps again.
    ///
    /// # Errors
    /// What is wrong; everything is then as it was.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        reload(&self.0).await
    }

    /// The judges and their states.
    pub fn judges(&self) -> Vec<JudgeJson> {
        self.0.engine.judges().iter().map(JudgeJson::new).collect()
    }

    /// Asks the configured backends about themselves, beside the serving.
    pub fn probe_backends(&self) {
        let service = self.0.clone().into_inner();
        drop(tokio::spawn(async move {
            for (backend, failure) in service.engine.probe(PROBE_PATIENCE).await {
                tracing::warn!(backend, failure, "a backend does not tell about itself");
            }
        }));
    }
}

/// Stops a service.
#[derive(Debug, Clone)]
pub struct Stopper {
    service: Arc<Service>,
    server: ServerHandle,
    draining: Arc<AtomicBool>,
    notice: Duration,
}

/// Between the last connection that is taken and the stop: every connection that was taken reaches its worker, and
/// a request that was sent on it is begun.
const SETTLING: Duration = Duration::from_millis(100);

impl Stopper {
    /// Says at `/readyz` that no more requests should come; all is served as before, and every connection is closed
    /// after its next response.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Ends so that no request is lost: gives notice at `/readyz`, goes on serving for the configured time while jobs
    /// come to rest, takes no more connections, finishes the requests in work, and ends. Called inside a Tokio runtime.
    pub async fn stop_with_notice(&self) {
        self.drain();
        tokio::join!(tokio::time::sleep(self.notice), self.service.lasting.park());
        self.server.pause().await;
        tokio::time::sleep(SETTLING).await;
        self.server.stop(true).await;
        self.service.lasting.keep_quotas().await;
    }

    /// Lets jobs come to rest, takes no more connections, finishes the requests in work, and ends.
    pub async fn stop(&self) {
        self.drain();
        self.service.lasting.park().await;
        self.server.stop(true).await;
        self.service.lasting.keep_quotas().await;
    }
}

/// A listener before which as many connections may wait as before that of `actix_web`; the standard library's has
/// fewer.
fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Elsewhere this lets two processes have one address.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Connections have it from their listener.
    socket.set_send_buffer_size(UNREAD)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
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
