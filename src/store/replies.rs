//! Replies to requests that may be sent again: on the disk, or in memory where there is no data folder.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError, milliseconds, wall_milliseconds};

/// Bytes of replies that are held in memory; the oldest go first.
const HELD_BYTES: usize = 64 << 20;

/// Who sent which key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReplyKey {
    /// Whose request it was.
    pub caller: String,
    /// The key.
    pub key: String,
}

/// A reply, and the request that it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// Digest of the request. The request itself is not kept.
    pub request: [u8; 32],
    /// Status.
    pub status: u16,
    /// Media type of the body.
    pub media_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Where replies are kept, and for how long.
#[derive(Debug)]
pub struct Replies {
    place: Place,
    keep: i64,
}

#[derive(Debug)]
enum Place {
    Disk(Store),
    Memory(Mutex<Held>),
}

#[derive(Debug, Default)]
struct Held {
    replies: HashMap<ReplyKey, (StoredReply, i64)>,
    order: VecDeque<ReplyKey>,
    bytes: usize,
}

impl Replies {
    /// Replies in this store, or in memory without one.
    pub fn new(store: Option<Store>, keep: Duration) -> Self {
        let place = match store {
            Some(store) => Place::Disk(store),
            None => Place::Memory(Mutex::default()),
        };
        Replies {
            place,
            keep: milliseconds(keep),
        }
    }

    /// Milliseconds for which a reply is kept.
    pub fn keep(&self) -> i64 {
        self.keep
    }

    /// The reply to that key, unless its time is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, key: &ReplyKey) -> Result<Option<StoredReply>, StoreError> {
        let now = wall_milliseconds();
        match &self.place {
            Place::Disk(store) => {
                let key = key.clone();
                store
                    .read(move |connection| Ok(find(connection, &key, now)?))
                    .await
            }
            Place::Memory(held) => {
                let held = held.lock().unwrap_or_else(PoisonError::into_inner);
                let found = held.replies.get(key);
                Ok(found
                    .filter(|(_, expires)| *expires > now)
                    .map(|(reply, _)| reply.clone()))
            }
        }
    }

    /// Keeps a reply.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(&self, key: ReplyKey, reply: StoredReply) -> Result<(), StoreError> {
        let (now, keep) = (wall_milliseconds(), self.keep);
        match &self.place {
            Place::Disk(store) => {
                let write = move |connection: &Connection| {
                    put(connection, &key, &reply, now, keep).map_err(StoreError::from)
                };
                store.write(write).await
            }
            Place::Memory(held) => {
                let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
                held.put(key, reply, now.saturating_add(keep));
                Ok(())
            }
        }
    }
}

impl Held {
    fn put(&mut self, key: ReplyKey, reply: StoredReply, expires: i64) {
        self.bytes += weight(&key, &reply);
        if let Some((before, _)) = self.replies.insert(key.clone(), (reply, expires)) {
            self.bytes -= weight(&key, &before);
            self.order.retain(|other| *other != key);
        }
        self.order.push_back(key);
        while self.bytes > HELD_BYTES
            && let Some(oldest) = self.order.pop_front()
        {
            if let Some((gone, _)) = self.replies.remove(&oldest) {
                self.bytes -= weight(&oldest, &gone);
            }
        }
    }
}

fn weight(key: &ReplyKey, reply: &StoredReply) -> usize {
    let bookkeeping = 256;
    key.caller.len() + key.key.len() + reply.media_type.len() + reply.body.len() + bookkeeping
}

fn find(
    connection: &Connection,
    key: &ReplyKey,
    now: i64,
) -> rusqlite::Result<Option<StoredReply>> {
    let mut select = connection.prepare_cached(
        "SELECT request, status, media_type, body FROM replies WHERE caller = ?1 AND key = ?2 AND expires > ?3",
    )?;
    let row = select.query_row(params![key.caller, key.key, now], |row| {
        Ok(StoredReply {
            request: row.get(0)?,
            status: row.get(1)?,
            media_type: row.get(2)?,
            body: row.get(3)?,
        })
    });
    row.optional()
}

/// Keeps a reply, and lets go of some whose time is over.
pub(super) fn put(
    connection: &Connection,
    key: &ReplyKey,
    reply: &StoredReply,
    now: i64,
    keep: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM replies WHERE rowid IN (SELECT rowid FROM replies WHERE expires <= ?1 LIMIT 100)",
        )?
        .execute([now])?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO replies (caller, key, request, status, media_type, body, expires)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            key.caller,
            key.key,
            reply.request,
            reply.status,
            reply.media_type,
            reply.body,
            now.saturating_add(keep)
        ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(bytes: usize) -> StoredReply {
        StoredReply {
            request: [0; 32],
            status: 200,
            media_type: "application/json".into(),
            body: vec![0; bytes],
        }
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_go_first() {
        let mut held = Held::default();
        let key = |index: usize| ReplyKey {
            caller: "local".into(),
            key: index.to_string(),
        };
        for index in 0..20 {
            held.put(key(index), reply(HELD_BYTES / 10), i64::MAX);
            held.put(key(index), reply(HELD_BYTES / 10), i64::MAX);
        }
        assert!(held.bytes <= HELD_BYTES);
        assert_eq!(held.replies.len(), 9);
        assert!(!held.replies.contains_key(&key(10)) && held.replies.contains_key(&key(11)));
    }
}
