//! What keys have used of their quotas, kept where it outlives the process.
//!
//! Counting is in memory, exact and quick; what was counted is written behind it, once in [`PERIOD`] and at the end of
//! the service. Whatever else ends the process costs the count of one period at most: so much may be used again.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::access::{DayUse, Keyring};
use crate::store::{KeyUse, Store, StoreError, wall};

/// How often what was counted is written, where anything was.
const PERIOD: Duration = Duration::from_secs(1);

/// The quotas of a keyring in a store.
#[derive(Debug)]
pub(super) struct Quotas {
    keyring: Arc<Keyring>,
    store: Store,
    written: Mutex<Vec<DayUse>>,
}

impl Quotas {
    /// Counts what was used before, and writes from now on. Called inside a Tokio runtime.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn open(keyring: Arc<Keyring>, store: Store) -> Result<Arc<Self>, StoreError> {
        let uses: Vec<DayUse> = store.uses()?.into_iter().filter_map(counted).collect();
        keyring.restore(&uses);
        let quotas = Arc::new(Quotas {
            written: Mutex::new(keyring.day_uses()),
            keyring,
            store,
        });
        drop(tokio::spawn(write_behind(Arc::downgrade(&quotas))));
        Ok(quotas)
    }

    /// Writes what has changed since it was last written.
    ///
    /// # Errors
    /// [`StoreError`]; it is written the next time.
    pub(super) async fn keep(&self) -> Result<(), StoreError> {
        let now = self.keyring.day_uses();
        let changed: Vec<KeyUse> = {
            let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            now.iter()
                .filter(|one| !written.contains(one))
                .map(stored)
                .collect()
        };
        if changed.is_empty() {
            return Ok(());
        }
        let today = i64::try_from(wall().as_secs() / 86_400).unwrap_or(i64::MAX);
        self.store
            .put_uses(changed, today.saturating_sub(1))
            .await?;
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(())
    }
}

async fn write_behind(quotas: Weak<Quotas>) {
    let mut failed = false;
    loop {
        tokio::time::sleep(PERIOD).await;
        let Some(quotas) = quotas.upgrade() else {
            return;
        };
        match quotas.keep().await {
            Ok(()) => failed = false,
            Err(StoreError::Closed) => return,
            Err(error) if failed => {
                tracing::debug!(%error, "what keys have used is not written yet");
            }
            Err(error) => {
                failed = true;
                tracing::warn!(%error, "what keys have used cannot be written; it is tried again");
            }
        }
    }
}

fn stored(one: &DayUse) -> KeyUse {
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    KeyUse {
        key: one.key.clone(),
        day: whole(one.day),
        used: whole(one.used),
    }
}

/// Nothing of a row that we did not write.
fn counted(one: KeyUse) -> Option<DayUse> {
    Some(DayUse {
        key: one.key,
        day: u64::try_from(one.day).ok()?,
        used: u64::try_from(one.used).ok()?,
    })
}
