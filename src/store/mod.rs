//! What outlives the process: jobs, their items and results, labels, and the replies to requests that may be sent again.
//!
//! One SQLite file in a folder that one process owns. The only place that imports `rusqlite`; knows nothing of judges,
//! protocols or HTTP: items, settings and results are bytes and texts here.
//!
//! An item lies either among the items or among the results, and one transaction carries it over. So whatever ends the
//! process, nothing is lost and nothing is there twice.

mod error;
mod folder;
mod items;
mod jobs;
mod labels;
mod readers;
mod replies;
mod salvage;
mod schema;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod torn_tests;
mod uses;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use error::StoreError;
use folder::Folder;
pub use items::{Finished, FinishedKind, GivenItem, ItemRow, ResultPage, ResultRow, Taken};
pub use jobs::{Counts, JobRow, JobState, NewJob};
pub use labels::{LabelRow, TakenLabels};
use readers::Readers;
pub use replies::{Replies, ReplyKey, StoredReply};
pub use uses::KeyUse;
use writer::Writer;

/// The name of the database in its folder.
const FILE: &str = "opine.sqlite";

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The folder, made if it is not there.
    pub folder: PathBuf,
    /// Most bytes of the database; as many as the disk has unless set.
    pub most_bytes: Option<u64>,
    /// Whether a damaged database is set aside and what can be read of it is kept, instead of refused.
    pub salvage: bool,
}

/// An open store; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    readers: Readers,
    /// After the readers: the last connection to close folds the journal into the database, and must be able to write.
    writer: Writer,
    /// Held, and therefore locked, until the last use of the store ends. The last field: it is dropped last.
    _folder: Folder,
}

impl Store {
    /// Opens the store of a folder, and brings a database of an older version up to date. Jobs that were not
    /// accepted before the last process ended are forgotten.
    ///
    /// # Errors
    /// A folder that another process has, or a database that is damaged, newer or cannot be written.
    pub fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let folder = Folder::claim(&options.folder)?;
        let path = options.folder.join(FILE);
        let connection = match schema::open(&path, options.most_bytes) {
            Err(StoreError::Damaged { .. }) if options.salvage => {
                salvage::salvage(&path, options.most_bytes)?
            }
            other => other?,
        };
        jobs::forget_unaccepted(&connection)?;
        Ok(Store {
            parts: Arc::new(Parts {
                writer: Writer::start(connection)?,
                readers: Readers::new(&path),
                _folder: folder,
            }),
        })
    }

    /// Does work in a transaction, together with whatever else waits to be written; returns when it is on the disk.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.parts.writer.write(work).await
    }

    /// Reads, away from the threads that serve connections.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let parts = Arc::clone(&self.parts);
        let reading = tokio::task::spawn_blocking(move || parts.readers.with(work));
        reading.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// Time since 1970 by the clock of the wall.
///
/// It may be set back: nothing is ordered by it, and what expires then expires later.
pub fn wall() -> Duration {
    #[expect(
        clippy::disallowed_methods,
        reason = "says when a job came, how long a reply is kept, and which day it is; no result depends on it"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

/// The same in milliseconds.
pub fn wall_milliseconds() -> i64 {
    milliseconds(wall())
}

/// A duration as it is stored.
pub fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn display(path: &Path) -> String {
    path.display().to_string()
}
