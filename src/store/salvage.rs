//! What can be read of a damaged database.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::{StoreError, display, schema};

/// The tables, those that others refer to first.
const TABLES: [(&str, &[&str]); 6] = [
    (
        "jobs",
        &[
            "number", "id", "caller", "accepted", "state", "detail", "settings", "total", "done",
            "unscored", "failed", "revision", "created", "finished", "working",
        ],
    ),
    ("results", &["job", "item", "kind", "content"]),
    ("items", &["job", "item", "id", "content"]),
    (
        "replies",
        &[
            "caller",
            "key",
            "request",
            "status",
            "media_type",
            "body",
            "expires",
        ],
    ),
    (
        "labels",
        &["number", "caller", "judge", "id", "judged", "human", "time"],
    ),
    ("uses", &["key", "day", "used"]),
];

/// Sets the damaged files aside, and makes a new database of what can be read of them.
///
/// A table is read from its first row on and, where that ends early, from its last row back. Jobs that miss items
/// afterwards say how many.
///
/// # Errors
/// Files that cannot be set aside, or a new database that cannot be written.
pub(super) fn salvage(path: &Path, most_bytes: Option<u64>) -> Result<Connection, StoreError> {
    let aside = set_aside(path)?;
    let connection = schema::open(path, most_bytes)?;
    match Connection::open(&aside) {
        Ok(damaged) => {
            for (table, columns) in TABLES {
                let rows = copy(&damaged, &connection, table, columns)?;
                tracing::warn!(table, rows, "kept of the damaged database");
            }
        }
        Err(error) => tracing::warn!(%error, "nothing of the damaged database can be read"),
    }
    reconcile(&connection)?;
    tracing::warn!(
        set_aside = %aside.display(),
        "the damaged database was set aside"
    );
    Ok(connection)
}

/// Renames the database with its journal, so that it stays one.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let named = |number: u32, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{number}{suffix}"));
        PathBuf::from(name)
    };
    let number = (1..)
        .find(|number| !named(*number, "").exists())
        .unwrap_or(1);
    for suffix in ["", "-wal"] {
        let mut from = path.as_os_str().to_owned();
        from.push(suffix);
        match fs::rename(&from, named(number, suffix)) {
            Err(error) if suffix.is_empty() || error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Folder {
                    folder: display(path),
                    message: format!("the damaged file cannot be set aside: {error}"),
                });
            }
            _ => {}
        }
    }
    let mut shared = path.as_os_str().to_owned();
    shared.push("-shm");
    // An index of the journal, which SQLite makes anew.
    drop(fs::remove_file(shared));
    Ok(named(number, ""))
}

/// Rows that could be read and were not there yet.
fn copy(
    damaged: &Connection,
    into: &Connection,
    table: &str,
    columns: &[&str],
) -> Result<usize, StoreError> {
    let places: Vec<String> = (1..=columns.len())
        .map(|place| format!("?{place}"))
        .collect();
    let (columns, places) = (columns.join(", "), places.join(", "));
    let insert = format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})");
    let mut kept = 0;
    into.execute_batch("PRAGMA foreign_keys = OFF; BEGIN")?;
    for order in ["ASC", "DESC"] {
        let select = format!("SELECT {columns} FROM {table} NOT INDEXED ORDER BY rowid {order}");
        let Ok(mut select) = damaged.prepare(&select) else {
            break;
        };
        let count = select.column_count();
        let Ok(mut rows) = select.query([]) else {
            break;
        };
        let whole = loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break true,
                Err(_) => break false,
            };
            let values: Result<Vec<Value>, _> = (0..count).map(|place| row.get(place)).collect();
            // A row of the wrong types is damage as well; the others are still wanted.
            let Ok(values) = values else { continue };
            kept += into
                .prepare_cached(&insert)?
                .execute(params_from_iter(values))
                .unwrap_or(0);
        };
        if whole {
            break;
        }
    }
    into.execute_batch("COMMIT; PRAGMA foreign_keys = ON")?;
    Ok(kept)
}

/// Makes jobs, items and results agree again.
fn reconcile(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch(
        "BEGIN;
         DELETE FROM items WHERE EXISTS (SELECT 1 FROM results WHERE results.job = items.job AND results.item = items.item);
         DELETE FROM items WHERE job NOT IN (SELECT number FROM jobs);
         DELETE FROM results WHERE job NOT IN (SELECT number FROM jobs);
         UPDATE jobs SET
             done = (SELECT count(*) FROM results WHERE job = number AND kind = 'done'),
             unscored = (SELECT count(*) FROM results WHERE job = number AND kind = 'unscored'),
             failed = (SELECT count(*) FROM results WHERE job = number AND kind = 'failed'),
             revision = revision + 1;
         UPDATE jobs SET
             detail = (total - done - unscored - failed - (SELECT count(*) FROM items WHERE job = number))
                 || ' items were lost when the database was damaged',
             state = CASE state WHEN 'cancelled' THEN state ELSE 'paused' END,
             total = done + unscored + failed + (SELECT count(*) FROM items WHERE job = number)
         WHERE accepted = 1
             AND total > done + unscored + failed + (SELECT count(*) FROM items WHERE job = number);
         COMMIT;",
    )?;
    Ok(())
}
