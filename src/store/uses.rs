//! What API keys have used of their quotas.

use rusqlite::params;

use super::{Store, StoreError};

/// What a key has used of the quota of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// Name of the key.
    pub key: String,
    /// The day, counted from 1970.
    pub day: i64,
    /// Requests of that day.
    pub used: i64,
}

impl Store {
    /// What every key had used when it was last stored. It reads at once, and is for the start of a service.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn uses(&self) -> Result<Vec<KeyUse>, StoreError> {
        self.parts.readers.with(|connection| {
            let mut select =
                connection.prepare_cached("SELECT key, day, used FROM uses ORDER BY key")?;
            let rows = select.query_map([], |row| {
                Ok(KeyUse {
                    key: row.get(0)?,
                    day: row.get(1)?,
                    used: row.get(2)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps what these keys have used, in one transaction, and lets go of days before `oldest`.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of it is stored.
    pub async fn put_uses(&self, uses: Vec<KeyUse>, oldest: i64) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM uses WHERE day < ?1")?
                .execute([oldest])?;
            let mut put = connection.prepare_cached(
                "INSERT OR REPLACE INTO uses (key, day, used) VALUES (?1, ?2, ?3)",
            )?;
            for one in uses {
                put.execute(params![one.key, one.day, one.used])?;
            }
            Ok(())
        })
        .await
    }
}
