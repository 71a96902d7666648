//! What the service has that outlives a request: jobs, stored replies, and who is being answered.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::idempotency::Idempotency;
use super::problem::{Code, Problem};
use super::quotas::Quotas;
use super::service::{Bounds, Current};
use crate::access::Keyring;
use crate::config::Config;
use crate::engine::{Admission, Engine};
use crate::fetch::UrlReader;
use crate::gate::Policies;
use crate::jobs::{Bench, Interactive, JobOptions, Jobs, Moment, PlaceError};
use crate::store::{Replies, Store, StoreError, StoreOptions};

/// Opened once, for all workers.
#[derive(Debug)]
pub(super) struct Lasting {
    store: Option<Store>,
    jobs: Option<Jobs>,
    pub(super) idempotency: Idempotency,
    pub(super) interactive: Interactive,
    /// Manifests that arrive.
    pub(super) manifests: Admission,
    pub(super) manifest: ManifestBounds,
    park: Duration,
    /// Where keys have quotas that outlive the process.
    quotas: Option<Arc<Quotas>>,
}

/// What jobs share with the requests of the service.
pub(super) struct Sharing {
    pub(super) engine: Arc<Engine>,
    pub(super) current: Arc<ArcSwap<Current>>,
    pub(super) policies: Arc<Policies>,
    /// True while models are being opened.
    pub(super) opening: watch::Receiver<bool>,
    pub(super) urls: UrlReader,
    /// Whether each caller has remembered answers of its own.
    pub(super) owns_answers: bool,
    /// The keys, whose quotas are kept.
    pub(super) keyring: Option<Arc<Keyring>>,
}

/// What one manifest may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct ManifestBounds {
    /// Bytes and time of the whole.
    pub(super) body: Bounds,
    /// Most items.
    pub(super) items: u64,
    /// Most bytes of one line.
    pub(super) line_bytes: usize,
}

/// Why there is nothing that lasts.
#[derive(Debug, thiserror::Error)]
pub(super) enum LastingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Place(#[from] PlaceError),
}

impl Lasting {
    /// Opens the data folder, where one is configured, and goes on with its jobs.
    pub(super) fn open(
        config: &Config,
        bounds: Bounds,
        sharing: Sharing,
    ) -> Result<Self, LastingError> {
        let interactive = Interactive::default();
        let options = |folder: &std::path::PathBuf| StoreOptions {
            folder: folder.clone(),
            most_bytes: config.data.most_bytes,
            salvage: config.data.salvage,
        };
        let store = config.data.folder.as_ref().map(options);
        let store = store.as_ref().map(Store::open).transpose()?;
        let quotas = match (sharing.keyring, &store) {
            (Some(keyring), Some(store)) => Some(Quotas::open(keyring, store.clone())?),
            (Some(_), None) | (None, _) => None,
        };
        let start = |store: &Store| {
            let (engine, current, policies) = (sharing.engine, sharing.current, sharing.policies);
            let bench = Bench {
                moment: Arc::new(move || {
                    let current = current.load();
                    Moment {
                        engine: Arc::clone(&engine),
                        judges: Arc::clone(&current.judges),
                        maps: Arc::clone(&current.maps),
                        policies: Arc::clone(&policies),
                    }
                }),
                opening: sharing.opening,
                urls: sharing.urls,
                interactive: interactive.clone(),
            };
            let options = JobOptions {
                images: config.jobs.images.clone(),
                image_bytes: config.limits.image_bytes,
                share: config.jobs.share,
                attempts: config.jobs.attempts,
                first_pause: Duration::from_millis(500),
                pause_after: config.jobs.pause_after,
                item_time: config.jobs.item_time(),
                item_bytes: config.limits.request_bytes,
                owns_answers: sharing.owns_answers,
            };
            Jobs::start(store.clone(), bench, options)
        };
        let jobs = store.as_ref().map(start).transpose()?;
        Ok(Lasting {
            store: store.clone(),
            jobs,
            idempotency: Idempotency::new(Replies::new(store, config.data.reply_time())),
            interactive,
            // Manifests are not held, so that their bytes do not count.
            manifests: Admission::new(config.jobs.manifests_in_flight, u64::MAX),
            manifest: ManifestBounds {
                body: Bounds {
                    body_bytes: config.jobs.manifest_bytes,
                    body_time: config.jobs.manifest_time(),
                    ..bounds
                },
                items: config.jobs.items,
                line_bytes: config.jobs.line_bytes,
            },
            park: config.jobs.park_time(),
            quotas,
        })
    }

    /// The jobs, where the service keeps some.
    pub(super) fn jobs(&self) -> Result<&Jobs, Problem> {
        self.jobs.as_ref().ok_or_else(|| {
            Problem::new(
                Code::JobsOff,
                "this service has no data folder, so that it keeps no jobs",
            )
            .hint("start it with `opine serve --data FOLDER`, or set `[data] folder`")
        })
    }

    /// Where the service keeps what outlives it.
    pub(super) fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// Whether the service keeps jobs.
    pub(super) fn keeps_jobs(&self) -> bool {
        self.jobs.is_some()
    }

    /// Writes what keys have used, at the end of the service.
    pub(super) async fn keep_quotas(&self) {
        if let Some(quotas) = &self.quotas
            && let Err(error) = quotas.keep().await
        {
            tracing::error!(%error, "what keys have used of late is not written");
        }
    }

    /// Lets the jobs rest until the next start.
    pub(super) async fn park(&self) {
        if let Some(jobs) = &self.jobs {
            jobs.park(self.park).await;
        }
    }
}
