//! The tables, and how a connection is set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::is_damage;
use super::{StoreError, display};

/// Steps from nothing to the present tables. A step that was released is never changed: the next one is added.
const STEPS: [&str; 3] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
];

/// How long a connection waits for another one. Only a checkpoint can make it wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the database for writing: whole, of the present version, or an error that says what it is.
///
/// # Errors
/// Damage, a later version, or no place to write.
pub(super) fn open(path: &Path, most_bytes: Option<u64>) -> Result<Connection, StoreError> {
    let opened = connect(path).and_then(|connection| {
        // Reading the version reads the first page, and with it whether this is a database at all.
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((connection, version))
    });
    let (connection, found) = opened.map_err(|error| damage_or(path, error))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Newer {
            file: display(path),
            found,
            known,
        });
    }
    check(&connection, path)?;
    for (step, sql) in STEPS.iter().enumerate() {
        let version = i64::try_from(step).unwrap_or(i64::MAX) + 1;
        if version > found {
            let step = format!("BEGIN IMMEDIATE; {sql}; PRAGMA user_version = {version}; COMMIT;");
            connection.execute_batch(&step)?;
        }
    }
    if let Some(bytes) = most_bytes {
        limit(&connection, bytes)?;
    }
    Ok(connection)
}

/// A connection that only reads.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    // Readers see the last whole state while the writer works. A commit waits for the disk (`FULL`): a job that was
    // accepted, and a reply that was stored, are still there after a power cut. Commits are shared, see `writer`.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// Finds what a torn write or a bad disk leaves behind. Torn records at the end of the journal are no damage: SQLite
/// knows them by their checksums and goes back to the last whole transaction.
fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| damage_or(path, error))?;
    if found == "ok" {
        return Ok(());
    }
    Err(StoreError::Damaged {
        file: display(path),
        message: found,
    })
}

fn damage_or(path: &Path, error: rusqlite::Error) -> StoreError {
    if is_damage(&error) {
        return StoreError::Damaged {
            file: display(path),
            message: error.to_string(),
        };
    }
    let error = StoreError::from(error);
    if let StoreError::Failed(message) = error {
        return StoreError::Folder {
            folder: display(path),
            message,
        };
    }
    error
}

fn limit(connection: &Connection, bytes: u64) -> Result<(), StoreError> {
    let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    Ok(())
}
