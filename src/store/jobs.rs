//! Jobs: whose they are, how far they are.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::replies::{self, ReplyKey, StoredReply};
use super::{FinishedKind, Store, StoreError, wall_milliseconds};

/// A job that begins to arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Its name, which nobody else has.
    pub id: String,
    /// Whose it is.
    pub caller: String,
    /// What is done with each item.
    pub settings: String,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Nothing was asked yet.
    Queued,
    /// Items are asked.
    Running,
    /// It cannot go on by itself; its detail says why.
    Paused,
    /// Its caller stopped it.
    Cancelled,
    /// Every item has its result.
    Finished,
}

impl JobState {
    /// All states.
    pub const ALL: [JobState; 5] = [
        JobState::Queued,
        JobState::Running,
        JobState::Paused,
        JobState::Cancelled,
        JobState::Finished,
    ];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Paused => "paused",
            JobState::Cancelled => "cancelled",
            JobState::Finished => "finished",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Numbers of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All.
    pub total: i64,
    /// With a verdict.
    pub done: i64,
    /// With none.
    pub unscored: i64,
    /// That could not be asked.
    pub failed: i64,
}

impl Counts {
    /// Items that have a result.
    pub fn finished(self) -> i64 {
        self.done + self.unscored + self.failed
    }
}

/// A job as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// Its place among all jobs.
    pub number: i64,
    /// Its name.
    pub id: String,
    /// Whose it is.
    pub caller: String,
    /// How far it is.
    pub state: JobState,
    /// Why it is so, where that needs words.
    pub detail: Option<String>,
    /// What is done with each item.
    pub settings: String,
    /// Numbers of items.
    pub counts: Counts,
    /// Grows with every change.
    pub revision: i64,
    /// When it was accepted, in milliseconds since 1970.
    pub created: i64,
    /// When its last result came.
    pub finished: Option<i64>,
    /// Milliseconds for which it was worked on.
    pub working: i64,
}

const COLUMNS: &str = "number, id, caller, state, detail, settings, total, done, unscored, failed, revision, created, finished, working";

impl Store {
    /// Begins a job whose items are about to arrive; nobody sees it before it is accepted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(&self, job: NewJob) -> Result<i64, StoreError> {
        self.write(move |connection| {
            connection.execute(
                "INSERT INTO jobs (id, caller, state, settings, created) VALUES (?1, ?2, 'queued', ?3, ?4)",
                params![job.id, job.caller, job.settings, wall_milliseconds()],
            )?;
            Ok(connection.last_insert_rowid())
        })
        .await
    }

    /// Accepts a job of `total` items, and stores the reply that says so in the same transaction: whoever sends the
    /// request again gets this job, and never a second one.
    ///
    /// # Errors
    /// [`StoreError`]; the job is not accepted then.
    pub async fn accept(
        &self,
        job: i64,
        total: i64,
        reply: impl FnOnce(&JobRow) -> Option<(ReplyKey, StoredReply, i64)> + Send + 'static,
    ) -> Result<JobRow, StoreError> {
        self.write(move |connection| {
            let now = wall_milliseconds();
            connection.execute(
                "UPDATE jobs SET accepted = 1, total = ?2, created = ?3 WHERE number = ?1",
                params![job, total, now],
            )?;
            end_if_complete(connection, job, now)?;
            let row = by_number(connection, job)?.ok_or(StoreError::Closed)?;
            if let Some((key, stored, keep)) = reply(&row) {
                replies::put(connection, &key, &stored, now, keep)?;
            }
            Ok(row)
        })
        .await
    }

    /// Makes a job one that nobody sees, and that the next start forgets at the latest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hide(&self, job: i64) -> Result<(), StoreError> {
        self.write(move |connection| {
            let hide = "UPDATE jobs SET accepted = 0 WHERE number = ?1 AND accepted = 1";
            connection.execute(hide, [job])?;
            Ok(())
        })
        .await
    }

    /// Forgets all rows of a hidden job, in pieces, so that others can write in between.
    ///
    /// # Errors
    /// [`StoreError`]; what is left is forgotten at the next start.
    pub async fn forget(&self, job: i64) -> Result<(), StoreError> {
        while self
            .write(move |connection| forget_piece(connection, job))
            .await?
        {}
        Ok(())
    }

    /// The job of that id, if it is this caller's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn job(&self, caller: &str, id: &str) -> Result<Option<JobRow>, StoreError> {
        let (caller, id) = (caller.to_owned(), id.to_owned());
        self.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM jobs WHERE id = ?1 AND caller = ?2 AND accepted = 1"
            );
            let mut select = connection.prepare_cached(&sql)?;
            Ok(select.query_row([id, caller], job_row).optional()?)
        })
        .await
    }

    /// The caller's jobs, the latest first, at most `most`, those before `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn jobs(
        &self,
        caller: &str,
        before: Option<i64>,
        most: usize,
    ) -> Result<Vec<JobRow>, StoreError> {
        let caller = caller.to_owned();
        let before = before.unwrap_or(i64::MAX);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM jobs WHERE caller = ?1 AND number < ?2 AND accepted = 1 ORDER BY number DESC LIMIT ?3"
            );
            let mut select = connection.prepare_cached(&sql)?;
            let rows = select.query_map(params![caller, before, most], job_row)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// All jobs that are to go on, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unfinished(&self) -> Result<Vec<JobRow>, StoreError> {
        self.read(|connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM jobs WHERE accepted = 1 AND state IN ('queued', 'running') ORDER BY number"
            );
            let mut select = connection.prepare(&sql)?;
            let rows = select.query_map([], job_row)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Gives a job another state if it is in one of `from`; the job afterwards, or nothing where it is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change(
        &self,
        job: i64,
        from: &'static [JobState],
        state: JobState,
        detail: Option<String>,
    ) -> Result<Option<JobRow>, StoreError> {
        self.write(move |connection| {
            let row = by_number(connection, job)?;
            if !row.is_some_and(|row| from.contains(&row.state)) {
                return Ok(by_number(connection, job)?);
            }
            connection.execute(
                "UPDATE jobs SET state = ?2, detail = ?3, revision = revision + 1 WHERE number = ?1",
                params![job, state.name(), detail],
            )?;
            // After a damage there may be nothing left to do.
            end_if_complete(connection, job, wall_milliseconds())?;
            Ok(by_number(connection, job)?)
        })
        .await
    }
}

