//! Many items of one kind, asked when there is room, with a result for each whatever happens in between.
//!
//! Knows nothing of HTTP. A job is a manifest that lies in the store, an [`Operation`] that is done with each of its
//! items, and the dispatcher, which takes the next item of each job in turn whenever its backend has a place.

mod dispatch;
mod item;
mod lines;
mod operation;
mod picture;
mod settings;
mod shares;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

pub use item::{Item, NamedSource, Source};
pub use lines::{BadLine, JobJson, bad_line};
pub use operation::{OPERATIONS, Operation, operation};
pub use picture::{PlaceError, is_inside};
pub use settings::{JobSettings, OnBadLine, SettingFault};
pub use shares::{Interactive, Visit};

use crate::calibration::Maps;
use crate::engine::{Engine, Judges};
use crate::fetch::UrlReader;
use crate::gate::Policies;
use crate::store::{
    GivenItem, JobRow, JobState, NewJob, ReplyKey, ResultPage, Store, StoreError, StoredReply,
};
use dispatch::{Command, Dispatcher};

/// The engine, and the judges, maps and policies of one moment.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The judges.
    pub judges: Arc<Judges>,
    /// The calibration maps.
    pub maps: Arc<Maps>,
    /// The gate policies.
    pub policies: Arc<Policies>,
}

/// With whom jobs work.
#[derive(Clone)]
pub struct Bench {
    /// Whom to ask now; called anew with each item, so that a reload reaches a running job.
    pub moment: Arc<dyn Fn() -> Moment + Send + Sync>,
    /// True while models are being opened: a job waits for its judge.
    pub opening: watch::Receiver<bool>,
    /// Reads images by URL.
    pub urls: UrlReader,
    /// Whom jobs leave room.
    pub interactive: Interactive,
}

/// How jobs are worked on.
#[derive(Debug, Clone)]
pub struct JobOptions {
    /// The folder below which `path` finds images; paths are refused without one.
    pub images: Option<PathBuf>,
    /// Most bytes of one image.
    pub image_bytes: usize,
    /// Part of a backend's places that jobs may take while requests are being answered.
    pub share: f64,
    /// How often an item is asked whose backend fails, before that is its result.
    pub attempts: u32,
    /// Pause before the second attempt; it doubles with each.
    pub first_pause: Duration,
    /// After so many items in a row whose backend failed each time, the job is paused and they wait.
    pub pause_after: u32,
    /// Most time for one item.
    pub item_time: Duration,
    /// Most bytes that the images of one item may have together which are read by URL.
    pub item_bytes: usize,
    /// Whether each caller has remembered answers of its own.
    pub owns_answers: bool,
}

/// The jobs of a store, being worked on; cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    store: Store,
    commands: mpsc::UnboundedSender<Command>,
    changes: watch::Receiver<u64>,
    parked: watch::Receiver<bool>,
    is_full: Arc<AtomicBool>,
    takes_paths: bool,
    takes_urls: bool,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Jobs").finish_non_exhaustive()
    }
}

/// Pause before the rows of a job are forgotten again.
const FORGET_AGAIN: Duration = Duration::from_secs(30);

/// Where reading begins: everything.
pub const FROM_THE_START: i64 = -1;

impl Jobs {
    /// Goes on with whatever is unfinished. Called inside a Tokio runtime.
    ///
    /// # Errors
    /// A folder of images that is not there.
    pub fn start(store: Store, bench: Bench, options: JobOptions) -> Result<Self, PlaceError> {
        let takes_paths = options.images.is_some();
        let takes_urls = bench.urls.is_on();
        let is_full = Arc::new(AtomicBool::new(false));
        let (commands, received) = mpsc::unbounded_channel();
        let (change, changes) = watch::channel(0);
        let (park, parked) = watch::channel(false);
        let dispatcher = Dispatcher::new(
            store.clone(),
            bench,
            options,
            dispatch::Wires {
                received,
                change,
                park,
                is_full: Arc::clone(&is_full),
            },
        )?;
        drop(tokio::spawn(dispatcher.run()));
        Ok(Jobs {
            store,
            commands,
            changes,
            parked,
            is_full,
            takes_paths,
            takes_urls,
        })
    }

