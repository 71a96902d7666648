//! What can go wrong with a store.

use rusqlite::ErrorCode;

/// Why something was not stored or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made or locked.
    #[error("the data folder {folder} cannot be used: {message}")]
    Folder {
        /// The folder.
        folder: String,
        /// What the system said.
        message: String,
    },
    /// Another process has the folder.
    #[error(
        "the data folder {folder} is in use by process {holder}; end it, or name another folder"
    )]
    InUse {
        /// The folder.
        folder: String,
        /// Its id, as it wrote it down.
        holder: String,
    },
    /// The database is not whole.
    #[error(
        "{file} is damaged: {message}; start once with `--salvage` to set it aside and keep what can be read of it, or put a copy back"
    )]
    Damaged {
        /// The file.
        file: String,
        /// What was found.
        message: String,
    },
    /// The database was written by a later version of this program.
    #[error(
        "{file} is of version {found}, this program knows {known}; use the program that wrote it"
    )]
    Newer {
        /// The file.
        file: String,
        /// Its version.
        found: i64,
        /// The latest version that is known here.
        known: i64,
    },
    /// There is no space left, on the disk or in what the database may take. Nothing that was stored is lost.
    #[error("there is no space left for data")]
    Full,
    /// An item has the id of an earlier one.
    #[error("the id of item {item} was given before")]
    SameId {
        /// Its place from 0.
        item: i64,
    },
    /// The store is being closed.
    #[error("the store is being closed")]
    Closed,
    /// Anything else that the database says.
    #[error("the database failed: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        // A write that the system refuses (EFBIG under a limit on file sizes, or a quota) is a failed input or output
        // to SQLite; to whoever sends a request it is a full disk like any other.
        let extended = error.sqlite_extended_error_code();
        let refused = [
            rusqlite::ffi::SQLITE_IOERR_WRITE,
            rusqlite::ffi::SQLITE_IOERR_FSYNC,
            rusqlite::ffi::SQLITE_IOERR_TRUNCATE,
            rusqlite::ffi::SQLITE_IOERR_SHMSIZE,
        ];
        if code == Some(ErrorCode::DiskFull) || extended.is_some_and(|code| refused.contains(&code))
        {
            return StoreError::Full;
        }
        StoreError::Failed(error.to_string())
    }
}

/// Whether the error says that the file itself is not a whole database.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}
