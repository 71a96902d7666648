//! Items that wait, and the results that they become.

use rusqlite::{Connection, OptionalExtension, params};

use super::{JobState, Store, StoreError, jobs, wall_milliseconds};

/// An item of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenItem {
    /// To be asked.
    Open {
        /// Its name, given once in its job.
        id: String,
        /// All that is needed to ask.
        content: Vec<u8>,
    },
    /// A line that could not be read and is its own result.
    Failed {
        /// The result.
        content: String,
    },
}

/// An item that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// Its place from 0.
    pub item: i64,
    /// Its name.
    pub id: String,
    /// All that is needed to ask.
    pub content: Vec<u8>,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishedKind {
    /// There is a verdict.
    Done,
    /// The judge or the image gave none.
    Unscored,
    /// It could not be asked, or the backend failed each time.
    Failed,
}

impl FinishedKind {
    /// Stable name in results.
    pub const fn name(self) -> &'static str {
        match self {
            FinishedKind::Done => "done",
            FinishedKind::Unscored => "unscored",
            FinishedKind::Failed => "failed",
        }
    }
}

/// The end of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Its place from 0.
    pub item: i64,
    /// What became of it.
    pub kind: FinishedKind,
    /// The result.
    pub content: String,
    /// Milliseconds by which the job's working time has grown.
    pub working: i64,
}

/// Whether a result was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was, and the job goes on.
    Yes,
    /// It was, and was the last of its job.
    Last,
    /// The item had a result already, or its job is gone.
    No,
}

/// A result as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRow {
    /// The item's place from 0.
    pub item: i64,
    /// The result.
    pub content: String,
}

/// Some results in the order of the items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultPage {
    /// The results.
    pub rows: Vec<ResultRow>,
    /// Whether there may be more now.
    pub more: bool,
}

impl Store {
    /// Adds items to a job that is not accepted yet; the first stands at place `first`.
    ///
    /// # Errors
    /// [`StoreError::SameId`] names the first item whose id was given before; none of these items is added then.
    pub async fn append(
        &self,
        job: i64,
        first: i64,
        items: Vec<GivenItem>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let mut open = connection.prepare_cached(
                "INSERT OR IGNORE INTO items (job, item, id, content) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (item, given) in (first..).zip(items) {
                match given {
                    GivenItem::Open { id, content } => {
                        if open.execute(params![job, item, id, content])? == 0 {
                            return Err(StoreError::SameId { item });
                        }
                    }
                    GivenItem::Failed { content } => {
                        insert_result(connection, job, item, FinishedKind::Failed, &content)?;
                        jobs::count(connection, job, FinishedKind::Failed, 0)?;
                    }
                }
            }
            Ok(())
        })
        .await
    }

    /// The first item after place `after` that waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_item(&self, job: i64, after: i64) -> Result<Option<ItemRow>, StoreError> {
        self.read(move |connection| {
            let mut next = connection.prepare_cached(
                "SELECT item, id, content FROM items WHERE job = ?1 AND item > ?2 ORDER BY item LIMIT 1",
            )?;
            let row = next.query_row(params![job, after], |row| {
                Ok(ItemRow {
                    item: row.get(0)?,
                    id: row.get(1)?,
                    content: row.get(2)?,
                })
            });
            Ok(row.optional()?)
        })
        .await
    }

    /// Puts a result in the place of its item.
    ///
    /// # Errors
    /// [`StoreError`]; the item waits as before.
    pub async fn finish(&self, job: i64, finished: Finished) -> Result<Taken, StoreError> {
        self.write(move |connection| {
            let mut remove =
                connection.prepare_cached("DELETE FROM items WHERE job = ?1 AND item = ?2")?;
            if remove.execute(params![job, finished.item])? == 0 {
                return Ok(Taken::No);
            }
            let Finished {
                item,
                kind,
                content,
                working,
            } = finished;
            insert_result(connection, job, item, kind, &content)?;
            jobs::count(connection, job, kind, working)?;
            let ended = jobs::end_if_complete(connection, job, wall_milliseconds())?;
            Ok(if ended { Taken::Last } else { Taken::Yes })
        })
        .await
    }

    /// Results after place `after`, at most `most` and about `most_bytes`, in the order of the items.
    ///
    /// While a job may go on, they end before its first item that waits: whoever reads on from the last place it has
    /// seen misses none.
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
        self.read(move |connection| page(connection, job, after, most, most_bytes))
            .await
    }
}

fn page(
    connection: &Connection,
    job: i64,
    after: i64,
    most: usize,
    most_bytes: usize,
) -> Result<ResultPage, StoreError> {
    // One transaction, so that state, items and results are of one moment.
    let moment = connection.unchecked_transaction()?;
    let state: Option<String> = moment
        .prepare_cached("SELECT state FROM jobs WHERE number = ?1")?
        .query_row([job], |row| row.get(0))
        .optional()?;
    let state = state.and_then(|name| JobState::from_name(&name));
    let waiting: Option<i64> = moment
        .prepare_cached("SELECT min(item) FROM items WHERE job = ?1")?
        .query_row([job], |row| row.get(0))?;
    let before = match state {
        Some(JobState::Cancelled | JobState::Finished) | None => i64::MAX,
        Some(JobState::Queued | JobState::Running | JobState::Paused) => {
            waiting.unwrap_or(i64::MAX)
        }
    };
    let mut select = moment.prepare_cached(
        "SELECT item, content FROM results WHERE job = ?1 AND item > ?2 AND item < ?3 ORDER BY item",
    )?;
    let mut rows = select.query(params![job, after, before])?;
    let mut found = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if found.len() == most || bytes >= most_bytes {
            return Ok(ResultPage {
                rows: found,
                more: true,
            });
        }
        let content: String = row.get(1)?;
        bytes += content.len();
        found.push(ResultRow {
            item: row.get(0)?,
            content,
        });
    }
    Ok(ResultPage {
        rows: found,
        more: false,
    })
}

fn insert_result(
    connection: &Connection,
    job: i64,
    item: i64,
    kind: FinishedKind,
    content: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO results (job, item, kind, content) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![job, item, kind.name(), content])?;
    Ok(())
}