    /// Whether items may name images by `path`.
    pub fn takes_paths(&self) -> bool {
        self.takes_paths
    }

    /// Whether items may name images by `url`.
    pub fn takes_urls(&self) -> bool {
        self.takes_urls
    }

    /// Whether results wait for space on the disk.
    pub fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Begins a job; its items follow, and then [`Jobs::accept`] or [`Jobs::forget`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(&self, caller: &str, settings: &JobSettings) -> Result<i64, StoreError> {
        let job = NewJob {
            id: settings::new_id(),
            caller: caller.to_owned(),
            settings: settings.to_text(),
        };
        self.store.begin(job).await
    }

    /// Adds items.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append(
        &self,
        job: i64,
        first: i64,
        items: Vec<GivenItem>,
    ) -> Result<(), StoreError> {
        self.store.append(job, first, items).await
    }

    /// Accepts a job whose items are all there, with the stored reply that says so, and begins to work on it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accept(
        &self,
        job: i64,
        total: i64,
        reply: impl FnOnce(&JobRow) -> Option<(ReplyKey, StoredReply, i64)> + Send + 'static,
    ) -> Result<JobRow, StoreError> {
        let row = self.store.accept(job, total, reply).await?;
        self.tell(Command::Begin(Box::new(row.clone())));
        Ok(row)
    }

    /// Ends a job and forgets it with its results: nobody sees it when this returns, and its rows go afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&self, job: i64) -> Result<(), StoreError> {
        self.tell(Command::End(job));
        self.store.hide(job).await?;
        let store = self.store.clone();
        drop(tokio::spawn(async move {
            // On a full disk even forgetting needs space; the next start forgets it at the latest.
            while let Err(error) = store.forget(job).await {
                if error == StoreError::Closed {
                    return;
                }
                tracing::warn!(%error, "a job cannot be forgotten yet");
                tokio::time::sleep(FORGET_AGAIN).await;
            }
        }));
        Ok(())
    }

    /// The caller's job of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, caller: &str, id: &str) -> Result<Option<JobRow>, StoreError> {
        self.store.job(caller, id).await
    }

    /// The caller's jobs, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        caller: &str,
        before: Option<i64>,
        most: usize,
    ) -> Result<Vec<JobRow>, StoreError> {
        self.store.jobs(caller, before, most).await
    }

    /// Results in the order of the items, after the item at place `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn results(
        &self,
        job: i64,
        after: i64,
        most: usize,
        most_bytes: usize,
    ) -> Result<ResultPage, StoreError> {
        self.store.results(job, after, most, most_bytes).await
    }

    /// Stops a job; what it has found stays. The job afterwards, or nothing where it is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cancel(&self, job: i64) -> Result<Option<JobRow>, StoreError> {
        const FROM: &[JobState] = &[JobState::Queued, JobState::Running, JobState::Paused];
        let row = self.store.change(job, FROM, JobState::Cancelled, None);
        let row = row.await?;
        self.tell(Command::End(job));
        Ok(row)
    }

    /// Goes on with a job that was stopped or paused. The job afterwards, or nothing where it is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn resume(&self, job: i64) -> Result<Option<JobRow>, StoreError> {
        const FROM: &[JobState] = &[JobState::Paused, JobState::Cancelled];
        let row = self.store.change(job, FROM, JobState::Queued, None).await?;
        if let Some(row) = row.as_ref().filter(|row| row.state == JobState::Queued) {
            self.tell(Command::Begin(Box::new(row.clone())));
        }
        Ok(row)
    }

    /// Wakes with every change of any job.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// True once the jobs rest for the end of the process.
    pub fn parked(&self) -> watch::Receiver<bool> {
        self.parked.clone()
    }

    /// Begins no more items, waits up to `grace` for those in work, and lets go of the rest: the next start goes on
    /// with them.
    pub async fn park(&self, grace: Duration) {
        self.tell(Command::Park(grace));
        let mut parked = self.parked.clone();
        // An error says that the dispatcher is gone, which is as good.
        drop(parked.wait_for(|parked| *parked).await);
    }

    fn tell(&self, command: Command) {
        // Without a dispatcher the runtime is ending, and the store says what is to be done at the next start.
        drop(self.commands.send(command));
    }
}