/// Forgets the jobs whose manifests did not arrive whole before the last process ended, and those half forgotten.
/// On a full disk they stay, unseen, until another start.
pub(super) fn forget_unaccepted(connection: &Connection) -> Result<(), StoreError> {
    let jobs: Vec<i64> = connection
        .prepare("SELECT number FROM jobs WHERE accepted = 0")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for job in jobs {
        match forget_rows(connection, job) {
            Err(StoreError::Full) | Ok(()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn forget_rows(connection: &Connection, job: i64) -> Result<(), StoreError> {
    while forget_piece(connection, job)? {}
    Ok(())
}

/// Forgets some rows of a job; whether there may be more.
fn forget_piece(connection: &Connection, job: i64) -> Result<bool, StoreError> {
    const PIECE: i64 = 5_000;
    let mut gone = 0;
    for table in ["items", "results"] {
        let sql = format!(
            "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE job = ?1 LIMIT ?2)"
        );
        gone += connection
            .prepare_cached(&sql)?
            .execute(params![job, PIECE])?;
    }
    if gone > 0 {
        return Ok(true);
    }
    connection.execute("DELETE FROM jobs WHERE number = ?1", [job])?;
    Ok(false)
}

/// Counts one more result.
pub(super) fn count(
    connection: &Connection,
    job: i64,
    kind: FinishedKind,
    working: i64,
) -> rusqlite::Result<()> {
    let sql = match kind {
        FinishedKind::Done => {
            "UPDATE jobs SET done = done + 1, working = working + ?2, revision = revision + 1 WHERE number = ?1"
        }
        FinishedKind::Unscored => {
            "UPDATE jobs SET unscored = unscored + 1, working = working + ?2, revision = revision + 1 WHERE number = ?1"
        }
        FinishedKind::Failed => {
            "UPDATE jobs SET failed = failed + 1, working = working + ?2, revision = revision + 1 WHERE number = ?1"
        }
    };
    connection
        .prepare_cached(sql)?
        .execute(params![job, working])?;
    Ok(())
}

/// Ends a job whose every item has a result; whether it did.
pub(super) fn end_if_complete(
    connection: &Connection,
    job: i64,
    now: i64,
) -> rusqlite::Result<bool> {
    let mut end = connection.prepare_cached(
        "UPDATE jobs SET state = 'finished', detail = NULL, finished = ?2
         WHERE number = ?1 AND accepted = 1 AND state <> 'finished' AND done + unscored + failed = total",
    )?;
    Ok(end.execute(params![job, now])? > 0)
}

fn by_number(connection: &Connection, job: i64) -> rusqlite::Result<Option<JobRow>> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE number = ?1 AND accepted = 1");
    let mut select = connection.prepare_cached(&sql)?;
    select.query_row([job], job_row).optional()
}

fn job_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    let state: String = row.get("state")?;
    Ok(JobRow {
        number: row.get("number")?,
        id: row.get("id")?,
        caller: row.get("caller")?,
        // A name that is not known can only be of a later version, which would not have been opened.
        state: JobState::from_name(&state).unwrap_or(JobState::Paused),
        detail: row.get("detail")?,
        settings: row.get("settings")?,
        counts: Counts {
            total: row.get("total")?,
            done: row.get("done")?,
            unscored: row.get("unscored")?,
            failed: row.get("failed")?,
        },
        revision: row.get("revision")?,
        created: row.get("created")?,
        finished: row.get("finished")?,
        working: row.get("working")?,
    })
}
