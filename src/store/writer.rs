//! The one thread that writes.
//!
//! A commit waits for the disk. What came in the meantime goes into the next transaction together, so that a hundred
//! results cost one wait and not a hundred.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::StoreError;

/// Most works of one transaction.
const TOGETHER: usize = 256;

/// Tells whoever waits for a work how it ended, once the transaction has.
type Tell = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Does the work, or with no connection does nothing; an error is of this work alone unless the transaction is gone
/// with it.
type Work = Box<dyn FnOnce(Option<&Connection>) -> (Tell, Option<StoreError>) + Send>;

/// The thread and the way to it.
#[derive(Debug)]
pub(super) struct Writer {
    works: Mutex<Option<Sender<Work>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// A system that has no thread left.
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (send, receive) = channel();
        let thread = thread::Builder::new()
            .name("opine-store".to_owned())
            .spawn(move || run(&connection, &receive))
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(Writer {
            works: Mutex::new(Some(send)),
            thread: Some(thread),
        })
    }

    /// Does work in the next transaction; returns when it is on the disk.
    ///
    /// Work that was handed over is done even if its owner stops waiting.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (send, done) = oneshot::channel();
        let boxed: Work = Box::new(move |connection| {
            let outcome = connection.map_or(Err(StoreError::Closed), work);
            let fault = outcome.as_ref().err().cloned();
            let tell: Tell = Box::new(move |committed| {
                // Whoever asked may have left.
                drop(send.send(committed.and(outcome)));
            });
            (tell, fault)
        });
        {
            let works = self.works.lock().unwrap_or_else(PoisonError::into_inner);
            let sent = works
                .as_ref()
                .is_some_and(|works| works.send(boxed).is_ok());
            if !sent {
                return Err(StoreError::Closed);
            }
        }
        done.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Drop for Writer {
    /// Finishes what was handed over.
    fn drop(&mut self) {
        let works = self.works.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(works.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn run(connection: &Connection, works: &Receiver<Work>) {
    while let Ok(first) = works.recv() {
        let mut waiting = Vec::new();
        let committed = transaction(connection, first, works, &mut waiting);
        if !connection.is_autocommit() {
            // A transaction that failed half way must not take the next one with it.
            drop(connection.execute_batch("ROLLBACK"));
        }
        for tell in waiting {
            tell(committed.clone());
        }
    }
}

/// One transaction of the first work and whatever waits already.
fn transaction(
    connection: &Connection,
    first: Work,
    works: &Receiver<Work>,
    waiting: &mut Vec<Tell>,
) -> Result<(), StoreError> {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        let (tell, _) = first(None);
        waiting.push(tell);
        return Err(error.into());
    }
    let mut next = Some(first);
    while let Some(work) = next {
        connection.execute_batch("SAVEPOINT work")?;
        let (tell, fault) = work(Some(connection));
        waiting.push(tell);
        if let Some(fault) = fault {
            // SQLite may have rolled all of it back: nobody in it is told that it was stored.
            if fault == StoreError::Full || connection.is_autocommit() {
                return Err(fault);
            }
            connection.execute_batch("ROLLBACK TO work")?;
        }
        connection.execute_batch("RELEASE work")?;
        next = if waiting.len() < TOGETHER {
            works.try_recv().ok()
        } else {
            None
        };
    }
    Ok(connection.execute_batch("COMMIT")?)
}
